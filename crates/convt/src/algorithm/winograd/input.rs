//! From the input to `V`: every input channel's tiles, transformed.
//!
//! A run of tiles along a row reads the same rows of the input at neighbouring places. Those rows are copied with zeros
//! where there is no input, then split by the remainder modulo the outputs `m` of a tile, so that the `e`-th input of
//! neighbouring tiles lies side by side: in part `e mod m`, from `e / m` on. Lanes are tiles.

use std::ops::Range;

use convt_simd::Routine;

use super::lanes::{LANES, Lanes};
use super::scheme::{ANY, MOST, Scheme, with_schemes};
use super::{Geometry, Run};
use crate::Element;

/// Fills `v` with the transformed tiles of `runs`: `[point][channel][pitch]`, [`point_elements`] to a point.
pub(super) struct Transform<'a, T, R> {
    pub(super) geometry: &'a Geometry,
    /// The input of the whole call.
    pub(super) x: &'a [T],
    /// The input channels to transform.
    pub(super) channels: Range<usize>,
    /// Runs of the block, and how many tiles they have.
    pub(super) runs: R,
    pub(super) tiles: usize,
    pub(super) v: &'a mut [T],
    pub(super) pitch: usize,
    /// [`rows_elements`] elements.
    pub(super) rows: &'a mut [T],
}

/// Elements of `V` for one point: after the last channel, what a run's last lanes write beyond it.
pub(super) fn point_elements(channels: usize, pitch: usize) -> usize {
    channels * pitch + LANES
}

/// Elements that [`Transform`] holds of a run of up to `len` tiles: its rows, and the same split.
pub(super) fn rows_elements(geometry: &Geometry, len: usize) -> usize {
    let [nd, nh, _] = geometry.axes.map(|axis| axis.scheme.points());
    2 * nd * nh * geometry.axes[2].scheme.outputs() * slots(geometry, len)
}

/// Tiles that a run's rows have room for: whole lanes and the one after; a multiple of the lanes where depth is transformed.
fn slots(geometry: &Geometry, len: usize) -> usize {
    let slots = len.next_multiple_of(LANES) + 1;
    if geometry.axes[0].scheme == Scheme::F11 {
        slots
    } else {
        slots.next_multiple_of(LANES)
    }
}

impl<T: Element, R: Iterator<Item = Run> + Clone> Routine for Transform<'_, T, R> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let geometry = self.geometry;
        let plane = geometry.input_plane();
        let point = point_elements(self.channels.len(), self.pitch);
        for (index, channel) in self.channels.enumerate() {
            for run in self.runs.clone() {
                let x = &self.x[(run.image * geometry.in_channels + channel) * plane..][..plane];
                // What lanes beyond the run write, the next run or channel overwrites; the last run's fill the block.
                let last = run.at + run.len == self.tiles;
                let len = if last { self.pitch - run.at } else { run.len };
                let len = len.next_multiple_of(LANES);
                let slots = slots(geometry, len);
                let lines = fill(geometry, x, &run, slots, self.rows);
                let [_, high, wide] = geometry.axes.map(|axis| axis.scheme);
                let v = &mut self.v[index * self.pitch + run.at..];
                with_schemes!(
                    high,
                    wide,
                    planes::<T>(geometry, lines, slots, (&mut *v, point), len)
                );
            }
        }
    }
}

/// The rows of a run, transformed along the depth and split: part `p` of line `l` begins at `(p*lines + l)*slots`.
#[inline(always)]
fn fill<'r, T: Element>(
    geometry: &Geometry,
    x: &[T],
    run: &Run,
    slots: usize,
    rows: &'r mut [T],
) -> &'r [T] {
    let [depth, height, width] = &geometry.axes;
    let [nd, nh, nw] = geometry.axes.map(|axis| axis.scheme.points());
    let m = width.scheme.outputs();
    // Tile t of the run reads elements m*t .. m*t + points.
    let count = m * (run.len - 1) + nw;
    let length = m * slots;
    let (rows, parts) = rows.split_at_mut(nd * nh * length);
    let first = width.input_at(run.tiles[2], 0);
    for (line, row) in rows.chunks_exact_mut(length).enumerate() {
        let (ed, eh) = (line / nh, line % nh);
        let qd = within(depth.input_at(run.tiles[0], ed), depth.input);
        let qh = within(height.input_at(run.tiles[1], eh), height.input);
        if let (Some(qd), Some(qh)) = (qd, qh) {
            let x = &x[(qd * height.input + qh) * width.input..][..width.input];
            copy_row(&mut row[..count], x, first, width.dilation);
            row[count..].fill(T::ZERO);
        } else {
            row.fill(T::ZERO);
        }
    }
    if depth.scheme != Scheme::F11 {
        across_depth(depth.scheme, rows, nh * length);
    }
    if m == 1 {
        return rows;
    }
    let parts = &mut parts[..rows.len()];
    let part = parts.len() / m;
    let (p0, rest) = parts.split_at_mut(part);
    if m == 2 {
        split_by_two(rows, p0, rest);
    } else {
        let (p1, p2) = rest.split_at_mut(part);
        split_by_three(rows, p0, p1, p2);
    }
    parts
}

