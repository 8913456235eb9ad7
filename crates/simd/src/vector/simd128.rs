//! WebAssembly's 128-bit vectors.
//!
//! They have no fused multiply-add (the relaxed one may or may not fuse, as the host likes), so it is computed:
//!
//! * f32: the product of two f32 is exact in f64 (24 + 24 bits of 53), and the sum of it and the term is rounded to f64.
//!   Rounding that again to f32 gives the fused result unless the f64 sum lies exactly on a boundary at which f32 rounds,
//!   because then the first rounding may have hidden on which side the true sum is. In those lanes the sum is *rounded to
//!   odd* first: an inexact sum with an even last bit moves one step towards the true one, off the boundary. As f64 has
//!   more than two bits beyond f32, rounding an odd-rounded sum to f32 is right always, for normal and subnormal results.
//! * f64: lane by lane in software.

use super::Vector;
use std::arch::wasm32::{
    f32x4_abs, f32x4_add, f32x4_demote_f64x2_zero, f32x4_le, f32x4_splat, f64x2, f64x2_abs,
    f64x2_add, f64x2_extract_lane, f64x2_lt, f64x2_mul, f64x2_promote_low_f32x4, f64x2_splat,
    f64x2_sub, i32x4_shuffle, i64x2_add, i64x2_eq, i64x2_shr, i64x2_splat, v128, v128_and,
    v128_any_true, v128_load, v128_or, v128_store, v128_xor,
};

/// Four f32.
#[derive(Clone, Copy)]
pub(crate) struct F32x4(v128);

/// Two f64.
#[derive(Clone, Copy)]
pub(crate) struct F64x2(v128);

impl Vector<f32> for F32x4 {
    const LANES: usize = 4;
    const REGISTERS: usize = 16;
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(f32x4_add(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self(f32x4_splat(value))
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller vouches for LANES elements; the load needs no alignment.
        Self(unsafe { v128_load(from.cast()) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as above.
        unsafe { v128_store(to.cast(), self.0) }
    }
    #[inline(always)]
    unsafe fn fused(self, factor: Self, term: Self) -> Self {
        let [low, high] = [low(self.0), high(self.0)];
        let products = [
            f64x2_mul(low, self::low(factor.0)),
            f64x2_mul(high, self::high(factor.0)),
        ];
        let terms = [self::low(term.0), self::high(term.0)];
        let sums = [
            f64x2_add(products[0], terms[0]),
            f64x2_add(products[1], terms[1]),
        ];
        let rounded = join(sums);
        let boundary = v128_or(halfway(sums[0]), halfway(sums[1]));
        // Subnormal results have their boundaries elsewhere: every lane so small is taken for one.
        let tiny = f32x4_le(f32x4_abs(rounded), f32x4_splat(f32::MIN_POSITIVE));
        if v128_any_true(v128_or(boundary, tiny)) {
            return Self(join([
                odd_sum(products[0], terms[0]),
                odd_sum(products[1], terms[1]),
            ]));
        }
        Self(rounded)
    }
}

/// Lanes 0 and 1 as f64.
#[inline(always)]
fn low(v: v128) -> v128 {
    f64x2_promote_low_f32x4(v)
}

/// Lanes 2 and 3 as f64.
#[inline(always)]
fn high(v: v128) -> v128 {
    f64x2_promote_low_f32x4(i32x4_shuffle::<2, 3, 2, 3>(v, v))
}

/// Four f64 rounded to f32.
#[inline(always)]
fn join([low, high]: [v128; 2]) -> v128 {
    let (low, high) = (f32x4_demote_f64x2_zero(low), f32x4_demote_f64x2_zero(high));
    i32x4_shuffle::<0, 1, 4, 5>(low, high)
}

/// Lanes that lie halfway between two normal f32: of the 29 bits that f32 lacks, the first alone is set.
#[inline(always)]
fn halfway(sum: v128) -> v128 {
    let beyond = v128_and(sum, i64x2_splat((1 << 29) - 1));
    i64x2_eq(beyond, i64x2_splat(1 << 28))
}

/// `a + b` rounded to odd.
#[inline(always)]
fn odd_sum(a: v128, b: v128) -> v128 {
    let sum = f64x2_add(a, b);
    // What the sum lacks, exactly (Knuth's two-sum); NaN where the sum is not finite.
    let part = f64x2_sub(sum, a);
    let error = f64x2_add(f64x2_sub(a, f64x2_sub(sum, part)), f64x2_sub(b, part));
    let inexact = f64x2_lt(f64x2_splat(0.0), f64x2_abs(error));
    let one = i64x2_splat(1);
    let even = i64x2_eq(v128_and(sum, one), i64x2_splat(0));
    // The bits of a finite number, as an integer, grow with its magnitude: +1 where the error has the sum's sign, else -1.
    let step = v128_or(i64x2_shr(v128_xor(error, sum), 63), one);
    i64x2_add(sum, v128_and(step, v128_and(inexact, even)))
}

impl Vector<f64> for F64x2 {
    const LANES: usize = 2;
    const REGISTERS: usize = 16;
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(f64x2_add(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn splat(value: f64) -> Self {
        Self(f64x2_splat(value))
    }
    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        // SAFETY: the caller vouches for LANES elements; the load needs no alignment.
        Self(unsafe { v128_load(from.cast()) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: as above.
        unsafe { v128_store(to.cast(), self.0) }
    }
    #[inline(always)]
    unsafe fn fused(self, factor: Self, term: Self) -> Self {
        let (x, f, t) = (self.0, factor.0, term.0);
        Self(f64x2(
            f64x2_extract_lane::<0>(x)
                .mul_add(f64x2_extract_lane::<0>(f), f64x2_extract_lane::<0>(t)),
            f64x2_extract_lane::<1>(x)
                .mul_add(f64x2_extract_lane::<1>(f), f64x2_extract_lane::<1>(t)),
        ))
    }
}
