//! PyTorch's results, on every instruction set of this machine.

mod common;

use common::{Sample, bits};
use convt::{Element, Isa, Run};
use convt_testkit::{Bound, Case, Float, vectors};

fn sample<T: Element + Float>(case: &Case) -> Sample<T> {
    let convert = |data: &[f32]| data.iter().map(|&v| T::from_f64(f64::from(v))).collect();
    Sample {
        problem: case.problem.clone(),
        x: convert(&case.x.data),
        w: convert(&case.w.data),
        b: case.b.as_ref().map(|b| convert(&b.data)),
    }
}

#[test]
fn all_cases_in_f32() {
    let cases = vectors();
    assert_eq!(cases.len(), 320);
    for isa in Isa::available() {
        for case in &cases {
            let sample = sample::<f32>(case);
            let y = sample.run(&Run::new().isa(isa));
            let what = format!("{} {} on {isa}", case.key, case.name);
            if case.integer {
                Bound::check_exact(&what, &y, &case.y.data);
            }
            Bound::new(sample.terms()).check(&what, &y, &case.y.data, &sample.magnitude());
        }
        println!("{} cases in f32 on {isa}", cases.len());
    }
}

#[test]
fn all_cases_in_f64() {
    for isa in Isa::available() {
        for case in &vectors() {
            let sample = sample::<f64>(case);
            let y = sample.run(&Run::new().isa(isa));
            let magnitude = sample.magnitude();
            for (i, (&y, &expected)) in y.iter().zip(&case.y.data).enumerate() {
                // 1e-12 relative to the sum of the products' magnitudes, which cancellation cannot shrink.
                assert!(
                    (y - expected).abs() <= 1e-12 * magnitude[i],
                    "{} {} on {isa}: value {i} is {y}, expected {expected}",
                    case.key,
                    case.name
                );
            }
        }
    }
}

/// Every set of the machine with every number of threads against one thread of the best set.
fn agree<T: Element + Float>() {
    for case in &vectors() {
        let sample = sample::<T>(case);
        let expected = bits(&sample.run(&Run::new().threads(1)));
        for isa in Isa::available() {
            for threads in [0, 1, 2, 3, 7] {
                let y = sample.run(&Run::new().isa(isa).threads(threads));
                assert_eq!(
                    bits(&y),
                    expected,
                    "{} on {isa} with {threads} threads",
                    case.key
                );
            }
        }
    }
}

#[test]
fn instruction_sets_and_threads_agree_to_the_bit_in_f32() {
    agree::<f32>();
}

#[test]
fn instruction_sets_and_threads_agree_to_the_bit_in_f64() {
    agree::<f64>();
}
