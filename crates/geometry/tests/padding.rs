//! Every framework's words against the table of signed crops, and against what the words promise.

use convt_geometry::{Axis, Crop, Extra, GeometryError, Op, Padding};

const NONE: Extra = Extra::OutputPadding(0);

fn transposed(padding: Padding, axis: &Axis, input: usize, extra: Extra) -> (isize, isize) {
    let crop = padding.crop(Op::ConvTranspose, axis, input, extra).unwrap();
    (crop.begin, crop.end)
}

fn conv(padding: Padding, axis: &Axis, input: usize) -> (isize, isize) {
    let crop = padding.crop(Op::Conv, axis, input, NONE).unwrap();
    (crop.begin, crop.end)
}

/// Axes with their span and stride as signed numbers.
fn axes() -> impl Iterator<Item = (Axis, isize, isize)> {
    (1..=7).flat_map(|k| {
        (1..=4).flat_map(move |s| {
            (1..=3).map(move |d| {
                let axis = Axis::new(k, s, d).unwrap();
                (axis, axis.span().unwrap() as isize, s as isize)
            })
        })
    })
}

#[test]
fn pytorch() {
    for (axis, _, _) in axes() {
        for p in 0..5usize {
            for op in 0..axis.stride.max(axis.dilation) {
                let (begin, end) = (p as isize, p as isize - op as isize);
                let extra = Extra::OutputPadding(op);
                assert_eq!(transposed(Padding::Both(p), &axis, 4, extra), (begin, end));
            }
            assert_eq!(conv(Padding::Both(p), &axis, 4), (p as isize, p as isize));
        }
    }
}

