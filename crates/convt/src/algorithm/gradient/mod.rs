//! The gradient of the weight.
//!
//! **Idea.** A product of the operation joins one element of the *coarse* tensor, one of the *fine* tensor and one weight. The
//! coarse tensor is a transposed convolution's input, or the gradient of a convolution's output; the fine one is the other.
//!
//! ```text
//! dw[ca, cb, t] = sum over n, q of coarse[n, ca, q] * fine[n, g*Cb/groups + cb, q*s + t*d - crop]      g the group of ca
//! ```
//!
//! over the products that exist, for weights of shape `(Ca, Cb/groups, kernel...)`.

mod blocks;
mod plain;
mod sums;

use convt_geometry::{Op, Walk};
use convt_simd::Isa;

use crate::layer::Resolved;
use crate::{Element, Error, Run, Scratch};

pub(crate) use sums::bias_gradient;

/// One gradient of the weight. Input and gradient of the output have their channels first.
pub(crate) struct WeightCall<'c, T> {
    pub(crate) isa: Isa,
    /// Sizes of the forward run.
    pub(crate) sizes: &'c Resolved,
    pub(crate) groups: usize,
    pub(crate) x: &'c [T],
    pub(crate) dy: &'c [T],
    pub(crate) weight: &'c mut [T],
    pub(crate) scratch: &'c mut Scratch<T>,
    pub(crate) threads: usize,
}

/// The two tensors that meet, whatever the operation.
#[derive(Clone, Copy, Debug)]
struct Pair<'a, T> {
    coarse: &'a [T],
    fine: &'a [T],
    shape: PairShape,
}

/// Their sizes.
#[derive(Clone, Copy, Debug)]
struct PairShape {
    batch: usize,
    /// Channels of the coarse tensor, and of the fine one.
    coarse_channels: usize,
    fine_channels: usize,
    groups: usize,
    /// Depth, height and width.
    axes: [PairAxis; 3],
}

/// One axis of the two tensors.
#[derive(Clone, Copy, Debug)]
struct PairAxis {
    walk: Walk,
    coarse: usize,
    fine: usize,
}

/// The products of one tap: coarse element `coarse + m` meets fine element `fine + stride*m`, for `m` below `count`.
#[derive(Clone, Copy, Debug)]
struct Meeting {
    coarse: usize,
    fine: usize,
    count: usize,
}

impl PairAxis {
    fn new(walk: &Walk) -> Self {
        let (coarse, fine) = match walk.op() {
            Op::ConvTranspose => (walk.input(), walk.output()),
            Op::Conv => (walk.output(), walk.input()),
        };
        Self {
            walk: *walk,
            coarse,
            fine,
        }
    }

    fn kernel(&self) -> usize {
        self.walk.axis().kernel
    }

    fn stride(&self) -> usize {
        self.walk.axis().stride
    }

    fn meeting(&self, tap: usize) -> Meeting {
        let reach = self.walk.reach(tap);
        let (coarse, fine) = match self.walk.op() {
            Op::ConvTranspose => (reach.input, reach.output),
            Op::Conv => (reach.output, reach.input),
        };
        Meeting {
            coarse,
            fine,
            count: reach.count,
        }
    }
}

impl PairShape {
    fn new(sizes: &Resolved, groups: usize, transposed: bool) -> Self {
        let (coarse_channels, fine_channels) = if transposed {
            (sizes.in_channels, sizes.out_channels)
        } else {
            (sizes.out_channels, sizes.in_channels)
        };
        Self {
            batch: sizes.batch,
            coarse_channels,
            fine_channels,
            groups,
            axes: sizes.walks.all().map(|walk| PairAxis::new(&walk)),
        }
    }

    fn taps(&self) -> usize {
        self.axes.iter().map(PairAxis::kernel).product()
    }

    fn coarse_plane(&self) -> usize {
        self.axes.iter().map(|axis| axis.coarse).product()
    }

    fn fine_plane(&self) -> usize {
        self.axes.iter().map(|axis| axis.fine).product()
    }
}

/// Elements of scratch that the gradient needs.
pub(crate) fn weight_gradient_scratch<T: Element>(
    _sizes: &Resolved,
    _groups: usize,
    _run: &Run,
) -> usize {
    0
}

/// Writes the gradient of the weight.
pub(crate) fn weight_gradient<T: Element>(call: WeightCall<'_, T>) -> Result<(), Error> {
    let transposed = call
        .sizes
        .walks
        .iter()
        .any(|walk| walk.op() == Op::ConvTranspose);
    let shape = PairShape::new(call.sizes, call.groups, transposed);
    if call.weight.is_empty() {
        return Ok(());
    }
    let (coarse, fine) = if transposed {
        (call.x, call.dy)
    } else {
        (call.dy, call.x)
    };
    let pair = Pair {
        coarse,
        fine,
        shape,
    };
    let _ = (call.scratch, call.threads);
    plain::run(call.isa, &pair, call.weight);
    Ok(())
}
