//! Patches: kernel = stride and no crop, where every input makes a patch of outputs that no other input reaches; and
//! pointwise convolutions, whose patch is one output.
//!
//! **Idea.** With one tap per output the layer is a product of matrices: positions by input channels, times input channels
//! by (output channel, tap). Positions need no border, so they are counted flat over rows and images. They are packed in
//! strips of a few, each with all its input channels, and the taps along the width are neighbouring rows of a block, so that
//! sums are interleaved in registers and stored at once: no second pass over them, and stores that hide behind sums.
//!
//! **Equation.** For input position `q` and the tap `t` of a patch, on every axis:
//!
//! ```text
//! y[c, stride*q + t] = bias[c] + sum over i: x[i, q] * w[i, c, t]
//! ```
//!
//! in the documented order; no product that does not exist is formed.
//!
//! **Cost.** One multiply-add per product, but for the last strip of a job. **Scratch:** the strips of a box, at most
//! `PANEL` bytes where one strip does not need more. **Chosen** wherever it is possible.

mod pieces;
mod weights;

#[cfg(test)]
mod tests;

use std::ops::Range;

use convt_simd::{Isa, PatchLine, Piece, Strips, VectorElement};

use super::parts::{Share, Split, Whole};
use super::{Call, threads};
use crate::layer::Resolved;
use crate::{Activation, Element, Error};

use pieces::{Box, Grid};
use weights::Block;
pub(crate) use weights::{PatchWeights, fits};

/// Bytes of the strips that are packed together.
const PANEL: usize = 512 << 10;

/// The same for weights that come from beyond the second-level cache once for every panel.
const PANEL_OF_MANY: usize = 896 << 10;

/// Weights of fewer bytes stay in the second-level cache.
const RESIDENT: usize = 1 << 20;

/// Lines of a block at most.
const LINES: usize = 12;

/// The algorithm bound to weights and sizes.
pub(crate) struct Patches<'a, T> {
    packed: &'a PatchWeights<T>,
    grid: Grid,
    batch: usize,
    in_channels: usize,
    workers: usize,
    /// What a job has; its slab lies along the grid's first axis.
    share: Share,
    /// Elements of a panel.
    panel: usize,
}

/// Some channels of a slab of some images.
struct Job<'y, T> {
    /// First image.
    image: usize,
    images: usize,
    /// Positions of an image.
    slab: Range<usize>,
    blocks: &'y [Block],
    /// The slab's part of each plane, images outermost, the blocks' channels within.
    planes: Vec<&'y mut [T]>,
}

/// Whether these sizes are those of a layer that [`fits`], when a run may have its own output size.
pub(crate) fn suits(sizes: &Resolved) -> bool {
    sizes.walks.all().iter().all(|walk| {
        let axis = walk.axis();
        axis.crop.begin == 0 && Some(walk.output()) == walk.input().checked_mul(walk.steps().1)
    })
}

impl<'a, T: Element + VectorElement> Patches<'a, T> {
    pub(crate) fn new(packed: &'a PatchWeights<T>, sizes: &Resolved, threads: usize) -> Self {
        let grid = Grid::new(sizes.walks.all(), packed.patch);
        let workers = threads::workers(threads, sizes.work());
        let bytes = packed.weight_bytes();
        let strip = strip_elements(packed.in_per_group, 2 * T::LINE);
        let limit = if bytes > RESIDENT {
            PANEL_OF_MANY
        } else {
            PANEL
        } / size_of::<T>();
        let most = (limit / strip).max(1);
        let (batch, positions) = (sizes.batch, grid.positions());
        // Small images share strips, a few boxes of them.
        let boxed = most * 2 * T::LINE;
        let mut share = Share {
            images: (4 * boxed / positions.max(1)).min(batch).max(1),
            slab: grid.first(),
            pieces: 1,
        };
        if workers > 1 {
            let whole = Whole {
                batch,
                blocks: packed.units(),
                by_channels: bytes > RESIDENT,
            };
            share.make(2 * workers, &whole);
        }
        let rows = share.images.saturating_mul(share.slab);
        let strips = rows.saturating_mul(grid.inner()).div_ceil(2 * T::LINE);
        Self {
            packed,
            batch,
            in_channels: sizes.in_channels,
            workers,
            share,
            panel: strips.min(most).saturating_mul(strip),
            grid,
        }
    }

