//! A frame as pixels. The rasteriser works in one portable arithmetic, so the pixels are the same on every machine.

use tiny_skia::{
    Color, FillRule, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, StrokeDash,
    Transform,
};

use crate::check;
use crate::color::Rgb;
use crate::error::DrawError;
use crate::glyphs::{self, Step};
use crate::scene::Figure;
use crate::shape::{Pen, Run, Shape};
use crate::sheet::Sheet;
use crate::theme::{Palette, Theme, Tone};

/// Pixels of all frames of a picture.
const LIMIT: u64 = 100_000_000;
/// Of a moving picture, whose frames are drawn one at a time.
const MOVING_LIMIT: u64 = 2_000_000_000;

/// Pixels of a frame, row by row from the top, opaque.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Red, green, blue and alpha of each, 0 to 255.
    pub rgba: Vec<u8>,
}

/// Frame `frame` of a figure, counted from 0, with its caption, at `scale` pixels per unit.
pub fn raster(
    figure: &Figure,
    frame: usize,
    theme: Theme,
    scale: f64,
) -> Result<Pixels, DrawError> {
    let sheet = Sheet::new(figure, true)?;
    let canvas = Canvas::new(&sheet, theme, scale, 1)?;
    canvas.draw(&sheet, frame)
}

/// A size in pixels and the colours to draw with.
pub(crate) struct Canvas {
    pub(crate) width: u32,
    pub(crate) height: u32,
    palette: Palette,
    /// From the figure's coordinates to pixels.
    transform: Transform,
}

impl Canvas {
    /// Refuses more pixels than the limit before any is drawn.
    pub(crate) fn new(
        sheet: &Sheet<'_>,
        theme: Theme,
        scale: f64,
        frames: usize,
    ) -> Result<Self, DrawError> {
        check::number("the scale", scale, 0.05, 64.0)?;
        // At most 1e5 and a strip of captions times 64: far inside the range of integers.
        let width = (sheet.width * scale).ceil().max(1.0) as u64;
        let height = (sheet.height * scale).ceil().max(1.0) as u64;
        let frames = frames as u64;
        let (one, all) = (width * height, (width * height).saturating_mul(frames));
        if one > LIMIT || all > MOVING_LIMIT {
            return Err(DrawError::Pixels {
                width,
                height,
                frames,
                limit: if one > LIMIT { LIMIT } else { MOVING_LIMIT },
            });
        }
        let transform = Transform::from_translate(-sheet.left as f32, 0.0)
            .post_scale(scale as f32, scale as f32);
        Ok(Self {
            width: width as u32,
            height: height as u32,
            palette: theme.palettes().0,
            transform,
        })
    }

    /// A frame of the sheet.
    pub(crate) fn draw(&self, sheet: &Sheet<'_>, frame: usize) -> Result<Pixels, DrawError> {
        let frames = sheet.figure.frames.len();
        if frame >= frames {
            return Err(DrawError::Frame {
                asked: frame,
                frames,
            });
        }
        let mut pixmap = Pixmap::new(self.width, self.height).ok_or(DrawError::Pixels {
            width: self.width.into(),
            height: self.height.into(),
            frames: 1,
            limit: LIMIT,
        })?;
        let Rgb(r, g, b) = self.palette.color(Tone::Paper);
        pixmap.fill(Color::from_rgba8(r, g, b, 255));
        for element in sheet.elements(frame) {
            for shape in &element.shapes {
                self.shape(&mut pixmap, shape);
            }
        }
        Ok(Pixels {
            width: self.width,
            height: self.height,
            rgba: pixmap.take(),
        })
    }

    fn shape(&self, pixmap: &mut Pixmap, shape: &Shape) {
        let (path, fill, pen) = match shape {
            Shape::Rect { area, fill, pen } => {
                let rect = Rect::from_xywh(
                    area.x as f32,
                    area.y as f32,
                    area.width as f32,
                    area.height as f32,
                );
                (rect.map(PathBuilder::from_rect), fill, pen)
            }
            Shape::Dot {
                x,
                y,
                radius,
                fill,
                pen,
            } => {
                let path = PathBuilder::from_circle(*x as f32, *y as f32, *radius as f32);
                (path, fill, pen)
            }
            Shape::Lines {
                lines,
                closed,
                fill,
                pen,
            } => (polygons(lines, *closed), fill, pen),
            Shape::Text(run) => return self.run(pixmap, run),
        };
        if let Some(path) = path {
            if let Some(tone) = fill {
                self.fill(pixmap, &path, *tone, self.transform);
            }
            if let Some(pen) = pen {
                self.line(pixmap, &path, *pen, 1.0, self.transform);
            }
        }
    }

    fn run(&self, pixmap: &mut Pixmap, run: &Run) {
        let Some(path) = letters(run) else { return };
        let size = run.size as f32;
        let transform = self
            .transform
            .pre_translate(run.x as f32, run.y as f32)
            .pre_scale(size, size);
        if let Some(halo) = run.halo {
            self.line(pixmap, &path, halo, run.size, transform);
        }
        self.fill(pixmap, &path, run.tone, transform);
    }

    fn fill(&self, pixmap: &mut Pixmap, path: &Path, tone: Tone, transform: Transform) {
        let paint = self.paint(tone);
        pixmap.fill_path(path, &paint, FillRule::Winding, transform, None);
    }

    /// A line of the path; `scale` is how much the transform enlarges beyond the figure's own.
    fn line(&self, pixmap: &mut Pixmap, path: &Path, pen: Pen, scale: f64, transform: Transform) {
        let length = |value: f64| (value / scale) as f32;
        let stroke = Stroke {
            width: length(pen.width),
            line_join: if scale == 1.0 {
                LineJoin::Miter
            } else {
                LineJoin::Round
            },
            dash: pen
                .dash
                .and_then(|(dash, gap)| StrokeDash::new(vec![length(dash), length(gap)], 0.0)),
            ..Stroke::default()
        };
        pixmap.stroke_path(path, &self.paint(pen.tone), &stroke, transform, None);
    }

    fn paint(&self, tone: Tone) -> Paint<'static> {
        let Rgb(r, g, b) = self.palette.color(tone);
        let mut paint = Paint::default();
        paint.set_color_rgba8(r, g, b, 255);
        paint.anti_alias = true;
        paint
    }
}

fn polygons(lines: &[Vec<(f64, f64)>], closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for line in lines {
        for (n, &(x, y)) in line.iter().enumerate() {
            if n == 0 {
                path.move_to(x as f32, y as f32);
            } else {
                path.line_to(x as f32, y as f32);
            }
        }
        if closed {
            path.close();
        }
    }
    path.finish()
}

/// All letters of a run as one path, in ems from the run's beginning.
fn letters(run: &Run) -> Option<Path> {
    let mut path = PathBuilder::new();
    let mut x = 0.0;
    for c in run.text.chars() {
        let glyph = glyphs::glyph(c, run.bold);
        let at = |[px, py]: [f64; 2]| ((px + x) as f32, py as f32);
        for step in glyph.outline {
            match step {
                Step::Move(p) => {
                    let (px, py) = at(p);
                    path.move_to(px, py);
                }
                Step::Line(p) => {
                    let (px, py) = at(p);
                    path.line_to(px, py);
                }
                Step::Curve([a, b, c]) => {
                    let ((ax, ay), (bx, by), (cx, cy)) = (at(a), at(b), at(c));
                    path.cubic_to(ax, ay, bx, by, cx, cy);
                }
                Step::Close => path.close(),
            }
        }
        x += glyph.advance;
    }
    path.finish()
}
