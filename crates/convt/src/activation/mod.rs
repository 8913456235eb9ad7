//! What is done to every output element after its sum.

mod curves;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use convt_simd::{Isa, Routine};

use crate::Element;

pub(crate) use curves::{double, single};

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
    /// Whether outputs stay what they are.
    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Replaces `values`, all of output channel `channel`, by the function of them. The same bits on every set.
    pub(crate) fn apply(&self, isa: Isa, channel: usize, values: &mut [T]) {
        match self {
            Self::None => {}
            Self::Relu => isa.run(Relu(values)),
            Self::LeakyRelu(slope) => isa.run(Leaky(values, *slope)),
            Self::Prelu(slopes) => isa.run(Leaky(values, slopes[channel])),
            Self::Tanh => isa.run(Tanh(values)),
            Self::Sigmoid => isa.run(Sigmoid(values)),
        }
    }
}

/// Routines that replace every value by a function of it.
macro_rules! each {
    ($($routine:ident: $function:ident;)*) => {
        $(
            struct $routine<'v, T>(&'v mut [T]);

            impl<T: Element> Routine for $routine<'_, T> {
                type Output = ();
                const SUMS: bool = false;
                #[inline(always)]
                fn run(self) {
                    for value in self.0 {
                        *value = value.$function();
                    }
                }
            }
        )*
    };
}

each! {
    Relu: relu;
    Tanh: tanh;
    Sigmoid: sigmoid;
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