#[test]
fn pytorch_output_size_reaches_one_stride_of_sizes() {
    for (axis, span, s) in axes() {
        for (input, p) in (1..5usize).flat_map(|i| (0..3usize).map(move |p| (i, p))) {
            let least = (input as isize - 1) * s - 2 * p as isize + span;
            for asked in 0..40usize {
                let extra = Extra::OutputSize(asked);
                let got = Padding::Both(p).crop(Op::ConvTranspose, &axis, input, extra);
                let op = asked as isize - least;
                if asked >= 1 && (0..s).contains(&op) {
                    assert_eq!(got.unwrap(), Crop::new(p as isize, p as isize - op));
                } else if least + s > 1 {
                    let error = GeometryError::OutputSize {
                        asked,
                        min: least.max(1) as usize,
                        max: (least + s - 1) as usize,
                        axis: None,
                    };
                    assert_eq!(got, Err(error));
                } else {
                    assert!(
                        matches!(got, Err(GeometryError::NoOutput { .. })),
                        "{got:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn onnx_pads_and_output_padding() {
    let axis = Axis::new(3, 2, 1).unwrap();
    let sides = Padding::Sides { begin: 1, end: 2 };
    assert_eq!(transposed(sides, &axis, 3, Extra::OutputPadding(1)), (1, 1));
    assert_eq!(conv(sides, &axis, 3), (1, 2));
}

#[test]
fn onnx_output_shape_puts_the_odd_cell_where_the_words_say() {
    for (axis, span, s) in axes() {
        for (input, op) in (1..5usize).flat_map(|i| (0..s as usize).map(move |op| (i, op))) {
            let full = (input as isize - 1) * s + span;
            for size in 1..=(full + op as isize) as usize {
                let total = full + op as isize - size as isize;
                let extra = Extra::OutputShape {
                    size,
                    output_padding: op,
                };
                let (less, more) = (total / 2, total - total / 2);
                let op = op as isize;
                let upper = transposed(Padding::SameUpper, &axis, input, extra);
                assert_eq!(upper, (less, more - op));
                for padding in [Padding::SameLower, Padding::Both(0)] {
                    assert_eq!(transposed(padding, &axis, input, extra), (more, less - op));
                }
                let cropped = axis.with_crop(Crop::new(upper.0, upper.1));
                assert_eq!(cropped.output(Op::ConvTranspose, input).unwrap(), size);
            }
        }
    }
}

#[test]
fn tensorflow_keras_and_jax_same_scale_by_the_stride() {
    for (axis, span, s) in axes() {
        let begin = (span - s).max(0) / 2;
        let expected = (begin, span - s - begin);
        for padding in [Padding::Same, Padding::SameUpper] {
            assert_eq!(transposed(padding, &axis, 5, NONE), expected);
        }
        for padding in [Padding::Same, Padding::SameUpper, Padding::SameLower] {
            let crop = padding.crop(Op::ConvTranspose, &axis, 5, NONE).unwrap();
            let size = axis.with_crop(crop).output(Op::ConvTranspose, 5).unwrap();
            assert_eq!(size, 5 * axis.stride, "{padding:?} {axis:?}");
        }
        assert_eq!(
            transposed(Padding::Valid, &axis, 5, NONE),
            (0, (span - s).min(0))
        );
    }
    // The cases that PyTorch cannot say: the odd cell at the end.
    let axis = Axis::new(4, 1, 1).unwrap();
    assert_eq!(transposed(Padding::Same, &axis, 5, NONE), (1, 2));
    assert_eq!(transposed(Padding::SameLower, &axis, 5, NONE), (2, 1));
}

#[test]
fn a_same_convolution_gives_ceil_of_input_over_stride() {
    for (axis, _, s) in axes() {
        for input in 1..=9usize {
            for (padding, lower) in [
                (Padding::Same, false),
                (Padding::SameUpper, false),
                (Padding::SameLower, true),
            ] {
                let (begin, end) = conv(padding, &axis, input);
                let size = axis
                    .with_crop(Crop::new(begin, end))
                    .output(Op::Conv, input)
                    .unwrap();
                assert_eq!(size, input.div_ceil(s as usize));
                let odd = if lower { begin - end } else { end - begin };
                assert!((0..=1).contains(&odd), "{padding:?}: {begin}, {end}");
                // No smaller padding does: one cell less loses the last window, unless nothing is padded.
                if begin + end > 0 {
                    let less = axis.with_crop(Crop::new(begin, end - 1));
                    assert!(less.output(Op::Conv, input).is_ok_and(|o| o < size) || size == 1);
                }
            }
            assert_eq!(conv(Padding::Valid, &axis, input), (0, 0));
        }
    }
}

#[test]
fn jax_and_flax_pairs_pad_the_stretched_input() {
    for (axis, span, _) in axes() {
        for (lo, hi) in (-2..5).flat_map(|lo| (-2..5).map(move |hi| (lo, hi))) {
            let jax = Padding::Jax { lo, hi };
            let expected = (span - 1 - lo, span - 1 - hi);
            assert_eq!(transposed(jax, &axis, 4, NONE), expected);
            assert_eq!(conv(jax, &axis, 4), (lo, hi));
        }
    }
}

#[test]
fn keras_output_padding_grows_the_beginning() {
    // kernel 3, stride 2: op 0 crops (1, 1), op 1 crops (0, 1); without it the crops are those of `same`.
    let axis = Axis::new(3, 2, 1).unwrap();
    let same = |op| Crop::keras_same(&axis, op).unwrap();
    assert_eq!(same(Some(0)), Crop::new(1, 1));
    assert_eq!(same(Some(1)), Crop::new(0, 1));
    assert_eq!(same(None), Crop::new(0, 1));
    let valid = |op| Crop::keras_valid(&axis, op).unwrap();
    assert_eq!(valid(Some(1)), Crop::new(0, -1));
    assert_eq!(valid(None), Crop::new(0, 0));
    for (axis, span, s) in axes() {
        for op in 0..s {
            // o = i*s + (padding total of the stretched input) - ...: L cells in all around (i-1)s + 1.
            let crop = Crop::keras_same(&axis, Some(op as usize)).unwrap();
            let total = span + span % 2 - 2 + op;
            assert_eq!(crop.begin + crop.end, 2 * (span - 1) - total);
            let left = ((total + 1) / 2).min(span - 1);
            assert_eq!(crop.begin, span - 1 - left);
        }
    }
}

#[test]
fn what_has_no_meaning_is_refused() {
    let axis = Axis::new(3, 2, 1).unwrap();
    let refused = |padding: Padding, op, extra| {
        matches!(
            padding.crop(op, &axis, 4, extra),
            Err(GeometryError::Meaningless { .. })
        )
    };
    let one = Extra::OutputPadding(1);
    assert!(refused(Padding::Same, Op::ConvTranspose, one));
    assert!(refused(
        Padding::Signed(Crop::default()),
        Op::ConvTranspose,
        one
    ));
    assert!(refused(
        Padding::Jax { lo: 0, hi: 0 },
        Op::ConvTranspose,
        one
    ));
    assert!(refused(Padding::Both(0), Op::Conv, one));
    assert!(refused(Padding::Both(0), Op::Conv, Extra::OutputSize(3)));
    let two = Padding::Both(0).crop(Op::ConvTranspose, &axis, 4, Extra::OutputPadding(2));
    let sentence = two.unwrap_err().to_string();
    assert!(
        sentence.contains("output_padding = 2") && sentence.contains("0..=1"),
        "{sentence}"
    );
}
