//! Fan-in, bilinear kernels, ICNR.

use convt::init::{bilinear_taps, bilinear_weight, fan_in, icnr_subpixel, icnr_transposed};
use convt::{Layer, Op, Padding, Problem, Tensor};
use convt_geometry::ProblemAxis;
use convt_testkit::Bound;

use crate::{coordinates, nearest, offset, run, whole};

/// A layer with these axes: (kernel, stride, padding).
fn layer(op: Op, channels: (usize, usize), groups: usize, axes: &[(usize, usize, usize)]) -> Layer {
    let axes = axes.iter().map(|&(kernel, stride, padding)| ProblemAxis {
        stride,
        padding: Padding::Both(padding),
        ..ProblemAxis::new(1, kernel)
    });
    Layer::from_problem(&Problem {
        in_channels: channels.0,
        out_channels: channels.1,
        groups,
        bias: false,
        ..Problem::new(op, axes.collect())
    })
}

fn ones(shape: &[usize]) -> Tensor<f32> {
    Tensor {
        shape: shape.to_vec(),
        data: vec![1.0; shape.iter().product()],
    }
}

/// With ones everywhere an output is the number of its products.
#[test]
fn fan_in_is_the_most_products_that_meet_in_an_output() {
    let mut checked = 0;
    for op in [Op::ConvTranspose, Op::Conv] {
        for (k, s) in (1..=7).flat_map(|k| (1..=4).map(move |s| (k, s))) {
            for (groups, per_in, second) in [(1, 3, None), (2, 1, None), (3, 2, Some((2, 3)))] {
                let axes: Vec<(usize, usize)> = [(k, s)].into_iter().chain(second).collect();
                let (kernel, stride): (Vec<usize>, Vec<usize>) = axes.iter().copied().unzip();
                let channels = groups * per_in;
                let padded: Vec<_> = axes.iter().map(|&(k, s)| (k, s, 0)).collect();
                let layer = layer(op, (channels, groups), groups, &padded);
                let mut shape = vec![1, channels];
                shape.resize(2 + axes.len(), 9);
                let y = run(&layer, &ones(&layer.weight_shape()), None, &ones(&shape));
                let most = y.data.iter().copied().fold(0.0, f32::max);
                let fan = fan_in(op, channels, groups, &kernel, &stride).unwrap();
                assert_eq!(fan as f32, most, "{op:?} k{kernel:?} s{stride:?} g{groups}");
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 168);
    // Not 64 * 16, and not 32 * 16 by the output channels.
    let fan = fan_in(Op::ConvTranspose, 64, 1, &[4, 4], &[2, 2]);
    assert_eq!(fan.unwrap(), 64 * 4);
}

#[test]
fn bilinear_taps_by_hand() {
    let of = |stride| bilinear_taps(stride).unwrap();
    assert_eq!(of(1).taps, [1.0]);
    assert_eq!(of(2).taps, [0.25, 0.75, 0.75, 0.25]);
    assert_eq!(
        of(3).taps,
        [1.0 / 3.0, 2.0 / 3.0, 1.0, 2.0 / 3.0, 1.0 / 3.0]
    );
    assert_eq!(
        of(4).taps,
        [0.125, 0.375, 0.625, 0.875, 0.875, 0.625, 0.375, 0.125]
    );
    let padding: Vec<usize> = (1..=5).map(|stride| of(stride).padding).collect();
    assert_eq!(padding, [0, 1, 1, 2, 2]);
}

/// Enlarges a ramp over all axes and compares with the ramp at the half-pixel centres, wherever both neighbours exist.
fn enlarge_a_ramp(stride: &[usize]) -> usize {
    let channels = 2;
    let size = [5, 4, 3];
    let slope = [1.0, -3.0, 2.0];
    let dims = stride.len();
    let axes: Vec<(usize, usize, usize)> = stride
        .iter()
        .map(|&s| bilinear_taps(s).map(|b| (b.kernel_size, s, b.padding)))
        .collect::<Result<_, _>>()
        .unwrap();
    let layer = layer(Op::ConvTranspose, (channels, channels), channels, &axes);
    let weight = bilinear_weight::<f64>(channels, stride).unwrap();
    assert_eq!(weight.shape, layer.weight_shape());
    let shape = [&[1, channels], &size[..dims]].concat();
    // Channel c holds (c+1) * sum over axes of slope * coordinate.
    let ramp = |c: usize, at: &[f64]| {
        let sum: f64 = at.iter().zip(slope).map(|(at, slope)| at * slope).sum();
        (c + 1) as f64 * sum
    };
    let places = |at: &[usize]| at[2..].iter().map(|&c| c as f64).collect::<Vec<_>>();
    let x = Tensor {
        data: coordinates(&shape)
            .map(|at| ramp(at[1], &places(&at)))
            .collect(),
        shape,
    };
    let y = run(&layer, &weight, None, &x);
    let sizes: Vec<usize> = size.iter().zip(stride).map(|(i, s)| i * s).collect();
    assert_eq!(y.shape[2..], sizes, "the size is multiplied exactly");
    // At most 2 products per axis, of taps that were rounded once; no value exceeds 2 * 14.
    let bound = Bound::new(2_usize.pow(dims as u32) + dims).of::<f64>(2.0 * 14.0);
    let mut inside = 0;
    for at in coordinates(&y.shape) {
        let source: Vec<f64> = (0..dims)
            .map(|axis| (at[2 + axis] as f64 + 0.5) / stride[axis] as f64 - 0.5)
            .collect();
        let neighbours =
            |(&position, &size): (&f64, &usize)| position >= 0.0 && position <= size as f64 - 1.0;
        if source.iter().zip(&size).all(neighbours) {
            let value = y.data[offset(&y.shape, &at)];
            let expected = ramp(at[1], &source);
            assert!(
                (value - expected).abs() <= bound,
                "{stride:?} {at:?}: {value}, not {expected}"
            );
            inside += 1;
        }
    }
    inside
}

#[test]
fn a_ramp_is_enlarged_to_the_exact_ramp_inside() {
    for s in 1..=8 {
        // Positions from 0 to i - 1: all but s - s%2 outputs.
        assert_eq!(enlarge_a_ramp(&[s]), 2 * (5 * s - (s - s % 2)));
    }
    for stride in [
        &[2, 2][..],
        &[3, 2],
        &[4, 1],
        &[5, 3],
        &[2, 3, 4],
        &[2, 2, 2],
    ] {
        assert!(enlarge_a_ramp(stride) > 0);
    }
    let narrow = bilinear_weight::<f32>(1, &[2, 2]).unwrap();
    assert_eq!(narrow.data[..5], [0.0625, 0.1875, 0.1875, 0.0625, 0.1875]);
}

/// (kernel of the base, stride) per axis.
type Bases = &'static [&'static [(usize, usize)]];

const BASES: Bases = &[
    &[(1, 2)],
    &[(3, 2)],
    &[(2, 3)],
    &[(3, 4)],
    &[(2, 2), (2, 2)],
    &[(3, 2), (1, 3)],
    &[(2, 1), (3, 2)],
    &[(2, 2), (1, 3), (3, 1)],
];

#[test]
fn a_transposed_layer_starts_as_its_base_enlarged_by_nearest_neighbours() {
    for (seed, axes) in (0..).zip(BASES) {
        for (groups, per_in, per_out) in [(1, 2, 3), (2, 3, 1), (3, 1, 2)] {
            let channels = (groups * per_in, groups * per_out);
            let stride: Vec<usize> = axes.iter().map(|axis| axis.1).collect();
            let base: Vec<_> = axes.iter().map(|&(m, _)| (m, 1, 0)).collect();
            let base = layer(Op::ConvTranspose, channels, groups, &base);
            let large: Vec<_> = axes.iter().map(|&(m, s)| (m * s, s, 0)).collect();
            let large = layer(Op::ConvTranspose, channels, groups, &large);
            let base_weight = whole(&base.weight_shape(), seed);
            let weight = icnr_transposed(&base_weight, &stride).unwrap();
            assert_eq!(weight.shape, large.weight_shape());

            let mut shape = vec![2, channels.0];
            shape.resize(2 + axes.len(), 4);
            let x = whole(&shape, seed + 100);
            let expected = nearest(&run(&base, &base_weight, None, &x), &stride);
            assert_eq!(
                run(&large, &weight, None, &x),
                expected,
                "{axes:?} g{groups}"
            );

            // Every phase of every kernel has the same sum.
            let kernel = &weight.shape[2..];
            let taps: usize = kernel.iter().product();
            let phases: usize = stride.iter().product();
            for plane in weight.data.chunks_exact(taps) {
                let mut sums = vec![0.0; phases];
                for (at, value) in coordinates(kernel).zip(plane) {
                    let phase: Vec<usize> = at.iter().zip(&stride).map(|(t, s)| t % s).collect();
                    sums[offset(&stride, &phase)] += value;
                }
                assert!(sums.iter().all(|&sum| sum == sums[0]), "{sums:?}");
            }
        }
    }
}

#[test]
fn a_flat_input_stays_flat_inside_only_with_icnr() {
    let layer = layer(Op::ConvTranspose, (3, 2), 1, &[(4, 2, 1), (4, 2, 1)]);
    let base = whole(&[3, 2, 2, 2], 4);
    let weight = icnr_transposed(&base, &[2, 2]).unwrap();
    let x = ones(&[1, 3, 6, 6]);
    let is_flat = |weight: &Tensor<f32>| {
        let y = run(&layer, weight, None, &x);
        assert_eq!(y.shape, [1, 2, 12, 12]);
        let inside = |at: &Vec<usize>| at[2..].iter().all(|c| (2..10).contains(c));
        coordinates(&y.shape).filter(inside).all(|at| {
            let first = y.data[offset(&y.shape, &[0, at[1], 2, 2])];
            y.data[offset(&y.shape, &at)] == first
        })
    };
    assert!(is_flat(&weight));
    assert!(
        !is_flat(&whole(&weight.shape, 4)),
        "any other weight draws a checkerboard"
    );
}

/// PyTorch's `PixelShuffle`: channel `c*R + phase` becomes phase `phase` of channel `c`.
fn pixel_shuffle(y: &Tensor<f32>, stride: &[usize]) -> Tensor<f32> {
    let phases: usize = stride.iter().product();
    let mut shape = vec![y.shape[0], y.shape[1] / phases];
    shape.extend(y.shape[2..].iter().zip(stride).map(|(n, s)| n * s));
    let data = coordinates(&shape)
        .map(|at| {
            let phase: Vec<usize> = at[2..].iter().zip(stride).map(|(c, s)| c % s).collect();
            let mut source = vec![at[0], at[1] * phases + offset(stride, &phase)];
            source.extend(at[2..].iter().zip(stride).map(|(c, s)| c / s));
            y.data[offset(&y.shape, &source)]
        })
        .collect();
    Tensor { shape, data }
}

#[test]
fn a_subpixel_layer_starts_as_its_base_enlarged_by_nearest_neighbours() {
    for (seed, axes) in (0..).zip(BASES) {
        for (groups, per_in, per_out) in [(1, 2, 3), (2, 3, 1), (3, 1, 2)] {
            let channels = (groups * per_in, groups * per_out);
            let stride: Vec<usize> = axes.iter().map(|axis| axis.1).collect();
            let phases: usize = stride.iter().product();
            let kernel: Vec<_> = axes.iter().map(|&(m, _)| (m, 1, 0)).collect();
            let base = layer(Op::Conv, channels, groups, &kernel);
            let large = layer(Op::Conv, (channels.0, channels.1 * phases), groups, &kernel);
            let base_weight = whole(&base.weight_shape(), seed);
            let weight = icnr_subpixel(&base_weight, &stride).unwrap();
            assert_eq!(weight.shape, large.weight_shape());

            let mut shape = vec![2, channels.0];
            shape.resize(2 + axes.len(), 5);
            let x = whole(&shape, seed + 200);
            let expected = nearest(&run(&base, &base_weight, None, &x), &stride);
            let y = pixel_shuffle(&run(&large, &weight, None, &x), &stride);
            assert_eq!(y, expected, "{axes:?} g{groups}");
        }
    }
}
