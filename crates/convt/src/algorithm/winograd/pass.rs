//! The loops of a run: blocks of tiles, blocks of channels, pieces of input channels, points.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use convt_simd::{Isa, Routine, Taps};

use super::super::blocked::Blocked;
use super::Geometry;
use super::cut::{Cut, Job, unit_sums};
use super::input::{Transform, point_elements};
use super::lanes::LANES;
use super::output::{Destination, Finish, ROWS, Sums};
use super::weights::Transformed;
use crate::{Activation, Element};

/// What all jobs of a run share.
pub(super) struct Pass<'a, T> {
    pub(super) geometry: Geometry,
    pub(super) packed: &'a Blocked<T>,
    pub(super) weights: &'a Transformed<T>,
    pub(super) cut: Cut,
    pub(super) isa: Isa,
    pub(super) x: &'a [T],
    pub(super) activation: &'a Activation<T>,
    /// Images with a value that is not finite.
    pub(super) spoilt: &'a Mutex<BTreeSet<usize>>,
}

/// One thread's memory.
struct Memory<'m, T> {
    v: &'m mut [T],
    sums: &'m mut [T],
    rest: &'m mut [T],
}

/// Adds the second to the first.
struct AddTo<'a, T>(&'a mut [T], &'a [T]);

impl<T: Element> Routine for AddTo<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (to, &from) in self.0.iter_mut().zip(self.1) {
            *to = *to + from;
        }
    }
}

/// Some rows of outputs: a block of channels in one class along depth and height.
#[derive(Clone, Copy)]
struct Unit {
    /// Index into the packed blocks.
    block: usize,
    class: [usize; 2],
}

impl<T: Element> Pass<'_, T> {
    pub(super) fn job(&self, job: &mut Job<'_, T>, memory: &mut [T]) {
        // Whole vectors then lie in one cache line each.
        let skipped = memory.as_ptr().align_offset(64).min(LANES);
        let (v, rest) = memory[skipped..].split_at_mut(self.cut.v(&self.geometry));
        let (sums, rest) = rest.split_at_mut(self.cut.sums(&self.geometry));
        let mut memory = Memory { v, sums, rest };
        let total = job.grid.count();
        let group = |block: usize| self.packed.blocks[block].channel / self.packed.out_per_group;
        for first in (0..total).step_by(self.cut.tiles) {
            let tiles = first..(first + self.cut.tiles).min(total);
            let mut from = job.blocks.start;
            while from < job.blocks.end {
                let same = |&block: &usize| group(block) == group(from);
                let to = (from..job.blocks.end).take_while(same).count() + from;
                self.block(job, &tiles, from..to, &mut memory);
                from = to;
            }
        }
    }

    /// One block of tiles, for blocks of channels of one group.
    fn block(
        &self,
        job: &mut Job<'_, T>,
        tiles: &Range<usize>,
        blocks: Range<usize>,
        memory: &mut Memory<'_, T>,
    ) {
        let [depth, height, _] = self.geometry.axes;
        let ins = self.packed.in_per_group;
        let group = self.packed.blocks[blocks.start].channel / self.packed.out_per_group;
        let pitch = tiles.len().next_multiple_of(LANES);
        let per_block = depth.stride * height.stride;
        let units = blocks.len() * per_block;
        let unit = |n: usize| Unit {
            block: blocks.start + n / per_block,
            class: [n % per_block / height.stride, n % height.stride],
        };
        let mut filled = None;
        for first in (0..units).step_by(self.cut.units) {
            let here = first..(first + self.cut.units).min(units);
            for from in (0..ins).step_by(self.cut.channels) {
                let channels = from..(from + self.cut.channels).min(ins);
                if filled.as_ref() != Some(&channels) {
                    self.isa.run(Transform {
                        geometry: &self.geometry,
                        x: self.x,
                        channels: group * ins + channels.start..group * ins + channels.end,
                        runs: job.grid.runs(tiles.clone()),
                        tiles: tiles.len(),
                        v: &mut *memory.v,
                        pitch,
                        rows: &mut *memory.rest,
                    });
                }
                let each = unit_sums(&self.geometry, pitch);
                for (n, sums) in here.clone().zip(memory.sums.chunks_exact_mut(each)) {
                    let v = (&*memory.v, pitch);
                    self.multiply(unit(n), &channels, v, sums, memory.rest);
                }
                filled = Some(channels);
            }
            let each = unit_sums(&self.geometry, pitch);
            for (n, sums) in here.zip(memory.sums.chunks_exact(each)) {
                self.finish(unit(n), job, tiles, (sums, pitch), memory.rest);
            }
        }
    }

    /// Adds some input channels' products to a unit's sums, `[class along the width][point][ROWS][pitch]`.
    fn multiply(
        &self,
        unit: Unit,
        channels: &Range<usize>,
        (v, pitch): (&[T], usize),
        sums: &mut [T],
        memory: &mut [T],
    ) {
        let block = self.packed.blocks[unit.block];
        let zeros = [T::ZERO; ROWS];
        let first = channels.start == 0;
        let per_class = self.geometry.points() * ROWS * pitch;
        for (class, sums) in sums.chunks_exact_mut(per_class).enumerate() {
            let class = [unit.class[0], unit.class[1], class];
            if first && !self.weights.is_full(class) {
                sums.fill(T::ZERO);
            }
            for (point, weights) in self.weights.points(block, class) {
                let v = &v[point * point_elements(channels.len(), pitch)..];
                let sums = &mut sums[point * ROWS * pitch..][..block.rows * pitch];
                for from in channels.clone().step_by(self.cut.piece) {
                    let to = (from + self.cut.piece).min(channels.end);
                    let taps = Taps {
                        x: &v[(from - channels.start) * pitch..],
                        plane: pitch,
                        planes: to - from,
                        offsets: &[0],
                        weights: &weights[from * block.rows..to * block.rows],
                        ahead: None,
                    };
                    let tile = |to: &mut [T]| {
                        let acc = (to, pitch);
                        self.isa
                            .tile(block.rows, &taps, 0, pitch, Some(&zeros), acc);
                    };
                    if from == 0 {
                        tile(sums);
                    } else {
                        let piece = &mut memory[..sums.len()];
                        tile(piece);
                        self.isa.run(AddTo(sums, piece));
                    }
                }
            }
        }
    }

    fn finish(
        &self,
        unit: Unit,
        job: &mut Job<'_, T>,
        tiles: &Range<usize>,
        (sums, pitch): (&[T], usize),
        memory: &mut [T],
    ) {
        let block = self.packed.blocks[unit.block];
        let first = self.packed.blocks[job.blocks.start].channel;
        for r in 0..block.rows {
            let channel = block.channel + r;
            let spoilt = self.isa.run(Finish {
                geometry: &self.geometry,
                isa: self.isa,
                activation: self.activation,
                runs: job.grid.runs(tiles.clone()),
                from: Sums {
                    points: &sums[r * pitch..],
                    pitch,
                    class: unit.class,
                    channel,
                    bias: self.packed.bias[channel],
                },
                memory: &mut *memory,
                to: Destination {
                    planes: &mut job.planes[channel - first..],
                    per_image: job.channels,
                    first_image: job.grid.images.start,
                    axis: job.axis,
                    first: job.first,
                    size: job.size,
                },
            });
            if !spoilt.is_empty() {
                let mut images = self.spoilt.lock().unwrap_or_else(PoisonError::into_inner);
                images.extend(spoilt);
            }
        }
    }
}
