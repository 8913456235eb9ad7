//! A figure in a file; or, without one, its frames as tables of text.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;

use convt_draw::{Format, Options, write};
use convt_explain::{Preset, Show, State, Trace, Values, View, text};
use convt_files::{AtomicFile, Existing};
use convt_reference::Layer;

use super::{Args, page, tables};
use crate::failure::Failure;
use crate::ui::Ui;

/// What is written.
pub(in crate::cli) enum Kind {
    Text,
    Picture(Format),
}

pub(super) fn run(args: &Args, step: Option<usize>, ui: &Ui) -> Result<(), Failure> {
    let kind = match &args.picture.output {
        Some(name) => kind_of(name)?,
        None if ui.json => Kind::Picture(Format::Json),
        None => Kind::Text,
    };
    let pixels = pixels(&args.picture.pixels)?;
    if args.picture.animated && !matches!(kind, Kind::Picture(Format::Svg)) {
        return Err(Failure::usage(
            "animated is for SVG: give an output such as -o figure.svg (a gif always moves)",
        ));
    }
    let existing = existing(args.picture.output.as_deref(), args.picture.overwrite)?;
    let state = state(args, step)?;
    if args.picture.open {
        let to = args.picture.output.as_ref().map(Path::new);
        return page::open(&state, to, existing, ui);
    }
    let bytes = match kind {
        Kind::Text => told(&state)?.into_bytes(),
        Kind::Picture(format) => draw(&state, format, args.picture.animated, pixels)?,
    };
    deliver(args.picture.output.as_deref(), existing, &bytes)
}

/// What happens to an output that exists: refused before any work unless it may be replaced.
pub(in crate::cli) fn existing(
    output: Option<&OsStr>,
    overwrite: bool,
) -> Result<Existing, Failure> {
    if overwrite {
        return Ok(Existing::Replace);
    }
    match output {
        Some(name) if name != "-" && Path::new(name).symlink_metadata().is_ok() => {
            Err(exists(name))
        }
        _ => Ok(Existing::Refuse),
    }
}

/// Writes a figure to its file, or to standard output.
pub(in crate::cli) fn deliver(
    output: Option<&OsStr>,
    existing: Existing,
    bytes: &[u8],
) -> Result<(), Failure> {
    match output {
        Some(name) if name != "-" => save(name, existing, bytes),
        _ => {
            let mut out = std::io::stdout().lock();
            out.write_all(bytes)?;
            Ok(out.flush()?)
        }
    }
}

pub(in crate::cli) fn kind_of(name: &OsStr) -> Result<Kind, Failure> {
    if name == "-" {
        return Ok(Kind::Picture(Format::Svg));
    }
    let ending = Path::new(name)
        .extension()
        .unwrap_or_default()
        .to_string_lossy();
    if ending.eq_ignore_ascii_case("txt") {
        return Ok(Kind::Text);
    }
    Format::from_extension(&ending).map(Kind::Picture).map_err(|_| {
        Failure::usage(format!(
            "output = {} has an ending that names no format: use svg, gif, png, tex, html, json or txt",
            Path::new(name).display()
        ))
    })
}

pub(in crate::cli) fn pixels(text: &str) -> Result<f64, Failure> {
    match text.parse::<f64>() {
        Ok(number) if (0.05..=64.0).contains(&number) => Ok(number),
        _ => Err(Failure::usage(format!(
            "pixels = {text:?} must be a number from 0.05 to 64, such as 2"
        ))),
    }
}

/// The state that the options describe.
fn state(args: &Args, step: Option<usize>) -> Result<State, Failure> {
    let mut state = match (&args.preset, &args.link) {
        (Some(name), _) => Preset::named(name)?.state,
        (None, Some(text)) => State::parse_query(text)?,
        (None, None) => {
            let problem = args.own_problem()?;
            State {
                b: None,
                ..State::of_problem(&problem)
            }
        }
    };
    let mut problem = state.problem()?;
    problem.batch = 1;
    if args.numbers.given_x() {
        state.x = Values::List(args.numbers.x(&problem)?.data);
    }
    if args.numbers.given_w() {
        state.w = Values::List(args.numbers.w(&problem)?.data);
    }
    if let Some(b) = args.numbers.bias(problem.out_channels)? {
        state.b = Some(Values::List(b));
    }
    if let Some(view) = args.view {
        state.view = view.into();
    }
    if let Some(lang) = args.picture.lang {
        state.lang = lang.into();
    }
    if let Some(theme) = args.picture.theme {
        state.theme = theme.into();
    }
    if step.is_some() {
        state.step = step;
    }
    Ok(state)
}

/// The frames as text: drawn in letters where the view has such a drawing, otherwise as tables.
fn told(state: &State) -> Result<String, Failure> {
    let drawn = state.lang == convt_explain::Lang::En
        && matches!(state.view, View::FourSteps | View::Scatter);
    if !drawn {
        return Ok(tables::tell(state)?);
    }
    let (x, w, b) = state.arrays()?;
    let layer = Layer::try_from(&state.problem()?)?;
    let trace = Trace::new(&layer, &x, &w, b.as_deref())?;
    let style = text::Style::plain();
    let mut words = match state.view {
        View::Scatter => text::scatter(&trace, state.step, style)?,
        _ => text::four_steps(&trace, state.step, style)?,
    };
    if !words.ends_with('\n') {
        words.push('\n');
    }
    Ok(words)
}

fn draw(state: &State, format: Format, animated: bool, pixels: f64) -> Result<Vec<u8>, Failure> {
    let show = Show::new(state)?;
    let still =
        matches!(format, Format::Png | Format::Tikz) || (format == Format::Svg && !animated);
    let figure = match state.step {
        None if still => show.still(show.frames() - 1)?,
        _ => convt_explain::figure(state)?,
    };
    let options = Options {
        theme: state.theme,
        scale: pixels,
        ..Options::default()
    };
    write(&figure, format, &options).map_err(|error| Failure::usage(error.to_string()))
}

fn exists(name: &OsStr) -> Failure {
    Failure::usage(format!(
        "{} exists: use --overwrite to replace it",
        Path::new(name).display()
    ))
}

fn save(name: &OsStr, existing: Existing, bytes: &[u8]) -> Result<(), Failure> {
    let written = || {
        let mut file = AtomicFile::create(Path::new(name), existing)?;
        file.write_all(bytes)?;
        file.commit()
    };
    written().map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => exists(name),
        _ => Failure::Failed(format!(
            "cannot write {}: {error}",
            Path::new(name).display()
        )),
    })
}
