//! Gradients into memory of the caller's.

use std::borrow::Cow;

use crate::algorithm::{WeightCall, weight_gradient_scratch};
use crate::layer::Resolved;
use crate::plan::{exchange, within};
use crate::tensor::{check_elements, zeros};
use crate::{Element, Error, Layer, Layout, Plan, Run, Scratch, TensorRef, forced};

/// Where gradients are written: those that are wanted, each of exactly as many elements as what it is the gradient of.
#[derive(Debug)]
pub struct GradientsMut<'g, T> {
    /// By the input.
    pub input: Option<&'g mut [T]>,
    /// By the weight.
    pub weight: Option<&'g mut [T]>,
    /// By the bias: one element per output channel, whether the layer has a bias or not.
    pub bias: Option<&'g mut [T]>,
}

impl Layer {
    /// As [`Layer::backward`], into memory of the caller's. Besides what `scratch` may lack, the gradient of the input
    /// allocates the weights packed for it.
    pub fn backward_into<'a, T: Element>(
        &self,
        weight: impl Into<TensorRef<'a, T>>,
        x: impl Into<TensorRef<'a, T>>,
        dy: impl Into<TensorRef<'a, T>>,
        into: GradientsMut<'_, T>,
        scratch: &mut Scratch<T>,
        run: &Run,
    ) -> Result<(), Error> {
        let (weight, x, dy) = (weight.into(), x.into(), dy.into());
        let sizes = self.check_backward(&weight, &x, &dy, run)?;
        let check = |array, into: &Option<&mut [T]>, shape: &[usize]| match into {
            Some(into) => check_elements::<T>(array, into.len(), shape),
            None => Ok(()),
        };
        check("the input's gradient", &into.input, &x.shape)?;
        check("the weight's gradient", &into.weight, &weight.shape)?;
        check("the bias's gradient", &into.bias, &[self.out_channels()])?;
        let wanted = (into.input.is_some(), into.weight.is_some());
        self.check_backward_limit::<T>(&sizes, 0, wanted, run)?;
        self.execute_backward(&weight, &x, &dy, &sizes, into, scratch, run)
    }

    /// Refuses what does not fit together, and gives the sizes of the forward run.
    pub(crate) fn check_backward<T: Element>(
        &self,
        weight: &TensorRef<'_, T>,
        x: &TensorRef<'_, T>,
        dy: &TensorRef<'_, T>,
        run: &Run,
    ) -> Result<Resolved, Error> {
        self.check()?;
        self.check_weight(weight)?;
        let shape = run.layout.to_first(&x.shape, self.dims());
        let sizes = self.resolve(&shape, &run.output)?;
        check_elements::<T>("input", x.data.len(), &x.shape)?;
        let expected = run
            .layout
            .of_first(sizes.output_shape().to_vec(), self.dims());
        if dy.shape != expected {
            return Err(Error::Shape {
                array: "the output's gradient",
                shape: dy.shape.clone(),
                expected,
                because: "for this input",
            });
        }
        check_elements::<T>("the output's gradient", dy.data.len(), &dy.shape)?;
        Ok(sizes)
    }

    /// Refuses a call whose allocations, `own` elements of gradients among them, exceed its limit.
    pub(crate) fn check_backward_limit<T: Element>(
        &self,
        sizes: &Resolved,
        own: usize,
        (input, weight): (bool, bool),
        run: &Run,
    ) -> Result<(), Error> {
        if run.memory_limit.is_none() {
            return Ok(());
        }
        let product = |sizes: &[usize]| {
            sizes
                .iter()
                .fold(1, |n: usize, &size| n.saturating_mul(size))
        };
        let mut count = own;
        if input {
            count = count.saturating_add(product(&self.weight_shape()));
        }
        if weight {
            count = count.saturating_add(weight_gradient_scratch::<T>(sizes, self.groups(), run));
        }
        if run.layout == Layout::ChannelsLast {
            let spatial = |size: fn(&convt_geometry::Walk) -> usize| {
                let sizes = sizes.walks.iter().map(size);
                sizes.fold(1, usize::saturating_mul)
            };
            let of = |channels, size| product(&[sizes.batch, channels, spatial(size)]);
            count = count
                .saturating_add(of(sizes.in_channels, convt_geometry::Walk::input))
                .saturating_add(of(sizes.out_channels, convt_geometry::Walk::output));
        }
        within(
            run.memory_limit,
            "the gradients",
            count.saturating_mul(size_of::<T>()),
        )
    }

    /// Computes what is wanted of what has been checked.
    #[allow(clippy::too_many_arguments)] // three arrays, three results
    pub(crate) fn execute_backward<T: Element>(
        &self,
        weight: &TensorRef<'_, T>,
        x: &TensorRef<'_, T>,
        dy: &TensorRef<'_, T>,
        sizes: &Resolved,
        into: GradientsMut<'_, T>,
        scratch: &mut Scratch<T>,
        run: &Run,
    ) -> Result<(), Error> {
        if let Some(input) = into.input {
            self.input_gradient(weight, dy, sizes, input, scratch, run)?;
        }
        if into.weight.is_none() && into.bias.is_none() {
            return Ok(());
        }
        let first = |data, channels| channels_first(data, channels, sizes.batch, run.layout);
        let dy = first(&dy.data, sizes.out_channels)?;
        if let Some(weight) = into.weight {
            let x = first(&x.data, sizes.in_channels)?;
            forced::held(
                run.isa,
                || sizes.products(),
                |isa| {
                    T::weight_gradient(WeightCall {
                        isa,
                        sizes,
                        groups: self.groups(),
                        x: &x,
                        dy: &dy,
                        weight,
                        scratch,
                        threads: run.threads,
                    })
                },
            )?;
        }
        if let Some(bias) = into.bias {
            forced::held(
                run.isa,
                || dy.len() as u128,
                |isa| {
                    let walks = sizes.walks.iter();
                    let plane = walks.map(convt_geometry::Walk::output).product();
                    T::bias_gradient(isa, &dy, plane, bias, run.threads);
                    Ok(())
                },
            )?;
        }
        Ok(())
    }

    /// A run of the adjoint.
    fn input_gradient<T: Element>(
        &self,
        weight: &TensorRef<'_, T>,
        dy: &TensorRef<'_, T>,
        sizes: &Resolved,
        into: &mut [T],
        scratch: &mut Scratch<T>,
        run: &Run,
    ) -> Result<(), Error> {
        let mut options = Run::new()
            .threads(run.threads)
            .exact(run.exact)
            .layout(run.layout);
        options.isa = run.isa;
        options.memory_limit = run.memory_limit;
        let plan = Plan::for_run(&self.adjoint_of(sizes), weight, &dy.shape, &options)?;
        plan.run_slice_into_with(&dy.data, &dy.shape, into, scratch, &options)
    }
}

/// The array with channels before positions: a copy, where it is not so already.
fn channels_first<T: Element>(
    data: &[T],
    channels: usize,
    batch: usize,
    layout: Layout,
) -> Result<Cow<'_, [T]>, Error> {
    if layout == Layout::ChannelsFirst || data.is_empty() {
        return Ok(Cow::Borrowed(data));
    }
    let mut first = zeros("an array with channels first", data.len())?;
    exchange(&mut first, data, data.len() / (batch * channels), channels);
    Ok(Cow::Owned(first))
}
