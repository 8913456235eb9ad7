//! What the helper functions refuse, and that nothing panics.

use convt::fold::{BatchNorm, batch_norm, weight_norm};
use convt::init::{bilinear_taps, bilinear_weight, fan_in, icnr_subpixel, icnr_transposed};
use convt::port::{WeightLayout, from_torch, to_torch};
use convt::{Error, Op, TensorRef};
use proptest::prelude::*;

fn message<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result
        .expect_err("this should have been refused")
        .to_string()
}

fn weight<'a>(data: &'a [f32], shape: &[usize]) -> TensorRef<'a, f32> {
    TensorRef::from((data, shape))
}

fn norm<'a>(mean: &'a [f32], variance: &'a [f32]) -> BatchNorm<'a, f32> {
    BatchNorm {
        gamma: None,
        beta: None,
        mean,
        variance,
        epsilon: 1e-5,
    }
}

type Refusals<'a> = Vec<(String, &'a [&'a str])>;

fn assert_told(refusals: Refusals<'_>) {
    for (message, words) in refusals {
        for word in words {
            assert!(message.contains(word), "{word:?} is missing in: {message}");
        }
        assert!(
            !message.contains('\n') && !message.ends_with('.'),
            "{message}"
        );
    }
}

const W: [f32; 16] = [1.0; 16];

fn square() -> TensorRef<'static, f32> {
    weight(&W, &[4, 2, 2])
}

#[test]
fn init_names_its_numbers() {
    let kernel = [3, 3];
    assert_told(vec![
        (
            message(fan_in(Op::Conv, 4, 3, &kernel, &[1, 1])),
            &["in_channels", "4", "groups", "3"],
        ),
        (
            message(fan_in(Op::Conv, 4, 0, &kernel, &[1, 1])),
            &["groups", "at least 1"],
        ),
        (
            message(fan_in(Op::Conv, 4, 1, &[3, 0], &[1, 1])),
            &["kernel_size[1]", "at least 1"],
        ),
        (
            message(fan_in(Op::Conv, 4, 1, &kernel, &[0, 1])),
            &["stride[0]", "at least 1"],
        ),
        (
            message(fan_in(Op::Conv, 4, 1, &kernel, &[1])),
            &["kernel_size", "2", "1"],
        ),
        (message(fan_in(Op::Conv, 4, 1, &[], &[])), &["stride", "0"]),
        (
            message(fan_in(Op::Conv, 4, 1, &[usize::MAX], &[1])),
            &["fan-in"],
        ),
        (message(bilinear_taps(0)), &["stride", "at least 1"]),
        (message(bilinear_taps(usize::MAX)), &["stride"]),
        (
            message(bilinear_weight::<f32>(usize::MAX, &[2])),
            &["weight", &format!("[{}, 1, 4]", usize::MAX)],
        ),
        (
            message(bilinear_weight::<f32>(1, &[2; 4])),
            &["stride", "4"],
        ),
        (
            message(icnr_transposed(square(), &[2, 2])),
            &["stride", "2", "1"],
        ),
        (
            message(icnr_transposed(square(), &[0])),
            &["stride[0]", "at least 1"],
        ),
        (
            message(icnr_transposed(square(), &[usize::MAX])),
            &["kernel_size * stride"],
        ),
        (
            message(icnr_subpixel(weight(&W, &[4, 2, 3]), &[2])),
            &["16", "[4, 2, 3]"],
        ),
        (
            message(icnr_subpixel(square(), &[usize::MAX])),
            &["out_channels"],
        ),
    ]);
}

#[test]
fn fold_names_its_numbers() {
    let two = [1.0; 2];
    let fold = |groups, weight, bias, norm: &BatchNorm<'_, f32>| {
        message(batch_norm(Op::ConvTranspose, groups, weight, bias, norm))
    };
    let infinite = [f32::INFINITY; 2];
    assert_told(vec![
        (
            fold(3, square(), None, &norm(&two, &two)),
            &["in_channels", "4", "3"],
        ),
        (
            fold(0, square(), None, &norm(&two, &two)),
            &["groups", "at least 1"],
        ),
        (
            fold(1, weight(&W, &[16]), None, &norm(&two, &two)),
            &["weight", "[16]", "3 to 5"],
        ),
        (
            fold(1, square(), Some(&[0.0; 4]), &norm(&two, &two)),
            &["bias", "4", "2"],
        ),
        (
            fold(2, square(), None, &norm(&two, &[1.0; 4])),
            &["mean", "2 values", "4 values"],
        ),
        (
            fold(1, square(), None, &norm(&two, &[1.0, -1.0])),
            &["variance", "channel 1", "positive"],
        ),
        (
            fold(1, square(), None, &norm(&two, &[f32::NAN, 1.0])),
            &["variance", "channel 0"],
        ),
        (message(weight_norm(&two, square(), Some(3))), &["dim", "3"]),
        (
            message(weight_norm(&two, square(), Some(0))),
            &["g", "2 values", "4 values"],
        ),
        (
            message(weight_norm(&two, square(), None)),
            &["g", "2 values", "one value"],
        ),
        (
            message(weight_norm(&[1.0], weight(&[0.0; 2], &[1, 1, 2]), None)),
            &["v", "length 0"],
        ),
        (
            message(weight_norm(&[1.0], weight(&infinite, &[1, 1, 2]), None)),
            &["v", "inf"],
        ),
    ]);
}

