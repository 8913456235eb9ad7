//! Fused multiply-adds on every set of the machine, against whole-number arithmetic and against other machines.

use crate::{Isa, Taps, VectorElement};

/// Numbers from a counter (SplitMix64).
struct Draw(u64);

impl Draw {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// A floating-point type as its bits: sign, exponent, and a fraction of so many bits.
trait Bits: VectorElement + std::fmt::Debug {
    const FRACTION: u32;
    const EXPONENT: u32;
    fn of(bits: u64) -> Self;
    fn bits(self) -> u64;
    fn fused(self, factor: Self, term: Self) -> Self;

    /// The parts in place.
    fn parts(negative: u64, exponent: u64, fraction: u64) -> Self {
        let fraction = fraction & ((1 << Self::FRACTION) - 1);
        Self::of(
            (negative & 1) << (Self::FRACTION + Self::EXPONENT)
                | exponent << Self::FRACTION
                | fraction,
        )
    }

    /// The bits, one pattern for every NaN.
    fn canonical(self) -> u64 {
        let magnitude = self.bits() & ((1 << (Self::FRACTION + Self::EXPONENT)) - 1);
        let infinity = ((1 << Self::EXPONENT) - 1) << Self::FRACTION;
        if magnitude > infinity {
            u64::MAX
        } else {
            self.bits()
        }
    }
}

macro_rules! bits {
    ($type:ty, $uint:ty, $fraction:literal, $exponent:literal) => {
        impl Bits for $type {
            const FRACTION: u32 = $fraction;
            const EXPONENT: u32 = $exponent;
            fn of(bits: u64) -> Self {
                <$type>::from_bits(bits as $uint)
            }
            fn bits(self) -> u64 {
                u64::from(self.to_bits())
            }
            fn fused(self, factor: Self, term: Self) -> Self {
                self.mul_add(factor, term)
            }
        }
    };
}

bits!(f32, u32, 23, 8);
bits!(f64, u64, 52, 11);

/// The exponents that a case is drawn from: where products are normal, become subnormal, vanish or overflow.
fn exponent<T: Bits>(draw: &mut Draw, case: usize) -> u64 {
    let most = (1 << T::EXPONENT) - 1;
    let middle = most / 2;
    let near = |at: u64, draw: &mut Draw| (at + draw.bits() % 7).saturating_sub(3).min(most);
    match case % 4 {
        0 => near(middle, draw),
        1 => near(middle / 2, draw),
        2 => near(middle + middle / 2, draw),
        _ => draw.bits() % (most + 1),
    }
}

/// A fraction with few bits set, or nearly all, or any.
fn fraction<T: Bits>(draw: &mut Draw) -> u64 {
    let few =
        1 << (draw.bits() % u64::from(T::FRACTION)) | 1 << (draw.bits() % u64::from(T::FRACTION));
    match draw.bits() % 4 {
        0 => few,
        1 => !few,
        2 => 0,
        _ => draw.bits(),
    }
}

/// A factor and vectors to multiply by it and to add: terms lie near the negative product, near half of its last place,
/// far above, far below, or anywhere.
fn case<T: Bits>(draw: &mut Draw, case: usize, lanes: usize) -> (T, Vec<T>, Vec<T>) {
    let factor = T::parts(draw.bits(), exponent::<T>(draw, case), fraction::<T>(draw));
    let zero = T::of(0);
    let mut x = Vec::new();
    let mut terms = Vec::new();
    for lane in 0..lanes {
        let value = T::parts(draw.bits(), exponent::<T>(draw, case), fraction::<T>(draw));
        let product = value.fused(factor, zero).bits();
        let exponent = (product >> T::FRACTION) & ((1 << T::EXPONENT) - 1);
        let above = exponent.saturating_add(u64::from(T::FRACTION)) + draw.bits() % 4;
        let negative = (product >> (T::FRACTION + T::EXPONENT)) ^ 1;
        let term = match (case + lane) % 6 {
            0 => T::parts(negative, exponent, product + draw.bits() % 3),
            1 | 2 => T::parts(
                draw.bits(),
                above.min((1 << T::EXPONENT) - 1),
                fraction::<T>(draw),
            ),
            3 => T::parts(draw.bits(), draw.bits() % 3, fraction::<T>(draw)),
            4 => zero,
            _ => T::parts(draw.bits(), exponent, fraction::<T>(draw)),
        };
        x.push(value);
        terms.push(term);
    }
    (factor, x, terms)
}

/// One fused multiply-add per lane: a tile of one row, channel and tap.
fn on<T: Bits>(isa: Isa, factor: T, x: &[T], terms: &[T]) -> Vec<T> {
    let taps = Taps {
        x,
        plane: x.len(),
        planes: 1,
        offsets: &[0],
        weights: &[factor],
        ahead: None,
    };
    let mut acc = terms.to_vec();
    isa.tile(1, &taps, 0, x.len(), None, (&mut acc, terms.len()));
    acc
}

/// Checks every set and `mul_add` against each other, and gives a number in which every bit of every result counts.
fn check<T: Bits>(cases: usize, right: impl Fn(T, T, T) -> Option<T>) -> u64 {
    const LANES: usize = 16;
    let mut draw = Draw(4);
    let mut sum = 0_u64;
    for n in 0..cases {
        let (factor, x, terms) = case::<T>(&mut draw, n, LANES);
        let expected: Vec<u64> = (0..LANES)
            .map(|i| x[i].fused(factor, terms[i]).canonical())
            .collect();
        for (i, &expected) in expected.iter().enumerate() {
            if let Some(right) = right(x[i], factor, terms[i]) {
                assert_eq!(
                    right.canonical(),
                    expected,
                    "{:?} * {factor:?} + {:?}",
                    x[i],
                    terms[i]
                );
            }
            sum = (sum ^ expected).wrapping_mul(0x0100_0000_01B3);
        }
        for isa in Isa::available() {
            let found: Vec<u64> = on(isa, factor, &x, &terms)
                .into_iter()
                .map(T::canonical)
                .collect();
            assert_eq!(found, expected, "{isa}: {x:?} * {factor:?} + {terms:?}");
        }
    }
    sum
}

/// `x * factor + term` for finite numbers, by whole numbers.
fn whole(x: f32, factor: f32, term: f32) -> Option<f32> {
    if !(x.is_finite() && factor.is_finite() && term.is_finite()) {
        return None;
    }
    // x = m * 2^e with |m| < 2^24
    let split = |x: f32| {
        let (bits, exponent) = (x.to_bits(), (x.to_bits() >> 23 & 0xFF) as i32);
        let fraction = i128::from(bits & 0x7F_FFFF);
        let m = if exponent == 0 {
            fraction
        } else {
            fraction | 1 << 23
        };
        (
            if x.is_sign_negative() { -m } else { m },
            exponent.max(1) - 150,
        )
    };
    let ((mx, ex), (mf, ef), (mut mt, mut et)) = (split(x), split(factor), split(term));
    let (mut mp, mut ep) = (mx * mf, ex + ef);
    // What lies 60 places below the other's last is no more than a sign there.
    if mp != 0 && mt != 0 {
        if et - ep > 60 {
            (mp, ep) = (mp.signum(), et - 60);
        } else if ep - et > 60 {
            (mt, et) = (mt.signum(), ep - 60);
        }
    } else if mp == 0 {
        ep = et;
    } else {
        et = ep;
    }
    let e = ep.min(et);
    let sum = (mp << (ep - e)) + (mt << (et - e));
    if sum == 0 {
        return None; // the sign of zero is the hardware's business
    }
    // Rounded to a multiple of the last place of its exponent, ties to even.
    let magnitude = sum.unsigned_abs();
    let top = 127 - magnitude.leading_zeros() as i32 + e;
    let drop = (top.max(-126) - 23 - e).max(0);
    let (kept, rest) = if drop > 126 {
        (0, 1)
    } else {
        (magnitude >> drop, magnitude & ((1 << drop) - 1))
    };
    let half = if drop == 0 || drop > 126 {
        u128::MAX
    } else {
        1 << (drop - 1)
    };
    let up = drop > 0 && (rest > half || (rest == half && kept & 1 == 1));
    // Up to 2^24 and a power of two: exact in f64, and then in f32 unless it overflows.
    let value = (kept + u128::from(up)) as f64 * f64::from_bits(((1023 + e + drop) as u64) << 52);
    Some(if sum < 0 { -value } else { value } as f32)
}

// The sums below are those of processors with the instruction: another machine's bits are compared with theirs.

#[test]
fn fused_multiply_adds_in_f32_are_those_of_whole_numbers_on_every_set() {
    assert_eq!(check(6000, whole), 10_844_988_470_180_529_033);
}

#[test]
fn fused_multiply_adds_in_f64_are_the_same_on_every_set_and_machine() {
    assert_eq!(
        check::<f64>(6000, |_, _, _| None),
        9_965_528_795_636_134_987
    );
}
