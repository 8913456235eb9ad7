//! A gradient taken apart: jobs of channels for threads, panels that fit the cache, passes over lines of taps.

use std::ops::Range;

use convt_simd::{Isa, OUTER_VECTORS};

use super::blocks::Blocks;
use super::form::{Form, Tile};
use super::{PairAxis, PairShape};
use crate::Element;

/// Bytes of panels that a job may have, as far as channels and taps can be split, and of panels and sums together: most of a
/// second-level cache, in which the sums stay from block to block.
const PANELS: usize = 1 << 20;
const JOB: usize = 7 << 18;

/// The channels of one tensor: panels, and how they are shared in parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side {
    /// Channels of a group.
    pub(super) channels: usize,
    /// Channels of a panel, and elements of one position in it.
    pub(super) each: usize,
    pub(super) pitch: usize,
    pub(super) panels: usize,
    /// Panels of a job.
    pub(super) per_job: usize,
}

impl Side {
    fn new(channels: usize, each: usize, vector: usize) -> Self {
        let panels = channels.div_ceil(each);
        Self {
            channels,
            each,
            pitch: each.next_multiple_of(vector),
            panels,
            per_job: panels,
        }
    }

    pub(super) fn jobs(&self) -> usize {
        self.panels.div_ceil(self.per_job)
    }

    /// Panels of a job.
    pub(super) fn of_job(&self, job: usize) -> Range<usize> {
        job * self.per_job..((job + 1) * self.per_job).min(self.panels)
    }

    /// Channels of a job's panels.
    pub(super) fn channels_of(&self, panels: &Range<usize>) -> Range<usize> {
        panels.start * self.each..(panels.end * self.each).min(self.channels)
    }

    fn halve(&mut self) {
        self.per_job = self.per_job.div_ceil(2);
    }
}

/// How a gradient is taken apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) tile: Tile,
    pub(super) shape: PairShape,
    pub(super) blocks: Blocks,
    pub(super) coarse: Side,
    pub(super) fine: Side,
    /// Groups of a job: one, but for lanes along groups.
    pub(super) groups: usize,
    /// Taps of depth and height whose lines one pass takes.
    pub(super) pass: [usize; 2],
}

impl Cut {
    /// For at least `jobs` jobs, as far as there is enough to share.
    pub(super) fn new<T: Element>(isa: Isa, shape: &PairShape, jobs: usize) -> Self {
        let tile = Tile::choose::<T>(isa, shape);
        let [depth, height, width] = &shape.axes;
        let side = |channels, each| Side::new(channels, each, tile.vector);
        let (coarse, fine) = (shape.coarse_each(), shape.fine_each());
        let (coarse, fine) = match tile.form {
            Form::CoarseLanes => (side(coarse, tile.lanes), side(fine, tile.rows)),
            Form::FineLanes => (side(coarse, tile.rows), side(fine, tile.lanes)),
            Form::Window => (side(coarse, tile.lanes), Side::new(fine, fine, 1)),
            Form::Matched => {
                let of = |channels: usize| Side {
                    pitch: tile.lanes,
                    ..Side::new(channels, 1, 1)
                };
                (of(coarse), of(fine))
            }
        };
        let groups = if tile.form == Form::Matched {
            tile.lanes
        } else {
            1
        };
        let mut cut = Self {
            tile,
            shape: *shape,
            blocks: Blocks::new(shape.batch * depth.coarse, height.coarse, width.coarse),
            coarse,
            fine,
            groups,
            pass: [depth.kernel(), height.kernel()],
        };
        if tile.form != Form::Matched {
            cut.share::<T>(jobs);
        }
        while cut.fine_elements() > PANELS / size_of::<T>() {
            let Some(taps) = cut.pass.iter_mut().find(|taps| **taps > 1) else {
                break;
            };
            *taps = taps.div_ceil(2);
        }
        cut
    }

