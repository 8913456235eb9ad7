//! Which algorithm runs: a pure function of a few facts about the layer, the sizes and the options.

use std::fmt;

/// How the engine computes a run. All but [`Algorithm::Winograd`] give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// The definition itself, for problems that are over before a table is made.
    Tiny,
    /// Spread rows, for one input channel per group.
    Depthwise,
    /// Lanes along output channels, for few positions.
    Channels,
    /// Fewer products than taps, with a stated error bound; never in an exact run.
    Winograd,
    /// A product of matrices whose rows are patches: kernel = stride.
    Patches,
    /// Register tiles along positions over a packed panel: the usual one.
    Tiles,
    /// Products that exist and no other, for weights that are not finite.
    Phases,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 7] = [
        Self::Tiny,
        Self::Depthwise,
        Self::Channels,
        Self::Winograd,
        Self::Patches,
        Self::Tiles,
        Self::Phases,
    ];

    /// The name that people read.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tiny => "tiny",
            Self::Depthwise => "depthwise",
            Self::Channels => "channels",
            Self::Winograd => "winograd",
            Self::Patches => "patches",
            Self::Tiles => "tiles",
            Self::Phases => "phases",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the layer and its weights alone decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LayerShape {
    /// There are no weights, or some are NaN or infinite.
    NotFinite,
    /// One input channel per group, in a form whose spread rows are made in one pass.
    Depthwise,
    /// So few output channels that phases are rows of a tile.
    FewChannels,
    /// Kernel = stride: every output has one tap.
    Patches,
    /// Any other.
    Usual,
}

/// What the choice depends on.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools)] // facts of different things
pub(crate) struct Facts {
    /// The form that the layer's weights have.
    pub(crate) shape: LayerShape,
    /// Whether the run is tiny.
    pub(crate) tiny: bool,
    /// Whether channels are the last axis of input and output.
    pub(crate) channels_last: bool,
    /// Whether the run's sizes leave the patches of a kernel = stride whole.
    pub(crate) whole: bool,
    /// Whether Winograd's algorithm may run, and its model of time says that it pays.
    pub(crate) winograd: bool,
    /// Input and output channels of a group.
    pub(crate) channels: (usize, usize),
    /// Weights of a group, and their bytes.
    pub(crate) weights: usize,
    pub(crate) weight_bytes: usize,
    /// Positions of one phase in one image, and spatial axes.
    pub(crate) positions: usize,
    pub(crate) dims: usize,
}

/// An algorithm and why it is the one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) algorithm: Algorithm,
    pub(crate) reason: &'static str,
}

/// The fastest algorithm that is right for these facts.
pub(crate) fn choose(facts: &Facts) -> Choice {
    let is = |algorithm, reason| Choice { algorithm, reason };
    if facts.tiny {
        return is(
            Algorithm::Tiny,
            "so few products are done before a table is made",
        );
    }
    if facts.shape == LayerShape::NotFinite {
        return is(
            Algorithm::Phases,
            "some weights are NaN or infinite, so no product with a border of zeros may be formed",
        );
    }
    if facts.shape == LayerShape::Depthwise {
        return is(
            Algorithm::Depthwise,
            "one input channel per group: rows are spread so that every output is stored once, in order",
        );
    }
    if facts.shape == LayerShape::FewChannels {
        return is(
            Algorithm::Tiles,
            "few output channels: the phases share each load of the input",
        );
    }
    if facts.shape == LayerShape::Patches && facts.whole && !facts.channels_last {
        return is(
            Algorithm::Patches,
            "kernel = stride: every input makes a patch of its own, stored as soon as it is summed",
        );
    }
    let (ins, outs) = facts.channels;
    let few = ins >= 32 && outs >= 32 && facts.positions <= few_positions(facts);
    if few || (facts.channels_last && ins >= 8 && outs >= 16) {
        let reason = if facts.channels_last {
            "channels are the last axis: lanes along them need no transposing pass"
        } else {
            "few positions: lanes along output channels, every weight read once, only taps that land"
        };
        return is(Algorithm::Channels, reason);
    }
    if facts.winograd {
        return is(
            Algorithm::Winograd,
            "short phases of many channels: fewer products than taps, with an error bound like a direct sum's",
        );
    }
    if ins >= 32 && outs >= 32 && facts.weight_bytes >= HEAVY {
        return is(
            Algorithm::Channels,
            "more weights than the second-level cache keeps beside a panel: lanes along output channels read each once a piece",
        );
    }
    is(
        Algorithm::Tiles,
        "lanes along the width, inputs packed once with their border of zeros",
    )
}

/// Bytes of a group's weights from which tiles, which go through all of them for each box of positions, were measured to
/// lose to lanes along channels, whatever the number of positions: half of a second-level cache of 2 MiB.
const HEAVY: usize = 1 << 20;

