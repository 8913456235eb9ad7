//! Output sizes against a count of the cells that a brute-force stamp or window touches, and the useful facts about them.

use convt_geometry::{Axis, Crop, Extra, Formula, GeometryError, Op, Padding};
use proptest::prelude::*;

/// Cells from the first to the last that any stamp touches, less the crops.
fn count_stamped(axis: &Axis, input: usize) -> isize {
    let touched = (0..input)
        .flat_map(|q| (0..axis.kernel).map(move |t| q * axis.stride + t * axis.dilation))
        .max();
    let full = touched.map_or(0, |last| last as isize + 1);
    (0..full - axis.crop.begin - axis.crop.end).count() as isize
}

/// Windows that lie wholly within the padded input, from its first cell on.
fn count_windows(axis: &Axis, input: usize) -> isize {
    let padded = input as isize + axis.crop.begin + axis.crop.end;
    (0..=input + axis.crop.begin.unsigned_abs() + axis.crop.end.unsigned_abs())
        .map(|o| (o * axis.stride + (axis.kernel - 1) * axis.dilation) as isize)
        .take_while(|&last_tap| last_tap < padded)
        .count() as isize
}

fn axes() -> impl Iterator<Item = Axis> {
    (1..=5).flat_map(|k| {
        (1..=4).flat_map(move |s| {
            (1..=3).flat_map(move |d| {
                (-2..=4).flat_map(move |begin| {
                    (-2..=4).map(move |end| {
                        Axis::new(k, s, d).unwrap().with_crop(Crop::new(begin, end))
                    })
                })
            })
        })
    })
}

#[test]
fn sizes_are_what_stamps_and_windows_cover() {
    let mut refused = 0;
    for axis in axes() {
        for input in 1..=7 {
            for op in [Op::Conv, Op::ConvTranspose] {
                let counted = match op {
                    Op::ConvTranspose => count_stamped(&axis, input),
                    Op::Conv => count_windows(&axis, input),
                };
                match axis.output(op, input) {
                    Ok(size) => assert_eq!(size as isize, counted, "{op:?} {axis:?} on {input}"),
                    Err(GeometryError::NoOutput { formula, .. }) => {
                        assert_eq!(counted, 0, "{op:?} {axis:?} on {input}");
                        assert!(formula.value() < 1);
                        refused += 1;
                    }
                    Err(error) => panic!("{op:?} {axis:?} on {input}: {error}"),
                }
            }
        }
    }
    assert!(refused > 100, "both outcomes occur");
}

#[test]
fn the_note_s_sizes() {
    for (input, kernel, stride, padding, output) in
        [(2, 3, 1, 0, 4), (2, 3, 2, 0, 5), (3, 3, 2, 1, 5)]
    {
        let crop = Crop::torch(padding, 0).unwrap();
        let axis = Axis::new(kernel, stride, 1).unwrap().with_crop(crop);
        assert_eq!(axis.output(Op::ConvTranspose, input).unwrap(), output);
    }
}

#[test]
fn a_scaled_size_plus_a_constant() {
    // n' = s*n + k - 2p - s where d = 1 and op = 0, so the size is scaled exactly if and only if k = 2p + s.
    for (k, s, p) in (1..=9usize)
        .flat_map(|k| (1..=5usize).flat_map(move |s| (0..=4usize).map(move |p| (k, s, p))))
    {
        let axis = Axis::new(k, s, 1)
            .unwrap()
            .with_crop(Crop::torch(p, 0).unwrap());
        let mut scales = Vec::new();
        for n in 1..=12usize {
            let expected = (s * n + k) as isize - (2 * p + s) as isize;
            match axis.output(Op::ConvTranspose, n) {
                Ok(size) => {
                    assert_eq!(size as isize, expected);
                    scales.push(size == s * n);
                }
                Err(_) => assert!(expected < 1),
            }
        }
        assert_eq!(scales.iter().all(|&yes| yes), k == 2 * p + s);
        assert!(scales.iter().all(|&yes| yes == scales[0]));
    }
}

