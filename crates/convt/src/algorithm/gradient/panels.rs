//! Panels of one block: both tensors with their channels side by side, the fine one's positions split by their remainder
//! modulo the stride, so that those that a tap meets lie one after the other.

use std::ops::Range;

use convt_simd::{FactorRun, Gather, Isa, Places, Runs};

use super::Pair;
use super::blocks::Block;
use super::cut::{Cut, Side};
use super::form::Form;
use crate::Element;

/// Some taps of depth and height: the lines of one pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pass {
    pub(super) depth: Range<usize>,
    pub(super) height: Range<usize>,
}

/// Channels of a job.
#[derive(Clone, Debug)]
pub(super) struct Channels {
    /// The groups: one, or those of the lanes.
    pub(super) groups: Range<usize>,
    /// Panels of the coarse tensor, and of the fine one.
    pub(super) coarse: Range<usize>,
    pub(super) fine: Range<usize>,
}

/// Where a block's elements lie in its panels: kept from block to block, because neighbours are mostly alike.
#[derive(Debug, Default)]
pub(super) struct Map {
    coarse: Places,
    fine: Places,
    /// Lines of the fine tensor that the pass needs, ascending, and for each line from the first on its number among them.
    lines: Vec<usize>,
    numbers: Vec<usize>,
    /// Columns of the fine tensor, and whether lines follow one another without a gap.
    columns: Range<usize>,
    joint: bool,
    /// The first column of a window, which may lie before the tensor, and the length of a line.
    window: isize,
    /// Positions of a phase's part of a line, and of a line.
    phase: usize,
    line: usize,
    depth_taps: usize,
    /// What the places were made for: positions of the coarse panel; lines and columns of the fine one.
    made: Option<[usize; 3]>,
}

impl Map {
    /// The map of a block and a pass.
    pub(super) fn set(&mut self, cut: &Cut, block: &Block, pass: &Pass) {
        let [_, height, width] = &cut.shape.axes;
        self.depth_taps = pass.depth.len();
        self.lines.clear();
        for tap in pass.height.clone() {
            let met = height.meeting(tap);
            let first = block.rows.start.max(met.coarse);
            let rows = first..block.rows.end.min(met.coarse + met.count);
            let fine = rows.map(|y| met.fine + (y - met.coarse) * height.stride());
            self.lines.extend(fine);
        }
        self.lines.sort_unstable();
        self.lines.dedup();
        self.numbers.clear();
        if let (Some(&first), Some(&last)) = (self.lines.first(), self.lines.last()) {
            self.numbers.resize(last - first + 1, usize::MAX);
            for (number, line) in self.lines.iter().enumerate() {
                self.numbers[line - first] = number;
            }
        }
        // Element x of a line is met at x = q*s + t*d - crop: from the block's first q and the first tap to the last of both.
        let axis = width.walk.axis();
        self.window = (block.columns.start * axis.stride) as isize - axis.crop.begin;
        let span = (block.columns.len() - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
        let within = |x: isize| x.clamp(0, width.fine as isize) as usize;
        self.columns = within(self.window)..within(self.window + span as isize);
        self.phase = self.columns.len().div_ceil(axis.stride);
        let positions = match cut.tile.form {
            Form::Window => span,
            _ => self.phase * axis.stride,
        };
        self.line = positions;
        self.joint = self.columns.len() == width.fine
            && self.numbers.len() == self.lines.len()
            && cut.tile.form != Form::Window;
        let lines = if self.joint { self.lines.len() } else { 1 };
        let (phase, pitch, length) = (self.phase, cut.fine.pitch, self.columns.len());
        let count = block.rows.len() * block.columns.len();
        let wanted = [count, lines, length];
        if self.made.replace(wanted) == Some(wanted) {
            return;
        }
        self.fine.set((0..lines).flat_map(|line| {
            (0..length).map(move |x| {
                (line * positions + x % axis.stride * phase + x / axis.stride) * pitch
            })
        }));
        self.coarse.set((0..count).map(|at| at * cut.coarse.pitch));
    }

    /// The number of a line that the pass needs.
    fn number(&self, line: usize) -> usize {
        self.numbers[line - self.lines[0]]
    }
}

/// One block's panels and what they are made of.
pub(super) struct Panels<'p, 'a, T> {
    pub(super) isa: Isa,
    pub(super) cut: &'p Cut,
    pub(super) pair: &'p Pair<'a, T>,
    pub(super) map: &'p Map,
    pub(super) block: &'p Block,
    pub(super) pass: &'p Pass,
    pub(super) channels: &'p Channels,
}

impl<T: Element> Panels<'_, '_, T> {
    /// The channels of a panel of one side: the first one, the distance to the next, how many there are.
    fn channels(&self, side: &Side, panel: usize) -> (usize, usize, usize) {
        let groups = &self.channels.groups;
        if self.cut.tile.form == Form::Matched {
            let first = groups.start * side.channels + panel;
            return (first, side.channels, groups.len());
        }
        let first = panel * side.each;
        let count = side.each.min(side.channels - first);
        (groups.start * side.channels + first, 1, count)
    }