/// Why `algorithm` is not the one that `chosen` is.
pub(crate) fn why_not(algorithm: Algorithm, chosen: Algorithm, finite: bool) -> &'static str {
    match algorithm {
        Algorithm::Tiny => "prepares nothing, which pays for few products alone",
        Algorithm::Depthwise => {
            "for transposed convolutions of one input channel per group, along at most two axes"
        }
        Algorithm::Channels => {
            "for few positions or very many weights, with many channels; or channels as the last axis"
        }
        Algorithm::Winograd => {
            "for two or three taps a phase, many channels and positions, and runs that are not exact"
        }
        Algorithm::Patches => "for kernel = stride without padding, and pointwise convolutions",
        Algorithm::Tiles if !finite => {
            "multiplies a border of zeros, which some weights (NaN or infinite) do not allow"
        }
        Algorithm::Tiles if chosen == Algorithm::Tiny => {
            "prepares tables, which takes longer than so few products"
        }
        Algorithm::Tiles => "packs a panel and interleaves phases, which costs more here",
        Algorithm::Phases => {
            "slower; it forms no product with a border of zeros, and runs where weights are NaN or infinite"
        }
    }
}

/// Positions up to which lanes along channels were measured to win: fewer in one axis, whose border is two positions, than
/// in two or three, where it is more of the whole; and more where there are so many weights that each box of tiles would
/// fetch them from far away.
fn few_positions(facts: &Facts) -> usize {
    const MANY_WEIGHTS: usize = 4 << 20;
    match facts.dims {
        _ if facts.weights >= MANY_WEIGHTS => 1024,
        1 => 128,
        _ => 300,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Facts = Facts {
        shape: LayerShape::Usual,
        tiny: false,
        channels_last: false,
        whole: false,
        winograd: false,
        channels: (64, 64),
        weights: 64 * 64 * 9,
        weight_bytes: 64 * 64 * 9 * 4,
        positions: 10_000,
        dims: 2,
    };

    #[test]
    fn every_rule_has_its_case() {
        let chosen = |facts: Facts| choose(&facts).algorithm;
        assert_eq!(chosen(USUAL), Algorithm::Tiles);
        let tiny = Facts {
            tiny: true,
            ..USUAL
        };
        assert_eq!(chosen(tiny), Algorithm::Tiny);
        let infinite = Facts {
            shape: LayerShape::NotFinite,
            ..USUAL
        };
        assert_eq!(chosen(infinite), Algorithm::Phases);
        assert_eq!(
            chosen(Facts {
                tiny: true,
                ..infinite
            }),
            Algorithm::Tiny
        );
        let depthwise = Facts {
            shape: LayerShape::Depthwise,
            ..USUAL
        };
        assert_eq!(chosen(depthwise), Algorithm::Depthwise);
        let patches = Facts {
            shape: LayerShape::Patches,
            whole: true,
            ..USUAL
        };
        assert_eq!(chosen(patches), Algorithm::Patches);
        let cut = Facts {
            whole: false,
            ..patches
        };
        assert_eq!(chosen(cut), Algorithm::Tiles);
        let small = Facts {
            positions: 64,
            ..USUAL
        };
        assert_eq!(chosen(small), Algorithm::Channels);
        let few = Facts {
            shape: LayerShape::FewChannels,
            channels: (64, 3),
            ..small
        };
        assert_eq!(chosen(few), Algorithm::Tiles);
        let narrow = Facts {
            channels: (64, 8),
            ..small
        };
        assert_eq!(chosen(narrow), Algorithm::Tiles);
        let short = Facts {
            winograd: true,
            ..USUAL
        };
        assert_eq!(chosen(short), Algorithm::Winograd);
        let last = Facts {
            channels_last: true,
            ..USUAL
        };
        assert_eq!(chosen(last), Algorithm::Channels);
        let heavy = Facts {
            channels: (1024, 256),
            weights: 1024 * 256 * 16,
            positions: 1024,
            ..USUAL
        };
        assert_eq!(chosen(heavy), Algorithm::Channels);
        let many = Facts {
            channels: (256, 128),
            weight_bytes: 256 * 128 * 9 * 4,
            ..USUAL
        };
        assert_eq!(chosen(many), Algorithm::Channels);
        assert_eq!(
            chosen(Facts {
                winograd: true,
                ..many
            }),
            Algorithm::Winograd
        );
        let line = Facts {
            positions: 200,
            dims: 1,
            ..USUAL
        };
        assert_eq!(chosen(line), Algorithm::Tiles);
    }

    #[test]
    fn names_are_different_and_reasons_are_given() {
        let mut names: Vec<_> = Algorithm::ALL.iter().map(|a| a.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Algorithm::ALL.len());
        assert!(!choose(&USUAL).reason.is_empty());
    }
}