#[test]
fn a_transposed_convolution_restores_every_size_of_its_convolution() {
    let mut tried = 0;
    for h in 13..=23usize {
        for (k, d) in (2..=4).flat_map(|k| (1..=4).map(move |d| (k, d))) {
            for (s, p) in (1..=3).flat_map(|s| (0..=2).map(move |p| (s, p))) {
                let axis = Axis::new(k, s, d).unwrap();
                let padded = axis.with_crop(Crop::torch(p, 0).unwrap());
                let small = padded.output(Op::Conv, h).unwrap();
                let crop = Padding::Both(p)
                    .crop(Op::ConvTranspose, &axis, small, Extra::OutputSize(h))
                    .unwrap();
                let back = axis.with_crop(crop);
                assert_eq!(back.output(Op::ConvTranspose, small).unwrap(), h);
                // What is added beyond PyTorch's size is the remainder of the floor division.
                let remainder = (h + 2 * p - (d * (k - 1) + 1)) % s;
                assert_eq!(crop, Crop::torch(p, remainder).unwrap());
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 11 * 12 * 9);
}

#[test]
fn formulas_show_their_numbers() {
    let axis = Axis::new(3, 2, 1).unwrap();
    let said = |axis: &Axis, op, input| Formula::new(op, axis, input).unwrap().to_string();
    assert_eq!(
        said(
            &axis.with_crop(Crop::torch(1, 1).unwrap()),
            Op::ConvTranspose,
            3
        ),
        "(i-1)*s - 2*p + d*(k-1) + op + 1 = (3-1)*2 - 2*1 + 1*(3-1) + 1 + 1 = 6"
    );
    assert_eq!(
        said(&axis.with_crop(Crop::new(-1, 2)), Op::ConvTranspose, 3),
        "(i-1)*s + d*(k-1) + 1 - begin - end = (3-1)*2 + 1*(3-1) + 1 - (-1) - 2 = 6"
    );
    assert_eq!(
        said(&axis.with_crop(Crop::new(1, 1)), Op::Conv, 5),
        "floor((i + 2*p - d*(k-1) - 1) / s) + 1 = floor((5 + 2*1 - 1*(3-1) - 1) / 2) + 1 = 3"
    );
    assert_eq!(
        said(&axis.with_crop(Crop::new(0, 1)), Op::Conv, 5),
        "floor((i + begin + end - d*(k-1) - 1) / s) + 1 = floor((5 + 0 + 1 - 1*(3-1) - 1) / 2) + 1 = 2"
    );
}

/// Evaluates a formula's numbers: sums of products of brackets, a floor division at most.
fn evaluate(text: &str) -> i128 {
    struct Reader<'a>(std::iter::Peekable<std::str::Chars<'a>>);
    impl Reader<'_> {
        fn space(&mut self) {
            while self.0.next_if_eq(&' ').is_some() {}
        }
        fn sum(&mut self) -> i128 {
            let mut value = self.product();
            loop {
                self.space();
                if self.0.next_if_eq(&'+').is_some() {
                    value += self.product();
                } else if self.0.next_if_eq(&'-').is_some() {
                    value -= self.product();
                } else {
                    return value;
                }
            }
        }
        fn product(&mut self) -> i128 {
            let mut value = self.atom();
            loop {
                self.space();
                if self.0.next_if_eq(&'*').is_some() {
                    value *= self.atom();
                } else if self.0.next_if_eq(&'/').is_some() {
                    value = value.div_euclid(self.atom());
                } else {
                    return value;
                }
            }
        }
        fn atom(&mut self) -> i128 {
            self.space();
            while self.0.next_if(char::is_ascii_lowercase).is_some() {} // floor
            if self.0.next_if_eq(&'(').is_some() {
                let value = self.sum();
                assert_eq!(self.0.next(), Some(')'));
                return value;
            }
            let sign = if self.0.next_if_eq(&'-').is_some() {
                -1
            } else {
                1
            };
            let mut digits = String::new();
            while let Some(digit) = self.0.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            sign * digits.parse::<i128>().unwrap()
        }
    }
    let mut reader = Reader(text.chars().peekable());
    let value = reader.sum();
    assert_eq!(reader.0.next(), None);
    value
}

proptest! {
    #[test]
    fn a_formula_s_numbers_compute_its_value(
        input in 1..99usize, kernel in 1..9usize, stride in 1..9usize, dilation in 1..9usize,
        begin in -9..9isize, end in -9..9isize, transposed: bool,
    ) {
        let op = if transposed { Op::ConvTranspose } else { Op::Conv };
        let axis = Axis::new(kernel, stride, dilation).unwrap().with_crop(Crop::new(begin, end));
        let formula = Formula::new(op, &axis, input).unwrap();
        prop_assert_eq!(evaluate(&formula.numbers()), formula.value() as i128);
    }
}
