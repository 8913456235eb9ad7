//! The element types of the engine.

use std::fmt::Debug;
use std::ops::{Add, Mul, Sub};

use convt_geometry::Dtype;
use convt_simd::{Isa, VectorElement};

use crate::activation::{double, single};
use crate::algorithm::{Call, WeightCall, Weights, bias_gradient, weight_gradient};
use crate::layer::Resolved;
use crate::{Error, Layer, Run};

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

pub(crate) mod sealed {
    use convt_simd::Isa;

    use crate::algorithm::{Call, WeightCall, Weights};
    use crate::layer::Resolved;
    use crate::{Error, Layer, Run};

    /// The engine of one element type, compiled once, here: [`Weights`]' methods and the gradients of the same names are
    /// generic, and every use of a generic function in another crate compiles it anew, with all algorithms behind it.
    #[allow(private_interfaces)] // the trait is nobody else's to call
    pub trait Sealed: Sized {
        fn pack(layer: &Layer, weight: &[Self], bias: &[Self]) -> Result<Weights<Self>, Error>;
        fn for_run(
            layer: &Layer,
            weight: &[Self],
            sizes: &Resolved,
            run: &Run,
        ) -> Result<Weights<Self>, Error>;
        fn run(weights: &Weights<Self>, call: Call<'_, Self>) -> Result<(), Error>;
        fn weight_gradient(call: WeightCall<'_, Self>) -> Result<(), Error>;
        fn bias_gradient(isa: Isa, dy: &[Self], plane: usize, bias: &mut [Self], threads: usize);
        fn scratch_elements(
            weights: &Weights<Self>,
            sizes: &Resolved,
            run: &Run,
        ) -> Result<usize, Error>;
    }
}

macro_rules! element {
    ($type:ty, $dtype:expr, $curves:ident) => {
        #[allow(private_interfaces)]
        impl sealed::Sealed for $type {
            fn pack(layer: &Layer, weight: &[Self], bias: &[Self]) -> Result<Weights<Self>, Error> {
                Weights::new(layer, weight, bias)
            }

            fn for_run(
                layer: &Layer,
                weight: &[Self],
                sizes: &Resolved,
                run: &Run,
            ) -> Result<Weights<Self>, Error> {
                Weights::for_run(layer, weight, sizes, run)
            }

            fn run(weights: &Weights<Self>, call: Call<'_, Self>) -> Result<(), Error> {
                weights.run(call)
            }

            fn weight_gradient(call: WeightCall<'_, Self>) -> Result<(), Error> {
                weight_gradient(call)
            }

            fn bias_gradient(
                isa: Isa,
                dy: &[Self],
                plane: usize,
                bias: &mut [Self],
                threads: usize,
            ) {
                bias_gradient(isa, dy, plane, bias, threads);
            }

            fn scratch_elements(
                weights: &Weights<Self>,
                sizes: &Resolved,
                run: &Run,
            ) -> Result<usize, Error> {
                weights.scratch_elements(sizes, run)
            }
        }

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
