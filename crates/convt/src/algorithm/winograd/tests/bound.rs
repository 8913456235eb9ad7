//! The error bound that the module states.

use convt_testkit::{Float, gamma};

use super::super::piece;
use super::super::scheme::Scheme;
use super::{PROBLEMS, SIZES, Sample, normal};
use crate::Element;

/// `K` of the module's bound for one axis, and the transforms' roundings on one path.
fn growth(scheme: Scheme) -> (f64, usize) {
    match scheme {
        Scheme::F11 => (1.0, 0),
        Scheme::F22 => (3.0, 3),
        Scheme::F32 | Scheme::F23 => (4.0, 5),
    }
}

fn check_bound<T: Element + Float>(sample: &Sample<T>, what: &str) {
    let expected = sample.oracle();
    let absolute = |n: f64, value: &T| n.max(value.to_f64().abs());
    let largest = sample.x.iter().fold(0.0, absolute);
    let bias = sample.bias.iter().fold(0.0, absolute);
    // An output at the border meets fewer taps, but its tile holds the others: the sum is over the whole class.
    let sum = largest_sum(sample);
    let ins = sample.packed.in_per_group;
    let piece = piece(ins);
    for size in SIZES {
        let schemes = sample.winograd.shape().schemes(size);
        let (k, roundings) = schemes
            .iter()
            .map(|&scheme| growth(scheme))
            .fold((1.0, piece + ins.div_ceil(piece) + 2), |(k, n), (a, b)| {
                (k * a, n + b)
            });
        // The oracle's sum is rounded as well.
        let exact = gamma::<f64>(sample.w.len() + 1) * (bias + largest * sum);
        let bound = gamma::<T>(roundings) * (bias + k * largest * sum) + exact;
        let actual = sample.plain(Some(size));
        for (n, (&y, &e)) in actual.iter().zip(&expected).enumerate() {
            let error = (y.to_f64() - e).abs();
            assert!(
                error <= bound,
                "{what} {size:?}: value {n} is {y:?}, not {e} within {bound:e}"
            );
        }
    }
}

/// The largest sum of |taps| over the input channels of a group that one output channel and class has.
fn largest_sum<T: Element + Float>(sample: &Sample<T>) -> f64 {
    let [cd, ch, cw] = sample.packed.axes.each_ref().map(|axis| axis.taps.len());
    let ins = sample.packed.in_per_group;
    let mut largest = 0.0_f64;
    for &block in &sample.packed.blocks {
        for n in 0..cd * ch * cw {
            let class = [n / cw / ch, n / cw % ch, n % cw];
            let weights = sample.packed.weights(block, class, 0..ins);
            for row in 0..block.rows {
                let taps = weights.iter().skip(row).step_by(block.rows);
                largest = largest.max(taps.map(|w| w.to_f64().abs()).sum());
            }
        }
    }
    largest
}

#[test]
fn errors_lie_within_the_stated_bound() {
    for (seed, line) in PROBLEMS.iter().enumerate() {
        check_bound(&Sample::<f32>::of(line, seed as u64, normal), line);
        check_bound(&Sample::<f64>::of(line, seed as u64, normal), line);
    }
}

#[test]
fn random_problems_lie_within_the_stated_bound() {
    let mut taken = 0;
    for (seed, problem) in convt_testkit::problems(11, 1500).iter().enumerate() {
        if let Some(sample) = Sample::<f32>::new(problem, seed as u64, normal) {
            check_bound(&sample, &problem.to_string());
            taken += 1;
        }
    }
    assert!(
        taken > 50,
        "only {taken} of the problems were of the algorithm's kind"
    );
}
