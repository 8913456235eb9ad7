//! `convt`: transposed convolution at the command line.
//!
//! The program is thin: it reads options ([`cli`]), calls the libraries and prints ([`ui`]). What can go wrong ends as a
//! [`failure::Failure`], which knows its exit code.

mod bar;
mod cli;
mod failure;
mod params;
mod ui;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, ValueEnum};

use cli::Cli;
use ui::{Color, Ui};

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let early = early_ui(&words);
    anstream::ColorChoice::from(early.color).write_global();
    let command = Cli::command().color(match early.color {
        Color::Auto => clap::ColorChoice::Auto,
        Color::Always => clap::ColorChoice::Always,
        Color::Never => clap::ColorChoice::Never,
    });
    let parsed = command
        .try_get_matches_from(words)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return misuse(&error, &early),
    };
    let ui = cli.ui();
    match cli.run(&ui) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let code = failure.exit_code();
            if let Some(message) = failure.message() {
                ui.error(message, code);
            }
            ExitCode::from(code)
        }
    }
}

/// `--json` and `--color` as they stand among the words, for help and errors that come before the options are known.
fn early_ui(words: &[OsString]) -> Ui {
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let color = words.iter().enumerate().find_map(|(i, word)| {
        let value = match word.strip_prefix("--color=") {
            Some(value) => value,
            None if *word == "--color" => words.get(i + 1)?,
            None => return None,
        };
        Color::from_str(value, false).ok()
    });
    Ui {
        json: words.contains(&"--json"),
        quiet: false,
        color: color.unwrap_or_default(),
    }
}

/// Help and version go to standard output with exit code 0, misuse to standard error with exit code 2.
fn misuse(error: &clap::Error, ui: &Ui) -> ExitCode {
    let code = if error.use_stderr() { 2 } else { 0 };
    if ui.json && error.use_stderr() {
        let text = error.render().to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        ui.error(text.trim_end(), code);
    } else {
        // A reader that has gone is no fault.
        let _ = error.print();
    }
    ExitCode::from(code)
}
