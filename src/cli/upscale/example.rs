//! The photograph built into the program, for a first try.

use std::fs::File;
use std::io::{BufWriter, Cursor};
use std::ops::ControlFlow;
use std::path::PathBuf;

use convt_files::{AtomicFile, Existing};
use convt_upscale::{Format, Options, Report, codec, enlarge};
use serde_json::json;

use super::progress::Watch;
use super::refused;
use crate::failure::Failure;
use crate::ui::Ui;

const PHOTOGRAPH: &[u8] = include_bytes!("../../../assets/chelsea.png");

/// Enlarges the photograph into the current folder. An earlier example is replaced, any other file of that name is not.
pub(super) fn run(options: &Options, ui: &Ui) -> Result<(), Failure> {
    let path = PathBuf::from(format!("convt-example_x{}.png", options.scale));
    let watch = Watch::start();
    let mut progress = |_| {
        if watch.stopped() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let failed = |error: std::io::Error| {
        Failure::Failed(format!("cannot write {}: {error}", path.display()))
    };
    let ours = is_example(&path, options.scale);
    let existing = if ours {
        Existing::Replace
    } else {
        Existing::Refuse
    };
    let file = AtomicFile::create(&path, existing).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::Usage(format!(
            "{} exists and is not an example that convt made: move it, or name a picture to enlarge",
            path.display()
        )),
        _ => failed(error),
    })?;
    let input = Box::new(Cursor::new(PHOTOGRAPH));
    let done = enlarge(
        input,
        BufWriter::new(file),
        Some(Format::Png),
        options,
        &mut progress,
    );
    let (report, output) = match done {
        Err(convt_upscale::Error::Interrupted) => Watch::end(),
        other => other.map_err(|e| refused(&e))?,
    };
    let file = output
        .into_inner()
        .map_err(|error| failed(error.into_error()))?;
    file.commit().map_err(failed)?;
    tell(&report, &path, options, ui)
}

fn tell(
    report: &Report,
    path: &std::path::Path,
    options: &Options,
    ui: &Ui,
) -> Result<(), Failure> {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    if ui.json {
        return ui.print_json(&json!({
            "command": "upscale",
            "example": true,
            "output": whole.display().to_string(),
            "output_size": [report.output.width, report.output.height],
            "scale": options.scale,
            "method": options.method.name(),
        }));
    }
    ui.note(format_args!(
        "The photograph built into convt, {} x {}, is now {} x {} ({}): the result lies in",
        report.input.width,
        report.input.height,
        report.output.width,
        report.output.height,
        options.method
    ));
    ui.print(whole.display())
}

/// Whether the file is a PNG of the size that the example has.
fn is_example(path: &std::path::Path, scale: usize) -> bool {
    let size = |input: Box<dyn codec::ReadSeek>| {
        let (format, reader) = codec::open(input, 1 << 24).ok()?;
        let header = reader.header();
        (format == Format::Png).then_some((header.width, header.height))
    };
    let expected = size(Box::new(Cursor::new(PHOTOGRAPH))).map(|(w, h)| (w * scale, h * scale));
    let found = File::open(path).ok().and_then(|file| size(Box::new(file)));
    found.is_some() && found == expected
}
