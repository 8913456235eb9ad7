//! Gradients: PyTorch's, the oracle's, and the laws that they obey.

mod common;

use common::{Sample, Values, bits};
use convt::{
    Conv1d, ConvTranspose1d, ConvTranspose2d, Element, Error, GradientsMut, Isa, Layer, Layout,
    Problem, Run, Scratch, Wanted,
};
use convt_reference::{Array, Gradients as Expected, Layer as ReferenceLayer, gradients};
use convt_testkit::{Bound, Case, Float, Rng, any_problem, vectors};
use proptest::prelude::*;

/// The three gradients of a sample.
struct Found<T> {
    x: Vec<T>,
    w: Vec<T>,
    b: Option<Vec<T>>,
}

fn found<T: Element + Float>(sample: &Sample<T>, dy: &[T], run: &Run) -> Found<T> {
    let problem = &sample.problem;
    let (w, x) = (problem.weight_shape(), problem.input_shape());
    let y = problem.output_shape().expect("a legal problem");
    let layer = Layer::from_problem(problem);
    let found = layer
        .backward(
            (&sample.w[..], &w[..]),
            (&sample.x[..], &x[..]),
            (dy, &y[..]),
            Wanted::ALL,
            run,
        )
        .expect("a legal problem has gradients");
    let (input, weight) = (found.input.unwrap(), found.weight.unwrap());
    assert_eq!((input.shape, weight.shape), (x, w));
    assert_eq!(found.bias.is_some(), problem.bias);
    Found {
        x: input.data,
        w: weight.data,
        b: found.bias,
    }
}

/// The oracle's gradients, of `map`ped values.
fn expected<T: Float + Element>(
    sample: &Sample<T>,
    dy: &[T],
    map: impl Fn(f64) -> f64,
) -> Expected {
    let problem = &sample.problem;
    let array = |shape: Vec<usize>, data: &[T]| {
        let data = data.iter().map(|&v| map(v.to_f64())).collect();
        Array::new(&shape, data).expect("data of that shape")
    };
    gradients(
        &ReferenceLayer::try_from(problem).expect("a legal problem"),
        &array(problem.input_shape(), &sample.x),
        &array(problem.weight_shape(), &sample.w),
        &array(problem.output_shape().expect("legal"), dy),
    )
    .expect("a small legal problem")
}

/// Bounds on the terms of one element's sum: of the input's gradient, the weight's and the bias's.
fn terms(problem: &Problem) -> [usize; 3] {
    let taps: usize = problem.axes.iter().map(|axis| axis.kernel).product();
    let output = problem.output_shape().expect("legal");
    let outputs = output[2..].iter().product::<usize>() * problem.batch;
    let inputs = problem.input_shape()[2..].iter().product::<usize>() * problem.batch;
    // A term passes its own addition and those of partial sums, of which there are no more than terms.
    [
        problem.out_channels / problem.groups * taps + 1,
        2 * inputs.max(outputs) + 1,
        2 * outputs + 1,
    ]
}

fn check<T: Element + Float>(what: &str, sample: &Sample<T>, dy: &[T], run: &Run, exact: bool) {
    let found = found(sample, dy, run);
    let (right, size) = (expected(sample, dy, |v| v), expected(sample, dy, f64::abs));
    let [x, w, b] = terms(&sample.problem);
    let compare = |part: &str, terms, found: &[T], right: &[f64], size: &[f64]| {
        let what = format!("{what}: {part} of {}", sample.problem);
        if exact {
            Bound::check_exact(&what, found, right);
        }
        Bound::new(terms).check(&what, found, right, size);
    };
    compare("input", x, &found.x, &right.x.data, &size.x.data);
    compare("weight", w, &found.w, &right.w.data, &size.w.data);
    if let Some(bias) = &found.b {
        compare("bias", b, bias, &right.b, &size.b);
    }
}

