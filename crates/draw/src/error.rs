//! Why a figure could not be written, with the numbers inside.

use std::fmt;

/// Why a figure could not be written.
#[derive(Clone, Debug, PartialEq)]
pub enum DrawError {
    /// A figure without a frame.
    NoFrames,
    /// More frames or items than any picture needs.
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A frame that the figure does not have.
    Frame {
        /// The frame asked for, counted from 0.
        asked: usize,
        /// How many there are.
        frames: usize,
    },
    /// A number outside its range, or no number.
    Number {
        /// What it is.
        what: &'static str,
        /// The value.
        value: f64,
        /// Smallest legal value.
        least: f64,
        /// Largest legal value.
        most: f64,
    },
    /// A kernel cell whose tap the kernel does not have.
    Tap {
        /// The tap.
        tap: usize,
        /// How many the kernel has.
        of: usize,
    },
    /// A character that no format can hold.
    Character {
        /// Which text.
        what: &'static str,
        /// Its code point.
        code: u32,
    },
    /// A raster picture of too many pixels.
    Pixels {
        /// Width in pixels.
        width: u64,
        /// Height in pixels.
        height: u64,
        /// Frames drawn.
        frames: u64,
        /// How many pixels all frames may have.
        limit: u64,
    },
    /// A GIF wider or higher than its format can say.
    GifSide {
        /// Width in pixels.
        width: u64,
        /// Height in pixels.
        height: u64,
    },
    /// A file name ending that names no format.
    Extension {
        /// The ending without its dot.
        extension: String,
    },
    /// PNG or GIF in a build without them.
    WithoutRaster,
    /// The encoder of a format failed.
    Encode {
        /// The format.
        format: &'static str,
        /// What it said.
        message: String,
    },
}

impl fmt::Display for DrawError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFrames => write!(f, "the figure has no frame: it needs at least one"),
            Self::TooMany { what, count, limit } => write!(
                f,
                "the figure has {count} {what}, but at most {limit} can be drawn: draw a smaller problem"
            ),
            Self::Frame { asked, frames } => write!(
                f,
                "frame {asked} does not exist: the figure has {frames}, counted from 0 to {}",
                frames.saturating_sub(1)
            ),
            Self::Number {
                what,
                value,
                least,
                most,
            } => write!(f, "{what} is {value}, but must be from {least} to {most}"),
            Self::Tap { tap, of } => write!(
                f,
                "a cell shows tap {tap} of a kernel of {of}: taps are counted from 0 and lie below {of}"
            ),
            Self::Character { what, code } => write!(
                f,
                "{what} holds the character U+{code:04X}, which pictures cannot show: remove it"
            ),
            Self::Pixels {
                width,
                height,
                frames,
                limit,
            } => write!(
                f,
                "the picture would be {frames} times {width} x {height} pixels, but at most {limit} pixels can be \
                 drawn: choose a smaller scale, or SVG, which has no pixels"
            ),
            Self::GifSide { width, height } => write!(
                f,
                "the picture would be {width} x {height} pixels, but a GIF has at most 65535 on a side: choose a \
                 smaller scale"
            ),
            Self::Extension { extension } => write!(
                f,
                "the ending {extension:?} names no format: use svg, png, gif, tex, html or json"
            ),
            Self::WithoutRaster => write!(
                f,
                "this build draws no PNG and GIF: use SVG, or build with the feature raster"
            ),
            Self::Encode { format, message } => {
                write!(f, "the {format} could not be encoded: {message}")
            }
        }
    }
}

impl std::error::Error for DrawError {}
