//! A layer with its weights checked and packed: ready for any batch and any spatial size.

use std::sync::Arc;

use convt_geometry::Op;

use crate::algorithm::{self, Call, Weights};
use crate::forced;
use crate::layer::{OutputChoice, Resolved};
use crate::tensor::{check_elements, elements, zeros};
use crate::{
    Activation, Element, Error, Explanation, Layer, Layout, Run, Scratch, Tensor, TensorRef,
};

/// A layer and its weights, packed once. Cheap to clone and to share: clones hold the same weights, and running needs only
/// `&self`.
#[derive(Clone, Debug)]
pub struct Plan<T> {
    layer: Layer,
    weights: Arc<Weights<T>>,
    activation: Activation<T>,
}

impl Layer {
    /// Refuses a weight of another shape than the layer's.
    pub(crate) fn check_weight<T: Element>(&self, weight: &TensorRef<'_, T>) -> Result<(), Error> {
        let expected = self.weight_shape();
        if weight.shape.len() != expected.len() {
            let order = match self.op() {
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
        check_elements::<T>("weight", weight.data.len(), &weight.shape)
    }
}

impl<T: Element> Plan<T> {
    pub(crate) fn new(
        layer: &Layer,
        weight: &TensorRef<'_, T>,
        bias: Option<&[T]>,
        limit: Option<usize>,
    ) -> Result<Self, Error> {
        layer.check()?;
        layer.check_weight(weight)?;
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
            weights: Arc::new(T::pack(layer, &weight.data, bias.unwrap_or_default())?),
            activation: Activation::None,
        })
    }

