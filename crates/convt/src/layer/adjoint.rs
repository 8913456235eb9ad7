//! The adjoint layer: the other operation with the same weight, whose run is the gradient of the input.

use convt_geometry::{Crop, Op, Padding, Walk};

use crate::layer::{OutputChoice, Resolved};
use crate::{Error, Layer};

impl Layer {
    /// The adjoint for an input of shape `(N, C_in, spatial...)` or `(C_in, spatial...)`: the other operation, without a bias,
    /// whose run with the same weight on an array of the output's shape gives one of the input's, with
    /// `<layer(x), y> = <x, adjoint(y)>` for a layer without a bias. The adjoint of the adjoint is the layer.
    pub fn adjoint(&self, input: &[usize]) -> Result<Self, Error> {
        self.check()?;
        let sizes = self.resolve(input, &OutputChoice::Layer)?;
        Ok(self.adjoint_of(&sizes))
    }

    /// The adjoint for these sizes.
    pub(crate) fn adjoint_of(&self, sizes: &Resolved) -> Self {
        let mut problem = self.problem.clone();
        problem.op = match problem.op {
            Op::Conv => Op::ConvTranspose,
            Op::ConvTranspose => Op::Conv,
        };
        problem.bias = false;
        std::mem::swap(&mut problem.in_channels, &mut problem.out_channels);
        for (axis, walk) in problem.axes.iter_mut().zip(&*sizes.walks) {
            axis.padding = Padding::Signed(crop(walk));
            axis.output_padding = 0;
        }
        Self::from_problem(&problem)
    }
}

/// The crops of the adjoint's axis. A convolution of `o = (i-1)s + K - begin - end` elements with these pads has
/// `floor((i-1)s / s) + 1 = i` outputs. A transposed convolution of `o` elements must have `i = (o-1)s + K - begin - end`
/// outputs, which says the end: beyond the pads of the convolution it extends by the input that no window reads.
fn crop(walk: &Walk) -> Crop {
    let axis = walk.axis();
    match walk.op() {
        Op::ConvTranspose => axis.crop,
        Op::Conv => {
            // Magnitudes whose sum fits: the walk has checked it.
            let last = (walk.output() - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
            let end = last as isize - axis.crop.begin - walk.input() as isize;
            Crop::new(axis.crop.begin, end)
        }
    }
}
