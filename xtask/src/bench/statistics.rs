//! Few numbers out of many.

/// The smallest time and the median of them, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Times {
    pub(super) min: f64,
    pub(super) median: f64,
}

impl Times {
    /// Of at least one time; the median of an even number of them lies in the middle of the two in the middle.
    pub(super) fn of(times: &[f64]) -> Option<Self> {
        let mut sorted = times.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (first, middle) = (*sorted.first()?, sorted.len() / 2);
        let median = if sorted.len().is_multiple_of(2) {
            f64::midpoint(sorted[middle - 1], sorted[middle])
        } else {
            sorted[middle]
        };
        Some(Self { min: first, median })
    }
}

/// The geometric mean of positive ratios; `None` without any.
pub(super) fn geometric_mean(ratios: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (mut logarithms, mut count) = (0.0, 0_u32);
    for ratio in ratios {
        logarithms += ratio.ln();
        count += 1;
    }
    (count > 0).then(|| (logarithms / f64::from(count)).exp())
}

/// The largest absolute difference over the largest absolute expected value; infinite where one is NaN.
pub(super) fn relative_error(got: &[f32], expected: &[f64]) -> f64 {
    if got.len() != expected.len() {
        return f64::INFINITY;
    }
    let (mut error, mut largest) = (0.0_f64, 0.0_f64);
    for (&got, &expected) in got.iter().zip(expected) {
        let difference = (f64::from(got) - expected).abs();
        error = if difference.is_nan() {
            f64::INFINITY
        } else {
            error.max(difference)
        };
        largest = largest.max(expected.abs());
    }
    if error == 0.0 { 0.0 } else { error / largest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minimum_and_median() {
        let of = |times: &[f64]| Times::of(times).map(|times| (times.min, times.median));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[3.0]), Some((3.0, 3.0)));
        assert_eq!(of(&[9.0, 1.0, 2.0]), Some((1.0, 2.0)));
        assert_eq!(of(&[4.0, 9.0, 1.0, 2.0]), Some((1.0, 3.0)));
    }

    #[test]
    fn a_gain_and_its_inverse_cancel() {
        assert_eq!(geometric_mean([]), None);
        let mean = geometric_mean([4.0, 0.25, 8.0]).unwrap();
        assert!((mean - 2.0).abs() < 1e-12, "{mean}");
    }

    #[test]
    fn errors_are_relative_to_the_largest_value_and_nothing_hides_them() {
        assert_eq!(relative_error(&[1.0, -2.0], &[1.0, -2.0]), 0.0);
        assert_eq!(relative_error(&[1.5, -2.0], &[1.0, -2.0]), 0.25);
        assert_eq!(
            relative_error(&[f32::NAN, -2.0], &[1.0, -2.0]),
            f64::INFINITY
        );
        assert_eq!(
            relative_error(&[f32::NAN, 5.0], &[1.0, -2.0]),
            f64::INFINITY
        );
        assert_eq!(relative_error(&[1.0], &[1.0, -2.0]), f64::INFINITY);
        assert_eq!(relative_error(&[1.0], &[0.0]), f64::INFINITY);
        assert_eq!(relative_error(&[0.0], &[0.0]), 0.0);
    }
}
