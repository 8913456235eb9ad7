//! The engine's algorithms, one file each, and what they share.

mod blocked;
mod merged;
mod packed;
mod phases;
mod threads;
mod tiles;

use convt_simd::Isa;

use crate::layer::Resolved;
use crate::{Activation, Element, Error, Layer, Run, Scratch};

use blocked::Blocked;
use merged::Merged;
use packed::Packed;
use phases::Phases;
use tiles::{Packing, Tiles};

pub(crate) use phases::table_bytes;

/// Elements of scratch that a run of the usual algorithm needs, before there are weights.
pub(crate) fn scratch_elements<T: Element>(
    layer: &Layer,
    sizes: &Resolved,
    threads: usize,
) -> Result<usize, Error> {
    if let Some(merged) = Merged::<T>::outline(layer)? {
        return Ok(Tiles::new(Packing::Phases(&merged), sizes, threads)?.scratch());
    }
    let blocked = Blocked::<T>::outline(layer)?;
    Ok(Tiles::new(Packing::Channels(&blocked), sizes, threads)?.scratch())
}

/// A layer's weights, packed for the algorithm that they allow.
#[derive(Clone, Debug)]
pub(crate) enum Weights<T> {
    /// Finite ones: products with a border of zeros change nothing.
    Tiles(Blocked<T>),
    /// Finite ones of few output channels: phases are rows of a tile.
    Merged(Merged<T>),
    /// Some are NaN or infinite: only products that exist may be formed.
    Phases(Packed<T>),
}

impl<T: Element> Weights<T> {
    /// `weight` has the layer's checked shape; `bias` may be empty.
    pub(crate) fn new(layer: &Layer, weight: &[T], bias: &[T]) -> Result<Self, Error> {
        // Without channels there is nothing to tile, and a kernel of any length has no weights.
        if !weight.is_empty() && weight.iter().all(|weight| weight.is_finite()) {
            if let Some(merged) = Merged::new(layer, weight, bias)? {
                return Ok(Self::Merged(merged));
            }
            Ok(Self::Tiles(Blocked::new(layer, weight, bias)?))
        } else {
            Ok(Self::Phases(Packed::new(layer, weight, bias)?))
        }
    }

    /// The name of the algorithm.
    pub(crate) fn algorithm(&self) -> &'static str {
        match self {
            Self::Tiles(_) | Self::Merged(_) => "tiles",
            Self::Phases(_) => "phases",
        }
    }

    /// Elements of scratch that a run of the algorithm needs.
    pub(crate) fn scratch_elements(
        &self,
        sizes: &Resolved,
        threads: usize,
    ) -> Result<usize, Error> {
        match self {
            Self::Tiles(blocked) => {
                Ok(Tiles::new(Packing::Channels(blocked), sizes, threads)?.scratch())
            }
            Self::Merged(merged) => {
                Ok(Tiles::new(Packing::Phases(merged), sizes, threads)?.scratch())
            }
            Self::Phases(_) => Ok(phases::scratch_elements(sizes, threads)),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Tiles(blocked) => blocked.bytes(),
            Self::Merged(merged) => merged.bytes(),
            Self::Phases(packed) => packed.bytes(),
        }
    }

    /// Runs the call; its output is not empty.
    pub(crate) fn run(&self, call: Call<'_, T>) -> Result<(), Error> {
        match self {
            Self::Tiles(blocked) => {
                let packing = Packing::Channels(blocked);
                Tiles::new(packing, call.sizes, call.options.threads)?.run(call)
            }
            Self::Merged(merged) => {
                let packing = Packing::Phases(merged);
                Tiles::new(packing, call.sizes, call.options.threads)?.run(call)
            }
            Self::Phases(packed) => Phases::new(packed, call.sizes)?.run(call),
        }
    }
}

/// One run, as every algorithm takes it.
pub(crate) struct Call<'c, T> {
    pub(crate) sizes: &'c Resolved,
    /// Input and output of these sizes, `(N, C, spatial...)` in row-major order.
    pub(crate) x: &'c [T],
    pub(crate) y: &'c mut [T],
    pub(crate) scratch: &'c mut Scratch<T>,
    pub(crate) options: &'c Run,
    pub(crate) activation: &'c Activation<T>,
}

impl<T> Call<'_, T> {
    /// The instruction set that the run uses.
    pub(crate) fn isa(&self) -> Isa {
        self.options.isa.unwrap_or_else(Isa::best)
    }
}
