//! The transformed weights: `U[point][input channel][row]` for every class of every block of output channels.
//!
//! Layout: `[block][class][point][input channel of the group][row of the block]`. A class that has a tap less than the
//! others has `g[0] = 0` on that axis, so that its first point is 0 in every sum: it has no weights and no products.

use convt_geometry::Op;

use super::super::blocked::{Blocked, RowBlock};
use super::scheme::Scheme;
use crate::tensor::reserve;
use crate::{Element, Error};

/// A layer's weights, transformed.
#[derive(Clone, Debug)]
pub(super) struct Transformed<T> {
    schemes: [Scheme; 3],
    /// Classes of each axis that lack a tap come last: how many have all.
    full: [usize; 3],
    classes: [usize; 3],
    in_per_group: usize,
    weights: Vec<T>,
}

impl<T: Element> Transformed<T> {
    /// `packed` holds a layer that [`super::Shape::of`] accepts.
    pub(super) fn new(packed: &Blocked<T>, schemes: [Scheme; 3]) -> Result<Self, Error> {
        let classes = packed.axes.each_ref().map(|axis| axis.taps.len());
        let full = std::array::from_fn(|a| {
            let has_all = |class: &&(usize, Vec<usize>)| class.1.len() == schemes[a].taps();
            packed.axes[a].taps.iter().filter(has_all).count()
        });
        let mut made = Self {
            schemes,
            full,
            classes,
            in_per_group: packed.in_per_group,
            weights: Vec::new(),
        };
        let rows: usize = packed.blocks.iter().map(|block| block.rows).sum();
        let per_row = made
            .all_points()
            .checked_mul(packed.in_per_group)
            .and_then(|n| n.checked_mul(rows))
            .unwrap_or(usize::MAX);
        made.weights = reserve("transformed weights", per_row)?;
        made.weights.resize(per_row, T::ZERO);
        let largest = packed.blocks.iter().map(|block| block.rows).max();
        let points: usize = schemes.iter().map(|scheme| scheme.points()).product();
        let mut lines = vec![T::ZERO; points * largest.unwrap_or(0)];
        for &block in &packed.blocks {
            for class in made.each_class() {
                made.transform(packed, block, class, &mut lines);
            }
        }
        Ok(made)
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.weights[..])
    }

    /// Every class, in the order of the layout.
    fn each_class(&self) -> impl Iterator<Item = [usize; 3]> + use<T> {
        let [cd, ch, cw] = self.classes;
        (0..cd * ch * cw).map(move |n| [n / (ch * cw), n / cw % ch, n % cw])
    }

    /// Points of a class along an axis that are not 0: they end with the scheme's last.
    fn axis_points(&self, axis: usize, class: usize) -> std::ops::Range<usize> {
        usize::from(class >= self.full[axis])..self.schemes[axis].points()
    }

    /// Points along an axis of all classes below `class`.
    fn points_below(&self, axis: usize, class: usize) -> usize {
        class * self.schemes[axis].points() - class.saturating_sub(self.full[axis])
    }

    /// Points of all classes.
    fn all_points(&self) -> usize {
        (0..3).fold(1, |n, a| {
            usize::saturating_mul(n, self.points_below(a, self.classes[a]))
        })
    }

    /// The points of a class that have weights, in order: `(index among all points, [input channel][row])`.
    pub(super) fn points(
        &self,
        block: RowBlock,
        class: [usize; 3],
    ) -> impl Iterator<Item = (usize, &[T])> {
        let each = self.in_per_group * block.rows;
        let weights = self.weights[self.begin(block, class)..].chunks_exact(each);
        self.point_indices(class).zip(weights)
    }

    /// Whether a class has weights at every point.
    pub(super) fn is_full(&self, class: [usize; 3]) -> bool {
        (0..3).all(|a| class[a] < self.full[a])
    }

    fn point_indices(&self, class: [usize; 3]) -> impl Iterator<Item = usize> + use<T> {
        let [_, nh, nw] = self.schemes.map(Scheme::points);
        let [d, h, w] = std::array::from_fn(|a| self.axis_points(a, class[a]));
        d.flat_map(move |d| h.clone().map(move |h| (d, h)))
            .flat_map(move |(d, h)| w.clone().map(move |w| (d * nh + h) * nw + w))
    }

    /// Where a class's weights begin: those of whole blocks before, whole classes of depth, of height, and of width.
    fn begin(&self, block: RowBlock, class: [usize; 3]) -> usize {
        let all = |a: usize| self.points_below(a, self.classes[a]);
        let below = |a: usize| self.points_below(a, class[a]);
        let of = |a: usize| self.axis_points(a, class[a]).len();
        let before = below(0) * all(1) * all(2) + of(0) * (below(1) * all(2) + of(1) * below(2));
        self.in_per_group * (block.channel * self.all_points() + block.rows * before)
    }

    fn transform(
        &mut self,
        packed: &Blocked<T>,
        block: RowBlock,
        class: [usize; 3],
        lines: &mut [T],
    ) {
        let (rows, ins) = (block.rows, self.in_per_group);
        let [nd, nh, nw] = self.schemes.map(Scheme::points);
        let lines = &mut lines[..nd * nh * nw * rows];
        let taps: [usize; 3] = std::array::from_fn(|a| packed.axes[a].taps[class[a]].1.len());
        let reach = self.schemes.map(|scheme| scheme.taps() - 1);
        let op = packed.op;
        // The v-th tap of a transposed convolution's class multiplies input r-1-v of the tile's.
        let input = move |a: usize, tap: usize| match op {
            Op::Conv => tap,
            Op::ConvTranspose => reach[a] - tap,
        };
        let begin = self.begin(block, class);
        for i in 0..ins {
            lines.fill(T::ZERO);
            let mut from = packed.weights(block, class, i..i + 1).chunks_exact(rows);
            for td in 0..taps[0] {
                for th in 0..taps[1] {
                    for tw in 0..taps[2] {
                        let at = (input(0, td) * nh + input(1, th)) * nw + input(2, tw);
                        if let Some(from) = from.next() {
                            lines[at * rows..][..rows].copy_from_slice(from);
                        }
                    }
                }
            }
            for line in lines.chunks_exact_mut(nw * rows) {
                self.schemes[2].weights(line, rows);
            }
            for line in lines.chunks_exact_mut(nh * nw * rows) {
                self.schemes[1].weights(line, nw * rows);
            }
            self.schemes[0].weights(lines, nh * nw * rows);
            for (index, point) in self.point_indices(class).enumerate() {
                let to = begin + (index * ins + i) * rows;
                self.weights[to..to + rows].copy_from_slice(&lines[point * rows..][..rows]);
            }
        }
    }
}
