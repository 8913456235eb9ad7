//! The numbers of a small problem: from files, by a rule, from a seed, or counting from 1.

use std::ffi::OsString;

use convt_explain::Values;
use convt_files::{Location, read};
use convt_geometry::Problem;
use convt_reference::Array;

use crate::failure::Failure;
use crate::params;

/// Where the numbers come from.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Values")]
pub(in crate::cli) struct Numbers {
    /// The input's values: a file, numbers as 1,2,3, or ones, count, delta, sobel, bilinear, random:SEED
    #[arg(
        long = "values",
        value_name = "FILE[:TENSOR]|RULE",
        allow_hyphen_values = true
    )]
    input_values: Option<OsString>,
    /// The weight's values, in PyTorch's layout, likewise
    #[arg(long, value_name = "FILE[:TENSOR]|RULE", allow_hyphen_values = true)]
    weights: Option<OsString>,
    /// The bias's values, one per output channel, likewise; without them there is no bias
    #[arg(long, value_name = "FILE[:TENSOR]|RULE", allow_hyphen_values = true)]
    bias: Option<OsString>,
    /// Whole numbers from -4 to 4 that depend on this number alone, instead of 1, 2, 3, ...
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    seed: Option<String>,
}

/// The most elements that are made without a file; what can be shown has far fewer.
const MOST_MADE: u128 = 1 << 20;

impl Numbers {
    /// Input and weight in the shapes of the problem.
    pub(super) fn arrays(&self, problem: &Problem) -> Result<(Array, Array), Failure> {
        Ok((self.x(problem)?, self.w(problem)?))
    }

    /// Whether the input's numbers are asked for.
    pub(super) fn given_x(&self) -> bool {
        self.input_values.is_some() || self.seed.is_some()
    }

    /// Whether the weight's numbers are asked for.
    pub(super) fn given_w(&self) -> bool {
        self.weights.is_some() || self.seed.is_some()
    }

    /// The input in the shape of the problem.
    pub(super) fn x(&self, problem: &Problem) -> Result<Array, Failure> {
        let (shape, seed) = (problem.input_shape(), self.seed()?);
        array(
            "values",
            self.input_values.as_ref(),
            &shape,
            problem.axes.len(),
            seed,
        )
    }

    /// The weight in the shape of the problem.
    pub(super) fn w(&self, problem: &Problem) -> Result<Array, Failure> {
        let seed = self.seed()?.map(|seed| seed ^ u64::MAX);
        let shape = problem.weight_shape();
        array(
            "weights",
            self.weights.as_ref(),
            &shape,
            problem.axes.len(),
            seed,
        )
    }

    /// Input and weight of one channel, in their spatial shapes.
    pub(in crate::cli) fn spatial(&self, problem: &Problem) -> Result<(Array, Array), Failure> {
        let (mut x, mut w) = self.arrays(problem)?;
        x.shape.drain(..2);
        w.shape.drain(..2);
        Ok((x, w))
    }

    pub(super) fn bias(&self, channels: usize) -> Result<Option<Vec<f64>>, Failure> {
        let Some(file) = &self.bias else {
            return Ok(None);
        };
        array("bias", Some(file), &[channels], 1, None).map(|array| Some(array.data))
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
    axes: usize,
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
        (Some(given), _) => match rule(parameter, given) {
            Some(values) => values.numbers(parameter, shape, axes)?,
            None => from_file(parameter, given, shape)?,
        },
        (None, Some(seed)) => small_integers(seed, elements as usize),
        (None, None) => (1..=elements as u64).map(|n| n as f64).collect(),
    };
    Ok(Array::new(shape, data)?)
}

/// A rule or a list of numbers; anything else is a file.
fn rule(parameter: &str, given: &OsString) -> Option<Values> {
    Values::parse(parameter, given.to_str()?).ok()
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
