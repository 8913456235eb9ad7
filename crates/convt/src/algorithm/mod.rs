//! The engine's algorithms, one file each, and what they share.

mod blocked;
mod packed;
mod phases;
mod threads;
mod tiles;
mod winograd;

use convt_simd::Isa;

use crate::layer::Resolved;
use crate::{Activation, Element, Error, Layer, Run, Scratch};

use blocked::Blocked;
use packed::Packed;
use phases::Phases;
use tiles::Tiles;
use winograd::Winograd;

pub(crate) use phases::table_bytes;
pub(crate) use tiles::scratch_elements;

/// A layer's weights, packed for the algorithm that they allow.
#[derive(Clone, Debug)]
pub(crate) enum Weights<T> {
    /// Finite ones: products with a border of zeros change nothing.
    Tiles(Blocked<T>, Option<Box<Winograd<T>>>),
    /// Some are NaN or infinite: only products that exist may be formed.
    Phases(Packed<T>),
}

impl<T: Element> Weights<T> {
    /// `weight` has the layer's checked shape; `bias` may be empty.
    pub(crate) fn new(layer: &Layer, weight: &[T], bias: &[T]) -> Result<Self, Error> {
        // Without channels there is nothing to tile, and a kernel of any length has no weights.
        if !weight.is_empty() && weight.iter().all(|weight| weight.is_finite()) {
            let winograd = winograd::Shape::of(layer).map(Winograd::new).map(Box::new);
            Ok(Self::Tiles(Blocked::new(layer, weight, bias)?, winograd))
        } else {
            Ok(Self::Phases(Packed::new(layer, weight, bias)?))
        }
    }

    /// The name of the algorithm.
    pub(crate) fn algorithm(&self) -> &'static str {
        match self {
            Self::Tiles(..) => "tiles",
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
            Self::Tiles(_, winograd) => {
                // A run may be exact, or compute an image again.
                let direct = tiles::scratch_elements(sizes, threads)?;
                let winograd = chosen(winograd.as_deref(), sizes);
                let transformed = winograd.map_or(0, |(winograd, size)| {
                    winograd.scratch_elements(sizes, size, threads)
                });
                Ok(direct.max(transformed))
            }
            Self::Phases(_) => Ok(phases::scratch_elements(sizes, threads)),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Tiles(blocked, winograd) => {
                blocked.bytes() + winograd.as_ref().map_or(0, |winograd| winograd.bytes())
            }
            Self::Phases(packed) => packed.bytes(),
        }
    }

    /// Runs the call; its output is not empty.
    pub(crate) fn run(&self, call: Call<'_, T>) -> Result<(), Error> {
        match self {
            Self::Tiles(blocked, winograd) => {
                if let Some((winograd, size)) = chosen(winograd.as_deref(), call.sizes)
                    && !call.options.exact
                {
                    return winograd.run(blocked, size, call);
                }
                Tiles::new(blocked, call.sizes, call.options.threads)?.run(call)
            }
            Self::Phases(packed) => Phases::new(packed, call.sizes)?.run(call),
        }
    }
}

/// Winograd's algorithm and its size, where it is worth it.
fn chosen<'w, T: Element>(
    winograd: Option<&'w Winograd<T>>,
    sizes: &Resolved,
) -> Option<(&'w Winograd<T>, winograd::Size)> {
    let size = winograd?.shape().choose(sizes, size_of::<T>())?;
    Some((winograd?, size))
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
