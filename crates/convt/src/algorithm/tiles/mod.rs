//! Tiles: phases computed by register tiles over a packed panel of the input.
//!
//! **Idea.** Every phase is a stride-1 convolution. A piece of the input is copied once, with a border of zeros, into a
//! *panel*; positions of the panel are then read flat, so that a vector may run over a row's end, and every tap is one
//! offset. Output channels in blocks of up to 12 share each loaded vector. The columns that a row's end spoils are dropped
//! when the sums are stored, interleaved with those of the other phases.
//!
//! **Equation.** With `m` the position within a phase and `q = input_step*(m + shift) + residue` the input that a tap meets,
//!
//! ```text
//! y[c, first + step*m] = bias[c] + sum over i, taps: panel[i, residue, m + shift] * w[c, i, tap]
//! ```
//!
//! in the documented order. Products with the panel's zeros are added as well: they change no sum, because this algorithm
//! runs for finite weights alone, and a sum of -0 is stored as +0.
//!
//! Where rows are phases and channels ([`super::merged`]), few input channels at a time pass over a box, so that what a tile
//! reads is near, and the sums are held from round to round; inputs that need no border are read in place of a panel; and
//! while one round is summed, the caches are asked for the inputs of the next.
//!
//! **Cost.** One multiply-add per position of the panel, tap and pair of channels: positions beyond a row's end and beyond
//! the input are wasted. **Scratch:** a panel of at most half a mebibyte and sums of a quarter, where the taps' reach allows
//! (see `cut`). **Chosen** for finite weights.

mod channels;
mod cut;
mod line;
mod panel;
mod phases;

use std::ops::Range;

use convt_simd::{Isa, WOVEN, Weave};

use super::blocked::{Blocked, RowBlock};
use super::merged::Merged;
use super::parts::Split;
use super::{Call, threads};
use crate::layer::Resolved;
use crate::{Activation, Element, Error};

use cut::{Box4, Cut, FLAT, Needs};
use line::{Line, LinePhase};
use panel::Source;

/// Bytes of an output, and of a row of it, from which it is stored past the caches.
const STREAMED: usize = 16 << 20;
const STREAMED_ROW: usize = 1 << 10;

/// Phases along the width whose sums are held until they are interleaved.
const HELD: usize = 8;

/// The weights of a layer, by what the rows of its tiles are.
#[derive(Clone, Copy)]
pub(crate) enum Packing<'a, T> {
    /// Output channels.
    Channels(&'a Blocked<T>),
    /// Phases and output channels.
    Phases(&'a Merged<T>),
}

impl<'a, T: Element> Packing<'a, T> {
    /// Output channels that are computed and stored together.
    fn units(self) -> &'a [RowBlock] {
        match self {
            Self::Channels(blocked) => &blocked.blocks,
            Self::Phases(merged) => &merged.units,
        }
    }

    fn bias(self) -> &'a [T] {
        match self {
            Self::Channels(blocked) => &blocked.bias,
            Self::Phases(merged) => &merged.bias,
        }
    }

    /// Input and output channels of a group.
    fn per_group(self) -> (usize, usize) {
        match self {
            Self::Channels(blocked) => (blocked.in_per_group, blocked.out_per_group),
            Self::Phases(merged) => (merged.in_per_group, merged.out_per_group),
        }
    }

    /// Batch, depth, height and width.
    fn lines(self, sizes: &Resolved) -> Result<[Line; 4], Error> {
        let line = |axis: usize| {
            let walk = sizes.walks.iter().rev().nth(2 - axis);
            walk.map_or_else(
                || Ok(Line::copied(1)),
                |walk| match self {
                    Self::Channels(blocked) => Line::new(blocked.op, walk, &blocked.axes[axis]),
                    Self::Phases(merged) => Line::aligned(walk, &merged.axes[axis]),
                },
            )
        };
        Ok([Line::copied(sizes.batch), line(0)?, line(1)?, line(2)?])
    }

    /// What the cut depends on.
    fn needs(self, lines: &[Line; 4], workers: usize) -> Needs {
        let (rows, shared, weights, held) = match self {
            Self::Channels(blocked) => {
                let most = blocked.blocks.iter().map(|block| block.rows).max();
                let most = most.unwrap_or(1);
                let held = lines[3].phases.len().clamp(1, HELD);
                let weights = blocked.bytes() / blocked.groups();
                (most * held, most, weights, false)
            }
            Self::Phases(merged) => {
                let weights = merged.bytes() / merged.units.len();
                (merged.rows(), 0, weights, merged.held())
            }
        };
        let (ins, outs) = self.per_group();
        let phases: usize = lines.iter().map(|line| line.phases.len().max(1)).product();
        Needs {
            element: size_of::<T>(),
            channels: ins,
            rows,
            shared,
            weights,
            held,
            outputs: outs.saturating_mul(phases),
            workers,
            blocks: self.units().len(),
        }
    }
}

