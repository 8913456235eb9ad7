//! Channels: lanes along output channels, for few positions and many weights.
//!
//! **Idea.** In a small picture there are too few neighbouring positions to fill vectors, and what costs is reading the
//! weights. So vectors lie along output channels, each weight is loaded as it was packed, and inputs are broadcast from
//! where they lie: no panel is made. Positions of a phase that share the taps which meet an input (*zones*, between two
//! borders) are summed together, so that no product with a border is formed.
//!
//! **Equation**, for every output `o = first + step*m` of a phase, `m` in a zone, and all channels `c` of a block:
//!
//! ```text
//! sums[o][c] = bias[c] + sum over i in group(c), taps t of the zone: x[i, input_step*m + offset(t)] * w[c, i, t]
//! ```
//!
//! in the documented order; a sum of -0 is stored as +0.
//!
//! **Cost.** One multiply-add per product that exists, for channels rounded up to a cache line of them; every weight is
//! loaded once per tile of positions (up to 6 by 4 vectors), and from far memory once per box of positions. **Scratch:**
//! the sums of a box and block. **Chosen** where channels are many and positions few or weights very many. It is right for weights that are not
//! finite as well.
//!
//! Input and output may have their channels last, `(N, spatial..., C)`: the input is then read by other strides and the
//! sums stored as they lie.
//!
//! The loops: for a box of outputs, of several images where they fit; for a block of channels; for a phase; for a chunk of
//! input channels, whose weights stay in the first-level cache while those of the next chunk are asked for; for a zone; for
//! a tile of its positions. The sums of a box lie in this order of positions, and are turned into planes at its end.

mod aligned;
mod cut;
mod line;
mod packed;
mod sums;
#[cfg(test)]
mod tests;

use std::ops::Range;

use convt_simd::{Isa, Turn};

use super::{Call, threads};
use crate::layer::Resolved;
use crate::{Activation, Element, Error, Layer, Layout};

use cut::Cut;
use line::Line;
use sums::{Places, Step, count};

pub(crate) use packed::ChannelWeights;

/// Distances between neighbours of the input.
#[derive(Clone, Copy, Debug)]
struct Strides {
    image: usize,
    channel: usize,
    axes: [usize; 3],
}

impl Strides {
    fn new(layout: Layout, channels: usize, lines: &[Line; 3]) -> Self {
        match layout {
            Layout::ChannelsFirst => Self::planes(channels, lines),
            Layout::ChannelsLast => Self::rows(channels, lines),
        }
    }

    /// Of `(N, D, H, W, C)` in row-major order.
    fn rows(channels: usize, lines: &[Line; 3]) -> Self {
        let [depth, height, width] = lines.each_ref().map(|line| line.input);
        Self {
            image: channels * depth * height * width,
            channel: 1,
            axes: [channels * height * width, channels * width, channels],
        }
    }

    /// Of `(N, C, D, H, W)` in row-major order.
    fn planes(channels: usize, lines: &[Line; 3]) -> Self {
        let [depth, height, width] = lines.each_ref().map(|line| line.input);
        Self {
            image: channels * depth * height * width,
            channel: depth * height * width,
            axes: [height * width, width, 1],
        }
    }
}

/// Depth, height and width.
fn lines(sizes: &Resolved) -> Result<[Line; 3], Error> {
    let line = |from_innermost: usize| {
        let walk = sizes.walks.iter().rev().nth(from_innermost);
        walk.map_or_else(|| Ok(Line::unit()), Line::new)
    };
    Ok([line(2)?, line(1)?, line(0)?])
}

/// The algorithm bound to weights and sizes.
pub(crate) struct Channels<'a, T> {
    packed: &'a ChannelWeights<T>,
    lines: [Line; 3],
    batch: usize,
    /// Output channels.
    planes: usize,
    layout: Layout,
    strides: Strides,
    cut: Cut,
    workers: usize,
}

/// Some channels of a part of some images.
struct Job<'y, T> {
    images: Range<usize>,
    part: usize,
    blocks: Range<usize>,
    /// The part of each plane: of the blocks' channels, for each image; with channels last, one per image.
    planes: Vec<&'y mut [T]>,
}

