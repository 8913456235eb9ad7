//! How a run is cut: blocks of tiles that stay in the cache, and jobs for threads.

use std::ops::Range;

use super::super::blocked::RowBlock;
use super::lanes::LANES;
use super::output::ROWS;
use super::{BYTES, Geometry, Run, input, output, piece};

/// Tiles of a block that are wanted before input channels are taken in pieces: each pass over the weights serves them.
const WANTED: usize = 48;

/// Tiles of a block at most.
const MOST: usize = 256;

/// Sizes of one block. None of them matters to any bit of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// Tiles, a multiple of [`LANES`].
    pub(super) tiles: usize,
    /// Input channels transformed at a time: all, or whole pieces.
    pub(super) channels: usize,
    /// Input channels of a piece.
    pub(super) piece: usize,
    /// Units (a block of output channels in one class along depth and height) summed at a time.
    pub(super) units: usize,
}

impl Cut {
    /// `element` is the size of an element in bytes.
    pub(super) fn new(geometry: &Geometry, in_per_group: usize, element: usize) -> Self {
        let budget = BYTES / element;
        let piece = piece(in_per_group);
        let axes = geometry.axes.iter();
        let per_image = axes.fold(1_usize, |n, axis| n.saturating_mul(axis.tiles()));
        let total = per_image.saturating_mul(geometry.batch.max(1));
        let most = total.min(MOST).next_multiple_of(LANES);
        let cut = |tiles: usize, channels: usize, units: usize| Self {
            tiles,
            channels,
            piece,
            units,
        };
        // The most tiles, up to some number, for which the scratch fits.
        let fit = |most: usize, channels: usize| {
            (1..=most / LANES)
                .rev()
                .map(|n| n * LANES)
                .find(|&tiles| cut(tiles, channels, 1).scratch(geometry) <= budget)
        };
        if let Some(tiles) = fit(most, in_per_group).filter(|&tiles| tiles >= most.min(WANTED)) {
            return cut(tiles, in_per_group, 1);
        }
        let tiles = fit(most.min(WANTED), piece).unwrap_or(LANES);
        // Half of what is left for sums, the rest for input channels.
        let unit = unit_sums(geometry, 1);
        let left = budget.saturating_sub(cut(tiles, 0, 0).scratch(geometry)) / tiles;
        let units = (left / 2 / unit).max(1);
        let channels = left.saturating_sub(units * unit) / geometry.points();
        // Whole pieces, and as many each time.
        let pieces = in_per_group.div_ceil(piece);
        let times = pieces.div_ceil((channels / piece).max(1));
        cut(tiles, piece * pieces.div_ceil(times), units)
    }

    /// Elements of `V`.
    pub(super) fn v(&self, geometry: &Geometry) -> usize {
        geometry.points() * input::point_elements(self.channels, self.tiles)
    }

    /// Elements of the sums.
    pub(super) fn sums(&self, geometry: &Geometry) -> usize {
        self.units * unit_sums(geometry, self.tiles)
    }

    /// Elements of scratch that one thread needs.
    pub(super) fn scratch(&self, geometry: &Geometry) -> usize {
        let rows = input::rows_elements(geometry, self.tiles);
        let sums_of_piece = ROWS * self.tiles;
        let rest = rows.max(output::elements(geometry, self.tiles));
        let rest = rest.max(sums_of_piece);
        // Before them, what the first address lacks to a multiple of a cache line.
        LANES + self.v(geometry) + self.sums(geometry) + rest
    }
}

/// Elements of one unit's sums of `pitch` tiles.
pub(super) fn unit_sums(geometry: &Geometry, pitch: usize) -> usize {
    geometry.axes[2].stride * geometry.points() * ROWS * pitch
}

/// A box of tiles of some images, in row-major order.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    pub(super) images: Range<usize>,
    tiles: [Range<usize>; 3],
    /// Longest run along the width: tiles of one residue.
    row: usize,
}

impl Grid {
    pub(super) fn count(&self) -> usize {
        self.tiles.iter().map(Range::len).product::<usize>() * self.images.len()
    }

    /// The tiles with numbers `tiles` of the box, as runs.
    pub(super) fn runs(&self, tiles: Range<usize>) -> Runs<'_> {
        Runs {
            grid: self,
            first: tiles.start,
            tiles,
        }
    }
}

/// Iterator over the runs of a block.
#[derive(Clone)]
pub(super) struct Runs<'g> {
    grid: &'g Grid,
    first: usize,
    tiles: Range<usize>,
}

impl Iterator for Runs<'_> {
    type Item = Run;

    #[inline]
    fn next(&mut self) -> Option<Run> {
        if self.tiles.is_empty() {
            return None;
        }
        let [d, h, w] = &self.grid.tiles;
        let at = self.tiles.start;
        let (row, column) = (at / w.len(), at % w.len());
        let tile = w.start + column;
        // To the end of the residue, of the box, or of the block.
        let residue = self.grid.row - tile % self.grid.row;
        let len = residue.min(w.len() - column).min(self.tiles.len());
        self.tiles.start += len;
        Some(Run {
            image: self.grid.images.start + row / h.len() / d.len(),
            tiles: [
                d.start + row / h.len() % d.len(),
                h.start + row % h.len(),
                tile,
            ],
            len,
            at: at - self.first,
        })
    }
}

