//! `convt size`: the output size per axis, with the formula and the numbers in it.

use convt_geometry::{Formula, Problem};
use serde_json::json;

use super::layer::ProblemArgs;
use crate::failure::Failure;
use crate::ui::Ui;

/// The output size per axis, with the formula and the numbers in it
#[derive(clap::Args, Debug)]
#[command(before_help = "Examples:
  convt size --input 64x64 --kernel-size 4 --stride 2 --padding 1
  convt size -i 13x16 -k 3 -s 2 -p 1 --output-size 26,32
  convt size --op conv -i 224 -k 7 -s 2 -p 3
  convt size conv_transpose2d i14x14 k4 s2 p1 --json")]
pub(crate) struct Args {
    #[command(flatten)]
    problem: ProblemArgs,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<(), Failure> {
    let problem = args.problem.problem()?;
    let output = problem.output_shape()?;
    let lines = lines(&problem)?;
    if ui.json {
        let axes: Vec<_> = lines
            .iter()
            .zip(&problem.axes)
            .map(|(line, axis)| {
                json!({
                    "input": axis.input,
                    "kernel_size": axis.kernel,
                    "stride": axis.stride,
                    "dilation": axis.dilation,
                    "crop": [line.crop.begin, line.crop.end],
                    "formula": line.formula.letters(),
                    "numbers": line.formula.numbers(),
                    "output": line.formula.value(),
                })
            })
            .collect();
        return ui.print_json(&json!({
            "op": problem.op.name(),
            "output_shape": output,
            "axes": axes,
        }));
    }
    for (i, line) in lines.iter().enumerate() {
        ui.print(format_args!("axis {i}: {}", line.formula))?;
    }
    let spatial: Vec<String> = output[2..].iter().map(ToString::to_string).collect();
    ui.print(format_args!("output: {}", spatial.join("x")))
}

/// One axis: its crops, and its formula with the size.
struct Line {
    crop: convt_geometry::Crop,
    formula: Formula,
}

fn lines(problem: &Problem) -> Result<Vec<Line>, Failure> {
    problem
        .axes
        .iter()
        .map(|axis| {
            let canonical = axis.axis(problem.op)?;
            Ok(Line {
                crop: canonical.crop,
                formula: Formula::new(problem.op, &canonical, axis.input)?,
            })
        })
        .collect()
}
