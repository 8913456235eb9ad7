//! Why something is not explained.

use std::fmt;

use convt_geometry::GeometryError;
use convt_reference::ReferenceError;

/// What can stand in the way of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExplainError {
    /// The problem's integers are illegal.
    Geometry(GeometryError),
    /// The layer itself is refused.
    Reference(ReferenceError),
    /// There are too many numbers to look at.
    TooLarge {
        /// Of what there are too many.
        what: &'static str,
        /// How many there are.
        count: u128,
        /// The most that are drawn.
        limit: usize,
        /// A smaller problem of the same kind.
        smaller: String,
    },
    /// Nothing is there to be shown.
    Nothing {
        /// What is empty.
        what: &'static str,
    },
    /// A step that does not exist.
    Step {
        /// The step asked for.
        asked: usize,
        /// How many there are, counted from 1.
        steps: usize,
    },
    /// A word of a link or an option that is not understood.
    Word {
        /// The key or option.
        key: String,
        /// What was given.
        value: String,
        /// What would be understood.
        expected: &'static str,
    },
    /// A list of numbers that does not fill its array.
    Values {
        /// Which array: `x`, `w`, `b` or `gy`.
        array: String,
        /// How many numbers there are.
        given: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A weight whose shape is no layer's.
    KernelShape(Vec<usize>),
    /// A channel that a weight does not have.
    Channel {
        /// The channel asked for.
        input: usize,
        /// How many there are.
        of: usize,
    },
    /// A cell that does not exist.
    Cell {
        /// The indices asked for.
        index: Vec<usize>,
        /// The shape of the map.
        shape: Vec<usize>,
    },
    /// The framework has no words for the layer.
    NotExpressible {
        /// The framework.
        framework: &'static str,
        /// Why not, and what to do.
        why: String,
    },
}

impl From<GeometryError> for ExplainError {
    fn from(error: GeometryError) -> Self {
        Self::Geometry(error)
    }
}

impl From<ReferenceError> for ExplainError {
    fn from(error: ReferenceError) -> Self {
        Self::Reference(error)
    }
}

impl fmt::Display for ExplainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Geometry(error) => error.fmt(f),
            Self::Reference(error) => error.fmt(f),
            Self::Word {
                key,
                value,
                expected,
            } => write!(
                f,
                "{key} = `{value}` is not understood: expected {expected}"
            ),
            Self::Values {
                array,
                given,
                expected,
            } => write!(
                f,
                "{array} has {given} values, but these sizes need {expected}: give as many, or a rule such as `ones`"
            ),
            Self::Cell { index, shape } => write!(
                f,
                "cell {index:?} does not exist in a map of shape {shape:?}: every index must be smaller than its length"
            ),
            Self::KernelShape(shape) => write!(
                f,
                "a weight of shape {shape:?} has no kernels to show: its shape must be (C_in, C_out, k), (C_in, C_out, kh, \
                 kw), or that of one kernel, (k) or (kh, kw), with no axis of length 0"
            ),
            Self::Channel { input, of } => write!(
                f,
                "channel = {input} does not exist: the weight has {of} input channels, counted from 0"
            ),
            Self::NotExpressible { framework, why } => {
                write!(f, "{framework} cannot say this layer: {why}")
            }
            Self::TooLarge {
                what,
                count,
                limit,
                smaller,
            } => write!(
                f,
                "{count} {what} are too many to look at (at most {limit}): try a smaller problem of the same kind, such \
                 as {smaller}"
            ),
            Self::Nothing { what } => {
                write!(
                    f,
                    "{what} is 0, so there is nothing to show: give at least 1"
                )
            }
            Self::Step { asked, steps } => {
                write!(
                    f,
                    "step = {asked} does not exist: this view has steps 1 to {steps}"
                )
            }
        }
    }
}

impl std::error::Error for ExplainError {}
