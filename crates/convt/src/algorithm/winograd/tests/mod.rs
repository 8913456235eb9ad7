//! Against the oracle within the bound that the module states, and against the direct algorithm where it must be equal.

mod bound;
mod shapes;

use convt_geometry::Problem;
use convt_reference::{Array, Definition, Layer as ReferenceLayer};
use convt_simd::Isa;
use convt_testkit::{Float, Guarded, Rng};

use super::*;
use crate::{Activation, Run as Options, Scratch};

/// A problem with data and packed weights.
struct Sample<T> {
    problem: Problem,
    layer: Layer,
    packed: Blocked<T>,
    winograd: Winograd<T>,
    x: Vec<T>,
    w: Vec<T>,
    bias: Vec<T>,
}

const SIZES: [Size; 2] = [Size::Small, Size::Large];

/// Problems that the algorithm takes: every scheme, mixed schemes, crops, groups, rows of channels of every block.
const PROBLEMS: [&str; 24] = [
    "conv_transpose2d c5-7 i9x8 k4 s2 p1",
    "conv_transpose2d n3 c3-13 i5x17 k4 s2 p1 op1",
    "conv_transpose2d c4-24 i7x40 k4 s2 p3",
    "conv_transpose2d c3-5 i6x6 k4 s2 p0",
    "conv_transpose2d n2 c6-4 i4x4 k4 s2 p1 g2",
    "conv_transpose2d c3-2 i4x5 k4x2 s2x2 p1x0",
    "conv_transpose2d c2-3 i6x5 k3 s2 p1 op1",
    "conv_transpose2d c2-3 i5x9 k5 s2 p2",
    "conv_transpose2d c2-3 i5x6 k6x9 s2x3 p2x3",
    "conv_transpose2d c3-4 i11x10 k3 s1 p1",
    "conv_transpose2d c3-4 i11x10 k3 s1 p2 d2",
    "conv_transpose2d c3-2 i8x7 k2x3 s1 p0 d3x1",
    "conv_transpose2d c2-2 i6x7 k1x4 s1x2 p0x1",
    "conv_transpose1d c6-9 i37 k16 s8 p4",
    "conv_transpose1d n2 c4-3 i50 k8 s4 p0",
    "conv_transpose1d c3-4 i300 k4 s2 p1",
    "conv_transpose1d c3-4 i40 k10 s5 p2 op3",
    "conv_transpose1d c2-2 i1 k4 s2 p1",
    "conv_transpose3d c3-4 i4x3x5 k4 s2 p1",
    "conv_transpose3d n2 c2-2 i3x4x3 k3x4x2 s1x2x2 p1x1x0",
    "conv2d c5-6 i12x9 k3 s1 p1",
    "conv2d n2 c2-3 i13x14 k3 s1 p2 d3",
    "conv1d c4-4 i70 k2 s1 p1",
    "conv3d c2-3 i5x4x6 k3 s1 p1",
];

impl<T: Element + Float> Sample<T> {
    fn new(problem: &Problem, seed: u64, draw: impl Fn(&mut Rng, usize) -> Vec<T>) -> Option<Self> {
        let layer = Layer::from_problem(problem);
        let shape = Shape::of(&layer)?;
        let mut rng = Rng::new(seed);
        let mut draw = |shape: &[usize]| draw(&mut rng, shape.iter().product());
        let w = draw(&problem.weight_shape());
        let bias = draw(&[problem.out_channels]);
        Some(Self {
            x: draw(&problem.input_shape()),
            packed: Blocked::new(&layer, &w, &bias).expect("a small layer"),
            winograd: Winograd::new(shape),
            problem: problem.clone(),
            layer,
            w,
            bias,
        })
    }

    fn of(line: &str, seed: u64, draw: impl Fn(&mut Rng, usize) -> Vec<T>) -> Self {
        Self::new(&line.parse().expect(line), seed, draw).expect(line)
    }

    fn sizes(&self) -> Resolved {
        Resolved::of(&self.problem).expect("a legal problem")
    }

