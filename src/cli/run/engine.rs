//! The layer by the engine, within the memory allowed.

use convt::{Element, Layer, Run};
use convt_files::{Elements, TensorData};
use convt_geometry::Problem;

use super::Arrays;
use super::budget::{Budget, bytes};
use crate::failure::Failure;

/// f32 or f64, as the arrays hold them.
pub(super) trait Real: Element {
    fn values(elements: Elements) -> Vec<Self>;
    fn elements(values: Vec<Self>) -> Elements;
}

impl Real for f32 {
    fn values(elements: Elements) -> Vec<Self> {
        elements.into_f32()
    }
    fn elements(values: Vec<Self>) -> Elements {
        Elements::F32(values)
    }
}

impl Real for f64 {
    fn values(elements: Elements) -> Vec<Self> {
        elements.into_f64()
    }
    fn elements(values: Vec<Self>) -> Elements {
        Elements::F64(values)
    }
}

/// An engine's result as a file holds it.
pub(super) struct Output<T>(convt::Tensor<T>);

impl<T: Real> From<Output<T>> for TensorData {
    fn from(Output(tensor): Output<T>) -> Self {
        Self {
            shape: tensor.shape,
            elements: T::elements(tensor.data),
        }
    }
}

/// Plans and runs the layer on the engine, in `T`.
pub(super) fn engine<T: Real>(
    problem: &Problem,
    arrays: Arrays,
    options: &Run,
    mut budget: Budget,
) -> Result<Output<T>, Failure> {
    let layer = Layer::from_problem(problem);
    let Arrays { x, w, b } = arrays;
    let mut convert = |elements: Elements| {
        // The old values are let go once the new ones are complete.
        let before = bytes(&elements);
        let after = elements.len() * size_of::<T>();
        if before != after {
            if let Some(left) = budget.left().filter(|&left| after > left) {
                return Err(Failure::usage(format!(
                    "max-memory is too small: converting an array to {} needs {after} bytes, {left} are left",
                    T::DTYPE.name()
                )));
            }
            budget.held = budget.held - before + after;
        }
        Ok(T::values(elements))
    };
    let weight = convert(w.elements)?;
    let bias = b.map(|b| convert(b.elements)).transpose()?;
    let input = convert(x.elements)?;
    let tensor = (&weight[..], &w.shape[..]);
    let plan = match budget.left() {
        None => layer.plan(tensor, bias.as_deref())?,
        Some(left) => {
            let plan = layer.plan_within(tensor, bias.as_deref(), left);
            plan.map_err(|error| budget.explain(error))?
        }
    };
    // The plan has its own copy of weight and bias.
    drop((weight, bias));
    budget.held = size_of_val(&input[..]) + plan.packed_bytes();
    let options = match budget.left() {
        None => options.clone(),
        Some(left) => options.clone().memory_limit(left),
    };
    let y = plan.run_slice_with(&input, &x.shape, &options);
    y.map(Output).map_err(|error| budget.explain(error))
}