fn vector<T: Element + Float>(case: &Case) -> (Sample<T>, Vec<T>) {
    let convert = |data: &[f32]| data.iter().map(|&v| T::from_f64(f64::from(v))).collect();
    let sample = Sample {
        problem: case.problem.clone(),
        x: convert(&case.x.data),
        w: convert(&case.w.data),
        b: case.b.as_ref().map(|b| convert(&b.data)),
    };
    let dy = case.gradients.as_ref().expect("gradients").gy.data.iter();
    (sample, dy.map(|&v| T::from_f64(v)).collect())
}

/// PyTorch's gradients, on every instruction set. They were computed in f64.
fn all_vectors<T: Element + Float>() {
    let cases = vectors();
    let cases = cases.iter().filter(|case| case.gradients.is_some());
    let mut count = 0;
    for case in cases {
        count += 1;
        let (sample, dy) = vector::<T>(case);
        let right = case.gradients.as_ref().expect("gradients");
        let size = expected(&sample, &dy, f64::abs);
        let [x, w, b] = terms(&sample.problem);
        for isa in Isa::available() {
            for exact in [false, true] {
                let found = found(&sample, &dy, &Run::new().isa(isa).exact(exact));
                let compare = |part, terms, found: &[T], right: &[f64], size: &[f64]| {
                    let what = format!("{} {} on {isa}: {part}", case.key, case.name);
                    if case.integer {
                        Bound::check_exact(&what, found, right);
                    }
                    Bound::new(terms).check(&what, found, right, size);
                };
                compare("gx", x, &found.x, &right.gx.data, &size.x.data);
                compare("gw", w, &found.w, &right.gw.data, &size.w.data);
                if let Some(bias) = &found.b {
                    let right = right.gb.as_ref().expect("a bias's gradient");
                    compare("gb", b, bias, &right.data, &size.b);
                }
            }
        }
    }
    println!("{count} cases");
    assert_eq!(count, 319, "one case has no gradients");
}

#[test]
fn all_vectors_in_f32() {
    all_vectors::<f32>();
}

#[test]
fn all_vectors_in_f64() {
    all_vectors::<f64>();
}

