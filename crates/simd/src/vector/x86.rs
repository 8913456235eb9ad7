//! AVX-512 and AVX2.

use super::Vector;
#[allow(clippy::wildcard_imports)] // intrinsics, named by the macro below
use std::arch::x86_64::*;

macro_rules! vector {
    ($vector:ty, $type:ty, $lanes:literal, $splat:ident, $load:ident, $store:ident, $fused:ident) => {
        impl Vector<$type> for $vector {
            const LANES: usize = $lanes;
            #[inline(always)]
            unsafe fn splat(value: $type) -> Self {
                // SAFETY: the caller has enabled the features.
                unsafe { $splat(value) }
            }
            #[inline(always)]
            unsafe fn load(from: *const $type) -> Self {
                // SAFETY: features as above, and LANES elements may be read.
                unsafe { $load(from) }
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $type) {
                // SAFETY: features as above, and LANES elements may be written.
                unsafe { $store(to, self) }
            }
            #[inline(always)]
            unsafe fn fused(self, factor: Self, term: Self) -> Self {
                // SAFETY: features as above.
                unsafe { $fused(self, factor, term) }
            }
        }
    };
}

vector!(
    __m512,
    f32,
    16,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_fmadd_ps
);
vector!(
    __m512d,
    f64,
    8,
    _mm512_set1_pd,
    _mm512_loadu_pd,
    _mm512_storeu_pd,
    _mm512_fmadd_pd
);
vector!(
    __m256,
    f32,
    8,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_fmadd_ps
);
vector!(
    __m256d,
    f64,
    4,
    _mm256_set1_pd,
    _mm256_loadu_pd,
    _mm256_storeu_pd,
    _mm256_fmadd_pd
);
