//! Signed crops: the canonical form of padding, and every framework's words for it.

use crate::{Axis, GeometryError, Parameter};

/// How many cells are cut from both ends of the full transposed convolution; a negative crop extends the output with
/// cells that hold only the bias. The same pair is what the convolution pads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Crop {
    /// Cells cut before the first output.
    pub begin: isize,
    /// Cells cut after the last output.
    pub end: isize,
}

impl Crop {
    /// Both crops as given.
    pub fn new(begin: isize, end: isize) -> Self {
        Self { begin, end }
    }

    /// PyTorch's `padding` and `output_padding`: `(p, p - op)`.
    #[inline]
    pub fn torch(padding: usize, output_padding: usize) -> Result<Self, GeometryError> {
        Self::sides(padding, padding, output_padding)
    }

    /// ONNX's `pads` of one axis and `output_padding`: `(begin, end - op)`.
    #[inline]
    pub fn sides(begin: usize, end: usize, output_padding: usize) -> Result<Self, GeometryError> {
        let begin = signed(begin, Parameter::Padding)?;
        let end = signed(end, Parameter::Padding)?;
        let end = end
            .checked_sub(signed(output_padding, Parameter::OutputPadding)?)
            .ok_or(overflow(Parameter::Padding))?;
        Ok(Self { begin, end })
    }

    /// ONNX's split of `total` cells into both ends, of which `output_padding` are given back at the far one.
    ///
    /// `SAME_UPPER` puts the odd cell at the end; `SAME_LOWER`, and `NOTSET` with an `output_shape`, at the beginning. A
    /// negative total is cropped nowhere at the beginning: the missing cells are added at the end.
    pub fn onnx(total: isize, lower: bool, output_padding: usize) -> Result<Self, GeometryError> {
        let half = total.max(0) / 2;
        let begin = if lower { total.max(0) - half } else { half };
        let end = total
            .checked_sub(begin)
            .and_then(|rest| rest.checked_sub(isize::try_from(output_padding).ok()?))
            .ok_or(overflow(Parameter::OutputPadding))?;
        Ok(Self { begin, end })
    }

    /// TensorFlow's, Keras' and JAX's SAME: the output is `input * stride`, for any input.
    pub fn same(axis: &Axis) -> Result<Self, GeometryError> {
        let spare = signed(axis.span()?, Parameter::KernelSize)?
            .checked_sub(signed(axis.stride, Parameter::Stride)?)
            .ok_or(overflow(Parameter::Stride))?;
        Self::onnx(spare, false, 0)
    }

    /// TensorFlow's, Keras' and JAX's VALID: nothing is cropped, and a stride beyond the kernel is filled up.
    pub fn valid(axis: &Axis) -> Result<Self, GeometryError> {
        let same = Self::same(axis)?;
        Ok(Self::new(0, same.begin.saturating_add(same.end).min(0)))
    }

    /// JAX's default explicit pair `(lo, hi)` and Flax's: the padding of the stretched input, so `(K-1-lo, K-1-hi)`.
    pub fn jax(axis: &Axis, lo: isize, hi: isize) -> Result<Self, GeometryError> {
        let reach = signed(axis.span()?, Parameter::KernelSize)? - 1;
        let side = |pad: isize| reach.checked_sub(pad).ok_or(overflow(Parameter::Padding));
        Ok(Self::new(side(lo)?, side(hi)?))
    }

    /// Keras' `padding="same"` with an explicit `output_padding` (`None` is [`Crop::same`]).
    ///
    /// Keras pads the stretched input with `L = K + K%2 - 2 + op` cells, `min(ceil(L/2), K-1)` of them before it, so its
    /// output_padding grows the picture at the top and left, unlike PyTorch's.
    pub fn keras_same(axis: &Axis, output_padding: Option<usize>) -> Result<Self, GeometryError> {
        let Some(op) = output_padding else {
            return Self::same(axis);
        };
        let span = signed(axis.span()?, Parameter::KernelSize)?;
        let total = (span - 2 + span % 2)
            .checked_add(signed(op, Parameter::OutputPadding)?)
            .ok_or(overflow(Parameter::OutputPadding))?;
        let left = (total / 2 + total % 2).min(span - 1);
        Self::jax(axis, left, total - left)
    }

    /// Keras' `padding="valid"` with an explicit `output_padding` (`None` is [`Crop::valid`]): `(0, -op)`.
    pub fn keras_valid(axis: &Axis, output_padding: Option<usize>) -> Result<Self, GeometryError> {
        match output_padding {
            None => Self::valid(axis),
            Some(op) => Self::sides(0, 0, op),
        }
    }
}

/// `value` as a signed size.
#[inline]
pub(crate) fn signed(value: usize, parameter: Parameter) -> Result<isize, GeometryError> {
    isize::try_from(value).map_err(|_| overflow(parameter))
}

fn overflow(parameter: Parameter) -> GeometryError {
    GeometryError::Overflow {
        what: parameter.name(),
        axis: None,
    }
}
