//! `convt plan`: what the engine would run for a problem, and why nothing else.

use convt::Explanation;
use serde_json::{Value, json};

use super::layer::ProblemArgs;
use crate::failure::Failure;
use crate::ui::Ui;

/// What would run for a problem on this machine, at what cost, and why the other algorithms would not
#[derive(clap::Args, Debug)]
#[command(before_help = "Examples:
  convt plan conv_transpose2d n1 c64-32 i14x14 k4 s2 p1
  convt plan --input 14x14 --kernel-size 4 --stride 2 --padding 1 --channels 64-32
  convt plan conv2d c3-64 i224 k7 s2 p3 nobias --json

CONVT_ISA=NAME in the environment uses that instruction set (avx512, avx2, neon, portable) instead of the best one.

The text form of a problem is the one that tests, benchmarks and bug reports share:
  conv_transpose2d n1 c256-128 i32x24 k4 s2 p1 op0 d1 g1 f32 \"name\"")]
pub(crate) struct Args {
    #[command(flatten)]
    problem: ProblemArgs,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<(), Failure> {
    let explanation = Explanation::of(&args.problem.problem()?)?;
    if ui.json {
        ui.print_json(&object(&explanation))
    } else {
        ui.print(explanation)
    }
}

fn object(explanation: &Explanation) -> Value {
    let axes: Vec<Value> = explanation
        .axes
        .iter()
        .map(|axis| {
            json!({
                "input": axis.input,
                "output": axis.output,
                "phases": axis.phases,
                "taps": axis.taps,
            })
        })
        .collect();
    let refused: Vec<Value> = explanation
        .refused
        .iter()
        .map(|refusal| json!({ "algorithm": refusal.algorithm, "reason": refusal.reason }))
        .collect();
    json!({
        "problem": explanation.problem.to_string(),
        "algorithm": explanation.algorithm,
        "isa": explanation.isa.to_string(),
        "output_shape": explanation.output_shape,
        "axes": axes,
        "multiply_adds": {
            "useful": count(explanation.products.useful),
            "uncropped": count(explanation.products.uncropped),
            "zero_insert": count(explanation.products.zero_insert),
        },
        "bytes": {
            "weight": count(explanation.weight_bytes),
            "scratch_per_thread": explanation.scratch_bytes,
            "tables": explanation.table_bytes,
            "output": explanation.output_bytes,
        },
        "refused": refused,
    })
}

/// A count as a JSON number; one beyond 64 bits as a string of its digits.
fn count(value: u128) -> Value {
    u64::try_from(value).map_or_else(|_| value.to_string().into(), Value::from)
}
