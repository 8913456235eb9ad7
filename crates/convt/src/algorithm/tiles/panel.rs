//! The packed panel: a box's inputs with a border of zeros.
//!
//! Layout: `[input channel][residue of depth, height, width][copy][depth][height][image][width]`. A copy is a shift along
//! the width: one copy whose rows have a border, or, unrolled, one for every shift, whose rows have none.

use std::ops::Range;

use super::cut::{Box4, Cut};
use super::line::Line;
use crate::Element;

/// What a panel is filled from.
pub(super) struct Source<'s, T> {
    pub(super) lines: &'s [Line; 4],
    pub(super) cut: &'s Cut,
    pub(super) x: &'s [T],
    /// Input channels of an image.
    pub(super) in_channels: usize,
}

impl<T: Element> Source<'_, T> {
    /// Copies the inputs that the box's positions reach, for these input channels, zeros where there are none.
    pub(super) fn fill(&self, at: &Box4, channels: &Range<usize>, panel: &mut [T]) {
        let [_, depth, height, width] = self.lines;
        // A narrower box, at the end of an axis, lies in the panel as a full one does.
        let [_, size_d, size_h, size_w] = self.cut.size;
        let plane = depth.input * height.input * width.input;
        // The input of panel element j along an axis, if there is one.
        let input = |a: usize, residue: usize, j: usize| {
            let line = &self.lines[a];
            let q = (at[a].start as isize + j as isize + line.least) * line.input_step as isize
                + residue as isize;
            (0..line.input as isize).contains(&q).then_some(q as usize)
        };
        let copies = if self.cut.unrolled { width.span + 1 } else { 1 };
        let shift = at[3].start as isize + width.least;
        let mut rows = panel.chunks_exact_mut(size_w);
        for channel in channels.clone() {
            for &rd in &depth.residues {
                for &rh in &height.residues {
                    for &rw in &width.residues {
                        for copy in 0..copies {
                            for jd in 0..size_d {
                                let qd = input(1, rd, jd);
                                for jh in 0..size_h {
                                    let q = qd.zip(input(2, rh, jh));
                                    for image in at[0].start..at[0].start + self.cut.size[0] {
                                        let Some(row) = rows.next() else { return };
                                        let Some((qd, qh)) = q.filter(|_| image < at[0].end) else {
                                            row.fill(T::ZERO);
                                            continue;
                                        };
                                        let plane = (image * self.in_channels + channel) * plane;
                                        let from = plane + (qd * height.input + qh) * width.input;
                                        let x = &self.x[from..from + width.input];
                                        copy_row(
                                            row,
                                            x,
                                            width.input_step,
                                            shift + copy as isize,
                                            rw,
                                        );
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Copies the inputs `stride*(j + shift) + residue` of a row for every `j`, zeros where there are none.
fn copy_row<T: Element>(row: &mut [T], x: &[T], stride: usize, shift: isize, residue: usize) {
    let signed = stride as isize;
    let ceil_div = |n: isize| n.div_euclid(signed) + isize::from(n.rem_euclid(signed) != 0);
    // 0 <= stride*(j + shift) + residue < input
    let from = (ceil_div(-(residue as isize)) - shift).clamp(0, row.len() as isize) as usize;
    let to = ceil_div(x.len() as isize - residue as isize) - shift;
    let to = to.clamp(from as isize, row.len() as isize) as usize;
    row[..from].fill(T::ZERO);
    row[to..].fill(T::ZERO);
    if from < to {
        let first = ((from as isize + shift) * signed) as usize + residue;
        if stride == 1 {
            row[from..to].copy_from_slice(&x[first..first + to - from]);
        } else {
            let x = x[first..].iter().step_by(stride);
            row[from..to].iter_mut().zip(x).for_each(|(to, &x)| *to = x);
        }
    }
}