    /// Elements of scratch that the run needs.
    pub(crate) fn scratch(&self) -> usize {
        self.panel.saturating_mul(self.workers)
    }

    /// Computes the call's output; its sizes are those given to `new`.
    pub(crate) fn run(&self, call: Call<'_, T>) -> Result<(), Error> {
        let isa = call.isa();
        let Call {
            x,
            y,
            scratch,
            options,
            activation,
            ..
        } = call;
        let memory = scratch.take(self.scratch())?;
        let progress = options.progress.as_deref();
        let parts = self.packed.parts(self.share.pieces);
        if let Some(progress) = progress {
            let slabs = self.grid.first().div_ceil(self.share.slab);
            progress.begin(self.batch.div_ceil(self.share.images) * slabs * parts.len());
        }
        let split = Split {
            plane: self.grid.outputs(),
            slab: self.share.slab * self.grid.outputs_of_first(),
            images: self.share.images,
            pieces: parts
                .iter()
                .map(|blocks| self.packed.channels_of(blocks).len())
                .collect(),
        };
        let inner = self.grid.inner();
        threads::share(
            memory.chunks_exact_mut(self.panel),
            split.parts(y),
            |panel, part| {
                let from = part.slab * self.share.slab;
                let to = (from + self.share.slab).min(self.grid.first());
                let mut job = Job {
                    image: part.image,
                    images: part.images,
                    slab: from * inner..to * inner,
                    blocks: parts[part.piece],
                    planes: part.planes,
                };
                self.job(isa, x, activation, &mut job, panel);
                if let Some(progress) = progress {
                    progress.step();
                }
            },
        );
        Ok(())
    }

    fn job(
        &self,
        isa: Isa,
        x: &[T],
        activation: &Activation<T>,
        job: &mut Job<'_, T>,
        panel: &mut [T],
    ) {
        let width = isa.strip::<T>();
        let pitch = strip_elements(self.packed.in_per_group, width);
        let most = (panel.len() / pitch).max(1);
        let positions = job.images * job.slab.len();
        // Positions are counted from before the first, so that strips begin where outputs begin a cache line.
        let skew = job
            .planes
            .first()
            .map_or(0, |plane| self.grid.skew(plane, width));
        let strips = (skew + positions).div_ceil(width);
        // Equal boxes: the last is not a remnant.
        let strips = strips.div_ceil(strips.div_ceil(most).max(1));
        let channels = self.packed.channels_of(job.blocks);
        let mut pieces = Vec::new();
        for origin in (0..skew + positions).step_by((strips * width).max(1)) {
            let end = (origin + strips * width).min(skew + positions);
            let at = Box {
                skew: skew.saturating_sub(origin),
                positions: origin.saturating_sub(skew)..end - skew,
            };
            let planes = channels.len();
            self.grid
                .pieces(&at, &job.slab, (width, planes), &mut pieces);
            for blocks in job
                .blocks
                .chunk_by(|a, b| self.packed.group(*a) == self.packed.group(*b))
            {
                self.fill(
                    x,
                    job,
                    &at,
                    self.packed.group(blocks[0]),
                    (width, pitch),
                    panel,
                );
                let sweep = Sweep {
                    isa,
                    strips: at.strips(width),
                    pitch,
                    pieces: &pieces,
                    first: channels.start,
                };
                for &block in blocks {
                    self.block(&sweep, block, panel, &mut job.planes);
                    self.activate(&sweep, activation, block, &mut job.planes);
                }
            }
        }
    }

    /// Packs positions `at` of the job, counted over its images, for the input channels of a group.
    fn fill(
        &self,
        x: &[T],
        job: &Job<'_, T>,
        at: &Box,
        group: usize,
        (width, pitch): (usize, usize),
        panel: &mut [T],
    ) {
        let (ins, plane) = (self.packed.in_per_group, self.grid.positions());
        let of_image = job.slab.len();
        for i in 0..ins {
            let mut position = at.positions.start;
            while position < at.positions.end {
                let (image, within) = (position / of_image, position % of_image);
                let count = (of_image - within).min(at.positions.end - position);
                let channel = (job.image + image) * self.in_channels + group * ins + i;
                let from = channel * plane + job.slab.start + within;
                let x = &x[from..from + count];
                scatter(x, at.place(position), i, (width, pitch), panel);
                position += count;
            }
            // Positions before the first and behind the last.
            panel[i * width..][..at.skew].fill(T::ZERO);
            let (last, tail) = (at.len() / width, at.len() % width);
            if tail > 0 {
                panel[last * pitch + i * width..][tail..width].fill(T::ZERO);
            }
        }
    }

