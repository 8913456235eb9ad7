//! Seeded data: the same seed gives the same values on every machine.

use crate::Float;

/// A small random generator (a 64-bit counter through a mixing function); not for secrets.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A generator that depends on `seed` alone.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        // splitmix64: an odd increment visits every state, the multiplications spread its bits.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..n`; 0 where `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// A number in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// `n` whole numbers from -4 to 4 without 0: no product is invisible, and sums of up to 2^20 products are exact in
    /// f32.
    pub fn integers<T: Float>(&mut self, n: usize) -> Vec<T> {
        let mut one = || {
            let size = (self.below(4) + 1) as f64;
            if self.bits() & 1 == 0 { size } else { -size }
        };
        (0..n).map(|_| T::from_f64(one())).collect()
    }

    /// `n` values of the standard normal distribution, rounded to f32, so that f32 and f64 runs get the same numbers.
    pub fn normal<T: Float>(&mut self, n: usize) -> Vec<T> {
        let mut one = || {
            // Box-Muller; 1 - u is in (0, 1], so the logarithm is finite.
            let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
            let angle = std::f64::consts::TAU * self.unit();
            f64::from((radius * angle.cos()) as f32)
        };
        (0..n).map(|_| T::from_f64(one())).collect()
    }

    /// [`Rng::normal`] with about one value in eight replaced by NaN, infinities, zeros of both signs or subnormals.
    pub fn wild<T: Float>(&mut self, n: usize) -> Vec<T> {
        const WILD: [f64; 6] = [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            0.0,
            -0.0,
            1e-40, // a subnormal f32
        ];
        let mut values = self.normal(n);
        for value in &mut values {
            if self.below(8) == 0 {
                *value = T::from_f64(f64::from(WILD[self.below(WILD.len())] as f32));
            }
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_values_in_both_types() {
        let narrow: Vec<f32> = Rng::new(7).normal(100);
        let wide: Vec<f64> = Rng::new(7).normal(100);
        assert!(narrow.iter().zip(&wide).all(|(&a, &b)| f64::from(a) == b));
        let other: Vec<f32> = Rng::new(8).normal(100);
        assert_ne!(narrow, other);
    }

    #[test]
    fn integers_are_small_and_not_zero() {
        let values: Vec<f64> = Rng::new(1).integers(1000);
        assert!(
            values
                .iter()
                .all(|v| (1.0..=4.0).contains(&v.abs()) && v.fract() == 0.0)
        );
        assert!(values.contains(&-4.0) && values.contains(&4.0));
    }

    #[test]
    fn normal_values_have_mean_zero_and_variance_one() {
        let values: Vec<f64> = Rng::new(3).normal(20_000);
        let mean = values.iter().sum::<f64>() / 20_000.0;
        let variance = values.iter().map(|v| v * v).sum::<f64>() / 20_000.0;
        // Five standard errors of each estimate.
        assert!(mean.abs() < 0.036, "{mean}");
        assert!((variance - 1.0).abs() < 0.05, "{variance}");
    }

    #[test]
    fn wild_values_hold_every_kind() {
        let values: Vec<f32> = Rng::new(5).wild(2000);
        assert!(values.iter().any(|v| v.is_nan()));
        assert!(values.contains(&f32::INFINITY) && values.contains(&f32::NEG_INFINITY));
        assert!(values.iter().any(|v| v.is_subnormal()));
    }
}
