//! What a single run may choose.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use convt_simd::Isa;

use crate::Algorithm;
use crate::layer::OutputChoice;

/// How far a run is, to be read by another thread while it lasts. See [`Run::progress`].
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicUsize,
    total: AtomicUsize,
}

impl Progress {
    /// Blocks of output that are complete, and all there are (0 before the run begins).
    pub fn blocks(&self) -> (usize, usize) {
        (
            self.done.load(Ordering::Relaxed),
            self.total.load(Ordering::Relaxed),
        )
    }

    pub(crate) fn begin(&self, total: usize) {
        self.done.store(0, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    pub(crate) fn step(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }
}

/// Where the channels of input and output lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// `(N, C, spatial...)`, PyTorch's.
    #[default]
    ChannelsFirst,
    /// `(N, spatial..., C)`, TensorFlow's and JAX's. Algorithms whose lanes lie along channels take it as it is; for the
    /// others the run allocates a copy of input and output in the other order.
    ChannelsLast,
}

impl Layout {
    /// A shape of this layout as `(N, C, spatial...)`, or without `N`. One with too few axes is left as it is.
    pub(crate) fn to_first(self, shape: &[usize], dims: usize) -> Vec<usize> {
        let mut shape = shape.to_vec();
        if self == Self::ChannelsLast && shape.len() > dims {
            let channel = shape.len() - 1 - dims;
            shape[channel..].rotate_right(1);
        }
        shape
    }

    /// A shape `(N, C, spatial...)`, or without `N`, in this layout.
    pub(crate) fn of_first(self, mut shape: Vec<usize>, dims: usize) -> Vec<usize> {
        if self == Self::ChannelsLast {
            let channel = shape.len() - 1 - dims;
            shape[channel..].rotate_left(1);
        }
        shape
    }
}

/// Options of one run; `Run::default()` is what [`crate::Plan::run`] uses.
#[derive(Clone, Debug, Default)]
pub struct Run {
    pub(crate) threads: usize,
    pub(crate) output: OutputChoice,
    pub(crate) memory_limit: Option<usize>,
    pub(crate) isa: Option<Isa>,
    pub(crate) exact: bool,
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) progress: Option<Arc<Progress>>,
    pub(crate) layout: Layout,
}

impl Run {
    /// All threads, the layer's own output size, no memory limit, the best instruction set.
    pub fn new() -> Self {
        Self::default()
    }

    /// At most this many threads; 0 is as many as the work is worth, 1 touches no pool. No bit of the result depends on it.
    ///
    /// A run from within a rayon pool uses that pool's threads. Any other uses the caller's and helpers of the engine's own,
    /// as many as rayon's global pool would have less one, which stay awake for 100 microseconds after their work.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// PyTorch's `output_size` at call time: one size per spatial axis, each within `stride` of the smallest.
    #[must_use]
    pub fn output_size(mut self, sizes: impl Into<Vec<usize>>) -> Self {
        self.output = OutputChoice::Size(sizes.into());
        self
    }

    /// ONNX's `output_shape`: one size per spatial axis, any size; the pads are computed from it, not read.
    #[must_use]
    pub fn output_shape(mut self, sizes: impl Into<Vec<usize>>) -> Self {
        self.output = OutputChoice::Shape(sizes.into());
        self
    }

    /// Refuses to hold more than this many bytes at once in what the run allocates: output, scratch, and the copy of a
    /// non-contiguous array.
    #[must_use]
    pub fn memory_limit(mut self, bytes: usize) -> Self {
        self.memory_limit = Some(bytes);
        self
    }

    /// Allows only algorithms that sum every output in the documented order: the same bits on every instruction set and for
    /// every size. Without it a faster algorithm with a stated error bound may be chosen (Winograd's, for large layers).
    #[must_use]
    pub fn exact(mut self, exact: bool) -> Self {
        self.exact = exact;
        self
    }

    /// Runs this algorithm instead of the one that the engine would choose, for tests and comparisons; refused where the
    /// plan's weights are not in its form.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    /// Counts blocks into `progress` as they are completed.
    #[must_use]
    pub fn progress(mut self, progress: Arc<Progress>) -> Self {
        self.progress = Some(progress);
        self
    }

    /// The layout of input and output, and of their shapes. Weights keep theirs.
    #[must_use]
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// Runs on this instruction set instead of the best one or the one that the environment's `CONVT_ISA` names: the same
    /// bits, for tests and comparisons. A run that is told its set, here or there, fails if no kernel of it was used.
    #[must_use]
    pub fn isa(mut self, isa: Isa) -> Self {
        self.isa = Some(isa);
        self
    }
}
