//! How a run is cut: into jobs, which threads take, and into boxes of positions, each with a panel of its own.

use std::ops::Range;

use super::line::Line;
use crate::algorithm::parts::{Share, Whole};
use crate::algorithm::search::last_where;

/// Bytes of a panel that a box is cut to.
const PANEL: usize = 512 << 10;

/// Bytes of a block's sums that a box is cut to.
const SUMS: usize = 256 << 10;

/// Bytes of inputs and weights that stay in the first-level cache from tile to tile.
const NEAR: usize = 28 << 10;

/// Input channels at a time, where so many are as near as need be: each round reads and writes the sums once.
const ROUND: usize = 4;

/// Positions of a row, where its phases share a tile.
const ROW: usize = 512;

/// Weights of fewer bytes stay in the second-level cache from box to box.
const RESIDENT: usize = 768 << 10;

/// The axes in the order in which positions are counted, outermost first. Images lie side by side within a row, so that
/// the border above and below is theirs in common.
pub(super) const FLAT: [usize; 4] = [1, 2, 0, 3];

/// Elements behind a panel that a tile's last vector may read.
pub(super) const SLACK: usize = 16;

/// What a cut must know of the layer and the run.
pub(super) struct Needs {
    /// Bytes of one element.
    pub(super) element: usize,
    /// Input channels of a group.
    pub(super) channels: usize,
    /// Rows of sums that are held at a time.
    pub(super) rows: usize,
    /// Output channels that share an aligned load; 0 for phases that are rows of their own.
    pub(super) shared: usize,
    /// Bytes of weights that pass by for every box.
    pub(super) weights: usize,
    /// Whether the sums of all blocks are held until the last input channel: then few channels at a time cost nothing.
    pub(super) held: bool,
    /// Output elements of one position: output channels of a group by phases.
    pub(super) outputs: usize,
    pub(super) workers: usize,
    /// Blocks of output channels: what threads may share besides positions.
    pub(super) blocks: usize,
}

/// The cut. Axes are batch, depth, height, width.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    /// The axis along which jobs lie: the first of more than one output, batch apart.
    pub(super) axis: usize,
    /// Positions of a job along batch and along `axis`; more than one image only with all positions of `axis`.
    pub(super) images: usize,
    pub(super) slab: usize,
    /// Pieces that the blocks of channels are shared in.
    pub(super) pieces: usize,
    /// Positions of a box along each axis.
    pub(super) positions: [usize; 4],
    /// Input channels of a panel.
    pub(super) channels: usize,
    /// Whether the panel holds every shift along the width apart, so that its rows have no border.
    pub(super) unrolled: bool,
    /// Copies of each row in the panel, one for every shift if it is unrolled.
    pub(super) copies: usize,
    /// Panel elements along each axis, and of one channel.
    pub(super) size: [usize; 4],
    pub(super) channel: usize,
    /// Distance between rows of sums.
    pub(super) pitch: usize,
    rows: usize,
}

impl Cut {
    pub(super) fn new(lines: &[Line; 4], needs: &Needs) -> Self {
        let width = &lines[3];
        // A copy of every row for every shift along the width: loads are aligned, and rows have no border to step over.
        let unrolled =
            width.span > 0 && width.span < 4 && needs.shared >= 6 && width.input_step == 1;
        let shape = Shape { lines, unrolled };
        let mut positions = shape.boxed(needs);
        let axis = (1..4).find(|&a| lines[a].output > 1).unwrap_or(3);
        let batch = lines[0].count;
        let mut cut = Self {
            axis,
            images: positions[0],
            slab: lines[axis].count,
            pieces: 1,
            positions,
            channels: 1,
            unrolled,
            copies: copies(width, unrolled),
            size: [0; 4],
            channel: 0,
            pitch: 0,
            rows: needs.rows,
        };
        if needs.workers == 1 {
            // One thread takes whole images.
            cut.images = positions[0].min(batch);
        } else {
            // Two jobs a thread.
            let mut share = Share {
                images: cut.images,
                slab: cut.slab,
                pieces: cut.pieces,
            };
            let whole = Whole {
                batch,
                blocks: needs.blocks,
                by_channels: needs.weights > RESIDENT && needs.blocks >= 4 * needs.workers,
            };
            share.make(2 * needs.workers, &whole);
            positions[0] = positions[0].min(share.images);
            positions[axis] = positions[axis].min(share.slab);
            (cut.images, cut.slab, cut.pieces) = (share.images, share.slab, share.pieces);
        }
        // Equal boxes: the last is not a remnant.
        for (a, n) in positions.iter_mut().enumerate() {
            let whole = match a {
                0 => cut.images,
                a if a == axis => cut.slab,
                a => lines[a].count,
            };
            // Of a batch without images there is nothing to cut.
            *n = whole.div_ceil(whole.div_ceil(*n).max(1)).max(1);
        }
        cut.positions = positions;
        cut.size = shape.size(&positions);
        cut.channel = shape.channel(&positions);
        cut.pitch = shape
            .flat(&positions)
            .checked_next_multiple_of(SLACK)
            .unwrap_or(usize::MAX);
        let most = PANEL / needs.element / cut.channel.max(1);
        let most = if needs.held {
            most.min(shape.near(needs, &positions))
        } else {
            most
        };
        let most = most.clamp(1, needs.channels.max(1));
        let chunks = needs.channels.max(1).div_ceil(most);
        cut.channels = needs.channels.max(1).div_ceil(chunks);
        cut
    }

