//! A layer's weights in the forms that its algorithms read.
//!
//! One form is packed with the plan, by the layer alone. A form that only some sizes want is made, once, by the first run
//! that wants it.

use std::sync::OnceLock;

use super::blocked::Blocked;
use super::channels::{ChannelWeights, Channels};
use super::choose::{Choice, Facts, LayerShape, choose};
use super::depthwise::{self, Depthwise};
use super::merged::Merged;
use super::packed::Packed;
use super::patches::{self, PatchWeights, Patches};
use super::phases::{self, Phases};
use super::tiles::{Packing, Tiles};
use super::tiny::{self, Tiny};
use super::winograd::{self, Winograd};
use super::{Algorithm, Call};
use crate::layer::Resolved;
use crate::tensor::all_finite;
use crate::{Element, Error, Layer, Layout, Run, Scratch};

/// A layer's weights, packed.
#[derive(Debug)]
pub(crate) struct Weights<T> {
    layer: Layer,
    /// For runs of few products.
    tiny: Option<Tiny<T>>,
    /// For the others.
    form: Form<T>,
    /// For runs of few positions and many channels, from the first such run on.
    channels: OnceLock<ChannelWeights<T>>,
    /// For short phases of many channels: transformed by the first run that is worth it.
    winograd: Option<Winograd<T>>,
}

/// What is packed with the plan.
#[derive(Debug)]
enum Form<T> {
    /// Finite weights: products with a border of zeros change nothing.
    Tiles(Blocked<T>),
    /// Finite weights of few output channels: phases are rows of a tile.
    Merged(Merged<T>),
    /// Finite weights of one input channel per group.
    Depthwise(Depthwise<T>),
    /// Finite weights of kernel = stride; and for a run whose own output size cuts patches, from the first such run on.
    Patches(PatchWeights<T>, OnceLock<Blocked<T>>),
    /// Finite weights of a run known beforehand, by lanes along channels: the other form, and no other.
    Channels,
    /// Some are NaN or infinite, or there are none: only products that exist may be formed.
    Phases(Packed<T>),
}

/// Which algorithm would run on the layer for these sizes with finite weights, and elements of scratch on one thread.
pub(crate) fn outlook<T: Element>(
    layer: &Layer,
    sizes: &Resolved,
) -> Result<(Choice, usize), Error> {
    let merged = Merged::<T>::outline(layer)?;
    let count = layer
        .weight_shape()
        .iter()
        .fold(1, |n: usize, &axis| n.saturating_mul(axis));
    let shape = shape_of(layer, count, merged.is_some());
    let usual = winograd::Shape::of(layer).filter(|_| shape == LayerShape::Usual);
    let transformed = usual.and_then(|of| of.choose(sizes, size_of::<T>()));
    let facts = Facts {
        shape,
        tiny: tiny::takes(layer, count) && tiny::suits(sizes),
        winograd: transformed.is_some(),
        ..facts::<T>(layer, sizes)
    };
    let choice = choose(&facts);
    let scratch = match choice.algorithm {
        Algorithm::Tiny => 0,
        Algorithm::Depthwise => depthwise::scratch_elements(sizes, 1)?,
        Algorithm::Channels => Channels::<T>::scratch_of(layer, sizes)?,
        Algorithm::Phases => phases::scratch_elements(sizes, 1),
        Algorithm::Patches => Patches::new(&PatchWeights::<T>::outline(layer)?, sizes, 1).scratch(),
        Algorithm::Winograd | Algorithm::Tiles => {
            if let Some(merged) = merged {
                Tiles::new(Packing::Phases(&merged), sizes, 1)?.scratch()
            } else {
                let blocked = Blocked::<T>::outline(layer)?;
                let direct = Tiles::new(Packing::Channels(&blocked), sizes, 1)?.scratch();
                let winograd = usual.map(Winograd::<T>::new).zip(transformed);
                let transformed = winograd.map_or(0, |(winograd, size)| {
                    winograd.scratch_elements(sizes, size, 1)
                });
                direct.max(transformed)
            }
        }
    };
    Ok((choice, Scratch::<T>::with_slack(scratch)))
}

