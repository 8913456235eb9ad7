//! `convt run`: one layer on arrays in files.

mod budget;
mod engine;
mod study;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;
use convt::{Progress, Run};
use convt_files::{Elements, Existing, Location, TensorData, check_output, write};
use convt_geometry::{Axis, Extra, GeometryError, Op, Padding, Problem};
use convt_reference::Definition;
use serde_json::json;

use super::layer::{LayerArgs, Precision};
use crate::bar::Bar;
use crate::failure::Failure;
use crate::params;
use crate::ui::Ui;
use budget::Budget;
use engine::engine;
use study::study;

/// How the layer is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Algorithm {
    /// One stride-1 convolution per output phase: the engine
    Phases,
    /// For study: every input adds its products to the outputs it reaches
    Scatter,
    /// For study: every output collects the products that reach it
    Gather,
    /// For study: the four steps, insert zeros, pad, flip, convolve
    #[value(alias = "zero_insert")]
    ZeroInsert,
    /// For study: the equivalent matrix
    Matrix,
}

impl Algorithm {
    /// The definition that a study algorithm is; the engine's has none.
    fn definition(self) -> Option<Definition> {
        match self {
            Self::Phases => None,
            Self::Scatter => Some(Definition::Scatter),
            Self::Gather => Some(Definition::Gather),
            Self::ZeroInsert => Some(Definition::ZeroInsert),
            Self::Matrix => Some(Definition::Matrix),
        }
    }
}

/// One layer on arrays in files
///
/// The rank of the weight decides 1-D, 2-D or 3-D; the input may have a batch axis or none. The weight is in PyTorch's
/// layout: (C_in, C_out/groups, kernel...) for a transposed convolution, (C_out, C_in/groups, kernel...) for a convolution.
///
/// Files are .npy, .npz or .safetensors; FILE:TENSOR names one of several, and - is .npy on a standard stream. Everything is
/// computed in float32, or in float64 if any array is float64 or holds 32- or 64-bit integers; --dtype decides otherwise.
#[derive(clap::Args, Debug)]
#[command(before_help = "Examples:
  convt run --input x.npy --weight w.npy --stride 2 --padding 1 -o y.npy
  convt run -i x.npy -w model.safetensors:up.weight -b model.safetensors:up.bias -s 2,1 --output-padding 1,0 -o y.safetensors
  convt run --op conv -i x.npy -w w.npy --padding same -o y.npy
  cat x.npy | convt run -i - -w w.npy --crop 1:0 -o - > y.npy")]
pub(crate) struct Args {
    /// The input, (N, C_in, spatial...) or (C_in, spatial...)
    #[arg(short, long, value_name = "FILE[:TENSOR]")]
    input: OsString,
    /// The weight
    #[arg(short, long, value_name = "FILE[:TENSOR]")]
    weight: OsString,
    /// The bias, (C_out)
    #[arg(short, long, value_name = "FILE[:TENSOR]")]
    bias: Option<OsString>,
    /// The output: .npy, or .safetensors with an optional :TENSOR, or - for .npy on standard output
    #[arg(short, long, value_name = "FILE[:TENSOR]")]
    output: OsString,
    /// Replace an existing output
    #[arg(long)]
    overwrite: bool,
    /// How to compute
    #[arg(long, value_enum, default_value = "phases", value_name = "NAME")]
    algorithm: Algorithm,
    /// Element type of the computation and the output
    #[arg(long, value_enum)]
    dtype: Option<Precision>,
    /// Threads, 0 for all; no bit of the result depends on it
    #[arg(
        short = 'j',
        long,
        value_name = "N",
        default_value = "0",
        allow_hyphen_values = true
    )]
    threads: String,
    /// Refuse to hold more than this in arrays and scratch, for example 40M (phases only)
    #[arg(long, value_name = "BYTES", allow_hyphen_values = true)]
    max_memory: Option<String>,
    #[command(flatten)]
    layer: LayerArgs,
    /// ONNX's output_shape: the spatial size wanted, any size; the paddings are computed from it
    #[arg(
        long,
        alias = "output_shape",
        value_name = "N[,N]",
        allow_hyphen_values = true,
        help_heading = "Layer",
        conflicts_with = "output_size"
    )]
    output_shape: Option<String>,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<(), Failure> {
    let files = Files::of(args, ui)?;
    let mut budget = Budget {
        limit: args
            .max_memory
            .as_deref()
            .map(|text| params::bytes("max-memory", text))
            .transpose()?,
        held: 0,
    };
    if budget.limit.is_some() && args.algorithm.definition().is_some() {
        return Err(Failure::usage(
            "max-memory has no meaning beside an algorithm for study: leave it out, or use --algorithm phases",
        ));
    }
    let mut options = Run::new().threads(params::number("threads", &args.threads)?);
    let x = budget.read(&files.input)?;
    let w = budget.read(&files.weight)?;
    let b = files.bias.as_ref().map(|at| budget.read(at)).transpose()?;
    let mut problem = problem_of(args, &x, &w, b.as_ref())?;
    if let Some(sizes) = problem
        .axes
        .iter()
        .map(|axis| axis.output_size)
        .collect::<Option<Vec<_>>>()
    {
        options = options.output_size(sizes);
    }
    if let Some(text) = &args.output_shape {
        let sizes = params::sizes("output_shape", text)?;
        problem = with_output_shape(problem, &sizes)?;
    }
    let progress = Arc::new(Progress::default());
    options = options.progress(progress.clone());
    let bar = Bar::start(ui, "running the layer", move || {
        let (done, total) = progress.blocks();
        (done as u64, total as u64)
    });
    let arrays = Arrays { x, w, b };
    let wide = match args.dtype {
        Some(precision) => precision == Precision::F64,
        None => arrays.any_wide(),
    };
    let y = match (args.algorithm.definition(), wide) {
        (Some(definition), wide) => study(definition, &problem, arrays, wide)?,
        (None, false) => TensorData::from(engine::<f32>(&problem, arrays, &options, budget)?),
        (None, true) => TensorData::from(engine::<f64>(&problem, arrays, &options, budget)?),
    };
    write(&files.output, &y, files.existing)?;
    drop(bar);
    report(&files.output, &problem, args.algorithm, &y, ui)
}

