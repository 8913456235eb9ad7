//! The documented order, bit for bit: against `phases`, on every instruction set, between guard cells, with dirty scratch.

use std::sync::Arc;

use convt_geometry::Problem;
use convt_simd::Isa;
use convt_testkit::{Float, Guarded, Rng, problems};

use super::{Depthwise, fits, scratch_elements};
use crate::algorithm::phases::Phases;
use crate::algorithm::{Call, Packed};
use crate::layer::{OutputChoice, Resolved};
use crate::{Activation, Element, Layer, Run, Scratch};

struct Sample<T> {
    sizes: Resolved,
    x: Vec<T>,
    w: Vec<T>,
    bias: Vec<T>,
    layer: Layer,
}

impl<T: Element + Float> Sample<T> {
    fn new(problem: &Problem, seed: u64) -> Self {
        let layer = Layer::from_problem(problem);
        let choice = problem.axes.iter().map(|axis| axis.output_size).collect();
        let choice = Option::map_or(choice, OutputChoice::Layer, OutputChoice::Size);
        let sizes = layer.resolve(&problem.input_shape(), &choice).unwrap();
        let mut rng = Rng::new(seed);
        let count = |shape: Vec<usize>| shape.iter().product::<usize>();
        let mut w = rng.normal(count(problem.weight_shape()));
        let mut x = rng.wild(count(problem.input_shape()));
        // Zeros of both signs meet in every way.
        w.iter_mut().step_by(5).for_each(|w| *w = T::ZERO);
        x.iter_mut().step_by(3).for_each(|x| *x = T::ZERO);
        let mut bias = rng.normal(if problem.bias {
            problem.out_channels
        } else {
            0
        });
        bias.iter_mut().step_by(2).for_each(|bias| *bias = T::ZERO);
        Self {
            sizes,
            x,
            w,
            bias,
            layer,
        }
    }

    fn outputs(&self) -> usize {
        self.sizes.output_shape().iter().product()
    }

