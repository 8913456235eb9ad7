//! The element types of the engine.

use convt_geometry::Dtype;

/// `f32` or `f64`.
pub trait Element:
    Copy + Send + Sync + PartialEq + std::fmt::Debug + sealed::Sealed + 'static
{
    /// Zero.
    const ZERO: Self;
    /// The type by name.
    const DTYPE: Dtype;
    /// `self * factor + term`, rounded once.
    #[must_use]
    fn fused(self, factor: Self, term: Self) -> Self;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

macro_rules! element {
    ($type:ty, $dtype:expr) => {
        impl Element for $type {
            const ZERO: Self = 0.0;
            const DTYPE: Dtype = $dtype;

            #[inline(always)]
            fn fused(self, factor: Self, term: Self) -> Self {
                self.mul_add(factor, term)
            }
        }
    };
}

element!(f32, Dtype::F32);
element!(f64, Dtype::F64);