#[test]
fn port_names_its_numbers() {
    let to = |layout, op, groups, weight| message(to_torch(layout, op, groups, weight));
    let from = |layout, op, groups| message(from_torch(layout, op, groups, square()));
    assert_told(vec![
        (
            to(WeightLayout::Jax, Op::Conv, 1, square()),
            &["layout", "JAX", "conv"],
        ),
        (
            from(WeightLayout::TensorFlow, Op::ConvTranspose, 2),
            &["groups", "2", "TensorFlow", "split"],
        ),
        (
            from(WeightLayout::Mlx, Op::ConvTranspose, 0),
            &["groups", "at least 1"],
        ),
        (
            to(WeightLayout::Mlx, Op::Conv, 3, square()),
            &["out_channels", "4", "3"],
        ),
        (
            to(WeightLayout::Mlx, Op::Conv, 1, weight(&W, &[4, 4])),
            &["[4, 4]", "3 to 5"],
        ),
        (
            to(WeightLayout::Mlx, Op::Conv, 1, weight(&W, &[4, 4, 4])),
            &["16", "[4, 4, 4]"],
        ),
    ]);
}

#[test]
fn weights_without_elements_are_no_error() {
    let empty = || weight(&[], &[0, 3, 2]);
    assert_eq!(icnr_transposed(empty(), &[2]).unwrap().shape, [0, 3, 4]);
    assert_eq!(icnr_subpixel(empty(), &[2]).unwrap().shape, [0, 3, 2]);
    assert_eq!(
        weight_norm(&[1.0; 3], empty(), Some(1)).unwrap().shape,
        [0, 3, 2]
    );
    assert_eq!(weight_norm(&[1.0], empty(), None).unwrap().shape, [0, 3, 2]);
    // No input channels: the folded layer is its bias.
    let three = [2.0; 3];
    let folded = batch_norm(
        Op::ConvTranspose,
        1,
        empty(),
        None,
        &norm(&three, &[1.0; 3]),
    )
    .unwrap();
    assert_eq!(folded.bias.len(), 3);
    let native = from_torch(WeightLayout::Mlx, Op::ConvTranspose, 1, empty()).unwrap();
    assert_eq!(native.shape, [3, 2, 0]);
    assert_eq!(bilinear_weight::<f32>(0, &[2]).unwrap().shape, [0, 1, 4]);
    assert_eq!(fan_in(Op::Conv, 0, 1, &[3], &[1]).unwrap(), 0);
}

/// Small numbers and the limits of the integers; nothing between, which might ask the machine for all its memory.
fn hostile() -> impl Strategy<Value = usize> {
    let limits = [
        usize::MAX,
        usize::MAX / 2,
        isize::MAX as usize + 1,
        1 << (usize::BITS - 2),
        1 << (usize::BITS - 3),
    ];
    prop_oneof![3 => 0..5_usize, 1 => proptest::sample::select(limits.to_vec())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_panics(
        shape in proptest::collection::vec(hostile(), 0..=6),
        stride in proptest::collection::vec(hostile(), 0..=4),
        groups in hostile(),
        dim in proptest::option::of(hostile()),
        layout in proptest::sample::select(&WeightLayout::ALL[..]),
        transposed: bool,
        filled: bool,
    ) {
        let op = if transposed { Op::ConvTranspose } else { Op::Conv };
        // As many elements as the shape holds, where that is few; else none at all.
        let count = shape.iter().try_fold(1_usize, |n, &size| n.checked_mul(size));
        let count = count.filter(|&n| filled && n < 10_000).unwrap_or(0);
        let data = vec![1.0_f32; count];
        let w = || weight(&data, &shape);
        let small = shape.iter().copied().filter(|&size| size < 100);
        let list = vec![1.0_f32; small.max().unwrap_or(1)];

        let _ = fan_in(op, groups, groups, &shape, &stride);
        let _ = fan_in(op, 12, groups, &stride, &stride);
        let _ = stride.first().map(|&s| bilinear_taps(s));
        let _ = bilinear_weight::<f32>(groups, &stride);
        let _ = icnr_transposed(w(), &stride);
        let _ = icnr_subpixel(w(), &stride);
        let _ = batch_norm(op, groups, w(), None, &norm(&list, &list));
        let _ = weight_norm(&list, w(), dim);
        let _ = weight_norm(&[1.0], w(), None);
        let _ = to_torch(layout, op, groups, w());
        let _ = from_torch(layout, op, groups, w());
    }
}