    fn call(
        &self,
        options: &Run,
        activation: &Activation<T>,
        run: impl FnOnce(Call<'_, T>),
    ) -> Guarded<T> {
        let mut y = Guarded::<T>::shifted(self.outputs(), 3);
        let mut scratch = Scratch::from_vec(vec![T::SENTINEL; 1 << 19]);
        run(Call {
            isa: options.isa.unwrap_or_else(convt_simd::Isa::best),
            sizes: &self.sizes,
            x: &self.x,
            y: y.as_mut_slice(),
            scratch: &mut scratch,
            options,
            activation,
        });
        y.assert_intact();
        y
    }

    /// Compares with `phases`, NaN with NaN, everything else by its bits.
    fn check(&self, problem: &Problem) {
        assert!(fits(&self.layer), "{problem}");
        let slopes = (0..problem.out_channels).map(|c| if c % 2 == 0 { T::ONE } else { T::ZERO });
        let activation = Activation::Prelu(slopes.collect::<Arc<_>>());
        let packed = Packed::new(&self.layer, &self.w, &self.bias).unwrap();
        let expected = self.call(&Run::new().threads(1), &activation, |call| {
            let phases = Phases::new(&packed, &self.sizes).unwrap();
            phases.run(call).unwrap();
        });
        let depthwise = Depthwise::new(&self.layer, &self.w, &self.bias).unwrap();
        for isa in Isa::available() {
            for threads in [1, 3] {
                let options = Run::new().threads(threads).isa(isa);
                let needed = scratch_elements(&self.sizes, threads).unwrap();
                assert!(needed <= 2 * (96 << 10), "{problem}: scratch of {needed}");
                let y = self.call(&options, &activation, |call| depthwise.run(call).unwrap());
                let pairs = y.as_slice().iter().zip(expected.as_slice());
                for (n, (y, expected)) in pairs.enumerate() {
                    let (y, expected) = (y.to_f64(), expected.to_f64());
                    assert!(
                        y.to_bits() == expected.to_bits() || y.is_nan() && expected.is_nan(),
                        "{problem}: output {n} is {y:?}, not {expected:?} ({isa}, {threads} threads)"
                    );
                }
            }
        }
    }
}

fn check(problem: &Problem, seed: u64) {
    Sample::<f32>::new(problem, seed).check(problem);
    Sample::<f64>::new(problem, seed).check(problem);
}

fn check_line(line: &str) {
    check(&line.parse().expect(line), 7);
}

#[test]
fn random_layers_have_the_bits_of_phases() {
    for (n, mut problem) in problems(11, 400).into_iter().enumerate() {
        let multiplier = 1 + n % 3;
        problem.groups = problem.groups.min(3);
        problem.in_channels = problem.groups;
        problem.out_channels = problem.groups * multiplier;
        check(&problem, n as u64);
    }
}

#[test]
fn strides_around_the_vectors_and_kernels_that_do_not_divide_them() {
    for stride in [
        1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 48, 64, 65, 130,
    ] {
        for kernel in [1, stride, stride + 1, 2 * stride, 3 * stride - 1] {
            for input in [1, 9, 33] {
                check_line(&format!(
                    "conv_transpose1d c2-2 i{input} k{kernel} s{stride} g2"
                ));
            }
            let padding = kernel / 3;
            check_line(&format!(
                "conv_transpose2d c1-2 i3x7 k2x{kernel} s1x{stride} p0x{padding}"
            ));
        }
    }
}

#[test]
fn every_length_of_a_row_up_to_a_few_blocks() {
    for input in 1..=150 {
        check_line(&format!("conv1d c1-1 i{input} k3 p1"));
        check_line(&format!("conv_transpose1d c1-1 i{input} k4 s2 p1 op1"));
        check_line(&format!("conv1d c1-1 i{} k3 s2 p1", input + 1));
    }
}

#[test]
fn pieces_of_every_kind() {
    for line in [
        // many small planes, rows in pieces, parts of a row, slabs
        "conv_transpose1d n3 c40-40 i30 k4 s2 g40",
        "conv_transpose2d c2-2 i70x90 k4 s2 p1 g2",
        "conv2d c1-1 i40x2500 k5 p2",
        "conv_transpose1d c1-1 i70001 k6 s3 p1",
        "conv1d c1-2 i150003 k7 s2 p3",
        "conv_transpose3d c2-2 i9x14x15 k4 s2 p1 g2",
        "conv3d c2-2 i12x13x31 k3 p1 g2",
        // more terms than are summed at once
        "conv2d c1-1 i20x45 k9x11 p4x5",
        "conv_transpose3d c1-1 i6x6x20 k6x5x4 s1 d1x2x3",
        // dilation along every axis, and strides that share a factor with it
        "conv_transpose2d c2-2 i12x40 k4 s3 d2 g2",
        "conv_transpose2d c2-2 i12x40 k4 s4 d6 g2",
        "conv2d c2-2 i40x60 k3 s2 d5 p5 g2",
        // stride 2 along the width: many planes at once, shared inputs, rows in pieces, bands of every kind
        "conv_transpose1d n2 c70-70 i125 k4 s2 g70",
        "conv_transpose1d n3 c5-5 i7 k2 s2 g5 op1",
        "conv_transpose2d n2 c3-6 i40x5 k5x4 s3x2 p1 g3",
        "conv_transpose2d n3 c5-5 i64x33 k4 s2 p1 g5",
        "conv_transpose2d c2-2 i90x40 k3x4 s2 d3x1 p2x1 g2",
        "conv_transpose2d c2-2 i9x33 k3x2 s5x2 p0x1 g2",
        "conv_transpose2d c2-2 i3x6 k4x2 s17x2 g2",
        "conv_transpose2d c2-2 i5x9 k4 s2 crop-7:-9 g2",
        "conv_transpose2d c2-2 i9x60 k4 s2 crop5:8 g2",
        // kernels shorter than the stride, and crops beyond the picture
        "conv_transpose2d c2-2 i5x9 k2 s5 g2",
        "conv_transpose2d c1-1 i5x9 k3 s2 crop-7:-9",
    ] {
        check_line(line);
    }
}

#[test]
fn an_empty_batch_needs_no_more_than_one_image() {
    let problem: Problem = "conv_transpose2d n1 c2-2 i5x5 k4 s2 p1 g2".parse().unwrap();
    let mut sizes = Sample::<f32>::new(&problem, 1).sizes;
    let one = scratch_elements(&sizes, 1).unwrap();
    sizes.batch = 0;
    assert_eq!(scratch_elements(&sizes, 1).unwrap(), one);
}

#[test]
fn only_layers_within_the_bounds_are_taken() {
    let fits = |line: &str| fits(&Layer::from_problem(&line.parse().expect(line)));
    for line in [
        "conv_transpose2d c21-21 i16x16 k64 s32 p16 g21",
        "conv_transpose2d c2-8 i4x4 k16 s8 g2",
        "conv2d c1-64 i9x9 k7 s2 p3",
    ] {
        assert!(fits(line), "{line}");
    }
    for line in [
        "conv_transpose2d c4-4 i8x8 k4 s2 g2",
        "conv_transpose1d c1-1 i3 k2 s40000",
        "conv_transpose1d c1-1 i3 k30000",
        "conv1d c1-1 i90000 k3 d30000",
        "conv2d c1-1 i300x300 k200",
        "conv2d c1-1 i30000x9 k3 d10000x1",
    ] {
        assert!(!fits(line), "{line}");
    }
}

#[test]
fn upsampling_layers_are_taken_and_those_that_tiles_do_faster_are_not() {
    let pays = |line: &str| super::pays(&Layer::from_problem(&line.parse().expect(line)));
    for line in [
        "conv_transpose2d c21-21 i16x16 k64 s32 p16 g21",
        "conv_transpose1d c512-512 i125 k4 s2 g512",
        "conv_transpose2d c3-3 i9x9 k8x1 s2x1 p3x0 g3",
    ] {
        assert!(pays(line), "{line}");
    }
    for line in [
        "conv2d c64-64 i56x56 k5 p2 g64",
        "conv_transpose2d c32-32 i64x64 k3 s2 g32",
        "conv_transpose2d c32-32 i64x64 k6 s3 d2 g32",
        "conv_transpose3d c16-16 i16x16x16 k4 s2 p1 g16",
    ] {
        assert!(!pays(line), "{line}");
    }
}
