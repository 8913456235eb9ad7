//! A layer with its weights checked and packed: ready for any batch and any spatial size.

use std::sync::Arc;

use convt_geometry::Op;

use crate::algorithm::{self, Call, Weights};
use crate::forced;
use crate::layer::{OutputChoice, Resolved};
use crate::tensor::{check_elements, elements, zeros};
use crate::{Activation, Element, Error, Explanation, Layer, Run, Scratch, Tensor, TensorRef};

/// A layer and its weights, packed once. Cheap to clone and to share: clones hold the same weights, and running needs only
/// `&self`.
#[derive(Clone, Debug)]
pub struct Plan<T> {
    layer: Layer,
    weights: Arc<Weights<T>>,
    activation: Activation<T>,
}

impl<T: Element> Plan<T> {
    pub(crate) fn new(
        layer: &Layer,
        weight: &TensorRef<'_, T>,
        bias: Option<&[T]>,
        limit: Option<usize>,
    ) -> Result<Self, Error> {
        layer.check()?;
        let expected = layer.weight_shape();
        if weight.shape.len() != expected.len() {
            let order = match layer.op() {
                Op::ConvTranspose => "(C_in, C_out/groups, kernel...)",
                Op::Conv => "(C_out, C_in/groups, kernel...)",
            };
            return Err(Error::Rank {
                array: "weight",
                shape: weight.shape.clone(),
                expected: format!("{} axes {order}: {expected:?}", expected.len()),
            });
        }
        if weight.shape != expected {
            return Err(Error::Shape {
                array: "weight",
                shape: weight.shape.clone(),
                expected,
                because: "with the layer's channels, groups and kernel_size",
            });
        }
        check_elements::<T>("weight", weight.data.len(), &weight.shape)?;
        match bias {
            Some(_) if !layer.has_bias() => return Err(Error::Bias { wanted: false }),
            None if layer.has_bias() => return Err(Error::Bias { wanted: true }),
            Some(bias) if bias.len() != layer.out_channels() => {
                return Err(Error::BiasLength {
                    length: bias.len(),
                    out_channels: layer.out_channels(),
                });
            }
            _ => {}
        }
        let bytes = size_of_val(&weight.data[..]) + bias.map_or(0, size_of_val);
        within(limit, "packed weights", bytes)?;
        Ok(Self {
            layer: layer.clone(),
            weights: Arc::new(Weights::new(layer, &weight.data, bias.unwrap_or_default())?),
            activation: Activation::None,
        })
    }

    /// The same plan with a function of each output element, applied while the element is in the cache. A PReLU needs one
    /// slope per output channel.
    pub fn activation(mut self, activation: Activation<T>) -> Result<Self, Error> {
        if let Activation::Prelu(slopes) = &activation
            && slopes.len() != self.layer.out_channels()
        {
            return Err(Error::Slopes {
                length: slopes.len(),
                out_channels: self.layer.out_channels(),
            });
        }
        self.activation = activation;
        Ok(self)
    }

    /// The layer.
    pub fn layer(&self) -> &Layer {
        &self.layer
    }

    /// Bytes of packed weights and bias that the plan holds.
    pub fn packed_bytes(&self) -> usize {
        self.weights.bytes()
    }

    /// The shape of the output for an input of shape `(N, C_in, spatial...)` or `(C_in, spatial...)`.
    pub fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, Error> {
        self.layer.output_shape(input)
    }

    /// The shape of the output under the run's own choice of output size.
    pub fn output_shape_with(&self, input: &[usize], run: &Run) -> Result<Vec<usize>, Error> {
        Ok(self.layer.resolve(input, &run.output)?.output_shape())
    }

    /// Bytes of scratch that a run on such an input needs with that many threads (0: all of the current rayon pool).
    pub fn scratch_bytes(&self, input: &[usize], threads: usize) -> Result<usize, Error> {
        let resolved = self.layer.resolve(input, &OutputChoice::Layer)?;
        let elements = self.weights.scratch_elements(&resolved, threads)?;
        Ok(elements.saturating_mul(size_of::<T>()))
    }

