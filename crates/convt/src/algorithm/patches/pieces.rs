//! Where the patches of neighbouring positions lie in the output.

use std::ops::Range;

use convt_geometry::Walk;
use convt_simd::Piece;

/// Positions that are packed together, counted over the images of a job.
pub(super) struct Box {
    pub(super) positions: Range<usize>,
    /// Positions of the first strip that lie before the first of them.
    pub(super) skew: usize,
}

impl Box {
    /// The place of a position in the strips, counted over all of them.
    pub(super) fn place(&self, position: usize) -> usize {
        position - self.positions.start + self.skew
    }

    /// Places up to the last position's.
    pub(super) fn len(&self) -> usize {
        self.place(self.positions.end)
    }

    pub(super) fn strips(&self, width: usize) -> usize {
        self.len().div_ceil(width)
    }
}

/// Positions as a grid, and the patches that they make. Axes between whose patches nothing lies are one axis: the taps
/// along the inner of two axes being one, its rows follow each other in the output as in the input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    /// Positions along depth, height and width.
    input: [usize; 3],
    /// The patch.
    patch: [usize; 3],
}

impl Grid {
    /// The output's sizes are `input * patch` on every axis.
    pub(super) fn new(walks: &[Walk; 3], patch: [usize; 3]) -> Self {
        let mut input = [walks[0].input(), walks[1].input(), walks[2].input()];
        let mut patch = patch;
        if patch[1] == 1 {
            // Rows lie end to end.
            input = [1, input[0], input[1].saturating_mul(input[2])];
            patch = [1, patch[0], patch[2]];
        }
        if patch[0] == 1 {
            input = [1, input[0].saturating_mul(input[1]), input[2]];
        }
        if patch[1] == 1 {
            input = [1, 1, input[1].saturating_mul(input[2])];
        }
        Self { input, patch }
    }

    /// Positions of an image.
    pub(super) fn positions(&self) -> usize {
        product(&self.input)
    }

    /// Outputs of an image's plane.
    pub(super) fn outputs(&self) -> usize {
        self.positions().saturating_mul(product(&self.patch))
    }

    /// The axis along which an image may be cut: the first of more than one position.
    fn axis(&self) -> usize {
        self.input.iter().position(|&n| n > 1).unwrap_or(2)
    }

    /// Positions along the first axis.
    pub(super) fn first(&self) -> usize {
        self.input[self.axis()]
    }

    /// Positions of an image for each along the first axis.
    pub(super) fn inner(&self) -> usize {
        product(&self.input[self.axis() + 1..])
    }

    /// Outputs of a plane for each position along the first axis.
    pub(super) fn outputs_of_first(&self) -> usize {
        self.outputs() / self.first()
    }

    /// Where the first output of a line lies beyond its channel's first: `line` counts the taps of depth and height.
    ///
    /// Merged axes have one tap, so the taps of depth and height are those of the grid's in the same order.
    pub(super) fn line(&self, line: usize) -> usize {
        let [_, high, _] = self.patch;
        (line / high * self.height() + line % high) * self.row()
    }

    /// Outputs of a row, and rows of a slice.
    fn row(&self) -> usize {
        self.input[2] * self.patch[2]
    }

    fn height(&self) -> usize {
        self.input[1] * self.patch[1]
    }

    /// Where the patch of a position of an image begins.
    fn place(&self, position: usize) -> usize {
        let [_, height, width] = self.input;
        let (row, w) = (position / width, position % width);
        let (d, h) = (row / height, row % height);
        (d * self.patch[0] * self.height() + h * self.patch[1]) * self.row() + w * self.patch[2]
    }

    /// How many positions before the first one the first strip begins, so that the outputs of the others begin cache lines,
    /// as far as every row does so alike.
    pub(super) fn skew<T>(&self, plane: &[T], width: usize) -> usize {
        let (line, step) = (64 / size_of::<T>(), self.patch[2]);
        let first = plane.as_ptr().addr() / size_of::<T>() % line;
        let lead = (line - first) % line;
        // A strip that crosses the end of a row costs more: in short rows, more than whole cache lines save.
        let long = self.input[2] >= 4 * width;
        let alike = long && self.row().is_multiple_of(line) && lead.is_multiple_of(step);
        if alike && lead > 0 {
            (width - lead / step % width) % width
        } else {
            0
        }
    }

    /// The pieces of a box; images have the positions `slab` each and `channels` planes, strips have `width` positions, and
    /// a plane begins with the slab's first output.
    pub(super) fn pieces(
        &self,
        at: &Box,
        slab: &Range<usize>,
        (width, channels): (usize, usize),
        pieces: &mut Vec<Piece>,
    ) {
        pieces.clear();
        let row = self.input[2];
        let begin = self.place(slab.start);
        let mut position = at.positions.start;
        while position < at.positions.end {
            let (image, within) = (position / slab.len(), slab.start + position % slab.len());
            let (strip, from) = (at.place(position) / width, at.place(position) % width);
            let count = (row - within % row)
                .min(width - from)
                .min(at.positions.end - position)
                .min(slab.end - within);
            pieces.push(Piece {
                strip,
                from,
                count,
                plane: image * channels,
                at: self.place(within) - begin,
            });
            position += count;
        }
    }
}

/// The product, or the largest number: sizes of an empty batch may be any.
fn product(sizes: &[usize]) -> usize {
    sizes
        .iter()
        .fold(1, |n: usize, &size| n.saturating_mul(size))
}
