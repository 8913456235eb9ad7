//! Weights in blocks of lines.
//!
//! With one tap per output, the weights of an input channel are one row of outputs, `[output channel][tap]` in row-major
//! order, taps being phases: the layer's own order. A *line* is the taps along the width of one output channel and one tap of
//! the other axes; a block is some neighbouring lines.
//!
//! Layout: `[group][block][input channel of the group][line of the block][tap along the width]`.

use std::ops::Range;

use convt_geometry::Op;
use convt_simd::PATCH_BLOCKS;

use super::super::blocked::one_per_channel;
use crate::tensor::reserve;
use crate::{Element, Error, Layer};

/// Input channels of a group at most: a strip's panel is then a quarter of the second-level cache.
const CHANNELS: usize = 4096;

/// Rows of a layer's blocks at least: fewer leave the multipliers waiting for loads.
const ROWS: usize = 8;

/// Some neighbouring lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// First line, counted over all groups.
    pub(super) line: usize,
    pub(super) lines: usize,
    /// Where the block's weights begin.
    at: usize,
}

/// A layer's weights in lines, and its bias, one per output channel.
#[derive(Clone, Debug)]
pub(crate) struct PatchWeights<T> {
    op: Op,
    /// Taps along depth, height and width: a patch.
    pub(super) patch: [usize; 3],
    pub(super) in_per_group: usize,
    pub(super) out_per_group: usize,
    pub(super) blocks: Vec<Block>,
    pub(crate) bias: Vec<T>,
    weights: Vec<T>,
}

/// Whether every output of the layer has one tap: a transposed convolution without overlap, hole or crop, or a pointwise
/// convolution; and blocks for its rows.
pub(crate) fn fits(layer: &Layer) -> bool {
    let apart = layer.axis_taps().iter().all(|axis| match layer.op() {
        Op::ConvTranspose => axis.kernel == axis.stride,
        Op::Conv => axis.kernel == 1 && axis.stride == 1,
    });
    let [.., width] = layer.axis_taps();
    let step = width.kernel;
    let groups = layer.groups().max(1);
    let volume = layer
        .axis_taps()
        .iter()
        .fold(1, |n: usize, axis| n.saturating_mul(axis.kernel));
    let rows = (layer.out_channels() / groups).saturating_mul(volume);
    apart
        && layer.is_uncropped()
        && PATCH_BLOCKS.iter().any(|block| block.0 == step)
        && rows >= ROWS
        && (1..=CHANNELS).contains(&(layer.in_channels() / groups))
}

impl<T: Element> PatchWeights<T> {
    /// Everything but the weights, for a layer that [`fits`].
    pub(crate) fn outline(layer: &Layer) -> Result<Self, Error> {
        let groups = layer.groups();
        let (in_per_group, out_per_group) =
            (layer.in_channels() / groups, layer.out_channels() / groups);
        let patch = layer.axis_taps().map(|axis| axis.kernel);
        let [depth, height, step] = patch;
        let lines = out_per_group.saturating_mul(depth).saturating_mul(height);
        let counts = || {
            PATCH_BLOCKS
                .iter()
                .filter(move |block| block.0 == step)
                .map(move |block| block.1 / step)
        };
        let mut blocks = reserve("blocks of lines", groups.saturating_mul(lines))?;
        for group in 0..groups {
            let mut line = 0;
            while line < lines {
                let fitting = counts().find(|&count| count <= lines - line).unwrap_or(1);
                let first = group * lines + line;
                blocks.push(Block {
                    line: first,
                    lines: fitting,
                    at: first.saturating_mul(step).saturating_mul(in_per_group),
                });
                line += fitting;
            }
        }
        Ok(Self {
            op: layer.op(),
            patch,
            in_per_group,
            out_per_group,
            blocks,
            bias: Vec::new(),
            weights: Vec::new(),
        })
    }