    /// Elements of a panel.
    pub(super) fn panel(&self) -> usize {
        let planes = self.channel.saturating_mul(self.channels);
        planes.saturating_add(SLACK)
    }

    /// Elements of scratch that one thread needs.
    pub(super) fn scratch(&self) -> usize {
        let sums = self.pitch.saturating_mul(self.rows);
        // The last row's sums are read in whole vectors; each thread's part begins at a cache line.
        self.panel().saturating_add(sums).saturating_add(SLACK)
    }

    /// The boxes of a job whose positions along the axes are `whole`.
    pub(super) fn boxes(&self, whole: [Range<usize>; 4]) -> impl Iterator<Item = Box4> {
        let positions = self.positions;
        let parts = move |a: usize, range: &Range<usize>| {
            let (step, end) = (positions[a], range.end);
            range
                .clone()
                .step_by(step)
                .map(move |from| from..(from + step).min(end))
        };
        let [images, depths, heights, widths] = whole;
        parts(0, &images).flat_map(move |i| {
            let (heights, widths) = (heights.clone(), widths.clone());
            parts(1, &depths).flat_map(move |d| {
                let (i, widths) = (i.clone(), widths.clone());
                parts(2, &heights).flat_map(move |h| {
                    let (i, d) = (i.clone(), d.clone());
                    parts(3, &widths).map(move |w| [i.clone(), d.clone(), h.clone(), w])
                })
            })
        })
    }
}

/// A box of positions: a range along each axis.
pub(super) type Box4 = [Range<usize>; 4];

/// The sizes that follow from a box's positions.
struct Shape<'l> {
    lines: &'l [Line; 4],
    unrolled: bool,
}