    /// Halves the side that has the larger panels, or the only one that can be halved, until a job is as small as it
    /// may be and there are as many jobs. What is not halved is packed by more jobs.
    fn share<T: Element>(&mut self, jobs: usize) {
        let can_halve = |side: &Side| side.per_job > 1;
        loop {
            let (coarse, fine) = (self.coarse_elements(), self.fine_elements());
            let panels = (coarse + fine) * size_of::<T>();
            let sums = self.sums_elements::<T>() * size_of::<T>();
            if panels <= PANELS && panels + sums <= JOB && self.jobs() >= jobs {
                return;
            }
            let by_coarse = match (can_halve(&self.coarse), can_halve(&self.fine)) {
                (true, true) => coarse > fine,
                (true, false) => true,
                (false, true) => false,
                (false, false) => return,
            };
            if by_coarse {
                self.coarse.halve();
            } else {
                self.fine.halve();
            }
        }
    }

    pub(super) fn jobs(&self) -> usize {
        self.shape.groups.div_ceil(self.groups) * self.coarse.jobs() * self.fine.jobs()
    }

    /// Elements of the coarse tensor's panels.
    pub(super) fn coarse_elements(&self) -> usize {
        let positions: usize = self.blocks.each().iter().product();
        positions * self.coarse.per_job * self.coarse.pitch
    }

    /// Elements of the fine tensor's panels. Rows of a window may be read one tile beyond.
    pub(super) fn fine_elements(&self) -> usize {
        let positions = self.fine_positions();
        match self.tile.form {
            Form::Window => positions * self.fine.channels + self.tile.rows,
            _ => positions * self.fine.per_job * self.fine.pitch,
        }
    }

    /// Positions of the fine tensor that a block's pass holds at most.
    fn fine_positions(&self) -> usize {
        let [planes, rows, columns] = self.blocks.each();
        let [_, height, width] = &self.shape.axes;
        let lines = reach(height, rows, self.pass[1])
            .min(rows.saturating_mul(self.pass[1]))
            .min(height.fine);
        let span = reach(width, columns, width.kernel());
        let line = match self.tile.form {
            Form::Window => span,
            _ => span.min(width.fine).next_multiple_of(width.stride()),
        };
        [self.pass[0], lines, line]
            .into_iter()
            .fold(planes, usize::saturating_mul)
    }

    /// Tiles of the rows: of a line of taps in a window, of a tap otherwise.
    pub(super) fn pieces(&self) -> usize {
        let line = self.shape.axes[2].kernel() * self.fine.channels;
        line.div_ceil(self.tile.rows)
    }

    /// Elements of one tile's sums.
    pub(super) fn sums(&self) -> usize {
        self.tile.rows * self.tile.lanes
    }

    /// Elements of a job's sums. A line beyond them may be read.
    pub(super) fn sums_elements<T: Element>(&self) -> usize {
        let tiles = match self.tile.form {
            Form::Window => {
                let lines = self.shape.axes[0].kernel() * self.shape.axes[1].kernel();
                lines * self.pieces() * self.coarse.per_job
            }
            _ => self.shape.taps() * self.coarse.per_job * self.fine.per_job,
        };
        tiles * self.sums() + T::LINE
    }

    /// Elements of a thread's memory: panels and sums, each beginning with a cache line.
    pub(super) fn memory<T: Element>(&self) -> [usize; 3] {
        [
            self.coarse_elements(),
            self.fine_elements(),
            self.sums_elements::<T>(),
        ]
        .map(|count| count.next_multiple_of(T::LINE))
    }

    /// Vectors of a lane panel that has so many channels before it.
    pub(super) fn vectors(&self, panel: usize, side: &Side) -> usize {
        let rest = side.channels - panel * side.each;
        rest.div_ceil(self.tile.vector).min(OUTER_VECTORS)
    }
}

/// Fine positions between the first and the last that `taps` neighbouring taps meet at `count` neighbouring positions.
fn reach(axis: &PairAxis, count: usize, taps: usize) -> usize {
    let steps = (count - 1).saturating_mul(axis.stride());
    let span = (taps - 1).saturating_mul(axis.walk.axis().dilation);
    steps.saturating_add(span).saturating_add(1)
}
