//! The hyperbolic tangent and the logistic function: multiply-adds, one division and selects, without a branch or a call.
//!
//! **Idea.** Both follow from `exp(-a)` for `a >= 0`, so nothing overflows. With `-a = n*ln 2 + r`, `n` whole and `r` within
//! `ln 2 / 2` of 0,
//!
//! ```text
//! exp(-a) = 2^n * (1 + p)         p = exp(r) - 1 = r + r^2 * q(r)       q: the polynomial in Q
//! sigmoid(x) = e / (1 + e) for x < 0, 1 / (1 + e) else                   e = exp(-|x|)
//! tanh(x) = -m / (2 + m) with the sign of x                              m = exp(-2|x|) - 1 = 2^n * p + (2^n - 1)
//! ```
//!
//! `m` is formed without `e`, so that it keeps its digits near 0, where `n = 0` and it is `p`.
//!
//! **Error.** At most 2 units in the last place of `f32` and, at the points that the tests sample, 3 of `f64`. `tanh` of zeros, subnormals and
//! infinities is exact; NaN stays NaN. The operations are the same on every instruction set, and so are the bits.

/// Defines both functions for one type: its integer of the same size, mantissa bits, exponent bias, `n*ln2` in two parts
/// (the product with the first is exact), and the polynomial.
macro_rules! curves {
    (
        $name:ident: $type:ty, $int:ty, $uint:ty, $mantissa:literal, $bias:literal,
        log2_e: $log2_e:expr, half_of_least: $least:literal, ln2: $high:literal + $low:literal, q: $q:expr
    ) => {
        pub(crate) mod $name {
            /// `1.5 * 2^mantissa`: a number of small magnitude added to it is rounded to a whole one in its lowest bits.
            const WHOLE: $type = (3_u64 << ($mantissa - 1)) as $type;
            const LOG2_E: $type = $log2_e;
            const Q: &[$type] = &$q;

            /// `p` and `n` of the module's formula, for `0 <= a <= 2 * bias` or NaN.
            #[inline(always)]
            fn parts(a: $type) -> ($type, $int) {
                let place = a.mul_add(-LOG2_E, WHOLE);
                let n = place - WHOLE;
                let r = n.mul_add(-$high, -a);
                let r = n.mul_add(-$low, r);
                let mut k = Q.len() - 1;
                let mut q = Q[k];
                while k > 0 {
                    k -= 1;
                    q = q.mul_add(r, Q[k]);
                }
                let p = (r * r).mul_add(q, r);
                (p, place.to_bits().wrapping_sub(WHOLE.to_bits()) as $int)
            }

            /// `2^n` for a normal result; whatever a NaN's `n` gives, its `p` is NaN.
            #[inline(always)]
            fn power(n: $int) -> $type {
                <$type>::from_bits((n.wrapping_add($bias) << $mantissa) as $uint)
            }

            #[inline(always)]
            fn at_most(a: $type, limit: $type) -> $type {
                if a > limit { limit } else { a }
            }

            /// `above / (whole + part)` for `whole >= |part|`: the quotient by the rounded sum, and its residual's share.
            #[inline(always)]
            fn quotient(above: $type, whole: $type, part: $type) -> $type {
                let sum = whole + part;
                let lost = part - (sum - whole);
                let inverse = 1.0 / sum;
                let near = above * inverse;
                let residual = (-near).mul_add(sum, above);
                let residual = (-near).mul_add(lost, residual);
                residual.mul_add(inverse, near)
            }

            #[inline(always)]
            pub(crate) fn tanh(x: $type) -> $type {
                // Beyond, the nearest number to the result is 1: exp(-2a) is below half a unit in its last place.
                const LIMIT: $type = $mantissa as $type;
                let (p, n) = parts(at_most(2.0 * x.abs(), LIMIT));
                let scale = power(n);
                let m = p.mul_add(scale, scale - 1.0);
                quotient(-m, 2.0, m).copysign(x)
            }

            #[inline(always)]
            pub(crate) fn sigmoid(x: $type) -> $type {
                // Beyond, exp(-a) is rounded to 0: it is below half of the least number.
                let (p, n) = parts(at_most(x.abs(), $least));
                // Two steps: 2^n alone may be too small for a normal number. Only the second one rounds.
                let half = n >> 1;
                let e = (1.0 + p) * power(half) * power(n.wrapping_sub(half));
                let above = if x < 0.0 { e } else { 1.0 };
                quotient(above, 1.0, e)
            }
        }
    };
}

// Q is the interpolation of (exp(r) - 1 - r) / r^2 at the Chebyshev nodes of |r| <= ln 2 / 2: q(r) * r is off by less than a
// thirtieth of a unit in the last place of 1.
curves! {
    single: f32, i32, u32, 23, 127,
    log2_e: std::f32::consts::LOG2_E, half_of_least: 104.0, ln2: 0.693_176_27 + -2.908_897_1e-5,
    q: [0.5, 0.166_666_67, 0.041_666_467, 0.008_333_310_5, 0.001_393_364_2, 0.000_198_909_81]
}

curves! {
    double: f64, i64, u64, 52, 1023,
    log2_e: std::f64::consts::LOG2_E, half_of_least: 746.0, ln2: 0.693_147_180_560_117_7 + -1.723_944_452_561_483_5e-13,
    q: [
        0.5,
        0.166_666_666_666_666_7,
        0.041_666_666_666_666_67,
        0.008_333_333_333_326_141,
        0.001_388_888_888_888_375_2,
        0.000_198_412_698_748_004_93,
        2.480_158_732_553_336_3e-5,
        2.755_725_542_574_643_5e-6,
        2.755_727_366_134_863_7e-7,
        2.510_520_637_395_701e-8,
        2.091_467_937_658_393_5e-9,
    ]
}
