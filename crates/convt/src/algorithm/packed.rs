//! Weights in the order in which a run reads them.

use convt_geometry::Op;

use crate::tensor::reserve;
use crate::{Element, Error, Layer};

/// Weights as `[C_out][C_in/groups][taps]`, taps in row-major order of the kernel, and the bias.
///
/// This is the layout of a convolution's weight already. A transposed convolution's `(C_in, C_out/groups, taps)` has input
/// and output channels exchanged within each group; its kernel is not flipped, because phases index taps by themselves.
#[derive(Clone, Debug)]
pub(crate) struct Packed<T> {
    pub(crate) weights: Vec<T>,
    /// One per output channel, or empty.
    pub(crate) bias: Vec<T>,
    /// Input channels that one output channel sums over.
    pub(crate) in_per_group: usize,
    pub(crate) out_per_group: usize,
    /// Elements of the kernel.
    pub(crate) taps: usize,
}

impl<T: Element> Packed<T> {
    /// `weight` has the layer's checked shape.
    pub(crate) fn new(layer: &Layer, weight: &[T], bias: &[T]) -> Result<Self, Error> {
        let groups = layer.groups();
        let in_per_group = layer.in_channels() / groups;
        let out_per_group = layer.out_channels() / groups;
        let taps = weight
            .len()
            .checked_div(layer.out_channels() * in_per_group)
            .unwrap_or(0);
        let mut weights = reserve("packed weights", weight.len())?;
        match layer.op() {
            Op::Conv => weights.extend_from_slice(weight),
            Op::ConvTranspose if !weight.is_empty() => {
                for group in 0..groups {
                    for o in 0..out_per_group {
                        for i in 0..in_per_group {
                            // (C_in, C_out/g, taps): row group*C_in/g + i, column o
                            let from = ((group * in_per_group + i) * out_per_group + o) * taps;
                            weights.extend_from_slice(&weight[from..from + taps]);
                        }
                    }
                }
            }
            Op::ConvTranspose => {}
        }
        let mut own_bias = reserve("bias", bias.len())?;
        own_bias.extend_from_slice(bias);
        Ok(Self {
            weights,
            bias: own_bias,
            in_per_group,
            out_per_group,
            taps,
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&self.weights[..]) + size_of_val(&self.bias[..])
    }
}
