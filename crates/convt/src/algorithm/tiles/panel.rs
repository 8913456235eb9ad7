//! The packed panel: a box's inputs with a border of zeros.
//!
//! Layout: `[input channel][residue of depth, height, width][copy][depth][height][image][width]`. A copy is a shift along
//! the width: one copy whose rows have a border, or, unrolled, one for every shift, whose rows have none.

use std::ops::Range;

use convt_simd::{Ahead, CopiedRows, Isa};

use super::cut::{Box4, Cut, SLACK};
use super::line::Line;
use crate::Element;

/// Elements between what a tile reads in place and what it asks for: some tiles' worth.
const SOON: usize = 512;

/// What a panel is filled from.
pub(super) struct Source<'s, T> {
    pub(super) isa: Isa,
    pub(super) lines: &'s [Line; 4],
    pub(super) cut: &'s Cut,
    pub(super) x: &'s [T],
    /// Input channels of an image.
    pub(super) in_channels: usize,
}

impl<'s, T: Element> Source<'s, T> {
    /// The inputs that the box's positions reach, where they lie, and the distance between channels: where a panel would
    /// hold the same elements in the same order, as no position reaches beyond a row's end or has another image beside it.
    pub(super) fn in_place(&self, at: &Box4, channels: &Range<usize>) -> Option<(&'s [T], usize)> {
        let [_, depth, height, width] = self.lines;
        let [size_i, _, size_h, size_w] = self.cut.size;
        let within = |line: &Line| {
            let reached = line.least + (line.count + line.span) as isize;
            line.input_step == 1 && line.least >= 0 && reached <= line.input as isize
        };
        let whole = |line: &Line, size: usize| line.least == 0 && size == line.input;
        let slices = depth.input == 1 || whole(height, size_h);
        let all = [depth, height, width].into_iter().all(within);
        if !all || size_i > 1 || self.cut.copies > 1 || !whole(width, size_w) || !slices {
            return None;
        }
        let plane = depth.input * height.input * width.input;
        let first = |a: usize| at[a].start + self.lines[a].least as usize;
        let image = (at[0].start * self.in_channels + channels.start) * plane;
        let row = first(1) * height.input + first(2);
        let x = self.x.get(image + row * width.input..)?;
        // As much as a panel would have: whole vectors are read.
        let end = channels.len().checked_sub(1)? * plane + self.cut.channel + SLACK;
        (end <= x.len()).then_some((x, plane))
    }

    /// What follows the farthest inputs that a tile of these inputs in place reads.
    pub(super) fn ahead_in_place(&self, x: &'s [T], plane: usize) -> Option<Ahead<'s, T>> {
        let [_, depth, height, width] = self.lines;
        let [_, _, size_h, size_w] = self.cut.size;
        let farthest = (depth.span * size_h + height.span) * size_w + width.span;
        let x = x.get(farthest + SOON..)?;
        Some(Ahead { x, plane })
    }

    /// The inputs that the panel will be filled from next, where they lie in one piece for each channel.
    pub(super) fn ahead(&self, at: &Box4, channels: &Range<usize>) -> Option<Ahead<'s, T>> {
        let [_, depth, height, width] = self.lines;
        let plane = depth.input * height.input * width.input;
        let first = |a: usize| {
            let line = &self.lines[a];
            let first = (at[a].start as isize + line.least) * line.input_step as isize;
            first.clamp(0, line.input as isize) as usize
        };
        let whole = |a: usize| at[a].len() == self.lines[a].count;
        if !whole(3) || (depth.input > 1 && !whole(2)) {
            return None;
        }
        let image = (at[0].start * self.in_channels + channels.start) * plane;
        let from = image + (first(1) * height.input + first(2)) * width.input;
        let x = self.x.get(from..)?;
        Some(Ahead { x, plane })
    }

