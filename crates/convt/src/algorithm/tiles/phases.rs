//! Blocks whose rows are phases and output channels: one tile computes them together.

use convt_simd::{Ahead, Stepped, TapLine, Taps};

use super::super::merged::{Block, Rows};
use super::line::{Line, LinePhase};
use super::{Merged, Step, Tiles};
use crate::Element;

/// Inputs and the distance between their channels.
pub(super) type Inputs<'x, T> = (&'x [T], usize);

/// Rows of a block at most.
const ROWS: usize = 12;

impl<T: Element> Tiles<'_, T> {
    /// All blocks of one unit of channels.
    pub(super) fn phases(
        &self,
        merged: &Merged<T>,
        step: &Step<'_, T>,
        (panel, mut ahead): (Inputs<'_, T>, Option<Ahead<'_, T>>),
        sums: &mut [T],
        planes: &mut [&mut [T]],
    ) {
        let [_, depth, height, width] = &self.lines;
        let find = |line: &Line, class: usize| -> Option<usize> {
            line.phases.iter().position(|phase| phase.class == class)
        };
        let held = merged.held();
        let done = step.inputs.end == merged.in_per_group;
        let mut above = 0;
        for block in &merged.blocks {
            let sums = if held {
                let own = &mut sums[above * self.cut.pitch..];
                above += block.count;
                own
            } else {
                &mut *sums
            };
            // The phases of the rows: pairs outermost, then the width's, then channels.
            let mut across: Vec<(&LinePhase, usize)> = block
                .widths
                .clone()
                .enumerate()
                .filter_map(|(n, class)| Some((&width.phases[find(width, class)?], n)))
                .collect();
            across.sort_by_key(|phase| phase.0.first);
            if across.is_empty() {
                continue;
            }
            let pairs = block.pairs.iter().enumerate().filter_map(|(n, &(d, h))| {
                let (d, h) = (find(depth, d)?, find(height, h)?);
                Some((&depth.phases[d], &height.phases[h], n))
            });
            let layout = Layout {
                channels: step.block.rows,
                widths: block.widths.len(),
                pitch: self.cut.pitch,
                size: self.cut.size,
            };
            if step.inputs.start > 0 && !held {
                for (pd, ph, pair) in pairs.clone() {
                    self.each_plane(step, pd, ph, |plane, rows_of| {
                        for o in 0..step.block.rows {
                            for &(pw, n) in &across {
                                let from = layout.at([pd, ph, pw], (pair, n, o));
                                rows_of.gather(step, sums, planes[plane + o], (pw, from));
                            }
                        }
                    });
                }
            }
            // Once is enough.
            self.sum_rows(merged, block, step, (panel, ahead.take()), sums);
            if held && !done {
                continue;
            }
            for (pd, ph, pair) in pairs {
                self.each_plane(step, pd, ph, |plane, rows_of| {
                    for o in 0..step.block.rows {
                        let mut phases = [(across[0].0, 0); ROWS];
                        for (to, &(pw, n)) in phases.iter_mut().zip(&across) {
                            *to = (pw, layout.at([pd, ph, pw], (pair, n, o)));
                        }
                        let y = &mut planes[plane + o];
                        rows_of.store(step, y, sums, &phases[..across.len()]);
                    }
                });
                // The last block of a pair completes its rows.
                if block.widths.end == merged.axes[2].taps.len() {
                    self.activate(step, (pd, ph), planes);
                }
            }
        }
    }

    /// The tile of one block.
    fn sum_rows(
        &self,
        merged: &Merged<T>,
        block: &Block,
        step: &Step<'_, T>,
        (panel, ahead): (Inputs<'_, T>, Option<Ahead<'_, T>>),
        sums: &mut [T],
    ) {
        let [size_i, _, size_h, size_w] = self.cut.size;
        let [_, depth, height, width] = &self.lines;
        let [most_d, most_h, most_w] = block.taps;
        // The taps that all rows of a grid have.
        let least = |axis: usize, classes: &mut dyn Iterator<Item = usize>| {
            let taps = classes.map(|class| merged.axes[axis].taps[class].1.len());
            taps.min().unwrap_or(0)
        };
        let least_h = least(1, &mut block.pairs.iter().map(|pair| pair.1));
        let least_w = least(2, &mut block.widths.clone());
        let mut lines = Vec::with_capacity(most_d * most_h);
        for &sd in &depth.base[..most_d] {
            for (h, &sh) in height.base[..most_h].iter().enumerate() {
                lines.push(TapLine {
                    offset: (sd * size_h + sh) * size_i * size_w,
                    part: h >= least_h,
                });
            }
        }
        let across = &width.base[..most_w];
        let isa = step.common.isa;
        let weights = merged.weights(step.block, block, step.inputs.clone());
        let bias = &merged.bias[step.block.channel..][..step.block.rows];
        let mut start = [T::ZERO; ROWS];
        for (start, &bias) in start.iter_mut().zip(bias.iter().cycle()) {
            *start = bias;
        }
        let start = (step.inputs.start == 0).then_some(&start[..block.count]);
        let ((x, plane), planes) = (panel, step.inputs.len());
        let (flat, into) = (self.flat(step.at), (sums, self.cut.pitch));
        match block.rows {
            Rows::Plain => {
                let offsets = (lines.iter())
                    .flat_map(|line| across.iter().map(|w| line.offset + w))
                    .collect::<Vec<usize>>();
                let taps = Taps {
                    x,
                    plane,
                    planes,
                    offsets: &offsets,
                    weights,
                    ahead,
                };
                isa.tile(block.count, &taps, 0, flat, start, into);
            }
            Rows::Grid(grid) => {
                let taps = Stepped {
                    x,
                    plane,
                    planes,
                    lines: &lines,
                    across,
                    full: least_w.min(most_w),
                    weights,
                    ahead,
                };
                isa.stepped(grid, &taps, flat, start, into);
            }
        }
    }
}

/// Where the sums of a block's rows lie.
struct Layout {
    channels: usize,
    widths: usize,
    pitch: usize,
    size: [usize; 4],
}

impl Layout {
    /// Where the sums of the row of these phases begin: their row, and the position of their first output.
    fn at(
        &self,
        [pd, ph, pw]: [&LinePhase; 3],
        (pair, n, channel): (usize, usize, usize),
    ) -> usize {
        let row = (pair * self.widths + n) * self.channels + channel;
        let [size_i, _, size_h, size_w] = self.size;
        row * self.pitch + (pd.delta * size_h + ph.delta) * size_i * size_w + pw.delta
    }
}