/// A sample and the gradient that arrives.
fn drawn<T: Element + Float>(problem: &Problem, values: Values, seed: u64) -> (Sample<T>, Vec<T>) {
    let sample = Sample::new(problem, values, seed);
    let count = sample
        .problem
        .output_shape()
        .expect("legal")
        .iter()
        .product();
    let mut rng = Rng::new(seed ^ 0x5eed);
    let dy = match values {
        Values::Whole => rng.integers(count),
        Values::Normal => rng.normal(count),
        Values::Wild => rng.wild(count),
    };
    (sample, dy)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(common::cases(400)))]

    #[test]
    fn whole_numbers_are_exact(problem in any_problem(), seed: u64) {
        let (sample, dy) = drawn::<f32>(&problem, Values::Whole, seed);
        check("whole", &sample, &dy, &sample.options(), true);
    }

    #[test]
    fn rounding_stays_within_its_bound(problem in any_problem(), seed: u64) {
        let (sample, dy) = drawn::<f32>(&problem, Values::Normal, seed);
        check("f32", &sample, &dy, &sample.options(), false);
        let (sample, dy) = drawn::<f64>(&problem, Values::Normal, seed);
        check("f64", &sample, &dy, &sample.options(), false);
    }

    #[test]
    fn nan_and_infinity_reach_what_their_products_reach(problem in any_problem(), seed: u64) {
        let (sample, dy) = drawn::<f32>(&problem, Values::Wild, seed);
        check("wild", &sample, &dy, &sample.options().exact(true), false);
    }

    #[test]
    fn no_bit_depends_on_threads_or_instruction_set(
        problem in any_problem(), seed: u64, threads in 0..9_usize,
    ) {
        let (sample, dy) = drawn::<f32>(&problem, Values::Wild, seed);
        let one = found(&sample, &dy, &sample.options().threads(1));
        for isa in Isa::available() {
            let run = sample.options().threads(threads).isa(isa);
            let other = found(&sample, &dy, &run);
            prop_assert_eq!(bits(&other.x), bits(&one.x), "input on {}", isa);
            prop_assert_eq!(bits(&other.w), bits(&one.w), "weight on {}", isa);
            prop_assert_eq!(other.b.map(|b| bits(&b)), one.b.as_ref().map(|b| bits(b)), "bias on {}", isa);
        }
    }

    #[test]
    fn the_adjoint_is_one_and_its_own_adjoint(problem in any_problem(), seed: u64) {
        let (sample, y) = whole(&problem, seed);
        let problem = &sample.problem;
        let layer = Layer::from_problem(problem);
        let adjoint = layer.adjoint(&problem.input_shape()).expect("a legal problem");
        let ax = apply(&layer, &sample.w, &sample.x, &problem.input_shape());
        let back = apply(&adjoint, &sample.w, &y, &problem.output_shape().expect("legal"));
        prop_assert_eq!(back.len(), sample.x.len());
        prop_assert_eq!(dot(&ax, &y), dot(&sample.x, &back));
        let twice = adjoint.adjoint(&problem.output_shape().expect("legal")).expect("legal");
        prop_assert_eq!(twice.op(), layer.op());
        prop_assert_eq!(apply(&twice, &sample.w, &sample.x, &problem.input_shape()), ax);
    }

    #[test]
    fn finite_differences_agree(problem in any_problem(), seed: u64) {
        let problem = without_output_size(&problem);
        let (sample, dy) = drawn::<f64>(&problem, Values::Normal, seed);
        let found = found(&sample, &dy, &Run::new());
        let mut rng = Rng::new(seed ^ 0xd1ff);
        let (u, v): (Vec<f64>, Vec<f64>) = (rng.normal(sample.x.len()), rng.normal(sample.w.len()));
        let layer = Layer::from_problem(&sample.problem);
        let shape = sample.problem.input_shape();
        let moved = |at: &[f64], by: &[f64], h: f64| -> Vec<f64> {
            at.iter().zip(by).map(|(at, by)| at + h * by).collect()
        };
        // The loss is linear in each argument, so that a central difference has no error but rounding's.
        let h = 0.5;
        let loss = |w: &[f64], x: &[f64]| dot(&apply(&layer, w, x, &shape), &dy);
        let by_x = (loss(&sample.w, &moved(&sample.x, &u, h)) - loss(&sample.w, &moved(&sample.x, &u, -h))) / (2.0 * h);
        let by_w = (loss(&moved(&sample.w, &v, h), &sample.x) - loss(&moved(&sample.w, &v, -h), &sample.x)) / (2.0 * h);
        // Every term of the loss, in magnitude.
        let size = |values: &[f64]| values.iter().map(|v| v.abs()).collect::<Vec<f64>>();
        let (x, w) = (moved(&size(&sample.x), &size(&u), 1.0), moved(&size(&sample.w), &size(&v), 1.0));
        let scale = 1e-12 * dot(&apply(&layer, &w, &x, &shape), &size(&dy));
        prop_assert!((by_x - dot(&found.x, &u)).abs() <= scale, "{} {}", by_x, dot(&found.x, &u));
        prop_assert!((by_w - dot(&found.w, &v)).abs() <= scale, "{} {}", by_w, dot(&found.w, &v));
    }

    #[test]
    fn gradients_of_gradients_are_runs_and_gradients_of_the_same_layer(problem in any_problem(), seed: u64) {
        let (sample, dy) = whole(&problem, seed);
        let mut rng = Rng::new(seed ^ 0x2b);
        let v: Vec<f64> = rng.integers(sample.w.len());
        let u: Vec<f64> = rng.integers(sample.x.len());
        let (shape, output) = (sample.problem.input_shape(), sample.problem.output_shape().expect("legal"));
        let kernel = sample.problem.weight_shape();
        let layer = Layer::from_problem(&sample.problem);
        let of = |w: &[f64], x: &[f64]| {
            layer
                .backward((w, &kernel[..]), (x, &shape[..]), (&dy[..], &output[..]), Wanted::ALL, &Run::new())
                .expect("legal")
        };
        // <dw, v> is linear in dy, with the run on x with the weight v for its gradient; and in x, with that run's gradient.
        let dw = of(&sample.w, &sample.x).weight.expect("wanted").data;
        let with_v = of(&v, &sample.x).input.expect("wanted").data;
        prop_assert_eq!(dot(&dw, &v), dot(&dy, &apply(&layer, &v, &sample.x, &shape)));
        prop_assert_eq!(dot(&dw, &v), dot(&sample.x, &with_v));
        // <dx, u> is the adjoint's run on dy against u: its gradients by dy and by the weight are the adjoint's.
        let adjoint = layer.adjoint(&shape).expect("legal");
        let second = adjoint
            .backward((&sample.w[..], &kernel[..]), (&dy[..], &output[..]), (&u[..], &shape[..]), Wanted::ALL, &Run::new())
            .expect("legal");
        prop_assert_eq!(second.input.expect("wanted").data, apply(&layer, &sample.w, &u, &shape));
        prop_assert_eq!(second.weight.expect("wanted").data, of(&sample.w, &u).weight.expect("wanted").data);
        prop_assert!(second.bias.is_none());
    }
}

