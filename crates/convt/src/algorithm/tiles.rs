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
//! the input are wasted. **Scratch:** a panel and a block's sums, cut to [`PANEL`] and [`SUMS`] elements where the taps'
//! reach allows. **Chosen** for finite weights.

use std::ops::Range;

use convt_geometry::Walk;
use convt_simd::{Isa, Taps};

use super::blocked::{Blocked, RowBlock};
use super::{Call, threads};
use crate::layer::Resolved;
use crate::{Element, Error};

/// Elements of a panel that a tile is cut to.
const PANEL: usize = 128 << 10;

/// Elements of a block's sums that a tile is cut to.
const SUMS: usize = 64 << 10;

/// Positions below which weights would be read again too soon: a tile takes fewer channels at a time rather.
const POSITIONS: usize = 96;

/// Phases along the width whose sums are held until they are interleaved.
const HELD: usize = 2;

/// Elements behind a panel that a tile's last vector may read.
const SLACK: usize = 16;

/// The most rows of a block.
const ROWS: usize = 12;

/// One spatial axis.
struct Line {
    input: usize,
    output: usize,
    /// Distance between a phase's outputs, and between the inputs of one tap.
    step: usize,
    input_step: usize,
    /// Positions: `ceil(output / step)`.
    count: usize,
    phases: Vec<LinePhase>,
    /// The residues modulo `input_step` that taps read, ascending.
    residues: Vec<usize>,
    /// The smallest shift, and how far the largest lies beyond it.
    shift: isize,
    span: usize,
}

struct LinePhase {
    first: usize,
    count: usize,
    /// One of its taps, which tells its class.
    tap: usize,
    /// `(index into residues, shift beyond the smallest)` of each tap.
    taps: Vec<(usize, usize)>,
}

impl Line {
    fn new(walk: &Walk) -> Result<Self, Error> {
        let phases = walk.phases()?;
        let (step, input_step) = phases
            .first()
            .map_or((1, 1), |phase| (phase.step, phase.input_step));
        let count = walk.output().div_ceil(step);
        let stride = input_step as isize;
        // A tap that meets no input at any position may lie anywhere as far: its products are all with zeros.
        let nearest = -(count as isize);
        let farthest = walk.input().div_ceil(input_step) as isize;
        let place = |offset: isize| {
            let shift = offset.div_euclid(stride).clamp(nearest, farthest);
            (offset.rem_euclid(stride) as usize, shift)
        };
        let offsets = || {
            phases
                .iter()
                .flat_map(|phase| &phase.taps)
                .map(|tap| place(tap.offset))
        };
        let mut residues: Vec<usize> = offsets().map(|(residue, _)| residue).collect();
        residues.sort_unstable();
        residues.dedup();
        let shift = offsets().map(|(_, shift)| shift).min().unwrap_or(0);
        let last = offsets().map(|(_, shift)| shift).max().unwrap_or(0);
        let line_phase = |phase: &convt_geometry::Phase| LinePhase {
            first: phase.first,
            count: phase.count,
            tap: phase.taps[0].index,
            taps: phase
                .taps
                .iter()
                .map(|tap| {
                    let (residue, to) = place(tap.offset);
                    let index = residues.binary_search(&residue).unwrap_or_default();
                    (index, (to - shift) as usize)
                })
                .collect(),
        };
        Ok(Self {
            input: walk.input(),
            output: walk.output(),
            step,
            input_step,
            count,
            phases: phases.iter().map(line_phase).collect(),
            residues,
            shift,
            span: (last - shift) as usize,
        })
    }

    /// An axis of one element that a kernel of one tap copies.
    fn unit() -> Self {
        Self {
            input: 1,
            output: 1,
            step: 1,
            input_step: 1,
            count: 1,
            phases: vec![LinePhase {
                first: 0,
                count: 1,
                tap: 0,
                taps: vec![(0, 0)],
            }],
            residues: vec![0],
            shift: 0,
            span: 0,
        }
    }

    /// Whether every output is reached by some phase.
    fn is_covered(&self) -> bool {
        self.phases.len() == self.step.min(self.output)
    }
}

/// Depth, height and width.
fn lines(sizes: &Resolved) -> Result<[Line; 3], Error> {
    let line = |from_innermost: usize| {
        let walk = sizes.walks.iter().rev().nth(from_innermost);
        walk.map_or_else(|| Ok(Line::unit()), Line::new)
    };
    Ok([line(2)?, line(1)?, line(0)?])
}

