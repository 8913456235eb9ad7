//! `convt solve`: which parameters of a transposed convolution give a wanted size.

use std::fmt::Write as _;

use clap::ArgGroup;
use convt_geometry::{Search, Solution, Target, solve};
use serde_json::json;

use crate::failure::Failure;
use crate::params;
use crate::ui::Ui;

/// Every (kernel_size, stride, padding, output_padding) of a transposed convolution that gives a wanted size
#[derive(clap::Args, Debug)]
#[command(
    before_help = "Examples:
  convt solve --scale 2                  every layer that doubles any input
  convt solve --input 64 --output 128    every layer that turns 64 into 128
  convt solve --scale 3 --max-kernel 7 --json",
    group = ArgGroup::new("target").required(true).args(["scale", "input"])
)]
pub(crate) struct Args {
    /// Multiply every input size by this
    #[arg(
        long,
        value_name = "N",
        allow_hyphen_values = true,
        conflicts_with = "output"
    )]
    scale: Option<String>,
    /// This one input size ...
    #[arg(
        short,
        long,
        value_name = "N",
        allow_hyphen_values = true,
        requires = "output"
    )]
    input: Option<String>,
    /// ... and the output size wanted from it
    #[arg(
        short,
        long,
        value_name = "N",
        allow_hyphen_values = true,
        requires = "input"
    )]
    output: Option<String>,
    /// The largest kernel tried
    #[arg(
        long,
        value_name = "N",
        default_value = "16",
        allow_hyphen_values = true
    )]
    max_kernel: String,
    /// The largest stride tried
    #[arg(
        long,
        value_name = "N",
        default_value = "16",
        allow_hyphen_values = true
    )]
    max_stride: String,
    /// Distance between taps
    #[arg(
        short,
        long,
        value_name = "N",
        default_value = "1",
        allow_hyphen_values = true
    )]
    dilation: String,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<(), Failure> {
    let number = |parameter: &str, text: &Option<String>| {
        params::number(parameter, text.as_deref().unwrap_or_default())
    };
    let target = if args.scale.is_some() {
        let scale = number("scale", &args.scale)?;
        if scale == 0 {
            return Err(Failure::usage("scale is 0: it must be at least 1"));
        }
        Target::Scale(scale)
    } else {
        Target::Size {
            input: number("input", &args.input)?,
            output: number("output", &args.output)?,
        }
    };
    let search = Search {
        max_kernel: params::number("max-kernel", &args.max_kernel)?,
        max_stride: params::number("max-stride", &args.max_stride)?,
        dilation: params::number("dilation", &args.dilation)?,
    };
    let solutions = solve(target, search)?;
    if ui.json {
        let list: Vec<_> = solutions.iter().map(object).collect();
        return ui.print_json(&json!({ "solutions": list }));
    }
    if solutions.is_empty() {
        return Err(Failure::Failed(format!(
            "no kernel_size up to {} with a stride up to {} and dilation {} does it: raise --max-kernel or --max-stride",
            search.max_kernel, search.max_stride, search.dilation
        )));
    }
    ui.print(table(&solutions).trim_end())?;
    ui.note(format_args!(
        "{} solutions; even: every output is reached by equally many taps; exact: any input is scaled by the stride",
        solutions.len()
    ));
    Ok(())
}

fn object(solution: &Solution) -> serde_json::Value {
    json!({
        "kernel_size": solution.kernel,
        "stride": solution.stride,
        "padding": solution.padding,
        "output_padding": solution.output_padding,
        "dilation": solution.dilation,
        "even_overlap": solution.overlaps_evenly(),
        "exact_scaling": solution.scales_exactly(),
    })
}

fn table(solutions: &[Solution]) -> String {
    let mut text = String::from("kernel_size  stride  padding  output_padding  overlap  scaling\n");
    for solution in solutions {
        let overlap = if solution.overlaps_evenly() {
            "even"
        } else {
            "-"
        };
        let scaling = if solution.scales_exactly() {
            "exact"
        } else {
            "-"
        };
        let _ = writeln!(
            text,
            "{:>11}  {:>6}  {:>7}  {:>14}  {overlap:>7}  {scaling:>7}",
            solution.kernel, solution.stride, solution.padding, solution.output_padding
        );
    }
    text
}
