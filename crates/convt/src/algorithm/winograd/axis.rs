//! One spatial axis cut into tiles.
//!
//! All phases share one grid of positions. A transposed convolution of stride `s` and dilation 1 gives, for position `p`
//! and class `c` (`0 <= c < s`), output `s*p + c - begin` the taps `c, c + s, ...`, and the `v`-th of them meets input
//! `p - v`. Tap `v = r-1-u` therefore meets input `p - (r-1) + u`, which grows with `u` as in a convolution; and the
//! outputs of all classes at `m` neighbouring positions lie side by side. The first position is `floor(begin / s)`.
//!
//! With stride 1 a position is an output: of a transposed convolution of dilation `d` it meets inputs
//! `o + begin - (r-1)*d + u*d`, of a convolution `o - begin + u*d`. Positions of one remainder modulo `d` then lie side by
//! side. In one formula, for the position of index `i`:
//!
//! ```text
//! input  = first_input + i + u*d          output = first_output + s*i + c
//! i      = residue + d*(m*t + j)          tile t of a residue, its position j
//! ```

use convt_geometry::{Op, Walk};

use super::scheme::Scheme;

/// One spatial axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis {
    pub(super) scheme: Scheme,
    pub(super) input: usize,
    pub(super) output: usize,
    /// Classes: the stride, where it is not 1.
    pub(super) stride: usize,
    pub(super) dilation: usize,
    first_input: isize,
    first_output: isize,
    /// Tiles of each residue modulo the dilation.
    pub(super) per_residue: usize,
}

impl Axis {
    /// The axis of a walk whose parameters [`super::Shape::of`] accepts.
    pub(super) fn new(walk: &Walk, scheme: Scheme) -> Self {
        let axis = walk.axis();
        let (stride, dilation) = (axis.stride as isize, axis.dilation as isize);
        let (begin, output) = (axis.crop.begin, walk.output() as isize);
        let reach = (scheme.taps() - 1) as isize;
        let (first_input, first_output, positions) = match walk.op() {
            Op::Conv => (-begin, 0, output),
            Op::ConvTranspose if stride == 1 => (begin - reach * dilation, 0, output),
            Op::ConvTranspose => {
                let first = begin.div_euclid(stride);
                let last = (begin + output - 1).div_euclid(stride);
                (first - reach, stride * first - begin, last - first + 1)
            }
        };
        let per_residue = (positions as usize)
            .div_ceil(axis.dilation)
            .div_ceil(scheme.outputs());
        Self {
            scheme,
            input: walk.input(),
            output: walk.output(),
            stride: axis.stride,
            dilation: axis.dilation,
            first_input,
            first_output,
            per_residue,
        }
    }

    /// An axis of one element that a kernel of one tap copies.
    pub(super) fn unit() -> Self {
        Self {
            scheme: Scheme::F11,
            input: 1,
            output: 1,
            stride: 1,
            dilation: 1,
            first_input: 0,
            first_output: 0,
            per_residue: 1,
        }
    }

    /// Tiles of all residues, those of one residue side by side.
    pub(super) fn tiles(&self) -> usize {
        self.dilation.saturating_mul(self.per_residue)
    }

    /// Index of a tile's first position.
    fn origin(&self, tile: usize) -> isize {
        let (residue, t) = (tile / self.per_residue, tile % self.per_residue);
        (residue + self.dilation * self.scheme.outputs() * t) as isize
    }

    /// Where the `e`-th input of a tile lies; outside `0..input` there is none.
    pub(super) fn input_at(&self, tile: usize, e: usize) -> isize {
        self.first_input + self.origin(tile) + (self.dilation * e) as isize
    }

    /// Where the output of class `class` at position `j` of a tile lies; outside `0..output` there is none.
    pub(super) fn output_at(&self, tile: usize, j: usize, class: usize) -> isize {
        let index = self.origin(tile) + (self.dilation * j) as isize;
        self.first_output + self.stride as isize * index + class as isize
    }

    /// Whether outputs of neighbouring tiles lie side by side, so that a run of tiles is a run of outputs.
    pub(super) fn is_contiguous(&self) -> bool {
        self.dilation == 1
    }

    /// The first output of a tile and all that follow, for `tile` up to [`Axis::tiles`].
    pub(super) fn cut_before(&self, tile: usize) -> usize {
        if tile >= self.tiles() {
            return self.output;
        }
        self.output_at(tile, 0, 0).clamp(0, self.output as isize) as usize
    }
}
