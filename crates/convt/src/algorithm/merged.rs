//! Weights of layers with few output channels, whose phases are rows of a tile too.
//!
//! Phases of a transposed convolution read the same inputs, each with taps of its own. With one to three output channels a
//! tile of channels alone would have few rows and wait for its loads, so rows are (phase along depth and height, phase along
//! the width, channel), and the taps of all phases are counted from their first. Classes of taps are those of
//! [`super::blocked`], which do not depend on any size.
//!
//! Layout: `[unit][block][input channel of the group][tap of the longest class][row that has the tap]`.

use convt_geometry::Op;
use convt_simd::{GRIDS, Grid, TILE_ROWS};

use super::blocked::{Classes, RowBlock, one_per_channel};
use crate::tensor::reserve;
use crate::{Element, Error, Layer};

/// Output channels of a group up to which phases are rows.
const FEW: usize = 3;

/// The longest kernel axis, dilation included: positions shared by phases lie as far apart as their taps.
const REACH: usize = 128;

/// Rows of all blocks up to which their sums are held together.
const HELD: usize = 48;

/// Rows of a tile.
#[derive(Clone, Debug)]
pub(crate) enum Rows {
    /// All of them take part in every tap.
    Plain,
    /// Some have fewer taps.
    Grid(Grid),
}

/// Rows that one tile computes together.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// Classes along depth and height.
    pub(crate) pairs: Vec<(usize, usize)>,
    /// Classes along the width.
    pub(crate) widths: std::ops::Range<usize>,
    pub(crate) rows: Rows,
    /// Rows in all: pairs by widths by channels.
    pub(crate) count: usize,
    /// Taps of the longest class along each axis that the block has.
    pub(crate) taps: [usize; 3],
    /// Where the block's weights begin within its unit, and how many there are for one input channel.
    at: usize,
    pub(crate) each: usize,
}

/// A layer's weights for tiles whose rows are phases, and its bias.
#[derive(Clone, Debug)]
pub(crate) struct Merged<T> {
    pub(crate) axes: [Classes; 3],
    /// The output channels of each group; `at` is where their weights begin.
    pub(crate) units: Vec<RowBlock>,
    /// The blocks of every unit.
    pub(crate) blocks: Vec<Block>,
    pub(crate) bias: Vec<T>,
    pub(crate) in_per_group: usize,
    pub(crate) out_per_group: usize,
    weights: Vec<T>,
}

impl<T: Element> Merged<T> {
    /// `None` where tiles of channels are as good, or the phases do not form rows that tiles exist for.
    pub(crate) fn new(layer: &Layer, weight: &[T], bias: &[T]) -> Result<Option<Self>, Error> {
        let Some(mut merged) = Self::outline(layer)? else {
            return Ok(None);
        };
        merged.bias = one_per_channel(layer, bias)?;
        merged.weights = reserve("packed weights", weight.len())?;
        let [_, kh, kw] = layer.axis_taps().map(|axis| axis.kernel);
        let taps = weight.len() / (layer.in_channels() * merged.out_per_group);
        for unit in 0..merged.units.len() {
            for block in &merged.blocks {
                for i in 0..merged.in_per_group {
                    let input = unit * merged.in_per_group + i;
                    let pack = |[d, h, w]: [usize; 3], o: usize| {
                        // (C_in, C_out/g, taps)
                        let from = (input * merged.out_per_group + o) * taps;
                        merged.weights.push(weight[from + (d * kh + h) * kw + w]);
                    };
                    merged_rows(&merged.axes, block, merged.out_per_group, pack);
                }
            }
        }
        Ok(Some(merged))
    }

    /// Everything but weights and bias.
    pub(crate) fn outline(layer: &Layer) -> Result<Option<Self>, Error> {
        let axes = layer.axis_taps();
        let groups = layer.groups();
        let (in_per_group, out_per_group) =
            (layer.in_channels() / groups, layer.out_channels() / groups);
        let within = axes.iter().all(|axis| {
            let span = (axis.kernel - 1).checked_mul(axis.dilation);
            span.is_some_and(|span| span < REACH)
        });
        let phases = axes.iter().any(|axis| axis.stride > 1);
        let few = (1..=FEW).contains(&out_per_group);
        if layer.op() != Op::ConvTranspose || !within || !phases || !few {
            return Ok(None);
        }
        let axes = Classes::of(layer)?;
        let Some(blocks) = blocks(&axes, out_per_group) else {
            return Ok(None);
        };
        let each: usize = blocks.iter().map(|block| block.each).sum();
        let unit = |group: usize| RowBlock {
            channel: group * out_per_group,
            rows: out_per_group,
            at: group * in_per_group * each,
        };
        Ok(Some(Self {
            axes,
            units: (0..groups).map(unit).collect(),
            blocks,
            bias: Vec::new(),
            in_per_group,
            out_per_group,
            weights: Vec::new(),
        }))
    }

    /// The weights of one block of a unit, for input channels `channels` of the group.
    pub(crate) fn weights(
        &self,
        unit: RowBlock,
        block: &Block,
        channels: std::ops::Range<usize>,
    ) -> &[T] {
        let at = unit.at + block.at * self.in_per_group + block.each * channels.start;
        &self.weights[at..at + block.each * channels.len()]
    }

