//! What can be wrong with a tensor file.

use std::fmt;
use std::io;

use crate::tensor::Shape;

/// Why a file cannot be read or written. `file` is its name as the user gave it, or `stdin` or `stdout`; `tensor` is the
/// name inside it, or empty where the file holds one array.
#[derive(Debug)]
pub enum FileError {
    /// The operating system refuses.
    Io {
        /// Which file.
        file: String,
        /// `read`, `write` or `open`.
        doing: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// The output exists and may not be replaced.
    Exists {
        /// Which file.
        file: String,
    },
    /// Neither content nor name tells a known format.
    Format {
        /// Which file.
        file: String,
        /// What is there instead.
        found: String,
        /// What would be understood.
        expected: &'static str,
    },
    /// The file ends too early.
    Truncated {
        /// Which file.
        file: String,
        /// Which tensor.
        tensor: String,
        /// Where the missing part begins, in bytes from the start of the file.
        offset: u64,
        /// How many bytes should follow.
        expected: u64,
        /// How many do.
        found: u64,
    },
    /// The file goes on after its last element.
    Trailing {
        /// Which file.
        file: String,
        /// Where the file should end, in bytes.
        offset: u64,
        /// How many bytes follow, at least.
        found: u64,
    },
    /// A header that does not say what it must.
    Header {
        /// Which file.
        file: String,
        /// Where the header begins, in bytes.
        offset: u64,
        /// What is wrong.
        problem: String,
    },
    /// An element type that is not supported.
    Dtype {
        /// Which file.
        file: String,
        /// Which tensor.
        tensor: String,
        /// The type as the file calls it.
        found: String,
    },
    /// A shape whose bytes do not fit in memory.
    TooLarge {
        /// Which file.
        file: String,
        /// Which tensor.
        tensor: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// A tensor that needs more memory than the caller allows.
    Limit {
        /// Which file.
        file: String,
        /// Which tensor.
        tensor: String,
        /// Bytes that reading it takes.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// An integer that no f64 equals.
    Inexact {
        /// Which file.
        file: String,
        /// Which tensor.
        tensor: String,
        /// Its place among the elements as they are stored.
        index: usize,
        /// The integer.
        value: i128,
    },
    /// The file holds no tensor of that name.
    NoTensor {
        /// Which file.
        file: String,
        /// The name asked for.
        tensor: String,
        /// The names that exist.
        names: Vec<String>,
    },
    /// The file holds several tensors, or none, and no name was given.
    WhichTensor {
        /// Which file.
        file: String,
        /// The names that exist.
        names: Vec<String>,
    },
}

impl FileError {
    pub(crate) fn io(file: &str, doing: &'static str) -> impl Fn(io::Error) -> Self + use<> {
        let file = file.to_string();
        move |source| Self::Io {
            file: file.clone(),
            doing,
            source,
        }
    }

    /// Whether the reader at the other end of a pipe has gone, which is no fault.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// `FILE` or `FILE:TENSOR`.
struct Place<'a>(&'a str, &'a str);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            "" => f.write_str(self.0),
            tensor => write!(f, "{}:{tensor}", self.0),
        }
    }
}

/// The first few names, quoted.
struct Names<'a>(&'a [String]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 8;
        if self.0.is_empty() {
            return f.write_str("no named tensor");
        }
        for (i, name) in self.0.iter().take(SHOWN).enumerate() {
            write!(f, "{}{name:?}", if i == 0 { "" } else { ", " })?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io {
                file,
                doing,
                source,
            } => write!(f, "cannot {doing} {file}: {source}"),
            Self::Exists { file } => {
                write!(
                    f,
                    "{file} already exists: give --overwrite to replace it, or another name"
                )
            }
            Self::Format {
                file,
                found,
                expected,
            } => {
                write!(f, "{file}: {found}, expected {expected}")
            }
            Self::Trailing {
                file,
                offset,
                found,
            } => write!(
                f,
                "{file} goes on after its last element: it should end at offset {offset}, but {found} bytes or more follow"
            ),
            Self::Header {
                file,
                offset,
                problem,
            } => {
                write!(
                    f,
                    "{file} has a broken header at offset {offset}: {problem}"
                )
            }
            Self::NoTensor {
                file,
                tensor,
                names,
            } => {
                write!(
                    f,
                    "{file} holds no tensor {tensor:?}: it holds {}",
                    Names(names)
                )
            }
            Self::WhichTensor { file, names } => write!(
                f,
                "{file} holds {}: name one tensor as {file}:NAME",
                Names(names)
            ),
            Self::Truncated { .. }
            | Self::Dtype { .. }
            | Self::TooLarge { .. }
            | Self::Limit { .. }
            | Self::Inexact { .. } => self.fmt_tensor(f),
        }
    }
}

impl FileError {
    /// The messages that name a tensor inside the file.
    fn fmt_tensor(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated {
                file,
                tensor,
                offset,
                expected,
                found,
            } => write!(
                f,
                "{} is truncated: {expected} bytes should follow at offset {offset}, but {found} do",
                Place(file, tensor)
            ),
            Self::Dtype {
                file,
                tensor,
                found,
            } => write!(
                f,
                "{} has elements of type {found}: expected float16, bfloat16, float32, float64, integers or booleans",
                Place(file, tensor)
            ),
            Self::TooLarge {
                file,
                tensor,
                shape,
            } => write!(
                f,
                "{} has the shape {}, which does not fit in memory",
                Place(file, tensor),
                Shape(shape)
            ),
            Self::Limit {
                file,
                tensor,
                bytes,
                limit,
            } => write!(
                f,
                "reading {} takes {bytes} bytes, but the memory limit leaves {limit}: raise it",
                Place(file, tensor)
            ),
            Self::Inexact {
                file,
                tensor,
                index,
                value,
            } => write!(
                f,
                "{}: element {index} is {value}, which float64 cannot hold exactly: integers must be at most 2^53, \
                 convert the array to float64 first",
                Place(file, tensor)
            ),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