impl Shape<'_> {
    fn size(&self, positions: &[usize; 4]) -> [usize; 4] {
        std::array::from_fn(|a| match (a, self.unrolled) {
            (3, true) => aligned(positions[a]),
            _ => positions[a].saturating_add(self.lines[a].span),
        })
    }

    /// Panel elements of one input channel.
    fn channel(&self, positions: &[usize; 4]) -> usize {
        let copies = copies(&self.lines[3], self.unrolled);
        let residues = self.lines.iter().map(|line| line.residues.len());
        let factors = self.size(positions).into_iter().chain(residues);
        let elements = factors.fold(copies, usize::saturating_mul);
        // Whole cache lines, an odd number of them: planes a power of two apart would share few sets of the cache.
        let lines = elements.div_ceil(SLACK) | 1;
        lines.saturating_mul(SLACK)
    }

    /// Flat positions from a box's first to its last.
    fn flat(&self, positions: &[usize; 4]) -> usize {
        let size = self.size(positions);
        let last = FLAT.iter().fold(0_usize, |at, &a| {
            at.saturating_mul(size[a])
                .saturating_add(positions[a] - 1 + self.lines[a].extra)
        });
        last.saturating_add(1)
    }

    /// Input channels whose weights and inputs, as far as a position's taps reach, are small enough to be near.
    fn near(&self, needs: &Needs, positions: &[usize; 4]) -> usize {
        let size = self.size(positions);
        let reach = FLAT.iter().fold(0_usize, |at, &a| {
            let span = if a == 3 { size[a] } else { self.lines[a].span };
            at.saturating_mul(size[a]).saturating_add(span)
        });
        let weights = needs.weights / needs.channels.max(1);
        let each = reach.saturating_mul(needs.element).saturating_add(weights);
        (NEAR / each.max(1)).max(ROUND).min(needs.channels.max(1))
    }

    /// The largest box, outer axes cut first, whose panel of `channels` channels and sums fit their limits; `None` where
    /// not even one position does. `parts` cuts height and width beforehand.
    fn largest(&self, needs: &Needs, channels: usize, parts: [usize; 2]) -> Option<[usize; 4]> {
        let fits = |positions: &[usize; 4]| {
            let panel = self.channel(positions).saturating_mul(channels);
            let sums = self.flat(positions).saturating_mul(needs.rows);
            panel.saturating_mul(needs.element) <= PANEL
                && sums.saturating_mul(needs.element) <= SUMS
        };
        let mut positions: [usize; 4] = std::array::from_fn(|a| self.lines[a].count);
        for (n, part) in positions[2..].iter_mut().zip(parts) {
            *n = n.div_ceil(part);
        }
        for a in 0..4 {
            let with = |n: usize| {
                let mut changed = positions;
                changed[a] = n;
                changed
            };
            let n = last_where(positions[a], |n| fits(&with(n)));
            positions = with(n);
            if fits(&positions) {
                return Some(positions);
            }
        }
        None
    }

    /// What a position costs in a box, in cycles of a core that does two multiply-adds of 16 elements in each. The
    /// constants are measured orders of magnitude: copies run at a few elements a cycle, stored sums are read back and
    /// stored again at about one, and weights come from memory at a few bytes.
    fn cost(&self, needs: &Needs, channels: usize, positions: &[usize; 4]) -> f64 {
        let count = positions.iter().map(|&n| n as f64).product::<f64>();
        let panel = self.channel(positions) as f64;
        let row = self.size(positions)[3] as f64;
        let all = needs.channels as f64;
        let pack = all * panel * (0.2 + 8.0 / row);
        let chunks = needs.channels.div_ceil(channels) as f64;
        let again = (chunks - 1.0) * needs.outputs as f64 * count;
        let from_memory = needs.weights > RESIDENT;
        let weights = needs.weights as f64 * if from_memory { 0.3 } else { 0.05 };
        let products =
            self.flat(positions) as f64 * needs.weights as f64 / needs.element as f64 / 24.0;
        (pack + again + weights + products) / count
    }

    /// The box of the least cost, and its input channels at a time.
    fn boxed(&self, needs: &Needs) -> [usize; 4] {
        let channels = needs.channels.max(1);
        let whole: [usize; 4] = std::array::from_fn(|a| self.lines[a].count);
        if needs.held {
            let parts = [1, whole[3].div_ceil(ROW)];
            let row = whole.map(|count| count.div_ceil(parts[1]));
            let near = self.near(needs, &[1, whole[1], whole[2], row[3]]);
            if let Some(mut positions) = self.largest(needs, near, parts) {
                // Images share a row only where it would be shorter than a tile.
                if whole[3] >= SLACK {
                    positions[0] = 1;
                }
                return positions;
            }
        }
        if self.largest(needs, channels, [1, 1]) == Some(whole) {
            return whole;
        }
        let mut best = (f64::INFINITY, [1; 4]);
        let mut chunks = 1;
        loop {
            let channels = channels.div_ceil(chunks);
            for parts in [1, 2, 4, 8]
                .into_iter()
                .flat_map(|h| [1, 2, 4, 8].map(|w| [h, w]))
            {
                if let Some(positions) = self.largest(needs, channels, parts) {
                    let cost = self.cost(needs, channels, &positions);
                    if cost < best.0 {
                        best = (cost, positions);
                    }
                }
            }
            if channels <= 8 {
                break;
            }
            chunks *= 2;
        }
        if best.0 < f64::INFINITY {
            return best.1;
        }
        // Not even eight channels of an eighth of a row fit: one channel of what does.
        let mut parts = [8, 8];
        loop {
            if let Some(positions) = self.largest(needs, 1, parts) {
                return positions;
            }
            if parts[1] >= whole[3] {
                return [1; 4];
            }
            parts = parts.map(|part: usize| part.saturating_mul(2));
        }
    }
}

/// Copies of each row in a panel: one, or, unrolled, one for every shift along the width.
fn copies(width: &Line, unrolled: bool) -> usize {
    if unrolled { width.span + 1 } else { 1 }
}

/// A row's length in the panel: whole cache lines where that wastes little, so that every row begins at one.
fn aligned(columns: usize) -> usize {
    let whole = columns.div_ceil(SLACK) * SLACK;
    if whole - columns <= columns / 14 {
        whole
    } else {
        columns
    }
}