/// The algorithm bound to weights and sizes.
pub(crate) struct Tiles<'a, T> {
    packed: Packing<'a, T>,
    lines: [Line; 4],
    in_channels: usize,
    cut: Cut,
    workers: usize,
}

/// Some channels of a slab of some images.
struct Job<'y, T> {
    /// First image.
    image: usize,
    images: usize,
    /// Number of the slab.
    slab: usize,
    blocks: Range<usize>,
    /// The slab's part of each plane, images outermost, channels of the blocks within.
    planes: Vec<&'y mut [T]>,
}

impl<'a, T: Element> Tiles<'a, T> {
    pub(crate) fn new(
        packed: Packing<'a, T>,
        sizes: &Resolved,
        threads: usize,
    ) -> Result<Self, Error> {
        let lines = packed.lines(sizes)?;
        let workers = threads::workers(threads, sizes.work());
        let needs = packed.needs(&lines, workers);
        let cut = Cut::new(&lines, &needs);
        Ok(Self {
            packed,
            in_channels: sizes.in_channels,
            lines,
            cut,
            workers,
        })
    }

    /// Elements of scratch that the run needs.
    pub(crate) fn scratch(&self) -> usize {
        self.cut.scratch().saturating_mul(self.workers)
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
        let each = self.cut.scratch();
        let memory = scratch.take(self.scratch())?;
        let progress = options.progress.as_deref();
        let step = self.packed.units().len().div_ceil(self.cut.pieces).max(1);
        if let Some(progress) = progress {
            let [batch, along] = [&self.lines[0], &self.lines[self.cut.axis]];
            let slabs = along.count.div_ceil(self.cut.slab);
            let pieces = self.packed.units().len().div_ceil(step);
            progress.begin(batch.count.div_ceil(self.cut.images) * slabs * pieces);
        }
        let covered = self.packed.per_group().0 > 0 && self.lines.iter().all(Line::is_covered);
        let long = self.lines[3].output * size_of::<T>() >= STREAMED_ROW;
        let streamed = long && activation.is_none() && size_of_val(y) >= STREAMED;
        let along = &self.lines[self.cut.axis];
        let inner = self.lines[self.cut.axis + 1..].iter();
        let inner: usize = inner.map(|line| line.output).product();
        let units = self.packed.units();
        let channels = |units: &[RowBlock]| units.iter().map(|unit| unit.rows).sum();
        let split = Split {
            plane: along.output * inner,
            slab: along.step * self.cut.slab * inner,
            images: self.cut.images,
            pieces: units.chunks(step).map(channels).collect(),
        };
        let memory = memory.chunks_exact_mut(each);
        threads::share(memory, split.parts(y), |memory, part| {
            let mut job = Job {
                image: part.image,
                images: part.images,
                slab: part.slab,
                blocks: part.piece * step..((part.piece + 1) * step).min(units.len()),
                planes: part.planes,
            };
            let (panel, sums) = memory.split_at_mut(self.cut.panel());
            self.job(
                &Common {
                    isa,
                    x,
                    activation,
                    covered,
                    streamed,
                },
                &mut job,
                panel,
                sums,
            );
            if let Some(progress) = progress {
                progress.step();
            }
        });
        Ok(())
    }