fn within(at: isize, input: usize) -> Option<usize> {
    (0..input as isize).contains(&at).then_some(at as usize)
}

#[inline(always)]
fn across_depth<T: Element>(scheme: Scheme, rows: &mut [T], slab: usize) {
    for at in (0..slab).step_by(LANES) {
        let mut values = [Lanes::splat(T::ZERO); MOST];
        for (p, value) in values.iter_mut().enumerate().take(scheme.points()) {
            *value = Lanes::load(&rows[p * slab + at..]);
        }
        let values = scheme.input(values);
        for (p, value) in values.iter().enumerate().take(scheme.points()) {
            value.store(&mut rows[p * slab + at..]);
        }
    }
}

#[inline(always)]
fn split_by_two<T: Element>(rows: &[T], p0: &mut [T], p1: &mut [T]) {
    for ((from, p0), p1) in rows.chunks_exact(2).zip(p0).zip(p1) {
        *p0 = from[0];
        *p1 = from[1];
    }
}

#[inline(always)]
fn split_by_three<T: Element>(rows: &[T], p0: &mut [T], p1: &mut [T], p2: &mut [T]) {
    for (((from, p0), p1), p2) in rows.chunks_exact(3).zip(p0).zip(p1).zip(p2) {
        *p0 = from[0];
        *p1 = from[1];
        *p2 = from[2];
    }
}

/// Transforms along height and width; the constants are the schemes' codes.
#[inline(always)]
fn planes<T: Element, const H: usize, const W: usize>(
    geometry: &Geometry,
    parts: &[T],
    slots: usize,
    (v, point): (&mut [T], usize),
    len: usize,
) {
    let [_, high, wide] = geometry.axes.map(|axis| axis.scheme);
    let (high, wide) = (high.or_of(H), wide.or_of(W));
    let (nh, nw) = (high.points(), wide.points());
    let nd = geometry.axes[0].scheme.points();
    let part = nd * nh * slots;
    for d in 0..nd {
        for t in (0..len).step_by(LANES) {
            let mut tile = [[Lanes::splat(T::ZERO); MOST]; MOST];
            for e in 0..nw {
                let mut column = [Lanes::splat(T::ZERO); MOST];
                for (h, value) in column.iter_mut().enumerate().take(nh) {
                    let line = (e % wide.outputs()) * part + (d * nh + h) * slots;
                    *value = Lanes::load(&parts[line + t + e / wide.outputs()..]);
                }
                let column = high.input(column);
                for h in 0..nh {
                    tile[h][e] = column[h];
                }
            }
            for (h, row) in tile.iter().enumerate().take(nh) {
                let row = wide.input(*row);
                for (w, value) in row.iter().enumerate().take(nw) {
                    value.store(&mut v[((d * nh + h) * nw + w) * point + t..]);
                }
            }
        }
    }
}

/// `row[e] = x[first + step*e]`, zero where there is no such input.
#[inline(always)]
fn copy_row<T: Element>(row: &mut [T], x: &[T], first: isize, step: usize) {
    let ceil_div = |n: isize| {
        let step = step as isize;
        n.div_euclid(step) + isize::from(n.rem_euclid(step) != 0)
    };
    // 0 <= first + step*e < x.len()
    let from = ceil_div(-first).clamp(0, row.len() as isize) as usize;
    let to = ceil_div(x.len() as isize - first).clamp(from as isize, row.len() as isize) as usize;
    row[..from].fill(T::ZERO);
    row[to..].fill(T::ZERO);
    if from < to {
        let start = (first + (step * from) as isize) as usize;
        if step == 1 {
            row[from..to].copy_from_slice(&x[start..start + to - from]);
        } else {
            let x = x[start..].iter().step_by(step);
            row[from..to].iter_mut().zip(x).for_each(|(to, &x)| *to = x);
        }
    }
}