/// Some tiles and channels, with the outputs they give.
pub(super) struct Job<'y, T> {
    pub(super) grid: Grid,
    pub(super) blocks: Range<usize>,
    /// Output channels of the blocks.
    pub(super) channels: usize,
    /// For each image, for each channel, its outputs from `first` on along `axis`.
    pub(super) planes: Vec<&'y mut [T]>,
    pub(super) axis: usize,
    pub(super) first: usize,
    /// Outputs along each axis.
    pub(super) size: [usize; 3],
}

/// How work is shared among threads: groups of images, bands of tiles along the first axis, pieces of channels.
pub(super) struct Jobs<'g> {
    geometry: &'g Geometry,
    blocks: &'g [RowBlock],
    axis: usize,
    images: usize,
    /// Tiles of a band.
    band: usize,
    bands: usize,
    /// Blocks of a piece.
    piece: usize,
}

impl<'g> Jobs<'g> {
    pub(super) fn new(
        geometry: &'g Geometry,
        cut: &Cut,
        blocks: &'g [RowBlock],
        workers: usize,
    ) -> Self {
        let axes = &geometry.axes;
        let axis = axes.iter().position(|axis| axis.output > 1).unwrap_or(2);
        let per_image: usize = axes.iter().map(super::Axis::tiles).product();
        // Enough images to fill blocks well, but a share for everyone.
        let images = (4 * cut.tiles / per_image.max(1)).max(1);
        let images = images.min(geometry.batch.div_ceil(2 * workers)).max(1);
        let images = if workers == 1 {
            images.max((4 * cut.tiles).div_ceil(per_image))
        } else {
            images
        };
        let groups = geometry.batch.div_ceil(images);
        let wanted = if workers == 1 {
            1
        } else {
            (2 * workers).div_ceil(groups)
        };
        // Bands of at least a few blocks, where their outputs lie side by side; else channels.
        let fit = if axes[axis].is_contiguous() {
            per_image / (2 * cut.tiles)
        } else {
            1
        };
        let bands = wanted.min(fit).min(axes[axis].tiles()).max(1);
        let band = axes[axis].tiles().div_ceil(bands);
        let bands = axes[axis].tiles().div_ceil(band);
        // Each piece transforms the inputs for itself: no more of them than it takes to give everyone one.
        let pieces = workers.div_ceil(groups.saturating_mul(bands));
        let pieces = pieces.clamp(1, blocks.len());
        Self {
            geometry,
            blocks,
            axis,
            images,
            band,
            bands,
            piece: blocks.len().div_ceil(pieces),
        }
    }

    pub(super) fn count(&self) -> usize {
        let pieces = self.blocks.len().div_ceil(self.piece);
        self.geometry.batch.div_ceil(self.images) * self.bands * pieces
    }

    /// The jobs, with their parts of the output.
    pub(super) fn of<'y, T: Send>(
        &'y self,
        y: &'y mut [T],
    ) -> impl Iterator<Item = Job<'y, T>> + Send + 'y {
        let plane: usize = self.geometry.axes.iter().map(|axis| axis.output).product();
        let image = plane * self.geometry.out_channels;
        y.chunks_mut(image * self.images)
            .enumerate()
            .flat_map(move |(group, y)| {
                let first = group * self.images;
                self.jobs(first..first + y.len() / image, y, plane)
            })
    }

    fn jobs<'y, T>(
        &'y self,
        images: Range<usize>,
        y: &'y mut [T],
        plane: usize,
    ) -> Vec<Job<'y, T>> {
        let axes = &self.geometry.axes;
        let cut_axis = &axes[self.axis];
        let inner: usize = axes[self.axis + 1..]
            .iter()
            .map(|axis| axis.output)
            .product();
        let mut planes: Vec<&mut [T]> = y.chunks_mut(plane).collect();
        let mut jobs = Vec::with_capacity(self.bands * self.blocks.len().div_ceil(self.piece));
        for band in 0..self.bands {
            let tiles = band * self.band..((band + 1) * self.band).min(cut_axis.tiles());
            let (first, last) = if self.bands == 1 {
                (0, cut_axis.output)
            } else {
                (
                    cut_axis.cut_before(tiles.start),
                    cut_axis.cut_before(tiles.end),
                )
            };
            let mut size = axes.map(|axis| axis.output);
            size[self.axis] = last - first;
            let mut ranges = axes.map(|axis| 0..axis.tiles());
            ranges[self.axis] = tiles;
            let count = (last - first) * inner;
            for start in (0..self.blocks.len()).step_by(self.piece) {
                let blocks = start..(start + self.piece).min(self.blocks.len());
                let end = self.blocks.get(blocks.end);
                let end = end.map_or(self.geometry.out_channels, |block| block.channel);
                let channels = self.blocks[start].channel..end;
                let mut part = Vec::with_capacity(images.len() * channels.len());
                for planes in planes.chunks_mut(self.geometry.out_channels) {
                    for plane in &mut planes[channels.clone()] {
                        let (here, rest) = std::mem::take(plane).split_at_mut(count);
                        *plane = rest;
                        part.push(here);
                    }
                }
                jobs.push(Job {
                    grid: Grid {
                        images: images.clone(),
                        tiles: ranges.clone(),
                        row: axes[2].per_residue,
                    },
                    blocks,
                    channels: channels.len(),
                    planes: part,
                    axis: self.axis,
                    first,
                    size,
                });
            }
        }
        jobs
    }
}
