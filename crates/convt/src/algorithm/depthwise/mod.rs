//! Depthwise: one input channel per group, at the speed of writing the output once.
//!
//! **Idea.** Outputs lie side by side in the lanes, whatever the stride: each input row is *spread* once, every element
//! `stride` times, and the weights of one tap become a *pattern* that repeats with the stride. Then every product of a row
//! is a plain offset into a spread row times a pattern, and a row of outputs is summed in registers and stored once, with no
//! interleaving. A spread row serves every output row that its input row reaches. [`width::Width`] has the arithmetic.
//! At stride 2 along the width nothing is spread: pairs of phases are interleaved in registers instead ([`doubled`]).
//!
//! **Equation**, for output row `(d, h)` of channel `c` in group `i`, with `spread_j` the row that tap `j` reads:
//!
//! ```text
//! y[o] = bias[c] + sum over (td, qd) of d, (th, qh) of h, taps j of the width:
//!                  spread_j[i, qd, qh][o + offset_j] * pattern[c, td, th, j][o mod stride]
//! ```
//!
//! summed in exactly this order, innermost last, by fused multiply-adds: the documented order. Along depth and height only
//! pairs that exist are formed. Along the width products with a border of zeros are added as well, which changes no sum,
//! because this algorithm runs for finite weights alone; a weight that the kernel does not have only ever meets a zero.
//!
//! **Cost.** One multiply-add per output and tap, one store per output, and one store per spread element.
//! **Scratch:** a panel of spread rows and the patterns of one channel, both bounded by constants. **Chosen** for finite
//! weights where each group has one input channel, [`fits`] and [`pays`] hold.

mod axis;
mod cut;
mod doubled;
#[cfg(test)]
mod tests;
mod width;

use std::ops::Range;

use convt_geometry::Op;
use convt_simd::{Isa, Routine, SpreadRows, Term, pattern_elements};

use super::{Call, Packed, threads};
use crate::layer::{AxisTaps, Resolved};
use crate::{Element, Error, Layer};

use cut::{Cut, PATTERNS};
use doubled::Doubled;

/// Elements at most that the spread inputs of a few vectors of outputs take, and the longest stride along the width.
const LONGEST: usize = 16 << 10;

/// Whether the algorithm is for the layer: one input channel per group, and patterns and reach within their bounds. The
/// layer's weights must be finite too.
pub(crate) fn fits(layer: &Layer) -> bool {
    if layer.in_channels() != layer.groups() {
        return false;
    }
    let [depth, height, width] = layer.axis_taps();
    let op = layer.op();
    if width.stride > LONGEST || width.kernel == 0 {
        return false;
    }
    let (taps, reach) = width::taps_and_reach(op, width.kernel, width.stride, width.dilation);
    let pattern = pattern_elements(width::cycle(op, width.stride));
    let patterns = [depth.kernel, height.kernel, taps]
        .into_iter()
        .fold(pattern, usize::saturating_mul);
    let spread_rows = match op {
        Op::ConvTranspose => 2,
        Op::Conv => width.kernel.min(width.stride),
    };
    // The spread rows that one row of outputs needs, for a few vectors of columns.
    let inputs = |axis: AxisTaps| {
        let span = (axis.kernel.max(1) - 1).saturating_mul(axis.dilation);
        1 + match op {
            Op::ConvTranspose => span / axis.stride.max(1),
            Op::Conv => span,
        }
    };
    let panel = [inputs(depth), inputs(height), spread_rows]
        .into_iter()
        .fold(reach.saturating_add(64), usize::saturating_mul);
    patterns <= PATTERNS && panel <= LONGEST
}

/// Whether the algorithm is faster than `tiles` for a layer that [`fits`]: transposed, so that spreading spares the
/// interleaving; in at most two dimensions, because every slab spreads the slabs that it reaches anew; and with whole cycles
/// of undilated taps along the width, whose spread rows are made in one pass.
pub(crate) fn pays(layer: &Layer) -> bool {
    let [depth, _, width] = layer.axis_taps();
    layer.op() == Op::ConvTranspose
        && depth.kernel == 1
        && width.stride > 0
        && width.kernel.is_multiple_of(width.stride)
        && (width.dilation == 1 || width.stride == 1)
}

/// A layer's weights: `[C_out][taps]`.
#[derive(Clone, Debug)]
pub(crate) struct Depthwise<T> {
    packed: Packed<T>,
}