/// Elements of scratch that a run needs.
pub(crate) fn scratch_elements(sizes: &Resolved, threads: usize) -> Result<usize, Error> {
    let workers = threads::workers(threads, sizes.work());
    let each = Cut::new(&lines(sizes)?, sizes, workers).scratch();
    Ok(each.saturating_mul(workers))
}

/// How a run is cut into tiles.
#[derive(Clone, Copy)]
struct Cut {
    /// The axis along which tiles lie.
    axis: usize,
    /// Positions of a tile along it.
    positions: usize,
    tiles: usize,
    /// Input channels of a panel.
    channels: usize,
    /// Panel elements along each axis, and of one channel.
    size: [usize; 3],
    channel: usize,
    /// Flat positions that a tile computes at most.
    flat: usize,
}

impl Cut {
    fn new(lines: &[Line; 3], sizes: &Resolved, workers: usize) -> Self {
        let in_per_group = sizes.in_per_group;
        // One thread takes the largest tiles; several want two each.
        let wanted = if workers == 1 {
            1
        } else {
            (2 * workers).div_ceil(sizes.batch.max(1))
        };
        let axis = lines.iter().position(|line| line.output > 1).unwrap_or(2);
        let size = |positions: usize| -> [usize; 3] {
            std::array::from_fn(|a| {
                let count = if a == axis { positions } else { lines[a].count };
                count.saturating_add(lines[a].span)
            })
        };
        let channel = |positions: usize| {
            let residues = lines.iter().map(|line| line.residues.len());
            let factors = size(positions).into_iter().chain(residues);
            factors.fold(1, usize::saturating_mul)
        };
        let flat = |positions: usize| {
            let [_, height, width] = size(positions);
            let before = |a: usize| if a == axis { positions } else { lines[a].count } - 1;
            let rows = before(0).saturating_mul(height).saturating_add(before(1));
            rows.saturating_mul(width)
                .saturating_add(before(2))
                .saturating_add(1)
        };
        let fits = |positions: usize, channels: usize| {
            channel(positions).saturating_mul(channels) <= PANEL
                && flat(positions).saturating_mul(ROWS * HELD) <= SUMS
        };
        let most = lines[axis].count.div_ceil(wanted).max(1);
        // The most positions that fit with all channels; else enough to be worth the weights, and fewer channels.
        let mut positions = last_where(most, |n| fits(n, in_per_group));
        let worth = last_where(most, |n| flat(n) < POSITIONS)
            .saturating_add(1)
            .min(most);
        if positions < worth {
            positions = worth.min(last_where(most, |n| fits(n, 1)));
        }
        let channels = (PANEL / channel(positions).max(1)).clamp(1, in_per_group.max(1));
        Self {
            axis,
            positions,
            tiles: lines[axis].count.div_ceil(positions),
            channels,
            size: size(positions),
            channel: channel(positions),
            flat: flat(positions),
        }
    }

    fn panel(&self) -> usize {
        self.channel
            .saturating_mul(self.channels)
            .saturating_add(SLACK)
    }

    fn pitch(&self) -> usize {
        self.flat
            .checked_next_multiple_of(SLACK)
            .unwrap_or(usize::MAX)
    }

    /// Elements of scratch that one thread needs.
    fn scratch(&self) -> usize {
        self.panel()
            .saturating_add(self.pitch().saturating_mul(ROWS * HELD))
    }
}

/// The last of `1..=most` for which `holds`, which holds up to some number and no further; 1 if it never does.
fn last_where(most: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (1, most);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if holds(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

/// The algorithm bound to weights and sizes.
pub(crate) struct Tiles<'a, T> {
    packed: &'a Blocked<T>,
    lines: [Line; 3],
    batch: usize,
    in_channels: usize,
    out_channels: usize,
    cut: Cut,
    workers: usize,
}

/// A tile of some channels of one image.
struct Job<'y, T> {
    image: usize,
    tile: usize,
    blocks: Range<usize>,
    /// The tile's part of each plane of the blocks' channels.
    planes: Vec<&'y mut [T]>,
}

