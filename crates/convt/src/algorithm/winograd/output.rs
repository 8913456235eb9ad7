//! From the sums to the output: inverse transforms, bias, and the interleaving of classes and positions.
//!
//! A channel's sums are lines of lanes (tiles), one per point. Their inverse transform gives one line per position `j` of
//! the tile and class `c`. Along the width, outputs `s*j + c` of a tile lie side by side, then those of the next tile: the
//! lines are interleaved into rows, whose parts are passed through the activation and copied to their places.

use convt_simd::{Isa, Routine};

use super::lanes::{LANES, Lanes};
use super::scheme::{ANY, MOST, Scheme, with_schemes};
use super::{Geometry, Run};
use crate::{Activation, Element};

/// The most rows of a block.
pub(super) const ROWS: usize = 12;

/// Where a channel's outputs go: for every image of a job, the outputs of the plane from `first` on along `axis`.
pub(super) struct Destination<'a, 'y, T> {
    /// One of every `per_image` planes is the channel's, from its own on.
    pub(super) planes: &'a mut [&'y mut [T]],
    pub(super) per_image: usize,
    pub(super) first_image: usize,
    pub(super) axis: usize,
    pub(super) first: usize,
    /// Outputs along each axis.
    pub(super) size: [usize; 3],
}

/// One channel's sums of one class of rows.
pub(super) struct Sums<'a, T> {
    /// `[class along the width][point][ROWS][pitch]`, from the channel's row on.
    pub(super) points: &'a [T],
    pub(super) pitch: usize,
    /// Classes along depth and height.
    pub(super) class: [usize; 2],
    pub(super) channel: usize,
    pub(super) bias: T,
}

/// Finishes one channel.
pub(super) struct Finish<'a, 'y, T, R> {
    pub(super) geometry: &'a Geometry,
    pub(super) isa: Isa,
    pub(super) activation: &'a Activation<T>,
    pub(super) runs: R,
    pub(super) from: Sums<'a, T>,
    /// [`elements`] elements.
    pub(super) memory: &'a mut [T],
    pub(super) to: Destination<'a, 'y, T>,
}

/// Elements that [`Finish`] needs for blocks of `pitch` tiles: lines, the rows that they make, and what lies between.
pub(super) fn elements(geometry: &Geometry, pitch: usize) -> usize {
    let [depth, height, width] = geometry.axes.map(|axis| axis.scheme);
    let lines = geometry.positions() * geometry.axes[2].stride;
    let deep = depth.points() * height.outputs() * width.outputs();
    (2 * lines + width.outputs() * geometry.axes[2].stride + deep) * pitch
}

impl<T: Element, R: Iterator<Item = Run> + Clone> Routine for Finish<'_, '_, T, R> {
    /// The images with a value that is not finite, outputs that are cropped among them.
    type Output = Vec<usize>;

    #[inline(always)]
    fn run(mut self) -> Vec<usize> {
        let geometry = self.geometry;
        let [depth, height, width] = &geometry.axes;
        let pitch = self.from.pitch;
        let across = width.scheme.outputs() * width.stride;
        let size = geometry.positions() * width.stride * pitch;
        let (lines, memory) = self.memory.split_at_mut(size);
        let (rows, memory) = memory.split_at_mut(size);
        let spoilt = if inverse(geometry, &self.from, lines, memory) {
            Vec::new()
        } else {
            spoilt_images(lines, pitch, self.runs.clone())
        };
        for (lines, row) in lines
            .chunks_exact(across * pitch)
            .zip(rows.chunks_exact_mut(across * pitch))
        {
            interleave(lines, pitch, width.stride, row, memory);
        }
        for run in self.runs {
            let mut rows = rows.chunks_exact_mut(across * pitch);
            for jd in 0..depth.scheme.outputs() {
                let od = depth.output_at(run.tiles[0], jd, self.from.class[0]);
                for jh in 0..height.scheme.outputs() {
                    let oh = height.output_at(run.tiles[1], jh, self.from.class[1]);
                    let Some(row) = rows.next() else { break };
                    let inside = (0..depth.output as isize).contains(&od)
                        && (0..height.output as isize).contains(&oh);
                    if !inside {
                        continue;
                    }
                    let place = [od as usize, oh as usize];
                    let row = &mut row[across * run.at..across * (run.at + run.len)];
                    let (row, start) = clip(geometry, &run, row);
                    self.activation.apply(self.isa, self.from.channel, row);
                    self.to.store(run.image, place, start, row, width.dilation);
                }
            }
        }
        spoilt
    }
}

