//! Normalisations that disappear into a layer's weight and bias once training is over.

mod batch_norm;
mod weight_norm;

pub use batch_norm::{BatchNorm, Folded, batch_norm};
pub use weight_norm::weight_norm;
