//! Weights in the order in which tiles read them.
//!
//! Taps with the same remainder `t*d mod s` on every axis, a *class*, make up one phase, whatever the crops are: the crop
//! only decides which outputs the phase's are. So classes can be packed before any size is known.
//!
//! Layout: `[block of output channels][class][input channel of the group][tap of the class][row of the block]`, without
//! padding: a block has one of the row counts that tiles exist for.

use convt_geometry::Op;
use convt_simd::TILE_ROWS;

use crate::layer::AxisTaps;
use crate::tensor::reserve;
use crate::{Element, Error, Layer};

/// The taps of one axis by class.
#[derive(Clone, Debug)]
pub(crate) struct Classes {
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    /// `(remainder, taps in ascending order)`, in ascending remainder.
    pub(crate) taps: Vec<(usize, Vec<usize>)>,
}

impl Classes {
    pub(super) fn new(op: Op, axis: AxisTaps) -> Result<Self, Error> {
        let mut keyed = reserve("the list of taps", axis.kernel)?;
        keyed.extend((0..axis.kernel).map(|tap| match op {
            Op::Conv => (0, tap),
            Op::ConvTranspose => (tap * axis.dilation % axis.stride, tap),
        }));
        keyed.sort_unstable();
        let taps = keyed
            .chunk_by(|a, b| a.0 == b.0)
            .map(|class| (class[0].0, class.iter().map(|&(_, tap)| tap).collect()))
            .collect();
        Ok(Self {
            stride: axis.stride,
            dilation: axis.dilation,
            taps,
        })
    }

    /// The class that a tap belongs to.
    pub(crate) fn of_tap(&self, op: Op, tap: usize) -> usize {
        let remainder = match op {
            Op::Conv => 0,
            Op::ConvTranspose => tap * self.dilation % self.stride,
        };
        let found = self.taps.binary_search_by_key(&remainder, |class| class.0);
        found.unwrap_or_default() // every tap has a class
    }
}

/// Output channels that one tile computes together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowBlock {
    /// First output channel, counted over all groups.
    pub(crate) channel: usize,
    pub(crate) rows: usize,
    /// Where the block's weights begin.
    at: usize,
}

/// A layer's weights in tile order, and its bias, one per output channel.
#[derive(Clone, Debug)]
pub(crate) struct Blocked<T> {
    pub(crate) op: Op,
    /// Depth, height, width; a layer with fewer axes has leading ones of one tap.
    pub(crate) axes: [Classes; 3],
    pub(crate) blocks: Vec<RowBlock>,
    pub(crate) bias: Vec<T>,
    pub(crate) in_per_group: usize,
    pub(crate) out_per_group: usize,
    weights: Vec<T>,
}

impl<T: Element> Blocked<T> {
    /// `weight` has the layer's checked shape; `bias` may be empty.
    pub(crate) fn new(layer: &Layer, weight: &[T], bias: &[T]) -> Result<Self, Error> {
        let op = layer.op();
        let [depth, height, width] = layer.axis_taps();
        let axes = [
            Classes::new(op, depth)?,
            Classes::new(op, height)?,
            Classes::new(op, width)?,
        ];
        let volume = [depth.kernel, height.kernel, width.kernel];
        let groups = layer.groups();
        let in_per_group = layer.in_channels() / groups;
        let out_per_group = layer.out_channels() / groups;
        let mut packed = Self {
            op,
            axes,
            blocks: reserve("blocks of channels", layer.out_channels())?,
            bias: reserve("bias", layer.out_channels())?,
            in_per_group,
            out_per_group,
            weights: reserve("packed weights", weight.len())?,
        };
        packed.bias.extend_from_slice(bias);
        packed.bias.resize(layer.out_channels(), T::ZERO);
        for group in 0..groups {
            let mut first = 0;
            for rows in row_counts(out_per_group) {
                packed.blocks.push(RowBlock {
                    channel: group * out_per_group + first,
                    rows,
                    at: packed.weights.len(),
                });
                packed.pack_block(weight, volume, group, first..first + rows);
                first += rows;
            }
        }
        Ok(packed)
    }

    fn pack_block(
        &mut self,
        weight: &[T],
        [kd, kh, kw]: [usize; 3],
        group: usize,
        rows: std::ops::Range<usize>,
    ) {
        let (ins, outs) = (self.in_per_group, self.out_per_group);
        let taps = kd * kh * kw;
        let [depth, height, width] = &self.axes;
        for (_, ds) in &depth.taps {
            for (_, hs) in &height.taps {
                for (_, ws) in &width.taps {
                    for i in 0..ins {
                        for (d, h) in ds.iter().flat_map(|d| hs.iter().map(move |h| (d, h))) {
                            for w in ws {
                                let tap = (d * kh + h) * kw + w;
                                let from = |o: usize| match self.op {
                                    // (C_in, C_out/g, taps)
                                    Op::ConvTranspose => (group * ins + i) * outs + o,
                                    // (C_out, C_in/g, taps)
                                    Op::Conv => (group * outs + o) * ins + i,
                                };
                                let row = rows.clone().map(|o| weight[from(o) * taps + tap]);
                                self.weights.extend(row);
                            }
                        }
                    }
                }
            }
        }
    }

    /// The weights of one block and class (by its index on each axis), for input channels `channels` of the group.
    pub(crate) fn weights(
        &self,
        block: RowBlock,
        class: [usize; 3],
        channels: std::ops::Range<usize>,
    ) -> &[T] {
        let [depth, height, width] = &self.axes;
        let count = |axis: &Classes, below: usize| -> usize {
            axis.taps[..below].iter().map(|class| class.1.len()).sum()
        };
        let all = |axis: &Classes| count(axis, axis.taps.len());
        let of = |axis: &Classes, class: usize| axis.taps[class].1.len();
        // Classes before this one: whole depth classes, then height classes within its depth, then width classes.
        let (d, h) = (of(depth, class[0]), of(height, class[1]));
        let before = count(depth, class[0]) * all(height) * all(width)
            + d * count(height, class[1]) * all(width)
            + d * h * count(width, class[2]);
        let taps = d * h * of(width, class[2]);
        let at = block.at + block.rows * (before * self.in_per_group + taps * channels.start);
        &self.weights[at..at + block.rows * taps * channels.len()]
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&self.weights[..]) + size_of_val(&self.bias[..])
    }
}

/// Splits `channels` rows into tiles' row counts at the least cost.
fn row_counts(channels: usize) -> Vec<usize> {
    // What a tile costs per position and tap, in units of one row of a full tile: small tiles wait for their loads.
    const COST: [usize; 7] = [27, 34, 39, 46, 63, 80, 118];
    let mut counts = Vec::new();
    let mut left = channels;
    // Beyond a few full tiles nothing is won by looking further.
    while left > 48 {
        counts.push(12);
        left -= 12;
    }
    let mut best = vec![(0, 0); left + 1];
    for n in 1..=left {
        best[n] = TILE_ROWS
            .iter()
            .zip(COST)
            .filter(|&(&rows, _)| rows <= n)
            .map(|(&rows, cost)| (best[n - rows].0 + cost, rows))
            .min()
            .unwrap_or((usize::MAX, 1));
    }
    while left > 0 {
        counts.push(best[left].1);
        left -= best[left].1;
    }
    counts
}
