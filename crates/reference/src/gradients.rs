//! Gradients of both operations, in the scatter form.
//!
//! The operation is a sum of products `y[o] += x[q] * w[t]` over a set of triples (q, t, o). For a loss L with
//! `gy = dL/dy`, every triple adds
//!
//! ```text
//! gx[q] += gy[o] * w[t]          gw[t] += gy[o] * x[q]          and          gb[co] = sum over n and o of gy[n, co, o]
//! ```
//!
//! The first sum runs over the triples of the *other* operation: the input's gradient of a convolution is a transposed
//! convolution, and the reverse.

use crate::array::limited;
use crate::layer::Sizes;
use crate::plane::volume;
use crate::scatter::triples;
use crate::{Array, Layer, ReferenceError};

/// The gradients of a layer's input, weight and bias.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients {
    /// dL/dx, in the input's shape.
    pub x: Array,
    /// dL/dw, in the weight's shape.
    pub w: Array,
    /// dL/db, one per output channel.
    pub b: Vec<f64>,
}

/// The gradients of a layer on `x` with weight `w`, where `gy` arrives from above in the output's shape.
pub fn gradients(
    layer: &Layer,
    x: &Array,
    w: &Array,
    gy: &Array,
) -> Result<Gradients, ReferenceError> {
    let sizes = Sizes::new(layer, x, w)?;
    gy.check("the gradient")?;
    if gy.shape != sizes.output {
        return Err(ReferenceError::Gradient {
            shape: gy.shape.clone(),
            output: sizes.output,
        });
    }
    limited("the bias", [sizes.out_channels as u128])?;
    let plane = &sizes.plane;
    let (input, kernel, output) = (
        volume(plane.input),
        volume(plane.kernel),
        volume(plane.output),
    );
    let mut gradients = Gradients {
        x: Array::zeros(&x.shape)?,
        w: Array::zeros(&w.shape)?,
        b: vec![0.0; sizes.out_channels],
    };
    for pair in sizes.pairs() {
        let (x, gx) = (
            &x.data[pair.input * input..][..input],
            &mut gradients.x.data[pair.input * input..][..input],
        );
        let (w, gw) = (
            &w.data[pair.kernel * kernel..][..kernel],
            &mut gradients.w.data[pair.kernel * kernel..][..kernel],
        );
        let gy = &gy.data[pair.output * output..][..output];
        triples(plane, |q, t, o| {
            gx[q] += gy[o] * w[t];
            gw[t] += gy[o] * x[q];
        });
    }
    for (i, channel) in gy.data.chunks_exact(output).enumerate() {
        gradients.b[i % sizes.out_channels] += channel.iter().sum::<f64>();
    }
    Ok(gradients)
}
