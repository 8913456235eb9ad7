//! Why the program stops without success, and with which exit code.

use std::io::ErrorKind;

use convt::GeometryError;
use convt_files::FileError;
use convt_reference::ReferenceError;

/// What ends a command. The text is one plain sentence.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The request is refused: parameters, options or the content of a file. Nothing was written. Exit code 2.
    Usage(String),
    /// Something failed on the way. Exit code 1.
    Failed(String),
    /// The reader of our standard output has gone, which is no fault. Exit code 0.
    Closed,
}

impl Failure {
    /// A refusal.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// The exit code of the program.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Failed(_) => 1,
            Self::Closed => 0,
        }
    }

    /// The sentence, where there is something to say.
    pub(crate) fn message(&self) -> Option<&str> {
        match self {
            Self::Usage(message) | Self::Failed(message) => Some(message),
            Self::Closed => None,
        }
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        match error {
            error if error.is_broken_pipe() => Self::Closed,
            // A decompressor speaks of broken data as an error of reading.
            FileError::Io { ref source, .. } if source.kind() != ErrorKind::InvalidData => {
                Self::Failed(error.to_string())
            }
            _ => Self::Usage(error.to_string()),
        }
    }
}

impl From<GeometryError> for Failure {
    fn from(error: GeometryError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<convt::Error> for Failure {
    fn from(error: convt::Error) -> Self {
        match error {
            convt::Error::OutOfMemory { .. } => Self::Failed(error.to_string()),
            _ => Self::Usage(error.to_string()),
        }
    }
}

impl From<ReferenceError> for Failure {
    fn from(error: ReferenceError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    /// An error of writing to standard output.
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Failed(format!("cannot write to standard output: {error}")),
        }
    }
}
