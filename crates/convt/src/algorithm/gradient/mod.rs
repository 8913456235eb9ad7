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
mod cut;
mod form;
mod job;
mod panels;
mod plain;
mod sums;
#[cfg(test)]
mod tests;

use convt_geometry::{Op, Walk};
use convt_simd::{Isa, Runs};

use super::threads;
use crate::layer::Resolved;
use crate::{Element, Error, Run, Scratch};
use cut::Cut;
use job::{State, jobs};
use panels::Map;

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
    fn new(sizes: &Resolved, groups: usize) -> Self {
        let (coarse_channels, fine_channels) = match op(sizes) {
            Op::ConvTranspose => (sizes.in_channels, sizes.out_channels),
            Op::Conv => (sizes.out_channels, sizes.in_channels),
        };
        Self {
            batch: sizes.batch,
            coarse_channels,
            fine_channels,
            groups,
            axes: sizes.walks.all().map(|walk| PairAxis::new(&walk)),
        }
    }

    /// Channels of a group of the coarse tensor, and of the fine one.
    fn coarse_each(&self) -> usize {
        self.coarse_channels / self.groups
    }

    fn fine_each(&self) -> usize {
        self.fine_channels / self.groups
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

/// The operation of a run of these sizes: every layer has a width.
fn op(sizes: &Resolved) -> Op {
    sizes.walks.all()[2].op()
}

/// Products up to which the definition itself is fastest.
const FEW: u128 = 2048;

/// How the gradient of these sizes is taken apart, and the threads that share it; none where the definition itself runs.
fn cut<T: Element>(
    isa: Isa,
    sizes: &Resolved,
    shape: &PairShape,
    threads: usize,
) -> Option<(Cut, usize)> {
    if sizes.products() <= FEW {
        return None;
    }
    let workers = threads::workers(threads, sizes.work());
    let cut = Cut::new::<T>(isa, shape, workers);
    Some((cut, workers.min(cut.jobs())))
}

/// Elements of scratch that the gradient needs.
pub(crate) fn weight_gradient_scratch<T: Element>(
    sizes: &Resolved,
    groups: usize,
    run: &Run,
) -> usize {
    let shape = PairShape::new(sizes, groups);
    if shape.coarse_each() * shape.fine_each() == 0 {
        return 0;
    }
    let isa = run.isa.unwrap_or_else(Isa::best);
    let elements = cut::<T>(isa, sizes, &shape, run.threads).map_or(0, |(cut, workers)| {
        cut.memory::<T>().iter().sum::<usize>() * workers
    });
    Scratch::<T>::with_slack(elements)
}

/// Writes the gradient of the weight.
pub(crate) fn weight_gradient<T: Element>(call: WeightCall<'_, T>) -> Result<(), Error> {
    let WeightCall {
        isa,
        sizes,
        x,
        dy,
        weight,
        ..
    } = call;
    if weight.is_empty() {
        return Ok(());
    }
    let shape = PairShape::new(sizes, call.groups);
    let (coarse, fine) = match op(sizes) {
        Op::ConvTranspose => (x, dy),
        Op::Conv => (dy, x),
    };
    let pair = Pair {
        coarse,
        fine,
        shape,
    };
    let Some((cut, workers)) = cut::<T>(isa, sizes, &shape, call.threads) else {
        plain::run(isa, &pair, weight);
        return Ok(());
    };
    let each = cut.memory::<T>().iter().sum();
    let memory = call.scratch.take(each * workers)?;
    let states = memory.chunks_exact_mut(each).map(|memory| State {
        memory,
        map: Map::default(),
        runs: Runs::default(),
    });
    let jobs = jobs(&cut, weight);
    threads::share(states, jobs.into_iter(), |state, job| {
        job.run(isa, &cut, &pair, state);
    });
    Ok(())
}
