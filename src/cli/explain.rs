//! `convt explain`: every number of a small problem, in the terminal.

use std::ffi::OsString;

use clap::ValueEnum;
use convt_explain::{ExplainError, MatrixTrace, Style, Trace, text};
use convt_files::{Location, read};
use convt_geometry::Problem;
use convt_reference::{Array, Layer};
use serde_json::json;

use super::layer::ProblemArgs;
use crate::failure::Failure;
use crate::params;
use crate::ui::Ui;

/// How a layer is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum View {
    /// Insert zeros, pad, flip the kernel, slide it
    FourSteps,
    /// Every input element stamps the kernel; then the crop
    Scatter,
    /// The equivalent matrix: O = I C and P = O C^T
    Matrix,
}

/// Every number of a small layer, step by step
///
/// Shown are the first element of the batch and the first output channel, with all input channels that it sums. Without files
/// the input is 1, 2, 3, ... and the kernel likewise; with --seed both are whole numbers from -4 to 4.
#[derive(clap::Args, Debug)]
#[command(before_help = "Examples:
  convt explain -i 3 -k 3 -s 2 -p 1
  convt explain -i 3 -k 3 -s 2 -p 1 --view scatter
  convt explain -i 2 -k 3 --step 4
  convt explain -i 4x3 -k 3,2 -s 2 -p 1 --output-padding 1 --channels 2-1
  convt explain --op conv -i 5 -k 3 -s 2 --view matrix
  convt explain --dims 1 -i 4 -k 3 -s 2 --values x.npy --weights w.npy")]
pub(crate) struct Args {
    #[command(flatten)]
    problem: ProblemArgs,
    /// Spatial axes where input and kernel are one number each
    #[arg(
        long,
        value_name = "N",
        default_value = "2",
        allow_hyphen_values = true
    )]
    dims: String,
    /// How to look at it
    #[arg(long, value_enum, default_value = "four-steps", value_name = "VIEW")]
    view: View,
    /// Draw this step alone, counted from 1
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    step: Option<String>,
    #[command(flatten)]
    numbers: Numbers,
}

/// Where the numbers come from.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Values")]
pub(super) struct Numbers {
    /// The input's values, as many as the input has
    #[arg(long = "values", value_name = "FILE[:TENSOR]")]
    input_values: Option<OsString>,
    /// The weight's values, in PyTorch's layout
    #[arg(long, value_name = "FILE[:TENSOR]")]
    weights: Option<OsString>,
    /// The bias's values, one per output channel; without a file there is no bias
    #[arg(long, value_name = "FILE[:TENSOR]")]
    bias: Option<OsString>,
    /// Whole numbers from -4 to 4 that depend on this number alone, instead of 1, 2, 3, ...
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    seed: Option<String>,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<(), Failure> {
    let mut problem = args.problem.problem()?;
    if !args.problem.is_text() {
        spread_axes(&mut problem, &args.dims)?;
    }
    problem.walks()?;
    let step = args
        .step
        .as_deref()
        .map(|text| params::number("step", text))
        .transpose()?;
    let layer = Layer::try_from(&problem)?;
    let style = style(ui);
    if args.view == View::Matrix {
        let one = one_channel(&problem)?;
        let (x, w) = args.numbers.spatial(&one)?;
        let trace = MatrixTrace::new(&layer.groups(1), &x, &w)?;
        if ui.json {
            return ui.print_json(&json!({ "problem": one.to_string(), "matrix": trace }));
        }
        return ui.print(text::matrix(&trace, step, style)?);
    }
    let (x, w) = args.numbers.arrays(&problem)?;
    let b = args.numbers.bias(problem.out_channels)?;
    let trace = Trace::new(&layer, &x, &w, b.as_deref())?;
    if ui.json {
        return ui.print_json(&json!({ "problem": problem.to_string(), "trace": trace }));
    }
    ui.print(match args.view {
        View::Scatter => text::scatter(&trace, step, style)?,
        _ => text::four_steps(&trace, step, style)?,
    })
}

impl From<ExplainError> for Failure {
    fn from(error: ExplainError) -> Self {
        Self::Usage(error.to_string())
    }
}

/// Colours where standard output takes them.
pub(super) fn style(ui: &Ui) -> Style {
    if ui.colors_stdout() {
        Style::colored()
    } else {
        Style::plain()
    }
}

/// One number for input and kernel stands for `dims` equal axes.
pub(super) fn spread_axes(problem: &mut Problem, dims: &str) -> Result<(), Failure> {
    let dims = params::number("dims", dims)?;
    if !(1..=3).contains(&dims) {
        return Err(Failure::usage(format!(
            "dims = {dims} must be 1, 2 or 3 spatial axes"
        )));
    }
    if let [axis] = problem.axes[..] {
        problem.axes = vec![axis; dims];
    }
    Ok(())
}

/// The problem that the matrix view shows: one element of the batch, one channel in and out.
fn one_channel(problem: &Problem) -> Result<Problem, Failure> {
    if problem.in_channels != 1 || problem.out_channels != 1 {
        return Err(Failure::usage(format!(
            "channels = {}-{}: the equivalent matrix is shown for one channel, so leave them out or give 1-1",
            problem.in_channels, problem.out_channels
        )));
    }
    Ok(Problem {
        batch: 1,
        ..problem.clone()
    })
}

/// The most elements that are made without a file; what can be shown has far fewer.
const MOST_MADE: u128 = 1 << 20;

impl Numbers {
    /// Input and weight in the shapes of the problem.
    fn arrays(&self, problem: &Problem) -> Result<(Array, Array), Failure> {
        let seed = self.seed()?;
        let input = array(
            "values",
            self.input_values.as_ref(),
            &problem.input_shape(),
            seed,
        )?;
        let seed = seed.map(|seed| seed ^ u64::MAX);
        let weight = array(
            "weights",
            self.weights.as_ref(),
            &problem.weight_shape(),
            seed,
        )?;
        Ok((input, weight))
    }

