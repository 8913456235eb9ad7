//! What holds for every legal problem.

mod common;

use common::{Sample, Values, bits, run_plan};
use convt::{Crop, Isa, Layer, Op, Padding, Problem, Run};
use convt_reference::Definition;
use convt_testkit::{Bound, any_problem, problem_of};
use proptest::prelude::*;

/// A transposed problem and a range of its outputs along the first axis, or the same of a convolution.
fn tile() -> impl Strategy<Value = (Problem, usize, usize)> {
    any_problem().prop_flat_map(|problem| {
        let rows = problem.output_shape().map_or(1, |shape| shape[2]);
        (Just(problem), 0..rows)
            .prop_flat_map(move |(problem, from)| (Just(problem), Just(from), from + 1..=rows))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(common::cases(400)))]

    #[test]
    fn whole_numbers_are_exact_by_every_definition(problem in any_problem(), seed: u64) {
        let sample = Sample::<f32>::new(&problem, Values::Whole, seed);
        let y = sample.run(&sample.options());
        for definition in Definition::ALL {
            Bound::check_exact(definition.name(), &y, &sample.oracle(definition));
        }
    }

    #[test]
    fn rounding_stays_within_its_bound(problem in any_problem(), seed: u64) {
        let sample = Sample::<f32>::new(&problem, Values::Normal, seed);
        let y = sample.run(&sample.options());
        let expected = sample.oracle(Definition::Scatter);
        Bound::new(sample.terms()).check("f32", &y, &expected, &sample.magnitude());
        let sample = Sample::<f64>::new(&problem, Values::Normal, seed);
        let y = sample.run(&sample.options());
        Bound::new(sample.terms()).check("f64", &y, &expected, &sample.magnitude());
    }

    #[test]
    fn nan_and_infinity_reach_what_their_products_reach_and_nothing_else(problem in any_problem(), seed: u64) {
        let sample = Sample::<f32>::new(&problem, Values::Wild, seed);
        let y = sample.run(&sample.options());
        let expected = sample.oracle(Definition::Gather);
        // NaN where the oracle has NaN, infinities where it has them, and a bounded error elsewhere.
        Bound::new(sample.terms()).check("wild", &y, &expected, &sample.magnitude());
    }

    #[test]
    fn no_bit_depends_on_threads_or_instruction_set(problem in any_problem(), seed: u64, threads in 0..9_usize) {
        let sample = Sample::<f32>::new(&problem, Values::Wild, seed);
        let expected = bits(&sample.run(&sample.options().threads(1)));
        for isa in Isa::available() {
            let y = sample.run(&sample.options().threads(threads).isa(isa));
            prop_assert_eq!(&bits(&y), &expected, "{}", isa);
        }
    }

    #[test]
    fn no_bit_depends_on_how_a_batch_is_split(problem in any_problem(), seed: u64) {
        let sample = Sample::<f32>::new(&problem, Values::Wild, seed);
        let whole = sample.run(&sample.options());
        let plan = sample.plan().unwrap();
        let mut shape = problem.input_shape();
        let image = shape[1..].iter().product::<usize>();
        shape[0] = 1;
        let parts: Vec<f32> = sample
            .x
            .chunks(image)
            .flat_map(|x| run_plan(&plan, x, &shape, &sample.options()))
            .collect();
        prop_assert_eq!(bits(&parts), bits(&whole));
        // An unbatched input is the batch of one without its axis.
        let unbatched = run_plan(&plan, &sample.x[..image], &shape[1..], &sample.options());
        prop_assert_eq!(bits(&unbatched), bits(&whole[..unbatched.len()]));
    }

    #[test]
    fn no_bit_depends_on_how_a_picture_is_tiled((problem, from, to) in tile(), seed: u64) {
        let sample = Sample::<f32>::new(&problem, Values::Wild, seed);
        let whole = sample.run(&sample.options());
        let part = run_tile(&sample, from, to);
        let shape = sample.problem.output_shape().unwrap();
        let inner: usize = shape[3..].iter().product();
        let expected: Vec<f32> = whole
            .chunks(shape[2] * inner)
            .flat_map(|plane| plane[from * inner..to * inner].to_vec())
            .collect();
        prop_assert_eq!(bits(&part), bits(&expected), "rows {}..{} of {}", from, to, problem);
    }

    #[test]
    fn the_operations_are_adjoint(problem in (1..=3_usize).prop_flat_map(|dims| problem_of(Op::Conv, dims)), seed: u64) {
        let mut forward = problem.clone();
        forward.bias = false;
        let conv = Sample::<f64>::new(&forward, Values::Whole, seed);
        let output = forward.output_shape().unwrap();
        // The transposed convolution of y with the same weight, crops = pads, and the output size of x.
        let mut back = forward.clone();
        back.op = Op::ConvTranspose;
        (back.in_channels, back.out_channels) = (forward.out_channels, forward.in_channels);
        for (i, axis) in back.axes.iter_mut().enumerate() {
            let forward = forward.axes[i];
            let canonical = forward.axis(Op::Conv).unwrap();
            let full = canonical.full_length(output[2 + i]).unwrap() as isize;
            let end = full - canonical.crop.begin - forward.input as isize;
            axis.input = output[2 + i];
            axis.padding = Padding::Signed(Crop::new(canonical.crop.begin, end));
            axis.output_padding = 0;
        }
        let mut transposed = Sample::<f64>::new(&back, Values::Whole, seed ^ 1);
        transposed.w.clone_from(&conv.w);
        let (forward_y, back_x) = (conv.run(&Run::new()), transposed.run(&Run::new()));
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        prop_assert_eq!(dot(&forward_y, &transposed.x), dot(&conv.x, &back_x));
    }

    #[test]
    fn views_of_any_strides_give_the_same_bits(problem in problem_of(Op::ConvTranspose, 2), seed: u64) {
        use ndarray::{Array4, ShapeBuilder, s};
        let sample = Sample::<f32>::new(&problem, Values::Wild, seed);
        let expected = bits(&sample.run(&sample.options()));
        let shape: [usize; 4] = problem.input_shape().try_into().unwrap();
        let x = Array4::from_shape_vec(shape, sample.x.clone()).unwrap();
        let plan = sample.plan().unwrap();
        let mut fortran = Array4::zeros(shape.f());
        fortran.assign(&x);
        let mut spread = Array4::zeros([shape[0], shape[1], shape[2] * 2, shape[3] * 3]);
        spread.slice_mut(s![.., .., ..;2, ..;-3]).assign(&x);
        for view in [x.view(), fortran.view(), spread.slice(s![.., .., ..;2, ..;-3])] {
            let y = plan.run_with(view, &sample.options()).unwrap();
            prop_assert_eq!(&bits(y.as_slice().unwrap()), &expected);
            let mut into = Array4::from_elem(y.raw_dim().f(), f32::NAN);
            let mut scratch = convt::Scratch::new();
            plan.run_into_with(view, into.view_mut(), &mut scratch, &sample.options()).unwrap();
            prop_assert_eq!(bits(&into.iter().copied().collect::<Vec<_>>()), expected.clone());
        }
    }
}

