//! What a format has to be able to draw: rectangles, lines, dots and runs of letters, in colours by meaning.

use crate::glyphs::text_width;
use crate::scene::{Anchor, Area, Place};
use crate::theme::Tone;

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pen {
    pub(crate) tone: Tone,
    /// In units.
    pub(crate) width: f64,
    /// Lengths of dash and gap in units.
    pub(crate) dash: Option<(f64, f64)>,
}

impl Pen {
    pub(crate) fn solid(tone: Tone, width: f64) -> Self {
        Self {
            tone,
            width,
            dash: None,
        }
    }

    pub(crate) fn dashed(tone: Tone, width: f64, dash: f64, gap: f64) -> Self {
        Self {
            tone,
            width,
            dash: Some((dash, gap)),
        }
    }
}

/// One line of text from `x` on the base line `y`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Run {
    pub(crate) x: f64,
    pub(crate) y: f64,
    /// The em in units.
    pub(crate) size: f64,
    pub(crate) bold: bool,
    pub(crate) tone: Tone,
    /// A rim around the letters that keeps marks of the ground off them.
    pub(crate) halo: Option<Pen>,
    pub(crate) text: String,
    /// Which point of it a format whose letters have other widths must keep in place.
    pub(crate) anchor: Anchor,
}

impl Run {
    /// A run with its anchor at `x`.
    pub(crate) fn anchored(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        let width = text_width(&self.text, self.size, self.bold);
        self.x -= match anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => width / 2.0,
            Anchor::End => width,
        };
        self
    }
}

/// A basic shape.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    Rect {
        area: Area,
        fill: Option<Tone>,
        pen: Option<Pen>,
    },
    /// Polygons or open lines, all in one style.
    Lines {
        lines: Vec<Vec<(f64, f64)>>,
        closed: bool,
        fill: Option<Tone>,
        pen: Option<Pen>,
    },
    Dot {
        x: f64,
        y: f64,
        radius: f64,
        fill: Option<Tone>,
        pen: Option<Pen>,
    },
    Text(Run),
}

/// An item of a frame, ready to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Element {
    pub(crate) kind: Kind,
    pub(crate) shapes: Vec<Shape>,
}

/// What an element was in the figure, for formats that can say so.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Cell {
        place: Option<Place>,
        label: String,
        focus: bool,
    },
    Outline,
    Text(String),
    Arrow,
}
