//! Interleaving: rows of sums into rows of outputs, and back.

use std::ops::Add;

use crate::tile::Vector;
use crate::{Isa, Kind, TileElement};

/// Rows of sums that are interleaved at most.
pub const WOVEN: usize = 8;

/// Where sums lie and where they go: for every `line < lines`, `j < rows` and `m < count`,
///
/// ```text
/// y[line*y_pitch + step*m + j] = sums[line*sums_pitch + from[j] + m] + 0
/// ```
///
/// so that `rows` neighbouring phases make up `rows` neighbouring outputs, and a sum of -0 is stored as +0.
#[derive(Clone, Copy, Debug)]
pub struct Weave {
    /// Distance between the outputs of one row of sums.
    pub step: usize,
    /// Rows of sums that are interleaved, at most `step` and [`WOVEN`].
    pub rows: usize,
    /// Where they begin; those beyond `rows` do not matter.
    pub from: [usize; WOVEN],
    /// Sums of each row.
    pub count: usize,
    /// How often this is done.
    pub lines: usize,
    /// Distances from line to line.
    pub sums_pitch: usize,
    /// See `sums_pitch`.
    pub y_pitch: usize,
}

impl Weave {
    /// Elements of `y` that the last line ends at.
    fn y_end(&self) -> Option<usize> {
        let last = (self.lines - 1).checked_mul(self.y_pitch)?;
        let within = (self.count - 1).checked_mul(self.step)?;
        last.checked_add(within)?.checked_add(self.rows)
    }

    /// Elements of `sums` that the last line's last row ends at, whole vectors read.
    fn sums_end(&self, lanes: usize) -> Option<usize> {
        let last = (self.lines - 1).checked_mul(self.sums_pitch)?;
        let row = self.from[..self.rows].iter().copied().max()?;
        // Lanes are a power of two.
        let count = self.count.checked_add(lanes - 1)? & !(lanes - 1);
        last.checked_add(row)?.checked_add(count)
    }
}

impl Isa {
    /// Interleaves `sums` into `y`. Rows of sums are read in whole vectors: up to [`Isa::lanes`] - 1 elements beyond the last.
    ///
    /// # Panics
    /// When `rows` exceeds `step` or a slice is too short: the arithmetic of the caller is wrong.
    pub fn weave<T: TileElement + Add<Output = T>>(self, weave: &Weave, sums: &[T], y: &mut [T]) {
        if weave.rows == 0 || weave.count == 0 || weave.lines == 0 {
            return;
        }
        assert!(weave.rows <= weave.step.min(WOVEN), "rows");
        assert!(weave.y_end().is_some_and(|end| end <= y.len()), "outputs");
        let sums_end = weave.sums_end(self.lanes::<T>());
        assert!(sums_end.is_some_and(|end| end <= sums.len()), "sums");
        T::weave(
            self,
            &Checked {
                weave: *weave,
                sums: sums.as_ptr(),
                y: y.as_mut_ptr(),
            },
        );
    }

    /// The inverse of [`Isa::weave`] for one row of sums: `sums[line*sums_pitch + m] = y[line*y_pitch + step*m]`.
    ///
    /// # Panics
    /// When a slice is too short.
    pub fn unweave<T: TileElement>(self, weave: &Weave, sums: &mut [T], y: &[T]) {
        if weave.count == 0 || weave.lines == 0 {
            return;
        }
        let one = Weave {
            rows: 1,
            from: [0; WOVEN],
            ..*weave
        };
        assert!(one.y_end().is_some_and(|end| end <= y.len()), "outputs");
        assert!(one.sums_end(1).is_some_and(|end| end <= sums.len()), "sums");
        T::unweave(
            self,
            &CheckedBack {
                weave: one,
                sums: sums.as_mut_ptr(),
                y: y.as_ptr(),
            },
        );
    }
}

/// An unweave whose bounds [`Isa::unweave`] has checked.
pub struct CheckedBack<T> {
    weave: Weave,
    sums: *mut T,
    y: *const T,
}

/// A weave whose bounds [`Isa::weave`] has checked.
pub struct Checked<T> {
    weave: Weave,
    sums: *const T,
    y: *mut T,
}

