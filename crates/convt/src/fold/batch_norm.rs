//! Batch norm after a layer, folded into it.

use convt_geometry::Op;

use crate::init::Real;
use crate::port::{Sizes, Storage, check_weight};
use crate::tensor::reserve;
use crate::{Error, Tensor, TensorRef};

/// A batch norm in evaluation mode over the output channels of a layer; each list has one value per channel.
#[derive(Clone, Copy, Debug)]
pub struct BatchNorm<'a, T> {
    /// The learned scale, PyTorch's `weight`; `None` is 1.
    pub gamma: Option<&'a [T]>,
    /// The learned shift, PyTorch's `bias`; `None` is 0.
    pub beta: Option<&'a [T]>,
    /// PyTorch's `running_mean`.
    pub mean: &'a [T],
    /// PyTorch's `running_var`.
    pub variance: &'a [T],
    /// PyTorch's `eps`, whose default is 1e-5; Keras' is 1e-3.
    pub epsilon: f64,
}

/// Weight and bias of a layer that does the work of itself and of what followed it.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded<T> {
    /// Of the shape it had.
    pub weight: Tensor<T>,
    /// One value per output channel.
    pub bias: Vec<T>,
}

/// Folds a batch norm that follows a layer into the layer's weight and bias.
///
/// ```text
/// f[c]    = gamma[c] / sqrt(variance[c] + epsilon)         of output channel c
/// bias'   = (bias - mean) * f + beta                       a layer without a bias has one afterwards
/// weight' = weight * f[its output channel]
/// ```
///
/// A convolution's output channel is its weight's dim 0. A transposed convolution's weight is `(C_in, C_out/groups, k...)`:
/// the output channel is dim 1 *within the group of dim 0*, so element `(i, m)` of group `g = i / (C_in/groups)` belongs
/// to channel `g * C_out/groups + m`. Scaling dim 0, or dim 1 alike in every group, is the classic mistake, and no shape
/// shows it where the channel counts agree.
///
/// Sums are formed in f64 and rounded once.
pub fn batch_norm<'w, T: Real>(
    op: Op,
    groups: usize,
    weight: impl Into<TensorRef<'w, T>>,
    bias: Option<&[T]>,
    norm: &BatchNorm<'_, T>,
) -> Result<Folded<T>, Error> {
    let weight = weight.into();
    check_weight(&weight)?;
    let storage = Storage::torch(op);
    let sizes = Sizes::read(storage, groups, &weight.shape)?;
    let channels = sizes.out_channels();
    if let Some(bias) = bias
        && bias.len() != channels
    {
        return Err(Error::BiasLength {
            length: bias.len(),
            out_channels: channels,
        });
    }
    let factors = factors(norm, channels)?;
    let mut scaled = reserve("weight", weight.data.len())?;
    scaled.extend_from_slice(&weight.data);
    sizes.each(storage, |g, _, o, offset| {
        let factor = factors[g * sizes.out_per_group() + o];
        scaled[offset] = T::rounded(scaled[offset].widened() * factor);
    });
    let at = |list: Option<&[T]>, c: usize| list.map_or(0.0, |list| list[c].widened());
    Ok(Folded {
        weight: Tensor {
            shape: weight.shape,
            data: scaled,
        },
        bias: (0..channels)
            .map(|c| (at(bias, c) - norm.mean[c].widened()) * factors[c] + at(norm.beta, c))
            .map(T::rounded)
            .collect(),
    })
}

/// `gamma / sqrt(variance + epsilon)` of each channel; refuses lists of another length and what has no square root.
fn factors<T: Real>(norm: &BatchNorm<'_, T>, channels: usize) -> Result<Vec<f64>, Error> {
    let lists = [
        ("gamma", norm.gamma),
        ("beta", norm.beta),
        ("mean", Some(norm.mean)),
        ("variance", Some(norm.variance)),
    ];
    for (parameter, list) in lists {
        if let Some(list) = list
            && list.len() != channels
        {
            return Err(Error::Value {
                parameter,
                value: format!("a list of {} values", list.len()),
                expected: format!("{channels} values, one per output channel"),
            });
        }
    }
    let factor = |(c, variance): (usize, &T)| {
        let spread = variance.widened() + norm.epsilon;
        if spread > 0.0 && spread.is_finite() {
            let gamma = norm.gamma.map_or(1.0, |gamma| gamma[c].widened());
            return Ok(gamma / spread.sqrt());
        }
        Err(Error::Value {
            parameter: "variance + epsilon",
            value: format!("{spread} at channel {c}"),
            expected: String::from("a positive finite number, because its square root divides"),
        })
    };
    norm.variance.iter().enumerate().map(factor).collect()
}