    /// Input and weight of one channel, in their spatial shapes.
    pub(super) fn spatial(&self, problem: &Problem) -> Result<(Array, Array), Failure> {
        let (mut x, mut w) = self.arrays(problem)?;
        x.shape.drain(..2);
        w.shape.drain(..2);
        Ok((x, w))
    }

    fn bias(&self, channels: usize) -> Result<Option<Vec<f64>>, Failure> {
        let Some(file) = &self.bias else {
            return Ok(None);
        };
        array("bias", Some(file), &[channels], None).map(|array| Some(array.data))
    }

    fn seed(&self) -> Result<Option<u64>, Failure> {
        let seed = self.seed.as_deref();
        let seed = seed.map(|text| params::number("seed", text)).transpose()?;
        Ok(seed.map(|seed| seed as u64))
    }
}

/// The values of a file, of a seed, or 1, 2, 3, ...
fn array(
    parameter: &str,
    file: Option<&OsString>,
    shape: &[usize],
    seed: Option<u64>,
) -> Result<Array, Failure> {
    let elements = shape
        .iter()
        .fold(1u128, |all, &n| all.saturating_mul(n as u128));
    if elements > MOST_MADE {
        return Err(Failure::usage(format!(
            "{parameter} of shape {shape:?} are too many numbers to look at: try a smaller problem, such as -i 3 -k 3"
        )));
    }
    let data = match (file, seed) {
        (Some(file), _) => from_file(parameter, file, shape)?,
        (None, Some(seed)) => small_integers(seed, elements as usize),
        (None, None) => (1..=elements as u64).map(|n| n as f64).collect(),
    };
    Ok(Array::new(shape, data)?)
}

/// The values of a file whose shape is `shape`, apart from leading axes of length 1.
fn from_file(parameter: &str, file: &OsString, shape: &[usize]) -> Result<Vec<f64>, Failure> {
    let tensor = read(&Location::parse(file))?;
    let core = |shape: &[usize]| -> Vec<usize> {
        let ones = shape.iter().take_while(|&&n| n == 1).count();
        shape[ones..].to_vec()
    };
    if core(&tensor.shape) != core(shape) {
        return Err(Failure::usage(format!(
            "{parameter} = {} has shape {:?}, but the problem needs {shape:?} (leading axes of length 1 may be left out)",
            file.display(),
            tensor.shape
        )));
    }
    Ok(tensor.elements.into_f64())
}

/// `count` whole numbers from -4 to 4.
fn small_integers(seed: u64, count: usize) -> Vec<f64> {
    let mut state = seed;
    (0..count)
        .map(|_| {
            // A counter whose bits are mixed by multiplications; the upper ones choose among nine numbers.
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((mixed >> 32) % 9) as f64 - 4.0
        })
        .collect()
}
