//! One axis's padding in the caller's words, and how it becomes signed crops.

use crate::crop::signed;
use crate::{Axis, Crop, Formula, GeometryError, Op, Parameter};

/// Padding of one axis as frameworks say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Padding {
    /// PyTorch's: the same number on both sides.
    Both(usize),
    /// ONNX's `pads`: a number per side.
    Sides {
        /// Before the first element.
        begin: usize,
        /// After the last element.
        end: usize,
    },
    /// The canonical form itself, for what no framework can say.
    Signed(Crop),
    /// TensorFlow's, Keras' and JAX's SAME: a convolution gives `ceil(i/s)`, a transposed one `i*s`.
    Same,
    /// TensorFlow's, Keras' and JAX's VALID.
    Valid,
    /// ONNX's `auto_pad = SAME_UPPER`: as [`Padding::Same`], and `output_padding` and `output_shape` are allowed.
    SameUpper,
    /// ONNX's `auto_pad = SAME_LOWER`: the odd cell goes to the beginning.
    SameLower,
    /// JAX's default explicit pair, and Flax's: padding of the stretched input (transposed) or of the input.
    Jax {
        /// Before the first element.
        lo: isize,
        /// After the last element.
        hi: isize,
    },
}

impl Default for Padding {
    fn default() -> Self {
        Self::Both(0)
    }
}

/// What is said of the output's far end besides the padding (transposed convolution only).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    /// PyTorch's `output_padding`, under PyTorch's rule.
    OutputPadding(usize),
    /// PyTorch's `output_size` at call time: one of `min..min + stride`.
    OutputSize(usize),
    /// ONNX's `output_shape`, with its `output_padding`: any size; pads are computed, not read.
    OutputShape {
        /// The size of this axis.
        size: usize,
        /// ONNX's output_padding.
        output_padding: usize,
    },
}

impl Padding {
    /// The signed crops of `op` on `input` elements. `axis` gives kernel, stride and dilation; its own crop is not read.
    #[inline]
    pub fn crop(
        self,
        op: Op,
        axis: &Axis,
        input: usize,
        extra: Extra,
    ) -> Result<Crop, GeometryError> {
        axis.span()?; // refuses zeros
        match (op, extra) {
            (Op::Conv, Extra::OutputPadding(0)) => self.pads_of_conv(axis, input),
            (Op::Conv, Extra::OutputPadding(_)) => Err(GeometryError::Meaningless {
                parameter: Parameter::OutputPadding,
                beside: "in a convolution: only a transposed convolution has it",
            }),
            (Op::Conv, _) => Err(GeometryError::Meaningless {
                parameter: Parameter::OutputSize,
                beside: "in a convolution: only a transposed convolution has several sizes to choose from",
            }),
            (Op::ConvTranspose, Extra::OutputPadding(op)) => {
                check_output_padding(axis, op)?;
                self.crop_with_output_padding(axis, op)
            }
            (Op::ConvTranspose, Extra::OutputSize(size)) => {
                let base = self.crop_with_output_padding(axis, 0)?;
                reach_output_size(&axis.with_crop(base), input, size)
            }
            (
                Op::ConvTranspose,
                Extra::OutputShape {
                    size,
                    output_padding,
                },
            ) => {
                check_output_padding(axis, output_padding)?;
                let full = signed(axis.full_length(input)?, Parameter::Input)?;
                // total = (i-1)s + K + op - o
                let total = full
                    .checked_add(signed(output_padding, Parameter::OutputPadding)?)
                    .and_then(|full| full.checked_sub(isize::try_from(size).ok()?))
                    .ok_or(GeometryError::Overflow {
                        what: Parameter::OutputSize.name(),
                        axis: None,
                    })?;
                let lower = !matches!(self, Self::SameUpper | Self::Same);
                Crop::onnx(total, lower, output_padding)
            }
        }
    }