impl<'a, T: Element> Tiles<'a, T> {
    pub(crate) fn new(
        packed: &'a Blocked<T>,
        sizes: &Resolved,
        threads: usize,
    ) -> Result<Self, Error> {
        let lines = lines(sizes)?;
        let workers = threads::workers(threads, sizes.work());
        let cut = Cut::new(&lines, sizes, workers);
        Ok(Self {
            packed,
            batch: sizes.batch,
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
        // Where tiles are too few for the threads, channels are shared among them as well.
        let blocks = self.packed.blocks.len();
        let pieces = (2 * self.workers).div_ceil(self.batch * self.cut.tiles);
        let pieces = if self.workers == 1 {
            1
        } else {
            pieces.clamp(1, blocks)
        };
        let progress = options.progress.as_deref();
        if let Some(progress) = progress {
            progress.begin(self.batch * self.cut.tiles * pieces);
        }
        let jobs = self.jobs(y, blocks.div_ceil(pieces));
        threads::share(memory.chunks_exact_mut(each), jobs, |memory, mut job| {
            let (panel, sums) = memory.split_at_mut(self.cut.panel());
            self.job(isa, x, &mut job, panel, sums);
            let channel = self.packed.blocks[job.blocks.start].channel;
            for (n, plane) in job.planes.iter_mut().enumerate() {
                activation.apply(isa, channel + n, plane);
            }
            if let Some(progress) = progress {
                progress.step();
            }
        });
        Ok(())
    }

    /// Every tile of every image, its channels in pieces of `step` blocks, each with its own part of `y`.
    fn jobs<'y>(
        &'y self,
        y: &'y mut [T],
        step: usize,
    ) -> impl Iterator<Item = Job<'y, T>> + Send + 'y {
        let inner: usize = self.lines[self.cut.axis + 1..]
            .iter()
            .map(|line| line.output)
            .product();
        let plane = self.lines[self.cut.axis].output * inner;
        let part = self.lines[self.cut.axis].step * self.cut.positions * inner;
        let blocks = &self.packed.blocks;
        y.chunks_mut(plane * self.out_channels)
            .enumerate()
            .flat_map(move |(image, y)| {
                let mut planes: Vec<_> = y.chunks_mut(plane).map(|y| y.chunks_mut(part)).collect();
                (0..self.cut.tiles).flat_map(move |tile| {
                    let pieces = (0..blocks.len()).step_by(step).map(|first| {
                        let blocks_of_piece = first..(first + step).min(blocks.len());
                        let channels = blocks[first].channel
                            ..blocks
                                .get(first + step)
                                .map_or(self.out_channels, |b| b.channel);
                        let planes = planes[channels].iter_mut().filter_map(Iterator::next);
                        Job {
                            image,
                            tile,
                            blocks: blocks_of_piece,
                            planes: planes.collect(),
                        }
                    });
                    pieces.collect::<Vec<_>>()
                })
            })
    }

    fn job(&self, isa: Isa, x: &[T], job: &mut Job<'_, T>, panel: &mut [T], sums: &mut [T]) {
        let blocks = &self.packed.blocks[job.blocks.clone()];
        let Some(first) = blocks.first() else { return };
        let (first_channel, ins) = (first.channel, self.packed.in_per_group);
        if ins == 0 || !self.lines.iter().all(Line::is_covered) {
            for (plane, bias) in job
                .planes
                .iter_mut()
                .zip(&self.packed.bias[first_channel..])
            {
                plane.fill(*bias + T::ZERO);
            }
        }
        let begin = job.tile * self.cut.positions;
        let mut range: [Range<usize>; 3] = std::array::from_fn(|a| 0..self.lines[a].count);
        range[self.cut.axis] =
            begin..(begin + self.cut.positions).min(self.lines[self.cut.axis].count);
        for group in blocks.chunk_by(|a, b| self.group(*a) == self.group(*b)) {
            let image = job.image * self.in_channels + self.group(group[0]) * ins;
            for from in (0..ins).step_by(self.cut.channels) {
                let channels = from..(from + self.cut.channels).min(ins);
                self.fill_panel(x, image, &channels, &range, panel);
                for block in group {
                    let first = block.channel - first_channel;
                    let planes = &mut job.planes[first..first + block.rows];
                    let step = Step {
                        isa,
                        block: *block,
                        channels: channels.clone(),
                        range: &range,
                    };
                    self.block(&step, panel, sums, planes);
                }
            }
        }
    }

    fn group(&self, block: RowBlock) -> usize {
        block.channel / self.packed.out_per_group
    }

    /// Copies the inputs that the tile's positions reach, zeros around them.
    fn fill_panel(
        &self,
        x: &[T],
        first_plane: usize,
        channels: &Range<usize>,
        range: &[Range<usize>; 3],
        panel: &mut [T],
    ) {
        let [depth, height, width] = &self.lines;
        let [size_d, size_h, size_w] = self.cut.size;
        let plane = depth.input * height.input * width.input;
        // The input of panel element j along an axis, if there is one.
        let input = |line: &Line, a: usize, residue: usize, j: usize| {
            let at = (range[a].start + j) as isize + line.shift;
            let q = at * line.input_step as isize + residue as isize;
            (0..line.input as isize).contains(&q).then_some(q as usize)
        };
        let mut rows = panel.chunks_exact_mut(size_w);
        for i in channels.clone() {
            let x = &x[(first_plane + i) * plane..][..plane];
            for &rd in &depth.residues {
                for &rh in &height.residues {
                    for &rw in &width.residues {
                        for jd in 0..size_d {
                            let qd = input(depth, 0, rd, jd);
                            for jh in 0..size_h {
                                let Some(row) = rows.next() else { return };
                                let qh = input(height, 1, rh, jh);
                                let (Some(qd), Some(qh)) = (qd, qh) else {
                                    row.fill(T::ZERO);
                                    continue;
                                };
                                let x = &x[(qd * height.input + qh) * width.input..][..width.input];
                                copy_row(row, x, width, range[2].start as isize + width.shift, rw);
                            }
                        }
                    }
                }
            }
        }
    }

    /// All phases of one block of channels.
    fn block(&self, step: &Step<'_>, panel: &[T], sums: &mut [T], planes: &mut [&mut [T]]) {
        let [depth, height, width] = &self.lines;
        let pitch = self.cut.pitch();
        for pd in &depth.phases {
            for ph in &height.phases {
                for held in width.phases.chunks(HELD) {
                    for (pw, sums) in held.iter().zip(sums.chunks_exact_mut(pitch * ROWS)) {
                        if step.channels.start > 0 {
                            self.each_row(step, pd, ph, |row, at| {
                                for (sums, plane) in sums.chunks_exact_mut(pitch).zip(&mut *planes)
                                {
                                    gather(
                                        &mut sums[at..],
                                        &plane[row.clone()],
                                        pw,
                                        width,
                                        &step.range[2],
                                    );
                                }
                            });
                        }
                        self.sum(step, panel, [pd, ph, pw], sums);
                    }
                    self.each_row(step, pd, ph, |row, at| {
                        for (r, plane) in planes.iter_mut().enumerate() {
                            let y = &mut plane[row.clone()];
                            let of = |held: usize| &sums[(held * ROWS + r) * pitch + at..];
                            store(y, held, of, width, &step.range[2]);
                        }
                    });
                }
            }
        }
    }

    /// One phase of one block: the register tiles.
    fn sum(&self, step: &Step<'_>, panel: &[T], phase: [&LinePhase; 3], sums: &mut [T]) {
        let [size_d, size_h, size_w] = self.cut.size;
        let [_, height, width] = &self.lines;
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
        let mut next = offsets.iter_mut();
        for &(rd, sd) in &phase[0].taps {
            for &(rh, sh) in &phase[1].taps {
                for (&(rw, sw), offset) in phase[2].taps.iter().zip(&mut next) {
                    let residue = (rd * height.residues.len() + rh) * width.residues.len() + rw;
                    *offset = ((residue * size_d + sd) * size_h + sh) * size_w + sw;
                }
            }
        }
        let class =
            std::array::from_fn(|a| self.packed.axes[a].of_tap(self.packed.op, phase[a].tap));
        let taps = Taps {
            x: panel,
            plane: self.cut.channel,
            planes: step.channels.len(),
            offsets,
            weights: self
                .packed
                .weights(step.block, class, step.channels.clone()),
        };
        let bias = &self.packed.bias[step.block.channel..][..step.block.rows];
        let start = (step.channels.start == 0).then_some(bias);
        let [d, h, w] = step.range.each_ref().map(ExactSizeIterator::len);
        let flat = ((d - 1) * size_h + h - 1) * size_w + w;
        step.isa.tile(
            step.block.rows,
            &taps,
            0,
            flat,
            start,
            (sums, self.cut.pitch()),
        );
    }

    /// Calls `work(row, at)` for every row of outputs of two phases in the tile: where it lies in the tile's part of a plane,
    /// and where its sums begin.
    fn each_row(
        &self,
        step: &Step<'_>,
        pd: &LinePhase,
        ph: &LinePhase,
        mut work: impl FnMut(Range<usize>, usize),
    ) {
        let [depth, height, width] = &self.lines;
        let [_, size_h, size_w] = self.cut.size;
        let [ds, hs, ws] = step.range;
        // The tile's part of a plane begins at the tile's first output.
        let first_row = depth.step * ds.start * height.output + height.step * hs.start;
        let columns = (width.step * ws.end).min(width.output) - width.step * ws.start;
        for d in ds.start..ds.end.min(pd.count) {
            for h in hs.start..hs.end.min(ph.count) {
                let output =
                    (pd.first + depth.step * d) * height.output + ph.first + height.step * h;
                let row = (output - first_row) * columns;
                let at = ((d - ds.start) * size_h + h - hs.start) * size_w;
                work(row..row + columns, at);
            }
        }
    }
}

/// What is the same for all phases of a block.
struct Step<'r> {
    isa: Isa,
    block: RowBlock,
    channels: Range<usize>,
    /// The tile's positions along each axis.
    range: &'r [Range<usize>; 3],
}