impl<'a, T: Element> Channels<'a, T> {
    pub(crate) fn new(
        packed: &'a ChannelWeights<T>,
        sizes: &Resolved,
        threads: usize,
        layout: Layout,
    ) -> Result<Self, Error> {
        let lines = lines(sizes)?;
        let workers = threads::workers(threads, sizes.products());
        let pitch = packed.blocks.iter().map(|block| block.lanes).max();
        let shared = match layout {
            Layout::ChannelsFirst => packed.blocks.len(),
            // A pixel's channels lie side by side: blocks have no memory of their own that threads could share.
            Layout::ChannelsLast => 1,
        };
        let blocks = (shared, pitch.unwrap_or_default());
        let cut = Cut::new(&lines, sizes, blocks, workers);
        Ok(Self {
            packed,
            batch: sizes.batch,
            planes: sizes.out_channels,
            layout,
            strides: Strides::new(layout, sizes.in_channels, &lines),
            lines,
            cut,
            workers,
        })
    }

    /// Elements of scratch that a run on one thread needs, before there are weights.
    pub(crate) fn scratch_of(layer: &Layer, sizes: &Resolved) -> Result<usize, Error> {
        let none = ChannelWeights::<T>::outline(layer)?;
        Ok(Channels::new(&none, sizes, 1, Layout::ChannelsFirst)?.scratch())
    }

    /// Elements of scratch that one thread needs.
    fn each(&self) -> usize {
        self.cut.places() * self.cut.pitch + aligned::slack::<T>()
    }

    /// Elements of scratch that the run needs.
    pub(crate) fn scratch(&self) -> usize {
        self.each() * self.workers
    }

