//! The engine's calls on contiguous arrays, with candle's errors.

use candle_core::{Error, Result};
use convt::{Conv1d, Element, Gradients, Layer, Run, Tensor, Wanted};

/// A contiguous array: its elements and its shape.
pub(crate) type Array<'a, T> = (&'a [T], &'a [usize]);

/// The layer's output.
pub(crate) fn run<T: Element>(
    layer: &Layer,
    x: Array<'_, T>,
    weight: Array<'_, T>,
    bias: Option<&[T]>,
) -> Result<Tensor<T>> {
    let plan = layer.plan(weight, bias).map_err(Error::wrap)?;
    plan.run_slice(x.0, x.1).map_err(Error::wrap)
}

/// The adjoint of a layer for an input of that shape.
pub(crate) fn adjoint(layer: &Layer, input: &[usize]) -> Result<Layer> {
    layer.adjoint(input).map_err(Error::wrap)
}

/// The gradient of the layer's weight, and of its bias as far as it has one.
pub(crate) fn parameter_gradients<T: Element>(
    layer: &Layer,
    x: Array<'_, T>,
    dy: Array<'_, T>,
    wanted: Wanted,
) -> Result<Gradients<T>> {
    // These gradients do not depend on the weight: its shape alone is looked at.
    let shape = layer.weight_shape();
    let weight = vec![T::ZERO; shape.iter().product()];
    let weight = (&weight[..], &shape[..]);
    layer
        .backward(weight, x, dy, wanted, &Run::new())
        .map_err(Error::wrap)
}

/// The sums of `dy`, `(N, C, positions)`, over all but the channels: the gradient of the bias of any layer with that output.
/// The depthwise one with kernels of one tap is as good as any, since its input has the shape of its output.
pub(crate) fn totals<T: Element>(dy: &[T], [n, channels, positions]: [usize; 3]) -> Result<Vec<T>> {
    if positions == 0 {
        return Ok(vec![T::ZERO; channels]);
    }
    let layer = Conv1d::new(channels, channels, 1).groups(channels);
    let dy = (dy, &[n, channels, positions][..]);
    let wanted = Wanted {
        input: false,
        weight: false,
        bias: true,
    };
    let gradients = parameter_gradients(&layer, dy, dy, wanted)?;
    Ok(gradients.bias.unwrap_or_default())
}