/// What weaving asks of a vector besides [`Vector`]; sets without better instructions go through memory.
///
/// # Safety
/// As for [`Vector`]; `store_first` touches `count` elements.
pub(crate) trait Lanes<T: Copy + Default>: Vector<T> {
    /// The lanes of two vectors in turn: their first halves, and their second.
    #[inline(always)]
    unsafe fn zip(self, other: Self) -> (Self, Self) {
        let mut both = [T::default(); 128];
        // SAFETY: at most 64 lanes are stored at each half of the buffer, and 2*LANES loaded from its front.
        unsafe {
            let mut parts = [T::default(); 64];
            self.store(parts.as_mut_ptr());
            for (i, &part) in parts[..Self::LANES].iter().enumerate() {
                both[2 * i] = part;
            }
            other.store(parts.as_mut_ptr());
            for (i, &part) in parts[..Self::LANES].iter().enumerate() {
                both[2 * i + 1] = part;
            }
            (
                Self::load(both.as_ptr()),
                Self::load(both.as_ptr().add(Self::LANES)),
            )
        }
    }

    /// Every other lane of two vectors, from the first on.
    #[inline(always)]
    unsafe fn even(self, other: Self) -> Self {
        let mut both = [T::default(); 128];
        // SAFETY: at most 64 lanes are stored at each part of the buffer, and LANES loaded from its front.
        unsafe {
            self.store(both.as_mut_ptr());
            other.store(both.as_mut_ptr().add(Self::LANES));
            for i in 0..Self::LANES {
                both[i] = both[2 * i];
            }
            Self::load(both.as_ptr())
        }
    }

    /// `self + 0`: -0 becomes +0.
    unsafe fn plus_zero(self) -> Self;

    /// Stores the first `count` lanes, `count <= LANES`.
    #[inline(always)]
    unsafe fn store_first(self, to: *mut T, count: usize) {
        let mut all = [T::default(); 64];
        // SAFETY: at most 64 lanes; the caller vouches for `count` elements at `to`.
        unsafe {
            self.store(all.as_mut_ptr());
            std::ptr::copy_nonoverlapping(all.as_ptr(), to, count);
        }
    }
}

impl<T: Copy + Default + Add<Output = T>, V: Vector<T> + Portable> Lanes<T> for V {
    #[inline(always)]
    unsafe fn plus_zero(self) -> Self {
        let mut all = [T::default(); 64];
        // SAFETY: at most 64 lanes.
        unsafe {
            self.store(all.as_mut_ptr());
            for value in &mut all[..Self::LANES] {
                *value = *value + T::default();
            }
            Self::load(all.as_ptr())
        }
    }
}

/// Vectors that weave through memory.
pub(crate) trait Portable {}

