//! The sums that people get wrong, each checked by running layers: what a folded, fused, ported or initialised weight
//! *does* is compared, not what it looks like.

mod common;

#[path = "sums/fold.rs"]
mod fold;
#[path = "sums/init.rs"]
mod init;
#[path = "sums/port.rs"]
mod port;
#[path = "sums/refused.rs"]
mod refused;

use convt::{Element, Layer, Tensor};

/// The output of a layer without padding surprises: plan, run, keep.
fn run<T: Element>(
    layer: &Layer,
    weight: &Tensor<T>,
    bias: Option<&[T]>,
    x: &Tensor<T>,
) -> Tensor<T> {
    let plan = layer.plan(weight, bias).expect("a legal layer");
    plan.run_slice(&x.data, &x.shape).expect("a legal input")
}

/// A tensor of whole numbers.
fn whole(shape: &[usize], seed: u64) -> Tensor<f32> {
    let data = convt_testkit::Rng::new(seed).integers(shape.iter().product());
    Tensor {
        shape: shape.to_vec(),
        data,
    }
}

/// The coordinates of every element of a shape, in row-major order.
fn coordinates(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> {
    let count: usize = shape.iter().product();
    (0..count).map(move |mut rest| {
        let mut at = vec![0; shape.len()];
        for (coordinate, &size) in at.iter_mut().zip(shape).rev() {
            *coordinate = rest % size;
            rest /= size;
        }
        at
    })
}

/// The row-major offset of coordinates in a shape.
fn offset(shape: &[usize], at: &[usize]) -> usize {
    shape.iter().zip(at).fold(0, |sum, (&size, &coordinate)| {
        assert!(coordinate < size);
        sum * size + coordinate
    })
}

/// Each element repeated `stride` times along each spatial axis: nearest-neighbour enlargement.
fn nearest(x: &Tensor<f32>, stride: &[usize]) -> Tensor<f32> {
    let all: Vec<usize> = [1, 1].iter().chain(stride).copied().collect();
    let shape: Vec<usize> = x.shape.iter().zip(&all).map(|(n, s)| n * s).collect();
    let data = coordinates(&shape)
        .map(|at| {
            let source: Vec<usize> = at.iter().zip(&all).map(|(c, s)| c / s).collect();
            x.data[offset(&x.shape, &source)]
        })
        .collect();
    Tensor { shape, data }
}
