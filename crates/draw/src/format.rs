//! The one entry: a figure, a format, and how it should look.

use std::borrow::Cow;

use crate::animated_svg;
use crate::error::DrawError;
use crate::html;
use crate::json;
use crate::scene::Figure;
use crate::sheet::Sheet;
use crate::theme::Theme;
use crate::tikz;

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Scalable; moves if the figure does.
    Svg,
    /// Pixels; one frame.
    Png,
    /// Pixels; moves if the figure does.
    Gif,
    /// A `tikzpicture` for LaTeX; one frame.
    Tikz,
    /// A page with all frames, a slider and the captions as text.
    Html,
    /// The figure's own parts, for programs.
    Json,
}

impl Format {
    /// All formats, in the order of their description.
    pub const ALL: [Self; 6] = [
        Self::Svg,
        Self::Png,
        Self::Gif,
        Self::Tikz,
        Self::Html,
        Self::Json,
    ];

    /// The format that a file name's ending names, without its dot, in capitals or not.
    pub fn from_extension(extension: &str) -> Result<Self, DrawError> {
        Self::ALL
            .into_iter()
            .find(|format| format.extension().eq_ignore_ascii_case(extension))
            .or_else(|| match extension.to_ascii_lowercase().as_str() {
                "tikz" => Some(Self::Tikz),
                "htm" => Some(Self::Html),
                _ => None,
            })
            .ok_or_else(|| DrawError::Extension {
                extension: extension.to_owned(),
            })
    }

    /// The usual ending of such a file, without its dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Tikz => "tex",
            Self::Html => "html",
            Self::Json => "json",
        }
    }
}

/// How a figure is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Colours.
    pub theme: Theme,
    /// Pixels per unit in PNG and GIF, 0.05 to 64. A cell is [`CELL`](crate::CELL) units wide.
    pub scale: f64,
    /// One frame, counted from 0; or none, and SVG, GIF, HTML and JSON hold all of them, PNG and TikZ the last.
    pub frame: Option<usize>,
    /// Whether the captions stand below the picture. HTML always has them, as text; JSON too.
    pub captions: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            theme: Theme::Light,
            scale: 1.0,
            frame: None,
            captions: true,
        }
    }
}

/// The file's bytes. The same figure and options give the same bytes on every machine.
pub fn write(figure: &Figure, format: Format, options: &Options) -> Result<Vec<u8>, DrawError> {
    let figure = match options.frame {
        None => Cow::Borrowed(figure),
        Some(frame) => Cow::Owned(only(figure, frame)?),
    };
    let theme = options.theme;
    match format {
        Format::Html => return html::page(&figure, theme).map(String::into_bytes),
        Format::Json => return json::json(&figure).map(String::into_bytes),
        _ => {}
    }
    let sheet = Sheet::new(&figure, options.captions)?;
    match format {
        Format::Tikz => tikz::picture(&sheet, sheet.last(), theme).map(String::into_bytes),
        #[cfg(feature = "raster")]
        Format::Png => crate::png::picture(&sheet, sheet.last(), theme, options.scale),
        #[cfg(feature = "raster")]
        Format::Gif => crate::gif::moving(&sheet, theme, options.scale),
        #[cfg(not(feature = "raster"))]
        Format::Png | Format::Gif => Err(DrawError::WithoutRaster),
        _ => animated_svg::moving(&sheet, theme).map(String::into_bytes),
    }
}

/// The figure with one of its frames.
fn only(figure: &Figure, frame: usize) -> Result<Figure, DrawError> {
    let Some(shown) = figure.frames.get(frame) else {
        return Err(DrawError::Frame {
            asked: frame,
            frames: figure.frames.len(),
        });
    };
    Ok(Figure {
        width: figure.width,
        height: figure.height,
        title: figure.title.clone(),
        description: figure.description.clone(),
        frames: vec![shown.clone()],
    })
}
