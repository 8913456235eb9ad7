//! What a picture is: size, channels, depth, format, and what travels beside the samples.
//!
//! A *row* is `width * channels` samples, interleaved, as bytes: one per sample at 8 bits, two in the machine's order
//! at 16.

use std::fmt;

use crate::error::{Error, Result};
use crate::orient::Orientation;

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Portable Network Graphics, read and written by rows.
    Png,
    /// JPEG, held whole.
    Jpeg,
    /// WebP, held whole, written lossless.
    WebP,
    /// TIFF, read by strips or tiles and written by strips.
    Tiff,
}

impl Format {
    /// The format that a file's first bytes announce (12 bytes suffice).
    pub fn of_bytes(start: &[u8]) -> Option<Self> {
        match start {
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Some(Self::WebP),
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Self::Tiff),
            _ => None,
        }
    }

    /// The format that a name or an extension means: png, jpg, jpeg, webp, tif, tiff, in any case.
    pub fn of_name(name: &str) -> Result<Self> {
        match name.trim_start_matches('.').to_ascii_lowercase().as_str() {
            "png" => Ok(Self::Png),
            "jpg" | "jpeg" | "jpe" | "jfif" => Ok(Self::Jpeg),
            "webp" => Ok(Self::WebP),
            "tif" | "tiff" => Ok(Self::Tiff),
            _ => Err(Error::FormatName(name.to_owned())),
        }
    }

    /// The usual extension, with its dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => ".png",
            Self::Jpeg => ".jpg",
            Self::WebP => ".webp",
            Self::Tiff => ".tif",
        }
    }

    /// The largest width and height, in pixels.
    pub fn largest_side(self) -> u64 {
        match self {
            Self::Png => (1 << 31) - 1,
            Self::Jpeg => 65_535,
            Self::WebP => 16_383,
            Self::Tiff => u32::MAX.into(),
        }
    }

    /// Whether pictures of this format can have alpha.
    pub fn has_alpha(self) -> bool {
        self != Self::Jpeg
    }

    /// Whether samples of 16 bits can be written.
    pub fn has_sixteen(self) -> bool {
        matches!(self, Self::Png | Self::Tiff)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::WebP => "WebP",
            Self::Tiff => "TIFF",
        })
    }
}

/// Bits per sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Values 0 to 255.
    Eight,
    /// Values 0 to 65535.
    Sixteen,
}

impl Depth {
    /// Bytes per sample.
    pub fn bytes(self) -> usize {
        match self {
            Self::Eight => 1,
            Self::Sixteen => 2,
        }
    }

    /// Bits per sample.
    pub fn bits(self) -> u8 {
        8 * self.bytes() as u8
    }

    /// The value of white.
    pub fn max(self) -> f32 {
        match self {
            Self::Eight => 255.0,
            Self::Sixteen => 65_535.0,
        }
    }
}

/// What the samples of a pixel mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// One sample.
    Grey,
    /// Grey and alpha.
    GreyAlpha,
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue, alpha.
    Rgba,
}

impl Channels {
    /// Samples per pixel.
    pub fn count(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::GreyAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }

    /// Samples of colour per pixel.
    pub fn colours(self) -> usize {
        match self {
            Self::Grey | Self::GreyAlpha => 1,
            Self::Rgb | Self::Rgba => 3,
        }
    }

    /// Whether the last sample is alpha.
    pub fn has_alpha(self) -> bool {
        matches!(self, Self::GreyAlpha | Self::Rgba)
    }

    /// The same colours without alpha.
    #[must_use]
    pub fn opaque(self) -> Self {
        match self {
            Self::Grey | Self::GreyAlpha => Self::Grey,
            Self::Rgb | Self::Rgba => Self::Rgb,
        }
    }

    /// A word for people and machines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grey => "grey",
            Self::GreyAlpha => "grey+alpha",
            Self::Rgb => "rgb",
            Self::Rgba => "rgb+alpha",
        }
    }
}

/// Size and kind of the samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Pixels per row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Samples of a pixel.
    pub channels: Channels,
    /// Bits of a sample.
    pub depth: Depth,
    /// Whether the colours are stored multiplied by alpha (TIFF's associated alpha).
    pub premultiplied: bool,
}

impl Header {
    /// A header whose size is at least one pixel and whose bytes can be addressed.
    pub fn new(width: u64, height: u64, channels: Channels, depth: Depth) -> Result<Self> {
        if width == 0 || height == 0 {
            return Err(Error::Empty { width, height });
        }
        let too_large = Error::TooLarge {
            width,
            height,
            scale: 1,
        };
        let pixels = width.checked_mul(height).and_then(|n| n.checked_mul(8));
        match (pixels, usize::try_from(width), usize::try_from(height)) {
            (Some(bytes), Ok(width), Ok(height)) if isize::try_from(bytes).is_ok() => Ok(Self {
                width,
                height,
                channels,
                depth,
                premultiplied: false,
            }),
            _ => Err(too_large),
        }
    }

    /// Samples of a row.
    pub fn row_samples(&self) -> usize {
        self.width * self.channels.count()
    }

    /// Bytes of a row.
    pub fn row_bytes(&self) -> usize {
        self.row_samples() * self.depth.bytes()
    }

    /// Bytes of all rows.
    pub fn bytes(&self) -> usize {
        self.row_bytes() * self.height
    }

    /// Bytes of a pixel.
    pub fn pixel_bytes(&self) -> usize {
        self.channels.count() * self.depth.bytes()
    }
}

/// The meaning of the numbers as a PNG states it without a profile.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PngColour {
    /// The `sRGB` chunk.
    pub srgb: Option<png::SrgbRenderingIntent>,
    /// The `gAMA` chunk.
    pub gamma: Option<png::ScaledFloat>,
    /// The `cHRM` chunk.
    pub chromaticities: Option<png::SourceChromaticities>,
}

/// What travels beside the samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The ICC profile, byte for byte.
    pub icc: Option<Vec<u8>>,
    /// The EXIF block: a TIFF stream without pixels, beginning with its byte order mark.
    pub exif: Option<Vec<u8>>,
    /// How the stored rows are to be turned for showing.
    pub orientation: Orientation,
    /// PNG's own colour chunks; no other format can say them.
    pub png: PngColour,
    /// What had to be left out while reading, one sentence each.
    pub notes: Vec<String>,
}

/// The samples of a row as values `0..=max`.
pub(crate) fn row_values(depth: Depth, row: &[u8]) -> impl Iterator<Item = u16> + '_ {
    let step = depth.bytes();
    row.chunks_exact(step).map(move |bytes| match *bytes {
        [one] => u16::from(one),
        [low, high] => u16::from_ne_bytes([low, high]),
        _ => 0,
    })
}
