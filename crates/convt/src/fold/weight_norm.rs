//! Weight norm, fused.

use crate::init::Real;
use crate::port::check_weight;
use crate::tensor::reserve;
use crate::{Error, Tensor, TensorRef};

/// The weight `g * v / |v|` of a layer under weight norm; the norm is taken over all axes but `dim` (`None`: over all).
///
/// `v` is the layer's weight-shaped direction, `g` has one length per index of `dim` (`None`: a single one). Whether
/// `dim` means an input or an output channel is the layout's matter: PyTorch's default, 0, is the output channel of a
/// convolution but the *input* channel of a transposed one.
///
/// A direction without length is refused. Sums are formed in f64 and rounded once.
pub fn weight_norm<'v, T: Real>(
    g: &[T],
    v: impl Into<TensorRef<'v, T>>,
    dim: Option<usize>,
) -> Result<Tensor<T>, Error> {
    let v = v.into();
    check_weight(&v)?;
    let (count, inner) = match dim {
        None => (1, v.data.len()),
        // Without elements the product might not fit, and is not used.
        Some(dim) if dim < v.shape.len() && v.data.is_empty() => (v.shape[dim], 1),
        Some(dim) if dim < v.shape.len() => (v.shape[dim], v.shape[dim + 1..].iter().product()),
        Some(dim) => {
            return Err(Error::Value {
                parameter: "dim",
                value: dim.to_string(),
                expected: format!("an axis of v, below {}", v.shape.len()),
            });
        }
    };
    if g.len() != count {
        return Err(Error::Value {
            parameter: "g",
            value: format!("a list of {} values", g.len()),
            expected: match dim {
                None => String::from("one value, because the norm is over all axes"),
                Some(dim) => format!("{count} values, one per index of axis {dim} of v"),
            },
        });
    }
    // Row-major: element `index` has the coordinate `index / inner % count` along `dim`.
    let slice_of = |index: usize| index / inner % count;
    // Divided by its largest element first, so that no square overflows or vanishes.
    let mut largest = vec![0.0_f64; count];
    for (index, value) in v.data.iter().enumerate() {
        let size = value.widened().abs();
        let seen = &mut largest[slice_of(index)];
        *seen = if size.is_nan() { size } else { seen.max(size) };
    }
    let mut squares = vec![0.0_f64; count];
    for (index, value) in v.data.iter().enumerate() {
        let slice = slice_of(index);
        squares[slice] += (value.widened() / largest[slice]).powi(2);
    }
    let mut data = reserve("weight", v.data.len())?;
    for (index, value) in v.data.iter().enumerate() {
        let slice = slice_of(index);
        if !(squares[slice] > 0.0 && squares[slice].is_finite()) {
            return Err(Error::Value {
                parameter: "v",
                value: format!("a direction of length {} at index {slice}", largest[slice]),
                expected: String::from("a positive finite length, because it divides"),
            });
        }
        let direction = value.widened() / largest[slice] / squares[slice].sqrt();
        data.push(T::rounded(g[slice].widened() * direction));
    }
    Ok(Tensor {
        shape: v.shape,
        data,
    })
}
