//! How a run is cut into boxes of outputs whose sums fit the scratch.

use std::ops::Range;

use super::line::Line;
use crate::layer::Resolved;

/// Outputs whose sums are held at a time, of all images of a box together.
const PLACES: usize = 1024;

/// How a run is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// The axis along which parts lie: a part of a plane is contiguous.
    pub(super) axis: usize,
    /// Outputs of a box along each axis; along `axis`, of a part.
    pub(super) size: [usize; 3],
    pub(super) parts: usize,
    /// Images whose outputs are places of the same weights.
    pub(super) images: usize,
    /// Elements of one place's sums.
    pub(super) pitch: usize,
    /// Whether each block of channels is a job of its own.
    pub(super) shared: bool,
}

impl Cut {
    /// `blocks` blocks of channels, of at most `pitch` lanes.
    pub(super) fn new(
        lines: &[Line; 3],
        sizes: &Resolved,
        (blocks, pitch): (usize, usize),
        workers: usize,
    ) -> Self {
        let outputs = lines.each_ref().map(|line| line.output);
        let axis = outputs.iter().position(|&output| output > 1).unwrap_or(2);
        let places = |size: [usize; 3]| size.into_iter().fold(1, usize::saturating_mul);
        let mut size = outputs;
        for a in 0..3 {
            if places(size) > PLACES {
                let mut others = size;
                others[a] = 1;
                let fit = (PLACES / places(others)).clamp(1, size[a]);
                size[a] = whole_steps(fit, lines[a].step);
            }
        }
        let mut images = if size == outputs {
            (PLACES / places(size)).clamp(1, sizes.batch.max(1))
        } else {
            1
        };
        // Threads share blocks, so that each streams weights of its own; images and parts only where blocks do not come out.
        let even = blocks.is_multiple_of(workers) || blocks >= 4 * workers;
        if !even {
            images = images.min(sizes.batch.div_ceil(workers)).max(1);
            let parts = workers.div_ceil(sizes.batch.div_ceil(images).max(1));
            let fit = outputs[axis].div_ceil(parts);
            let fit = fit.div_ceil(lines[axis].step) * lines[axis].step;
            size[axis] = size[axis].min(fit);
        }
        Self {
            axis,
            size,
            parts: outputs[axis].div_ceil(size[axis]),
            images,
            pitch,
            shared: workers > 1,
        }
    }

    /// Places of a box at most.
    pub(super) fn places(&self) -> usize {
        self.size.iter().product::<usize>() * self.images
    }

    /// The boxes of a part.
    pub(super) fn boxes(
        &self,
        part: usize,
        lines: &[Line; 3],
    ) -> impl Iterator<Item = [Range<usize>; 3]> + use<> {
        let outputs = lines.each_ref().map(|line| line.output);
        let Self { axis, size, .. } = *self;
        let ranges = move |a: usize| {
            let whole = if a == axis {
                part * size[a]..((part + 1) * size[a]).min(outputs[a])
            } else {
                0..outputs[a]
            };
            let end = whole.end;
            whole
                .step_by(size[a])
                .map(move |from| from..(from + size[a]).min(end))
        };
        ranges(0).flat_map(move |d| {
            ranges(1).flat_map(move |h| {
                let d = d.clone();
                ranges(2).map(move |w| [d.clone(), h.clone(), w])
            })
        })
    }
}

/// `count` outputs, cut to whole steps where that leaves any, so that every phase has as many.
fn whole_steps(count: usize, step: usize) -> usize {
    if count >= step {
        count / step * step
    } else {
        count
    }
}
