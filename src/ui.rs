//! How the program speaks: data to standard output, everything else to standard error.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};

use crate::failure::Failure;

/// When output is coloured: the values of `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR or TERM=dumb is set; with CLICOLOR_FORCE also elsewhere.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

/// The choices that hold for every command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ui {
    /// Machines read standard output: one JSON object, nothing else.
    pub(crate) json: bool,
    /// Only errors on standard error.
    pub(crate) quiet: bool,
    /// When output is coloured; [`Ui::print`] and [`Ui::note`] strip colours where none are wanted.
    pub(crate) color: Color,
}

impl Ui {
    /// Prints a line (or several) of data.
    pub(crate) fn print(&self, text: impl Display) -> Result<(), Failure> {
        let mut out = anstream::AutoStream::new(io::stdout().lock(), self.color.into());
        writeln!(out, "{text}")?;
        Ok(out.flush()?)
    }

    /// Prints one JSON object.
    pub(crate) fn print_json(&self, object: &serde_json::Value) -> Result<(), Failure> {
        self.print(format_args!("{object:#}"))
    }

    /// Whether standard output takes colours.
    pub(crate) fn colors_stdout(&self) -> bool {
        let out = anstream::AutoStream::new(io::stdout(), self.color.into());
        out.current_choice() != anstream::ColorChoice::Never
    }

    /// Tells people something on standard error, unless `--quiet`.
    pub(crate) fn note(&self, text: impl Display) {
        if !self.quiet {
            // Nothing is left to tell if standard error is gone.
            let _ = writeln!(self.stderr(), "{text}");
        }
    }

    /// Tells of an error on standard error: a line, or with `--json` the object `{"error": ..., "exit_code": ...}`.
    pub(crate) fn error(&self, message: &str, exit_code: u8) {
        let mut err = self.stderr();
        let _ = if self.json {
            let object = serde_json::json!({ "error": message, "exit_code": exit_code });
            writeln!(err, "{object}")
        } else {
            let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
            writeln!(err, "{red}error:{red:#} {message}")
        };
    }

    fn stderr(&self) -> anstream::AutoStream<io::Stderr> {
        anstream::AutoStream::new(io::stderr(), self.color.into())
    }

    /// Whether progress may be drawn: somebody is watching standard error and did not ask for silence.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.quiet && !self.json && io::stderr().is_terminal()
    }
}
