//! Layers whose number of spatial axes is part of their type: the names that people type.

use std::marker::PhantomData;
use std::ops::Deref;

use convt_geometry::{Crop, Op, Padding, Problem, ProblemAxis};

use crate::{Layer, PerAxis};

/// Which of the two operations a [`Typed`] layer is.
pub trait Kind {
    /// The operation.
    const OP: Op;
}

/// [`Kind`] of [`Conv`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Direct;

/// [`Kind`] of [`ConvTranspose`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transposed;

impl Kind for Direct {
    const OP: Op = Op::Conv;
}

impl Kind for Transposed {
    const OP: Op = Op::ConvTranspose;
}

/// A layer over `D` spatial axes, built by chaining: PyTorch's parameters, PyTorch's defaults.
///
/// Wrong values are refused by [`Layer::plan`] (or [`Layer::check`]), not while they are chained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed<K, const D: usize> {
    layer: Layer,
    kind: PhantomData<K>,
}

/// `torch.nn.ConvTranspose{D}d`.
pub type ConvTranspose<const D: usize> = Typed<Transposed, D>;
/// `torch.nn.ConvTranspose1d`: sound.
pub type ConvTranspose1d = ConvTranspose<1>;
/// `torch.nn.ConvTranspose2d`: pictures.
pub type ConvTranspose2d = ConvTranspose<2>;
/// `torch.nn.ConvTranspose3d`: volumes.
pub type ConvTranspose3d = ConvTranspose<3>;
/// `torch.nn.Conv{D}d`.
pub type Conv<const D: usize> = Typed<Direct, D>;
/// `torch.nn.Conv1d`.
pub type Conv1d = Conv<1>;
/// `torch.nn.Conv2d`.
pub type Conv2d = Conv<2>;
/// `torch.nn.Conv3d`.
pub type Conv3d = Conv<3>;

/// ONNX's `auto_pad`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutoPad {
    /// The output is `input * stride` (transposed) or `ceil(input / stride)`; an odd cell goes to the end.
    SameUpper,
    /// The same sizes; an odd cell goes to the beginning.
    SameLower,
    /// No padding.
    Valid,
}

impl<K: Kind, const D: usize> Typed<K, D> {
    /// A layer with PyTorch's defaults: stride 1, no padding, dilation 1, one group, a bias.
    pub fn new(
        in_channels: usize,
        out_channels: usize,
        kernel_size: impl Into<PerAxis<D>>,
    ) -> Self {
        let PerAxis(kernel) = kernel_size.into();
        let axes = kernel.iter().map(|&k| ProblemAxis::new(1, k)).collect();
        let mut problem = Problem::new(K::OP, axes);
        problem.in_channels = in_channels;
        problem.out_channels = out_channels;
        Self {
            layer: Layer::from_problem(&problem),
            kind: PhantomData,
        }
    }

    /// Step between windows (convolution) or stamps (transposed): a number, or one per axis.
    #[must_use]
    pub fn stride(mut self, stride: impl Into<PerAxis<D>>) -> Self {
        let PerAxis(values) = stride.into();
        self.layer.set_axes(|i, axis| axis.stride = values[i]);
        self
    }

    /// Distance between taps.
    #[must_use]
    pub fn dilation(mut self, dilation: impl Into<PerAxis<D>>) -> Self {
        let PerAxis(values) = dilation.into();
        self.layer.set_axes(|i, axis| axis.dilation = values[i]);
        self
    }

    /// Groups: must divide both channel counts.
    #[must_use]
    pub fn groups(mut self, groups: usize) -> Self {
        self.layer.problem.groups = groups;
        self
    }

    /// Whether a bias is added.
    #[must_use]
    pub fn bias(mut self, bias: bool) -> Self {
        self.layer.problem.bias = bias;
        self
    }

    /// PyTorch's padding: the same on both sides. A transposed convolution *crops* that many cells.
    #[must_use]
    pub fn padding(mut self, padding: impl Into<PerAxis<D>>) -> Self {
        let PerAxis(values) = padding.into();
        self.layer.set_padding(|i| Padding::Both(values[i]));
        self
    }

    /// Padding per side, `(begin, end)` for each axis: ONNX's `pads`.
    #[must_use]
    pub fn pads(mut self, pads: [(usize, usize); D]) -> Self {
        self.layer.set_padding(|i| Padding::Sides {
            begin: pads[i].0,
            end: pads[i].1,
        });
        self
    }

    /// Explicit signed crops of the transposed convolution (pads of the convolution): the canonical form, without limits.
    #[must_use]
    pub fn crops(mut self, crops: [Crop; D]) -> Self {
        self.layer.set_padding(|i| Padding::Signed(crops[i]));
        self
    }

    /// TensorFlow's, Keras' and JAX's SAME, with TensorFlow's values for any stride: the output is `input * stride`
    /// (transposed) or `ceil(input / stride)`.
    #[must_use]
    pub fn same(mut self) -> Self {
        self.layer.set_padding(|_| Padding::Same);
        self
    }

    /// TensorFlow's, Keras' and JAX's VALID.
    #[must_use]
    pub fn valid(mut self) -> Self {
        self.layer.set_padding(|_| Padding::Valid);
        self
    }

    /// ONNX's `auto_pad`.
    #[must_use]
    pub fn auto_pad(mut self, auto_pad: AutoPad) -> Self {
        self.layer.set_padding(|_| match auto_pad {
            AutoPad::SameUpper => Padding::SameUpper,
            AutoPad::SameLower => Padding::SameLower,
            AutoPad::Valid => Padding::Both(0),
        });
        self
    }

    /// JAX's explicit `(lo, hi)` pairs (its default, `use_consistent_padding=False`) and Flax's. The weight must be in
    /// PyTorch's layout and orientation: see [`crate::port`].
    #[must_use]
    pub fn jax_padding(mut self, pairs: [(isize, isize); D]) -> Self {
        self.layer.set_padding(|i| Padding::Jax {
            lo: pairs[i].0,
            hi: pairs[i].1,
        });
        self
    }
}

impl<const D: usize> Typed<Transposed, D> {
    /// PyTorch's output_padding: crops that many cells less at the far end. Must be smaller than the stride or the
    /// dilation.
    #[must_use]
    pub fn output_padding(mut self, output_padding: impl Into<PerAxis<D>>) -> Self {
        let PerAxis(values) = output_padding.into();
        self.layer
            .set_axes(|i, axis| axis.output_padding = values[i]);
        self
    }
}

impl<K, const D: usize> Deref for Typed<K, D> {
    type Target = Layer;

    fn deref(&self) -> &Layer {
        &self.layer
    }
}