    /// Elements of one coarse panel.
    pub(super) fn coarse_panel(&self) -> usize {
        self.block.planes.len()
            * self.block.rows.len()
            * self.block.columns.len()
            * self.cut.coarse.pitch
    }

    /// Elements of one fine panel.
    pub(super) fn fine_panel(&self) -> usize {
        let pitch = match self.cut.tile.form {
            Form::Window => self.cut.fine.channels,
            _ => self.cut.fine.pitch,
        };
        self.block.planes.len() * self.map.depth_taps * self.map.lines.len() * self.map.line * pitch
    }

    pub(super) fn gather_coarse(&self, panels: &mut [T]) {
        let shape = &self.cut.shape;
        let [depth, height, width] = &shape.axes;
        let (plane, each) = (shape.coarse_plane(), self.coarse_panel());
        if each == 0 {
            return;
        }
        let of_plane = each / self.block.planes.len();
        for (panel, to) in self
            .channels
            .coarse
            .clone()
            .zip(panels.chunks_exact_mut(each))
        {
            let (first, step, count) = self.channels(&self.cut.coarse, panel);
            let planes = self.block.planes.clone();
            for (at, to) in planes.zip(to.chunks_exact_mut(of_plane)) {
                let (n, z) = (at / depth.coarse, at % depth.coarse);
                let from = (n * shape.coarse_channels + first) * plane
                    + (z * height.coarse + self.block.rows.start) * width.coarse
                    + self.block.columns.start;
                let gather = Gather {
                    planes: &self.pair.coarse[from..],
                    plane: step * plane,
                    channels: count,
                    width: self.cut.coarse.pitch,
                    places: &self.map.coarse,
                };
                self.isa.gather(&gather, to);
            }
        }
    }

    pub(super) fn gather_fine(&self, panels: &mut [T]) {
        let shape = &self.cut.shape;
        let [_, height, width] = &shape.axes;
        let (plane, each) = (shape.fine_plane(), self.fine_panel());
        if each == 0 {
            return;
        }
        let line = each / (self.block.planes.len() * self.map.depth_taps * self.map.lines.len());
        let panels = panels.chunks_exact_mut(each);
        for (panel, to) in self.channels.fine.clone().zip(panels) {
            let (first, step, count) = self.channels(&self.cut.fine, panel);
            let slabs = to.chunks_exact_mut(each / self.block.planes.len() / self.map.depth_taps);
            for ((at, tap), to) in self.slabs().zip(slabs) {
                let Some((n, slab)) = self.meets(at, tap) else {
                    continue;
                };
                let from = (n * shape.fine_channels + first) * plane
                    + slab * height.fine * width.fine
                    + self.map.columns.start;
                let lines = self.map.lines.iter().zip(to.chunks_exact_mut(line));
                if self.cut.tile.form == Form::Window {
                    for (y, to) in lines {
                        self.window(&self.pair.fine[from + y * width.fine..], plane, to);
                    }
                    continue;
                }
                let gather = |y: usize, to: &mut [T]| {
                    let gather = Gather {
                        planes: &self.pair.fine[from + y * width.fine..],
                        plane: step * plane,
                        channels: count,
                        width: self.cut.fine.pitch,
                        places: &self.map.fine,
                    };
                    self.isa.gather(&gather, to);
                };
                if self.map.joint {
                    gather(self.map.lines[0], to);
                } else {
                    lines.for_each(|(&y, to)| gather(y, to));
                }
            }
        }
    }

