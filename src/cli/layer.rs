//! The options of a layer, with PyTorch's names: shared by every command that describes one.

use clap::{Args, ValueEnum};
use convt_geometry::{Dtype, GeometryError, Op, Padding, Parameter, Problem, ProblemAxis};

use crate::failure::Failure;
use crate::params;

/// The two operations as people type them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Operation {
    /// Transposed convolution: every input element stamps the kernel on the output
    #[value(alias = "conv_transpose")]
    ConvTranspose,
    /// Convolution (correlation: the kernel is not flipped)
    Conv,
}

impl From<Operation> for Op {
    fn from(operation: Operation) -> Self {
        match operation {
            Operation::ConvTranspose => Self::ConvTranspose,
            Operation::Conv => Self::Conv,
        }
    }
}

/// Element types as people type them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Precision {
    /// Single precision
    #[value(alias = "float32")]
    F32,
    /// Double precision
    #[value(alias = "float64")]
    F64,
}

impl From<Precision> for Dtype {
    fn from(precision: Precision) -> Self {
        match precision {
            Precision::F32 => Self::F32,
            Precision::F64 => Self::F64,
        }
    }
}

/// The parameters of a layer. Numbers are read by [`crate::params`], not by the option parser, so that a wrong one is
/// answered with the parameter's own rule.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Layer")]
pub(crate) struct LayerArgs {
    /// The operation
    #[arg(long, value_enum, default_value = "conv-transpose", value_name = "OP")]
    pub(crate) op: Operation,
    /// Step between stamps (transposed) or windows: a number, or one per axis
    #[arg(
        short,
        long,
        default_value = "1",
        value_name = "N[,N]",
        allow_hyphen_values = true
    )]
    pub(crate) stride: String,
    /// A number, one per axis, per side as begin:end, or same, valid, same_upper, same_lower
    #[arg(short, long, value_name = "N[,N]|B:E|WORD", allow_hyphen_values = true)]
    pub(crate) padding: Option<String>,
    /// Explicit signed crops of the transposed convolution (pads of the convolution) instead of a padding
    #[arg(
        long,
        value_name = "B:E[,B:E]",
        allow_hyphen_values = true,
        conflicts_with = "padding"
    )]
    pub(crate) crop: Option<String>,
    /// Crops so many cells less at the far end (transposed only)
    #[arg(
        long,
        alias = "output_padding",
        default_value = "0",
        value_name = "N[,N]",
        allow_hyphen_values = true
    )]
    pub(crate) output_padding: String,
    /// Distance between taps
    #[arg(
        short,
        long,
        default_value = "1",
        value_name = "N[,N]",
        allow_hyphen_values = true
    )]
    pub(crate) dilation: String,
    /// Groups of channels: must divide both channel counts
    #[arg(
        short,
        long,
        default_value = "1",
        value_name = "N",
        allow_hyphen_values = true
    )]
    pub(crate) groups: String,
    /// The spatial size wanted, within stride of the smallest, instead of an output_padding (transposed only)
    #[arg(
        long,
        alias = "output_size",
        value_name = "N[,N]",
        allow_hyphen_values = true,
        conflicts_with = "output_padding"
    )]
    pub(crate) output_size: Option<String>,
}

impl LayerArgs {
    /// The axes of a problem with these spatial sizes.
    pub(crate) fn axes(
        &self,
        input: &[usize],
        kernel: &[usize],
    ) -> Result<Vec<ProblemAxis>, Failure> {
        let count = kernel.len();
        let per_axis = |parameter: &str, text: &str| {
            params::spread(parameter, &params::numbers(parameter, text)?, count)
        };
        let stride = per_axis("stride", &self.stride)?;
        let dilation = per_axis("dilation", &self.dilation)?;
        let output_padding = per_axis("output_padding", &self.output_padding)?;
        let padding = match (&self.padding, &self.crop) {
            (Some(text), _) => params::spread("padding", &params::padding(text)?, count)?,
            (None, Some(text)) => params::spread("crop", &params::crops(text)?, count)?,
            (None, None) => vec![Padding::default(); count],
        };
        let output_size = self
            .output_size
            .as_deref()
            .map(|text| params::spread("output_size", &params::sizes("output_size", text)?, count))
            .transpose()?;
        Ok((0..count)
            .map(|i| ProblemAxis {
                stride: stride[i],
                padding: padding[i],
                output_padding: output_padding[i],
                output_size: output_size.as_ref().map(|sizes| sizes[i]),
                dilation: dilation[i],
                ..ProblemAxis::new(input[i], kernel[i])
            })
            .collect())
    }

