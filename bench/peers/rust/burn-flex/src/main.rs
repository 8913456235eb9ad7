//! burn on its Flex back end, with that back end's AVX-512 code.
#![allow(deprecated)] // the functions of the operation itself

use std::cell::RefCell;
use std::rc::Rc;

use burn_tensor::module::{conv_transpose1d, conv_transpose2d, conv_transpose3d};
use burn_tensor::ops::ConvTransposeOptions;
use burn_tensor::{Device, Tensor, TensorData};
use convt_bench::{Case, Job, serve};

fn main() -> std::io::Result<()> {
    serve("0.22.1", |job| match job.axes("stride")?.len() {
        1 => load::<3, 1>(job, conv_transpose1d),
        2 => load::<4, 2>(job, conv_transpose2d),
        _ => load::<5, 3>(job, conv_transpose3d),
    })
}

/// The operation for arrays of `D` axes, `N` of them spatial.
type Operation<const D: usize, const N: usize> =
    fn(Tensor<D>, Tensor<D>, Option<Tensor<1>>, ConvTransposeOptions<N>) -> Tensor<D>;

fn load<const D: usize, const N: usize>(
    job: &Job,
    operation: Operation<D, N>,
) -> Result<Case, String> {
    let device = Device::flex();
    let place = |(values, shape): (Vec<f32>, Vec<usize>)| {
        Tensor::<D>::from_data(TensorData::new(values, shape), &device)
    };
    let (x, weight) = (place(job.x()?), place(job.weight()?));
    let bias = job.bias()?.map(|bias| {
        let count = bias.len();
        Tensor::<1>::from_data(TensorData::new(bias, [count]), &device)
    });
    let axes = |name: &str| -> Result<[usize; N], String> {
        job.axes(name)?.try_into().map_err(|_| format!("{N} axes of {name}"))
    };
    let options = ConvTransposeOptions::new(
        axes("stride")?,
        axes("padding")?,
        axes("output_padding")?,
        axes("dilation")?,
        job.number("groups")?,
    );
    let last = Rc::new(RefCell::new(None));
    let output = Rc::clone(&last);
    Ok(Case {
        call: Box::new(move || {
            let y = operation(x.clone(), weight.clone(), bias.clone(), options.clone());
            device.sync().unwrap();
            *last.borrow_mut() = Some(y);
        }),
        fetch: Box::new(move || {
            let y = output.borrow().clone().unwrap();
            y.into_data().to_vec().unwrap()
        }),
        facts: serde_json::Map::new(),
    })
}
