//! NEON, which every 64-bit Arm has.

use super::Vector;
#[allow(clippy::wildcard_imports)] // intrinsics, named by the macro below
use std::arch::aarch64::*;

macro_rules! vector {
    ($vector:ty, $type:ty, $lanes:literal, $splat:ident, $load:ident, $store:ident, $fused:ident, $add:ident, $zip1:ident, $zip2:ident, $even:ident) => {
        impl Vector<$type> for $vector {
            const LANES: usize = $lanes;
            const REGISTERS: usize = 32;
            #[inline(always)]
            unsafe fn splat(value: $type) -> Self {
                // SAFETY: the caller has enabled the feature.
                unsafe { $splat(value) }
            }
            #[inline(always)]
            unsafe fn load(from: *const $type) -> Self {
                // SAFETY: feature as above, and LANES elements may be read.
                unsafe { $load(from) }
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $type) {
                // SAFETY: feature as above, and LANES elements may be written.
                unsafe { $store(to, self) }
            }
            #[inline(always)]
            unsafe fn fused(self, factor: Self, term: Self) -> Self {
                // SAFETY: feature as above. The instruction adds the product to its first operand.
                unsafe { $fused(term, self, factor) }
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                // SAFETY: feature as above.
                unsafe { $add(self, other) }
            }
            #[inline(always)]
            unsafe fn zip(self, other: Self) -> (Self, Self) {
                // SAFETY: feature as above.
                unsafe { ($zip1(self, other), $zip2(self, other)) }
            }
            #[inline(always)]
            unsafe fn even(self, other: Self) -> Self {
                // SAFETY: feature as above.
                unsafe { $even(self, other) }
            }
        }
    };
}

vector!(
    float32x4_t,
    f32,
    4,
    vdupq_n_f32,
    vld1q_f32,
    vst1q_f32,
    vfmaq_f32,
    vaddq_f32,
    vzip1q_f32,
    vzip2q_f32,
    vuzp1q_f32
);
vector!(
    float64x2_t,
    f64,
    2,
    vdupq_n_f64,
    vld1q_f64,
    vst1q_f64,
    vfmaq_f64,
    vaddq_f64,
    vzip1q_f64,
    vzip2q_f64,
    vuzp1q_f64
);
