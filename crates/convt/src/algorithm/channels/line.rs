//! One spatial axis: its phases, and within a phase the positions that share their taps.

use std::ops::Range;

use convt_geometry::{Phase, Walk};

use crate::Error;

/// One spatial axis.
pub(super) struct Line {
    pub(super) input: usize,
    pub(super) output: usize,
    /// Distance between a phase's outputs, and between the inputs of one tap.
    pub(super) step: usize,
    pub(super) input_step: usize,
    pub(super) phases: Vec<LinePhase>,
}

/// Outputs `first + step*m`.
pub(super) struct LinePhase {
    pub(super) first: usize,
    count: usize,
    /// One of its taps, which tells its class.
    pub(super) tap: usize,
    /// At `m = 0`, the input that each tap meets; ascending or descending.
    pub(super) offsets: Vec<isize>,
    pub(super) zones: Vec<Zone>,
}

/// Positions of a phase that share the taps which meet an input: a run between two borders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Zone {
    pub(super) positions: Range<usize>,
    /// Indices into the phase's taps.
    pub(super) taps: Range<usize>,
}

impl Line {
    pub(super) fn new(walk: &Walk) -> Result<Self, Error> {
        let phases = walk.phases()?;
        let (step, input_step) = phases
            .first()
            .map_or((1, 1), |phase| (phase.step, phase.input_step));
        let input = walk.input();
        Ok(Self {
            input,
            output: walk.output(),
            step,
            input_step,
            phases: phases
                .iter()
                .map(|phase| LinePhase::new(phase, input))
                .collect(),
        })
    }

    /// An axis of one element that a kernel of one tap copies.
    pub(super) fn unit() -> Self {
        Self {
            input: 1,
            output: 1,
            step: 1,
            input_step: 1,
            phases: vec![LinePhase {
                first: 0,
                count: 1,
                tap: 0,
                offsets: vec![0],
                zones: vec![Zone {
                    positions: 0..1,
                    taps: 0..1,
                }],
            }],
        }
    }

    /// The positions of a phase whose outputs lie within `outputs`.
    pub(super) fn positions(&self, phase: &LinePhase, outputs: &Range<usize>) -> Range<usize> {
        // first + step*m >= edge
        let from = |edge: usize| edge.saturating_sub(phase.first).div_ceil(self.step);
        from(outputs.start)..from(outputs.end).min(phase.count)
    }
}

impl LinePhase {
    fn new(phase: &Phase, input: usize) -> Self {
        let offsets: Vec<isize> = phase.taps.iter().map(|tap| tap.offset).collect();
        let mut borders = Vec::with_capacity(2 * offsets.len() + 2);
        borders.extend([0, phase.count]);
        for tap in &phase.taps {
            let reach = phase.reach(tap, input);
            borders.extend([reach.start, reach.end]);
        }
        borders.sort_unstable();
        borders.dedup();
        let zones = borders
            .windows(2)
            .map(|ends| Zone {
                positions: ends[0]..ends[1],
                taps: meeting(&offsets, (phase.input_step * ends[0]) as isize, input),
            })
            .collect();
        Self {
            first: phase.first,
            count: phase.count,
            tap: phase.taps[0].index,
            offsets,
            zones,
        }
    }
}

/// The taps whose input `base + offset` exists. Offsets ascend (convolution) or descend (transposed), so it is one range.
fn meeting(offsets: &[isize], base: isize, input: usize) -> Range<usize> {
    let input = input as isize;
    let ascends = offsets.first() <= offsets.last();
    let (from, to) = if ascends {
        (
            offsets.partition_point(|offset| base + offset < 0),
            offsets.partition_point(|offset| base + offset < input),
        )
    } else {
        (
            offsets.partition_point(|offset| base + offset >= input),
            offsets.partition_point(|offset| base + offset >= 0),
        )
    };
    from..to.max(from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use convt_geometry::{Axis, Crop, Op};

    #[test]
    fn zones_list_exactly_the_contributions() {
        for op in [Op::Conv, Op::ConvTranspose] {
            for (kernel, stride, dilation, begin, end, input) in [
                (4, 2, 1, 1, 1, 4),
                (4, 2, 1, 1, 1, 1),
                (5, 3, 2, 2, -1, 6),
                (7, 1, 3, 4, 4, 3),
                (3, 2, 2, 0, 0, 9),
                (16, 8, 1, 4, 4, 5),
                (1, 4, 1, 0, -3, 2),
            ] {
                let axis = Axis::new(kernel, stride, dilation)
                    .unwrap()
                    .with_crop(Crop::new(begin, end));
                let Ok(walk) = Walk::new(op, &axis, input) else {
                    continue;
                };
                let line = Line::new(&walk).unwrap();
                let phases = walk.phases().unwrap();
                let mut seen = vec![Vec::new(); walk.output()];
                for (phase, of) in line.phases.iter().zip(&phases) {
                    assert_eq!(line.positions(phase, &(0..walk.output())), 0..of.count);
                    for zone in &phase.zones {
                        for m in zone.positions.clone() {
                            seen[phase.first + line.step * m] = zone
                                .taps
                                .clone()
                                .map(|t| {
                                    let q = (line.input_step * m) as isize + phase.offsets[t];
                                    (of.taps[t].index, q as usize)
                                })
                                .collect();
                        }
                    }
                }
                for (o, seen) in seen.iter().enumerate() {
                    assert_eq!(*seen, walk.contributions(o).collect::<Vec<_>>(), "{walk:?}");
                }
            }
        }
    }
}
