//! The sums of a box of outputs and a block of channels.

use std::ops::Range;

use convt_simd::{Isa, LaneTap, Lanes, Place, lane_tiles};

use super::Channels;
use super::line::{LinePhase, Zone};
use super::packed::Block;
use crate::Element;

/// Bytes of weights that a chunk of input channels is cut to.
const CHUNK_BYTES: usize = 32 << 10;

/// The same for an input of one element: each weight is used once, and a chunk is what may be asked for ahead.
const STAMP_BYTES: usize = 64 << 10;

/// Cache lines of the next weights that are asked for at a time.
const MOST_PACE: usize = 4;

/// Taps that are summed at a time.
const TAPS: usize = 128;

impl<T: Element> Channels<'_, T> {
    /// Calls `work` for every phase that has outputs in the box: its phases along each axis, and their positions.
    fn each_phase(
        &self,
        outputs: &[Range<usize>; 3],
        mut work: impl FnMut([&LinePhase; 3], [Range<usize>; 3]),
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

    /// Lists the places of a box: by phase, by zone, by image, by position.
    pub(super) fn list_places(
        &self,
        images: &Range<usize>,
        outputs: &[Range<usize>; 3],
        to: &mut Vec<Place>,
    ) {
        let [_, height, width] = outputs.each_ref().map(ExactSizeIterator::len);
        let pixels = outputs[0].len() * height * width;
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
                                to.push(Place {
                                    x: image * self.strides.image + xd + xh + xw,
                                    sum: pixel * self.cut.pitch,
                                });
                            }
                        }
                    }
                }
            });
        });
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
        places: &[Place],
        sums: &mut [T],
    ) {
        if step.block.lanes == self.cut.pitch && self.is_stamp(outputs) {
            self.stamp(step, &places[..images], sums);
            return;
        }
        let ins = self.packed.in_per_group;
        let mut rest = places;
        self.each_phase(outputs, |phases, positions| {
            let (here, later) = rest.split_at(count(&positions) * images);
            rest = later;
            let class =
                std::array::from_fn(|a| self.packed.axes[a].of_tap(self.packed.op, phases[a].tap));
            let weights = self.packed.class(step.block, class);
            let row = weights.len().checked_div(ins).unwrap_or_default();
            let chunk = if phases
                .iter()
                .map(|phase| phase.most_taps())
                .product::<usize>()
                > TAPS
            {
                1 // Taps come in pieces: one input channel must end before the next begins.
            } else {
                (CHUNK_BYTES / size_of::<T>() / row.max(1)).max(1)
            };
            // Taps of tiles per input channel: while they pass, a row of the next weights is asked for.
            let mut steps = 0;
            each_zone(phases, &positions, |zones, positions| {
                let taps = zones.iter().map(|zone| zone.taps.len()).product::<usize>();
                steps += taps * lane_tiles(count(&positions) * images);
            });
            let pace = (row / T::LINE).div_ceil(steps.max(1)).min(MOST_PACE);
            for from in (0..ins).step_by(chunk) {
                let to = (from + chunk).min(ins);
                let mut chunk = Chunk {
                    first: step.first_input + from,
                    channels: to - from,
                    weights: &weights[from * row..to * row],
                    row,
                    next: &weights[to * row..],
                    pace,
                };
                let mut places = here;
                each_zone(phases, &positions, |zones, positions| {
                    let (of_zone, later) = places.split_at(count(&positions) * images);
                    places = later;
                    self.zone(step, &mut chunk, (phases, zones), of_zone, sums);
                });
            }
        });
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
                pace: 16,
            };
            step.isa.lane_sums(&lanes, images, sums);
        }
    }

    /// The products of a chunk with all places of a zone.
    fn zone(
        &self,
        step: &Step<'_, T>,
        chunk: &mut Chunk<'_, T>,
        (phases, zones): ([&LinePhase; 3], [&Zone; 3]),
        places: &[Place],
        sums: &mut [T],
    ) {
        let mut taps = [LaneTap::default(); TAPS];
        let mut listed = 0;
        let mut add = |taps: &[LaneTap]| {
            let lanes = Lanes {
                x: &step.x[chunk.first * self.strides.channel..],
                plane: self.strides.channel,
                planes: chunk.channels,
                taps,
                weights: chunk.weights,
                row: chunk.row,
                lanes: step.block.lanes,
                next: chunk.next,
                pace: chunk.pace,
            };
            let asked = step.isa.lane_sums(&lanes, places, sums);
            chunk.next = &chunk.next[asked..];
        };
        // Along an axis: how far from the nearest input tap t finds its own.
        let offset = |a: usize, t: usize| {
            let beyond = phases[a].offsets[t] - nearest(phases[a], zones[a]);
            beyond as usize * self.strides.axes[a]
        };
        let [_, heights, widths] = phases.map(|phase| phase.offsets.len());
        for d in zones[0].taps.clone() {
            for h in zones[1].taps.clone() {
                let x = offset(0, d) + offset(1, h);
                for w in zones[2].taps.clone() {
                    taps[listed] = LaneTap {
                        x: x + offset(2, w),
                        weight: ((d * heights + h) * widths + w) * step.block.lanes,
                    };
                    listed += 1;
                    if listed == TAPS {
                        add(&taps);
                        listed = 0;
                    }
                }
            }
        }
        if listed > 0 {
            add(&taps[..listed]);
        }
    }
}

/// What is the same for all phases of a block.
pub(super) struct Step<'s, T> {
    pub(super) isa: Isa,
    pub(super) x: &'s [T],
    pub(super) block: Block,
    /// The group's first input channel.
    pub(super) first_input: usize,
}

/// Some input channels and their weights of one class.
struct Chunk<'s, T> {
    /// First input channel, counted over all groups.
    first: usize,
    channels: usize,
    weights: &'s [T],
    /// Weights of one input channel.
    row: usize,
    /// Weights that are wanted after these, as far as they were not asked for, and how fast to ask.
    next: &'s [T],
    pace: usize,
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
