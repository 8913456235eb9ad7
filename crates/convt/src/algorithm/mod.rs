//! The engine's algorithms, one file each, and what they share.

mod blocked;
mod packed;
mod phases;
mod threads;
mod tiles;
mod tiny;

use convt_simd::Isa;

use crate::layer::Resolved;
use crate::tensor::all_finite;
use crate::{Activation, Element, Error, Layer, Run, Scratch};

use blocked::Blocked;
use packed::Packed;
use phases::Phases;
use tiles::Tiles;
use tiny::Tiny;

pub(crate) use phases::table_bytes;
pub(crate) use tiles::scratch_elements;

/// A layer's weights, packed for the algorithms that they allow.
#[derive(Clone, Debug)]
pub(crate) struct Weights<T> {
    /// For runs of few products.
    tiny: Option<Tiny<T>>,
    /// For all others.
    form: Form<T>,
}

#[derive(Clone, Debug)]
enum Form<T> {
    /// Finite ones: products with a border of zeros change nothing.
    Tiles(Blocked<T>),
    /// Some are NaN or infinite: only products that exist may be formed.
    Phases(Packed<T>),
}

impl<T: Element> Weights<T> {
    /// `weight` has the layer's checked shape; `bias` may be empty.
    pub(crate) fn new(layer: &Layer, weight: &[T], bias: &[T]) -> Result<Self, Error> {
        // Without channels there is nothing to tile, and a kernel of any length has no weights.
        let form = if !weight.is_empty() && all_finite(weight) {
            Form::Tiles(Blocked::new(layer, weight, bias)?)
        } else {
            Form::Phases(Packed::new(layer, weight, bias)?)
        };
        Ok(Self {
            tiny: Tiny::new(layer, weight, bias),
            form,
        })
    }

    /// The name of the algorithm that runs these sizes.
    pub(crate) fn algorithm(&self, sizes: &Resolved) -> &'static str {
        match (self.tiny(sizes), &self.form) {
            (Some(_), _) => "tiny",
            (None, Form::Tiles(_)) => "tiles",
            (None, Form::Phases(_)) => "phases",
        }
    }

    fn tiny(&self, sizes: &Resolved) -> Option<&Tiny<T>> {
        self.tiny.as_ref().filter(|_| tiny::suits(sizes))
    }

    /// Elements of scratch that a run of the algorithm needs.
    pub(crate) fn scratch_elements(
        &self,
        sizes: &Resolved,
        threads: usize,
    ) -> Result<usize, Error> {
        if self.tiny(sizes).is_some() {
            return Ok(0);
        }
        match self.form {
            Form::Tiles(_) => tiles::scratch_elements(sizes, threads),
            Form::Phases(_) => Ok(phases::scratch_elements(sizes, threads)),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let form = match &self.form {
            Form::Tiles(blocked) => blocked.bytes(),
            Form::Phases(packed) => packed.bytes(),
        };
        form + self.tiny.as_ref().map_or(0, Tiny::bytes)
    }

    /// Runs the call; its output is not empty.
    pub(crate) fn run(&self, call: Call<'_, T>) -> Result<(), Error> {
        if let Some(tiny) = self.tiny(call.sizes) {
            tiny.run(call);
            return Ok(());
        }
        match &self.form {
            Form::Tiles(blocked) => {
                Tiles::new(blocked, call.sizes, call.options.threads)?.run(call)
            }
            Form::Phases(packed) => Phases::new(packed, call.sizes)?.run(call),
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
