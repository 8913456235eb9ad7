//! What would make an illegal problem legal: changes that a page offers as buttons.

use convt_geometry::{Axis, GeometryError, Op, Padding, Parameter, ProblemAxis};

use crate::{Preset, State};

/// One change that removes an error.
#[derive(Clone, Debug, PartialEq)]
pub struct Repair {
    /// What it does, in the state's language, such as `set output_padding of axis 0 to 1`.
    pub label: String,
    /// The state with the change made.
    pub state: State,
}

/// Up to three changes that each remove `error` from the state, the smallest first. Another error may be left behind it;
/// its own repairs follow.
pub fn repairs(state: &State, error: &GeometryError) -> Vec<Repair> {
    let mut offer = Offer {
        state,
        found: Vec::new(),
    };
    match *error {
        GeometryError::Zero { parameter, axis } => offer.set(parameter, axis, 1),
        GeometryError::Groups {
            parameter,
            channels,
            groups,
        } => {
            let common = gcd(state.in_channels, state.out_channels).max(1);
            let most = groups.min(common);
            let fitting = (1..=most.min(1 << 10))
                .rev()
                .find(|n| common.is_multiple_of(*n));
            offer.set(Parameter::Groups, None, fitting.unwrap_or(1));
            if let Some(up) = channels.checked_next_multiple_of(groups) {
                offer.set(parameter, None, up);
            }
        }
        GeometryError::OutputPadding {
            value,
            stride,
            dilation,
            axis,
        } => {
            offer.set(
                Parameter::OutputPadding,
                axis,
                stride.max(dilation).saturating_sub(1),
            );
            offer.set(Parameter::Stride, axis, value.saturating_add(1));
        }
        GeometryError::Meaningless { parameter, .. } => match parameter {
            Parameter::OutputSize => offer.without_output_size(),
            _ => offer.set(Parameter::OutputPadding, None, 0),
        },
        GeometryError::NoOutput { axis, .. } => offer.grow(axis.unwrap_or(0)),
        GeometryError::OutputSize { min, max, axis, .. } => {
            offer.set(Parameter::OutputSize, axis, min);
            offer.set(Parameter::OutputSize, axis, max);
            offer.without_output_size();
        }
        GeometryError::Overflow { .. }
        | GeometryError::Axes { .. }
        | GeometryError::Search { .. }
        | GeometryError::Syntax { .. } => {}
    }
    let still =
        |repair: &Repair| repair.state.unchecked_problem().walks().err().as_ref() == Some(error);
    offer.found.retain(|repair| !still(repair));
    if offer.found.is_empty() {
        offer.start_again();
    }
    offer.found.dedup_by(|a, b| a.state == b.state);
    offer.found.truncate(3);
    offer.found
}

struct Offer<'a> {
    state: &'a State,
    found: Vec<Repair>,
}

