//! Colours, where they are wanted.

use anstyle::{AnsiColor, Color, Style as Ansi};

/// How text is coloured. Without colours everything is still told by marks and words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    color: bool,
}

impl Style {
    /// No colours.
    pub fn plain() -> Self {
        Self { color: false }
    }

    /// ANSI colours, in the 16 that every terminal theme defines.
    pub fn colored() -> Self {
        Self { color: true }
    }

    /// `text` as `paint` looks.
    pub(crate) fn paint(self, text: &str, paint: Paint) -> String {
        let color = |color: AnsiColor| Ansi::new().fg_color(Some(Color::Ansi(color)));
        let ansi = match paint {
            _ if !self.color => return text.to_string(),
            Paint::Plain => return text.to_string(),
            Paint::Heading => Ansi::new().bold(),
            Paint::Input => color(AnsiColor::Blue),
            Paint::Kernel => color(AnsiColor::Yellow),
            Paint::Output => color(AnsiColor::Green),
            Paint::Faint => Ansi::new().dimmed(),
            Paint::Focus => Ansi::new().bold().invert(),
        };
        format!("{ansi}{text}{ansi:#}")
    }
}

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    Plain,
    Heading,
    Input,
    Kernel,
    Output,
    /// Zeros, cropped cells, frames' inner lines.
    Faint,
    /// What a step is about.
    Focus,
}
