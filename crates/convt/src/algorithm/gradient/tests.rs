//! Register tiles against the definition, bit for bit, on shapes that fill tiles, blocks, jobs and passes and leave some over.

use convt_simd::Isa;
use convt_testkit::{Float, Guarded, Rng};

use super::cut::Cut;
use super::form::Form;
use super::{Pair, PairShape, WeightCall, plain, weight_gradient};
use crate::layer::Resolved;
use crate::{Element, Op, Problem, Scratch};

/// The shapes.
const SHAPES: &[&str] = &[
    // Several tiles of both sides, and what is left.
    "conv_transpose2d n3 c37-29 i9x7 k4x3 s2 p1 nobias",
    "conv2d n2 c33-70 i13x40 k3 s2 p1 nobias",
    "conv_transpose2d n2 c14-64 i11x9 k3 s2x1 p1 op1x0 nobias",
    // Planes of many images in a block, rows cut into several blocks, and blocks of part of a plane.
    "conv_transpose2d n40 c20-18 i4 k4 s2 p1 nobias",
    "conv_transpose1d n2 c24-20 i700 k16 s8 p4 nobias",
    "conv2d n1 c20-20 i30x100 k3 d2 p2 nobias",
    // More weights than a job has.
    "conv_transpose2d n1 c300-130 i5 k4 s2 p1 nobias",
    // Steps beyond the kernel, dilation that shares a factor with the stride, signed crops, a row beyond the windows.
    "conv_transpose2d n2 c17-15 i6x8 k2 s5 nobias",
    "conv_transpose2d n2 c17-15 i6x8 k3 s2 d2 crop-3:2 nobias",
    "conv2d n2 c15-17 i22x17 k3 s4 crop-3:-1 nobias",
    "conv_transpose3d n2 c18-17 i5x6x7 k3x2x4 s2 p1 nobias",
    "conv3d n1 c18-20 i9x6x7 k3 s1x2x2 p1 nobias",
    // So wide a step that a pass has one line of taps.
    "conv_transpose2d n1 c3-40 i12 k40x3 s40 nobias",
    // Few channels beside a line of taps.
    "conv_transpose2d n2 c40-3 i9x21 k4 s2 p1 nobias",
    "conv_transpose2d n1 c20-1 i20x300 k9 s3 p4 op2 nobias",
    "conv2d n2 c2-33 i20x15 k5x7 s1x3 p2 nobias",
    "conv_transpose2d n1 c33-1 i8x9 k3x5 s2 crop-2:3 nobias",
    "conv_transpose3d n1 c20-2 i4x5x6 k2x3x3 s2 p1 nobias",
    // Lanes along groups.
    "conv_transpose2d n2 c70-70 i9x20 k4 s2 p1 g70 nobias",
    "conv2d n2 c40-80 i9x20 k3 p1 g40 nobias",
    "conv_transpose1d n2 c60-90 i50 k5 s3 p1 g30 nobias",
    // Groups of many channels, and of one channel in all.
    "conv_transpose2d n1 c80-64 i9x20 k4 s2 p1 g2 nobias",
    "conv_transpose2d n3 c1-1 i30 k3 s2 p1 nobias",
];

fn check<T: Element + Float>(values: fn(&mut Rng, usize) -> Vec<T>) {
    for (seed, line) in SHAPES.iter().enumerate() {
        let problem: Problem = line.parse().expect("a problem");
        let sizes = Resolved::of(&problem).expect("legal");
        let count = |shape: &[usize]| shape.iter().product::<usize>();
        let mut rng = Rng::new(seed as u64);
        let x = values(&mut rng, count(&problem.input_shape()));
        let dy = values(&mut rng, count(&problem.output_shape().expect("legal")));
        let transposed = problem.op == Op::ConvTranspose;
        let shape = PairShape::new(&sizes, problem.groups);
        let (coarse, fine) = if transposed { (&x, &dy) } else { (&dy, &x) };
        let pair = Pair {
            coarse,
            fine,
            shape,
        };
        let mut expected = vec![T::ZERO; count(&problem.weight_shape())];
        plain::run(Isa::best(), &pair, &mut expected);
        for isa in Isa::available() {
            for threads in [1, 3] {
                let mut found = Guarded::<T>::shifted(expected.len(), 1);
                let mut scratch = Scratch::from_vec(vec![T::SENTINEL; 1 << 20]);
                weight_gradient(WeightCall {
                    isa,
                    sizes: &sizes,
                    groups: problem.groups,
                    x: &x,
                    dy: &dy,
                    weight: found.as_mut_slice(),
                    scratch: &mut scratch,
                    threads,
                })
                .expect("memory");
                found.assert_intact();
                found.assert_filled();
                let pairs = found.as_slice().iter().zip(&expected).enumerate();
                for (i, (&found, &expected)) in pairs {
                    let same = found.to_bits() == expected.to_bits()
                        || found.to_f64().is_nan() && expected.to_f64().is_nan();
                    assert!(
                        same,
                        "{line} on {isa} by {threads}: {i} is {found:?}, not {expected:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn tiles_have_the_bits_of_the_definition_in_f32() {
    check::<f32>(Rng::normal);
}

#[test]
fn tiles_have_the_bits_of_the_definition_in_f64() {
    check::<f64>(Rng::normal);
}

#[test]
fn tiles_form_no_product_that_does_not_exist() {
    check::<f32>(|rng, count| {
        // A few values only, so that most sums stay numbers.
        let mut values = rng.normal(count);
        for _ in 0..3 {
            let at = rng.below(count);
            values[at] = [f32::NAN, f32::INFINITY][rng.below(2)];
        }
        values
    });
}

#[test]
fn every_form_is_chosen_and_memory_is_bounded() {
    for isa in Isa::available() {
        let mut forms = Vec::new();
        for line in SHAPES {
            let problem: Problem = line.parse().expect("a problem");
            let sizes = Resolved::of(&problem).expect("legal");
            let shape = PairShape::new(&sizes, problem.groups);
            for jobs in [1, 7] {
                let cut = Cut::new::<f32>(isa, &shape, jobs);
                forms.push(cut.tile.form);
                let bytes = cut.memory::<f32>().iter().sum::<usize>() * 4;
                assert!(bytes <= 2 << 20, "{line} on {isa}: {bytes} bytes");
            }
        }
        for form in [
            Form::CoarseLanes,
            Form::FineLanes,
            Form::Window,
            Form::Matched,
        ] {
            assert!(forms.contains(&form), "{form:?} on {isa}");
        }
    }
}