    /// `weight` has the layer's checked shape; `bias` may be empty.
    pub(crate) fn new(layer: &Layer, weight: &[T], bias: &[T]) -> Result<Self, Error> {
        let mut packed = Self::outline(layer)?;
        packed.bias = one_per_channel(layer, bias)?;
        packed.weights = reserve("packed weights", weight.len())?;
        let row = packed.row();
        let ins = packed.in_per_group;
        for n in 0..packed.blocks.len() {
            let block = packed.blocks[n];
            let group = packed.group(block);
            let rows = packed.rows_of(block);
            match packed.op {
                // (C_in, C_out/g, taps)
                Op::ConvTranspose => {
                    for i in 0..ins {
                        let from = (group * ins + i) * row;
                        packed
                            .weights
                            .extend_from_slice(&weight[from + rows.start..from + rows.end]);
                    }
                }
                // (C_out, C_in/g)
                Op::Conv => {
                    for i in 0..ins {
                        let of = |o: usize| weight[(group * row + o) * ins + i];
                        packed.weights.extend(rows.clone().map(of));
                    }
                }
            }
        }
        Ok(packed)
    }

    /// The weights in the layer's own order.
    pub(crate) fn unpacked(&self) -> Result<Vec<T>, Error> {
        let mut weight = reserve("weights in another order", self.weights.len())?;
        weight.resize(self.weights.len(), T::ZERO);
        let (row, ins) = (self.row(), self.in_per_group);
        for &block in &self.blocks {
            let (group, rows) = (self.group(block), self.rows_of(block));
            for (i, from) in self.of(block).chunks_exact(rows.len()).enumerate() {
                for (o, &value) in rows.clone().zip(from) {
                    let at = match self.op {
                        Op::ConvTranspose => (group * ins + i) * row + o,
                        Op::Conv => (group * row + o) * ins + i,
                    };
                    weight[at] = value;
                }
            }
        }
        Ok(weight)
    }

    /// Rows of a group: output channels by taps.
    fn row(&self) -> usize {
        self.out_per_group * self.patch.iter().product::<usize>()
    }

    /// Lines of one output channel.
    pub(super) fn lines_per_channel(&self) -> usize {
        self.patch[0] * self.patch[1]
    }

    pub(super) fn group(&self, block: Block) -> usize {
        block.line / (self.out_per_group * self.lines_per_channel())
    }

    /// The rows of its group that a block has.
    fn rows_of(&self, block: Block) -> Range<usize> {
        let step = self.patch[2];
        let line = block.line % (self.out_per_group * self.lines_per_channel());
        line * step..(line + block.lines) * step
    }

    /// The weights of a block.
    pub(super) fn of(&self, block: Block) -> &[T] {
        &self.weights[block.at..][..block.lines * self.patch[2] * self.in_per_group]
    }

    /// The output channels of blocks that begin and end between channels.
    pub(super) fn channels_of(&self, blocks: &[Block]) -> Range<usize> {
        let per_channel = self.lines_per_channel();
        let begin = blocks.first().map_or(0, |block| block.line);
        let end = blocks.last().map_or(0, |block| block.line + block.lines);
        begin / per_channel..end / per_channel
    }

    /// Blocks up to and with one that ends with a channel.
    fn whole(&self) -> impl Iterator<Item = &[Block]> {
        let per_channel = self.lines_per_channel();
        let goes_on = move |a: &Block, _: &Block| !(a.line + a.lines).is_multiple_of(per_channel);
        self.blocks.chunk_by(goes_on)
    }

    /// Parts at most that the blocks can be taken apart in, between channels.
    pub(super) fn units(&self) -> usize {
        self.whole().count()
    }

    /// At most `pieces` parts of the blocks, each of whole channels.
    pub(super) fn parts(&self, pieces: usize) -> Vec<&[Block]> {
        let each = self.units().div_ceil(pieces.max(1)).max(1);
        let lengths: Vec<usize> = self.whole().map(<[Block]>::len).collect();
        let mut rest = &self.blocks[..];
        let mut parts = Vec::new();
        for lengths in lengths.chunks(each) {
            let (part, others) = rest.split_at(lengths.iter().sum());
            parts.push(part);
            rest = others;
        }
        parts
    }

    pub(super) fn weight_bytes(&self) -> usize {
        let volume: usize = self.patch.iter().product();
        let groups = self.blocks.last().map_or(0, |block| self.group(*block) + 1);
        groups * self.in_per_group * self.out_per_group * volume * size_of::<T>()
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&self.weights[..]) + size_of_val(&self.bias[..]) + size_of_val(&self.blocks[..])
    }
}