    /// A plan of a layer without bias for one run: what another run would want need not be packed.
    pub(crate) fn for_run(
        layer: &Layer,
        weight: &TensorRef<'_, T>,
        shape: &[usize],
        run: &Run,
    ) -> Result<Self, Error> {
        layer.check()?;
        layer.check_weight(weight)?;
        let shape = run.layout.to_first(shape, layer.dims());
        let sizes = layer.resolve(&shape, &run.output)?;
        Ok(Self {
            layer: layer.clone(),
            weights: Arc::new(T::for_run(layer, &weight.data, &sizes, run)?),
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
        Ok(self.shape_of(&self.resolve(input, run)?, run))
    }

    /// Bytes of scratch that a run on such an input needs with that many threads (0: all of the current rayon pool).
    pub fn scratch_bytes(&self, input: &[usize], threads: usize) -> Result<usize, Error> {
        let resolved = self.layer.resolve(input, &OutputChoice::Layer)?;
        let run = Run::new().threads(threads);
        let elements = T::scratch_elements(&self.weights, &resolved, &run)?;
        Ok(elements.saturating_mul(size_of::<T>()))
    }

    /// What runs for such an input on this machine, at what cost, and why nothing else would.
    pub fn explain(&self, input: &[usize]) -> Result<Explanation, Error> {
        let mut explanation = self.layer.explain(input, T::DTYPE)?;
        let sizes = self.layer.resolve(input, &OutputChoice::Layer)?;
        let choice = self.weights.choice(&sizes, &Run::new())?;
        let scratch = self.scratch_bytes(input, 1)?;
        explanation.choose(choice, scratch, self.weights.are_finite());
        Ok(explanation)
    }

    /// Runs on an array given as a slice with its shape.
    pub fn run_slice(&self, x: &[T], shape: &[usize]) -> Result<Tensor<T>, Error> {
        self.run_slice_with(x, shape, &Run::default())
    }

    /// As [`Plan::run_slice`], with options.
    pub fn run_slice_with(&self, x: &[T], shape: &[usize], run: &Run) -> Result<Tensor<T>, Error> {
        let resolved = self.resolve(shape, run)?;
        let output = self.shape_of(&resolved, run);
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
        let resolved = self.resolve(shape, run)?;
        check_elements::<T>("input", x.len(), shape)?;
        // Both layouts have as many elements; the error names the shape in the run's own.
        let expected = resolved.output_shape();
        if check_elements::<T>("output", y.len(), &expected).is_err() {
            check_elements::<T>("output", y.len(), &self.shape_of(&resolved, run))?;
        }
        self.run_resolved(x, &resolved, y, scratch, run)
    }

    /// Runs on memory of the sizes resolved.
    pub(crate) fn run_resolved(
        &self,
        x: &[T],
        resolved: &Resolved,
        y: &mut [T],
        scratch: &mut Scratch<T>,
        run: &Run,
    ) -> Result<(), Error> {
        self.check_limit(resolved, run, 0)?;
        self.execute(x, resolved, y, scratch, run)
    }

    /// The sizes of a run on an input of such a shape, in the run's layout.
    pub(crate) fn resolve(&self, shape: &[usize], run: &Run) -> Result<Resolved, Error> {
        match run.layout {
            Layout::ChannelsFirst => self.layer.resolve(shape, &run.output),
            Layout::ChannelsLast => {
                let shape = run.layout.to_first(shape, self.layer.dims());
                self.layer.resolve(&shape, &run.output)
            }
        }
    }

    /// The output's shape in the run's layout.
    pub(crate) fn shape_of(&self, resolved: &Resolved, run: &Run) -> Vec<usize> {
        run.layout
            .of_first(resolved.output_shape().to_vec(), self.layer.dims())
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
        let scratch = T::scratch_elements(&self.weights, resolved, run)?;
        let copies = if self.weights.takes(resolved, run)? {
            0
        } else {
            let spatial = resolved.walks.iter().map(convt_geometry::Walk::input);
            let pixels = spatial.fold(resolved.batch, usize::saturating_mul);
            let output = resolved.output_shape().to_vec().into_iter();
            output
                .fold(1, usize::saturating_mul)
                .saturating_add(pixels.saturating_mul(resolved.in_channels))
        };
        let bytes = extra
            .saturating_add(scratch)
            .saturating_add(copies)
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
        let call = |x, y, scratch, options: &Run| {
            forced::held(options.isa, products, |isa| {
                let call = Call {
                    isa,
                    sizes: resolved,
                    x,
                    y,
                    scratch,
                    options,
                    activation: &self.activation,
                };
                T::run(&self.weights, call)
            })
        };
        if self.weights.takes(resolved, run)? {
            return call(x, y, scratch, run);
        }
        let mut x_first = zeros("the input with channels first", x.len())?;
        let mut y_first = zeros("the output with channels first", y.len())?;
        let (ins, outs) = (resolved.in_channels, resolved.out_channels);
        let pixels =
            |all: usize, channels: usize| all.checked_div(resolved.batch * channels).unwrap_or(0);
        exchange(&mut x_first, x, pixels(x.len(), ins), ins);
        call(
            &x_first,
            &mut y_first,
            scratch,
            &run.clone().layout(Layout::ChannelsFirst),
        )?;
        exchange(y, &y_first, outs, pixels(y_first.len(), outs));
        Ok(())
    }
}

/// For each image, writes its `rows` rows of `columns` elements as columns.
pub(crate) fn exchange<T: Element>(to: &mut [T], from: &[T], rows: usize, columns: usize) {
    if rows * columns == 0 {
        return;
    }
    let images = from.chunks(rows * columns);
    for (to, from) in to.chunks_mut(rows * columns).zip(images) {
        for (column, to) in to.chunks_mut(rows).enumerate() {
            let from = from[column..].iter().step_by(columns);
            to.iter_mut().zip(from).for_each(|(to, &from)| *to = from);
        }
    }
}

/// Refuses `bytes` beyond the limit, where there is one.
pub(crate) fn within(limit: Option<usize>, what: &'static str, bytes: usize) -> Result<(), Error> {
    match limit {
        Some(limit) if bytes > limit => Err(Error::MemoryLimit { what, bytes, limit }),
        _ => Ok(()),
    }
}