    /// Computes `y` from `x`; both have the sizes given to `new`.
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
        let step = if self.cut.shared && self.layout == Layout::ChannelsFirst {
            1
        } else {
            self.packed.blocks.len()
        };
        if let Some(progress) = progress {
            let pieces = self.packed.blocks.len().div_ceil(step);
            progress.begin(self.batch.div_ceil(self.cut.images) * self.cut.parts * pieces);
        }
        let states = memory
            .chunks_exact_mut(self.each())
            .map(|memory| (aligned::from_line(memory), Places::default()));
        threads::share(states, self.jobs(y, step), |(sums, places), mut job| {
            self.job(isa, x, &mut job, sums, places);
            self.activate(isa, activation, &mut job);
            if let Some(progress) = progress {
                progress.step();
            }
        });
        Ok(())
    }

    /// Applies the activation to everything that the job stored.
    fn activate(&self, isa: Isa, activation: &Activation<T>, job: &mut Job<'_, T>) {
        let first = self.packed.blocks[job.blocks.start].channel;
        match (self.layout, activation) {
            (Layout::ChannelsFirst, _) => {
                for planes in job.planes.chunks_mut(self.slices(&job.blocks)) {
                    for (n, plane) in planes.iter_mut().enumerate() {
                        activation.apply(isa, first + n, plane);
                    }
                }
            }
            (Layout::ChannelsLast, Activation::Prelu(_)) => {
                for pixel in job
                    .planes
                    .iter_mut()
                    .flat_map(|y| y.chunks_mut(self.planes))
                {
                    for (channel, value) in pixel.iter_mut().enumerate() {
                        activation.apply(isa, channel, std::slice::from_mut(value));
                    }
                }
            }
            (Layout::ChannelsLast, _) => {
                for pixels in &mut job.planes {
                    activation.apply(isa, first, pixels); // the same for every channel
                }
            }
        }
    }

    /// Slices of one image's output that a job of these blocks holds: one per channel, or all channels in one.
    fn slices(&self, blocks: &Range<usize>) -> usize {
        match self.layout {
            Layout::ChannelsFirst => {
                let blocks = &self.packed.blocks[blocks.clone()];
                blocks.iter().map(|block| block.channels).sum()
            }
            Layout::ChannelsLast => 1,
        }
    }

    /// Every part of every group of images, its channels in pieces of `step` blocks, each with its own part of `y`.
    fn jobs<'y>(
        &'y self,
        y: &'y mut [T],
        step: usize,
    ) -> impl Iterator<Item = Job<'y, T>> + Send + 'y {
        let Cut {
            axis, images, size, ..
        } = self.cut;
        let inner: usize = self.lines[axis + 1..]
            .iter()
            .map(|line| line.output)
            .product();
        // Planes of an image, and elements of an output in one: with channels last, all of them are one plane.
        let (of_image, unit) = match self.layout {
            Layout::ChannelsFirst => (self.planes, 1),
            Layout::ChannelsLast => (1, self.planes),
        };
        let plane = self.lines[axis].output * inner * unit;
        let part_of_plane = size[axis] * inner * unit;
        let blocks = &self.packed.blocks;
        y.chunks_mut(plane * of_image * images)
            .enumerate()
            .flat_map(move |(group, y)| {
                let first = group * images;
                let images = first..first + y.len() / (plane * of_image);
                let mut planes: Vec<_> = y
                    .chunks_mut(plane)
                    .map(|y| y.chunks_mut(part_of_plane))
                    .collect();
                (0..self.cut.parts).flat_map(move |part| {
                    let pieces = (0..blocks.len()).step_by(step).map(|first| {
                        let end = (first + step).min(blocks.len());
                        let past = blocks.get(end).map_or(self.planes, |b| b.channel);
                        let channels = match self.layout {
                            Layout::ChannelsFirst => blocks[first].channel..past,
                            Layout::ChannelsLast => 0..1,
                        };
                        let of_images = planes.chunks_mut(of_image);
                        let planes = of_images
                            .flat_map(|planes| &mut planes[channels.clone()])
                            .filter_map(Iterator::next);
                        Job {
                            images: images.clone(),
                            part,
                            blocks: first..end,
                            planes: planes.collect(),
                        }
                    });
                    pieces.collect::<Vec<_>>()
                })
            })
    }

    fn job(&self, isa: Isa, x: &[T], job: &mut Job<'_, T>, sums: &mut [T], places: &mut Places) {
        let blocks = &self.packed.blocks[job.blocks.clone()];
        let slices = self.slices(&job.blocks);
        for outputs in self.cut.boxes(job.part, &self.lines) {
            self.list_places(&job.images, &outputs, places);
            for (n, block) in blocks.iter().enumerate() {
                let image = count(&outputs) * self.cut.pitch;
                let sums = &mut sums[..image * job.images.len()];
                self.start(*block, sums);
                let first_input = block.channel / self.packed.out_per_group;
                let step = Step {
                    isa,
                    x,
                    block: *block,
                    after: blocks.get(n + 1).copied(),
                    first_input: first_input * self.packed.in_per_group,
                };
                self.block(&step, &outputs, job.images.len(), places, sums);
                let of_image = places.rows.chunks(count(&outputs));
                let first = block.channel - blocks[0].channel;
                for (planes, rows) in job.planes.chunks_mut(slices).zip(of_image) {
                    let planes = match self.layout {
                        Layout::ChannelsFirst => &mut planes[first..first + block.channels],
                        Layout::ChannelsLast => planes,
                    };
                    self.store(&step, (job.part, &outputs), (sums, rows), planes);
                }
            }
        }
    }

    /// Stores the sums of one image's box of outputs into the part of its planes, or of its pixels.
    fn store(
        &self,
        step: &Step<'_, T>,
        (part, outputs): (usize, &[Range<usize>; 3]),
        (sums, of_outputs): (&[T], &[usize]),
        planes: &mut [&mut [T]],
    ) {
        let [_, height, width] = self.lines.each_ref().map(|line| line.output);
        // The part's first output, in the row-major order of a plane; axes before the parts' have one output.
        let inner = self.lines[self.cut.axis + 1..]
            .iter()
            .map(|line| line.output);
        let start = part * self.cut.size[self.cut.axis] * inner.product::<usize>();
        let [d, h, w] = outputs.each_ref().map(ExactSizeIterator::len);
        // Rows that follow each other in the plane are one.
        let (rows, row) = if w < width {
            ([d, h], w)
        } else if h < height {
            ([d, 1], h * w)
        } else {
            ([1, 1], d * h * w)
        };
        for od in 0..rows[0] {
            for oh in 0..rows[1] {
                let first = ((outputs[0].start + od) * height + outputs[1].start + oh) * width
                    + outputs[2].start;
                let of_row = &of_outputs[(od * rows[1] + oh) * row..][..row];
                match self.layout {
                    Layout::ChannelsFirst => step.isa.turn(Turn {
                        sums,
                        rows: of_row,
                        lanes: step.block.lanes,
                        planes: &mut *planes,
                        at: first - start,
                    }),
                    Layout::ChannelsLast => {
                        let pixels = planes.iter_mut().flat_map(|y| y.chunks_mut(self.planes));
                        let pixels = pixels.skip(first - start).take(row);
                        let channels = step.block.channel..step.block.channel + step.block.channels;
                        for (pixel, &sum) in pixels.zip(of_row) {
                            let sums = &sums[sum..];
                            for (y, &sum) in pixel[channels.clone()].iter_mut().zip(sums) {
                                *y = sum + T::ZERO;
                            }
                        }
                    }
                }
            }
        }
    }
}