impl<T: Element> Depthwise<T> {
    /// `weight` has the checked shape of a layer that [`fits`], and is finite; `bias` may be empty.
    pub(crate) fn new(layer: &Layer, weight: &[T], bias: &[T]) -> Result<Self, Error> {
        Ok(Self {
            packed: Packed::new(layer, weight, bias)?,
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.packed.bytes()
    }

    /// Runs the call; its output is not empty.
    pub(crate) fn run(&self, call: Call<'_, T>) -> Result<(), Error> {
        let workers = workers(call.sizes, call.options.threads);
        match Doubled::new(call.sizes, workers)? {
            Some(doubled) => self.run_doubled(call, workers, &doubled),
            None => self.run_spread(call, workers),
        }
    }

    fn run_spread(&self, call: Call<'_, T>, workers: usize) -> Result<(), Error> {
        let isa = call.isa();
        let Call {
            sizes,
            x,
            y,
            scratch,
            options,
            activation,
            ..
        } = call;
        let cut = Cut::new(sizes, workers)?;
        let memory = scratch.take(cut.scratch() * workers)?;
        let progress = options.progress.as_deref();
        if let Some(progress) = progress {
            progress.begin(cut.pieces);
        }
        let planes = Planes {
            packed: &self.packed,
            cut: &cut,
            x,
            in_channels: sizes.in_channels,
            out_channels: sizes.out_channels,
        };
        let states = memory.chunks_exact_mut(cut.scratch()).map(|memory| State {
            memory,
            channel: None,
        });
        let pieces = pieces(y, cut.parent, cut.unit);
        threads::share(states, pieces, |state, (mut first, mut y)| {
            let plane = cut.plane();
            while !y.is_empty() {
                let length = (plane - first % plane).min(y.len());
                let (here, rest) = y.split_at_mut(length);
                planes.fill(isa, first, here, state);
                let channel = first / plane % sizes.out_channels;
                activation.apply(isa, channel, here);
                first += length;
                y = rest;
            }
            if let Some(progress) = progress {
                progress.step();
            }
        });
        Ok(())
    }
}

/// Pieces of `unit` elements, the last one shorter, of each `parent` elements, and the place of each one's first element.
fn pieces<T>(y: &mut [T], parent: usize, unit: usize) -> impl Iterator<Item = (usize, &mut [T])> {
    let parents = y.chunks_mut(parent).enumerate();
    parents.flat_map(move |(n, y)| {
        let pieces = y.chunks_mut(unit).enumerate();
        pieces.map(move |(m, y)| (n * parent + m * unit, y))
    })
}

/// Threads that a run uses.
fn workers(sizes: &Resolved, threads: usize) -> usize {
    threads::workers(threads, sizes.products())
}

/// Elements of scratch that a run needs.
pub(crate) fn scratch_elements(sizes: &Resolved, threads: usize) -> Result<usize, Error> {
    let workers = workers(sizes, threads);
    let each = match Doubled::new(sizes, workers)? {
        Some(doubled) => doubled.scratch(),
        None => Cut::new(sizes, workers)?.scratch(),
    };
    Ok(each.saturating_mul(workers))
}

/// What a thread keeps from piece to piece.
struct State<'m, T> {
    memory: &'m mut [T],
    /// The output channel whose patterns the memory holds.
    channel: Option<usize>,
}

/// The planes of a run.
struct Planes<'a, T> {
    packed: &'a Packed<T>,
    cut: &'a Cut,
    x: &'a [T],
    in_channels: usize,
    out_channels: usize,
}

impl<T: Element> Planes<'_, T> {
    /// Fills `y`, a part of one plane from element `first` of the whole output on.
    fn fill(&self, isa: Isa, first: usize, y: &mut [T], state: &mut State<'_, T>) {
        let cut = self.cut;
        let (plane, at) = (first / cut.plane(), first % cut.plane());
        let (image, channel) = (plane / self.out_channels, plane % self.out_channels);
        let group = channel / self.packed.out_per_group;
        let input = cut.depth.input * cut.height.input * cut.width.axis.input;
        let (panel, patterns) = cut.split(state.memory);
        isa.run(Fill {
            isa,
            cut,
            x: &self.x[(image * self.in_channels + group) * input..][..input],
            weights: &self.packed.weights[channel * self.packed.taps..][..self.packed.taps],
            bias: self.packed.bias.get(channel).copied().unwrap_or(T::ZERO),
            is_new: state.channel.replace(channel) != Some(channel),
            place: cut.place(at, y.len()),
            panel,
            patterns,
            y,
        });
    }
}

/// A box of one output plane.
struct Place {
    depth: Range<usize>,
    height: Range<usize>,
    columns: Range<usize>,
}