/// The shape of a layer of so many weights, all of them finite; `merged` where phases can be rows of a tile.
fn shape_of(layer: &Layer, weights: usize, merged: bool) -> LayerShape {
    if weights == 0 {
        LayerShape::NotFinite
    } else if depthwise::fits(layer) && depthwise::pays(layer) {
        LayerShape::Depthwise
    } else if patches::fits(layer) {
        LayerShape::Patches
    } else if merged {
        LayerShape::FewChannels
    } else {
        LayerShape::Usual
    }
}

/// What the sizes alone decide.
fn facts<T>(layer: &Layer, sizes: &Resolved) -> Facts {
    let positions = sizes
        .walks
        .iter()
        .map(|walk| walk.output().div_ceil(walk.steps().1));
    let weights = layer
        .weight_shape()
        .iter()
        .fold(1, |n: usize, &axis| n.saturating_mul(axis))
        / layer.groups();
    Facts {
        shape: LayerShape::Usual,
        tiny: false,
        channels_last: false,
        whole: patches::suits(sizes),
        winograd: false,
        channels: (sizes.in_per_group, layer.out_channels() / layer.groups()),
        weights,
        weight_bytes: weights.saturating_mul(size_of::<T>()),
        positions: positions.fold(1, usize::saturating_mul),
        dims: layer.dims(),
    }
}

impl<T: Element> Weights<T> {
    /// `weight` has the layer's checked shape; `bias` may be empty.
    pub(crate) fn new(layer: &Layer, weight: &[T], bias: &[T]) -> Result<Self, Error> {
        // Without channels there is nothing to tile, and a kernel of any length has no weights.
        let form = if weight.is_empty() || !all_finite(weight) {
            Form::Phases(Packed::new(layer, weight, bias)?)
        } else if depthwise::fits(layer) && depthwise::pays(layer) {
            Form::Depthwise(Depthwise::new(layer, weight, bias)?)
        } else if patches::fits(layer) {
            Form::Patches(PatchWeights::new(layer, weight, bias)?, OnceLock::new())
        } else if let Some(merged) = Merged::new(layer, weight, bias)? {
            Form::Merged(merged)
        } else {
            Form::Tiles(Blocked::new(layer, weight, bias)?)
        };
        Ok(Self {
            layer: layer.clone(),
            tiny: Tiny::new(layer, weight, bias),
            winograd: match &form {
                Form::Tiles(_) => winograd::Shape::of(layer).map(Winograd::new),
                _ => None,
            },
            form,
            channels: OnceLock::new(),
        })
    }

    /// As [`Weights::new`] for a single run: only the form that it wants is packed, if that is known before.
    pub(crate) fn for_run(
        layer: &Layer,
        weight: &[T],
        sizes: &Resolved,
        run: &Run,
    ) -> Result<Self, Error> {
        let last = run.layout == Layout::ChannelsLast;
        let merged = Merged::<T>::outline(layer)?.is_some();
        let shape = shape_of(layer, weight.len(), merged);
        let facts = Facts {
            tiny: tiny::takes(layer, weight.len()) && !last && tiny::suits(sizes),
            channels_last: last,
            ..facts::<T>(layer, sizes)
        };
        if shape != LayerShape::Usual
            || choose(&facts).algorithm != Algorithm::Channels
            || !all_finite(weight)
        {
            return Self::new(layer, weight, &[]);
        }
        Ok(Self {
            layer: layer.clone(),
            tiny: None,
            winograd: None,
            form: Form::Channels,
            channels: OnceLock::from(ChannelWeights::new(layer, weight, &[])?),
        })
    }

    /// The algorithm that runs these sizes with these options, and why.
    pub(crate) fn choice(&self, sizes: &Resolved, run: &Run) -> Result<Choice, Error> {
        Ok(self.decide(sizes, run)?.0)
    }

