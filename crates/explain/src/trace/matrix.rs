//! The equivalent matrix with its numbers.

use convt_reference::{Array, Definition, Layer, Matrix, Op, equivalent_matrix};
use serde::Serialize;

use super::Grid;
use crate::ExplainError;

/// The most entries of a matrix that is shown.
const MOST_ENTRIES: usize = 4096;

/// `O = I C` and `P = O C^T` for one channel.
///
/// The *image* is the larger side, a convolution's input; the *windows* are the smaller one, its output.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MatrixTrace {
    /// n: rows of C, elements of the image.
    pub rows: usize,
    /// m: columns of C, windows.
    pub columns: usize,
    /// Row by row, the tap that stands at each entry of C; `None` is a hole.
    pub taps: Vec<Option<u32>>,
    /// Row by row, the entries of C with 0 for holes.
    pub values: Vec<f64>,
    /// The kernel.
    pub kernel: Grid,
    /// I, where the layer is a convolution: a transposed convolution is given O.
    pub image: Option<Grid>,
    /// O: `I C`, or the input of the transposed convolution.
    pub windows: Grid,
    /// P: `O C^T`, in the image's shape.
    pub back: Grid,
    /// The rank of C; `None` where its entries are not all finite.
    pub rank: Option<usize>,
}

impl MatrixTrace {
    /// Traces a layer of one input and one output channel. `x` holds the input's values in its spatial shape: I for a
    /// convolution, O for a transposed convolution. `w` is the kernel in its spatial shape.
    pub fn new(layer: &Layer, x: &Array, w: &Array) -> Result<Self, ExplainError> {
        let sizes = layer.output(&x.shape, &w.shape)?;
        let entries = x.shape.iter().chain(&sizes);
        let entries = entries.fold(1u128, |all, &n| all.saturating_mul(n as u128));
        if entries > MOST_ENTRIES as u128 {
            return Err(ExplainError::TooLarge {
                what: "entries of C",
                count: entries,
                limit: MOST_ENTRIES,
                smaller: format!("an image of {}", vec!["4"; x.shape.len()].join("x")),
            });
        }
        let matrix = equivalent_matrix(layer, &x.shape, &w.shape)?;
        let one = |array: &Array, leading: &[usize]| {
            Array::new(&[leading, &array.shape].concat(), array.data.clone())
        };
        let (x1, w1) = (one(x, &[1])?, one(w, &[1, 1])?);
        let layer = layer.clone().groups(1);
        let y = Definition::Matrix.run(&layer, &x1, &w1, None)?;
        let grid = |y: &Array| Grid::new(&y.shape[1..], &y.data);
        let given = Grid::new(&x.shape, &x.data);
        let (image, windows, back) = match layer.op {
            Op::ConvTranspose => (None, given, grid(&y)),
            Op::Conv => {
                let back = transposed(&layer, &x.shape, &w.shape, &y.shape[1..]);
                let p = Definition::Matrix.run(&back, &y, &w1, None)?;
                (Some(given), grid(&y), grid(&p))
            }
        };
        Ok(Self::assemble(matrix, w, image, windows, back))
    }

    fn assemble(matrix: Matrix, w: &Array, image: Option<Grid>, windows: Grid, back: Grid) -> Self {
        let values = matrix.values(&w.data);
        Self {
            rank: rank(&values, matrix.columns),
            rows: matrix.rows,
            columns: matrix.columns,
            taps: matrix.taps,
            values,
            kernel: Grid::new(&w.shape, &w.data),
            image,
            windows,
            back,
        }
    }

    /// The tap at an entry.
    pub fn tap(&self, row: usize, column: usize) -> Option<usize> {
        self.taps[row * self.columns + column].map(|tap| tap as usize)
    }
}

/// The transposed convolution that restores a convolution's image: what no window reached is given back at the end.
fn transposed(conv: &Layer, image: &[usize], kernel: &[usize], windows: &[usize]) -> Layer {
    let mut layer = conv.clone();
    layer.op = Op::ConvTranspose;
    for axis in 0..image.len() {
        // i = (o-1)*s + K - begin - end, solved for the end
        let reach =
            (windows[axis] - 1) * conv.stride[axis] + conv.dilation[axis] * (kernel[axis] - 1);
        layer.crops[axis][1] = reach as isize + 1 - layer.crops[axis][0] - image[axis] as isize;
    }
    layer
}

/// The rank by Gaussian elimination with pivots; entries below 1e-10 of the largest count as 0.
fn rank(values: &[f64], columns: usize) -> Option<usize> {
    let largest = values.iter().fold(0.0f64, |most, v| most.max(v.abs()));
    if !values.iter().all(|v| v.is_finite()) {
        return None;
    }
    let mut rows: Vec<Vec<f64>> = values.chunks(columns).map(<[f64]>::to_vec).collect();
    let mut rank = 0;
    for column in 0..columns {
        let pivot = (rank..rows.len())
            .max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()));
        let Some(pivot) = pivot.filter(|&row| rows[row][column].abs() > 1e-10 * largest) else {
            continue;
        };
        rows.swap(rank, pivot);
        let (above, below) = rows.split_at_mut(rank + 1);
        for row in below {
            let factor = row[column] / above[rank][column];
            for (entry, of_pivot) in row[column..].iter_mut().zip(&above[rank][column..]) {
                *entry -= factor * of_pivot;
            }
        }
        rank += 1;
    }
    Some(rank)
}