/// Copies the inputs `input_step*(j + shift) + residue` of a row for every `j`, zeros where there are none.
fn copy_row<T: Element>(row: &mut [T], x: &[T], line: &Line, shift: isize, residue: usize) {
    let stride = line.input_step as isize;
    let ceil_div = |n: isize| n.div_euclid(stride) + isize::from(n.rem_euclid(stride) != 0);
    // 0 <= stride*(j + shift) + residue < input
    let from = (ceil_div(-(residue as isize)) - shift).clamp(0, row.len() as isize) as usize;
    let to = ceil_div(line.input as isize - residue as isize) - shift;
    let to = to.clamp(from as isize, row.len() as isize) as usize;
    row[..from].fill(T::ZERO);
    row[to..].fill(T::ZERO);
    if from < to {
        let first = ((from as isize + shift) * stride) as usize + residue;
        if line.input_step == 1 {
            row[from..to].copy_from_slice(&x[first..first + to - from]);
        } else {
            let x = x[first..].iter().step_by(line.input_step);
            row[from..to].iter_mut().zip(x).for_each(|(to, &x)| *to = x);
        }
    }
}

/// Reads the partial sums of one phase back from the outputs of a row.
fn gather<T: Element>(
    sums: &mut [T],
    y: &[T],
    phase: &LinePhase,
    line: &Line,
    range: &Range<usize>,
) {
    let count = range.end.min(phase.count).saturating_sub(range.start);
    if count > 0 {
        let y = y[phase.first..].iter().step_by(line.step);
        sums[..count]
            .iter_mut()
            .zip(y)
            .for_each(|(sum, &y)| *sum = y);
    }
}

