//! Vectors without any instruction set.

use super::Vector;

/// Four elements.
#[derive(Clone, Copy)]
pub(crate) struct Four<T>([T; 4]);

macro_rules! vector {
    ($type:ty) => {
        impl Vector<$type> for Four<$type> {
            const LANES: usize = 4;
            const REGISTERS: usize = 16;
            #[inline(always)]
            unsafe fn splat(value: $type) -> Self {
                Self([value; 4])
            }
            #[inline(always)]
            unsafe fn load(from: *const $type) -> Self {
                // SAFETY: the caller vouches for LANES elements; an array has the alignment of its element.
                Self(unsafe { from.cast::<[$type; 4]>().read() })
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $type) {
                // SAFETY: as above.
                unsafe { to.cast::<[$type; 4]>().write(self.0) }
            }
            #[inline(always)]
            unsafe fn fused(self, factor: Self, term: Self) -> Self {
                Self(std::array::from_fn(|i| {
                    self.0[i].mul_add(factor.0[i], term.0[i])
                }))
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                Self(std::array::from_fn(|i| self.0[i] + other.0[i]))
            }
        }
    };
}

vector!(f32);
vector!(f64);
