//! Gradients of a layer's input, weight and bias.
//!
//! Both operations are bilinear: `y = A(x, w) + b`. Where `dy` is the gradient of a scalar by `y`, its gradients are
//!
//! ```text
//! dx = adjoint of the layer, run on dy with the same weight        a ConvTranspose's is a Conv, and the reverse
//! dw[ca, cb, t] = sum over n, q of coarse[n, ca, q] * fine[n, cb of ca's group, q*s + t*d - crop]
//! db[c] = sum over n, o of dy[n, c, o]
//! ```
//!
//! with `coarse` the input and `fine` `dy` for a transposed convolution, the other way round for a convolution.

mod into;

use crate::tensor::{elements, zeros};
use crate::{Element, Error, Layer, Run, Scratch, Tensor, TensorRef};

pub use into::GradientsMut;

/// Which gradients are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// That of the input.
    pub input: bool,
    /// That of the weight.
    pub weight: bool,
    /// That of the bias; a layer without one has none.
    pub bias: bool,
}

impl Wanted {
    /// All three.
    pub const ALL: Self = Self {
        input: true,
        weight: true,
        bias: true,
    };
}

/// Gradients of a scalar, those that were wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients<T> {
    /// By the input, in its shape.
    pub input: Option<Tensor<T>>,
    /// By the weight, in its shape.
    pub weight: Option<Tensor<T>>,
    /// By the bias; none where the layer has none.
    pub bias: Option<Vec<T>>,
}

impl Layer {
    /// Gradients of a scalar by input, weight and bias, from its gradient by the output, `dy`.
    ///
    /// `weight` and `x` are those of the run whose output `dy` belongs to, and `run` has its options: the output's size,
    /// the layout of `x`, `dy` and the input's gradient, threads, exactness, instruction set, memory limit. An algorithm or
    /// a progress asked for plays no part. Without a batch axis in `x` there is none in `dy`.
    ///
    /// Both operations are bilinear, so gradients of these gradients need nothing new: the gradient of the input is a run of
    /// [`Layer::adjoint`] on `dy`, whose own gradients are that layer's `backward`; and `<dw, v>` for any `v` of the weight's
    /// shape is `<dy, run of this layer on x with the weight v>`, so its gradient by `dy` is that run, and its gradient by `x`
    /// is this layer's gradient of the input with the weight `v`.
    ///
    /// ```
    /// use convt::{ConvTranspose1d, Run, Wanted};
    ///
    /// let layer = ConvTranspose1d::new(1, 1, 2).stride(2);
    /// let (w, x, dy) = ([3.0_f32, 5.0], [1.0_f32, 2.0], [1.0_f32, 0.0, 0.0, 1.0]);
    /// let gradients = layer.backward(
    ///     (&w[..], [1, 1, 2]), (&x[..], [1, 1, 2]), (&dy[..], [1, 1, 4]), Wanted::ALL, &Run::new(),
    /// )?;
    /// assert_eq!(gradients.input.unwrap().data, [3.0, 5.0]);
    /// assert_eq!(gradients.weight.unwrap().data, [1.0, 2.0]);
    /// assert_eq!(gradients.bias.unwrap(), [2.0]);
    /// # Ok::<(), convt::Error>(())
    /// ```
    pub fn backward<'a, T: Element>(
        &self,
        weight: impl Into<TensorRef<'a, T>>,
        x: impl Into<TensorRef<'a, T>>,
        dy: impl Into<TensorRef<'a, T>>,
        wanted: Wanted,
        run: &Run,
    ) -> Result<Gradients<T>, Error> {
        let (weight, x, dy) = (weight.into(), x.into(), dy.into());
        let sizes = self.check_backward(&weight, &x, &dy, run)?;
        let make = |wanted: bool, what: &'static str, shape: &[usize]| {
            let made = wanted.then(|| elements::<T>(what, shape).map(|count| (what, count)));
            made.transpose()
        };
        let counts = [
            make(wanted.input, "the input's gradient", &x.shape)?,
            make(wanted.weight, "the weight's gradient", &weight.shape)?,
            make(
                wanted.bias && self.has_bias(),
                "the bias's gradient",
                &[self.out_channels()],
            )?,
        ];
        let all = counts.iter().flatten();
        let own = all.fold(0, |sum: usize, (_, count)| sum.saturating_add(*count));
        self.check_backward_limit::<T>(
            &sizes,
            own,
            (counts[0].is_some(), counts[1].is_some()),
            run,
        )?;
        let [mut input, mut weights, mut bias] = counts.map(|count| {
            count
                .map(|(what, count)| zeros::<T>(what, count))
                .transpose()
        });
        let into = GradientsMut {
            input: slice(&mut input)?,
            weight: slice(&mut weights)?,
            bias: slice(&mut bias)?,
        };
        self.execute_backward(&weight, &x, &dy, &sizes, into, &mut Scratch::new(), run)?;
        Ok(Gradients {
            input: input?.map(|data| Tensor {
                shape: x.shape.clone(),
                data,
            }),
            weight: weights?.map(|data| Tensor {
                shape: weight.shape.clone(),
                data,
            }),
            bias: bias?,
        })
    }
}

/// The memory that was made, if any was asked for.
fn slice<T>(made: &mut Result<Option<Vec<T>>, Error>) -> Result<Option<&mut [T]>, Error> {
    match made {
        Ok(made) => Ok(made.as_deref_mut()),
        Err(error) => Err(error.clone()),
    }
}