/// Stores the sums of neighbouring phases into a row of outputs; `of(n)` are those of the n-th.
fn store<'s, T: Element>(
    y: &mut [T],
    phases: &[LinePhase],
    of: impl Fn(usize) -> &'s [T],
    line: &Line,
    range: &Range<usize>,
) {
    let count = |phase: &LinePhase| range.end.min(phase.count).saturating_sub(range.start);
    if let (2, [even, odd]) = (line.step, phases) {
        // Both phases of a stride of 2: whole pairs first, then what the longer one has left.
        let pairs = count(even).min(count(odd));
        let sums = of(0)[..pairs].iter().zip(&of(1)[..pairs]);
        for (y, (&a, &b)) in y.chunks_exact_mut(2).zip(sums) {
            y[0] = a + T::ZERO;
            y[1] = b + T::ZERO;
        }
        if count(even) > pairs {
            y[2 * pairs] = of(0)[pairs] + T::ZERO;
        }
        return;
    }
    for (n, phase) in phases.iter().enumerate() {
        let sums = &of(n)[..count(phase)];
        if line.step == 1 {
            y.iter_mut()
                .zip(sums)
                .for_each(|(y, &sum)| *y = sum + T::ZERO);
        } else if !sums.is_empty() {
            let y = y[phase.first..].iter_mut().step_by(line.step);
            y.zip(sums).for_each(|(y, &sum)| *y = sum + T::ZERO);
        }
    }
}
