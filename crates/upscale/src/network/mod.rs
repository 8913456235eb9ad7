//! A picture enlarged by a network that learned how: FSRCNN.
//!
//! Idea (C. Dong, C. C. Loy, X. Tang, "Accelerating the Super-Resolution Convolutional Neural Network", ECCV 2016): all
//! layers but the last work on the small picture, and the last, a transposed convolution, learns the upsampling. With
//! `d`, `s`, `m` and the scale `n`, each line but the last followed by a PReLU:
//!
//! ```text
//! luma -> conv 5x5 (1 -> d) -> conv 1x1 (d -> s) -> m times conv 3x3 (s -> s) -> conv 1x1 (s -> d)
//!      -> transposed convolution k x k, stride n (d -> 1) -> luma
//! ```
//!
//! Output 0 of the last layer is element `p = ceil((k - n)/2)` of its full result, and there are `n` outputs for each pixel.
//!
//! Edges: an output depends on the pixels up to the *radius* `2 + m + h` away, where `h` is the halo of the last layer
//! (see [`crate::Span`]). The picture is extended by as much, its edge pixels repeated, and no layer pads: no zero that is
//! not in the picture has any weight.
//!
//! Cost: `25 d + 2 d s + 9 m s^2 + k^2 d` products per pixel. Scratch: some rows of a strip per thread.

mod layers;
mod shipped;
mod strips;
mod weights;

use std::sync::Arc;

pub use weights::Weights;

pub(crate) use strips::{Upscaler, Work};

use crate::error::{Error, Result};

/// Networks of one kind, one for each of some scales.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    name: String,
    source: Source,
}

#[derive(Clone, Debug, PartialEq)]
enum Source {
    /// Built into the library.
    Shipped(&'static str),
    /// The user's own.
    Given(Arc<Weights>),
}

impl Network {
    /// The names of the networks that are built in.
    pub const NAMES: [&'static str; 2] = ["fsrcnn", "fsrcnn-s"];

    /// The networks of that name that are built in, if there are any.
    pub(crate) fn shipped(name: &str) -> Option<Self> {
        let name = Self::NAMES.into_iter().find(|known| *known == name)?;
        (!shipped::scales(name).is_empty()).then(|| Self {
            name: name.to_owned(),
            source: Source::Shipped(name),
        })
    }

    /// A network of the user's own; `name` is what messages call it.
    pub fn given(weights: Weights, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            source: Source::Given(Arc::new(weights)),
        }
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The scales that there are, ascending.
    pub fn scales(&self) -> Vec<usize> {
        match &self.source {
            Source::Shipped(name) => shipped::scales(name),
            Source::Given(weights) => vec![weights.scale()],
        }
    }

    /// The network for a scale.
    pub fn at(&self, scale: usize) -> Result<Arc<Weights>> {
        let missing = || Error::NetworkScale {
            name: self.name.clone(),
            scale,
            scales: self.scales(),
        };
        match &self.source {
            Source::Shipped(name) => {
                let bytes = shipped::bytes(name, scale).ok_or_else(missing)?;
                Weights::parse(bytes, name).map(Arc::new)
            }
            Source::Given(weights) if weights.scale() == scale => Ok(weights.clone()),
            Source::Given(_) => Err(missing()),
        }
    }
}
