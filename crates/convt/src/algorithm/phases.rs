//! Phases: the sub-pixel form of transposed convolution, and ordinary convolution as its one-phase case.
//!
//! **Idea.** Outputs with the same remainder modulo the stride share their taps, and each such phase is an ordinary
//! stride-1 convolution; the phases interleave into the output. No inserted zero is multiplied, no column matrix is
//! written, and every output is stored once.
//!
//! **Equation**, for output row `(d, h)` of channel `c` and phase `first + step*m` along the width:
//!
//! ```text
//! acc[m] = bias[c] + sum over i in group(c), (td, qd) of d, (th, qh) of h, tw of the phase:
//!                    x[i, qd, qh, input_step*m + offset(tw)] * w[c, i, td, th, tw]        where that input exists
//! ```
//!
//! summed in exactly this order, innermost last, by fused multiply-adds.
//!
//! **Cost.** One multiply-add per product that exists. **Scratch:** [`BLOCK`] elements a thread, whatever the layer, and
//! tables of one entry per tap along each axis (not per tap of the kernel's volume). **Chosen** where some weight is
//! NaN or infinite, so that no product may be formed that does not exist.
//!
//! The work is cut into blocks of at most [`BLOCK`] consecutive elements of one output plane. No element's sum crosses a
//! block, so neither their size nor the thread that takes one matters to any bit.

use std::ops::Range;

use convt_geometry::{Phase, Tap, Walk};
use convt_simd::Routine;

use super::threads;
use super::{Call, Packed};
use crate::layer::Resolved;
use crate::{Element, Error};

/// Output elements of one block: its accumulators, and the inputs of one row of it, stay in the first-level cache.
const BLOCK: usize = 2048;

/// One spatial axis with its phases listed.
struct Line {
    input: usize,
    output: usize,
    phases: Vec<Phase>,
    /// For each phase and tap, the outputs of the phase that the tap reaches.
    reaches: Vec<Vec<Range<usize>>>,
    step: usize,
}

impl Line {
    fn new(walk: &Walk) -> Result<Self, Error> {
        Ok(Self::of(walk.input(), walk.output(), walk.phases()?))
    }

    /// An axis of one element that a kernel of one tap copies.
    fn unit() -> Self {
        let tap = Tap {
            index: 0,
            offset: 0,
        };
        let phase = Phase {
            first: 0,
            step: 1,
            count: 1,
            input_step: 1,
            taps: vec![tap],
        };
        Self::of(1, 1, vec![phase])
    }

    fn of(input: usize, output: usize, phases: Vec<Phase>) -> Self {
        let reaches_of = |phase: &Phase| {
            let reach = |tap| phase.reach(tap, input);
            phase.taps.iter().map(reach).collect()
        };
        Self {
            input,
            output,
            reaches: phases.iter().map(reaches_of).collect(),
            step: phases.first().map_or(1, |phase| phase.step),
            phases,
        }
    }

    /// The `(tap, input)` pairs of one output, in ascending tap.
    #[inline(always)]
    fn pairs(&self, output: usize) -> impl Iterator<Item = (usize, usize)> + Clone {
        let (first, m) = (output % self.step, output / self.step);
        let found = self
            .phases
            .binary_search_by_key(&first, |phase| phase.first);
        let phase = found.ok().map(|at| &self.phases[at]);
        phase.into_iter().flat_map(move |phase| {
            let base = (m * phase.input_step) as isize;
            phase
                .taps
                .iter()
                .map(move |tap| (tap.index, base + tap.offset))
                .filter(|&(_, q)| 0 <= q && q < self.input as isize)
                .map(|(tap, q)| (tap, q as usize))
        })
    }
}

/// The algorithm bound to weights and sizes.
pub(crate) struct Phases<'a, T> {
    packed: &'a Packed<T>,
    depth: Line,
    height: Line,
    width: Line,
    /// Taps of the kernel along height and width.
    kernel: [usize; 2],
    in_channels: usize,
    out_channels: usize,
    work: Work,
}

/// A block of one output plane.
struct Block<'y, T> {
    /// Index of the plane, `image * C_out + channel`.
    plane: usize,
    /// Index of the block's first element in the plane.
    start: usize,
    y: &'y mut [T],
}

