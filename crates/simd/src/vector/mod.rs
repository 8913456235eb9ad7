//! One small vector trait, a file of implementations for each architecture, and the one table of which set has which.

#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
mod neon;
mod portable;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::marker::PhantomData;
use std::ops::Add;

use crate::entries::Entries;
use crate::isa::{self, Isa, Kind, Routine};
use crate::watch;

use portable::Four;

/// The most lanes of any set's vector.
const MOST: usize = 16;

/// A vector of one instruction set.
///
/// # Safety
/// The functions may be called only where the set's features are enabled; `load` and `store` touch `LANES` elements,
/// `store_first` touches `count` of them.
pub trait Vector<T: Copy + Default>: Copy {
    /// Elements of a vector, a power of two of at most 16.
    const LANES: usize;
    /// Vectors that the set's registers hold.
    const REGISTERS: usize;

    /// Every lane is `value`.
    unsafe fn splat(value: T) -> Self;
    /// The elements from `from` on.
    unsafe fn load(from: *const T) -> Self;
    /// Writes all lanes to `to` and what follows.
    unsafe fn store(self, to: *mut T);
    /// As [`Vector::store`], past the caches where the set can and `to` begins a line; until [`Vector::fence`] other threads
    /// may not see it.
    #[inline(always)]
    unsafe fn stream(self, to: *mut T) {
        // SAFETY: passed on from the caller.
        unsafe { self.store(to) }
    }
    /// Asks the caches for the line at `at`, where the set can; nothing is read.
    #[inline(always)]
    unsafe fn prefetch(at: *const T) {
        let _ = at;
    }
    /// Makes what was streamed visible to whoever is told afterwards.
    #[inline(always)]
    unsafe fn fence() {}
    /// `self * factor + term`, rounded once.
    unsafe fn fused(self, factor: Self, term: Self) -> Self;
    /// Lane by lane.
    unsafe fn add(self, other: Self) -> Self;