/// Outputs `from..to` along the first axis, computed from only those inputs that reach them.
fn run_tile(sample: &Sample<f32>, from: usize, to: usize) -> Vec<f32> {
    let problem = &sample.problem;
    let walk = &problem.walks().unwrap()[0];
    let inputs: Vec<usize> = (from..to)
        .flat_map(|o| walk.contributions(o).map(|(_, q)| q))
        .collect();
    // A tile that no input reaches still needs an input: any will do, its stamp is cropped away.
    let first = inputs.iter().copied().min().unwrap_or(0);
    let last = inputs.iter().copied().max().unwrap_or(0);
    let canonical = *walk.axis();
    let (stride, begin) = (canonical.stride as isize, canonical.crop.begin);
    let count = last - first + 1;
    let padding = match problem.op {
        Op::ConvTranspose => {
            // y[from + j] = full[from + begin + j], and the tile's own full starts at first*s.
            let full = canonical.full_length(count).unwrap() as isize;
            let begin = from as isize + begin - first as isize * stride;
            Crop::new(begin, full - begin - (to - from) as isize)
        }
        Op::Conv => {
            // The window of output from + j starts at (from + j)*s - begin, seen from input first; the last one ends
            // K further.
            let begin = begin + first as isize - from as isize * stride;
            let span = canonical.span().unwrap() as isize;
            let reach = (to - from - 1) as isize * stride + span;
            Crop::new(begin, reach - begin - count as isize)
        }
    };
    let mut tile = problem.clone();
    for (i, axis) in tile.axes.iter_mut().enumerate() {
        // Canonical crops for every axis, because an output_size holds for the whole picture.
        let crop = problem.walks().unwrap()[i].axis().crop;
        axis.padding = Padding::Signed(crop);
        axis.output_padding = 0;
        axis.output_size = None;
    }
    tile.axes[0].padding = Padding::Signed(padding);
    tile.axes[0].input = count;
    let inner: usize = problem.axes[1..].iter().map(|axis| axis.input).product();
    let x: Vec<f32> = sample
        .x
        .chunks(problem.axes[0].input * inner)
        .flat_map(|plane| plane[first * inner..(last + 1) * inner].to_vec())
        .collect();
    let plan = Layer::from_problem(&tile)
        .plan(
            (&sample.w[..], &problem.weight_shape()[..]),
            sample.b.as_deref(),
        )
        .unwrap();
    run_plan(&plan, &x, &tile.input_shape(), &Run::new())
}
