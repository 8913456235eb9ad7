//! The data of an explanation.

mod facts;
mod grid;
mod matrix;
mod scatter;
mod steps;

use convt_reference::{Array, Definition, Layer, Op};
use serde::Serialize;

use crate::ExplainError;

pub use facts::Facts;
pub(crate) use grid::position;
pub use grid::{Cell, CellKind, Grid, Sheet, letter};
pub use matrix::MatrixTrace;
pub use scatter::{Add, Scatter, Stamp};
pub use steps::{Product, Slide, Steps};

/// One input channel and the kernel that leads from it to the output channel shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Channel {
    /// Its number in the layer's input.
    pub index: usize,
    /// Its values.
    pub input: Grid,
    /// Its kernel, not flipped.
    pub kernel: Grid,
}

/// Everything about the first output channel of the first element of a batch: the other ones are computed alike.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trace {
    /// Sizes and parameters.
    pub facts: Facts,
    /// The input channels that the output channel sums.
    pub channels: Vec<Channel>,
    /// What is added to every output.
    pub bias: Option<f64>,
    /// The result.
    pub output: Grid,
    /// The four steps (for a convolution: pad and slide).
    pub steps: Steps,
    /// The same result from the input's side.
    pub scatter: Scatter,
}

impl Trace {
    /// Traces a layer; the arrays are those of [`Definition::run`].
    pub fn new(
        layer: &Layer,
        x: &Array,
        w: &Array,
        b: Option<&[f64]>,
    ) -> Result<Self, ExplainError> {
        let facts = Facts::new(layer, x, w)?;
        let channels = channels(&facts, x, w);
        if channels.is_empty() {
            return Err(ExplainError::Nothing {
                what: "in_channels",
            });
        }
        let single = single_layer(layer, &channels)?;
        let output = single_output(&single, b)?;
        let bias = b.and_then(|b| b.first()).copied();
        let steps = Steps::new(&facts, &channels, bias);
        let scatter = Scatter::new(&facts, &channels);
        Ok(Self {
            facts,
            channels,
            bias,
            output,
            steps,
            scatter,
        })
    }
}

/// The input channels of the first group with their kernels to the first output channel.
fn channels(facts: &Facts, x: &Array, w: &Array) -> Vec<Channel> {
    let (input, kernel): (usize, usize) =
        (facts.input.iter().product(), facts.kernel.iter().product());
    (0..facts.in_channels / facts.groups)
        .map(|index| {
            // Weight (C_in, C_out/g, k...): kernel (index, 0). Weight (C_out, C_in/g, k...): kernel (0, index).
            let place = match facts.op {
                Op::ConvTranspose => index * w.shape[1],
                Op::Conv => index,
            };
            Channel {
                index,
                input: Grid::new(&facts.input, &x.data[index * input..][..input]),
                kernel: Grid::new(&facts.kernel, &w.data[place * kernel..][..kernel]),
            }
        })
        .collect()
}

/// The layer of these channels alone, with one output channel.
struct Single {
    layer: Layer,
    x: Array,
    w: Array,
}

fn single_layer(layer: &Layer, channels: &[Channel]) -> Result<Single, ExplainError> {
    let shape = |leading: &[usize], grid: &Grid| [leading, &grid.shape].concat();
    let (first, count) = (&channels[0], channels.len());
    let leading = match layer.op {
        Op::ConvTranspose => [count, 1],
        Op::Conv => [1, count],
    };
    let all = |of: fn(&Channel) -> &Grid| {
        let values = channels.iter().flat_map(|channel| &of(channel).values);
        values.copied().collect()
    };
    Ok(Single {
        layer: layer.clone().groups(1),
        x: Array::new(
            &shape(&[count], &first.input),
            all(|channel| &channel.input),
        )?,
        w: Array::new(
            &shape(&leading, &first.kernel),
            all(|channel| &channel.kernel),
        )?,
    })
}

fn single_output(single: &Single, b: Option<&[f64]>) -> Result<Grid, ExplainError> {
    let b = b.map(|b| &b[..b.len().min(1)]);
    let y = Definition::Gather.run(&single.layer, &single.x, &single.w, b)?;
    Ok(Grid::new(&y.shape[1..], &y.data))
}