    fn job(&self, common: &Common<'_, T>, job: &mut Job<'_, T>, panel: &mut [T], sums: &mut [T]) {
        let blocks = &self.packed.units()[job.blocks.clone()];
        let Some(first) = blocks.first() else { return };
        let first_channel = first.channel;
        let channels = job.planes.len() / job.images;
        let ins = self.packed.per_group().0;
        if !common.covered {
            for (n, plane) in job.planes.iter_mut().enumerate() {
                plane.fill(self.packed.bias()[first_channel + n % channels] + T::ZERO);
            }
        }
        let along = self.cut.axis;
        let mut whole: Box4 = std::array::from_fn(|a| 0..self.lines[a].count);
        whole[0] = job.image..job.image + job.images;
        let begin = job.slab * self.cut.slab;
        whole[along] = begin..(begin + self.cut.slab).min(self.lines[along].count);
        let source = Source {
            isa: common.isa,
            lines: &self.lines,
            cut: &self.cut,
            x: common.x,
            in_channels: self.in_channels,
        };
        let groups = || blocks.chunk_by(|a, b| self.group(*a) == self.group(*b));
        let rounds = || {
            (0..ins)
                .step_by(self.cut.channels)
                .map(|from| from..(from + self.cut.channels).min(ins))
        };
        let parts = self.cut.boxes(whole.clone()).flat_map(|at| {
            groups().flat_map(move |group| {
                let at = at.clone();
                rounds().map(move |inputs| (at.clone(), group, inputs))
            })
        });
        let mut parts = parts.peekable();
        while let Some((at, group, inputs)) = parts.next() {
            let channels_of = |group: &[RowBlock], inputs: &Range<usize>| {
                let first = self.group(group[0]) * ins;
                first + inputs.start..first + inputs.end
            };
            let read = channels_of(group, &inputs);
            let step = |block: &RowBlock| Step {
                common,
                block: *block,
                inputs: inputs.clone(),
                at: &at,
                whole: &whole,
                planes: (channels, block.channel - first_channel),
            };
            match self.packed {
                Packing::Channels(blocked) => {
                    source.fill(&at, &read, panel);
                    for block in group {
                        self.channels(blocked, &step(block), panel, sums, &mut job.planes);
                    }
                }
                Packing::Phases(merged) => {
                    let in_place = source.in_place(&at, &read);
                    let ahead = match in_place {
                        Some((x, plane)) => source.ahead_in_place(x, plane),
                        None => parts.peek().and_then(|(at, group, inputs)| {
                            source.ahead(at, &channels_of(group, inputs))
                        }),
                    };
                    let inputs = in_place.unwrap_or_else(|| {
                        source.fill(&at, &read, panel);
                        (&*panel, self.cut.channel)
                    });
                    for block in group {
                        let inputs = (inputs, ahead);
                        self.phases(merged, &step(block), inputs, sums, &mut job.planes);
                    }
                }
            }
        }
        if !common.covered {
            for (n, plane) in job.planes.iter_mut().enumerate() {
                let channel = first_channel + n % channels;
                common.activation.apply(common.isa, channel, plane);
            }
        }
    }

    fn group(&self, block: RowBlock) -> usize {
        block.channel / self.packed.per_group().1
    }

    /// Applies the activation to the rows of outputs of two phases, all of whose phases along the width are in place.
    fn activate(
        &self,
        step: &Step<'_, T>,
        (pd, ph): (&LinePhase, &LinePhase),
        planes: &mut [&mut [T]],
    ) {
        let done = step.inputs.end == self.packed.per_group().0;
        if !done || !step.common.covered || step.common.activation.is_none() {
            return;
        }
        self.each_plane(step, pd, ph, |plane, rows_of| {
            for r in 0..step.block.rows {
                for line in 0..rows_of.weave.lines {
                    let from = rows_of.y + line * rows_of.weave.y_pitch;
                    let y = &mut planes[plane + r][from..from + rows_of.columns];
                    let channel = step.block.channel + r;
                    step.common.activation.apply(step.common.isa, channel, y);
                }
            }
        });
    }

    /// Flat positions of a box from its first to its last.
    fn flat(&self, at: &Box4) -> usize {
        let last =
            |flat: usize, a: usize| flat * self.cut.size[a] + at[a].len() - 1 + self.lines[a].extra;
        FLAT.into_iter().fold(0, last) + 1
    }

