//! What can be refused.

use std::fmt;

use crate::Algorithm;
use convt_geometry::GeometryError;
use convt_simd::{Isa, IsaError};

/// Why a layer, a plan or a run is refused. Each message is one sentence that names the parameter, its value and a fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The integers of the problem: strides, paddings, sizes.
    Geometry(GeometryError),
    /// An array whose rank does not suit the operation.
    Rank {
        /// `input`, `weight` or `output`.
        array: &'static str,
        /// Its shape.
        shape: Vec<usize>,
        /// What was expected.
        expected: String,
    },
    /// An array of another shape than the layer needs.
    Shape {
        /// `input`, `weight` or `output`.
        array: &'static str,
        /// Its shape.
        shape: Vec<usize>,
        /// The shape it must have.
        expected: Vec<usize>,
        /// Where that shape comes from.
        because: &'static str,
    },
    /// Data whose length is not the product of its shape.
    Elements {
        /// `input`, `weight` or `output`.
        array: &'static str,
        /// How many elements there are.
        elements: usize,
        /// The shape they were said to have.
        shape: Vec<usize>,
    },
    /// Input channels that differ from the layer's.
    Channels {
        /// Shape of the input.
        input: Vec<usize>,
        /// Channels that the layer was made for.
        in_channels: usize,
        /// Shape of the weight that goes with them.
        weight: Vec<usize>,
    },
    /// A bias whose length is not `out_channels`.
    BiasLength {
        /// Its length.
        length: usize,
        /// The length it must have.
        out_channels: usize,
    },
    /// An algorithm asked for that cannot run the plan's weights.
    Algorithm(Algorithm),
    /// PReLU slopes that are not one per output channel.
    Slopes {
        /// How many there are.
        length: usize,
        /// How many there must be.
        out_channels: usize,
    },
    /// A bias given to a layer without one, or missing from a layer with one.
    Bias {
        /// Whether the layer has a bias.
        wanted: bool,
    },
    /// A list of per-axis values of the wrong length.
    AxisValues {
        /// The parameter.
        parameter: &'static str,
        /// Values given.
        given: usize,
        /// Spatial axes of the layer.
        axes: usize,
    },
    /// More memory than the caller allows.
    MemoryLimit {
        /// For what.
        what: &'static str,
        /// Bytes needed.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// More memory than the system gives.
    OutOfMemory {
        /// For what.
        what: &'static str,
        /// Bytes asked for.
        bytes: usize,
    },
    /// A number of elements or bytes beyond `isize::MAX`.
    TooLarge {
        /// Of what.
        what: &'static str,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// The environment's `CONVT_ISA` names an instruction set that this machine does not have.
    Isa(IsaError),
    /// A run was told its instruction set, and its sums were not computed by it.
    IsaUnused(Isa),
    /// A number that must be positive and finite, or a list of another length, in one of the helper functions.
    Value {
        /// The parameter.
        parameter: &'static str,
        /// Its value.
        value: String,
        /// What is legal.
        expected: String,
    },
}

impl From<GeometryError> for Error {
    fn from(error: GeometryError) -> Self {
        Self::Geometry(error)
    }
}

impl From<IsaError> for Error {
    fn from(error: IsaError) -> Self {
        Self::Isa(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Geometry(error) => error.fmt(f),
            Self::Rank {
                array,
                shape,
                expected,
            } => write!(f, "{array} has shape {shape:?}: expected {expected}"),
            Self::Shape {
                array,
                shape,
                expected,
                because,
            } => write!(
                f,
                "{array} has shape {shape:?}, but {because} it must be {expected:?}"
            ),
            Self::Elements {
                array,
                elements,
                shape,
            } => write!(
                f,
                "{array} has {elements} elements, which is not the product of its shape {shape:?}"
            ),
            Self::Channels {
                input,
                in_channels,
                weight,
            } => write!(
                f,
                "input of shape {input:?} does not have the {in_channels} channels of the weight of shape {weight:?}"
            ),
            Self::BiasLength {
                length,
                out_channels,
            } => write!(
                f,
                "bias has {length} elements, but out_channels = {out_channels}: give one per output channel"
            ),
            Self::Algorithm(algorithm) => write!(
                f,
                "algorithm = {algorithm} does not run this layer's weights: ask `Plan::explain` for the one that does"
            ),
            Self::Slopes {
                length,
                out_channels,
            } => write!(
                f,
                "the PReLU has {length} slopes, but out_channels = {out_channels}: give one per output channel"
            ),
            Self::Bias { wanted: true } => f.write_str(
                "the layer has a bias, but none was given: pass one, or say bias(false)",
            ),
            Self::Bias { wanted: false } => f.write_str(
                "the layer has bias = false, but a bias was given: leave it out, or say bias(true)",
            ),
            Self::AxisValues {
                parameter,
                given,
                axes,
            } => write!(
                f,
                "{parameter} has {given} values, but the layer has {axes} spatial axes: give one per axis"
            ),
            Self::MemoryLimit { what, bytes, limit } => write!(
                f,
                "{what} needs {bytes} bytes, but the memory limit is {limit} bytes: raise it, or use smaller parts"
            ),
            Self::OutOfMemory { what, bytes } => {
                write!(f, "the system has no {bytes} bytes of memory for {what}")
            }
            Self::TooLarge { what, shape } => write!(
                f,
                "{what} of shape {shape:?} has more bytes than {}, the most that can be addressed",
                isize::MAX
            ),
            Self::Isa(error) => error.fmt(f),
            Self::IsaUnused(isa) => write!(
                f,
                "isa = {isa}: the run used no kernel of this instruction set; leave the choice to the engine"
            ),
            Self::Value {
                parameter,
                value,
                expected,
            } => write!(f, "{parameter} = {value}: expected {expected}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Geometry(error) => Some(error),
            Self::Isa(error) => Some(error),
            _ => None,
        }
    }
}