    /// A line of a window: channels side by side, zeros where the tensor has no elements.
    fn window(&self, from: &[T], plane: usize, to: &mut [T]) {
        let (count, columns) = (self.cut.fine.channels, &self.map.columns);
        if columns.is_empty() {
            to.fill(T::ZERO);
            return;
        }
        let before = (columns.start as isize - self.map.window) as usize * count;
        let (zeros, rest) = to.split_at_mut(before);
        let (to, more) = rest.split_at_mut(columns.len() * count);
        zeros.fill(T::ZERO);
        more.fill(T::ZERO);
        if count == 1 {
            to.copy_from_slice(&from[..columns.len()]);
            return;
        }
        for c in 0..count {
            let from = &from[c * plane..][..columns.len()];
            for (to, &from) in to[c..].iter_mut().step_by(count).zip(from) {
                *to = from;
            }
        }
    }

    /// Planes of the block, and for each the pass's taps of depth.
    fn slabs(&self) -> impl Iterator<Item = (usize, usize)> + use<T> {
        let taps = self.pass.depth.clone();
        let planes = self.block.planes.clone();
        planes.flat_map(move |plane| taps.clone().map(move |tap| (plane, tap)))
    }

    /// The image and the slab of the fine tensor that a plane meets by a tap of depth.
    fn meets(&self, plane: usize, tap: usize) -> Option<(usize, usize)> {
        let depth = &self.cut.shape.axes[0];
        let (n, z) = (plane / depth.coarse, plane % depth.coarse);
        let met = depth.meeting(tap);
        let m = z.checked_sub(met.coarse).filter(|&m| m < met.count)?;
        Some((n, met.fine + m * depth.stride()))
    }

    /// Runs of one tap of depth and height; and of one along the width, or (None) of a window's whole line.
    pub(super) fn runs(&self, taps: [usize; 2], across: Option<usize>, runs: &mut Runs) {
        let [_, height, width] = &self.cut.shape.axes;
        let is_window = self.cut.tile.form == Form::Window;
        let (coarse, fine) = (self.cut.coarse.pitch, self.cut.fine.pitch);
        let fine = if is_window {
            self.cut.fine.channels
        } else {
            fine
        };
        let fine_step = if is_window {
            fine * width.stride()
        } else {
            fine
        };
        let rows_are_coarse = self.cut.tile.form == Form::FineLanes;
        if rows_are_coarse {
            runs.clear(fine, coarse);
        } else {
            runs.clear(coarse, fine_step);
        }
        let met = height.meeting(taps[1]);
        let columns = &self.block.columns;
        let (from, to, place) = match across {
            None => (columns.start, columns.end, 0),
            Some(tap) => {
                let met = width.meeting(tap);
                let from = columns.start.max(met.coarse);
                let to = columns.end.min(met.coarse + met.count);
                let x = met.fine + from.saturating_sub(met.coarse) * width.stride();
                let place = if is_window {
                    // Row r of a window is that of tap r / channels: the run begins where its first tap's would.
                    (from - columns.start) * width.stride()
                } else {
                    let x = x.saturating_sub(self.map.columns.start);
                    x % width.stride() * self.map.phase + x / width.stride()
                };
                (from, to, place)
            }
        };
        if from >= to {
            return;
        }
        let count = to - from;
        let first = self.block.rows.start.max(met.coarse);
        let rows = first..self.block.rows.end.min(met.coarse + met.count);
        // Runs that follow one another on both sides are one.
        let mut open: Option<(usize, usize, usize)> = None;
        let push = |run: (usize, usize, usize), runs: &mut Runs| {
            let (at, met) = (run.0 * coarse, run.1 * fine);
            let (lane, row) = if rows_are_coarse {
                (met, at)
            } else {
                (at, met)
            };
            runs.push(FactorRun {
                lane,
                row,
                count: run.2,
            });
        };
        for (at, plane) in self.block.planes.clone().enumerate() {
            if self.meets(plane, taps[0]).is_none() {
                continue;
            }
            let slab = at * self.map.depth_taps + taps[0] - self.pass.depth.start;
            for y in rows.clone() {
                let line = met.fine + (y - met.coarse) * height.stride();
                let line = slab * self.map.lines.len() + self.map.number(line);
                let row = at * self.block.rows.len() + y - self.block.rows.start;
                let position = row * columns.len() + from - columns.start;
                let meets = line * self.map.line + place;
                match &mut open {
                    Some((a, b, n)) if *a + *n == position && *b + *n == meets && !is_window => {
                        *n += count;
                    }
                    _ => {
                        if let Some(run) = open.replace((position, meets, count)) {
                            push(run, runs);
                        }
                    }
                }
            }
        }
        if let Some(run) = open {
            push(run, runs);
        }
    }
}