    /// What runs for such an input on this machine, at what cost, and why nothing else would.
    pub fn explain(&self, input: &[usize]) -> Result<Explanation, Error> {
        let mut explanation = self.layer.explain(input, T::DTYPE)?;
        explanation.choose(self.weights.algorithm(), self.scratch_bytes(input, 1)?);
        Ok(explanation)
    }

    /// Runs on an array given as a slice with its shape.
    pub fn run_slice(&self, x: &[T], shape: &[usize]) -> Result<Tensor<T>, Error> {
        self.run_slice_with(x, shape, &Run::default())
    }

    /// As [`Plan::run_slice`], with options.
    pub fn run_slice_with(&self, x: &[T], shape: &[usize], run: &Run) -> Result<Tensor<T>, Error> {
        let resolved = self.layer.resolve(shape, &run.output)?;
        let output = resolved.output_shape();
        let count = elements::<T>("output", &output)?;
        check_elements::<T>("input", x.len(), shape)?;
        self.check_limit(&resolved, run, count)?;
        let mut y = zeros("output", count)?;
        self.execute(x, &resolved, &mut y, &mut Scratch::new(), run)?;
        Ok(Tensor {
            shape: output,
            data: y,
        })
    }

    /// Runs into memory of the caller's: `y` has exactly the output's elements, `threads` = 0 is all of the current rayon
    /// pool. Nothing is allocated but tables in proportion to the kernel's length along each axis, and what `scratch` may
    /// lack.
    pub fn run_slice_into(
        &self,
        x: &[T],
        shape: &[usize],
        y: &mut [T],
        scratch: &mut Scratch<T>,
        threads: usize,
    ) -> Result<(), Error> {
        self.run_slice_into_with(x, shape, y, scratch, &Run::new().threads(threads))
    }

    /// As [`Plan::run_slice_into`], with options.
    pub fn run_slice_into_with(
        &self,
        x: &[T],
        shape: &[usize],
        y: &mut [T],
        scratch: &mut Scratch<T>,
        run: &Run,
    ) -> Result<(), Error> {
        let resolved = self.layer.resolve(shape, &run.output)?;
        check_elements::<T>("input", x.len(), shape)?;
        check_elements::<T>("output", y.len(), &resolved.output_shape())?;
        self.check_limit(&resolved, run, 0)?;
        self.execute(x, &resolved, y, scratch, run)
    }

    /// Refuses a run whose own allocations, `extra` elements of output or copies among them, exceed its limit.
    pub(crate) fn check_limit(
        &self,
        resolved: &Resolved,
        run: &Run,
        extra: usize,
    ) -> Result<(), Error> {
        if run.memory_limit.is_none() {
            return Ok(());
        }
        let scratch = self.weights.scratch_elements(resolved, run.threads)?;
        let bytes = extra
            .saturating_add(scratch)
            .saturating_mul(size_of::<T>())
            .saturating_add(algorithm::table_bytes(resolved));
        within(run.memory_limit, "the run", bytes)
    }

    fn execute(
        &self,
        x: &[T],
        resolved: &Resolved,
        y: &mut [T],
        scratch: &mut Scratch<T>,
        run: &Run,
    ) -> Result<(), Error> {
        if y.is_empty() {
            return Ok(());
        }
        let products = || resolved.products();
        forced::held(run.isa, products, |isa| {
            self.weights.run(Call {
                isa,
                sizes: resolved,
                x,
                y,
                scratch,
                options: run,
                activation: &self.activation,
            })
        })
    }
}

/// Refuses `bytes` beyond the limit, where there is one.
fn within(limit: Option<usize>, what: &'static str, bytes: usize) -> Result<(), Error> {
    match limit {
        Some(limit) if bytes > limit => Err(Error::MemoryLimit { what, bytes, limit }),
        _ => Ok(()),
    }
}