    /// Copies the inputs that the box's positions reach, for these input channels, zeros where there are none.
    pub(super) fn fill(&self, at: &Box4, channels: &Range<usize>, panel: &mut [T]) {
        let [_, depth, height, width] = self.lines;
        // A narrower box, at the end of an axis, lies in the panel as a full one does.
        let [size_i, size_d, size_h, size_w] = self.cut.size;
        let plane = depth.input * height.input * width.input;
        // The input of panel element j along an axis, if there is one.
        let input = |a: usize, residue: usize, j: usize| {
            let line = &self.lines[a];
            let q = (at[a].start as isize + j as isize + line.least) * line.input_step as isize
                + residue as isize;
            (0..line.input as isize).contains(&q).then_some(q as usize)
        };
        let copies = self.cut.copies;
        let shift = at[3].start as isize + width.least;
        if copies == 1 && size_i == 1 && self.lines.iter().all(|line| line.input_step == 1) {
            let part = Part::new(width, shift, 0, size_w);
            // The rows along the height that there are.
            let some = Part::new(height, at[2].start as isize + height.least, 0, size_h);
            let rows = CopiedRows {
                rows: some.to - some.from,
                columns: part.to - part.from,
                before: part.from,
                x_pitch: width.input,
                y_pitch: size_w,
            };
            let planes = panel.chunks_exact_mut(self.cut.channel);
            for (channel, panel) in channels.clone().zip(planes) {
                let slices = panel.chunks_exact_mut(size_h * size_w).take(size_d);
                for (jd, slice) in slices.enumerate() {
                    let Some(qd) = input(1, 0, jd) else {
                        slice.fill(T::ZERO);
                        continue;
                    };
                    let (above, rest) = slice.split_at_mut(some.from * size_w);
                    let (slice, below) = rest.split_at_mut(rows.rows * size_w);
                    above.fill(T::ZERO);
                    below.fill(T::ZERO);
                    let first = (at[0].start * self.in_channels + channel) * plane
                        + (qd * height.input + some.first) * width.input
                        + part.first;
                    self.isa.copy_rows(&rows, &self.x[first..], slice);
                }
            }
            return;
        }
        let planes = panel.chunks_exact_mut(self.cut.channel);
        for (channel, plane_of_panel) in channels.clone().zip(planes) {
            let mut rows = plane_of_panel.chunks_exact_mut(size_w);
            for &rd in &depth.residues {
                for &rh in &height.residues {
                    for &rw in &width.residues {
                        for copy in 0..copies {
                            let part = Part::new(width, shift + copy as isize, rw, size_w);
                            for jd in 0..size_d {
                                let qd = input(1, rd, jd);
                                for jh in 0..size_h {
                                    let q = qd.zip(input(2, rh, jh));
                                    for image in at[0].start..at[0].start + size_i {
                                        let Some(row) = rows.next() else { return };
                                        let Some((qd, qh)) = q.filter(|_| image < at[0].end) else {
                                            row.fill(T::ZERO);
                                            continue;
                                        };
                                        let plane = (image * self.in_channels + channel) * plane;
                                        let from = plane + (qd * height.input + qh) * width.input;
                                        part.copy(row, &self.x[from..from + width.input]);
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

/// The part of a row of the panel that has inputs: elements `from..to`, from input `first` on, `stride` apart.
struct Part {
    from: usize,
    to: usize,
    first: usize,
    stride: usize,
}

impl Part {
    /// Element `j` of a row of `length` is input `stride*(j + shift) + residue`.
    fn new(width: &Line, shift: isize, residue: usize, length: usize) -> Self {
        let stride = width.input_step as isize;
        let ceil_div = |n: isize| n.div_euclid(stride) + isize::from(n.rem_euclid(stride) != 0);
        // 0 <= stride*(j + shift) + residue < input
        let from = (ceil_div(-(residue as isize)) - shift).clamp(0, length as isize);
        let to = ceil_div(width.input as isize - residue as isize) - shift;
        let to = to.clamp(from, length as isize);
        let first = if from < to {
            ((from + shift) * stride) as usize + residue
        } else {
            0
        };
        Self {
            from: from as usize,
            to: to as usize,
            first,
            stride: width.input_step,
        }
    }

    /// Copies the row's inputs, zeros around them.
    fn copy<T: Element>(&self, row: &mut [T], x: &[T]) {
        let (before, rest) = row.split_at_mut(self.from);
        let (row, behind) = rest.split_at_mut(self.to - self.from);
        for border in [before, behind] {
            match border {
                [] => {}
                [one] => *one = T::ZERO,
                more => more.fill(T::ZERO),
            }
        }
        if row.is_empty() {
            return;
        }
        if self.stride > 1 {
            let x = x[self.first..].iter().step_by(self.stride);
            row.iter_mut().zip(x).for_each(|(to, &x)| *to = x);
            return;
        }
        let x = &x[self.first..self.first + row.len()];
        if row.len() > 128 {
            row.copy_from_slice(x);
            return;
        }
        // A short row is copied in place of a call.
        let (to, x) = (row.as_chunks_mut::<8>(), x.as_chunks::<8>());
        for (to, x) in to.0.iter_mut().zip(x.0) {
            *to = *x;
        }
        for (to, x) in to.1.iter_mut().zip(x.1) {
            *to = *x;
        }
    }
}
