//! Which inputs reach an output, which outputs an input reaches, and how that grows when layers are stacked.

use convt_geometry::{ProblemAxis, Walk};

use crate::model::Model;
use crate::{ExplainError, State};

/// An interval of indices with both ends in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first index.
    pub first: usize,
    /// The last index.
    pub last: usize,
}

/// The reach of a layer, axis by axis: axes never interact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Per axis and output: the inputs that reach it, from the first to the last; nothing where only the bias does.
    pub inputs_of_output: Vec<Vec<Option<Span>>>,
    /// Per axis and input: the outputs that it reaches.
    pub outputs_of_input: Vec<Vec<Option<Span>>>,
    /// The same layer stacked: lengths of the last axis before the first layer, after it, and so on.
    pub stacked: Vec<usize>,
    /// For every element of the top of the stack the elements of the bottom that reach it.
    pub receptive_field: Vec<Option<Span>>,
}

/// The most layers of a stack, and the longest axis in it.
const MOST_LAYERS: usize = 3;
const LONGEST: usize = 48;

/// The reach of a state's layer; the stack has up to three layers, as many as stay short.
pub fn reach(state: &State) -> Result<Reach, ExplainError> {
    let model = Model::new(state)?;
    let problem = state.problem()?;
    let mut inputs_of_output = Vec::new();
    let mut outputs_of_input = Vec::new();
    for walk in problem.walks()? {
        let links = links(&walk);
        inputs_of_output.push(links.iter().map(|inputs| span(inputs)).collect());
        let back = (0..walk.input()).map(|q| {
            let reached = (0..links.len()).filter(|&o| links[o].contains(&q));
            span(&reached.collect::<Vec<_>>())
        });
        outputs_of_input.push(back.collect());
    }
    let stack = Stack::new(state, &model);
    let receptive_field = (0..stack.top())
        .map(|cell| span(&stack.below(cell)[0]))
        .collect();
    Ok(Reach {
        inputs_of_output,
        outputs_of_input,
        stacked: stack.lengths,
        receptive_field,
    })
}

/// The last axis of the layer applied again and again.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    /// Lengths from the input upwards.
    pub(crate) lengths: Vec<usize>,
    /// Per layer and output the inputs that reach it.
    links: Vec<Vec<Vec<usize>>>,
}

impl Stack {
    pub(crate) fn new(state: &State, model: &Model) -> Self {
        let mut lengths = vec![model.axes[2].input];
        let mut links_of = Vec::new();
        let Some(&axis) = state.axes.last() else {
            return Self {
                lengths,
                links: links_of,
            };
        };
        for layer in 0..MOST_LAYERS {
            let input = lengths[layer];
            // A wanted output size belongs to the first layer's input alone.
            let words = ProblemAxis {
                input,
                output_size: if layer == 0 { axis.output_size } else { None },
                ..axis
            };
            let walk = words
                .axis(state.op)
                .and_then(|canonical| Walk::new(state.op, &canonical, input));
            let Ok(walk) = walk else { break };
            if walk.output() > LONGEST {
                break;
            }
            lengths.push(walk.output());
            links_of.push(links(&walk));
        }
        Self {
            lengths,
            links: links_of,
        }
    }

    /// Elements at the top.
    pub(crate) fn top(&self) -> usize {
        *self.lengths.last().unwrap_or(&0)
    }

    /// For one element of the top the elements of every level that reach it, bottom first, the element itself last.
    pub(crate) fn below(&self, cell: usize) -> Vec<Vec<usize>> {
        let mut levels = vec![vec![cell]];
        for links in self.links.iter().rev() {
            let above = &levels[levels.len() - 1];
            let mut here: Vec<usize> = above
                .iter()
                .flat_map(|&o| links[o].iter().copied())
                .collect();
            here.sort_unstable();
            here.dedup();
            levels.push(here);
        }
        levels.reverse();
        levels
    }

    /// The pairs (element of level `level`, element of the level above) that are linked on the way to `cell`.
    pub(crate) fn threads(&self, level: usize, above: &[usize]) -> Vec<(usize, usize)> {
        let links = &self.links[level];
        above
            .iter()
            .flat_map(|&o| links[o].iter().map(move |&q| (q, o)))
            .collect()
    }
}

/// Per output the inputs that reach it, ascending.
fn links(walk: &Walk) -> Vec<Vec<usize>> {
    (0..walk.output())
        .map(|o| {
            let mut inputs: Vec<usize> = walk.contributions(o).map(|(_, q)| q).collect();
            inputs.sort_unstable();
            inputs
        })
        .collect()
}

fn span(indices: &[usize]) -> Option<Span> {
    Some(Span {
        first: *indices.iter().min()?,
        last: *indices.iter().max()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubling_layer_reaches_two_inputs_per_axis() {
        let state = State::of_problem(&"conv_transpose2d i4 k4 s2 p1".parse().unwrap());
        let found = reach(&state).unwrap();
        // y[o] = sum over q with 0 <= o + 1 - 2q < 4: o = 3 is reached by 1 and 2.
        assert_eq!(
            found.inputs_of_output[0][3],
            Some(Span { first: 1, last: 2 })
        );
        assert_eq!(
            found.inputs_of_output[0][0],
            Some(Span { first: 0, last: 0 })
        );
        assert_eq!(
            found.outputs_of_input[1][1],
            Some(Span { first: 1, last: 4 })
        );
        assert_eq!(found.stacked, [4, 8, 16, 32]);
        assert_eq!(found.receptive_field.len(), 32);
    }

    #[test]
    fn a_hole_is_reached_by_nothing() {
        let state = State::of_problem(&"conv_transpose1d i3 k1 s3".parse().unwrap());
        let found = reach(&state).unwrap();
        assert_eq!(found.inputs_of_output[0][1], None);
    }
}