/// The same problem with its output's size as the layer's own parameters give it, which a run without options has.
fn without_output_size(problem: &Problem) -> Problem {
    let mut problem = problem.clone();
    for axis in &mut problem.axes {
        axis.output_size = None;
    }
    let legal = problem.output_shape().is_ok();
    if !legal {
        for axis in &mut problem.axes {
            axis.padding = convt::Padding::Both(0);
        }
    }
    problem
}

/// A sample of whole numbers in f64, whose sums are exact, and an array of the output's shape.
fn whole(problem: &Problem, seed: u64) -> (Sample<f64>, Vec<f64>) {
    drawn::<f64>(&without_output_size(problem), Values::Whole, seed)
}

/// The layer's run without its bias.
fn apply(layer: &Layer, w: &[f64], x: &[f64], shape: &[usize]) -> Vec<f64> {
    let bias = vec![0.0; layer.out_channels()];
    let kernel = layer.weight_shape();
    let plan = layer.plan((w, &kernel[..]), layer.has_bias().then_some(&bias[..]));
    let plan = plan.expect("a legal layer");
    plan.run_slice(x, shape).expect("a legal input").data
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Arrays of numbers for a layer and an input's shape: weight, input, gradient of the output.
fn arrays(layer: &Layer, shape: &[usize], run: &Run) -> [(Vec<f32>, Vec<usize>); 3] {
    let mut rng = Rng::new(5);
    let mut array = |shape: Vec<usize>| (rng.integers(shape.iter().product()), shape);
    let weight = array(layer.weight_shape());
    let bias = vec![0.0; layer.out_channels()];
    let plan = layer.plan(
        (&weight.0[..], &weight.1[..]),
        layer.has_bias().then_some(&bias[..]),
    );
    let output = plan.unwrap().output_shape_with(shape, run).unwrap();
    [weight, array(shape.to_vec()), array(output)]
}

/// All gradients of such arrays.
fn all(
    layer: &Layer,
    [w, x, dy]: &[(Vec<f32>, Vec<usize>); 3],
    run: &Run,
) -> Result<convt::Gradients<f32>, Error> {
    layer.backward(
        (&w.0[..], &w.1[..]),
        (&x.0[..], &x.1[..]),
        (&dy.0[..], &dy.1[..]),
        Wanted::ALL,
        run,
    )
}

#[test]
fn a_gradient_of_another_shape_is_refused_with_both_shapes() {
    let layer = ConvTranspose2d::new(2, 3, 4).stride(2).padding(1);
    let run = Run::new();
    let mut arrays = arrays(&layer, &[1, 2, 5, 5], &run);
    all(&layer, &arrays, &run).unwrap();
    arrays[2].1 = vec![1, 3, 20, 5];
    let error = all(&layer, &arrays, &run).unwrap_err().to_string();
    assert!(
        error.contains("[1, 3, 20, 5]") && error.contains("[1, 3, 10, 10]"),
        "{error}"
    );
    arrays[2].1 = vec![3, 10, 10];
    let error = all(&layer, &arrays, &run).unwrap_err().to_string();
    assert!(
        error.contains("[3, 10, 10]") && error.contains("[1, 3, 10, 10]"),
        "{error}"
    );
    arrays[2].1 = vec![1, 3, 10, 10];
    arrays[2].0.pop();
    let error = all(&layer, &arrays, &run).unwrap_err().to_string();
    assert!(error.contains("299 elements"), "{error}");
}

#[test]
fn without_a_batch_axis_there_is_none_in_the_gradients() {
    let layer = Conv1d::new(3, 4, 3).stride(2).padding(1);
    let run = Run::new();
    let mut arrays = arrays(&layer, &[1, 3, 9], &run);
    let batched = all(&layer, &arrays, &run).unwrap();
    arrays[1].1.remove(0);
    arrays[2].1.remove(0);
    let single = all(&layer, &arrays, &run).unwrap();
    let (batched_input, input) = (batched.input.unwrap(), single.input.unwrap());
    assert_eq!(input.shape, [3, 9]);
    assert_eq!(input.data, batched_input.data);
    assert_eq!((single.weight, single.bias), (batched.weight, batched.bias));
}

#[test]
fn only_what_is_wanted_is_given_and_memory_of_the_caller_s_is_filled() {
    let layer = ConvTranspose1d::new(2, 3, 4).stride(2);
    let run = Run::new();
    let arrays = arrays(&layer, &[2, 2, 7], &run);
    let [w, x, dy] = &arrays;
    let right = all(&layer, &arrays, &run).unwrap();
    for bits in 0..8 {
        let wanted = Wanted {
            input: bits & 1 > 0,
            weight: bits & 2 > 0,
            bias: bits & 4 > 0,
        };
        let found = layer
            .backward(
                (&w.0[..], &w.1[..]),
                (&x.0[..], &x.1[..]),
                (&dy.0[..], &dy.1[..]),
                wanted,
                &run,
            )
            .unwrap();
        assert_eq!(found.input, right.input.clone().filter(|_| wanted.input));
        assert_eq!(found.weight, right.weight.clone().filter(|_| wanted.weight));
        assert_eq!(found.bias, right.bias.clone().filter(|_| wanted.bias));
    }
    let mut weight = vec![f32::NAN; w.0.len()];
    let into = |weight: &mut [f32]| {
        let into = GradientsMut {
            input: None,
            weight: Some(weight),
            bias: None,
        };
        let (w, x, dy) = (
            (&w.0[..], &w.1[..]),
            (&x.0[..], &x.1[..]),
            (&dy.0[..], &dy.1[..]),
        );
        layer.backward_into(w, x, dy, into, &mut Scratch::new(), &run)
    };
    into(&mut weight).unwrap();
    assert_eq!(weight, right.weight.unwrap().data);
    let error = into(&mut weight[1..]).unwrap_err().to_string();
    assert!(error.contains("23 elements"), "{error}");
}

#[test]
fn options_of_the_forward_run_are_those_of_the_backward_one() {
    let layer = ConvTranspose2d::new(2, 3, 3).stride(3);
    for run in [
        Run::new().output_size([8, 7]),
        Run::new().output_shape([6, 9]),
    ] {
        let arrays = arrays(&layer, &[1, 2, 2, 2], &run);
        let found = all(&layer, &arrays, &run).unwrap();
        let w = &arrays[0];
        let output = &arrays[2].1;
        // The scalar <dy, y> is linear in the input, so it is its gradient against it.
        let plan = layer.plan((&w.0[..], &w.1[..]), Some(&[0.0; 3])).unwrap();
        let y = plan
            .run_slice_with(&arrays[1].0, &arrays[1].1, &run)
            .unwrap();
        assert_eq!(&y.shape, output);
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        assert_eq!(
            dot(&y.data, &arrays[2].0),
            dot(&found.input.unwrap().data, &arrays[1].0)
        );
        assert_eq!(
            dot(&y.data, &arrays[2].0),
            dot(&found.weight.unwrap().data, &w.0)
        );
    }
}

#[test]
fn channels_may_be_the_last_axis() {
    let layer = ConvTranspose2d::new(5, 3, 3).stride(2).padding(1);
    let first = Run::new();
    let [w, x, dy] = arrays(&layer, &[2, 5, 4, 6], &first);
    let turned = |(data, shape): &(Vec<f32>, Vec<usize>)| {
        let (n, c, p) = (shape[0], shape[1], shape[2] * shape[3]);
        let at = |i: usize| data[(i / (p * c) * c + i % c) * p + i / c % p];
        let shape = vec![n, shape[2], shape[3], c];
        ((0..data.len()).map(at).collect::<Vec<f32>>(), shape)
    };
    let last = first.clone().layout(Layout::ChannelsLast);
    let found = all(&layer, &[w.clone(), turned(&x), turned(&dy)], &last).unwrap();
    let right = all(&layer, &[w, x, dy], &first).unwrap();
    assert_eq!((found.weight, found.bias), (right.weight, right.bias));
    let (found, right) = (found.input.unwrap(), right.input.unwrap());
    assert_eq!(
        (found.data, found.shape),
        turned(&(right.data, right.shape))
    );
}

#[test]
fn nothing_gives_zeros() {
    let run = Run::new();
    let layer = ConvTranspose2d::new(2, 4, 3).stride(2).groups(2);
    let found = all(&layer, &arrays(&layer, &[0, 2, 3, 3], &run), &run).unwrap();
    assert_eq!(found.input.unwrap().shape, [0, 2, 3, 3]);
    assert_eq!(found.weight.unwrap().data, [0.0; 2 * 2 * 9]);
    assert_eq!(found.bias.unwrap(), [0.0; 4]);
    let layer = ConvTranspose2d::new(0, 4, 3);
    let found = all(&layer, &arrays(&layer, &[1, 0, 3, 3], &run), &run).unwrap();
    assert!(found.input.unwrap().data.is_empty());
    assert_eq!(found.weight.unwrap().shape, [0, 4, 3, 3]);
    assert!(found.bias.unwrap().iter().any(|&sum| sum != 0.0));
    let layer = ConvTranspose2d::new(4, 0, 3);
    let found = all(&layer, &arrays(&layer, &[1, 4, 3, 3], &run), &run).unwrap();
    assert_eq!(found.input.unwrap().data, [0.0; 36]);
    assert!(found.weight.unwrap().data.is_empty());
    assert!(found.bias.unwrap().is_empty());
}

#[test]
fn memory_is_held_to_its_limit() {
    let layer = ConvTranspose2d::new(20, 24, 4).stride(2).padding(1);
    let run = Run::new();
    let arrays = arrays(&layer, &[1, 20, 16, 16], &run);
    let error = all(&layer, &arrays, &run.clone().memory_limit(10_000)).unwrap_err();
    assert!(matches!(error, Error::MemoryLimit { .. }), "{error}");
    all(&layer, &arrays, &run.memory_limit(8 << 20)).unwrap();
}