impl<'a, T: Element> Phases<'a, T> {
    pub(crate) fn new(packed: &'a Packed<T>, sizes: &Resolved) -> Result<Self, Error> {
        let line = |from_innermost: usize| {
            let walk = sizes.walks.iter().rev().nth(from_innermost);
            walk.map_or_else(|| Ok(Line::unit()), Line::new)
        };
        let kernel = |from_innermost: usize| {
            let walk = sizes.walks.iter().rev().nth(from_innermost);
            walk.map_or(1, |walk| walk.axis().kernel)
        };
        Ok(Self {
            packed,
            depth: line(2)?,
            height: line(1)?,
            width: line(0)?,
            kernel: [kernel(1), kernel(0)],
            in_channels: sizes.in_channels,
            out_channels: sizes.out_channels,
            work: Work::new(sizes),
        })
    }

    /// Computes `y` from `x`; both have the sizes given to `new`.
    pub(crate) fn run(&self, call: Call<'_, T>) -> Result<(), Error> {
        let isa = call.isa();
        let Call {
            x,
            y,
            scratch,
            options,
            activation,
            ..
        } = call;
        let Work {
            plane, block, each, ..
        } = self.work;
        let workers = self.work.workers(options.threads);
        let progress = options.progress.as_deref();
        if let Some(progress) = progress {
            progress.begin(self.work.blocks);
        }
        let memory = scratch.take(workers * each)?;
        let items = y.chunks_mut(plane).enumerate().flat_map(|(plane, y)| {
            y.chunks_mut(block)
                .enumerate()
                .map(move |(index, y)| Block {
                    plane,
                    start: index * block,
                    y,
                })
        });
        threads::share(memory.chunks_exact_mut(each), items, |acc, mut block| {
            isa.run(FillBlock {
                phases: self,
                x,
                block: &mut block,
                acc,
            });
            activation.apply(isa, block.plane % self.out_channels, block.y);
            if let Some(progress) = progress {
                progress.step();
            }
        });
        Ok(())
    }

    /// Fills output columns `columns` of one row of one plane.
    #[inline(always)]
    fn row(
        &self,
        x: &[T],
        plane: usize,
        row: usize,
        columns: &Range<usize>,
        acc: &mut [T],
        y: &mut [T],
    ) {
        let (image, channel) = (plane / self.out_channels, plane % self.out_channels);
        let bias = self.packed.bias.get(channel).copied().unwrap_or(T::ZERO);
        y.fill(bias + T::ZERO);
        for (phase, reaches) in self.width.phases.iter().zip(&self.width.reaches) {
            // first + step*m in columns
            let below = |edge: usize| edge.saturating_sub(phase.first).div_ceil(phase.step);
            let range = below(columns.start)..below(columns.end);
            if range.is_empty() {
                continue;
            }
            let source = Source {
                image,
                channel,
                row,
                range,
            };
            if phase.step == 1 {
                self.accumulate(x, &source, phase, reaches, y);
                for y in y.iter_mut() {
                    *y = *y + T::ZERO; // -0 becomes +0
                }
            } else {
                let acc = &mut acc[..source.range.len()];
                acc.fill(bias);
                self.accumulate(x, &source, phase, reaches, acc);
                let at = phase.first + phase.step * source.range.start - columns.start;
                for (y, &sum) in y[at..].iter_mut().step_by(phase.step).zip(&*acc) {
                    *y = sum + T::ZERO;
                }
            }
        }
    }

    /// Adds every product of one phase of one row to `acc`, in the documented order.
    #[inline(always)]
    fn accumulate(
        &self,
        x: &[T],
        source: &Source,
        phase: &Phase,
        reaches: &[Range<usize>],
        acc: &mut [T],
    ) {
        let packed = self.packed;
        let row_length = self.width.input;
        let plane = self.depth.input * self.height.input * row_length;
        let group = source.channel / packed.out_per_group;
        let first_input = source.image * self.in_channels + group * packed.in_per_group;
        let first_kernel = source.channel * packed.in_per_group;
        let (d, h) = (
            source.row / self.height.output,
            source.row % self.height.output,
        );
        for i in 0..packed.in_per_group {
            let x = &x[(first_input + i) * plane..][..plane];
            let kernel = &packed.weights[(first_kernel + i) * packed.taps..][..packed.taps];
            for (td, qd) in self.depth.pairs(d) {
                for (th, qh) in self.height.pairs(h) {
                    let x = &x[(qd * self.height.input + qh) * row_length..][..row_length];
                    let w =
                        &kernel[(td * self.kernel[0] + th) * self.kernel[1]..][..self.kernel[1]];
                    for (tap, reach) in phase.taps.iter().zip(reaches) {
                        let from = reach.start.max(source.range.start);
                        let to = reach.end.min(source.range.end);
                        if from < to {
                            let acc = &mut acc[from - source.range.start..to - source.range.start];
                            let q = tap.offset + (phase.input_step * from) as isize;
                            add_products(acc, &x[q as usize..], phase.input_step, w[tap.index]);
                        }
                    }
                }
            }
        }
    }
}