/// One box, compiled for each instruction set.
struct Fill<'a, T> {
    isa: Isa,
    cut: &'a Cut,
    x: &'a [T],
    weights: &'a [T],
    bias: T,
    /// Whether the patterns are another channel's.
    is_new: bool,
    place: Place,
    panel: &'a mut [T],
    patterns: &'a mut [T],
    y: &'a mut [T],
}

impl<T: Element> Routine for Fill<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self {
            cut,
            panel,
            patterns,
            place,
            ..
        } = self;
        let width = &cut.width;
        let patterns_of_row = width.taps * width.pattern;
        if self.is_new {
            let rows = self.weights.chunks_exact(width.axis.kernel);
            for (weights, patterns) in rows.zip(patterns.chunks_exact_mut(patterns_of_row)) {
                width.patterns(weights, patterns);
            }
        }
        let (slabs, rows) = (
            cut.depth.inputs(&place.depth),
            cut.height.inputs(&place.height),
        );
        let pitch = width.pitch(cut.columns);
        let mut spread = panel.chunks_exact_mut(pitch);
        for slab in slabs.clone() {
            for (row, spread) in rows.clone().zip(&mut spread) {
                let row = (slab * cut.height.input + row) * width.axis.input;
                let x = &self.x[row..][..width.axis.input];
                width.spread(x, place.columns.start, cut.columns, spread);
            }
        }
        let columns = place.columns.len();
        // Along the height, outputs a step apart have the same taps, their inputs shifted by one step of the input.
        let (step, input_step) = match cut.height.op {
            Op::ConvTranspose => (cut.height.stride, 1),
            Op::Conv => (1, cut.height.stride),
        };
        let mut sums = Sums {
            isa: self.isa,
            offsets: &cut.offsets,
            bias: self.bias,
            rows: SpreadRows {
                panel,
                patterns,
                terms: &[],
                cycle: width.cycle,
                rows: 0,
                columns,
                x_step: pitch * input_step,
                y_step: columns * step,
                start: None,
                is_last: false,
            },
            pattern: width.pattern,
        };
        for (d, y) in place
            .depth
            .zip(self.y.chunks_exact_mut(columns * place.height.len()))
        {
            let depth = cut.depth.pairs(d).places(
                slabs.start,
                pitch * rows.len(),
                cut.height.kernel * patterns_of_row,
            );
            for phase in 0..step.min(place.height.len()) {
                let mut h = place.height.start + phase;
                while h < place.height.end {
                    let pairs = cut.height.pairs(h);
                    let at = (h - place.height.start) * columns;
                    let mut count = 1;
                    h += step;
                    while h < place.height.end
                        && cut.height.pairs(h) == pairs.shifted(count * input_step)
                    {
                        count += 1;
                        h += step;
                    }
                    let height = pairs.places(rows.start, pitch, patterns_of_row);
                    sums.rows.rows = count;
                    sums.add(depth.clone(), &height, &mut y[at..]);
                }
            }
        }
    }
}

/// Terms that are summed together; rows of more go on from what they hold.
const TERMS: usize = 64;

/// Rows being summed.
struct Sums<'r, T> {
    isa: Isa,
    rows: SpreadRows<'r, T>,
    offsets: &'r [usize],
    /// Elements of a pattern.
    pattern: usize,
    bias: T,
}

impl<T: Element> Sums<'_, T> {
    /// Sums rows of outputs over the pairs of depth and height, given by the places of their inputs and weights.
    #[inline(always)]
    fn add(
        &self,
        depth: impl Iterator<Item = (usize, usize)>,
        height: &(impl Iterator<Item = (usize, usize)> + Clone),
        y: &mut [T],
    ) {
        let mut terms = [Term::default(); TERMS];
        let mut count = 0;
        let mut start = Some(self.bias);
        for slab in depth {
            for place in height.clone() {
                let x = slab.0 + place.0;
                let mut weights = slab.1 + place.1;
                for &offset in self.offsets {
                    if count == TERMS {
                        self.sum(&terms, start.take(), false, y);
                        count = 0;
                    }
                    terms[count] = Term {
                        x: x + offset,
                        weights,
                    };
                    count += 1;
                    weights += self.pattern;
                }
            }
        }
        self.sum(&terms[..count], start, true, y);
    }

    #[inline(always)]
    fn sum(&self, terms: &[Term], start: Option<T>, is_last: bool, y: &mut [T]) {
        let rows = SpreadRows {
            terms,
            start,
            is_last,
            ..self.rows
        };
        self.isa.spread_rows(&rows, y);
    }
}
