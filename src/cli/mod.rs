//! The command line: one file per command, each with its options, its help and its work.

mod completions;
mod explain;
mod kernels;
mod layer;
mod matrix;
mod plan;
mod run;
mod size;
mod solve;
mod upscale;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::ui::{Color, Ui};

/// The exit code after Ctrl-C, as shells count it: 128 and the number of the signal.
const INTERRUPTED: i32 = 130;

/// Transposed convolution: enlarge pictures, run layers, see every number
#[derive(Debug, Parser)]
#[command(
    name = "convt",
    version,
    max_term_width = 120,
    before_help = "Examples:
  convt upscale photo.jpg -o large.png
  convt run --input x.npy --weight model.safetensors:up.weight --stride 2 --padding 1 -o y.npy
  convt size --input 64x64 --kernel-size 4 --stride 2 --padding 1
  convt solve --scale 2
  convt explain -i 3 -k 3 -s 2 -p 1
  convt kernels model.safetensors:up.weight --phases --stride 2 -o kernels.svg
  convt matrix --input 4x4 --kernel-size 3
  convt plan conv_transpose2d n1 c64-32 i14x14 k4 s2 p1",
    after_help = "Data goes to standard output, everything else to standard error.

Exit codes:
  0    done
  1    failed: a file cannot be read or written, memory is short, nothing found
  2    refused: wrong usage, illegal parameters, a broken file, an output that
       exists; nothing was written
  130  interrupted by Ctrl-C

With --json an error is one object on standard error:
  {\"error\": \"...\", \"exit_code\": N}"
)]
pub(crate) struct Cli {
    /// Print one JSON object instead of text
    #[arg(long, global = true, help_heading = "Global options")]
    json: bool,
    /// Print nothing but errors to standard error
    #[arg(short, long, global = true, help_heading = "Global options")]
    quiet: bool,
    /// Colours; without the option NO_COLOR, CLICOLOR_FORCE and TERM=dumb are respected
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "auto",
        value_name = "WHEN",
        help_heading = "Global options"
    )]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Upscale(upscale::Args),
    Run(run::Args),
    Size(size::Args),
    Solve(solve::Args),
    Matrix(matrix::Args),
    Explain(Box<explain::Args>),
    Kernels(kernels::Args),
    Plan(plan::Args),
    Completions(completions::Args),
    Man(completions::ManArgs),
}

impl Cli {
    /// The choices that hold for every command.
    pub(crate) fn ui(&self) -> Ui {
        Ui {
            json: self.json,
            quiet: self.quiet,
            color: self.color,
        }
    }

    /// Does what the command says.
    pub(crate) fn run(self, ui: &Ui) -> Result<(), Failure> {
        if !matches!(self.command, Command::Upscale(_)) {
            // Outputs appear only when they are complete, so there is nothing to tidy up. Where no handler can be set the
            // signal ends the program all the same. Upscaling, which may be long, has its own.
            let _ = ctrlc::set_handler(|| std::process::exit(INTERRUPTED));
        }
        match self.command {
            Command::Upscale(args) => upscale::run(&args, ui),
            Command::Run(args) => run::run(&args, ui),
            Command::Size(args) => size::run(&args, ui),
            Command::Solve(args) => solve::run(&args, ui),
            Command::Matrix(args) => matrix::run(&args, ui),
            Command::Explain(args) => explain::run(&args, ui),
            Command::Kernels(args) => kernels::run(&args, ui),
            Command::Plan(args) => plan::run(&args, ui),
            Command::Completions(args) => completions::run(&args),
            Command::Man(args) => completions::man(&args),
        }
    }
}