    #[inline]
    fn crop_with_output_padding(self, axis: &Axis, op: usize) -> Result<Crop, GeometryError> {
        let without = |beside| match op {
            0 => Ok(()),
            _ => Err(GeometryError::Meaningless {
                parameter: Parameter::OutputPadding,
                beside,
            }),
        };
        match self {
            Self::Both(p) => Crop::torch(p, op),
            Self::Sides { begin, end } => Crop::sides(begin, end, op),
            Self::Signed(crop) => {
                without("beside explicit crops: subtract it from the end crop")?;
                Ok(crop)
            }
            Self::Jax { lo, hi } => {
                without("beside JAX's pairs: add it to the high one")?;
                Crop::jax(axis, lo, hi)
            }
            Self::Same => {
                without("beside padding = same, which already fixes the size to input * stride")?;
                Crop::same(axis)
            }
            Self::Valid => {
                let valid = Crop::valid(axis)?;
                match op {
                    0 => Ok(valid),
                    _ => Crop::sides(0, 0, op),
                }
            }
            Self::SameUpper | Self::SameLower => {
                let total = signed(axis.span()?, Parameter::KernelSize)?
                    .checked_sub(signed(axis.stride, Parameter::Stride)?)
                    .and_then(|spare| spare.checked_add(isize::try_from(op).ok()?))
                    .ok_or(GeometryError::Overflow {
                        what: Parameter::Stride.name(),
                        axis: None,
                    })?;
                Crop::onnx(total, self == Self::SameLower, op)
            }
        }
    }

    fn pads_of_conv(self, axis: &Axis, input: usize) -> Result<Crop, GeometryError> {
        match self {
            Self::Both(p) => Crop::torch(p, 0),
            Self::Sides { begin, end } => Crop::sides(begin, end, 0),
            Self::Signed(crop) => Ok(crop),
            Self::Jax { lo, hi } => Ok(Crop::new(lo, hi)),
            Self::Valid => Ok(Crop::default()),
            Self::Same | Self::SameUpper | Self::SameLower => {
                if input == 0 {
                    return Err(GeometryError::Zero {
                        parameter: Parameter::Input,
                        axis: None,
                    });
                }
                // o = ceil(i/s); the last window ends at (o-1)*s + K, and (o-1)*s < i cannot overflow.
                let last = (input - 1) / axis.stride * axis.stride;
                let total = signed(last, Parameter::Input)?
                    .checked_add(signed(axis.span()?, Parameter::KernelSize)?)
                    .and_then(|end| end.checked_sub(isize::try_from(input).ok()?))
                    .ok_or(GeometryError::Overflow {
                        what: Parameter::Padding.name(),
                        axis: None,
                    })?;
                Crop::onnx(total.max(0), self == Self::SameLower, 0)
            }
        }
    }
}

#[inline]
fn check_output_padding(axis: &Axis, op: usize) -> Result<(), GeometryError> {
    if op >= axis.stride.max(axis.dilation) {
        return Err(GeometryError::OutputPadding {
            value: op,
            stride: axis.stride,
            dilation: axis.dilation,
            axis: None,
        });
    }
    Ok(())
}

/// PyTorch's `output_size`: `min..min + stride` where `min` is the size without output_padding.
fn reach_output_size(axis: &Axis, input: usize, asked: usize) -> Result<Crop, GeometryError> {
    let min = axis.signed_output(Op::ConvTranspose, input)?;
    let last = signed(axis.stride, Parameter::Stride)? - 1;
    let more = isize::try_from(asked)
        .ok()
        .and_then(|size| size.checked_sub(min))
        .filter(|more| (0..=last).contains(more) && asked >= 1);
    match more {
        Some(more) => Ok(Crop::new(
            axis.crop.begin,
            axis.crop
                .end
                .checked_sub(more)
                .ok_or(GeometryError::Overflow {
                    what: Parameter::OutputSize.name(),
                    axis: None,
                })?,
        )),
        None if min.saturating_add(last) < 1 => Err(GeometryError::NoOutput {
            formula: Formula::of_crops(Op::ConvTranspose, axis, input, min),
            axis: None,
        }),
        None => Err(GeometryError::OutputSize {
            asked,
            min: min.max(1) as usize,
            max: min.saturating_add(last) as usize,
            axis: None,
        }),
    }
}
