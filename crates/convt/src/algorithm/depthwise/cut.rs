//! How a run is cut into pieces that lie together in the output.

use convt_geometry::Op;

use super::Place;
use super::axis::Axis;
use super::width::Width;
use crate::Error;
use crate::algorithm::search::last_where;
use crate::layer::Resolved;
use crate::tensor::reserve;

/// Elements of a panel that stays in the first-level cache beside a row of the output.
pub(super) const NEAR: usize = 6 << 10;

/// Elements of a panel at most.
const FAR: usize = 64 << 10;

/// Elements of patterns that a thread may hold.
pub(super) const PATTERNS: usize = 32 << 10;

/// Output elements that a piece of small planes gathers.
pub(super) const PIECE: usize = 16 << 10;

/// Sizes of one run, and how it is cut.
///
/// Outputs are cut into pieces that are whole planes, or whole slabs (a depth), or whole rows, or parts of one row: of each
/// kind as many as their inputs' spread rows fit the panel.
pub(super) struct Cut {
    pub(super) depth: Axis,
    pub(super) height: Axis,
    pub(super) width: Width,
    /// Columns that spread rows are made for.
    pub(super) columns: usize,
    /// Pieces of `unit` elements, the last one shorter, in each `parent` elements of the output.
    pub(super) parent: usize,
    pub(super) unit: usize,
    /// Where taps along the width find their inputs in a spread row.
    pub(super) offsets: Vec<usize>,
    /// Elements of a thread's panel and patterns.
    panel: usize,
    patterns: usize,
    pub(super) pieces: usize,
}

impl Cut {
    pub(super) fn new(sizes: &Resolved, workers: usize) -> Result<Self, Error> {
        let walks = &sizes.walks;
        let op = walks.first().map_or(Op::Conv, convt_geometry::Walk::op);
        let axis = |from_innermost: usize| {
            let walk = walks.iter().rev().nth(from_innermost);
            walk.map_or_else(|| Axis::unit(op), Axis::new)
        };
        let (depth, height, width) = (axis(2), axis(1), Width::new(axis(0)));
        let (slabs, rows, columns) = (depth.output, height.output, width.axis.output);
        // Elements of the panel for so many neighbouring outputs along each axis.
        let panel = |d: usize, h: usize, w: usize| {
            depth
                .most_inputs(d)
                .saturating_mul(height.most_inputs(h))
                .saturating_mul(width.pitch(w))
        };
        let slab = rows.saturating_mul(columns);
        let plane = slabs.saturating_mul(slab);
        // An empty batch is cut like one image: nothing of it is run.
        let planes = sizes.batch.saturating_mul(sizes.out_channels).max(1);
        let all = plane.saturating_mul(planes);
        // With several threads every one should find a few pieces.
        let most = if workers == 1 {
            all
        } else {
            all.div_ceil(4 * workers)
        };
        let near_or_far = |of: &dyn Fn(usize) -> usize, all: usize, worth: usize| {
            let near = last_where(all, |n| of(n) <= NEAR);
            let far = last_where(all, |n| of(n) <= FAR);
            near.max(far.min(worth))
        };
        // Pieces shorter than a few kernels would spread most inputs twice.
        let worth = |axis: &Axis| {
            let kernel = axis.kernel.saturating_mul(axis.dilation);
            kernel.max(axis.stride).saturating_mul(4)
        };
        let (parent, unit, columns) = if panel(1, rows, columns) <= NEAR {
            let n = near_or_far(&|n| panel(n, rows, columns), slabs, worth(&depth));
            let n = n.min(most.div_ceil(slab)).max(1);
            if n == slabs {
                let planes_together = (PIECE / plane).min(most / plane).clamp(1, planes);
                (all, plane * planes_together, columns)
            } else {
                (plane, n * slab, columns)
            }
        } else if panel(1, 1, columns) <= FAR {
            let n = near_or_far(&|n| panel(1, n, columns), rows, worth(&height));
            let n = n.min(most.div_ceil(columns)).max(1);
            (slab, n * columns, columns)
        } else {
            let step = width.cycle;
            let units = columns.div_ceil(step);
            let n = last_where(units, |n| panel(1, 1, (n * step).min(columns)) <= FAR);
            let part = (n * step).min(columns);
            (columns, part, part)
        };
        let mut offsets = reserve("the list of taps", width.taps)?;
        width.offsets(columns, &mut offsets);
        let (d, h) = if unit >= slab {
            ((unit / slab).min(slabs), rows)
        } else {
            (1, (unit / columns).max(1))
        };
        Ok(Self {
            panel: panel(d, h, columns),
            patterns: depth.kernel * height.kernel * width.taps * width.pattern,
            pieces: (all / parent) * parent.div_ceil(unit),
            depth,
            height,
            width,
            columns,
            parent,
            unit,
            offsets,
        })
    }

    /// Elements of an output plane.
    pub(super) fn plane(&self) -> usize {
        self.depth.output * self.slab()
    }

    /// Elements of an output plane at one depth.
    fn slab(&self) -> usize {
        self.height.output * self.width.axis.output
    }

    /// The box of `length` elements of a plane from `at` on, which a piece holds.
    pub(super) fn place(&self, at: usize, length: usize) -> Place {
        let (slab, columns) = (self.slab(), self.width.axis.output);
        let (d, in_slab) = (at / slab, at % slab);
        let (h, column) = (in_slab / columns, in_slab % columns);
        if length >= slab {
            Place {
                depth: d..d + length / slab,
                height: 0..self.height.output,
                columns: 0..columns,
            }
        } else if length >= columns {
            Place {
                depth: d..d + 1,
                height: h..h + length / columns,
                columns: 0..columns,
            }
        } else {
            Place {
                depth: d..d + 1,
                height: h..h + 1,
                columns: column..column + length,
            }
        }
    }

    /// Elements of scratch that one thread needs.
    pub(super) fn scratch(&self) -> usize {
        self.panel.saturating_add(self.patterns)
    }

    /// A thread's scratch as panel and patterns.
    pub(super) fn split<'m, T>(&self, memory: &'m mut [T]) -> (&'m mut [T], &'m mut [T]) {
        memory.split_at_mut(self.panel)
    }
}
