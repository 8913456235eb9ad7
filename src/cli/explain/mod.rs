//! `convt explain`: every number of a small problem, in the terminal or as a picture.

mod numbers;
mod page;
mod picture;
mod tables;

use std::ffi::OsString;

use clap::ValueEnum;
use convt_explain::{ExplainError, MatrixTrace, PRESETS, Style, Trace, text};
use convt_geometry::Problem;
use convt_reference::Layer;
use serde_json::json;

use super::layer::ProblemArgs;
use crate::failure::Failure;
use crate::params;
use crate::ui::Ui;

pub(super) use numbers::Numbers;
pub(super) use picture::{Kind, deliver, existing, kind_of, pixels};
pub(super) use tables::aligned;

/// How a layer is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum View {
    /// Insert zeros, pad, flip the kernel, slide it
    FourSteps,
    /// Every input element stamps the kernel; then the crop
    Scatter,
    /// The equivalent matrix: O = I C and P = O C^T
    Matrix,
    /// Convolution and transposed convolution with the same parameters
    SideBySide,
    /// Gradients of input, kernel and bias
    Gradient,
    /// Products per output, phase sums, and whether a flat input stays flat
    Overlap,
    /// Which inputs reach an output, and back; stacked layers
    Reach,
}

impl From<View> for convt_explain::View {
    fn from(view: View) -> Self {
        match view {
            View::FourSteps => Self::FourSteps,
            View::Scatter => Self::Scatter,
            View::Matrix => Self::Matrix,
            View::SideBySide => Self::SideBySide,
            View::Gradient => Self::Gradient,
            View::Overlap => Self::Overlap,
            View::Reach => Self::Reach,
        }
    }
}

/// The language of captions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Lang {
    /// English
    En,
    /// 中文
    Zh,
}

/// The colours of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Theme {
    /// Dark on white
    Light,
    /// Light on dark
    Dark,
    /// White paper, distinct in grey
    Print,
    /// As the reader's system says, in SVG and HTML; light elsewhere
    Auto,
}

impl From<Lang> for convt_explain::Lang {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::En => Self::En,
            Lang::Zh => Self::Zh,
        }
    }
}

impl From<Theme> for convt_draw::Theme {
    fn from(theme: Theme) -> Self {
        match theme {
            Theme::Light => Self::Light,
            Theme::Dark => Self::Dark,
            Theme::Print => Self::Print,
            Theme::Auto => Self::Auto,
        }
    }
}

/// Every number of a small layer, step by step, as text or as a picture
///
/// Without files the input is 1, 2, 3, ... and the kernel likewise. Text shows the first element of the batch and the first
/// output channel, with all input channels that it sums; pictures show all channels. The ending of -o chooses the format:
/// svg, gif, png, tex, html, json, txt. A gif moves; svg, png and tex hold one frame, the last unless --step says which.
#[derive(clap::Args, Debug)]
#[command(
    before_help = "Examples:
  convt explain -i 3 -k 3 -s 2 -p 1
  convt explain -i 3 -k 3 -s 2 -p 1 -o steps.gif
  convt explain -i 3 -k 3 -s 2 -p 1 --view matrix --lang zh --theme dark -o matrix.svg
  convt explain --preset checkerboard -o checkerboard.png
  convt explain -i 3 -k 3 -s 2 -p 1 --open
  convt explain -i 4x3 -k 3,2 -s 2 -p 1 --output-padding 1 --channels 2-1 --step 4
  convt explain --op conv -i 5 -k 3 -s 2 --view matrix
  convt explain --dims 1 -i 4 -k 3 -s 2 --values 1,0,0,2 --weights w.npy --animated -o one.svg",
    mut_arg("input", |arg| arg.required_unless_present_any(["preset", "link"])),
    mut_arg("kernel_size", |arg| arg.required_unless_present_any(["preset", "link"]))
)]
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
    /// A problem with a name, instead of options
    #[arg(long, value_name = "NAME", value_parser = PRESETS, conflicts_with_all = ["problem", "input", "kernel_size", "link"])]
    preset: Option<String>,
    /// The text of a link to the page, `v=1&i=3x3&k=3...`, instead of options
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["problem", "input", "kernel_size"])]
    link: Option<String>,
    /// How to look at it [default: four-steps]
    #[arg(long, value_enum, value_name = "VIEW")]
    view: Option<View>,
    /// Show this step (of a picture: this frame) alone, counted from 1
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    step: Option<String>,
    #[command(flatten)]
    numbers: Numbers,
    #[command(flatten)]
    picture: PictureArgs,
}

/// Options of a picture.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Picture")]
struct PictureArgs {
    /// Write a picture, or - for SVG on standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<OsString>,
    /// All frames of an SVG, moving without a script
    #[arg(long)]
    animated: bool,
    /// Language of the words
    #[arg(long, value_enum, value_name = "LANG")]
    lang: Option<Lang>,
    /// Colours
    #[arg(long, value_enum, value_name = "THEME")]
    theme: Option<Theme>,
    /// Pixels per unit of PNG and GIF; a cell is 40 units wide
    #[arg(
        long,
        default_value = "1",
        value_name = "N",
        allow_hyphen_values = true
    )]
    pixels: String,
    /// Replace a file that exists
    #[arg(long)]
    overwrite: bool,
    /// Open the page with this problem in a browser: a copy in -o FILE.html, or in the temporary folder
    #[arg(long, conflicts_with = "animated")]
    open: bool,
}

pub(crate) fn run(args: &Args, ui: &Ui) -> Result<(), Failure> {
    let step = args
        .step
        .as_deref()
        .map(|text| params::number("step", text))
        .transpose()?;
    let spoken = matches!(args.picture.lang, Some(Lang::Zh));
    let told = matches!(
        args.view,
        None | Some(View::FourSteps | View::Scatter | View::Matrix)
    );
    if args.picture.output.is_some()
        || args.picture.open
        || args.preset.is_some()
        || args.link.is_some()
        || spoken
        || !told
    {
        return picture::run(args, step, ui);
    }
    let problem = args.own_problem()?;
    let layer = Layer::try_from(&problem)?;
    let style = style(ui);
    if args.view == Some(View::Matrix) {
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
        Some(View::Scatter) => text::scatter(&trace, step, style)?,
        _ => text::four_steps(&trace, step, style)?,
    })
}

impl Args {
    /// The problem of the options, checked.
    fn own_problem(&self) -> Result<Problem, Failure> {
        let mut problem = self.problem.problem()?;
        if !self.problem.is_text() {
            spread_axes(&mut problem, &self.dims)?;
        }
        problem.walks()?;
        Ok(problem)
    }
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