    /// Runs between guard cells with dirty scratch; `size` of None is the direct algorithm.
    fn run(&self, size: Option<Size>, options: &Options, activation: &Activation<T>) -> Vec<T> {
        let sizes = self.sizes();
        let mut y = Guarded::<T>::shifted(sizes.output_shape().iter().product(), 1);
        let mut scratch = Scratch::from_vec(vec![T::SENTINEL; 1 << 20]);
        let call = Call {
            isa: options.isa.unwrap_or_else(Isa::best),
            sizes: &sizes,
            x: &self.x,
            y: y.as_mut_slice(),
            scratch: &mut scratch,
            options,
            activation,
        };
        match size {
            Some(size) => self.winograd.run(&self.packed, size, call),
            None => Tiles::new(Packing::Channels(&self.packed), &sizes, options.threads)
                .and_then(|tiles| tiles.run(call)),
        }
        .expect("a small run");
        y.assert_intact();
        y.assert_filled();
        y.as_slice().to_vec()
    }

    fn plain(&self, size: Option<Size>) -> Vec<T> {
        self.run(size, &Options::new().threads(1), &Activation::None)
    }

    fn oracle(&self) -> Vec<f64> {
        let layer = ReferenceLayer::try_from(&self.problem).expect("a legal problem");
        let widen = |data: &[T]| data.iter().map(|v| v.to_f64()).collect::<Vec<f64>>();
        let array = |shape: Vec<usize>, data: Vec<f64>| Array::new(&shape, data).expect("data");
        let x = array(self.problem.input_shape(), widen(&self.x));
        let w = array(self.problem.weight_shape(), widen(&self.w));
        let y = Definition::Gather.run(&layer, &x, &w, Some(&widen(&self.bias)));
        y.expect("a small legal problem").data
    }
}

fn normal<T: Float>(rng: &mut Rng, count: usize) -> Vec<T> {
    rng.normal(count)
}

fn bits<T: Float>(values: &[T]) -> Vec<u64> {
    let bits = |value: &T| {
        if value.to_f64().is_nan() {
            u64::MAX
        } else {
            value.to_bits()
        }
    };
    values.iter().map(bits).collect()
}

#[test]
fn whole_numbers_are_exactly_the_direct_sums() {
    for (seed, line) in PROBLEMS.iter().enumerate() {
        let sample = Sample::<f32>::of(line, seed as u64, Rng::integers);
        let expected = sample.oracle();
        for size in SIZES {
            let y: Vec<f64> = sample.plain(Some(size)).iter().map(|&y| y.into()).collect();
            assert_eq!(y, expected, "{line} {size:?}");
        }
    }
}

#[test]
fn no_output_is_negative_zero() {
    // Products that vanish leave zeros of their own signs.
    let tiny = |rng: &mut Rng, count| -> Vec<f32> {
        let values: Vec<f32> = rng.normal(count);
        values.iter().map(|value| value * 1e-30).collect()
    };
    let mut sample = Sample::<f32>::of("conv_transpose2d c1-2 i15x15 k4 s2 p1", 1, tiny);
    sample.bias.fill(-0.0);
    sample.packed = Blocked::new(&sample.layer, &sample.w, &sample.bias).unwrap();
    for size in SIZES {
        assert!(sample.plain(Some(size)).iter().all(|y| y.to_bits() == 0));
    }
}

/// What must not matter: threads, instruction sets, the batch that an image is in.
fn check_bits<T: Element + Float>(line: &str) {
    let sample = Sample::<T>::of(line, 7, normal);
    for size in SIZES {
        let expected = bits(&sample.plain(Some(size)));
        for isa in Isa::available() {
            for threads in [1, 2, 3] {
                let options = Options::new().isa(isa).threads(threads);
                let y = sample.run(Some(size), &options, &Activation::None);
                assert_eq!(bits(&y), expected, "{line} {size:?} {isa} {threads}");
            }
        }
        let mut one = Sample::<T>::of(line, 7, normal);
        let images = std::mem::replace(&mut one.problem.batch, 1);
        let (input, output) = (sample.x.len() / images, expected.len() / images);
        for image in 0..images {
            one.x = sample.x[image * input..][..input].to_vec();
            let y = bits(&one.plain(Some(size)));
            assert_eq!(
                y,
                expected[image * output..][..output],
                "{line} {size:?} {image}"
            );
        }
    }
}

