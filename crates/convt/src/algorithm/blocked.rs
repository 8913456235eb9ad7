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
    /// Those of depth, height and width; a layer with fewer axes has leading ones of one tap.
    pub(crate) fn of(layer: &Layer) -> Result<[Self; 3], Error> {
        let [depth, height, width] = layer.axis_taps();
        let along = |axis| Self::new(layer.op(), axis);
        Ok([along(depth)?, along(height)?, along(width)?])
    }

    fn new(op: Op, axis: AxisTaps) -> Result<Self, Error> {
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

    /// The taps of the longest class.
    pub(crate) fn longest(&self) -> usize {
        self.taps
            .iter()
            .map(|class| class.1.len())
            .max()
            .unwrap_or(1)
    }

    /// How many classes have the most taps, where these are the first ones; with a dilation they may be others.
    pub(crate) fn long_ones(&self) -> Option<usize> {
        let lengths = self.taps.iter().map(|class| class.1.len());
        let falling = lengths.clone().is_sorted_by(|a, b| a >= b);
        falling.then(|| lengths.filter(|&length| length == self.longest()).count())
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

/// The bias as one element per output channel: zeros where the layer has none.
pub(crate) fn one_per_channel<T: Element>(layer: &Layer, bias: &[T]) -> Result<Vec<T>, Error> {
    let mut own = reserve("bias", layer.out_channels())?;
    own.extend_from_slice(bias);
    own.resize(layer.out_channels(), T::ZERO);
    Ok(own)
}

/// Output channels that one tile computes together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowBlock {
    /// First output channel, counted over all groups.
    pub(crate) channel: usize,
    pub(crate) rows: usize,
    /// Where the block's weights begin.
    pub(crate) at: usize,
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
    /// Elements of `weights`.
    count: usize,
    weights: Vec<T>,
}

impl<T: Element> Blocked<T> {
    /// Everything but the weights: what a cut depends on.
    pub(crate) fn outline(layer: &Layer) -> Result<Self, Error> {
        let op = layer.op();
        let [depth, height, width] = layer.axis_taps();
        let groups = layer.groups();
        let in_per_group = layer.in_channels() / groups;
        let out_per_group = layer.out_channels() / groups;
        let per_row = [depth, height, width]
            .iter()
            .fold(in_per_group, |n, axis| n.saturating_mul(axis.kernel));
        let mut blocks = reserve("blocks of channels", layer.out_channels())?;
        let mut channel = 0;
        for _ in 0..groups {
            for rows in row_counts(out_per_group) {
                blocks.push(RowBlock {
                    channel,
                    rows,
                    at: channel.saturating_mul(per_row),
                });
                channel += rows;
            }
        }
        Ok(Self {
            op,
            axes: Classes::of(layer)?,
            blocks,
            bias: Vec::new(),
            in_per_group,
            out_per_group,
            count: channel.saturating_mul(per_row),
            weights: Vec::new(),
        })
    }

    /// `weight` has the layer's checked shape; `bias` may be empty.
    pub(crate) fn new(layer: &Layer, weight: &[T], bias: &[T]) -> Result<Self, Error> {
        let mut packed = Self::outline(layer)?;
        let volume = layer.axis_taps().map(|axis| axis.kernel);
        packed.bias = one_per_channel(layer, bias)?;
        packed.weights = reserve("packed weights", weight.len())?;
        let places = packed.places(volume)?;
        for block in packed.blocks.clone() {
            let group = block.channel / packed.out_per_group;
            let first = block.channel % packed.out_per_group;
            packed.pack_block(weight, &places, group, first..first + block.rows);
        }
        Ok(packed)
    }

    /// Where each tap's weights lie within a block, in row-major order of the kernel.
    fn places(&self, [kd, kh, kw]: [usize; 3]) -> Result<Vec<Place>, Error> {
        // Of a tap along one axis: taps of the classes before its own, taps of its own, and its index there.
        let along = |axis: &Classes, kernel: usize| -> Result<Vec<[usize; 3]>, Error> {
            let mut found = reserve("the list of taps", kernel)?;
            found.resize(kernel, [0; 3]);
            let mut before = 0;
            for (_, taps) in &axis.taps {
                for (index, &tap) in taps.iter().enumerate() {
                    found[tap] = [before, taps.len(), index];
                }
                before += taps.len();
            }
            Ok(found)
        };
        let [depth, height, width] = &self.axes;
        let [depth, height, width] = [along(depth, kd)?, along(height, kh)?, along(width, kw)?];
        let mut places = reserve("the list of taps", kd * kh * kw)?;
        for &[before_d, in_d, d] in &depth {
            for &[before_h, in_h, h] in &height {
                places.extend(width.iter().map(|&[before_w, in_w, w]| {
                    let before = before_d * kh * kw + in_d * (before_h * kw + in_h * before_w);
                    Place {
                        first: before * self.in_per_group + (d * in_h + h) * in_w + w,
                        step: in_d * in_h * in_w,
                    }
                }));
            }
        }
        Ok(places)
    }

    /// Appends the weights of one block.
    fn pack_block(
        &mut self,
        weight: &[T],
        places: &[Place],
        group: usize,
        rows: std::ops::Range<usize>,
    ) {
        let ins = self.in_per_group;
        let begin = self.weights.len();
        let count = rows.len();
        self.weights
            .resize(begin + count * ins * places.len(), T::ZERO);
        let from = self.kernels(group, rows.start);
        let packed = &mut self.weights[begin..];
        match count {
            1 => pack_rows::<T, 1>(weight, &from, ins, places, packed),
            2 => pack_rows::<T, 2>(weight, &from, ins, places, packed),
            3 => pack_rows::<T, 3>(weight, &from, ins, places, packed),
            4 => pack_rows::<T, 4>(weight, &from, ins, places, packed),
            5 => pack_rows::<T, 5>(weight, &from, ins, places, packed),
            6 => pack_rows::<T, 6>(weight, &from, ins, places, packed),
            7 => pack_rows::<T, 7>(weight, &from, ins, places, packed),
            8 => pack_rows::<T, 8>(weight, &from, ins, places, packed),
            9 => pack_rows::<T, 9>(weight, &from, ins, places, packed),
            10 => pack_rows::<T, 10>(weight, &from, ins, places, packed),
            _ => pack_rows::<T, 12>(weight, &from, ins, places, packed),
        }
    }

    /// Where the kernels of a block lie whose first output channel is `first` of its group.
    fn kernels(&self, group: usize, first: usize) -> Kernels {
        let (ins, outs) = (self.in_per_group, self.out_per_group);
        match self.op {
            // (C_in, C_out/g, taps)
            Op::ConvTranspose => Kernels {
                first: group * ins * outs + first,
                per_row: 1,
                per_input: outs,
            },
            // (C_out, C_in/g, taps)
            Op::Conv => Kernels {
                first: (group * outs + first) * ins,
                per_row: ins,
                per_input: 1,
            },
        }
    }

    /// The weights in the layer's own order.
    pub(crate) fn unpacked(&self) -> Result<Vec<T>, Error> {
        let mut weight = reserve("weights in another order", self.count)?;
        weight.resize(self.count, T::ZERO);
        let volume = [&self.axes[0], &self.axes[1], &self.axes[2]]
            .map(|axis| axis.taps.iter().map(|class| class.1.len()).sum());
        let places = self.places(volume)?;
        for block in &self.blocks {
            let group = block.channel / self.out_per_group;
            let from = self.kernels(group, block.channel % self.out_per_group);
            for i in 0..self.in_per_group {
                for (tap, place) in places.iter().enumerate() {
                    let at = block.at + (place.first + place.step * i) * block.rows;
                    for row in 0..block.rows {
                        let kernel = from.first + from.per_row * row + from.per_input * i;
                        weight[kernel * places.len() + tap] = self.weights[at + row];
                    }
                }
            }
        }
        Ok(weight)
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

    /// Groups of channels.
    pub(crate) fn groups(&self) -> usize {
        let last = self.blocks.last().map_or(0, |block| block.channel);
        last / self.out_per_group.max(1) + 1
    }

    pub(crate) fn bytes(&self) -> usize {
        self.count.saturating_mul(size_of::<T>()) + size_of_val(&self.bias[..])
    }
}

/// Where the weights of one tap lie within a block, in units of the block's rows: `first + step*i` for input channel `i`.
struct Place {
    first: usize,
    step: usize,
}

/// Where the kernels of a block lie in the layer's weight, in units of kernels: `first + per_row*row + per_input*i`.
struct Kernels {
    first: usize,
    per_row: usize,
    per_input: usize,
}

/// Packs a block of `R` rows. At each input channel the rows' kernels are read together, each front to back, and a tap's `R`
/// weights are stored beside each other; the classes are as many streams, each written in order.
fn pack_rows<T: Element, const R: usize>(
    weight: &[T],
    from: &Kernels,
    ins: usize,
    places: &[Place],
    packed: &mut [T],
) {
    let taps = places.len();
    let (packed, _) = packed.as_chunks_mut::<R>();
    for i in 0..ins {
        let rows: [&[T]; R] = std::array::from_fn(|row| {
            let kernel = from.first + from.per_row * row + from.per_input * i;
            &weight[kernel * taps..][..taps]
        });
        for (tap, place) in places.iter().enumerate() {
            packed[place.first + place.step * i] = std::array::from_fn(|row| rows[row][tap]);
        }
    }
}

/// Splits `channels` rows into tiles' row counts at the least cost.
fn row_counts(channels: usize) -> Vec<usize> {
    // What a tile costs per position and tap, in units of one row of a full tile: small tiles wait for their loads.
    const COST: [usize; TILE_ROWS.len()] = [27, 34, 39, 46, 57, 63, 75, 80, 90, 102, 118];
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
