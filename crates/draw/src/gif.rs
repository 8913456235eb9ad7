//! All frames as GIF: one table of few colours, and of each frame only the rectangle that changed, with what did not
//! change inside it left as before.

use std::borrow::Cow;

use crate::error::DrawError;
use crate::palette::Census;
use crate::raster::Canvas;
use crate::scene::Figure;
use crate::sheet::{Sheet, seconds};
use crate::theme::Theme;

/// All frames of a figure, at `scale` pixels per unit, shown in turn for their times, the last one held, over and over.
pub fn gif(figure: &Figure, theme: Theme, scale: f64) -> Result<Vec<u8>, DrawError> {
    moving(&Sheet::new(figure, true)?, theme, scale)
}

pub(crate) fn moving(sheet: &Sheet<'_>, theme: Theme, scale: f64) -> Result<Vec<u8>, DrawError> {
    let frames = &sheet.figure.frames;
    let canvas = Canvas::new(sheet, theme, scale, frames.len())?;
    let side = |pixels: u32| {
        u16::try_from(pixels).map_err(|_| DrawError::GifSide {
            width: canvas.width.into(),
            height: canvas.height.into(),
        })
    };
    let (width, height) = (side(canvas.width)?, side(canvas.height)?);
    // Frames are drawn twice, to count and to write, so that only two are held at a time.
    let mut census = Census::default();
    for n in 0..frames.len() {
        census.count(&canvas.draw(sheet, n)?.rgba);
    }
    let mut palette = census.palette();
    let transparent = palette.transparent();
    let mut table = palette.table();
    table.extend([0, 0, 0]);
    let mut file = Vec::new();
    let mut encoder = gif::Encoder::new(&mut file, width, height, &table).map_err(failed)?;
    if frames.len() > 1 {
        encoder.set_repeat(gif::Repeat::Infinite).map_err(failed)?;
    }
    let mut before: Option<Vec<u8>> = None;
    for n in 0..frames.len() {
        let indices = palette.indices(&canvas.draw(sheet, n)?.rgba);
        let area = match &before {
            None => Changed {
                left: 0,
                top: 0,
                width: usize::from(width),
                height: usize::from(height),
            },
            Some(before) => changed(before, &indices, usize::from(width)),
        };
        let pixels = cut(
            before.as_deref(),
            &indices,
            usize::from(width),
            &area,
            transparent,
        );
        // All four fit: they lie inside a picture whose sides do.
        let frame = gif::Frame {
            delay: (seconds(frames, n) * 100.0).round().clamp(2.0, 60_000.0) as u16,
            dispose: gif::DisposalMethod::Keep,
            transparent: Some(transparent),
            left: area.left as u16,
            top: area.top as u16,
            width: area.width as u16,
            height: area.height as u16,
            buffer: Cow::Owned(pixels),
            ..gif::Frame::default()
        };
        encoder.write_frame(&frame).map_err(failed)?;
        before = Some(indices);
    }
    drop(encoder);
    Ok(file)
}

#[allow(clippy::needless_pass_by_value)] // the shape that map_err wants
fn failed(error: gif::EncodingError) -> DrawError {
    DrawError::Encode {
        format: "GIF",
        message: error.to_string(),
    }
}

/// The rectangle of a frame that differs from the one before, in pixels.
#[derive(Debug, PartialEq)]
struct Changed {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

/// One pixel where nothing changed, because a frame cannot be empty.
fn changed(before: &[u8], now: &[u8], width: usize) -> Changed {
    let mut area = Changed {
        left: 0,
        top: 0,
        width: 1,
        height: 1,
    };
    let rows = before.chunks(width).zip(now.chunks(width)).enumerate();
    let mut edges: Option<(usize, usize, usize, usize)> = None;
    for (y, (a, b)) in rows {
        let differs = |x: &usize| a[*x] != b[*x];
        if let (Some(first), Some(last)) = ((0..width).find(differs), (0..width).rfind(differs)) {
            edges = Some(match edges {
                None => (first, y, last, y),
                Some((left, top, right, _)) => (left.min(first), top, right.max(last), y),
            });
        }
    }
    if let Some((left, top, right, bottom)) = edges {
        area = Changed {
            left,
            top,
            width: right - left + 1,
            height: bottom - top + 1,
        };
    }
    area
}

/// The pixels of the rectangle, those as before transparent.
fn cut(
    before: Option<&[u8]>,
    now: &[u8],
    width: usize,
    area: &Changed,
    transparent: u8,
) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(area.width * area.height);
    for y in area.top..area.top + area.height {
        for at in y * width + area.left..y * width + area.left + area.width {
            let same = before.is_some_and(|before| before[at] == now[at]);
            pixels.push(if same { transparent } else { now[at] });
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_written() {
        let before = [0, 0, 0, 0, 1, 0, 0, 0, 0];
        let now = [0, 0, 0, 0, 2, 0, 0, 0, 3];
        let area = changed(&before, &now, 3);
        assert_eq!(
            area,
            Changed {
                left: 1,
                top: 1,
                width: 2,
                height: 2
            }
        );
        assert_eq!(cut(Some(&before), &now, 3, &area, 9), [2, 9, 9, 3]);
        assert_eq!(cut(None, &now, 3, &area, 9), [2, 0, 0, 3]);
        assert_eq!(changed(&now, &now, 3).width, 1);
    }
}
