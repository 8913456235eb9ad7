//! Gradients: PyTorch's, the oracle's, and the laws that they obey.

mod common;

use common::{Sample, Values, bits};
use convt::{Element, Isa, Layer, Problem, Run, Wanted};
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
}
