//! How many products meet in each output, and what a flat input gives: will this layer draw a checkerboard?
//!
//! The taps of a transposed convolution fall into phases, one per remainder of `t*d - begin` modulo the stride on every
//! axis. Away from the border an input of ones gives every output of a phase the *sum of the phase's taps*, exactly. So
//! three questions have exact answers:
//!
//! - **holes**: is there a phase without taps? Its outputs hold only the bias;
//! - **even overlap**: have all phases equally many taps? That is a question about sizes alone;
//! - **balanced phases**: have all phases the same sum? Only then does a flat input give a flat output, and no even overlap
//!   promises it.

use convt_geometry::Op;

use crate::model::{Model, Three, positions, volume};
use crate::{ExplainError, State};

/// The overlap of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Overlap {
    /// The output's spatial size.
    pub shape: Vec<usize>,
    /// Row-major: how many products of one input channel add to each output.
    pub counts: Vec<usize>,
    /// Phases per axis: the stride of a transposed convolution, 1 of a convolution.
    pub phases: Vec<usize>,
    /// The phases of every pair of channels that the layer connects, row-major in the remainders of the output index.
    pub sums: Vec<PhaseSum>,
    /// What follows.
    pub verdict: Verdict,
}

/// One phase of one kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseSum {
    /// The input channel.
    pub input_channel: usize,
    /// The output channel.
    pub output_channel: usize,
    /// The remainder of the output index modulo the stride, per axis.
    pub phase: Vec<usize>,
    /// Row-major indices of the phase's taps.
    pub taps: Vec<usize>,
    /// The sum of their weights: what an input of ones gives away from the border.
    pub sum: f64,
}

/// The answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Phases without a tap, of one kernel.
    pub holes: usize,
    /// All phases have equally many taps.
    pub even: bool,
    /// All phases have the same sum, in every kernel.
    pub balanced: bool,
}

/// The overlap of a state's layer with its weights.
pub fn overlap(state: &State) -> Result<Overlap, ExplainError> {
    Ok(of(&Model::new(state)?))
}

pub(crate) fn of(model: &Model) -> Overlap {
    let strides: Three = match model.op {
        Op::ConvTranspose => model.each(|axis| axis.stride),
        Op::Conv => [1; 3],
    };
    let counts = positions(model.output()).map(|o| model.count(o)).collect();
    // Which taps each phase has: the same for every kernel.
    let taps: Vec<Vec<Three>> = positions(strides)
        .map(|phase| {
            let in_phase = |t: &Three| (0..3).all(|a| remainder(model, a, t[a]) == phase[a]);
            positions(model.kernel()).filter(in_phase).collect()
        })
        .collect();
    let mut sums = Vec::new();
    for ci in 0..model.in_channels {
        for co in model.targets(ci) {
            for (phase, taps) in positions(strides).zip(&taps) {
                sums.push(PhaseSum {
                    input_channel: ci,
                    output_channel: co,
                    phase: model.own(phase),
                    taps: taps
                        .iter()
                        .map(|&t| crate::model::flat(model.kernel(), t))
                        .collect(),
                    sum: taps.iter().map(|&t| model.w_at(ci, co, t)).sum(),
                });
            }
        }
    }
    let verdict = Verdict {
        holes: taps.iter().filter(|taps| taps.is_empty()).count(),
        even: taps.iter().all(|phase| phase.len() == taps[0].len()),
        balanced: sums
            .chunks(volume(strides))
            .all(|kernel| kernel.iter().all(|phase| phase.sum == kernel[0].sum)),
    };
    Overlap {
        shape: model.own(model.output()),
        counts,
        phases: model.own(strides),
        sums,
        verdict,
    }
}

/// The phase of a tap on an axis: output `o = q*s + t*d - begin` has the remainder of `t*d - begin`.
fn remainder(model: &Model, axis: usize, t: usize) -> usize {
    let axis = &model.axes[axis];
    match model.op {
        Op::Conv => 0,
        Op::ConvTranspose => {
            let place = (t * axis.dilation) as isize - axis.begin;
            place.rem_euclid(axis.stride as isize) as usize
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Values;

    fn verdict(line: &str, w: Values) -> Verdict {
        let state = State {
            w,
            ..State::of_problem(&line.parse().unwrap())
        };
        overlap(&state).unwrap().verdict
    }

    #[test]
    fn the_famous_layers_are_judged() {
        // Kernel 3, stride 2: phases of 2 and 1 taps per axis.
        let checkerboard = verdict("conv_transpose2d i4 k3 s2", Values::Ones);
        assert_eq!(
            (checkerboard.holes, checkerboard.even, checkerboard.balanced),
            (0, false, false)
        );
        // A kernel that the stride divides overlaps evenly, but only some of its weights are balanced.
        let even = verdict("conv_transpose2d i4 k4 s2 p1", Values::Count);
        assert_eq!((even.holes, even.even, even.balanced), (0, true, false));
        let bilinear = verdict("conv_transpose2d i4 k4 s2 p1", Values::Bilinear);
        assert_eq!((bilinear.even, bilinear.balanced), (true, true));
        // Stride 2 and dilation 2: every tap lands on the same remainder.
        assert_eq!(
            verdict("conv_transpose2d i3 k3 s2 d2", Values::Ones).holes,
            3
        );
        assert_eq!(verdict("conv_transpose1d i3 k2 s3", Values::Ones).holes, 1);
    }

    #[test]
    fn a_flat_input_gives_the_phase_sums() {
        let problem = "conv_transpose2d i6 k4x3 s2x3 p1x0".parse().unwrap();
        let state = State {
            x: Values::Ones,
            w: Values::Random(3),
            b: None,
            ..State::of_problem(&problem)
        };
        let model = Model::new(&state).unwrap();
        let found = of(&model);
        // Away from the border.
        for o in positions([1, 4, 6]) {
            let o = [0, o[1] + 4, o[2] + 6];
            let phase = [o[1] % 2, o[2] % 3];
            let sum = found
                .sums
                .iter()
                .find(|one| one.phase == phase)
                .unwrap()
                .sum;
            assert_eq!(model.y_at(0, o), sum, "{o:?}");
        }
    }
}
