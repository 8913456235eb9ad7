//! The sums of a box of outputs and a block of channels.

use std::ops::Range;

use convt_simd::{Isa, LaneTap, Lanes, PACE, Place, lane_tiles};

use super::Channels;
use super::line::{LinePhase, Zone};
use super::packed::Block;
use crate::Element;

/// Bytes of weights that a chunk of input channels is cut to: they share the first-level cache with the input's rows.
const CHUNK_BYTES: usize = 24 << 10;

/// The same for an input of one element: each weight is used once, and a chunk is what may be asked for ahead.
const STAMP_BYTES: usize = 64 << 10;

/// How fast the next weights are asked for at most: four cache lines at each tap of a tile.
const MOST_PACE: usize = 4 * PACE;

/// Taps of a phase's zones and some input channels that are listed at most.
const LISTED: usize = 1024;

/// Taps that are summed at a time where one input channel has more.
const TAPS: usize = 128;

impl<T: Element> Channels<'_, T> {
    /// Calls `work` for every phase that has outputs in the box: its phases along each axis, and their positions.
    fn each_phase<'s>(
        &'s self,
        outputs: &[Range<usize>; 3],
        mut work: impl FnMut([&'s LinePhase; 3], [Range<usize>; 3]),
    ) {
        let [depth, height, width] = &self.lines;
        for pd in &depth.phases {
            let d = depth.positions(pd, &outputs[0]);
            for ph in &height.phases {
                let h = height.positions(ph, &outputs[1]);
                for pw in &width.phases {
                    let w = width.positions(pw, &outputs[2]);
                    if !(d.is_empty() || h.is_empty() || w.is_empty()) {
                        work([pd, ph, pw], [d.clone(), h.clone(), w]);
                    }
                }
            }
        }
    }

    /// Lists the places of a box: by phase, by zone, by image, by position. Their sums lie in this order as well, so that
    /// those of a tile are neighbours; those of a stamp lie in the order of outputs.
    pub(super) fn list_places(
        &self,
        images: &Range<usize>,
        outputs: &[Range<usize>; 3],
        to: &mut Places,
    ) {
        let [_, height, width] = outputs.each_ref().map(ExactSizeIterator::len);
        let pixels = outputs[0].len() * height * width;
        let is_stamp = self.is_stamp(outputs);
        let Places {
            list: places, rows, ..
        } = to;
        places.clear();
        rows.clear();
        rows.resize(pixels * images.len(), usize::MAX);
        self.each_phase(outputs, |phases, positions| {
            each_zone(phases, &positions, |zones, positions| {
                // Along an axis: where the taps of position m count from in the input, and its output within the box.
                let at = |a: usize, m: usize| {
                    let line = &self.lines[a];
                    let input = (line.input_step * m) as isize + nearest(phases[a], zones[a]);
                    let output = phases[a].first + line.step * m - outputs[a].start;
                    (input as usize * self.strides.axes[a], output)
                };
                for image in images.clone() {
                    for d in positions[0].clone() {
                        let (xd, od) = at(0, d);
                        for h in positions[1].clone() {
                            let (xh, oh) = at(1, h);
                            for w in positions[2].clone() {
                                let (xw, ow) = at(2, w);
                                let pixel = (image - images.start) * pixels
                                    + (od * height + oh) * width
                                    + ow;
                                let at = if is_stamp { pixel } else { places.len() };
                                rows[pixel] = at * self.cut.pitch;
                                places.push(Place {
                                    x: image * self.strides.image + xd + xh + xw,
                                    sum: at * self.cut.pitch,
                                });
                            }
                        }
                    }
                }
            });
        });
        // Outputs that no phase has are their bias: their sums lie after the others.
        let others = rows.iter_mut().filter(|row| **row == usize::MAX);
        others
            .zip(places.len()..)
            .for_each(|(row, at)| *row = at * self.cut.pitch);
    }

    /// Starts every sum with the bias.
    pub(super) fn start(&self, block: Block, sums: &mut [T]) {
        let bias = &self.packed.bias[block.channel..][..block.channels];
        for sums in sums.chunks_exact_mut(self.cut.pitch) {
            sums[..block.channels].copy_from_slice(bias);
            sums[block.channels..].fill(T::ZERO);
        }
    }

    /// All sums of one block: the products of every phase, a chunk of input channels at a time.
    pub(super) fn block(
        &self,
        step: &Step<'_, T>,
        outputs: &[Range<usize>; 3],
        images: usize,
        Places { list, taps, .. }: &mut Places,
        sums: &mut [T],
    ) {
        let places = &list[..];
        if step.block.lanes == self.cut.pitch && self.is_stamp(outputs) {
            self.stamp(step, &places[..images], sums);
            return;
        }
        // Each phase is summed when it is known which weights come after its own.
        let mut rest = places;
        let mut first = None;
        let mut pending: Option<Phase<'_, T>> = None;
        self.each_phase(outputs, |phases, positions| {
            let (places, later) = rest.split_at(count(&positions) * images);
            rest = later;
            let class =
                std::array::from_fn(|a| self.packed.axes[a].of_tap(self.packed.op, phases[a].tap));
            first.get_or_insert(class);
            let phase = Phase {
                phases,
                positions,
                places,
                weights: self.packed.class(step.block, class),
            };
            let after = phase.weights;
            if let Some(before) = pending.replace(phase) {
                self.phase(step, &before, after, taps, sums);
            }
        });
        if let Some(last) = pending {
            let after = step.after.zip(first);
            let after = after.map_or(&[][..], |(block, class)| self.packed.class(block, class));
            self.phase(step, &last, after, taps, sums);
        }
    }

    /// All sums of a phase and block, a chunk of input channels at a time; the weights of `after` are used next.
    fn phase(
        &self,
        step: &Step<'_, T>,
        phase: &Phase<'_, T>,
        after: &[T],
        taps: &mut Vec<LaneTap>,
        sums: &mut [T],
    ) {
        let Phase {
            phases,
            ref positions,
            places,
            weights,
        } = *phase;
        let ins = self.packed.in_per_group;
        let row = weights.len().checked_div(ins).unwrap_or_default();
        let of_zones =
            |zones: [&Zone; 3]| zones.iter().map(|zone| zone.taps.len()).product::<usize>();
        let images = places
            .len()
            .checked_div(count(positions))
            .unwrap_or_default();
        // Of one input channel: taps of all zones, and taps of tiles. While the latter pass, a row of the next weights is
        // asked for.
        let (mut of_channel, mut steps) = (0, 0);
        each_zone(phases, positions, |zones, positions| {
            of_channel += of_zones(zones);
            steps += of_zones(zones) * lane_tiles(count(&positions) * images);
        });
        let long = of_channel > LISTED;
        let most = if long {
            1 // Taps come in pieces: one input channel must end before the next begins.
        } else {
            let near = CHUNK_BYTES / size_of::<T>() / row.max(1);
            near.clamp(1, LISTED / of_channel.max(1)).min(ins.max(1))
        };
        taps.clear();
        each_zone(phases, positions, |zones, _| {
            for i in 0..if long { 0 } else { most } {
                self.each_tap(step.block, (phases, zones), |tap| {
                    taps.push(LaneTap {
                        x: i * self.strides.channel + tap.x,
                        weight: i * row + tap.weight,
                    });
                });
            }
        });
        let pace = (row / T::LINE * PACE).div_ceil(steps.max(1)).min(MOST_PACE);
        for from in (0..ins).step_by(most) {
            let to = (from + most).min(ins);
            let next = if to < ins {
                &weights[to * row..]
            } else {
                after
            };
            let mut chunk = Chunk {
                x: &step.x[(step.first_input + from) * self.strides.channel..],
                weights: &weights[from * row..to * row],
                next: &next[..next.len().min(most * row)],
                pace,
                lanes: step.block.lanes,
            };
            let mut places = places;
            let mut listed = &taps[..];
            each_zone(phases, positions, |zones, positions| {
                let (of_zone, later) = places.split_at(count(&positions) * images);
                places = later;
                if !long {
                    let each = of_zones(zones);
                    let (taps, later) = listed.split_at(each * most);
                    listed = later;
                    chunk.add(step.isa, &taps[..each * (to - from)], of_zone, sums);
                    return;
                }
                let mut piece = [LaneTap::default(); TAPS];
                let mut filled = 0;
                self.each_tap(step.block, (phases, zones), |tap| {
                    piece[filled] = tap;
                    filled += 1;
                    if filled == TAPS {
                        chunk.add(step.isa, &piece, of_zone, sums);
                        filled = 0;
                    }
                });
                chunk.add(step.isa, &piece[..filled], of_zone, sums);
            });
        }
    }

    /// Whether the input is one element and the box its whole stamp: output `t` along each axis meets tap `t` alone, so that
    /// the sums of an image lie as the weights of an input channel do, all outputs' lanes side by side.
    fn is_stamp(&self, outputs: &[Range<usize>; 3]) -> bool {
        self.lines.iter().zip(outputs).all(|(line, outputs)| {
            let [phase] = &line.phases[..] else {
                return false;
            };
            let zone = |m: usize| Zone {
                positions: m..m + 1,
                taps: m..m + 1,
            };
            (line.input, line.step) == (1, 1)
                && *outputs == (0..line.output)
                && phase.offsets.len() == line.output
                && phase.zones.iter().cloned().eq((0..line.output).map(zone))
        })
    }

    /// All sums of one block where [`Self::is_stamp`] holds: a product of a row and a matrix, for each image.
    fn stamp(&self, step: &Step<'_, T>, images: &[Place], sums: &mut [T]) {
        let ins = self.packed.in_per_group;
        let weights = self.packed.class(step.block, [0; 3]);
        let row = weights.len().checked_div(ins).unwrap_or_default();
        let chunk = (STAMP_BYTES / size_of::<T>() / row.max(1)).max(1);
        for from in (0..ins).step_by(chunk) {
            let to = (from + chunk).min(ins);
            let lanes = Lanes {
                x: &step.x[(step.first_input + from) * self.strides.channel..],
                plane: self.strides.channel,
                planes: to - from,
                taps: &[LaneTap::default()],
                weights: &weights[from * row..to * row],
                row,
                lanes: row,
                next: &weights[to * row..],
                pace: 16 * PACE,
            };
            step.isa.lane_sums(&lanes, images, sums);
        }
    }

    /// Calls `to` for every tap of a zone: where its input and its weights lie in those of an input channel.
    fn each_tap(
        &self,
        block: Block,
        (phases, zones): ([&LinePhase; 3], [&Zone; 3]),
        mut to: impl FnMut(LaneTap),
    ) {
        // Along an axis: how far from the nearest input tap t finds its own.
        let nearest: [isize; 3] = std::array::from_fn(|a| nearest(phases[a], zones[a]));
        let offset = |a: usize, t: usize| {
            let beyond = phases[a].offsets[t] - nearest[a];
            beyond as usize * self.strides.axes[a]
        };
        let [_, heights, widths] = phases.map(|phase| phase.offsets.len());
        for d in zones[0].taps.clone() {
            for h in zones[1].taps.clone() {
                let x = offset(0, d) + offset(1, h);
                for w in zones[2].taps.clone() {
                    to(LaneTap {
                        x: x + offset(2, w),
                        weight: ((d * heights + h) * widths + w) * block.lanes,
                    });
                }
            }
        }
    }
}

