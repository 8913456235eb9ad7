//! Elements that can be computed with in f64.

use crate::Element;

/// An [`Element`] that goes to f64 and back: weights are prepared in f64 and rounded once.
pub trait Real: Element {
    /// The nearest value of this type.
    #[must_use]
    fn rounded(value: f64) -> Self;
    /// The same value as f64.
    #[must_use]
    fn widened(self) -> f64;
}

impl Real for f32 {
    fn rounded(value: f64) -> Self {
        value as f32
    }

    fn widened(self) -> f64 {
        self.into()
    }
}

impl Real for f64 {
    fn rounded(value: f64) -> Self {
        value
    }

    fn widened(self) -> f64 {
        self
    }
}