    /// The choice, and the size of Winograd's algorithm: the one that is worth it, or the smaller one where a run asks for it.
    fn decide(&self, sizes: &Resolved, run: &Run) -> Result<(Choice, winograd::Size), Error> {
        let worth = || {
            let winograd = self.winograd.as_ref()?;
            winograd.shape().choose(sizes, size_of::<T>())
        };
        if let Some(algorithm) = run.algorithm {
            if !self.can(algorithm, sizes) {
                return Err(Error::Algorithm(algorithm));
            }
            let choice = Choice {
                algorithm,
                reason: "the run asks for it",
            };
            return Ok((choice, worth().unwrap_or(winograd::Size::Small)));
        }
        if matches!(self.form, Form::Channels) {
            let choice = Choice {
                algorithm: Algorithm::Channels,
                reason: "the weights were packed for this alone",
            };
            return Ok((choice, winograd::Size::Small));
        }
        let last = run.layout == Layout::ChannelsLast;
        let size = if run.exact || last { None } else { worth() };
        let facts = Facts {
            shape: match self.form {
                Form::Tiles(_) | Form::Channels => LayerShape::Usual,
                Form::Merged(_) => LayerShape::FewChannels,
                Form::Depthwise(_) => LayerShape::Depthwise,
                Form::Patches(..) => LayerShape::Patches,
                Form::Phases(_) => LayerShape::NotFinite,
            },
            tiny: self.tiny.is_some() && !last && tiny::suits(sizes),
            channels_last: last,
            winograd: size.is_some(),
            ..facts::<T>(&self.layer, sizes)
        };
        Ok((choose(&facts), size.unwrap_or(winograd::Size::Small)))
    }

    /// Whether there are weights, all finite.
    pub(crate) fn are_finite(&self) -> bool {
        !matches!(self.form, Form::Phases(_))
    }

    /// Whether the weights are there in the algorithm's form, or can be brought into it.
    fn can(&self, algorithm: Algorithm, sizes: &Resolved) -> bool {
        match (algorithm, &self.form) {
            (Algorithm::Tiny, _) => self.tiny.is_some(),
            (Algorithm::Depthwise, form) => matches!(form, Form::Depthwise(_)),
            (Algorithm::Channels, form) => {
                matches!(form, Form::Tiles(_) | Form::Patches(..) | Form::Channels)
            }
            (Algorithm::Winograd, _) => self.winograd.is_some(),
            (Algorithm::Patches, form) => {
                matches!(form, Form::Patches(..)) && patches::suits(sizes)
            }
            (Algorithm::Tiles, form) => {
                matches!(form, Form::Tiles(_) | Form::Merged(_) | Form::Patches(..))
            }
            (Algorithm::Phases, form) => matches!(form, Form::Phases(_)),
        }
    }

    /// The weights for lanes along channels.
    fn channels(&self) -> Result<&ChannelWeights<T>, Error> {
        if let Some(made) = self.channels.get() {
            return Ok(made);
        }
        let made = match &self.form {
            Form::Tiles(blocked) => {
                ChannelWeights::new(&self.layer, &blocked.unpacked()?, &blocked.bias)?
            }
            Form::Patches(patches, _) => {
                ChannelWeights::new(&self.layer, &patches.unpacked()?, &patches.bias)?
            }
            _ => return Err(Error::Algorithm(Algorithm::Channels)),
        };
        Ok(self.channels.get_or_init(|| made))
    }

