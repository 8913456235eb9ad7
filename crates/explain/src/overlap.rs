//! How many products meet in each output, and what a flat input gives: will this layer draw a checkerboard?
//!
//! The taps of a transposed convolution fall into phases, one per remainder of `t*d - begin` modulo the stride on every
//! axis. Away from the border an input of ones gives every output of a phase the *sum of the phase's taps*, exactly. So
//! three questions have exact answers:
//!
//! - **holes**: is there a phase without taps? Its outputs hold only the bias;
//! - **even overlap**: have all phases equally many taps? That is a question about sizes alone;
//! - **balanced phases**: have all phases the same sum, but for rounding? Only then does a flat input give a flat output, and no even overlap
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
    /// All phases have the same sum, in every kernel: they differ by at most 1e-12 of its weights' magnitudes.
    pub balanced: bool,
}

/// Weights whose phases are balanced.
#[derive(Clone, Debug, PartialEq)]
pub struct Balanced {
    /// The weights, in the order of the layer's weight.
    pub weights: Vec<f64>,
    /// Phases that differ from the others of their kernel still: those that have no tap or whose taps cancel each other,
    /// and all of a kernel whose phases cancel each other, which only zeros would balance.
    pub left: usize,
}

/// The state's weights with the taps of every phase multiplied by one number, so that all phases of a kernel have the
/// same sum: the mean of the sums that are not zero.
pub fn balance(state: &State) -> Result<Balanced, ExplainError> {
    let model = Model::new(state)?;
    let found = of(&model);
    let (taps, inner) = (model.taps(), model.w.shape[1]);
    let mut weights = model.w.data.clone();
    let mut left = 0;
    for kernel in found.sums.chunks(found.phases.iter().product()) {
        let [a, b] = model.kernel_index(kernel[0].input_channel, kernel[0].output_channel);
        let start = (a * inner + b) * taps;
        let own = &mut weights[start..start + taps];
        let slack = slack(own.iter());
        if even(kernel, slack) {
            continue;
        }
        let scaled = || kernel.iter().filter(|phase| phase.sum.abs() > slack);
        let mean = scaled().map(|phase| phase.sum).sum::<f64>() / scaled().count() as f64;
        if mean.abs() <= slack {
            left += kernel.len();
            continue;
        }
        left += kernel.len() - scaled().count();
        for phase in scaled() {
            for &tap in &phase.taps {
                own[tap] *= mean / phase.sum;
            }
        }
    }
    Ok(Balanced { weights, left })
}

/// What rounding may make of the sum of a kernel's weights.
fn slack<'a>(weights: impl Iterator<Item = &'a f64>) -> f64 {
    1e-12 * weights.map(|w| w.abs()).sum::<f64>()
}

/// Whether all phases of a kernel have the same sum.
fn even(kernel: &[PhaseSum], slack: f64) -> bool {
    let first = kernel[0].sum;
    slack.is_finite()
        && kernel
            .iter()
            .all(|phase| (phase.sum - first).abs() <= slack)
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
        balanced: sums.chunks(volume(strides)).all(|kernel| {
            let [a, b] = model.kernel_index(kernel[0].input_channel, kernel[0].output_channel);
            let start = (a * model.w.shape[1] + b) * model.taps();
            even(
                kernel,
                slack(model.w.data[start..start + model.taps()].iter()),
            )
        }),
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
    fn balancing_makes_all_phase_sums_equal() {
        let of_line = |line: &str, w: Values| State {
            w,
            ..State::of_problem(&line.parse().unwrap())
        };
        for line in [
            "conv_transpose2d c2-4 g2 i4 k3 s2 p1",
            "conv_transpose1d i4 k7 s3",
        ] {
            let state = of_line(line, Values::Count);
            let before = overlap(&state).unwrap();
            assert!(!before.verdict.balanced);
            let done = balance(&state).unwrap();
            assert_eq!(done.left, 0);
            let state = of_line(line, Values::List(done.weights.clone()));
            let after = overlap(&state).unwrap();
            assert!(after.verdict.balanced);
            let phases = before.phases.iter().product();
            for (old, new) in before.sums.chunks(phases).zip(after.sums.chunks(phases)) {
                let mean = old.iter().map(|phase| phase.sum).sum::<f64>() / phases as f64;
                for phase in new {
                    assert!(
                        (phase.sum - mean).abs() <= 1e-12 * mean,
                        "{line}: {phase:?}"
                    );
                }
            }
            // What is balanced stays as it is.
            assert_eq!(balance(&state).unwrap(), done);
        }
    }

    #[test]
    fn phases_that_no_factor_changes_are_left() {
        let left = |line: &str, w: &[f64]| {
            let w = Values::List(w.to_vec());
            let state = State {
                w,
                ..State::of_problem(&line.parse().unwrap())
            };
            let done = balance(&state).unwrap();
            (done.weights, done.left)
        };
        // No tap; taps that cancel; phases that cancel.
        let hole = left("conv_transpose1d i3 k2 s3", &[1.0, 3.0]);
        assert_eq!(hole, (vec![2.0, 2.0], 1));
        let zero = left("conv_transpose1d i3 k3 s2", &[1.0, 3.0, -1.0]);
        assert_eq!(zero, (vec![1.0, 3.0, -1.0], 1));
        let cancel = left("conv_transpose1d i3 k2 s2", &[1.0, -1.0]);
        assert_eq!(cancel, (vec![1.0, -1.0], 2));
        assert_eq!(left("conv1d i3 k2 s2", &[1.0, 2.0]), (vec![1.0, 2.0], 0));
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
