//! What can be wrong with the integers of a problem.

use std::fmt;

use crate::{Formula, Op};

/// The parameter that an error is about, by PyTorch's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Parameter {
    InChannels,
    OutChannels,
    KernelSize,
    Stride,
    Padding,
    OutputPadding,
    OutputSize,
    Dilation,
    Groups,
    Input,
}

impl Parameter {
    /// The name as users type it.
    pub fn name(self) -> &'static str {
        match self {
            Self::InChannels => "in_channels",
            Self::OutChannels => "out_channels",
            Self::KernelSize => "kernel_size",
            Self::Stride => "stride",
            Self::Padding => "padding",
            Self::OutputPadding => "output_padding",
            Self::OutputSize => "output_size",
            Self::Dilation => "dilation",
            Self::Groups => "groups",
            Self::Input => "input size",
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a problem's integers are refused. `axis` counts spatial axes from 0 (the height of a picture); it is `None` for
/// what has no axis, or while a single axis is looked at (see [`GeometryError::on_axis`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GeometryError {
    /// A parameter that must be at least 1 is 0.
    Zero {
        /// Which one.
        parameter: Parameter,
        /// On which axis.
        axis: Option<usize>,
    },
    /// `groups` does not divide a channel count.
    Groups {
        /// `in_channels` or `out_channels`.
        parameter: Parameter,
        /// Its value.
        channels: usize,
        /// The groups that do not divide it.
        groups: usize,
    },
    /// PyTorch's rule `output_padding < max(stride, dilation)` is broken.
    OutputPadding {
        /// The value given.
        value: usize,
        /// The stride of the axis.
        stride: usize,
        /// The dilation of the axis.
        dilation: usize,
        /// On which axis.
        axis: Option<usize>,
    },
    /// A parameter means nothing beside another choice.
    Meaningless {
        /// The parameter.
        parameter: Parameter,
        /// Beside what it has no meaning, and what to do.
        beside: &'static str,
    },
    /// The output would have no element on an axis.
    NoOutput {
        /// The size formula with the problem's numbers.
        formula: Formula,
        /// On which axis.
        axis: Option<usize>,
    },
    /// A wanted output size that no output_padding in `0..stride` reaches.
    OutputSize {
        /// The size asked for.
        asked: usize,
        /// The smallest reachable size.
        min: usize,
        /// The largest reachable size.
        max: usize,
        /// On which axis.
        axis: Option<usize>,
    },
    /// A size or index that does not fit `isize`.
    Overflow {
        /// What was being computed.
        what: &'static str,
        /// On which axis.
        axis: Option<usize>,
    },
    /// A count of axes other than 1, 2 or 3, or a list of another length.
    Axes {
        /// The parameter with the wrong number of values.
        parameter: Parameter,
        /// How many there are.
        given: usize,
        /// How many there should be (`None`: 1, 2 or 3).
        expected: Option<usize>,
    },
    /// A search for parameters that would not end soon.
    Search {
        /// Combinations it would try.
        tries: u128,
        /// The most that are tried.
        most: u128,
    },
    /// A problem's line of text that does not parse.
    Syntax {
        /// The word that is not understood.
        word: String,
        /// What would be.
        expected: &'static str,
    },
}

impl GeometryError {
    /// The same error, said of axis `index`.
    #[must_use]
    pub fn on_axis(mut self, index: usize) -> Self {
        match &mut self {
            Self::Zero { axis, .. }
            | Self::OutputPadding { axis, .. }
            | Self::NoOutput { axis, .. }
            | Self::OutputSize { axis, .. }
            | Self::Overflow { axis, .. } => *axis = Some(index),
            Self::Groups { .. }
            | Self::Meaningless { .. }
            | Self::Axes { .. }
            | Self::Search { .. }
            | Self::Syntax { .. } => {}
        }
        self
    }
}

/// `[1]` for axis 1, nothing where no axis is known.
struct At(Option<usize>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |axis| write!(f, "[{axis}]"))
    }
}

impl fmt::Display for GeometryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zero { parameter, axis } => {
                write!(f, "{parameter}{} is 0: it must be at least 1", At(*axis))
            }
            Self::Groups {
                parameter,
                channels,
                groups,
            } => write!(
                f,
                "{parameter} = {channels} is not divisible by groups = {groups}: \
                 choose groups that divide both in_channels and out_channels"
            ),
            Self::OutputPadding {
                value,
                stride,
                dilation,
                axis,
            } => {
                let most = stride.max(dilation).saturating_sub(1);
                write!(
                    f,
                    "output_padding{} = {value} must be smaller than the stride ({stride}) or the dilation ({dilation}), \
                     else it adds cells that no stride needs: use 0..={most}, nearest is {most}",
                    At(*axis)
                )
            }
            Self::Meaningless { parameter, beside } => {
                write!(f, "{parameter} has no meaning {beside}")
            }
            Self::NoOutput { formula, axis } => {
                let fix = match formula.op() {
                    Op::ConvTranspose => "use less padding or a larger input or kernel",
                    Op::Conv => "use more padding, a larger input or a smaller kernel",
                };
                write!(
                    f,
                    "output size{} would be {formula}, but it must be at least 1: {fix}",
                    At(*axis)
                )
            }
            Self::OutputSize {
                asked,
                min,
                max,
                axis,
            } => write!(
                f,
                "output_size{} = {asked} is out of reach: these parameters give {min} to {max}",
                At(*axis)
            ),
            Self::Overflow { what, axis } => write!(
                f,
                "{what}{} does not fit this machine's sizes (at most {}): use smaller parameters",
                At(*axis),
                isize::MAX
            ),
            Self::Axes {
                parameter,
                given,
                expected: Some(expected),
            } => write!(
                f,
                "{parameter} has {given} values, but there are {expected} spatial axes: give one value, or one per axis"
            ),
            Self::Axes {
                parameter,
                given,
                expected: None,
            } => write!(
                f,
                "{parameter} has {given} values, but there can be 1, 2 or 3 spatial axes"
            ),
            Self::Search { tries, most } => write!(
                f,
                "the search would try {tries} combinations, but at most {most} are tried: use a smaller largest \
                 kernel, stride or dilation"
            ),
            Self::Syntax { word, expected } => {
                write!(f, "`{word}` is not understood: expected {expected}")
            }
        }
    }
}

impl std::error::Error for GeometryError {}