    /// The weights of patches for tiles.
    fn blocked<'a>(
        &self,
        patches: &PatchWeights<T>,
        blocked: &'a OnceLock<Blocked<T>>,
    ) -> Result<&'a Blocked<T>, Error> {
        if let Some(made) = blocked.get() {
            return Ok(made);
        }
        let made = Blocked::new(&self.layer, &patches.unpacked()?, &patches.bias)?;
        Ok(blocked.get_or_init(|| made))
    }

    /// Elements of scratch that a run needs.
    pub(crate) fn scratch_elements(&self, sizes: &Resolved, run: &Run) -> Result<usize, Error> {
        let threads = run.threads;
        let (choice, size) = self.decide(sizes, run)?;
        let elements = match (choice.algorithm, &self.form) {
            (Algorithm::Tiny, _) => 0,
            (Algorithm::Channels, _) => {
                Channels::new(self.channels()?, sizes, threads, run.layout)?.scratch()
            }
            (algorithm, Form::Tiles(blocked)) => {
                // A run by Winograd's algorithm may compute an image again.
                let direct = Tiles::new(Packing::Channels(blocked), sizes, threads)?.scratch();
                let transformed = match (algorithm, &self.winograd) {
                    (Algorithm::Winograd, Some(winograd)) => {
                        winograd.scratch_elements(sizes, size, threads)
                    }
                    _ => 0,
                };
                direct.max(transformed)
            }
            (_, Form::Merged(merged)) => {
                Tiles::new(Packing::Phases(merged), sizes, threads)?.scratch()
            }
            (_, Form::Depthwise(_)) => depthwise::scratch_elements(sizes, threads)?,
            (Algorithm::Patches, Form::Patches(packed, _)) => {
                Patches::new(packed, sizes, threads).scratch()
            }
            (_, Form::Patches(packed, blocked)) => {
                let blocked = self.blocked(packed, blocked)?;
                Tiles::new(Packing::Channels(blocked), sizes, threads)?.scratch()
            }
            (_, Form::Phases(_)) => phases::scratch_elements(sizes, threads),
            (algorithm, Form::Channels) => return Err(Error::Algorithm(algorithm)),
        };
        Ok(Scratch::<T>::with_slack(elements))
    }

    /// Whether such a run takes input and output in its layout as they are.
    pub(crate) fn takes(&self, sizes: &Resolved, run: &Run) -> Result<bool, Error> {
        Ok(run.layout == Layout::ChannelsFirst
            || self.choice(sizes, run)?.algorithm == Algorithm::Channels)
    }

    /// Bytes of all forms that there are.
    pub(crate) fn bytes(&self) -> usize {
        let form = match &self.form {
            Form::Tiles(blocked) => blocked.bytes(),
            Form::Merged(merged) => merged.bytes(),
            Form::Depthwise(depthwise) => depthwise.bytes(),
            Form::Patches(patches, blocked) => {
                patches.bytes() + blocked.get().map_or(0, Blocked::bytes)
            }
            Form::Phases(packed) => packed.bytes(),
            Form::Channels => 0,
        };
        let channels = self.channels.get().map_or(0, ChannelWeights::bytes);
        let winograd = self.winograd.as_ref().map_or(0, Winograd::bytes);
        form + channels + winograd + self.tiny.as_ref().map_or(0, Tiny::bytes)
    }

    /// Runs the call; its output is not empty.
    pub(crate) fn run(&self, call: Call<'_, T>) -> Result<(), Error> {
        let (choice, size) = self.decide(call.sizes, call.options)?;
        let Run {
            threads, layout, ..
        } = *call.options;
        match (choice.algorithm, &self.tiny, &self.form) {
            (Algorithm::Tiny, Some(tiny), _) => {
                tiny.run(call);
                Ok(())
            }
            (Algorithm::Channels, ..) => {
                Channels::new(self.channels()?, call.sizes, threads, layout)?.run(call)
            }
            (algorithm, _, Form::Tiles(blocked)) => match &self.winograd {
                Some(winograd) if algorithm == Algorithm::Winograd => {
                    winograd.run(blocked, size, call)
                }
                _ => Tiles::new(Packing::Channels(blocked), call.sizes, threads)?.run(call),
            },
            (_, _, Form::Merged(merged)) => {
                Tiles::new(Packing::Phases(merged), call.sizes, threads)?.run(call)
            }
            (_, _, Form::Depthwise(depthwise)) => depthwise.run(call),
            (Algorithm::Patches, _, Form::Patches(packed, _)) => {
                Patches::new(packed, call.sizes, threads).run(call)
            }
            (_, _, Form::Patches(packed, blocked)) => {
                let blocked = self.blocked(packed, blocked)?;
                Tiles::new(Packing::Channels(blocked), call.sizes, threads)?.run(call)
            }
            (_, _, Form::Phases(packed)) => Phases::new(packed, call.sizes)?.run(call),
            (algorithm, _, Form::Channels) => Err(Error::Algorithm(algorithm)),
        }
    }
}
