//! Zero insertion: both operations as a dense convolution of a sheet with holes.
//!
//! Transposed convolution in four steps, `K = d*(k-1) + 1`:
//!
//! ```text
//! 1. stretch    put s-1 zeros between the elements of x                  (i-1)*s + 1 cells
//! 2. pad        K-1-begin zeros before, K-1-end after; negative: cut     o + K-1 cells
//! 3. flip       w[t] -> w[k-1-t] on every axis
//! 4. convolve   stride 1, padding 0, dilation d                          o cells
//! ```
//!
//! Why the flip: the stamp of input q puts tap t at q*s + t*d, so *seen from an output* the input that lies further left
//! is met by the tap that lies further right. Why K-1: the outermost output that a stamp touches must be reached by a
//! window that overlaps the input in one cell. Why `begin` is subtracted: what the operation crops never needs a window.
//!
//! Convolution in four steps of the same kind:
//!
//! ```text
//! 1. pad        begin zeros before x, end after; negative: cut
//! 2. stretch    put d-1 zeros between the taps of w
//! 3. convolve   stride 1, padding 0, dilation 1
//! 4. subsample  keep every s-th
//! ```
//!
//! The zeros are holes, `None`: they never meet a weight or an input. Nearly all the work is looking at holes, which is
//! what the phases avoid.

use convt_geometry::Op;

use crate::ReferenceError;
use crate::array::limited;
use crate::plane::{Plane, Three, each, flat, inside, positions, volume};

/// Values with holes.
struct Sheet {
    shape: Three,
    cells: Vec<Option<f64>>,
}

impl Sheet {
    fn holes(shape: Three) -> Self {
        Self {
            shape,
            cells: vec![None; volume(shape)],
        }
    }

    /// The values with `gap - 1` holes between neighbours.
    fn stretched(shape: Three, values: &[f64], gap: Three) -> Self {
        let mut sheet = Self::holes(each(|a| (shape[a] - 1) * gap[a] + 1));
        for at in positions(shape) {
            let place = flat(sheet.shape, each(|a| at[a] * gap[a]));
            sheet.cells[place] = Some(values[flat(shape, at)]);
        }
        sheet
    }

    /// The sheet with `before` holes added at the beginning of each axis (negative: cells cut), grown or cut at the end
    /// to `shape`.
    fn padded(&self, before: [isize; 3], shape: Three) -> Self {
        let mut sheet = Self::holes(shape);
        for at in positions(self.shape) {
            if let Some(place) = inside(shape, each(|a| at[a] as isize + before[a])) {
                sheet.cells[place] = self.cells[flat(self.shape, at)];
            }
        }
        sheet
    }

    /// The sheet turned round on every axis.
    fn flipped(&self) -> Self {
        let mut sheet = Self::holes(self.shape);
        for at in positions(self.shape) {
            let place = flat(self.shape, each(|a| self.shape[a] - 1 - at[a]));
            sheet.cells[place] = self.cells[flat(self.shape, at)];
        }
        sheet
    }

    /// The window at `corner`: the sum of the products of cells with taps, of which both exist.
    fn window(&self, corner: Three, kernel: &Self, dilation: Three) -> f64 {
        let mut sum = 0.0;
        for t in positions(kernel.shape) {
            let cell = flat(self.shape, each(|a| corner[a] + t[a] * dilation[a]));
            if let (Some(x), Some(w)) = (self.cells[cell], kernel.cells[flat(kernel.shape, t)]) {
                sum += x * w;
            }
        }
        sum
    }
}

/// Refuses a workspace beyond the element limit.
pub(crate) fn check(plane: &Plane) -> Result<(), ReferenceError> {
    let wide = |shape: [isize; 3]| shape.map(|n| n.max(0) as u128);
    limited("the padded sheet", wide(padded_shape(plane)))?;
    let gaps = |shape: Three, gap: Three| each(|a| (shape[a] as u128 - 1) * gap[a] as u128 + 1);
    match plane.op {
        Op::ConvTranspose => limited("the stretched input", gaps(plane.input, plane.stride)),
        Op::Conv => limited("the stretched kernel", gaps(plane.kernel, plane.dilation)),
    }
    .map(|_| ())
}

/// What the last convolution slides over.
fn padded_shape(plane: &Plane) -> [isize; 3] {
    let reach = plane.reach();
    each(|a| match plane.op {
        // A stride-1 convolution of span K makes o outputs of o + K-1 cells.
        Op::ConvTranspose => (plane.output[a] + reach[a]) as isize,
        Op::Conv => plane.input[a] as isize + plane.begin[a] + plane.end[a],
    })
}

/// Adds one input channel's products to one output channel.
pub(crate) fn add(plane: &Plane, x: &[f64], w: &[f64], y: &mut [f64]) {
    let reach = plane.reach();
    let shape = padded_shape(plane).map(|n| n.max(0) as usize);
    let (sheet, kernel, dilation, keep) = match plane.op {
        Op::ConvTranspose => (
            Sheet::stretched(plane.input, x, plane.stride)
                .padded(each(|a| reach[a] as isize - plane.begin[a]), shape),
            Sheet::stretched(plane.kernel, w, [1; 3]).flipped(),
            plane.dilation,
            [1; 3],
        ),
        Op::Conv => (
            Sheet::stretched(plane.input, x, [1; 3]).padded(plane.begin, shape),
            Sheet::stretched(plane.kernel, w, plane.dilation),
            [1; 3],
            plane.stride,
        ),
    };
    for o in positions(plane.output) {
        let corner = each(|a| o[a] * keep[a]);
        y[flat(plane.output, o)] += sheet.window(corner, &kernel, dilation);
    }
}