    /// The lanes of two vectors in turn: those of their first halves, and those of their second.
    #[inline(always)]
    unsafe fn zip(self, other: Self) -> (Self, Self) {
        let mut both = [T::default(); 2 * MOST];
        let (mut of_self, mut of_other) = ([T::default(); MOST], [T::default(); MOST]);
        // SAFETY: no vector has more lanes than MOST.
        unsafe {
            self.store(of_self.as_mut_ptr());
            other.store(of_other.as_mut_ptr());
            for i in 0..Self::LANES {
                (both[2 * i], both[2 * i + 1]) = (of_self[i], of_other[i]);
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
        let mut both = [T::default(); 2 * MOST];
        // SAFETY: no vector has more lanes than MOST.
        unsafe {
            self.store(both.as_mut_ptr());
            other.store(both.as_mut_ptr().add(Self::LANES));
            for i in 0..Self::LANES {
                both[i] = both[2 * i];
            }
            Self::load(both.as_ptr())
        }
    }

    /// Writes the first `count` lanes, `count <= LANES`.
    #[inline(always)]
    unsafe fn store_first(self, to: *mut T, count: usize) {
        let mut all = [T::default(); MOST];
        // SAFETY: no vector has more lanes than MOST; the caller vouches for `count` elements at `to`.
        unsafe {
            self.store(all.as_mut_ptr());
            std::ptr::copy_nonoverlapping(all.as_ptr(), to, count);
        }
    }
}

/// A loop over vectors, written once and compiled for every set. A value of it vouches for the bounds of what it touches.
pub trait Kernel<T: Copy + Default> {
    /// What it returns.
    type Output;

    /// Does the work; `#[inline(always)]`, as everything hot that it calls.
    ///
    /// # Safety
    /// The features of the set that `X` is of are enabled.
    unsafe fn run<X: Vector<T>>(self) -> Self::Output;
}

/// A kernel and its vector, as a routine of the set that the vector is of.
struct On<K, T, X> {
    kernel: K,
    types: PhantomData<(T, X)>,
}

impl<T: Copy + Default, K: Kernel<T>, X: Vector<T>> Routine for On<K, T, X> {
    type Output = K::Output;
    #[inline(always)]
    fn run(self) -> K::Output {
        // SAFETY: made in `on` alone, and run there by the function that enables the features of the set that `X` is of.
        unsafe { self.kernel.run::<X>() }
    }
}

/// An element type that vectors exist for: `f32` or `f64`.
pub trait VectorElement:
    Copy + Default + Add<Output = Self> + Entries<Self> + sealed::Sealed
{
    /// One.
    const ONE: Self;
    /// Elements of a cache line.
    const LINE: usize = 64 / size_of::<Self>();

    /// Runs a kernel on the vectors of a set: the first where its registers hold 32 of them, the other where they hold 16.
    #[doc(hidden)]
    fn on<W: Kernel<Self>, N: Kernel<Self, Output = W::Output>>(
        isa: Isa,
        kernels: (W, N),
    ) -> W::Output;

    /// Elements of a vector of a set.
    #[doc(hidden)]
    fn lanes(isa: Isa) -> usize;

    /// Vectors that a set's registers hold.
    #[doc(hidden)]
    fn registers(isa: Isa) -> usize;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// The kernel for so many registers.
macro_rules! of_registers {
    (32, $kernels:expr) => {
        $kernels.0
    };
    (16, $kernels:expr) => {
        $kernels.1
    };
}

/// For each element type, every set's function, vector, and how many vectors its registers hold.
macro_rules! vectors {
    ($type:ty: $($(#[$cfg:meta])? $kind:ident, $run:ident, $vector:ty, $registers:tt;)+) => {
        impl VectorElement for $type {
            const ONE: Self = 1.0;

            fn on<W: Kernel<Self>, N: Kernel<Self, Output = W::Output>>(
                isa: Isa,
                kernels: (W, N),
            ) -> W::Output {
                watch::note(isa);
                match isa.0 {
                    // SAFETY: an `Isa` of this kind is had by detecting the features that the function enables.
                    $($(#[$cfg])? Kind::$kind => unsafe {
                        let kernel = of_registers!($registers, kernels);
                        isa::$run(On { kernel, types: PhantomData::<(Self, $vector)> })
                    },)+
                }
            }

            #[inline]
            fn lanes(isa: Isa) -> usize {
                match isa.0 {
                    $($(#[$cfg])? Kind::$kind => <$vector as Vector<Self>>::LANES,)+
                }
            }

            #[inline]
            fn registers(isa: Isa) -> usize {
                match isa.0 {
                    $($(#[$cfg])? Kind::$kind => <$vector as Vector<Self>>::REGISTERS,)+
                }
            }
        }
    };
}

vectors! { f32:
    #[cfg(target_arch = "x86_64")] Avx512, run_avx512, std::arch::x86_64::__m512, 32;
    #[cfg(target_arch = "x86_64")] Avx2, run_avx2, std::arch::x86_64::__m256, 16;
    #[cfg(all(target_arch = "aarch64", target_endian = "little"))] Neon, run_neon, std::arch::aarch64::float32x4_t, 32;
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))] Simd128, run_simd128, simd128::F32x4, 16;
    Portable, run_portable, Four<f32>, 16;
}

vectors! { f64:
    #[cfg(target_arch = "x86_64")] Avx512, run_avx512, std::arch::x86_64::__m512d, 32;
    #[cfg(target_arch = "x86_64")] Avx2, run_avx2, std::arch::x86_64::__m256d, 16;
    #[cfg(all(target_arch = "aarch64", target_endian = "little"))] Neon, run_neon, std::arch::aarch64::float64x2_t, 32;
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))] Simd128, run_simd128, simd128::F64x2, 16;
    Portable, run_portable, Four<f64>, 16;
}

impl Isa {
    /// Elements of one vector: kernels compute widths rounded up to a multiple of it.
    #[inline]
    pub fn lanes<T: VectorElement>(self) -> usize {
        T::lanes(self)
    }

    /// Runs a kernel on this set's vectors.
    pub(crate) fn kernel<T: VectorElement, K: Kernel<T> + Copy>(self, kernel: K) -> K::Output {
        T::on(self, (kernel, kernel))
    }

    /// Runs the kernel that is made for as many registers as the set has.
    pub(crate) fn kernel_for_registers<T, W, N>(self, wide: W, narrow: N) -> W::Output
    where
        T: VectorElement,
        W: Kernel<T>,
        N: Kernel<T, Output = W::Output>,
    {
        T::on(self, (wide, narrow))
    }
}

#[cfg(test)]
mod tests;
