//! Everything that can be refused or go wrong, with the numbers inside.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::method::Method;
use crate::network::Network;
use crate::picture::Format;

/// Why a picture was not enlarged.
#[derive(Debug)]
pub enum Error {
    /// The file system refused.
    Io {
        /// What was being done, as in "cannot read".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The first bytes belong to none of the formats.
    NotAPicture,
    /// The picture's data is broken.
    Decode {
        /// The format that its first bytes announce.
        format: Format,
        /// What the decoder found.
        message: String,
    },
    /// The encoder or the output file failed.
    Encode {
        /// The format being written.
        format: Format,
        /// What it said.
        message: String,
    },
    /// A legal picture of a kind that is not handled.
    Unsupported {
        /// The format.
        format: Format,
        /// What is not handled, and what to do.
        what: String,
    },
    /// A picture of no pixels.
    Empty {
        /// Width in pixels.
        width: u64,
        /// Height in pixels.
        height: u64,
    },
    /// The result is larger than its format can say.
    FormatLimit {
        /// The format.
        format: Format,
        /// Width of the result in pixels.
        width: u64,
        /// Height of the result in pixels.
        height: u64,
        /// Largest width and height of the format.
        limit: u64,
    },
    /// The result's samples would not fit a classic TIFF file.
    TiffSize {
        /// Bytes of the samples.
        bytes: u64,
    },
    /// Sizes whose product no machine can address.
    TooLarge {
        /// Width of the input in pixels.
        width: u64,
        /// Height of the input in pixels.
        height: u64,
        /// The scale.
        scale: u64,
    },
    /// The work needs more memory than allowed.
    Memory {
        /// Bytes that the work needs at least.
        needed: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// A memory size that cannot be read.
    MemoryText(String),
    /// A scale outside its range.
    Scale(u64),
    /// A JPEG quality outside its range.
    Quality(u64),
    /// A method's name that is not known.
    Method(String),
    /// A format's name that is not known.
    FormatName(String),
    /// A colour that cannot be read.
    Colour(String),
    /// A file that is not a network's.
    Network {
        /// The network's name or file.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A network that was not trained for the scale.
    NetworkScale {
        /// The network's name or file.
        name: String,
        /// The scale asked for.
        scale: usize,
        /// The scales that there are.
        scales: Vec<usize>,
    },
    /// Light can only be convolved by a kernel.
    NetworkLinear(String),
    /// A kernel that is neither a list nor a rectangle.
    KernelShape(Vec<usize>),
    /// A kernel's values do not match its shape.
    KernelLength {
        /// The shape.
        shape: Vec<usize>,
        /// Number of values.
        values: usize,
    },
    /// A kernel with an axis shorter than the scale, or too long.
    KernelSize {
        /// The axis' length.
        size: usize,
        /// The scale.
        scale: usize,
    },
    /// A kernel with an infinite or undefined value.
    KernelValue {
        /// Index of the value in the file's order.
        index: usize,
        /// The value.
        value: f64,
    },
    /// A phase of a kernel that sums to zero.
    KernelPhase {
        /// The phase, one number per axis.
        phase: Vec<usize>,
        /// The scale.
        scale: usize,
    },
    /// Alpha for a format without alpha.
    Alpha(Format),
    /// 16-bit samples for a format of 8 bits.
    Depth(Format),
    /// The output's name is taken.
    Exists(PathBuf),
    /// The output would replace an input.
    OverInput(PathBuf),
    /// Two inputs claim one output.
    Collision {
        /// First input.
        first: PathBuf,
        /// Second input.
        second: PathBuf,
        /// Their output.
        output: PathBuf,
    },
    /// A combination of inputs and output that has no meaning.
    Usage(String),
    /// Two pictures of different size cannot be compared.
    CompareSize {
        /// Width and height of the first.
        first: (usize, usize),
        /// Width and height of the second.
        second: (usize, usize),
    },
    /// Too small to compare.
    CompareSmall {
        /// Width and height of what remains without the border.
        size: (usize, usize),
        /// Border removed on each side, in pixels.
        border: usize,
    },
    /// The engine refused.
    Engine(String),
    /// The caller asked to stop.
    Interrupted,
}

impl Error {
    /// True when the request or the picture is at fault, so that nothing was begun or a broken picture was met; false
    /// when the machine, the file system or the user ended the work.
    pub fn is_refusal(&self) -> bool {
        !matches!(
            self,
            Self::Io { .. } | Self::Encode { .. } | Self::Engine(_) | Self::Interrupted
        )
    }
}

/// Bytes in the largest unit that leaves a whole part, rounded up to a tenth: a limit set to this number suffices.
pub(crate) fn bytes_text(bytes: u64) -> String {
    let units = [(30, "G"), (20, "M"), (10, "K")];
    for (shift, unit) in units {
        if bytes >> shift > 0 {
            let tenths = (u128::from(bytes) * 10).div_ceil(1 << shift);
            return format!("{}.{}{unit}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes}")
}

/// The methods that have a name.
fn names() -> String {
    let networks = Network::NAMES.into_iter();
    let networks = networks.filter(|name| Network::shipped(name).is_some());
    let names: Vec<&str> = networks.chain(Method::NAMES).collect();
    names.join(", ")
}

/// Numbers as people list them.
fn list(numbers: &[usize]) -> String {
    let words: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "no".to_owned(),
    }
}

impl fmt::Display for Error {
    #[allow(clippy::too_many_lines)] // one sentence per case
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io {
                action,
                path,
                source,
            } => write!(f, "{action} {}: {source}", path.display()),
            Self::NotAPicture => write!(
                f,
                "not a picture that convt reads: its first bytes are those of no PNG, JPEG, WebP or TIFF file"
            ),
            Self::Decode { format, message } => write!(f, "broken {format} file: {message}"),
            Self::Encode { format, message } => {
                write!(f, "cannot write the {format} file: {message}")
            }
            Self::Unsupported { format, what } => {
                write!(f, "this {format} file is not supported: {what}")
            }
            Self::Empty { width, height } => write!(
                f,
                "the picture is {width} x {height}: both must be at least 1"
            ),
            Self::FormatLimit {
                format,
                width,
                height,
                limit,
            } => write!(
                f,
                "the result would be {width} x {height} and {format} ends at {limit} pixels per side: use a smaller scale or another format (-f png)"
            ),
            Self::TiffSize { bytes } => write!(
                f,
                "the result's samples are {} and a TIFF file ends at 4G: use a smaller scale or -f png",
                bytes_text(*bytes)
            ),
            Self::TooLarge {
                width,
                height,
                scale,
            } => write!(
                f,
                "{width} x {height} enlarged {scale} times is more than this machine can address: use a smaller scale"
            ),
            Self::Memory { needed, limit } => write!(
                f,
                "the work needs {} of memory and --max-memory allows {}: allow at least {} or use a smaller picture",
                bytes_text(*needed),
                bytes_text(*limit),
                bytes_text(*needed)
            ),
            Self::MemoryText(text) => write!(
                f,
                "memory size {text:?} cannot be read: write a number with an optional K, M or G, as in 40M"
            ),
            Self::Scale(scale) => write!(
                f,
                "scale is {scale}: it must be a whole number from 1 to {}",
                crate::MAX_SCALE
            ),
            Self::Quality(quality) => write!(f, "quality is {quality}: it must be from 1 to 100"),
            Self::Method(name) => write!(
                f,
                "method {name:?} is not known: use {}, a network's file (FILE.safetensors) or a kernel's (KERNEL.npy, or FILE.safetensors:TENSOR)",
                names()
            ),
            Self::Network { name, problem } => {
                write!(f, "{name} is no network that convt runs: {problem}")
            }
            Self::NetworkScale {
                name,
                scale,
                scales,
            } => write!(
                f,
                "{name} enlarges {} times and the scale is {scale}: use -s {} or another method, as lanczos",
                list(scales),
                scales.first().unwrap_or(&2)
            ),
            Self::NetworkLinear(name) => write!(
                f,
                "--linear mixes light, and {name} has learned from sRGB's code for it: leave --linear out or use a kernel, as --method lanczos"
            ),
            Self::FormatName(name) => {
                write!(f, "format {name:?} is not known: use png, jpg, webp or tif")
            }
            Self::Colour(text) => write!(
                f,
                "colour {text:?} cannot be read: write #rrggbb, as in #ffffff"
            ),
            Self::KernelShape(shape) => write!(
                f,
                "the kernel has shape {shape:?}: it must have one axis (used along rows and columns) or two"
            ),
            Self::KernelLength { shape, values } => write!(
                f,
                "the kernel has shape {shape:?} but {values} values: they must agree"
            ),
            Self::KernelSize { size, scale } => write!(
                f,
                "the kernel has an axis of {size} taps: at scale {scale} it must have {scale} to {}, or some output would have no tap",
                crate::MAX_KERNEL
            ),
            Self::KernelValue { index, value } => write!(
                f,
                "value {index} of the kernel is {value}: all must be finite"
            ),
            Self::KernelPhase { phase, scale } => write!(
                f,
                "phase {phase:?} of the kernel at scale {scale} sums to 0 and cannot be normalised to 1: each of the {scale} phases per axis needs a sum"
            ),
            Self::Alpha(format) => write!(
                f,
                "the picture has alpha and {format} has none: give the colour behind it (--background '#ffffff') or another format (-f png)"
            ),
            Self::Depth(format) => write!(
                f,
                "the picture has 16 bits per sample and {format} holds 8: allow the loss (--depth 8) or use another format (-f png)"
            ),
            Self::Exists(path) => write!(
                f,
                "{} exists: use --overwrite to replace it or --skip-existing to leave it",
                path.display()
            ),
            Self::OverInput(path) => write!(
                f,
                "the output {} is one of the inputs, which are never written over: choose another name or folder",
                path.display()
            ),
            Self::Collision {
                first,
                second,
                output,
            } => write!(
                f,
                "{} and {} would both be written to {}: choose a --name that tells them apart, as '{{stem}}_{{format}}_x{{scale}}{{ext}}'",
                first.display(),
                second.display(),
                output.display()
            ),
            Self::Usage(text) | Self::Engine(text) => f.write_str(text),
            Self::CompareSize { first, second } => write!(
                f,
                "the pictures to compare are {} x {} and {} x {}: they must have one size",
                first.0, first.1, second.0, second.1
            ),
            Self::CompareSmall { size, border } => write!(
                f,
                "nothing is left to compare: {} x {} after a border of {border} pixels is removed from each side",
                size.0, size.1
            ),
            Self::Interrupted => write!(f, "interrupted"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// The crate's results.
pub type Result<T> = std::result::Result<T, Error>;
