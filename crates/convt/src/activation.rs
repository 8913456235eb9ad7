//! What is done to every output element after its sum.

use std::sync::Arc;

use convt_simd::{Isa, Routine};

use crate::Element;

/// A function of one element that a plan applies to its outputs while they are still in the cache.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Activation<T> {
    /// The sum itself.
    #[default]
    None,
    /// `max(y, 0)`; NaN stays NaN.
    Relu,
    /// `y` where positive, `slope * y` elsewhere.
    LeakyRelu(T),
    /// As [`Activation::LeakyRelu`] with one slope per output channel.
    Prelu(Arc<[T]>),
    /// The hyperbolic tangent.
    Tanh,
    /// `1 / (1 + exp(-y))`.
    Sigmoid,
}

impl<T: Element> Activation<T> {
    /// Replaces `values`, all of output channel `channel`, by the function of them. The same bits on every set.
    pub(crate) fn apply(&self, isa: Isa, channel: usize, values: &mut [T]) {
        match self {
            Self::None => {}
            Self::Relu => isa.run(Each(values, Element::relu)),
            Self::LeakyRelu(slope) => isa.run(Leaky(values, *slope)),
            Self::Prelu(slopes) => isa.run(Leaky(values, slopes[channel])),
            Self::Tanh => isa.run(Each(values, Element::tanh)),
            Self::Sigmoid => isa.run(Each(values, Element::sigmoid)),
        }
    }
}

struct Each<'v, T>(&'v mut [T], fn(T) -> T);

impl<T: Element> Routine for Each<'_, T> {
    type Output = ();
    const SUMS: bool = false;
    #[inline(always)]
    fn run(self) {
        for value in self.0 {
            *value = (self.1)(*value);
        }
    }
}

struct Leaky<'v, T>(&'v mut [T], T);

impl<T: Element> Routine for Leaky<'_, T> {
    type Output = ();
    const SUMS: bool = false;
    #[inline(always)]
    fn run(self) {
        for value in self.0 {
            *value = value.leaky(self.1);
        }
    }
}
