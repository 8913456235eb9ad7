//! AVX-512 and AVX2.

use super::Vector;
#[allow(clippy::wildcard_imports)] // intrinsics
use std::arch::x86_64::*;

impl Vector<f32> for __m512 {
    const LANES: usize = 16;
    const REGISTERS: usize = 32;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: the caller has enabled the features.
        unsafe { _mm512_set1_ps(value) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: features as above, and LANES elements may be read.
        unsafe { _mm512_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: features as above, and LANES elements may be written.
        unsafe { _mm512_storeu_ps(to, self) }
    }
    #[inline(always)]
    unsafe fn stream(self, to: *mut f32) {
        // SAFETY: features and elements as above; the address is a multiple of 64, as the instruction asks.
        unsafe {
            if to.addr().is_multiple_of(64) {
                _mm512_stream_ps(to, self);
            } else {
                self.store(to);
            }
        }
    }
    #[inline(always)]
    unsafe fn fence() {
        // SAFETY: an instruction of the architecture's base.
        unsafe { _mm_sfence() }
    }
    #[inline(always)]
    unsafe fn prefetch(at: *const f32) {
        // SAFETY: an instruction of the architecture's base, which may be given any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }
    #[inline(always)]
    unsafe fn fused(self, factor: Self, term: Self) -> Self {
        // SAFETY: features as above.
        unsafe { _mm512_fmadd_ps(self, factor, term) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: features as above.
        unsafe { _mm512_add_ps(self, other) }
    }
    #[inline(always)]
    unsafe fn zip(self, other: Self) -> (Self, Self) {
        // SAFETY: the caller has enabled the features. Lane i of the first half is lane i/2 of self or other.
        unsafe {
            let first = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            let second = _mm512_add_epi32(first, _mm512_set1_epi32(8));
            (
                _mm512_permutex2var_ps(self, first, other),
                _mm512_permutex2var_ps(self, second, other),
            )
        }
    }
    #[inline(always)]
    unsafe fn even(self, other: Self) -> Self {
        // SAFETY: features as above.
        unsafe {
            let lanes =
                _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
            _mm512_permutex2var_ps(self, lanes, other)
        }
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, count: usize) {
        // SAFETY: features as above; the mask has `count` bits, so as many elements are written.
        unsafe { _mm512_mask_storeu_ps(to, ((1_u32 << count) - 1) as __mmask16, self) }
    }
}

impl Vector<f64> for __m512d {
    const LANES: usize = 8;
    const REGISTERS: usize = 32;

    #[inline(always)]
    unsafe fn splat(value: f64) -> Self {
        // SAFETY: the caller has enabled the features.
        unsafe { _mm512_set1_pd(value) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        // SAFETY: features as above, and LANES elements may be read.
        unsafe { _mm512_loadu_pd(from) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: features as above, and LANES elements may be written.
        unsafe { _mm512_storeu_pd(to, self) }
    }
    #[inline(always)]
    unsafe fn stream(self, to: *mut f64) {
        // SAFETY: features and elements as above; the address is a multiple of 64, as the instruction asks.
        unsafe {
            if to.addr().is_multiple_of(64) {
                _mm512_stream_pd(to, self);
            } else {
                self.store(to);
            }
        }
    }
    #[inline(always)]
    unsafe fn fence() {
        // SAFETY: an instruction of the architecture's base.
        unsafe { _mm_sfence() }
    }
    #[inline(always)]
    unsafe fn prefetch(at: *const f64) {
        // SAFETY: an instruction of the architecture's base, which may be given any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }
    #[inline(always)]
    unsafe fn fused(self, factor: Self, term: Self) -> Self {
        // SAFETY: features as above.
        unsafe { _mm512_fmadd_pd(self, factor, term) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: features as above.
        unsafe { _mm512_add_pd(self, other) }
    }
    #[inline(always)]
    unsafe fn zip(self, other: Self) -> (Self, Self) {
        // SAFETY: as for f32.
        unsafe {
            let first = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
            let second = _mm512_add_epi64(first, _mm512_set1_epi64(4));
            (
                _mm512_permutex2var_pd(self, first, other),
                _mm512_permutex2var_pd(self, second, other),
            )
        }
    }
    #[inline(always)]
    unsafe fn even(self, other: Self) -> Self {
        // SAFETY: features as above.
        unsafe {
            let lanes = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
            _mm512_permutex2var_pd(self, lanes, other)
        }
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f64, count: usize) {
        // SAFETY: features as above; the mask has `count` bits.
        unsafe { _mm512_mask_storeu_pd(to, ((1_u32 << count) - 1) as __mmask8, self) }
    }
}

impl Vector<f32> for __m256 {
    const LANES: usize = 8;
    const REGISTERS: usize = 16;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: the caller has enabled the features.
        unsafe { _mm256_set1_ps(value) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: features as above, and LANES elements may be read.
        unsafe { _mm256_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: features as above, and LANES elements may be written.
        unsafe { _mm256_storeu_ps(to, self) }
    }
    #[inline(always)]
    unsafe fn prefetch(at: *const f32) {
        // SAFETY: an instruction of the architecture's base, which may be given any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }
    #[inline(always)]
    unsafe fn fused(self, factor: Self, term: Self) -> Self {
        // SAFETY: features as above.
        unsafe { _mm256_fmadd_ps(self, factor, term) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: features as above.
        unsafe { _mm256_add_ps(self, other) }
    }
    #[inline(always)]
    unsafe fn zip(self, other: Self) -> (Self, Self) {
        // SAFETY: features. Within each half of 4 lanes: the low pairs, the high pairs; then the halves are put in order.
        unsafe {
            let (low, high) = (
                _mm256_unpacklo_ps(self, other),
                _mm256_unpackhi_ps(self, other),
            );
            (
                _mm256_permute2f128_ps::<0x20>(low, high),
                _mm256_permute2f128_ps::<0x31>(low, high),
            )
        }
    }
    #[inline(always)]
    unsafe fn even(self, other: Self) -> Self {
        // SAFETY: features as above.
        unsafe {
            // Within each half: two lanes of self, two of other; then those of self first.
            let mixed = _mm256_castps_pd(_mm256_shuffle_ps::<0b10_00_10_00>(self, other));
            _mm256_castpd_ps(_mm256_permute4x64_pd::<0b11_01_10_00>(mixed))
        }
    }
}

impl Vector<f64> for __m256d {
    const LANES: usize = 4;
    const REGISTERS: usize = 16;

    #[inline(always)]
    unsafe fn splat(value: f64) -> Self {
        // SAFETY: the caller has enabled the features.
        unsafe { _mm256_set1_pd(value) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        // SAFETY: features as above, and LANES elements may be read.
        unsafe { _mm256_loadu_pd(from) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: features as above, and LANES elements may be written.
        unsafe { _mm256_storeu_pd(to, self) }
    }
    #[inline(always)]
    unsafe fn prefetch(at: *const f64) {
        // SAFETY: an instruction of the architecture's base, which may be given any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }
    #[inline(always)]
    unsafe fn fused(self, factor: Self, term: Self) -> Self {
        // SAFETY: features as above.
        unsafe { _mm256_fmadd_pd(self, factor, term) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: features as above.
        unsafe { _mm256_add_pd(self, other) }
    }
    #[inline(always)]
    unsafe fn zip(self, other: Self) -> (Self, Self) {
        // SAFETY: as for f32.
        unsafe {
            let (low, high) = (
                _mm256_unpacklo_pd(self, other),
                _mm256_unpackhi_pd(self, other),
            );
            (
                _mm256_permute2f128_pd::<0x20>(low, high),
                _mm256_permute2f128_pd::<0x31>(low, high),
            )
        }
    }
    #[inline(always)]
    unsafe fn even(self, other: Self) -> Self {
        // SAFETY: features as above.
        unsafe { _mm256_permute4x64_pd::<0b11_01_10_00>(_mm256_unpacklo_pd(self, other)) }
    }
}