/// Which outputs of which row `accumulate` computes.
struct Source {
    image: usize,
    channel: usize,
    /// Row of the plane, `d * H_out + h`.
    row: usize,
    /// The phase's outputs, by their index within the phase.
    range: Range<usize>,
}

/// `acc[m] += x[step*m] * w`.
#[inline(always)]
fn add_products<T: Element>(acc: &mut [T], x: &[T], step: usize, w: T) {
    if step == 1 {
        for (acc, &x) in acc.iter_mut().zip(x) {
            *acc = x.fused(w, *acc);
        }
    } else {
        for (acc, &x) in acc.iter_mut().zip(x.iter().step_by(step)) {
            *acc = x.fused(w, *acc);
        }
    }
}

/// One block, compiled for each instruction set.
struct FillBlock<'a, 'y, T> {
    phases: &'a Phases<'a, T>,
    x: &'a [T],
    block: &'a mut Block<'y, T>,
    acc: &'a mut [T],
}

impl<T: Element> Routine for FillBlock<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Block { plane, start, .. } = *self.block;
        let mut y = &mut *self.block.y;
        let width = self.phases.width.output;
        let mut at = start;
        while !y.is_empty() {
            let (row, column) = (at / width, at % width);
            let length = (width - column).min(y.len());
            let (here, rest) = std::mem::take(&mut y).split_at_mut(length);
            let columns = column..column + length;
            self.phases
                .row(self.x, plane, row, &columns, self.acc, here);
            y = rest;
            at += length;
        }
    }
}

/// How much there is to do, and how it is cut.
#[derive(Clone, Copy)]
struct Work {
    /// Elements of one output plane.
    plane: usize,
    /// Elements of one block of a plane.
    block: usize,
    /// Blocks of all planes.
    blocks: usize,
    /// Accumulators of one thread.
    each: usize,
    to_do: u128,
}

impl Work {
    fn new(sizes: &Resolved) -> Self {
        let width = sizes.walks.last().map_or(1, Walk::output);
        // Whole rows where several fit a block; else a block ends where it is full.
        let block = if width <= BLOCK {
            BLOCK / width * width
        } else {
            BLOCK
        };
        let plane = sizes
            .walks
            .iter()
            .map(Walk::output)
            .fold(1, usize::saturating_mul);
        let planes = sizes.batch.saturating_mul(sizes.out_channels);
        Self {
            plane,
            block,
            blocks: planes.saturating_mul(plane.div_ceil(block)),
            // No phase is longer than the axis, none longer than a block is begun at once.
            each: width.clamp(1, BLOCK),
            to_do: sizes.work(),
        }
    }

    /// Threads that a run uses.
    fn workers(&self, threads: usize) -> usize {
        threads::workers(threads, self.to_do)
            .min(self.blocks)
            .max(1)
    }
}

/// Elements of scratch that a run needs.
pub(crate) fn scratch_elements(sizes: &Resolved, threads: usize) -> usize {
    let work = Work::new(sizes);
    work.workers(threads) * work.each
}

/// Bytes of the tap tables that a run builds: one entry per tap along each axis, and the list they are sorted in.
pub(crate) fn table_bytes(sizes: &Resolved) -> usize {
    let per_tap = size_of::<Phase>() + size_of::<Range<usize>>() + 2 * size_of::<(usize, Tap)>();
    sizes
        .walks
        .iter()
        .map(|walk| walk.axis().kernel.saturating_mul(per_tap))
        .fold(0, usize::saturating_add)
}
