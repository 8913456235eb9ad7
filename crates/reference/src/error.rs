//! What this crate refuses.

use std::fmt;

use convt_geometry::{GeometryError, Op};

/// Why a layer is not computed. `axis` counts spatial axes from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceError {
    /// The words of a problem could not be read into crops.
    Geometry(GeometryError),
    /// The layer has no axes, or more than three.
    Dimensions {
        /// How many it has.
        given: usize,
    },
    /// A per-axis list has another length than the stride's.
    Axes {
        /// Which list.
        parameter: &'static str,
        /// Its length.
        given: usize,
        /// The layer's number of axes.
        expected: usize,
    },
    /// A parameter or length that must be at least 1 is 0.
    Zero {
        /// Which one.
        parameter: &'static str,
        /// On which axis; `None` for what has no axis.
        axis: Option<usize>,
    },
    /// `groups` does not divide a channel count.
    Groups {
        /// Which channels.
        parameter: &'static str,
        /// How many there are.
        channels: usize,
        /// The groups that do not divide them.
        groups: usize,
    },
    /// An array has a shape of the wrong rank.
    Rank {
        /// Which array.
        array: &'static str,
        /// Its shape.
        shape: Vec<usize>,
        /// The shape it should have, in words.
        expected: &'static str,
    },
    /// The input has other channels than the weight is for.
    Channels {
        /// Channels of the input.
        input: usize,
        /// Channels that the weight is for.
        weight: usize,
        /// The weight's shape.
        shape: Vec<usize>,
    },
    /// The bias has another length than there are output channels.
    Bias {
        /// Its length.
        length: usize,
        /// The output channels.
        out_channels: usize,
    },
    /// The arriving gradient has another shape than the output.
    Gradient {
        /// Its shape.
        shape: Vec<usize>,
        /// The output's shape.
        output: Vec<usize>,
    },
    /// An array's elements do not fill its shape.
    Data {
        /// Which array.
        array: &'static str,
        /// How many elements it has.
        elements: usize,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// The output would be empty on an axis.
    NoOutput {
        /// The operation, which says the formula.
        op: Op,
        /// On which axis.
        axis: usize,
        /// Input size.
        input: usize,
        /// `d*(k-1) + 1`.
        span: usize,
        /// Stride.
        stride: usize,
        /// Crops (transposed) or pads (convolution).
        crops: [isize; 2],
        /// What the formula gives.
        size: i128,
    },
    /// A size or index does not fit.
    Overflow {
        /// On which axis.
        axis: usize,
    },
    /// An output or workspace beyond [`ELEMENT_LIMIT`](crate::ELEMENT_LIMIT).
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How many elements it would have.
        elements: u128,
        /// The most it may have.
        limit: usize,
    },
}

impl From<GeometryError> for ReferenceError {
    fn from(error: GeometryError) -> Self {
        Self::Geometry(error)
    }
}

impl fmt::Display for ReferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Geometry(error) => error.fmt(f),
            Self::Dimensions { given } => write!(
                f,
                "the layer has {given} spatial axes: give 1, 2 or 3 strides"
            ),
            Self::Axes {
                parameter,
                given,
                expected,
            } => write!(
                f,
                "{parameter} has {given} values, but there are {expected} spatial axes: give one per axis"
            ),
            Self::Zero {
                parameter,
                axis: Some(axis),
            } => write!(f, "{parameter}[{axis}] is 0: it must be at least 1"),
            Self::Zero {
                parameter,
                axis: None,
            } => write!(f, "{parameter} is 0: it must be at least 1"),
            Self::Groups {
                parameter,
                channels,
                groups,
            } => write!(
                f,
                "{parameter} = {channels} is not divisible by groups = {groups}: choose groups that divide both \
                 in_channels and out_channels"
            ),
            Self::Rank {
                array,
                shape,
                expected,
            } => write!(f, "{array} has shape {shape:?}, but must be {expected}"),
            Self::Channels {
                input,
                weight,
                shape,
            } => write!(
                f,
                "the input has {input} channels, but a weight of shape {shape:?} is for {weight}"
            ),
            Self::Bias {
                length,
                out_channels,
            } => write!(
                f,
                "the bias has {length} elements, but there are {out_channels} output channels: give one per channel"
            ),
            Self::Gradient { shape, output } => write!(
                f,
                "the gradient has shape {shape:?}, but the output has {output:?}: they must be the same"
            ),
            Self::Data {
                array,
                elements,
                shape,
            } => write!(
                f,
                "{array} has {elements} elements, which do not fill the shape {shape:?}"
            ),
            Self::NoOutput {
                op,
                axis,
                input,
                span,
                stride,
                crops: [begin, end],
                size,
            } => match op {
                Op::ConvTranspose => write!(
                    f,
                    "output size[{axis}] would be ({input}-1)*{stride} + {span} - ({begin}) - ({end}) = {size}, but it \
                     must be at least 1: crop less"
                ),
                Op::Conv => write!(
                    f,
                    "output size[{axis}] would be floor(({input} + ({begin}) + ({end}) - {span}) / {stride}) + 1 = \
                     {size}, but it must be at least 1: pad more"
                ),
            },
            Self::Overflow { axis } => write!(
                f,
                "the sizes of axis {axis} do not fit this machine's integers (at most {}): use smaller parameters",
                isize::MAX
            ),
            Self::TooLarge {
                what,
                elements,
                limit,
            } => write!(
                f,
                "{what} would have {elements} elements, but the reference stops at {limit}: use a smaller problem, or \
                 the engine"
            ),
        }
    }
}

impl std::error::Error for ReferenceError {}