/// Where the arrays lie.
struct Files {
    input: Location,
    weight: Location,
    bias: Option<Location>,
    output: Location,
    existing: Existing,
}

impl Files {
    /// Refuses what can be refused before anything is read.
    fn of(args: &Args, ui: &Ui) -> Result<Self, Failure> {
        let files = Self {
            input: Location::parse(&args.input),
            weight: Location::parse(&args.weight),
            bias: args.bias.as_deref().map(Location::parse),
            output: Location::parse(&args.output),
            existing: if args.overwrite {
                Existing::Replace
            } else {
                Existing::Refuse
            },
        };
        let inputs = [Some(&files.input), Some(&files.weight), files.bias.as_ref()];
        if inputs
            .iter()
            .flatten()
            .filter(|at| at.file.is_none())
            .count()
            > 1
        {
            return Err(Failure::usage(
                "only one of --input, --weight and --bias can be -: standard input holds one array",
            ));
        }
        if ui.json && files.output.file.is_none() {
            return Err(Failure::usage(
                "--json and --output - both want standard output: give the output a file",
            ));
        }
        check_output(&files.output, files.existing)?;
        Ok(files)
    }
}

/// The arrays of a run.
struct Arrays {
    x: TensorData,
    w: TensorData,
    b: Option<TensorData>,
}

impl Arrays {
    fn any_wide(&self) -> bool {
        let wide = |tensor: &TensorData| matches!(tensor.elements, Elements::F64(_));
        wide(&self.x) || wide(&self.w) || self.b.as_ref().is_some_and(wide)
    }
}

/// The problem that the arrays' shapes and the options make together; whether input and channels fit each other is checked by
/// what runs it.
fn problem_of(
    args: &Args,
    x: &TensorData,
    w: &TensorData,
    b: Option<&TensorData>,
) -> Result<Problem, Failure> {
    let axes = w.shape.len().saturating_sub(2);
    if !(1..=3).contains(&axes) {
        return Err(Failure::usage(format!(
            "weight has shape {:?}: it must have 3, 4 or 5 axes, two of channels and one to three of the kernel",
            w.shape
        )));
    }
    if x.shape.len() != axes + 1 && x.shape.len() != axes + 2 {
        return Err(Failure::usage(format!(
            "input has shape {:?}, but a weight of shape {:?} needs one of {} axes (N, C_in, spatial...) or {} (C_in, \
             spatial...)",
            x.shape,
            w.shape,
            axes + 2,
            axes + 1
        )));
    }
    if let Some(b) = b.filter(|b| b.shape.len() != 1) {
        return Err(Failure::usage(format!(
            "bias has shape {:?}: it must have one axis, (C_out)",
            b.shape
        )));
    }
    let op = Op::from(args.layer.op);
    let groups = args.layer.groups()?;
    let all_groups = w.shape[1]
        .checked_mul(groups)
        .ok_or(GeometryError::Overflow {
            what: "channels * groups",
            axis: None,
        })?;
    let (in_channels, out_channels) = match op {
        Op::ConvTranspose => (w.shape[0], all_groups),
        Op::Conv => (all_groups, w.shape[0]),
    };
    let input = &x.shape[x.shape.len() - axes..];
    Ok(Problem {
        batch: if x.shape.len() == axes + 2 {
            x.shape[0]
        } else {
            1
        },
        in_channels,
        out_channels,
        groups,
        bias: b.is_some(),
        ..Problem::new(op, args.layer.axes(input, &w.shape[2..])?)
    })
}

/// The same problem with the crops that ONNX's `output_shape` comes to.
fn with_output_shape(mut problem: Problem, sizes: &[usize]) -> Result<Problem, Failure> {
    let sizes = params::spread("output_shape", sizes, problem.axes.len())?;
    for (i, axis) in problem.axes.iter_mut().enumerate() {
        let extra = Extra::OutputShape {
            size: sizes[i],
            output_padding: axis.output_padding,
        };
        let crop = Axis::new(axis.kernel, axis.stride, axis.dilation)
            .and_then(|canonical| axis.padding.crop(problem.op, &canonical, axis.input, extra))
            .map_err(|error| error.on_axis(i))?;
        axis.padding = Padding::Signed(crop);
        axis.output_padding = 0;
    }
    Ok(problem)
}

fn report(
    output: &Location,
    problem: &Problem,
    algorithm: Algorithm,
    y: &TensorData,
    ui: &Ui,
) -> Result<(), Failure> {
    let name = algorithm.definition().map_or("phases", Definition::name);
    let path = output
        .file
        .clone()
        .unwrap_or_else(|| PathBuf::from("standard output"));
    if ui.json {
        return ui.print_json(&json!({
            "output": path.display().to_string(),
            "tensor": output.tensor,
            "shape": y.shape,
            "dtype": y.elements.dtype(),
            "algorithm": name,
            "problem": Problem { dtype: dtype_of(y), ..problem.clone() }.to_string(),
        }));
    }
    ui.note(format_args!("{}: {y}, by {name}", path.display()));
    Ok(())
}

fn dtype_of(y: &TensorData) -> convt_geometry::Dtype {
    match y.elements {
        Elements::F32(_) => convt_geometry::Dtype::F32,
        Elements::F64(_) => convt_geometry::Dtype::F64,
    }
}
