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
//! **Cost.** One multiply-add per position of the panel, tap and pair of channels: positions beyond a row's end and beyond
//! the input are wasted. **Scratch:** a panel of at most half a mebibyte and sums of a quarter, where the taps' reach allows
//! (see `cut`). **Chosen** for finite weights.

mod cut;
mod line;
mod panel;

use std::ops::Range;

use convt_simd::{Isa, Taps, Weave};

use super::blocked::{Blocked, RowBlock};
use super::{Call, threads};
use crate::layer::Resolved;
use crate::{Activation, Element, Error};

use cut::{Box4, Cut, FLAT, Needs};
use line::{Line, LinePhase};
use panel::Source;

/// Phases along the width whose sums are held until they are interleaved.
const HELD: usize = 8;

/// Batch, depth, height and width.
fn lines<T: Element>(packed: &Blocked<T>, sizes: &Resolved) -> Result<[Line; 4], Error> {
    let line = |axis: usize| {
        let walk = sizes.walks.iter().rev().nth(2 - axis);
        walk.map_or_else(
            || Ok(Line::copied(1)),
            |walk| Line::new(packed.op, walk, &packed.axes[axis]),
        )
    };
    Ok([Line::copied(sizes.batch), line(0)?, line(1)?, line(2)?])
}

/// The algorithm bound to weights and sizes.
pub(crate) struct Tiles<'a, T> {
    packed: &'a Blocked<T>,
    lines: [Line; 4],
    in_channels: usize,
    out_channels: usize,
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
        packed: &'a Blocked<T>,
        sizes: &Resolved,
        threads: usize,
    ) -> Result<Self, Error> {
        let lines = lines(packed, sizes)?;
        let workers = threads::workers(threads, sizes.products());
        let rows = packed.blocks.iter().map(|block| block.rows).max();
        let needs = Needs {
            element: size_of::<T>(),
            channels: packed.in_per_group,
            rows: rows.unwrap_or(1) * lines[3].phases.len().clamp(1, HELD),
            weights: packed.bytes(),
            workers,
            blocks: packed.blocks.len(),
        };
        let cut = Cut::new(&lines, &needs);
        Ok(Self {
            packed,
            in_channels: sizes.in_channels,
            out_channels: sizes.out_channels,
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
        let step = self.packed.blocks.len().div_ceil(self.cut.pieces).max(1);
        if let Some(progress) = progress {
            let [batch, along] = [&self.lines[0], &self.lines[self.cut.axis]];
            let slabs = along.count.div_ceil(self.cut.slab);
            let pieces = self.packed.blocks.len().div_ceil(step);
            progress.begin(batch.count.div_ceil(self.cut.images) * slabs * pieces);
        }
        let covered = self.packed.in_per_group > 0 && self.lines.iter().all(Line::is_covered);
        let jobs = self.jobs(y, step);
        threads::share(memory.chunks_exact_mut(each), jobs, |memory, mut job| {
            let (panel, sums) = memory.split_at_mut(self.cut.panel());
            self.job(
                &Common {
                    isa,
                    x,
                    activation,
                    covered,
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

    /// Every job: groups of images, slabs of their planes, pieces of `step` blocks of channels, each with its part of `y`.
    fn jobs<'y>(
        &'y self,
        y: &'y mut [T],
        step: usize,
    ) -> impl Iterator<Item = Job<'y, T>> + Send + 'y {
        let along = &self.lines[self.cut.axis];
        let inner: usize = self.lines[self.cut.axis + 1..]
            .iter()
            .map(|line| line.output)
            .product();
        let plane = along.output * inner;
        let part = along.step * self.cut.slab * inner;
        let slabs = along.count.div_ceil(self.cut.slab);
        let blocks = &self.packed.blocks;
        let pieces = blocks.len().div_ceil(step);
        y.chunks_mut(plane * self.out_channels * self.cut.images)
            .enumerate()
            .flat_map(move |(group, y)| {
                let images = y.len() / (plane * self.out_channels);
                let mut parts: Vec<Vec<Vec<&'y mut [T]>>> = (0..slabs)
                    .map(|_| (0..pieces).map(|_| Vec::new()).collect())
                    .collect();
                for image in y.chunks_mut(plane * self.out_channels) {
                    let mut planes = image.chunks_mut(plane);
                    for (piece, blocks) in blocks.chunks(step).enumerate() {
                        let channels = blocks.iter().map(|block| block.rows).sum();
                        for plane in planes.by_ref().take(channels) {
                            for (slab, part) in plane.chunks_mut(part).enumerate() {
                                parts[slab][piece].push(part);
                            }
                        }
                    }
                }
                parts
                    .into_iter()
                    .enumerate()
                    .flat_map(move |(slab, parts)| {
                        let jobs = parts.into_iter().enumerate();
                        jobs.map(move |(piece, planes)| Job {
                            image: group * self.cut.images,
                            images,
                            slab,
                            blocks: piece * step..((piece + 1) * step).min(blocks.len()),
                            planes,
                        })
                    })
            })
    }

    fn job(&self, common: &Common<'_, T>, job: &mut Job<'_, T>, panel: &mut [T], sums: &mut [T]) {
        let blocks = &self.packed.blocks[job.blocks.clone()];
        let Some(first) = blocks.first() else { return };
        let first_channel = first.channel;
        let channels = job.planes.len() / job.images;
        let ins = self.packed.in_per_group;
        if !common.covered {
            for (n, plane) in job.planes.iter_mut().enumerate() {
                plane.fill(self.packed.bias[first_channel + n % channels] + T::ZERO);
            }
        }
        let along = self.cut.axis;
        let mut whole: Box4 = std::array::from_fn(|a| 0..self.lines[a].count);
        whole[0] = job.image..job.image + job.images;
        let begin = job.slab * self.cut.slab;
        whole[along] = begin..(begin + self.cut.slab).min(self.lines[along].count);
        let source = Source {
            lines: &self.lines,
            cut: &self.cut,
            x: common.x,
            in_channels: self.in_channels,
        };
        for at in self.cut.boxes(whole.clone()) {
            for group in blocks.chunk_by(|a, b| self.group(*a) == self.group(*b)) {
                let first_input = self.group(group[0]) * ins;
                for from in (0..ins).step_by(self.cut.channels) {
                    let inputs = from..(from + self.cut.channels).min(ins);
                    let read = first_input + inputs.start..first_input + inputs.end;
                    source.fill(&at, &read, panel);
                    for block in group {
                        let step = Step {
                            common,
                            block: *block,
                            inputs: inputs.clone(),
                            at: &at,
                            whole: &whole,
                            planes: (channels, block.channel - first_channel),
                        };
                        self.block(&step, panel, sums, &mut job.planes);
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
        block.channel / self.packed.out_per_group
    }

    /// All phases of one block of channels.
    fn block(&self, step: &Step<'_, T>, panel: &[T], sums: &mut [T], planes: &mut [&mut [T]]) {
        let [_, depth, height, width] = &self.lines;
        let pitch = self.cut.pitch;
        let rows = step.block.rows;
        let last = step.inputs.end == self.packed.in_per_group;
        for pd in &depth.phases {
            for ph in &height.phases {
                for held in width.phases.chunks(HELD) {
                    for (pw, sums) in held.iter().zip(sums.chunks_exact_mut(pitch * rows)) {
                        if step.inputs.start > 0 {
                            self.each_plane(step, pd, ph, |plane, rows_of| {
                                for r in 0..rows {
                                    let sums = &mut sums[r * pitch..];
                                    rows_of.gather(step, sums, planes[plane + r], pw);
                                }
                            });
                        }
                        self.sum(step, panel, [pd, ph, pw], sums);
                    }
                    self.each_plane(step, pd, ph, |plane, rows_of| {
                        for r in 0..rows {
                            let sums = &sums[r * pitch..];
                            rows_of.store(step, planes[plane + r], held, sums, pitch * rows);
                        }
                    });
                }
                // Every phase of these rows is in place.
                if last && step.common.covered && !step.common.activation.is_none() {
                    self.each_plane(step, pd, ph, |plane, rows_of| {
                        for r in 0..rows {
                            for line in 0..rows_of.weave.lines {
                                let from = rows_of.y + line * rows_of.weave.y_pitch;
                                let y = &mut planes[plane + r][from..from + rows_of.columns];
                                let channel = step.block.channel + r;
                                step.common.activation.apply(step.common.isa, channel, y);
                            }
                        }
                    });
                }
            }
        }
    }

    /// One phase of one block: the register tiles.
    fn sum(&self, step: &Step<'_, T>, panel: &[T], phase: [&LinePhase; 3], sums: &mut [T]) {
        let [size_i, size_d, size_h, size_w] = self.cut.size;
        let [_, _, height, width] = &self.lines;
        // Offsets of up to this many taps lie on the stack.
        let mut small = [0_usize; 128];
        let mut large = Vec::new();
        let taps = phase.iter().map(|phase| phase.taps.len()).product();
        let offsets = if taps <= small.len() {
            &mut small[..taps]
        } else {
            large.resize(taps, 0);
            &mut large[..]
        };
        let copies = if self.cut.unrolled { width.span + 1 } else { 1 };
        let mut next = offsets.iter_mut();
        for &(rd, sd) in &phase[0].taps {
            for &(rh, sh) in &phase[1].taps {
                for (&(rw, sw), offset) in phase[2].taps.iter().zip(&mut next) {
                    let residue = (rd * height.residues.len() + rh) * width.residues.len() + rw;
                    // A shift along the width is a copy of its own, or an offset within the row.
                    let (copy, sw) = if self.cut.unrolled { (sw, 0) } else { (0, sw) };
                    let depth = (residue * copies + copy) * size_d + sd;
                    *offset = (depth * size_h + sh) * size_i * size_w + sw;
                }
            }
        }
        let taps = Taps {
            x: panel,
            plane: self.cut.channel,
            planes: step.inputs.len(),
            offsets,
            weights: self.packed.weights(
                step.block,
                phase.map(|phase| phase.class),
                step.inputs.clone(),
            ),
        };
        let bias = &self.packed.bias[step.block.channel..][..step.block.rows];
        let start = (step.inputs.start == 0).then_some(bias);
        let last = |at: usize, a: usize| at * self.cut.size[a] + step.at[a].len() - 1;
        let flat = FLAT.into_iter().fold(0, last) + 1;
        let into = (sums, self.cut.pitch);
        step.common
            .isa
            .tile(step.block.rows, &taps, 0, flat, start, into);
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
                        distance: 0,
                        count: 0,
                        lines,
                        sums_pitch: size_i * size_w,
                        y_pitch: height.step * columns,
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
    /// Reads the partial sums of one phase back from the outputs.
    fn gather<T: Element>(&self, step: &Step<'_, T>, sums: &mut [T], y: &[T], phase: &LinePhase) {
        let weave = Weave {
            count: count(phase, &step.at[3]),
            ..self.weave
        };
        if weave.count > 0 {
            let y = &y[self.y + phase.first..];
            step.common.isa.unweave(&weave, &mut sums[self.sums..], y);
        }
    }

    /// Stores the sums of neighbouring phases; those of the n-th begin at `n * distance`.
    fn store<T: Element>(
        &self,
        step: &Step<'_, T>,
        y: &mut [T],
        phases: &[LinePhase],
        sums: &[T],
        distance: usize,
    ) {
        let columns = &step.at[3];
        let mut done = 0;
        // Runs of phases that follow each other without a hole.
        for run in phases.chunk_by(|a, b| a.first + 1 == b.first) {
            let sums = &sums[done * distance + self.sums..];
            done += run.len();
            // Counts fall from phase to phase, by one at most: all phases as far as the last goes, then those that go on.
            let common = count(&run[run.len() - 1], columns);
            let longer = run
                .iter()
                .take_while(|p| count(p, columns) > common)
                .count();
            for (from, to, rows) in [(0, common, run.len()), (common, common + 1, longer)] {
                if to > from && rows > 0 {
                    let weave = Weave {
                        rows,
                        distance,
                        count: to - from,
                        ..self.weave
                    };
                    let y = &mut y[self.y + run[0].first + self.weave.step * from..];
                    step.common.isa.weave(&weave, &sums[from..], y);
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