impl Offer<'_> {
    fn add(&mut self, parameter: &str, axis: Option<usize>, value: &str, state: State) {
        let label = self.state.lang.words().repair(parameter, axis, value);
        self.found.push(Repair { label, state });
    }

    /// A parameter set to a number: on one axis, or on all where they are alike.
    fn set(&mut self, parameter: Parameter, axis: Option<usize>, value: usize) {
        let mut state = self.state.clone();
        let alike = state.axes.windows(2).all(|pair| pair[0] == pair[1]);
        let axis = axis.filter(|_| !alike);
        match parameter {
            Parameter::InChannels => state.in_channels = value,
            Parameter::OutChannels => state.out_channels = value,
            Parameter::Groups => state.groups = value,
            _ => {
                for (i, one) in state.axes.iter_mut().enumerate() {
                    if axis.is_none_or(|axis| axis == i) {
                        set_on(one, parameter, value);
                    }
                }
            }
        }
        self.add(parameter.name(), axis, &value.to_string(), state);
    }

    fn without_output_size(&mut self) {
        let mut state = self.state.clone();
        for axis in &mut state.axes {
            axis.output_size = None;
        }
        self.add("output_size", None, "–", state);
    }

    /// Less padding, a larger input or a larger kernel, the least that gives an output on an axis.
    fn grow(&mut self, index: usize) {
        let Some(&axis) = self.state.axes.get(index) else {
            return;
        };
        let op = self.state.op;
        let fits = |one: &ProblemAxis| {
            let size = one
                .axis(op)
                .and_then(|canonical: Axis| canonical.output(op, one.input));
            size.is_ok()
        };
        let mut offer = |parameter: Parameter, values: &mut dyn Iterator<Item = usize>| {
            for value in values {
                let mut one = axis;
                set_on(&mut one, parameter, value);
                if fits(&one) {
                    self.set(parameter, Some(index), value);
                    break;
                }
            }
        };
        let span = axis.dilation.saturating_mul(axis.kernel).min(1 << 12);
        match op {
            Op::ConvTranspose => {
                offer(Parameter::Padding, &mut (0..=span).rev());
                offer(
                    Parameter::Input,
                    &mut (axis.input..axis.input.saturating_add(1 << 12)),
                );
            }
            Op::Conv => {
                offer(Parameter::Padding, &mut (0..=span));
                offer(
                    Parameter::KernelSize,
                    &mut (1..=axis.kernel.min(1 << 12)).rev(),
                );
                offer(
                    Parameter::Input,
                    &mut (axis.input..axis.input.saturating_add(1 << 12)),
                );
            }
        }
    }

    /// A problem known to be good, looked at in the same way.
    fn start_again(&mut self) {
        let Ok(preset) = Preset::named("note-4") else {
            return;
        };
        let state = State {
            view: self.state.view,
            lang: self.state.lang,
            theme: self.state.theme,
            ..preset.state
        };
        self.add("i, k, s, p", None, "3, 3, 2, 1", state);
    }
}

fn set_on(axis: &mut ProblemAxis, parameter: Parameter, value: usize) {
    match parameter {
        Parameter::Input => axis.input = value,
        Parameter::KernelSize => axis.kernel = value,
        Parameter::Stride => axis.stride = value,
        Parameter::Dilation => axis.dilation = value,
        Parameter::Padding => axis.padding = Padding::Both(value),
        Parameter::OutputPadding => axis.output_padding = value,
        Parameter::OutputSize => axis.output_size = Some(value),
        Parameter::InChannels | Parameter::OutChannels | Parameter::Groups => {}
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn first(line: &str) -> Vec<Repair> {
        let state = State::of_problem(&line.parse().unwrap());
        let error = state.unchecked_problem().walks().unwrap_err();
        repairs(&state, &error)
    }

    #[test]
    fn the_nearest_legal_value_comes_first() {
        let found = first("conv_transpose2d i3 k3 s2 p1 op2");
        assert_eq!(found[0].label, "set output_padding to 1");
        assert_eq!(found[0].state.axes[0].output_padding, 1);
        let found = first("conv_transpose1d i2 k3 s1 p2");
        assert_eq!(found[0].label, "set padding to 1");
        assert_eq!(found[1].label, "set input size to 3");
        assert_eq!(first("conv_transpose2d c4-6 i3 k3 g3")[0].state.groups, 2);
        assert_eq!(first("conv2d i3 k3 s0")[0].label, "set stride to 1");
    }

    proptest! {
        /// However hostile the problem: pressing the first button again and again makes it legal.
        #[test]
        fn there_is_no_dead_state(problem in convt_testkit::hostile_problem()) {
            let mut state = State::of_problem(&problem);
            for _ in 0..40 {
                let Err(error) = state.unchecked_problem().walks() else { return Ok(()) };
                let offered = repairs(&state, &error);
                prop_assert!(!offered.is_empty(), "{error}");
                state = offered[0].state.clone();
            }
            prop_assert!(false, "still {:?}", state.unchecked_problem().walks());
        }
    }
}
