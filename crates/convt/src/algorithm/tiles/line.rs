//! One axis of a run, as tiles walk it.

use convt_geometry::{Op, Phase, Walk, gcd};

use super::super::blocked::Classes;
use crate::Error;

/// One axis: batch, depth, height or width.
///
/// The `m`-th output of a phase is `first + step*m`; a tap meets input `input_step*(m + least + shift) + residue`, where
/// `least` is the smallest shift of any tap, so that `m + shift` counts the elements of a panel.
pub(super) struct Line {
    pub(super) input: usize,
    pub(super) output: usize,
    pub(super) step: usize,
    pub(super) input_step: usize,
    /// Positions: `ceil(output / step)`.
    pub(super) count: usize,
    /// In ascending `first`.
    pub(super) phases: Vec<LinePhase>,
    /// The residues modulo `input_step` that taps read, ascending.
    pub(super) residues: Vec<usize>,
    pub(super) least: isize,
    /// How far the largest shift lies beyond the smallest.
    pub(super) span: usize,
    /// The largest `delta` of a phase.
    pub(super) extra: usize,
    /// Aligned lines only: the shift of each tap of the longest phase beyond `least`, for `delta = 0`.
    pub(super) base: Vec<usize>,
}

/// Outputs that share their taps.
pub(super) struct LinePhase {
    pub(super) first: usize,
    pub(super) count: usize,
    /// The class of its taps.
    pub(super) class: usize,
    /// `(index into residues, shift beyond the smallest)` of each tap.
    pub(super) taps: Vec<(usize, usize)>,
    /// Aligned lines only: the phase's output `m` is position `m + delta`, where its taps have the shifts of `base`.
    pub(super) delta: usize,
}

impl Line {
    pub(super) fn new(op: Op, walk: &Walk, classes: &Classes) -> Result<Self, Error> {
        let phases = walk.phases()?;
        let (step, input_step) = phases
            .first()
            .map_or((1, 1), |phase| (phase.step, phase.input_step));
        let count = walk.output().div_ceil(step);
        let stride = input_step as isize;
        // A tap that meets no input at any position may lie anywhere as far: its products are all with zeros.
        let nearest = -(count as isize);
        let farthest = walk.input().div_ceil(input_step) as isize;
        let place = |offset: isize| {
            let shift = offset.div_euclid(stride).clamp(nearest, farthest);
            (offset.rem_euclid(stride) as usize, shift)
        };
        let mut residues = Vec::new();
        let (mut least, mut most) = (isize::MAX, isize::MIN);
        for tap in phases.iter().flat_map(|phase| &phase.taps) {
            let (residue, shift) = place(tap.offset);
            if let Err(at) = residues.binary_search(&residue) {
                residues.insert(at, residue);
            }
            least = least.min(shift);
            most = most.max(shift);
        }
        if phases.is_empty() {
            (least, most) = (0, 0);
            residues.push(0);
        }
        let line_phase = |phase: &Phase| LinePhase {
            first: phase.first,
            count: phase.count,
            class: classes.of_tap(op, phase.taps[0].index),
            taps: phase
                .taps
                .iter()
                .map(|tap| {
                    let (residue, shift) = place(tap.offset);
                    let index = residues.binary_search(&residue).unwrap_or_default();
                    (index, (shift - least) as usize)
                })
                .collect(),
            delta: 0,
        };
        let phases = phases.iter().map(line_phase).collect();
        Ok(Self {
            input: walk.input(),
            output: walk.output(),
            step,
            input_step,
            count,
            phases,
            residues,
            least,
            span: (most - least) as usize,
            extra: 0,
            base: Vec::new(),
        })
    }

    /// A line of a transposed convolution whose phases share their loads: positions are counted so that the first tap of
    /// every phase has the same shift. The taps of a class are `s/g` apart, `g = gcd(s, d)`, so their shifts fall by `d/g`
    /// from tap to tap in every phase alike.
    pub(super) fn aligned(walk: &Walk, classes: &Classes) -> Result<Self, Error> {
        let phases = walk.phases()?;
        let first = |phase: &Phase| phase.taps[0].offset;
        let least_first = phases.iter().map(first).min().unwrap_or(0);
        let extra = phases.iter().map(first).max().unwrap_or(0) - least_first;
        let most = classes.longest();
        let fall = classes.dilation / gcd(classes.stride, classes.dilation);
        let line_phase = |phase: &Phase| LinePhase {
            first: phase.first,
            count: phase.count,
            class: classes.of_tap(Op::ConvTranspose, phase.taps[0].index),
            taps: Vec::new(),
            delta: (first(phase) - least_first) as usize,
        };
        let step = phases.first().map_or(1, |phase| phase.step);
        let below = fall * (most - 1);
        Ok(Self {
            input: walk.input(),
            output: walk.output(),
            step,
            input_step: 1,
            count: walk.output().div_ceil(step),
            phases: phases.iter().map(line_phase).collect(),
            residues: vec![0],
            least: least_first - below as isize,
            span: below + extra as usize,
            extra: extra as usize,
            base: (0..most).map(|tap| below - fall * tap).collect(),
        })
    }

    /// An axis that a kernel of one tap copies: the batch, or one that the layer lacks.
    pub(super) fn copied(count: usize) -> Self {
        Self {
            input: count,
            output: count,
            step: 1,
            input_step: 1,
            count,
            phases: vec![LinePhase {
                first: 0,
                count,
                class: 0,
                taps: vec![(0, 0)],
                delta: 0,
            }],
            residues: vec![0],
            least: 0,
            span: 0,
            extra: 0,
            base: vec![0],
        }
    }

    /// Whether every output is reached by some phase.
    pub(super) fn is_covered(&self) -> bool {
        self.phases.len() == self.step.min(self.output)
    }
}
