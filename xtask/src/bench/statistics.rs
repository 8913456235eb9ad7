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

/// A ratio with two decimals, or as many as it takes to tell it from 1 from below.
pub(super) fn times(ratio: f64) -> String {
    let digits =
        (2..6).find(|&digits| ratio >= 1.0 || format!("{ratio:.digits$}").starts_with("0."));
    let digits = digits.unwrap_or(6);
    format!("{ratio:.digits$}")
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
    fn a_ratio_just_below_one_does_not_look_like_one() {
        let told = [2.345, 1.0, 0.994, 0.9982, 0.999_96, 0.07].map(times);
        assert_eq!(told, ["2.35", "1.00", "0.99", "0.998", "0.99996", "0.07"]);
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
