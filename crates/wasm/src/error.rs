//! Why a request cannot be answered.

use std::fmt;

use convt_draw::DrawError;
use convt_explain::ExplainError;
use convt_geometry::GeometryError;

use crate::file::FileError;
use crate::query::Key;
use crate::sentence::Lang;

/// Why a request cannot be answered.
#[derive(Clone, Debug)]
pub(crate) enum Error {
    /// The request is not one, or lacks what it needs.
    Request {
        /// What is missing or wrong.
        problem: String,
    },
    /// A parameter that counts is negative.
    Negative {
        /// Which.
        key: Key,
        /// On which axis.
        axis: Option<usize>,
        /// Its value.
        value: i64,
    },
    /// A file gives no kernel.
    File {
        /// Its name.
        name: String,
        /// Why.
        error: FileError,
    },
    /// The sizes do not work out.
    Geometry(GeometryError),
    /// The state is not explained.
    Explain(ExplainError),
    /// The picture is not drawn.
    Draw(DrawError),
}

impl Error {
    /// A request that lacks something or has the wrong thing.
    pub(crate) fn request(problem: impl Into<String>) -> Self {
        Self::Request {
            problem: problem.into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request { problem } => f.write_str(problem),
            Self::Negative { key, axis, value } => {
                let at = axis.map_or(String::new(), |axis| format!("[{axis}]"));
                write!(
                    f,
                    "{}{at} = {value} must be at least {}",
                    key.parameter.name(),
                    key.least
                )
            }
            Self::File { name, error } => f.write_str(&error.text(name, Lang::En)),
            Self::Geometry(error) => write!(f, "{error}"),
            Self::Explain(error) => write!(f, "{error}"),
            Self::Draw(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Error {}
