//! One axis: its parameters and its sizes.

use crate::{Crop, Formula, GeometryError, Parameter};

/// The two operations. They are adjoint: with the same axis and weight, `<conv(x), y> = <x, conv_transpose(y)>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// `y[o] = sum_t x[o*s + t*d - begin] * w[t]`: what the field calls convolution.
    Conv,
    /// `full[q*s + t*d] += x[q] * w[t]`, then cropped.
    ConvTranspose,
}

impl Op {
    /// PyTorch's name without the dimension: `conv` or `conv_transpose`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Conv => "conv",
            Self::ConvTranspose => "conv_transpose",
        }
    }
}

/// The parameters of one axis in canonical form.
///
/// For a convolution, [`Axis::crop`] is its padding: what the adjoint crops, the convolution pads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Axis {
    /// Taps of the kernel, at least 1.
    pub kernel: usize,
    /// Step between windows (convolution) or stamps (transposed), at least 1.
    pub stride: usize,
    /// Distance between taps, at least 1.
    pub dilation: usize,
    /// Signed crops of the transposed convolution, which are the pads of the convolution.
    pub crop: Crop,
}

impl Axis {
    /// An axis without crop; refuses zeros and a span that does not fit.
    #[inline]
    pub fn new(kernel: usize, stride: usize, dilation: usize) -> Result<Self, GeometryError> {
        let axis = Self {
            kernel,
            stride,
            dilation,
            crop: Crop::default(),
        };
        axis.span()?;
        Ok(axis)
    }

    /// The same axis with other crops.
    #[must_use]
    #[inline]
    pub fn with_crop(self, crop: Crop) -> Self {
        Self { crop, ..self }
    }

    /// `K = d*(k-1) + 1`: how far the kernel reaches. Refuses zeros, so that whoever knows the span may divide.
    #[inline]
    pub fn span(&self) -> Result<usize, GeometryError> {
        for (value, parameter) in [
            (self.kernel, Parameter::KernelSize),
            (self.stride, Parameter::Stride),
            (self.dilation, Parameter::Dilation),
        ] {
            if value == 0 {
                return Err(GeometryError::Zero {
                    parameter,
                    axis: None,
                });
            }
        }
        (self.kernel - 1)
            .checked_mul(self.dilation)
            .and_then(|reach| reach.checked_add(1))
            .filter(|&span| isize::try_from(span).is_ok())
            .ok_or(GeometryError::Overflow {
                what: "dilation * (kernel_size - 1) + 1",
                axis: None,
            })
    }

    /// `(i-1)*s + K`: the length of the uncropped transposed convolution.
    #[inline]
    pub fn full_length(&self, input: usize) -> Result<usize, GeometryError> {
        if input == 0 {
            return Err(GeometryError::Zero {
                parameter: Parameter::Input,
                axis: None,
            });
        }
        (input - 1)
            .checked_mul(self.stride)
            .and_then(|steps| steps.checked_add(self.span().ok()?))
            .filter(|&full| isize::try_from(full).is_ok())
            .ok_or(GeometryError::Overflow {
                what: "(input - 1) * stride + dilation * (kernel_size - 1) + 1",
                axis: None,
            })
    }

    /// The output size of `op` on `input` elements: at least 1, or an error that shows the formula with its numbers.
    #[inline]
    pub fn output(&self, op: Op, input: usize) -> Result<usize, GeometryError> {
        let value = self.signed_output(op, input)?;
        match usize::try_from(value) {
            Ok(size) if size >= 1 => Ok(size),
            _ => Err(GeometryError::NoOutput {
                formula: Formula::of_crops(op, self, input, value),
                axis: None,
            }),
        }
    }

    /// The output size before it is asked to be positive.
    #[inline]
    pub(crate) fn signed_output(&self, op: Op, input: usize) -> Result<isize, GeometryError> {
        let overflow = || GeometryError::Overflow {
            what: "the output size",
            axis: None,
        };
        if input == 0 {
            return Err(GeometryError::Zero {
                parameter: Parameter::Input,
                axis: None,
            });
        }
        let crops = self.crop.begin as i128 + self.crop.end as i128;
        let value = match op {
            Op::ConvTranspose => self.full_length(input)? as i128 - crops,
            Op::Conv => {
                // div_euclid is the floor division: a window that does not fit gives a size below 1.
                let room = input as i128 + crops - self.span()? as i128; // the span refuses a stride of 0
                room.div_euclid(self.stride as i128) + 1
            }
        };
        isize::try_from(value).map_err(|_| overflow())
    }
}
