//! Positions of the coarse tensor in blocks: what makes the order of summation.
//!
//! A weight's gradient is a sum over every position of the batch, often millions. It is taken block by block: each block is
//! summed from zero by fused multiply-adds, its positions ascending (images, then depth, height, width), and added to the
//! sum of the blocks before it. Blocks depend on the coarse tensor's size alone, so the order is the same for any
//! threads, channels and instruction set; and rounding errors grow with the block and the number of blocks, not with their
//! product.

use std::ops::Range;

/// The most positions of a block.
pub(super) const POSITIONS: usize = 256;

/// How the positions are cut into blocks. A *plane* here is height by width; its number counts images, then depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blocks {
    /// All planes, rows of each, columns of each row.
    all: [usize; 3],
    /// Those of a block: several planes only of all rows, several rows only of all columns.
    each: [usize; 3],
}

/// Some planes, rows of each, columns of each row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) planes: Range<usize>,
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
}

impl Blocks {
    /// The blocks of so many planes of `height` by `width` positions, both at least 1.
    pub(super) fn new(planes: usize, height: usize, width: usize) -> Self {
        let share = |all: usize, each: usize| all.div_ceil(all.div_ceil(each.max(1)));
        let columns = share(width, POSITIONS);
        let rows = if columns == width {
            share(height, POSITIONS / width)
        } else {
            1
        };
        let of_planes = if columns == width && rows == height {
            POSITIONS / (width * height)
        } else {
            1
        };
        Self {
            all: [planes, height, width],
            each: [of_planes.max(1), rows, columns],
        }
    }

    /// The most planes, rows and columns of a block.
    pub(super) fn each(&self) -> [usize; 3] {
        [self.each[0].min(self.all[0]), self.each[1], self.each[2]]
    }

    /// All blocks in order.
    pub(super) fn iter(self) -> impl Iterator<Item = Block> {
        let ranges = move |axis: usize| {
            let (all, each) = (self.all[axis], self.each[axis]);
            (0..all)
                .step_by(each)
                .map(move |from| from..(from + each).min(all))
        };
        ranges(0).flat_map(move |planes| {
            ranges(1).flat_map(move |rows| {
                let planes = planes.clone();
                ranges(2).map(move |columns| Block {
                    planes: planes.clone(),
                    rows: rows.clone(),
                    columns,
                })
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_every_position_once_in_order_and_are_bounded() {
        for (planes, height, width) in [
            (1, 1, 1),
            (0, 3, 3),
            (64, 4, 4),
            (5, 16, 16),
            (3, 48, 48),
            (2, 1, 800),
            (1, 3, 256),
            (7, 1, 3),
            (2, 300, 1),
            (1, 2, 100_000),
        ] {
            let blocks = Blocks::new(planes, height, width);
            let mut next = 0;
            for block in blocks.iter() {
                let sizes =
                    [&block.planes, &block.rows, &block.columns].map(ExactSizeIterator::len);
                assert!((1..=POSITIONS).contains(&sizes.iter().product()));
                assert!(
                    sizes
                        .iter()
                        .zip(blocks.each())
                        .all(|(&size, most)| size <= most)
                );
                for plane in block.planes {
                    for row in block.rows.clone() {
                        for column in block.columns.clone() {
                            assert_eq!((plane * height + row) * width + column, next);
                            next += 1;
                        }
                    }
                }
            }
            assert_eq!(next, planes * height * width);
        }
    }
}
