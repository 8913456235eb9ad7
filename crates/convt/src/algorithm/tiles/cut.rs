//! How a run is cut: into jobs, which threads take, and into boxes of positions, each with a panel of its own.

use std::ops::Range;

use super::line::Line;

/// Bytes of a panel that a box is cut to.
const PANEL: usize = 240 << 10;

/// Bytes of a block's sums that a box is cut to.
const SUMS: usize = 256 << 10;

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
    /// Bytes of packed weights that pass by for every box.
    pub(super) weights: usize,
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
        // A border of more than an eighth of a row is worth a copy of the row for every shift.
        let unrolled = width.span > 0
            && width.span < 4
            && width.count < 8 * width.span
            && needs.rows >= 8
            && width.input_step == 1;
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
            size: [0; 4],
            channel: 0,
            pitch: 0,
            rows: needs.rows,
        };
        if needs.workers == 1 {
            // One thread takes whole images.
            cut.images = positions[0].min(batch);
        } else {
            // Two jobs a thread: images, then channels where their weights are many, then positions, then channels.
            let wanted = 2 * needs.workers;
            if batch.div_ceil(cut.images) < wanted {
                cut.images = batch.div_ceil(wanted).max(1);
                positions[0] = positions[0].min(cut.images);
            }
            let mut jobs = batch.div_ceil(cut.images);
            let by_channels = needs.weights > RESIDENT && needs.blocks >= 4 * needs.workers;
            if by_channels && jobs < wanted {
                cut.pieces = wanted.div_ceil(jobs).min(needs.blocks);
                jobs *= cut.pieces;
            }
            if jobs < wanted && cut.images == 1 {
                let slabs = wanted.div_ceil(jobs).min(lines[axis].count);
                cut.slab = lines[axis].count.div_ceil(slabs);
                positions[axis] = positions[axis].min(cut.slab);
                jobs *= lines[axis].count.div_ceil(cut.slab);
            }
            if jobs < wanted {
                cut.pieces = (cut.pieces * wanted.div_ceil(jobs))
                    .min(needs.blocks)
                    .max(1);
            }
        }
        // Equal boxes: the last is not a remnant.
        for (a, n) in positions.iter_mut().enumerate() {
            let whole = match a {
                0 => cut.images,
                a if a == axis => cut.slab,
                a => lines[a].count,
            };
            *n = whole.div_ceil(whole.div_ceil(*n));
        }
        cut.positions = positions;
        cut.size = shape.size(&positions);
        cut.channel = shape.channel(&positions);
        cut.pitch = shape
            .flat(&positions)
            .checked_next_multiple_of(SLACK)
            .unwrap_or(usize::MAX);
        let most = (PANEL / needs.element / cut.channel.max(1)).clamp(1, needs.channels.max(1));
        let chunks = needs.channels.max(1).div_ceil(most);
        cut.channels = needs.channels.max(1).div_ceil(chunks);
        cut
    }

    /// Elements of a panel.
    pub(super) fn panel(&self) -> usize {
        self.channel
            .saturating_mul(self.channels)
            .saturating_add(SLACK)
    }

    /// Elements of scratch that one thread needs.
    pub(super) fn scratch(&self) -> usize {
        let sums = self.pitch.saturating_mul(self.rows);
        let slack = SLACK; // the last row's sums are stored in whole vectors
        self.panel().saturating_add(sums).saturating_add(slack)
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
            (3, true) => positions[a],
            _ => positions[a].saturating_add(self.lines[a].span),
        })
    }

    /// Panel elements of one input channel.
    fn channel(&self, positions: &[usize; 4]) -> usize {
        let copies = if self.unrolled {
            self.lines[3].span + 1
        } else {
            1
        };
        let residues = self.lines.iter().map(|line| line.residues.len());
        let factors = self.size(positions).into_iter().chain(residues);
        factors.fold(copies, usize::saturating_mul)
    }

    /// Flat positions from a box's first to its last.
    fn flat(&self, positions: &[usize; 4]) -> usize {
        let size = self.size(positions);
        let last = FLAT.iter().fold(0_usize, |at, &a| {
            at.saturating_mul(size[a]).saturating_add(positions[a] - 1)
        });
        last.saturating_add(1)
    }

    /// The largest box, outer axes cut first, whose panel and sums fit their limits; with fewer input channels at a time
    /// where a box of all channels would use its weights too little.
    fn boxed(&self, needs: &Needs) -> [usize; 4] {
        let mut positions: [usize; 4] = std::array::from_fn(|a| self.lines[a].count);
        let channels = needs.channels.max(1);
        let few = channels.min(32);
        let enough = if needs.weights > RESIDENT { 192 } else { 96 };
        let fits = |positions: &[usize; 4], channels: usize| {
            let panel = self.channel(positions).saturating_mul(channels);
            let sums = self.flat(positions).saturating_mul(needs.rows);
            panel.saturating_mul(needs.element) <= PANEL
                && sums.saturating_mul(needs.element) <= SUMS
        };
        for a in 0..4 {
            let most = positions[a];
            let with = |n: usize| {
                let mut changed = positions;
                changed[a] = n;
                changed
            };
            let fitting = last_where(most, |n| fits(&with(n), channels));
            let wanted = last_where(most, |n| self.flat(&with(n)) < enough)
                .saturating_add(1)
                .min(most);
            let chosen = fitting.max(wanted.min(last_where(most, |n| fits(&with(n), few))));
            positions = with(chosen);
            if fits(&positions, few) {
                break;
            }
        }
        positions
    }
}

/// The last of `1..=most` for which `holds`, which holds up to some number and no further; 1 if it never does.
fn last_where(most: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (1, most.max(1));
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if holds(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}
