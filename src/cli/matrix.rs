//! `convt matrix`: the equivalent matrix of a convolution, shown or written.

use std::ffi::OsString;
use std::path::Path;

use convt_explain::{MatrixTrace, text};
use convt_files::{
    Elements, Existing, Location, TensorData, check_output, write, write_matrix_market,
};
use convt_geometry::{Op, Padding, Problem, ProblemAxis};
use convt_reference::{Array, Layer, Matrix, equivalent_matrix};
use serde_json::json;

use super::explain::{Numbers, spread_axes, style};
use crate::bar::Bar;
use crate::failure::Failure;
use crate::params;
use crate::ui::Ui;

/// The equivalent matrix C of a convolution, step by step: O = I C, and transposed P = O C^T
///
/// C has a row for every element of the input and a column for every window. Without files the input is 1, 2, 3, ... and the
/// kernel likewise. With -o the matrix is written instead of shown, and may be larger than what can be shown.
#[derive(clap::Args, Debug)]
#[command(before_help = "Examples:
  convt matrix --input 4x4 --kernel-size 3
  convt matrix -i 5x5 -k 3 -s 2 -p 1 --step 3
  convt matrix --dims 1 -i 6 -k 3 -s 2
  convt matrix -i 28x28 -k 3 --weights w.npy -o C.mtx")]
pub(crate) struct Args {
    /// Spatial size of the convolution's input: one number per axis
    #[arg(short, long, value_name = "N[xN]", allow_hyphen_values = true)]
    input: String,
    /// Size of the kernel: a number, or one per axis
    #[arg(
        short,
        long,
        alias = "kernel",
        alias = "kernel_size",
        value_name = "N[,N]",
        allow_hyphen_values = true
    )]
    kernel_size: String,
    /// Step between windows
    #[arg(
        short,
        long,
        default_value = "1",
        value_name = "N[,N]",
        allow_hyphen_values = true
    )]
    stride: String,
    /// A number, one per axis, per side as begin:end, or same, valid, same_upper, same_lower
    #[arg(
        short,
        long,
        default_value = "0",
        value_name = "N[,N]|B:E|WORD",
        allow_hyphen_values = true
    )]
    padding: String,
    /// Distance between taps
    #[arg(
        short,
        long,
        default_value = "1",
        value_name = "N[,N]",
        allow_hyphen_values = true
    )]
    dilation: String,
    /// Spatial axes where input and kernel are one number each
    #[arg(
        long,
        value_name = "N",
        default_value = "2",
        allow_hyphen_values = true
    )]
    dims: String,
    /// Show this step alone: 1 to 7 for a to g
    #[arg(
        long,
        value_name = "N",
        allow_hyphen_values = true,
        conflicts_with = "output"
    )]
    step: Option<String>,
    #[command(flatten)]
    numbers: Numbers,
    /// Write C: .mtx (Matrix Market), .npy, or .safetensors with an optional :TENSOR, or - for .npy on standard output
    #[arg(short, long, value_name = "FILE[:TENSOR]")]
    output: Option<OsString>,
    /// Replace an existing output
    #[arg(long)]
    overwrite: bool,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<(), Failure> {
    let problem = problem_of(args)?;
    problem.walks()?;
    let layer = Layer::try_from(&problem)?;
    if let Some(output) = &args.output {
        return emit(args, output, &problem, &layer, ui);
    }
    let step = args
        .step
        .as_deref()
        .map(|text| params::number("step", text))
        .transpose()?;
    let (x, w) = args.numbers.spatial(&problem)?;
    let trace = MatrixTrace::new(&layer, &x, &w)?;
    if ui.json {
        return ui.print_json(&json!({ "problem": problem.to_string(), "matrix": trace }));
    }
    ui.print(text::matrix(&trace, step, style(ui))?)
}

fn problem_of(args: &Args) -> Result<Problem, Failure> {
    let input = params::sizes("input", &args.input)?;
    let kernel = params::sizes("kernel_size", &args.kernel_size)?;
    let axes = input.len().max(kernel.len());
    let spread = |parameter, values: &[usize]| params::spread(parameter, values, axes);
    let (input, kernel) = (spread("input", &input)?, spread("kernel_size", &kernel)?);
    let mut problem = Problem::new(
        Op::Conv,
        (0..axes)
            .map(|axis| ProblemAxis::new(input[axis], kernel[axis]))
            .collect(),
    );
    spread_axes(&mut problem, &args.dims)?;
    let axes = problem.axes.len();
    let stride = params::spread("stride", &params::numbers("stride", &args.stride)?, axes)?;
    let dilation = params::numbers("dilation", &args.dilation)?;
    let dilation = params::spread("dilation", &dilation, axes)?;
    let padding: Vec<Padding> = params::spread("padding", &params::padding(&args.padding)?, axes)?;
    for (i, axis) in problem.axes.iter_mut().enumerate() {
        axis.stride = stride[i];
        axis.dilation = dilation[i];
        axis.padding = padding[i];
    }
    Ok(problem)
}

/// Writes C, whatever its size, as far as the reference makes it.
fn emit(
    args: &Args,
    output: &OsString,
    problem: &Problem,
    layer: &Layer,
    ui: &Ui,
) -> Result<(), Failure> {
    let existing = if args.overwrite {
        Existing::Replace
    } else {
        Existing::Refuse
    };
    let location = Location::parse(output);
    let is_market = location.file.as_deref().is_some_and(|path: &Path| {
        path.extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("mtx"))
    });
    if !is_market {
        check_output(&location, existing)?;
    }
    let axes = &problem.axes;
    let input: Vec<usize> = axes.iter().map(|axis| axis.input).collect();
    let kernel: Vec<usize> = axes.iter().map(|axis| axis.kernel).collect();
    let bar = Bar::start(ui, "building the matrix", || (0, 0));
    let matrix = equivalent_matrix(layer, &input, &kernel)?;
    let (_, w) = args.numbers.spatial(problem)?;
    let Matrix { rows, columns, .. } = matrix;
    if is_market {
        let entries = entries(&matrix, &w);
        write_matrix_market(&location, [rows, columns], &entries, existing)?;
    } else {
        let tensor = TensorData {
            shape: vec![rows, columns],
            elements: Elements::F64(matrix.values(&w.data)),
        };
        write(&location, &tensor, existing)?;
    }
    drop(bar);
    if ui.json && location.file.is_some() {
        return ui.print_json(&json!({
            "problem": problem.to_string(),
            "rows": rows,
            "columns": columns,
            "output": output.to_string_lossy(),
        }));
    }
    ui.note(format_args!(
        "C, {rows}x{columns}, written to {}",
        output.display()
    ));
    Ok(())
}

/// Row, column and value of every entry that has a tap.
fn entries(matrix: &Matrix, w: &Array) -> Vec<(usize, usize, f64)> {
    let taps = matrix.taps.iter().enumerate();
    taps.filter_map(|(at, tap)| {
        let value = *w.data.get((*tap)? as usize)?;
        Some((at / matrix.columns, at % matrix.columns, value))
    })
    .collect()
}
