//! Pictures enlarged by transposed convolution.
//!
//! A method of enlarging ([`Method`]) is a kernel, and enlarging by the whole number `s` a depthwise transposed
//! convolution of stride `s` with it; or it is a network ([`Network`]) whose last layer is a transposed convolution that was
//! learned. The picture passes through in bands of rows ([`enlarge()`]), so that memory is bounded
//! by the caller and not by the picture, and the bytes of the result do not depend on the bands or on the
//! threads.
//!
//! PNG and TIFF are read and written by rows. JPEG and WebP are held whole by their codecs, as is a picture whose rows
//! must be turned; that counts as memory and is refused before any work when it is too much.
//!
//! What travels: the ICC profile byte for byte; the EXIF block with its orientation applied to the pixels and set to 1,
//! its pixel dimensions corrected and its thumbnail unhooked; between PNG files the colour chunks `sRGB`, `gAMA` and
//! `cHRM`. Between TIFF and the other formats EXIF is rebuilt from its directories without the maker's note. XMP, IPTC,
//! comments, and an `eXIf` chunk behind a PNG's pixels do not travel.

mod alpha;
mod bands;
pub mod batch;
pub mod codec;
mod compare;
mod enlarge;
mod error;
mod exif;
mod kernel;
mod luma;
pub mod memory;
mod method;
mod network;
mod orient;
mod passes;
mod picture;
mod window;

pub use compare::{Comparison, compare};
pub use enlarge::{Options, Prepared, Progress, Report, enlarge};
pub use error::{Error, Result};
pub use kernel::{Kernel, Span};
pub use method::Method;
pub use network::{Network, Weights};
pub use orient::Orientation;
pub use picture::{Channels, Depth, Format, Header, Metadata, PngColour};

/// The largest scale.
pub const MAX_SCALE: usize = 64;

/// The most taps of a kernel along one axis.
pub const MAX_KERNEL: usize = 1024;
