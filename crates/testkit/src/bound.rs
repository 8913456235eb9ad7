//! How far a rounded sum of products may lie from the exact one.
//!
//! With unit roundoff `eps`, a sum of `n` products computed in any order, fused or not, satisfies
//!
//! ```text
//! |y - exact| <= gamma(n) * sum |products|          gamma(n) = n*eps / (1 - n*eps)
//! ```
//!
//! (each term takes part in at most `n` roundings). The reference is itself a rounded f64 sum, so its own gamma is
//! added; and each operation may lose one smallest subnormal besides.

use std::fmt::Debug;

/// f32 and f64, as far as tests need them in common.
pub trait Float: Copy + Debug + PartialEq + 'static {
    /// Half the distance from 1 to the next value.
    const UNIT_ROUNDOFF: f64;
    /// The smallest positive value.
    const SMALLEST: f64;
    /// The largest finite value.
    const LARGEST: f64;
    /// A NaN that no computation makes.
    const SENTINEL: Self;

    /// Rounded to this type.
    fn from_f64(value: f64) -> Self;
    /// The same value.
    fn to_f64(self) -> f64;
    /// The bits, so that NaN and signed zeros compare as what they are.
    fn to_bits(self) -> u64;
}

impl Float for f32 {
    const UNIT_ROUNDOFF: f64 = f32::EPSILON as f64 / 2.0;
    const SMALLEST: f64 = f32::from_bits(1) as f64;
    const LARGEST: f64 = f32::MAX as f64;
    const SENTINEL: Self = f32::from_bits(0x7fc5_a5a5);

    fn from_f64(value: f64) -> Self {
        value as f32
    }
    fn to_f64(self) -> f64 {
        self.into()
    }
    fn to_bits(self) -> u64 {
        f32::to_bits(self).into()
    }
}

impl Float for f64 {
    const UNIT_ROUNDOFF: f64 = f64::EPSILON / 2.0;
    const SMALLEST: f64 = f64::from_bits(1);
    const LARGEST: f64 = f64::MAX;
    const SENTINEL: Self = f64::from_bits(0x7ff8_5a5a_5a5a_5a5a);

    fn from_f64(value: f64) -> Self {
        value
    }
    fn to_f64(self) -> f64 {
        self
    }
    fn to_bits(self) -> u64 {
        f64::to_bits(self)
    }
}

/// `n*eps / (1 - n*eps)` for the unit roundoff of `T`; infinite where `n*eps >= 1`.
pub fn gamma<T: Float>(terms: usize) -> f64 {
    let lost = terms as f64 * T::UNIT_ROUNDOFF;
    if lost < 1.0 {
        lost / (1.0 - lost)
    } else {
        f64::INFINITY
    }
}

/// The bound for sums of at most `terms` terms, bias included.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    terms: usize,
}

impl Bound {
    /// For sums of at most `terms` terms.
    pub fn new(terms: usize) -> Self {
        Self { terms }
    }

    /// The largest difference allowed where the absolute values of the products sum to `magnitude`.
    pub fn of<T: Float>(self, magnitude: f64) -> f64 {
        (gamma::<T>(self.terms) + gamma::<f64>(self.terms)) * magnitude
            + self.terms as f64 * T::SMALLEST
    }

    /// Whether `actual` is a legal rounding of `expected`. NaN must be NaN and an infinity that infinity, except that a
    /// sum whose terms may exceed the largest value of `T` may overflow.
    pub fn allows<T: Float>(self, actual: T, expected: f64, magnitude: f64) -> bool {
        let value = actual.to_f64();
        if expected.is_nan() {
            return value.is_nan();
        }
        if expected.is_infinite() {
            return value == expected;
        }
        let bound = self.of::<T>(magnitude);
        if magnitude + bound > T::LARGEST {
            return true;
        }
        (value - expected).abs() <= bound // false for NaN
    }

    /// Asserts that every value is allowed; `what` opens the message.
    ///
    /// # Panics
    /// With the first value that is not, or where the lengths differ.
    pub fn check<T: Float>(self, what: &str, actual: &[T], expected: &[f64], magnitude: &[f64]) {
        assert_eq!(actual.len(), expected.len(), "{what}: number of values");
        assert_eq!(
            expected.len(),
            magnitude.len(),
            "{what}: number of magnitudes"
        );
        for (i, ((&a, &e), &m)) in actual.iter().zip(expected).zip(magnitude).enumerate() {
            assert!(
                self.allows(a, e, m),
                "{what}: value {i} is {a:?}, expected {e:?} within {:e}",
                self.of::<T>(m)
            );
        }
    }

    /// Asserts that every value is exactly the expected one rounded to `T` (NaN equals NaN): for whole numbers.
    ///
    /// # Panics
    /// With the first value that is not, or where the lengths differ.
    pub fn check_exact<T: Float>(what: &str, actual: &[T], expected: &[f64]) {
        assert_eq!(actual.len(), expected.len(), "{what}: number of values");
        for (i, (&a, &e)) in actual.iter().zip(expected).enumerate() {
            let same = a == T::from_f64(e) || (e.is_nan() && a.to_f64().is_nan());
            assert!(same, "{what}: value {i} is {a:?}, expected exactly {e:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    #[test]
    fn rounded_sums_are_allowed_in_any_order_and_other_sums_are_not() {
        for seed in 0..50 {
            let mut rng = Rng::new(seed);
            let n = 1 + rng.below(500);
            let (x, w): (Vec<f32>, Vec<f32>) = (rng.normal(n), rng.normal(n));
            let products: Vec<f64> = x
                .iter()
                .zip(&w)
                .map(|(&a, &b)| f64::from(a) * f64::from(b))
                .collect();
            let exact: f64 = products.iter().sum();
            let magnitude = products.iter().map(|p| p.abs()).sum();
            let bound = Bound::new(n);
            let forward: f32 = x.iter().zip(&w).map(|(a, b)| a * b).sum();
            let fused = x
                .iter()
                .zip(&w)
                .rev()
                .fold(0.0f32, |sum, (&a, &b)| a.mul_add(b, sum));
            assert!(bound.allows(forward, exact, magnitude));
            assert!(bound.allows(fused, exact, magnitude));
            // A whole product lost is seen, unless it is tiny beside the sum.
            let lost = exact - products[0];
            if products[0].abs() > 2.0 * bound.of::<f32>(magnitude) {
                assert!(!bound.allows(lost as f32, exact, magnitude));
            }
        }
    }

    #[test]
    fn values_that_are_not_finite_must_be_the_same_kind() {
        let bound = Bound::new(3);
        assert!(bound.allows(f32::NAN, f64::NAN, f64::NAN));
        assert!(!bound.allows(1.0f32, f64::NAN, f64::NAN));
        assert!(!bound.allows(f32::NAN, 1.0, 1.0));
        assert!(bound.allows(f32::INFINITY, f64::INFINITY, f64::INFINITY));
        assert!(!bound.allows(f32::NEG_INFINITY, f64::INFINITY, f64::INFINITY));
        assert!(!bound.allows(f32::INFINITY, 1e30, 1e30));
        assert!(bound.allows(f32::INFINITY, 1e38, 1e39)); // an intermediate sum may overflow
    }
}