/// The places of a box.
#[derive(Default)]
pub(super) struct Places {
    list: Vec<Place>,
    /// Where the sums of every output begin: image by image, outputs in row-major order.
    pub(super) rows: Vec<usize>,
    /// The taps of a phase's zones, for the input channels that are summed at a time.
    taps: Vec<LaneTap>,
}

/// What is the same for all phases of a block.
pub(super) struct Step<'s, T> {
    pub(super) isa: Isa,
    pub(super) x: &'s [T],
    pub(super) block: Block,
    /// The block that follows.
    pub(super) after: Option<Block>,
    /// The group's first input channel.
    pub(super) first_input: usize,
}

/// A phase of a box: its positions along each axis, its places, and its weights.
struct Phase<'s, T> {
    phases: [&'s LinePhase; 3],
    positions: [Range<usize>; 3],
    places: &'s [Place],
    weights: &'s [T],
}

/// Some input channels and their weights of one class.
struct Chunk<'s, T> {
    /// The input from the first channel on.
    x: &'s [T],
    weights: &'s [T],
    /// Weights that are wanted after these, as far as they were not asked for, and how fast to ask.
    next: &'s [T],
    pace: usize,
    lanes: usize,
}

impl<T: Element> Chunk<'_, T> {
    /// The products of taps with all places of a zone.
    fn add(&mut self, isa: Isa, taps: &[LaneTap], places: &[Place], sums: &mut [T]) {
        let lanes = Lanes {
            x: self.x,
            plane: 0,
            planes: 1,
            taps,
            weights: self.weights,
            row: 0,
            lanes: self.lanes,
            next: self.next,
            pace: self.pace,
        };
        let asked = isa.lane_sums(&lanes, places, sums);
        self.next = &self.next[asked..];
    }
}

/// Positions, or outputs, of a box.
pub(super) fn count(ranges: &[Range<usize>; 3]) -> usize {
    ranges.iter().map(ExactSizeIterator::len).product()
}

/// The smallest offset of a zone's taps: 0 where it has none.
fn nearest(phase: &LinePhase, zone: &Zone) -> isize {
    let offsets = &phase.offsets[zone.taps.clone()];
    let ends = offsets.first().min(offsets.last());
    ends.copied().unwrap_or_default()
}

/// Calls `work` for every zone of a phase that has some of the positions, along each axis, with those it has.
fn each_zone(
    phases: [&LinePhase; 3],
    positions: &[Range<usize>; 3],
    mut work: impl FnMut([&Zone; 3], [Range<usize>; 3]),
) {
    let zones = |a: usize| {
        phases[a].zones.iter().filter_map(move |zone| {
            let from = zone.positions.start.max(positions[a].start);
            let to = zone.positions.end.min(positions[a].end);
            (from < to).then_some((zone, from..to))
        })
    };
    for (zd, d) in zones(0) {
        for (zh, h) in zones(1) {
            for (zw, w) in zones(2) {
                work([zd, zh, zw], [d.clone(), h.clone(), w]);
            }
        }
    }
}