impl<T> Portable for crate::tile::Four<T> {}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Lanes;
    #[allow(clippy::wildcard_imports)] // intrinsics
    use std::arch::x86_64::*;

    impl Lanes<f32> for __m512 {
        #[inline(always)]
        unsafe fn zip(self, other: Self) -> (Self, Self) {
            // SAFETY: the caller has enabled the features. Lane i of the first half is lane i/2 of self or other.
            unsafe {
                let first =
                    _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
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
        unsafe fn plus_zero(self) -> Self {
            // SAFETY: features as above.
            unsafe { _mm512_add_ps(self, _mm512_setzero_ps()) }
        }
        #[inline(always)]
        unsafe fn store_first(self, to: *mut f32, count: usize) {
            // SAFETY: features as above; the mask has `count` bits, so as many elements are written.
            unsafe { _mm512_mask_storeu_ps(to, ((1_u32 << count) - 1) as __mmask16, self) }
        }
    }

    impl Lanes<f64> for __m512d {
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
        unsafe fn plus_zero(self) -> Self {
            // SAFETY: features as above.
            unsafe { _mm512_add_pd(self, _mm512_setzero_pd()) }
        }
        #[inline(always)]
        unsafe fn store_first(self, to: *mut f64, count: usize) {
            // SAFETY: features as above; the mask has `count` bits.
            unsafe { _mm512_mask_storeu_pd(to, ((1_u32 << count) - 1) as __mmask8, self) }
        }
    }

    impl Lanes<f32> for __m256 {
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
        #[inline(always)]
        unsafe fn plus_zero(self) -> Self {
            // SAFETY: features as above.
            unsafe { _mm256_add_ps(self, _mm256_setzero_ps()) }
        }
    }

    impl Lanes<f64> for __m256d {
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
        #[inline(always)]
        unsafe fn plus_zero(self) -> Self {
            // SAFETY: features as above.
            unsafe { _mm256_add_pd(self, _mm256_setzero_pd()) }
        }
    }
}

/// `R` rows interleaved, a power of two up to 8: the even ones among themselves, the odd ones, then both.
///
/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn interleave<T: Copy + Default, V: Lanes<T>, const R: usize>(rows: [V; R]) -> [V; R] {
    let mut out = rows;
    // SAFETY: passed on from the caller.
    unsafe {
        match R {
            2 => (out[0], out[1]) = rows[0].zip(rows[1]),
            4 => {
                let (even, odd) = (rows[0].zip(rows[2]), rows[1].zip(rows[3]));
                (out[0], out[1]) = even.0.zip(odd.0);
                (out[2], out[3]) = even.1.zip(odd.1);
            }
            8 => {
                let even = interleave::<T, V, 4>([rows[0], rows[2], rows[4], rows[6]]);
                let odd = interleave::<T, V, 4>([rows[1], rows[3], rows[5], rows[7]]);
                for i in 0..4 {
                    (out[2 * i], out[2 * i + 1]) = even[i].zip(odd[i]);
                }
            }
            _ => {}
        }
    }
    out
}

/// A weave of `R` rows, whole vectors at a time.
///
/// # Safety
/// The bounds are checked for vectors of this many lanes, `rows == R`, and the features are enabled.
#[inline(always)]
unsafe fn vectors<T: Copy + Default, V: Lanes<T>, const R: usize>(call: &Checked<T>) {
    let Weave {
        step,
        from,
        count,
        lines,
        sums_pitch,
        y_pitch,
        ..
    } = call.weave;
    // SAFETY: each access lies within what `y_end` and `sums_end` have checked: sums up to whole vectors beyond `count`,
    // outputs up to `step*(n-1) + R` for the n of a vector that are below `count`.
    unsafe {
        for line in 0..lines {
            let sums = call.sums.add(line * sums_pitch);
            let y = call.y.add(line * y_pitch);
            let mut m = 0;
            while m < count {
                let n = (count - m).min(V::LANES);
                let mut rows = [V::splat(T::default()); R];
                for (j, row) in rows.iter_mut().enumerate() {
                    *row = V::load(sums.add(from[j] + m)).plus_zero();
                }
                let rows = interleave::<T, V, R>(rows);
                let y = y.add(step * m);
                if step != R {
                    // Pieces of R neighbouring outputs, a step apart.
                    let mut all = [[T::default(); 64]; R];
                    let all = all.as_mut_ptr().cast::<T>();
                    for (v, row) in rows.iter().enumerate() {
                        row.store(all.add(v * V::LANES));
                    }
                    for n in 0..n {
                        std::ptr::copy_nonoverlapping(all.add(n * R), y.add(n * step), R);
                    }
                } else if n == V::LANES {
                    for (v, row) in rows.iter().enumerate() {
                        row.store(y.add(v * V::LANES));
                    }
                } else {
                    for (v, row) in rows.iter().enumerate() {
                        let left = (n * R).saturating_sub(v * V::LANES);
                        row.store_first(y.add(v * V::LANES), left.min(V::LANES));
                    }
                }
                m += V::LANES;
            }
        }
    }
}

/// A weave of any number of rows, element by element.
///
/// # Safety
/// The bounds are checked.
#[inline(always)]
unsafe fn elements<T: Copy + Default + Add<Output = T>>(call: &Checked<T>) {
    let weave = call.weave;
    for line in 0..weave.lines {
        // SAFETY: within what `y_end` and `sums_end` have checked.
        unsafe {
            let sums = call.sums.add(line * weave.sums_pitch);
            let y = call.y.add(line * weave.y_pitch);
            for m in 0..weave.count {
                for j in 0..weave.rows {
                    *y.add(weave.step * m + j) = *sums.add(weave.from[j] + m) + T::default();
                }
            }
        }
    }
}

/// As [`elements`], for as many rows as the step is long, which is known when this is compiled.
///
/// # Safety
/// The bounds are checked, and `rows == step == S`.
#[inline(always)]
unsafe fn steps<T: Copy + Default + Add<Output = T>, const S: usize>(call: &Checked<T>) {
    let weave = call.weave;
    for line in 0..weave.lines {
        // SAFETY: within what `y_end` and `sums_end` have checked; the slices do not overlap.
        unsafe {
            let sums = call.sums.add(line * weave.sums_pitch);
            let y = call.y.add(line * weave.y_pitch);
            let y = std::slice::from_raw_parts_mut(y, weave.count * S);
            let rows: [&[T]; S] = std::array::from_fn(|j| {
                std::slice::from_raw_parts(sums.add(weave.from[j]), weave.count)
            });
            for (m, y) in y.chunks_exact_mut(S).enumerate() {
                for (y, row) in y.iter_mut().zip(&rows) {
                    *y = *row.get_unchecked(m) + T::default();
                }
            }
        }
    }
}

/// # Safety
/// The bounds are checked for vectors of this many lanes, and the features are enabled.
#[inline(always)]
unsafe fn dispatch<T: Copy + Default + Add<Output = T>, V: Lanes<T>>(call: &Checked<T>) {
    // SAFETY: passed on from the caller.
    unsafe {
        match (call.weave.rows, call.weave.step) {
            (1, 1) => vectors::<T, V, 1>(call),
            (2, 2) => vectors::<T, V, 2>(call),
            (3, 3) => steps::<T, 3>(call),
            (5, 5) => steps::<T, 5>(call),
            (6, 6) => steps::<T, 6>(call),
            (4, _) => vectors::<T, V, 4>(call),
            (8, _) => vectors::<T, V, 8>(call),
            _ => elements(call),
        }
    }
}

/// The inverse of one row of a weave.
///
/// # Safety
/// The bounds are checked, and the features are enabled.
#[inline(always)]
unsafe fn back<T: Copy + Default, V: Lanes<T>>(call: &CheckedBack<T>) {
    let weave = call.weave;
    for line in 0..weave.lines {
        // SAFETY: within what `y_end` and `sums_end` have checked: of a step of 2, whole vectors are read only while
        // `2*(m + LANES) <= 2*(count - 1) + 1`, rounded down.
        unsafe {
            let sums = call.sums.add(line * weave.sums_pitch);
            let y = call.y.add(line * weave.y_pitch);
            let mut m = 0;
            if weave.step == 2 {
                while m + V::LANES < weave.count {
                    let pairs = V::load(y.add(2 * m)).even(V::load(y.add(2 * m + V::LANES)));
                    pairs.store(sums.add(m));
                    m += V::LANES;
                }
            }
            while m < weave.count {
                *sums.add(m) = *y.add(weave.step * m);
                m += 1;
            }
        }
    }
}

/// For each element type and set: the functions that enable its features, and the vector.
macro_rules! weaves {
    ($trait:ident, $type:ty: $($(#[$cfg:meta])? $kind:ident, $function:ident, $back:ident, [$($feature:tt),*], $vector:ty;)+) => {
        $(
            /// # Safety
            /// The set's features are there, and the bounds are checked.
            $(#[$cfg])?
            $(#[target_feature(enable = $feature)])*
            unsafe fn $function(call: &Checked<$type>) {
                // SAFETY: passed on from the caller.
                unsafe { dispatch::<$type, $vector>(call) }
            }

            /// # Safety
            /// The set's features are there, and the bounds are checked.
            $(#[$cfg])?
            $(#[target_feature(enable = $feature)])*
            unsafe fn $back(call: &CheckedBack<$type>) {
                // SAFETY: passed on from the caller.
                unsafe { back::<$type, $vector>(call) }
            }
        )+

        impl $trait for $type {
            fn weave(isa: Isa, call: &Checked<Self>) {
                match isa.0 {
                    // SAFETY: an `Isa` is had by detection alone, and `Checked` by checking alone.
                    $($(#[$cfg])? Kind::$kind => unsafe { $function(call) },)+
                }
            }

            fn unweave(isa: Isa, call: &CheckedBack<Self>) {
                match isa.0 {
                    // SAFETY: as above.
                    $($(#[$cfg])? Kind::$kind => unsafe { $back(call) },)+
                }
            }
        }
    };
}

/// An element type that weaves exist for.
pub trait WeaveElement: Sized {
    #[doc(hidden)]
    fn weave(isa: Isa, call: &Checked<Self>);
    #[doc(hidden)]
    fn unweave(isa: Isa, call: &CheckedBack<Self>);
}

weaves! { WeaveElement, f32:
    Portable, portable_f32, portable_back_f32, [], crate::tile::Four<f32>;
    #[cfg(target_arch = "x86_64")] Avx2, avx2_f32, avx2_back_f32, ["avx2", "fma"], std::arch::x86_64::__m256;
    #[cfg(target_arch = "x86_64")] Avx512, avx512_f32, avx512_back_f32, ["avx512f", "fma"], std::arch::x86_64::__m512;
}

weaves! { WeaveElement, f64:
    Portable, portable_f64, portable_back_f64, [], crate::tile::Four<f64>;
    #[cfg(target_arch = "x86_64")] Avx2, avx2_f64, avx2_back_f64, ["avx2", "fma"], std::arch::x86_64::__m256d;
    #[cfg(target_arch = "x86_64")] Avx512, avx512_f64, avx512_back_f64, ["avx512f", "fma"], std::arch::x86_64::__m512d;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T>(of: impl Fn(usize) -> T, guard: T)
    where
        T: TileElement + Add<Output = T> + PartialEq + std::fmt::Debug,
    {
        for isa in Isa::available() {
            for (step, rows) in (1..=9).flat_map(|s| (1..=s.min(WOVEN)).map(move |r| (s, r))) {
                for count in [1, 2, 3, 7, 8, 9, 15, 16, 17, 33] {
                    let weave = Weave {
                        step,
                        rows,
                        // In reverse, so that the order matters.
                        from: std::array::from_fn(|j| rows.saturating_sub(j + 1) * (count + 3)),
                        count,
                        lines: 2,
                        sums_pitch: rows * (count + 3) + 1,
                        y_pitch: step * count + 2,
                    };
                    let sums: Vec<T> = (0..2 * weave.sums_pitch + 32).map(&of).collect();
                    let mut y = vec![guard; 2 * weave.y_pitch + 4];
                    isa.weave(&weave, &sums, &mut y);
                    for (at, &value) in y.iter().enumerate() {
                        let (line, at) = (at / weave.y_pitch, at % weave.y_pitch);
                        let (m, j) = (at / step, at % step);
                        let expected = if line < 2 && m < count && j < rows {
                            sums[line * weave.sums_pitch + weave.from[j] + m]
                        } else {
                            guard
                        };
                        assert_eq!(value, expected, "{isa} {weave:?} line {line} at {at}");
                    }
                    for j in 0..rows {
                        let mut back = vec![guard; sums.len()];
                        isa.unweave(&weave, &mut back, &y[j..]);
                        for line in 0..2 {
                            let from = line * weave.sums_pitch;
                            let sums = &sums[from + weave.from[j]..][..count];
                            assert_eq!(&back[from..from + count], sums);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn weaving_stores_every_sum_in_its_place_and_nothing_else() {
        check(|i| i as f32 + 1.0, -77.25);
        check(|i| i as f64 + 1.0, -77.25);
    }

    #[test]
    fn a_negative_zero_is_stored_as_zero() {
        let weave = Weave {
            step: 2,
            rows: 2,
            from: [0, 16, 0, 0, 0, 0, 0, 0],
            count: 3,
            lines: 1,
            sums_pitch: 0,
            y_pitch: 0,
        };
        for isa in Isa::available() {
            let mut y = [1.0_f32; 6];
            isa.weave(&weave, &[-0.0; 32], &mut y);
            assert!(y.iter().all(|y| y.to_bits() == 0), "{isa}");
        }
    }
}