impl<T: Element> Destination<'_, '_, T> {
    /// Stores outputs of a row from `start` on, `step` apart.
    #[inline(always)]
    fn store(&mut self, image: usize, place: [usize; 2], start: usize, row: &[T], step: usize) {
        if row.is_empty() {
            return;
        }
        let mut at = [place[0], place[1], start];
        at[self.axis] -= self.first;
        let [_, height, width] = self.size;
        let plane = &mut self.planes[(image - self.first_image) * self.per_image];
        let y = &mut plane[(at[0] * height + at[1]) * width + at[2]..];
        if step == 1 {
            y[..row.len()].copy_from_slice(row);
        } else {
            y.iter_mut()
                .step_by(step)
                .zip(row)
                .for_each(|(y, &value)| *y = value);
        }
    }
}

/// The images of runs with a value that is not finite.
#[cold]
fn spoilt_images<T: Element>(
    lines: &[T],
    pitch: usize,
    runs: impl Iterator<Item = Run>,
) -> Vec<usize> {
    let is_spoilt = |run: &Run| {
        let mut lines = lines.chunks_exact(pitch);
        lines.any(|line| line[run.at..][..run.len].iter().any(|v| !v.is_finite()))
    };
    runs.filter(is_spoilt).map(|run| run.image).collect()
}

/// The outputs of a run's row that exist, and where the first of them lies.
#[inline(always)]
fn clip<'r, T>(geometry: &Geometry, run: &Run, row: &'r mut [T]) -> (&'r mut [T], usize) {
    let width = &geometry.axes[2];
    let step = width.dilation as isize;
    let first = width.output_at(run.tiles[2], 0, 0);
    let ceil_div = |n: isize| n.div_euclid(step) + isize::from(n.rem_euclid(step) != 0);
    // 0 <= first + step*e < output
    let len = row.len() as isize;
    let from = ceil_div(-first).clamp(0, len);
    let to = ceil_div(width.output as isize - first).clamp(from, len);
    let start = (first + step * from).max(0) as usize;
    (&mut row[from as usize..to as usize], start)
}

/// `A` along every axis, and the bias: `lines` receives `[position along depth][height][width][class along the
/// width][pitch]`. Returns whether every value is finite.
#[inline(always)]
fn inverse<T: Element>(
    geometry: &Geometry,
    from: &Sums<'_, T>,
    lines: &mut [T],
    deep: &mut [T],
) -> bool {
    let [depth, height, width] = geometry.axes.map(|axis| axis.scheme);
    // A bias of -0 would leave outputs of -0.
    let bias = Lanes::splat(from.bias + T::ZERO);
    let classes = geometry.axes[2].stride;
    let mut spoilt = Lanes::splat(T::ZERO);
    let outputs = height.outputs() * width.outputs();
    let in_plane = height.points() * width.points();
    for class in 0..classes {
        let sums = &from.points[class * geometry.points() * ROWS * from.pitch..];
        if depth == Scheme::F11 {
            let to = (&mut lines[class * from.pitch..], classes * from.pitch);
            let state = (bias, &mut spoilt);
            with_schemes!(
                height,
                width,
                plane::<T>([height, width], sums, from.pitch, to, state)
            );
            continue;
        }
        let zero = Lanes::splat(T::ZERO);
        for d in 0..depth.points() {
            let sums = &sums[d * in_plane * ROWS * from.pitch..];
            let to = (&mut deep[d * outputs * from.pitch..], from.pitch);
            let state = (zero, &mut spoilt);
            with_schemes!(
                height,
                width,
                plane::<T>([height, width], sums, from.pitch, to, state)
            );
        }
        for at in (0..outputs * from.pitch).step_by(LANES) {
            let mut values = [zero; MOST];
            for (p, value) in values.iter_mut().enumerate().take(depth.points()) {
                *value = Lanes::load(&deep[p * outputs * from.pitch + at..]);
            }
            let values = depth.output(values);
            for (j, &value) in values.iter().enumerate().take(depth.outputs()) {
                let value = value.add(bias);
                spoilt = spoilt.spoil(value);
                let (output, t) = (at / from.pitch, at % from.pitch);
                let line = (j * outputs + output) * classes + class;
                value.store(&mut lines[line * from.pitch + t..]);
            }
        }
    }
    spoilt.is_finite()
}

