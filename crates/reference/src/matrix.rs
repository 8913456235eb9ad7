//! The equivalent matrix: convolution as `O = I C`, transposed convolution as `P = O C^T`.
//!
//! Flatten the convolution's input to a row `I` of n numbers and its output to a row `O` of m numbers. Every output is a
//! sum of inputs times taps, so there is a matrix C of n rows and m columns with `O = I C`:
//!
//! ```text
//! C[q, o] = w[t]   where  q = o*s + t*d - begin  on every axis;  otherwise a hole
//! ```
//!
//! Column o is the kernel laid on the input at window o. Swapping the roles of the two rows of numbers means transposing:
//! `P = O C^T` takes m numbers to n numbers, the shape of I again. That is the transposed convolution, and where its name
//! comes from. So *one* matrix serves both operations: its rows are the larger side (a convolution's input, a transposed
//! convolution's output), its columns the smaller side.
//!
//! A hole is `None`, not 0: it multiplies nothing.

use convt_geometry::Op;

use crate::array::limited;
use crate::plane::{Plane, each, flat, inside, positions, volume};
use crate::{Layer, ReferenceError};

/// The equivalent matrix C of one input channel and one output channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// n: elements of a convolution's input, or of a transposed convolution's output.
    pub rows: usize,
    /// m: elements of a convolution's output, or of a transposed convolution's input.
    pub columns: usize,
    /// Row by row, the row-major index of the tap that stands at each entry; `None` is a hole.
    pub taps: Vec<Option<u32>>,
}

/// C for a layer of one input and one output channel; `input` and `kernel` are the spatial sizes.
///
/// A convolution is `O = I C`. For a transposed convolution this is the matrix of the convolution it transposes: its
/// output is its flattened input times `C^T`.
pub fn equivalent_matrix(
    layer: &Layer,
    input: &[usize],
    kernel: &[usize],
) -> Result<Matrix, ReferenceError> {
    Matrix::of(&layer.plane(input, kernel)?)
}

impl Matrix {
    pub(crate) fn of(plane: &Plane) -> Result<Self, ReferenceError> {
        let (large, small) = match plane.op {
            Op::Conv => (plane.input, plane.output),
            Op::ConvTranspose => (plane.output, plane.input),
        };
        let sides = large.into_iter().chain(small).map(|n| n as u128);
        let entries = limited("the equivalent matrix", sides)?;
        let kernels = small.into_iter().chain(plane.kernel).map(|n| n as u128);
        limited("the list of the matrix's taps", kernels)?;
        let (rows, columns) = (volume(large), volume(small));
        let mut taps = vec![None; entries];
        for o in positions(small) {
            for t in positions(plane.kernel) {
                let q = each(|a| {
                    (o[a] * plane.stride[a] + t[a] * plane.dilation[a]) as isize - plane.begin[a]
                });
                if let Some(q) = inside(large, q) {
                    taps[q * columns + flat(small, o)] = Some(flat(plane.kernel, t) as u32);
                }
            }
        }
        Ok(Self {
            rows,
            columns,
            taps,
        })
    }

    /// The tap at an entry; `None` is a hole, or an entry that does not exist.
    pub fn tap(&self, row: usize, column: usize) -> Option<usize> {
        let at = row.checked_mul(self.columns)?.checked_add(column)?;
        if column >= self.columns {
            return None;
        }
        self.taps.get(at).copied().flatten().map(|tap| tap as usize)
    }

    /// The entries with the kernel's values (row-major), 0 for a hole and for a tap that `w` does not have.
    pub fn values(&self, w: &[f64]) -> Vec<f64> {
        let value = |tap: &Option<u32>| tap.and_then(|tap| w.get(tap as usize)).copied();
        self.taps
            .iter()
            .map(|tap| value(tap).unwrap_or(0.0))
            .collect()
    }

    /// Adds `x C` (convolution) or `x C^T` (transposed) to y.
    pub(crate) fn add(&self, op: Op, x: &[f64], w: &[f64], y: &mut [f64]) {
        for (row, taps) in self.taps.chunks_exact(self.columns).enumerate() {
            for (column, tap) in taps.iter().enumerate() {
                let Some(tap) = tap else { continue };
                let c = w[*tap as usize];
                match op {
                    Op::Conv => y[column] += x[row] * c,
                    Op::ConvTranspose => y[row] += x[column] * c,
                }
            }
        }
    }
}