    /// The number of groups.
    pub(crate) fn groups(&self) -> Result<usize, Failure> {
        params::number("groups", &self.groups)
    }
}

/// A problem without arrays: as one line of text, or as options.
#[derive(Args, Clone, Debug)]
pub(crate) struct ProblemArgs {
    /// The problem as text, for example `conv_transpose2d n1 c64-32 i14x14 k4 s2 p1`, instead of options
    #[arg(value_name = "PROBLEM", num_args = 0.., conflicts_with_all = ["input", "kernel_size"])]
    problem: Vec<String>,
    /// Spatial size of the input: one number per axis
    #[arg(
        short,
        long,
        value_name = "N[xN]",
        allow_hyphen_values = true,
        required_unless_present = "problem"
    )]
    input: Option<String>,
    /// Size of the kernel: a number, or one per axis
    #[arg(
        short,
        long,
        alias = "kernel",
        alias = "kernel_size",
        value_name = "N[,N]",
        allow_hyphen_values = true,
        required_unless_present = "problem"
    )]
    kernel_size: Option<String>,
    /// Input and output channels
    #[arg(short, long, value_name = "IN-OUT", default_value = "1-1")]
    channels: String,
    /// Elements of the batch
    #[arg(
        short = 'n',
        long,
        value_name = "N",
        default_value = "1",
        allow_hyphen_values = true
    )]
    batch: String,
    /// The layer has no bias
    #[arg(long)]
    no_bias: bool,
    /// Element type
    #[arg(long, value_enum, default_value = "f32")]
    dtype: Precision,
    #[command(flatten)]
    layer: LayerArgs,
}

impl ProblemArgs {
    /// Whether the problem is given as a line of text.
    pub(crate) fn is_text(&self) -> bool {
        !self.problem.is_empty()
    }

    /// The problem, its axes not yet checked.
    pub(crate) fn problem(&self) -> Result<Problem, Failure> {
        if self.is_text() {
            return Ok(self.problem.join(" ").parse()?);
        }
        let input = params::sizes("input", self.input.as_deref().unwrap_or_default())?;
        let kernel = params::sizes(
            "kernel_size",
            self.kernel_size.as_deref().unwrap_or_default(),
        )?;
        // One number for both means one axis; beside several of the other, it holds for each of them.
        let axes = input.len().max(kernel.len());
        if axes > 3 {
            return Err(GeometryError::Axes {
                parameter: Parameter::Input,
                given: axes,
                expected: None,
            }
            .into());
        }
        let input = params::spread("input", &input, axes)?;
        let kernel = params::spread("kernel_size", &kernel, axes)?;
        let (in_channels, out_channels) = self.channels.split_once('-').ok_or_else(|| {
            Failure::usage(format!(
                "channels = {:?} is not understood: give input and output channels such as 64-32",
                self.channels
            ))
        })?;
        Ok(Problem {
            batch: params::number("batch", &self.batch)?,
            in_channels: params::number("in_channels", in_channels)?,
            out_channels: params::number("out_channels", out_channels)?,
            groups: self.layer.groups()?,
            bias: !self.no_bias,
            dtype: self.dtype.into(),
            ..Problem::new(self.layer.op.into(), self.layer.axes(&input, &kernel)?)
        })
    }
}
