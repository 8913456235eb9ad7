//! The five definitions by name, and the sum over channels that they share.

use crate::layer::Sizes;
use crate::plane::volume;
use crate::{Array, Layer, ReferenceError, gather, matrix, phases, scatter, zero_insert};

/// One of five ways to say the same operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Definition {
    /// Every input adds its products to the outputs it reaches.
    Scatter,
    /// Every output collects the products that reach it.
    Gather,
    /// Four steps: stretch, pad, flip, convolve. Needs memory for the stretched input.
    ZeroInsert,
    /// The equivalent matrix. Needs memory for inputs times outputs of one channel.
    Matrix,
    /// One stride-1 convolution per remainder mod the stride.
    Phases,
}

impl Definition {
    /// All five.
    pub const ALL: [Self; 5] = [
        Self::Scatter,
        Self::Gather,
        Self::ZeroInsert,
        Self::Matrix,
        Self::Phases,
    ];

    /// The name in lower case, as users type it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scatter => "scatter",
            Self::Gather => "gather",
            Self::ZeroInsert => "zero_insert",
            Self::Matrix => "matrix",
            Self::Phases => "phases",
        }
    }

    /// The layer's output: `(N, C_out, spatial...)`, or `(C_out, spatial...)` for an input without a batch axis.
    ///
    /// `x` is `(N, C_in, spatial...)` or `(C_in, spatial...)`; `w` is `(C_in, C_out/groups, kernel...)` for a transposed
    /// convolution and `(C_out, C_in/groups, kernel...)` for a convolution; `b` has one element per output channel.
    pub fn run(
        self,
        layer: &Layer,
        x: &Array,
        w: &Array,
        b: Option<&[f64]>,
    ) -> Result<Array, ReferenceError> {
        let sizes = Sizes::new(layer, x, w)?;
        let mut y = start_with_bias(&sizes, b)?;
        if sizes.pairs().next().is_none() {
            return Ok(y);
        }
        let plane = &sizes.plane;
        match self {
            Self::Scatter => sum(&sizes, x, w, &mut y, |x, w, y| {
                scatter::add(plane, x, w, y);
            }),
            Self::Gather => sum(&sizes, x, w, &mut y, |x, w, y| {
                gather::add(plane, x, w, y);
            }),
            Self::ZeroInsert => {
                zero_insert::check(plane)?;
                sum(&sizes, x, w, &mut y, |x, w, y| {
                    zero_insert::add(plane, x, w, y);
                });
            }
            Self::Matrix => {
                let c = matrix::Matrix::of(plane)?;
                sum(&sizes, x, w, &mut y, |x, w, y| c.add(plane.op, x, w, y));
            }
            Self::Phases => sum(&sizes, x, w, &mut y, |x, w, y| {
                phases::add(plane, x, w, y);
            }),
        }
        Ok(y)
    }
}

/// The output where nothing has been added yet: every element is its channel's bias.
fn start_with_bias(sizes: &Sizes, b: Option<&[f64]>) -> Result<Array, ReferenceError> {
    let mut y = Array::zeros(&sizes.output)?;
    if let Some(b) = b {
        if b.len() != sizes.out_channels {
            return Err(ReferenceError::Bias {
                length: b.len(),
                out_channels: sizes.out_channels,
            });
        }
        let planes = y.data.chunks_exact_mut(volume(sizes.plane.output));
        for (plane, &bias) in planes.zip(b.iter().cycle()) {
            plane.fill(bias);
        }
    }
    Ok(y)
}

/// `y[n, co] += add(x[n, ci], w[ci, co])` for every pair of channels that the layer connects.
fn sum(
    sizes: &Sizes,
    x: &Array,
    w: &Array,
    y: &mut Array,
    add: impl Fn(&[f64], &[f64], &mut [f64]),
) {
    let plane = &sizes.plane;
    let (input, kernel, output) = (
        volume(plane.input),
        volume(plane.kernel),
        volume(plane.output),
    );
    for pair in sizes.pairs() {
        add(
            &x.data[pair.input * input..][..input],
            &w.data[pair.kernel * kernel..][..kernel],
            &mut y.data[pair.output * output..][..output],
        );
    }
}