    /// Whether the sums of all blocks are held until every input channel is added.
    pub(crate) fn held(&self) -> bool {
        self.blocks.iter().map(|block| block.count).sum::<usize>() <= HELD
    }

    /// Rows of sums that are held at a time: those of all blocks, or of the largest one.
    pub(crate) fn rows(&self) -> usize {
        let counts = self.blocks.iter().map(|block| block.count);
        if self.held() {
            counts.sum()
        } else {
            counts.max().unwrap_or(1)
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&self.weights[..]) + size_of_val(&self.bias[..])
    }
}

/// Calls `each(tap, channel)` for every tap of the longest class and every row that has it, in the order of the weights.
fn merged_rows(
    axes: &[Classes; 3],
    block: &Block,
    channels: usize,
    mut each: impl FnMut([usize; 3], usize),
) {
    let tap = |axis: usize, class: usize, n: usize| axes[axis].taps[class].1.get(n).copied();
    for d in 0..block.taps[0] {
        for h in 0..block.taps[1] {
            for w in 0..block.taps[2] {
                for &(cd, ch) in &block.pairs {
                    for cw in block.widths.clone() {
                        let taps = (tap(0, cd, d), tap(1, ch, h), tap(2, cw, w));
                        if let (Some(d), Some(h), Some(w)) = taps {
                            (0..channels).for_each(|o| each([d, h, w], o));
                        }
                    }
                }
            }
        }
    }
}

/// The blocks of `channels` channels, or `None` where some rows would need a tile that does not exist.
fn blocks(axes: &[Classes; 3], channels: usize) -> Option<Vec<Block>> {
    let most = TILE_ROWS[TILE_ROWS.len() - 1];
    let [depth, height, width] = axes;
    let even = |axis: &Classes| axis.long_ones() == Some(axis.taps.len());
    height.long_ones()?;
    let long_w = width.long_ones()? * channels;
    let widths = width.taps.len();
    let across = widths * channels;
    // Rows of neighbouring pairs, where all have the tap or those along the height are ordered by how many they have.
    let grid = |pairs: &[(usize, usize)]| {
        let taps = |pair: &(usize, usize)| height.taps[pair.1].1.len();
        let first = pairs.first().map_or(0, taps);
        let part = pairs.iter().take_while(|pair| taps(pair) == first).count();
        let wanted = Grid {
            outer: (pairs.len(), part),
            inner: (across, long_w),
        };
        let falling = pairs.is_sorted_by_key(|pair| std::cmp::Reverse(taps(pair)));
        (falling && GRIDS.contains(&wanted)).then_some(wanted)
    };
    let all: Vec<(usize, usize)> = (0..depth.taps.len())
        .flat_map(|d| (0..height.taps.len()).map(move |h| (d, h)))
        .collect();
    // Pairs of one block have as many taps along the depth.
    let alike: Vec<&[(usize, usize)]> = all.chunk_by(|a, b| a.0 == b.0 || even(depth)).collect();
    let stepped = !even(width);
    let exist = |n: usize| {
        alike
            .iter()
            .all(|same| same.chunks(n).all(|pairs| grid(pairs).is_some()))
    };
    // Pairs of phases that one block takes.
    let pairs = match (stepped, even(height)) {
        (true, _) if exist(2) => 2,
        (true, _) if exist(1) => 1,
        (true, _) => return None,
        (false, true) => (most / across.max(1)).max(1),
        (false, false) => 1,
    };
    let mut blocks = Vec::new();
    let mut at = 0;
    for same in alike {
        for pairs in same.chunks(pairs) {
            let shape = grid(pairs).filter(|_| stepped);
            let mut from = 0;
            while from < widths {
                let fitting = if shape.is_some() {
                    widths
                } else {
                    (most / (pairs.len() * channels)).max(1)
                };
                let mut to = (from + fitting).min(widths);
                // A tile of as many rows exists.
                while !TILE_ROWS.contains(&(pairs.len() * (to - from) * channels)) && to > from + 1
                {
                    to -= 1;
                }
                let count = pairs.len() * (to - from) * channels;
                let longest = |axis: &Classes, classes: &mut dyn Iterator<Item = usize>| {
                    classes
                        .map(|class| axis.taps[class].1.len())
                        .max()
                        .unwrap_or(0)
                };
                let mut block = Block {
                    pairs: pairs.to_vec(),
                    widths: from..to,
                    rows: shape.map_or(Rows::Plain, Rows::Grid),
                    count,
                    taps: [
                        longest(depth, &mut pairs.iter().map(|pair| pair.0)),
                        longest(height, &mut pairs.iter().map(|pair| pair.1)),
                        longest(width, &mut (from..to)),
                    ],
                    at,
                    each: 0,
                };
                let mut each = 0;
                merged_rows(axes, &block, channels, |_, _| each += 1);
                block.each = each;
                at += each;
                blocks.push(block);
                from = to;
            }
        }
    }
    let exists = |block: &Block| TILE_ROWS.contains(&block.count);
    blocks.iter().all(exists).then_some(blocks)
}
