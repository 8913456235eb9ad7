//! Sixteen neighbouring elements as one value: what a routine's transforms are written in.
//!
//! Loads and stores through arrays of a fixed length leave the compiler whole vectors of any instruction set, with nothing
//! to find out about overlapping slices or remainders.

use crate::Element;

/// Tiles that are transformed together: lines are multiples of it.
pub(super) const LANES: usize = 16;

/// One element of each of [`LANES`] tiles.
#[derive(Clone, Copy)]
pub(super) struct Lanes<T>([T; LANES]);

impl<T: Element> Lanes<T> {
    #[inline(always)]
    pub(super) fn splat(value: T) -> Self {
        Self([value; LANES])
    }

    /// The first elements of `from`.
    #[inline(always)]
    pub(super) fn load(from: &[T]) -> Self {
        let mut to = [T::ZERO; LANES];
        to.copy_from_slice(&from[..LANES]);
        Self(to)
    }

    #[inline(always)]
    pub(super) fn store(self, to: &mut [T]) {
        to[..LANES].copy_from_slice(&self.0);
    }

    #[inline(always)]
    pub(super) fn add(mut self, other: Self) -> Self {
        for (to, other) in self.0.iter_mut().zip(other.0) {
            *to = *to + other;
        }
        self
    }

    #[inline(always)]
    pub(super) fn sub(mut self, other: Self) -> Self {
        for (to, other) in self.0.iter_mut().zip(other.0) {
            *to = *to - other;
        }
        self
    }

    /// `self + 0 * of`: NaN from now on where `of` is not finite.
    #[inline(always)]
    pub(super) fn spoil(mut self, of: Self) -> Self {
        for (to, of) in self.0.iter_mut().zip(of.0) {
            *to = of.fused(T::ZERO, *to);
        }
        self
    }

    /// Whether every lane is finite.
    #[inline(always)]
    pub(super) fn is_finite(self) -> bool {
        self.0.iter().all(|lane| lane.is_finite())
    }
}