    /// All strips of the panel for one block.
    fn block(&self, sweep: &Sweep<'_>, block: Block, panel: &[T], planes: &mut [&mut [T]]) {
        let mut lines = [PatchLine::default(); LINES];
        let mut start = [T::ZERO; LINES];
        let per_channel = self.packed.lines_per_channel();
        for (n, (line, start)) in lines
            .iter_mut()
            .zip(&mut start)
            .take(block.lines)
            .enumerate()
        {
            let of_all = block.line + n;
            let channel = of_all / per_channel;
            *line = PatchLine {
                plane: channel - sweep.first,
                at: self.grid.line(of_all % per_channel),
            };
            *start = self.packed.bias[channel];
        }
        let step = self.packed.patch[2];
        let strips = Strips {
            panel,
            pitch: sweep.pitch,
            channels: self.packed.in_per_group,
            rows: block.lines * step,
            step,
            weights: self.packed.of(block),
            start: &start,
            strips: sweep.strips,
        };
        sweep
            .isa
            .patches(&strips, &lines[..block.lines], sweep.pieces, planes);
    }

    /// Applies the activation to what a block has stored.
    fn activate(
        &self,
        sweep: &Sweep<'_>,
        activation: &Activation<T>,
        block: Block,
        planes: &mut [&mut [T]],
    ) {
        if activation.is_none() {
            return;
        }
        let per_channel = self.packed.lines_per_channel();
        for line in block.line..block.line + block.lines {
            let channel = line / per_channel;
            for piece in sweep.pieces {
                let at = piece.at + self.grid.line(line % per_channel);
                let plane = &mut planes[piece.plane + channel - sweep.first];
                let outputs = &mut plane[at..at + self.packed.patch[2] * piece.count];
                activation.apply(sweep.isa, channel, outputs);
            }
        }
    }
}

/// What is the same for all blocks of a box.
struct Sweep<'b> {
    isa: Isa,
    strips: usize,
    pitch: usize,
    pieces: &'b [Piece],
    /// The job's first output channel.
    first: usize,
}

/// Panel elements from strip to strip: whole cache lines, an odd number of them, because strips a power of two apart would
/// share few sets of the cache.
fn strip_elements(channels: usize, width: usize) -> usize {
    const LINE: usize = 16;
    (channels.saturating_mul(width).div_ceil(LINE) | 1).saturating_mul(LINE)
}

/// Copies one channel's neighbouring positions, the first of them position `at` of the panel, into its strips.
fn scatter<T: Element>(
    x: &[T],
    at: usize,
    channel: usize,
    (width, pitch): (usize, usize),
    panel: &mut [T],
) {
    let lead = ((width - at % width) % width).min(x.len());
    let (lead, whole) = x.split_at(lead);
    let to = |position: usize| position / width * pitch + channel * width + position % width;
    panel[to(at)..][..lead.len()].copy_from_slice(lead);
    if whole.is_empty() {
        return;
    }
    let at = at + lead.len();
    match width {
        32 => strips::<T, 32>(whole, &mut panel[to(at)..], pitch),
        16 => strips::<T, 16>(whole, &mut panel[to(at)..], pitch),
        8 => strips::<T, 8>(whole, &mut panel[to(at)..], pitch),
        4 => strips::<T, 4>(whole, &mut panel[to(at)..], pitch),
        _ => strips::<T, 2>(whole, &mut panel[to(at)..], pitch),
    }
}

/// Copies whole strips of `W` positions, and what is left of the last.
fn strips<T: Element, const W: usize>(x: &[T], panel: &mut [T], pitch: usize) {
    let (whole, rest) = x.as_chunks::<W>();
    let mut strips = panel.chunks_mut(pitch);
    for (x, strip) in whole.iter().zip(&mut strips) {
        if let Some(to) = strip.first_chunk_mut::<W>() {
            *to = *x;
        }
    }
    if let Some(strip) = strips.next() {
        strip[..rest.len()].copy_from_slice(rest);
    }
}
