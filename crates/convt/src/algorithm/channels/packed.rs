//! Weights in the order in which lanes read them.
//!
//! Layout: `[block of output channels][class][input channel of the group][tap of the class][lane]`, with the classes of
//! [`Classes`]. A block has up to [`BLOCK_BYTES`] of lanes, one output channel each; in a group's last block lanes beyond
//! its channels have weights of zero, and their sums are never stored.

use std::ops::Range;

use super::aligned::Aligned;
use crate::algorithm::blocked::{Classes, one_per_channel};
use crate::tensor::reserve;
use crate::{Element, Error, Layer};
use convt_geometry::Op;
use convt_simd::{Gather, Isa, Places};

/// Bytes of the lanes of a full block: four cache lines.
const BLOCK_BYTES: usize = 256;

/// Output channels that are computed together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// First output channel, counted over all groups.
    pub(super) channel: usize,
    pub(super) channels: usize,
    /// `channels` rounded up to whole units.
    pub(super) lanes: usize,
    /// Where the block's weights begin.
    at: usize,
}

/// A layer's weights with lanes along output channels, and its bias, one per output channel.
#[derive(Clone, Debug)]
pub(crate) struct ChannelWeights<T> {
    pub(super) op: Op,
    /// Depth, height, width; a layer with fewer axes has leading ones of one tap.
    pub(super) axes: [Classes; 3],
    pub(super) blocks: Vec<Block>,
    pub(super) bias: Vec<T>,
    pub(super) in_per_group: usize,
    pub(super) out_per_group: usize,
    /// Elements of `weights`.
    elements: usize,
    weights: Aligned<T>,
}

impl<T: Element> ChannelWeights<T> {
    /// Everything but weights and bias: what a cut depends on.
    pub(crate) fn outline(layer: &Layer) -> Result<Self, Error> {
        let op = layer.op();
        let taps = layer.axis_taps();
        let axes = Classes::of(layer)?;
        let groups = layer.groups();
        let in_per_group = layer.in_channels() / groups;
        let out_per_group = layer.out_channels() / groups;
        let kernel = taps.map(|axis| axis.kernel);
        let each = kernel.into_iter().fold(in_per_group, usize::saturating_mul);
        let mut blocks = reserve("blocks of channels", layer.out_channels())?;
        let mut at = 0_usize;
        for group in 0..groups {
            let mut first = 0;
            while first < out_per_group {
                let channels = (out_per_group - first).min(BLOCK_BYTES / size_of::<T>());
                let lanes = channels.next_multiple_of(T::LINE);
                blocks.push(Block {
                    channel: group * out_per_group + first,
                    channels,
                    lanes,
                    at,
                });
                at = at.saturating_add(lanes.saturating_mul(each));
                first += channels;
            }
        }
        Ok(Self {
            op,
            axes,
            blocks,
            bias: Vec::new(),
            in_per_group,
            out_per_group,
            elements: at,
            weights: Aligned::zeros("packed weights", 0)?,
        })
    }

    /// `weight` has the layer's checked shape; `bias` may be empty.
    pub(crate) fn new(layer: &Layer, weight: &[T], bias: &[T]) -> Result<Self, Error> {
        let mut packed = Self::outline(layer)?;
        packed.bias = one_per_channel(layer, bias)?;
        // Where there are no weights, nothing is read, and a kernel of any length may be meant.
        if !weight.is_empty() {
            packed.weights = Aligned::zeros("packed weights", packed.elements)?;
            packed.pack(weight, layer.axis_taps().map(|axis| axis.kernel));
        }
        Ok(packed)
    }

    fn pack(&mut self, weight: &[T], [_, kh, kw]: [usize; 3]) {
        let (ins, outs) = (self.in_per_group, self.out_per_group);
        let kernel = weight.len() / (self.bias.len() * ins);
        let Self {
            axes: [depth, height, width],
            blocks,
            weights,
            ..
        } = self;
        let weights = weights.as_mut_slice();
        if self.op == Op::Conv
            && [&*depth, height, width]
                .iter()
                .all(|axis| axis.taps.len() == 1)
        {
            // One class of all taps: channel by channel, inputs and taps lie in the same order on both sides.
            let rows = ins * kernel;
            let mut places = Places::default();
            for block in blocks {
                places.set((0..rows).map(|row| row * block.lanes));
                let gather = Gather {
                    planes: &weight[block.channel * rows..],
                    plane: rows,
                    channels: block.channels,
                    width: block.lanes,
                    places: &places,
                };
                Isa::best().gather(&gather, &mut weights[block.at..]);
            }
            return;
        }
        for block in blocks {
            let (group, first) = (block.channel / outs, block.channel % outs);
            for i in 0..ins {
                // Where the kernel from input channel i to the block's first output channel begins, and the distance to
                // the next one's: (C_in, C_out/g, taps) or (C_out, C_in/g, taps).
                let (from, step) = match self.op {
                    Op::ConvTranspose => (((group * ins + i) * outs + first) * kernel, kernel),
                    Op::Conv => (((group * outs + first) * ins + i) * kernel, ins * kernel),
                };
                // Taps of the classes before this one.
                let mut before = 0;
                for (_, ds) in &depth.taps {
                    for (_, hs) in &height.taps {
                        for (_, ws) in &width.taps {
                            let taps = ds.len() * hs.len() * ws.len();
                            let to = block.at + block.lanes * (before * ins + taps * i);
                            let mut rows = weights[to..].chunks_exact_mut(block.lanes);
                            for (d, h) in ds.iter().flat_map(|d| hs.iter().map(move |h| (d, h))) {
                                for (w, row) in ws.iter().zip(&mut rows) {
                                    let tap = (d * kh + h) * kw + w;
                                    let from = weight[from + tap..].iter().step_by(step);
                                    let to = row[..block.channels].iter_mut();
                                    to.zip(from).for_each(|(to, &weight)| *to = weight);
                                }
                            }
                            before += taps;
                        }
                    }
                }
            }
        }
    }

    /// Everything of one block and class (by its index on each axis): `[input channel][tap][lane]`.
    pub(super) fn class(&self, block: Block, class: [usize; 3]) -> &[T] {
        let [depth, height, width] = &self.axes;
        let count = |axis: &Classes, classes: Range<usize>| -> usize {
            axis.taps[classes].iter().map(|class| class.1.len()).sum()
        };
        let before = |axis: &Classes, class: usize| count(axis, 0..class);
        let all = |axis: &Classes| count(axis, 0..axis.taps.len());
        let of = |axis: &Classes, class: usize| axis.taps[class].1.len();
        // Whole depth classes, then height classes within this depth class, then width classes within both.
        let (d, h) = (of(depth, class[0]), of(height, class[1]));
        let earlier = before(depth, class[0]) * all(height) * all(width)
            + d * before(height, class[1]) * all(width)
            + d * h * before(width, class[2]);
        let taps = d * h * of(width, class[2]);
        let row = block.lanes * self.in_per_group;
        &self.weights.as_slice()[block.at + earlier * row..][..taps * row]
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(self.weights.as_slice()) + size_of_val(&self.bias[..])
    }
}
