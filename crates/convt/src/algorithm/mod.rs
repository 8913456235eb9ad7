//! The engine's algorithms, one file or folder each, and what they share.

mod blocked;
mod channels;
mod choose;
mod depthwise;
mod gradient;
mod merged;
mod packed;
mod parts;
mod patches;
mod phases;
mod search;
mod threads;
mod tiles;
mod tiny;
mod weights;
mod winograd;

use convt_simd::Isa;

use crate::layer::Resolved;
use crate::{Activation, Run, Scratch};

pub use choose::Algorithm;
pub(crate) use choose::{Choice, why_not};
use packed::Packed;
#[cfg(test)]
use phases::Phases;

pub(crate) use gradient::{WeightCall, bias_gradient, weight_gradient, weight_gradient_scratch};
pub(crate) use phases::table_bytes;
pub(crate) use weights::{Weights, outlook};

/// One run, as every algorithm takes it.
pub(crate) struct Call<'c, T> {
    /// The instruction set that the run uses.
    pub(crate) isa: Isa,
    pub(crate) sizes: &'c Resolved,
    /// Input and output of these sizes, in the layout of the options, row-major.
    pub(crate) x: &'c [T],
    pub(crate) y: &'c mut [T],
    pub(crate) scratch: &'c mut Scratch<T>,
    pub(crate) options: &'c Run,
    pub(crate) activation: &'c Activation<T>,
}

impl<T> Call<'_, T> {
    /// The instruction set that the run uses.
    pub(crate) fn isa(&self) -> Isa {
        self.isa
    }
}