    /// Calls `work(plane, rows)` for the rows of outputs of two phases in each plane of the box: which plane of the job its
    /// first channel's is, and where the rows lie.
    fn each_plane(
        &self,
        step: &Step<'_, T>,
        pd: &LinePhase,
        ph: &LinePhase,
        mut work: impl FnMut(usize, &Rows),
    ) {
        let [_, depth, height, width] = &self.lines;
        let [size_i, _, size_h, size_w] = self.cut.size;
        let (whole, [images, ds, hs, ws]) = (step.whole, step.at);
        let (channels, first_channel) = step.planes;
        // The job's part of a plane begins at its first output, and its rows are as long as its part of the width.
        let first_row = depth.step * whole[1].start * height.output + height.step * whole[2].start;
        let column = |position: usize| {
            (width.step * position).min(width.output) - width.step * whole[3].start
        };
        let columns = column(whole[3].end);
        let lines = count(ph, hs);
        if lines == 0 {
            return;
        }
        for image in images.clone() {
            let plane = (image - whole[0].start) * channels + first_channel;
            for d in ds.start..ds.end.min(pd.count) {
                let row =
                    (pd.first + depth.step * d) * height.output + ph.first + height.step * hs.start
                        - first_row;
                let at = (d - ds.start) * size_h * size_i + image - images.start;
                let rows = Rows {
                    y: row * columns + column(ws.start),
                    columns: column(ws.end) - column(ws.start),
                    sums: at * size_w,
                    weave: Weave {
                        step: width.step,
                        rows: 1,
                        from: [0; WOVEN],
                        count: 0,
                        lines,
                        sums_pitch: size_i * size_w,
                        y_pitch: height.step * columns,
                        streamed: step.common.streamed
                            && step.inputs.end == self.packed.per_group().0,
                    },
                };
                work(plane, &rows);
            }
        }
    }
}

/// Rows of outputs of one plane of a box, and the rows of sums that belong to them.
struct Rows {
    /// Where the first row begins in the job's part of the plane, and how long it is.
    y: usize,
    columns: usize,
    /// Where its sums begin.
    sums: usize,
    /// The way from row to row; phases are filled in.
    weave: Weave,
}

impl Rows {
    /// Reads the partial sums of one phase back from the outputs; they begin at `from`.
    fn gather<T: Element>(
        &self,
        step: &Step<'_, T>,
        sums: &mut [T],
        y: &[T],
        (phase, from): (&LinePhase, usize),
    ) {
        let weave = Weave {
            count: count(phase, &step.at[3]),
            ..self.weave
        };
        if weave.count > 0 {
            let (y, sums) = (&y[self.y + phase.first..], &mut sums[self.sums + from..]);
            step.common.isa.unweave(&weave, sums, y);
        }
    }

    /// Stores the sums of phases, each with where they begin, in ascending `first`.
    fn store<T: Element>(
        &self,
        step: &Step<'_, T>,
        y: &mut [T],
        sums: &[T],
        phases: &[(&LinePhase, usize)],
    ) {
        let columns = &step.at[3];
        // Phases that follow each other without a hole, as many as are woven at once.
        let runs = phases.chunk_by(|a, b| a.0.first + 1 == b.0.first);
        for run in runs.flat_map(|run| run.chunks(WOVEN)) {
            // Counts fall from phase to phase, by one at most: all phases as far as the last goes, then those that go on.
            let of = |n: usize| count(run[n].0, columns);
            let common = of(run.len() - 1);
            let longer = (0..run.len()).take_while(|&n| of(n) > common).count();
            for (start, end, rows) in [(0, common, run.len()), (common, common + 1, longer)] {
                if end > start && rows > 0 {
                    let from = |n: usize| run.get(n).map_or(0, |phase| phase.1 + start);
                    let weave = Weave {
                        rows,
                        from: std::array::from_fn(from),
                        count: end - start,
                        ..self.weave
                    };
                    let y = &mut y[self.y + run[0].0.first + self.weave.step * start..];
                    step.common.isa.weave(&weave, &sums[self.sums..], y);
                }
            }
        }
    }
}

/// What is the same for all jobs of a run.
struct Common<'r, T> {
    isa: Isa,
    x: &'r [T],
    activation: &'r Activation<T>,
    /// Whether the phases cover every output; else the bias is filled in first, and the activation applied last.
    covered: bool,
    /// Whether the output is so large that it is stored past the caches.
    streamed: bool,
}

/// What is the same for all phases of a block in a box.
struct Step<'r, T> {
    common: &'r Common<'r, T>,
    block: RowBlock,
    /// Input channels of the group that the panel holds.
    inputs: Range<usize>,
    /// The box's positions, and the job's.
    at: &'r Box4,
    whole: &'r Box4,
    /// Planes of an image in the job, and which of them is the block's first.
    planes: (usize, usize),
}

/// The outputs of a phase within a box of these columns.
fn count(phase: &LinePhase, columns: &Range<usize>) -> usize {
    columns.end.min(phase.count).saturating_sub(columns.start)
}