/// `A` along height and width plus `bias`; the constants are the schemes' codes. Output `j` goes to `to[j*step..]`.
#[inline(always)]
fn plane<T: Element, const H: usize, const W: usize>(
    [high, wide]: [Scheme; 2],
    sums: &[T],
    pitch: usize,
    (to, step): (&mut [T], usize),
    (bias, spoilt): (Lanes<T>, &mut Lanes<T>),
) {
    let (high, wide) = (high.or_of(H), wide.or_of(W));
    let zero = Lanes::splat(T::ZERO);
    let mut seen = *spoilt;
    for t in (0..pitch).step_by(LANES) {
        let mut tile = [[zero; MOST]; MOST];
        for w in 0..wide.points() {
            let mut column = [zero; MOST];
            for (h, value) in column.iter_mut().enumerate().take(high.points()) {
                *value = Lanes::load(&sums[(h * wide.points() + w) * ROWS * pitch + t..]);
            }
            let column = high.output(column);
            for h in 0..high.outputs() {
                tile[h][w] = column[h];
            }
        }
        for (h, row) in tile.iter().enumerate().take(high.outputs()) {
            let row = wide.output(*row);
            for (w, &value) in row.iter().enumerate().take(wide.outputs()) {
                let value = value.add(bias);
                seen = seen.spoil(value);
                value.store(&mut to[(h * wide.outputs() + w) * step + t..]);
            }
        }
    }
    *spoilt = seen;
}

/// `row[count*t + n] = lines[n*pitch + t]` for the `count` lines of one row, classes of a position side by side.
#[inline(always)]
fn interleave<T: Element>(
    lines: &[T],
    pitch: usize,
    classes: usize,
    row: &mut [T],
    memory: &mut [T],
) {
    let count = lines.len() / pitch;
    if count <= 8 {
        return interleave_lines(lines, pitch, row);
    }
    // First the classes of each position, then whole positions.
    let positions = count / classes;
    let memory = &mut memory[..lines.len()];
    for (lines, to) in lines
        .chunks_exact(classes * pitch)
        .zip(memory.chunks_exact_mut(classes * pitch))
    {
        interleave_lines(lines, pitch, to);
    }
    match classes {
        4 => interleave_positions::<T, 4>(memory, positions, row),
        5 => interleave_positions::<T, 5>(memory, positions, row),
        8 => interleave_positions::<T, 8>(memory, positions, row),
        _ => {
            for (j, from) in memory.chunks_exact(classes * pitch).enumerate() {
                let row = row.chunks_exact_mut(count);
                for (to, from) in row.zip(from.chunks_exact(classes)) {
                    to[j * classes..][..classes].copy_from_slice(from);
                }
            }
        }
    }
}

#[inline(always)]
fn interleave_positions<T: Element, const CLASSES: usize>(
    from: &[T],
    positions: usize,
    row: &mut [T],
) {
    for (j, from) in from.chunks_exact(from.len() / positions).enumerate() {
        let row = row.chunks_exact_mut(positions * CLASSES);
        for (to, from) in row.zip(from.chunks_exact(CLASSES)) {
            to[j * CLASSES..][..CLASSES].copy_from_slice(from);
        }
    }
}

#[inline(always)]
fn interleave_lines<T: Element>(lines: &[T], pitch: usize, row: &mut [T]) {
    match lines.len() / pitch {
        1 => row.copy_from_slice(lines),
        2 => interleave_by::<T, 2>(lines, pitch, row),
        3 => interleave_by::<T, 3>(lines, pitch, row),
        4 => interleave_by::<T, 4>(lines, pitch, row),
        5 => interleave_by::<T, 5>(lines, pitch, row),
        6 => interleave_by::<T, 6>(lines, pitch, row),
        8 => interleave_by::<T, 8>(lines, pitch, row),
        count => {
            for (n, line) in lines.chunks_exact(pitch).enumerate() {
                let row = row[n..].iter_mut().step_by(count);
                row.zip(line).for_each(|(to, &value)| *to = value);
            }
        }
    }
}

#[inline(always)]
fn interleave_by<T: Element, const N: usize>(lines: &[T], pitch: usize, row: &mut [T]) {
    let lines: [&[T]; N] = std::array::from_fn(|n| &lines[n * pitch..][..pitch]);
    for (t, outputs) in row.chunks_exact_mut(N).take(pitch).enumerate() {
        for (to, line) in outputs.iter_mut().zip(&lines) {
            *to = line[t];
        }
    }
}
