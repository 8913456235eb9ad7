//! The element types of the engine.

use std::fmt::Debug;
use std::ops::{Add, Mul, Sub};

use convt_geometry::Dtype;
use convt_simd::VectorElement;

use crate::activation::{double, single};

/// `f32` or `f64`.
pub trait Element:
    VectorElement
    + Send
    + Sync
    + PartialEq
    + From<f32>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Debug
    + sealed::Sealed
    + 'static
{
    /// Zero.
    const ZERO: Self;
    /// The type by name.
    const DTYPE: Dtype;
    /// Whether this is neither NaN nor an infinity.
    fn is_finite(self) -> bool;
    /// `self * factor + term`, rounded once.
    #[must_use]
    fn fused(self, factor: Self, term: Self) -> Self;
    /// `max(self, 0)`; NaN stays NaN.
    #[must_use]
    fn relu(self) -> Self;
    /// `self` where positive, `slope * self` elsewhere.
    #[must_use]
    fn leaky(self, slope: Self) -> Self;
    /// The hyperbolic tangent.
    #[must_use]
    fn tanh(self) -> Self;
    /// `1 / (1 + exp(-self))`.
    #[must_use]
    fn sigmoid(self) -> Self;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

macro_rules! element {
    ($type:ty, $dtype:expr, $curves:ident) => {
        impl Element for $type {
            const ZERO: Self = 0.0;
            const DTYPE: Dtype = $dtype;

            #[inline(always)]
            fn is_finite(self) -> bool {
                <$type>::is_finite(self)
            }

            #[inline(always)]
            fn fused(self, factor: Self, term: Self) -> Self {
                self.mul_add(factor, term)
            }

            #[inline(always)]
            fn relu(self) -> Self {
                if self < 0.0 { 0.0 } else { self }
            }

            #[inline(always)]
            fn leaky(self, slope: Self) -> Self {
                if self > 0.0 { self } else { slope * self }
            }

            #[inline(always)]
            fn tanh(self) -> Self {
                $curves::tanh(self)
            }

            #[inline(always)]
            fn sigmoid(self) -> Self {
                $curves::sigmoid(self)
            }
        }
    };
}

element!(f32, Dtype::F32, single);
element!(f64, Dtype::F64, double);
