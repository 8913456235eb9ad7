//! Channels last is the same run on permuted arrays.

mod common;

use std::sync::Arc;

use common::{Sample, Values, bits, run_plan};
use convt::{Activation, Isa, Layout, Run};
use convt_testkit::problems;

/// `(N, C, pixels)` as `(N, pixels, C)`; with the numbers exchanged, back.
fn permuted(x: &[f32], channels: usize, pixels: usize) -> Vec<f32> {
    let image = channels * pixels;
    let at = |i: usize| {
        let (n, rest) = (i / image, i % image);
        x[n * image + rest % channels * pixels + rest / channels]
    };
    (0..x.len()).map(at).collect()
}

fn last(shape: &[usize]) -> Vec<usize> {
    let mut shape = shape.to_vec();
    shape[1..].rotate_left(1);
    shape
}

#[test]
fn every_problem_has_the_same_bits_in_both_layouts() {
    for (seed, problem) in problems(8, 150).iter().enumerate() {
        let values = [Values::Wild, Values::Normal][seed % 2];
        let sample = Sample::<f32>::new(problem, values, seed as u64);
        let slopes: Arc<[f32]> = (0..problem.out_channels).map(|c| c as f32 / 8.0).collect();
        for activation in [
            Activation::None,
            Activation::Relu,
            Activation::Prelu(slopes),
        ] {
            let plan = sample.plan().unwrap().activation(activation).unwrap();
            let shape = sample.problem.input_shape();
            let pixels: usize = shape[2..].iter().product();
            let x = permuted(&sample.x, shape[1], pixels);
            let expected = run_plan(&plan, &sample.x, &shape, &sample.options());
            let channels = problem.out_channels;
            let first = plan.output_shape_with(&shape, &sample.options()).unwrap();
            let pixels: usize = first[2..].iter().product();
            let expected = bits(&permuted(&expected, channels, pixels));
            for isa in Isa::available() {
                for threads in [1, 2] {
                    let run: Run = sample.options().layout(Layout::ChannelsLast);
                    let run = run.threads(threads).isa(isa);
                    let output = plan.output_shape_with(&last(&shape), &run).unwrap();
                    assert_eq!(output, last(&first));
                    let y = run_plan(&plan, &x, &last(&shape), &run);
                    assert_eq!(bits(&y), expected, "{problem}, {isa}, {threads} threads");
                }
            }
        }
    }
}

#[test]
fn a_shape_of_the_wrong_rank_or_channels_is_refused() {
    let problem = "conv_transpose2d c3-2 i4x5 k3".parse().unwrap();
    let plan = Sample::<f32>::new(&problem, Values::Whole, 1)
        .plan()
        .unwrap();
    let run = Run::new().layout(Layout::ChannelsLast);
    for shape in [
        &[4, 5][..],
        &[],
        &[1],
        &[3, 4, 5],
        &[1, 3, 4, 5],
        &[1, 1, 4, 5, 3],
    ] {
        assert!(plan.output_shape_with(shape, &run).is_err(), "{shape:?}");
    }
    assert_eq!(plan.output_shape_with(&[4, 5, 3], &run).unwrap(), [6, 7, 2]);
}