#[test]
fn no_bit_depends_on_threads_instruction_sets_or_the_batch() {
    for line in PROBLEMS {
        check_bits::<f32>(line);
        check_bits::<f64>(line);
    }
    // Several blocks of tiles, input channels in pieces, several units, bands and images to a job.
    for line in [
        "conv_transpose2d n3 c40-26 i40x37 k4 s2 p1",
        "conv_transpose2d c1100-14 i13x25 k4 s2 p1",
        "conv_transpose1d c30-20 i900 k16 s8 p4",
    ] {
        check_bits::<f32>(line);
    }
}

#[test]
fn large_layers_agree_with_the_direct_algorithm() {
    // Whole numbers: several blocks of tiles, pieces and units must add up to the very same sums.
    for line in [
        "conv_transpose2d n2 c40-26 i40x37 k4 s2 p1",
        "conv_transpose2d c1100-14 i13x25 k4 s2 p1",
        "conv_transpose2d c40-30 i33x34 k3 s2 p1 op1",
    ] {
        let sample = Sample::<f32>::of(line, 3, Rng::integers);
        let direct = sample.plain(None);
        for size in SIZES {
            assert_eq!(sample.plain(Some(size)), direct, "{line} {size:?}");
        }
    }
}

#[test]
fn values_that_are_not_finite_give_the_direct_results() {
    for (seed, line) in PROBLEMS.iter().enumerate() {
        for wild in [f32::NAN, f32::INFINITY, f32::MAX, -f32::MAX] {
            let mut sample = Sample::<f32>::of(line, seed as u64, normal);
            let images = sample.problem.batch;
            let each = sample.x.len() / images;
            let calm = sample.plain(Some(Size::Large));
            // Every place of the first image, a few at a time.
            for place in (0..each).step_by(1 + each / 7) {
                let kept = std::mem::replace(&mut sample.x[place], wild);
                let direct = bits(&sample.plain(None));
                for size in SIZES {
                    let y = bits(&sample.plain(Some(size)));
                    let of_image = y.len() / images;
                    if !wild.is_finite() {
                        assert_eq!(y[..of_image], direct[..of_image], "{line} {size:?} {place}");
                    }
                    // Where the direct result is not finite, so is this one, and the same.
                    for (y, direct) in sample
                        .plain(Some(size))
                        .iter()
                        .zip(&sample.plain(None))
                        .filter(|(_, direct)| !direct.is_finite())
                    {
                        assert!(y == direct || (y.is_nan() && direct.is_nan()), "{line}");
                    }
                    if size == Size::Large {
                        assert_eq!(
                            y[of_image..],
                            bits(&calm)[of_image..],
                            "{line}: other images"
                        );
                    }
                }
                sample.x[place] = kept;
            }
        }
    }
}

#[test]
fn an_activation_meets_every_output_once() {
    for line in PROBLEMS {
        let sample = Sample::<f32>::of(line, 5, normal);
        let slopes: Vec<f32> = (0..sample.problem.out_channels)
            .map(|n| n as f32 + 2.0)
            .collect();
        let prelu = Activation::Prelu(slopes.clone().into());
        for size in SIZES {
            let mut expected = sample.plain(Some(size));
            let plane = expected.len() / sample.problem.batch / slopes.len();
            for (n, y) in expected.iter_mut().enumerate() {
                if *y <= 0.0 {
                    *y *= slopes[n / plane % slopes.len()];
                }
            }
            let y = sample.run(Some(size), &Options::new(), &prelu);
            assert_eq!(y, expected, "{line} {size:?}");
        }
    }
}
