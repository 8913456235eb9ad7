//! What a picture is before it has a format: cells, frames, words and arrows in units, painted by meaning.
//!
//! A view lays a trace out as a [`Figure`]; a format of this crate writes a figure down. Neither knows the other, so
//! every view exists in every format, and a cell means the same everywhere. No colour occurs here: a [`Paint`] says what a
//! cell *is*, and a theme decides how that looks, in the light, in the dark and on paper.

use serde::{Deserialize, Serialize};

/// A still or moving picture: frames of one size, shown in turn. A still has one frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Width in units; a cell is [`CELL`] units wide.
    pub width: f64,
    /// Height in units.
    pub height: f64,
    /// One line: what the picture shows.
    pub title: String,
    /// What a listener should hear instead of the picture.
    pub description: String,
    /// At least one.
    pub frames: Vec<Frame>,
}

/// Side of a cell in units.
pub const CELL: f64 = 40.0;

/// One picture of a figure. Captions stand in a strip that every format adds below the figure's own height.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Drawn in order, later ones on top.
    pub items: Vec<Item>,
    /// One sentence about this step, shown below the picture and spoken.
    pub caption: String,
    /// How long it is shown.
    pub seconds: f64,
}

/// One thing drawn, in units from the top left corner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "item", rename_all = "snake_case")]
pub enum Item {
    /// A square of a grid with what stands in it.
    Cell(Cell),
    /// The outline around a grid or a part of it.
    Outline {
        /// Left, top, width, height.
        area: Area,
        /// How it is drawn.
        stroke: Stroke,
    },
    /// Words.
    Text {
        /// Where the text's anchor lies; `y` is the base line.
        x: f64,
        /// Base line.
        y: f64,
        /// Which point of the text lies at `x`.
        anchor: Anchor,
        /// Height of the letters' em in units.
        size: f64,
        /// How it is drawn.
        ink: Ink,
        /// One line.
        text: String,
    },
    /// An arrow from one point to another.
    Arrow {
        /// Its beginning.
        from: (f64, f64),
        /// Its tip.
        to: (f64, f64),
        /// How it is drawn.
        stroke: Stroke,
    },
}

/// Left, top, width and height in units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Area {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// One square of a grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Where it lies.
    pub area: Area,
    /// What it is.
    pub paint: Paint,
    /// The number or letter in it, empty for none.
    pub label: String,
    /// A small letter in its corner, such as the tap that it stands for; empty for none.
    pub corner: String,
    /// Whether it is in focus in this frame.
    pub focus: bool,
    /// Which cell of which map it is, so that pages can link what is drawn twice.
    pub place: Option<Place>,
}

/// A cell of a map: `Input`, row 2, column 3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The map.
    pub map: Map,
    /// Indices along the map's axes, as many as it has.
    pub index: Vec<usize>,
}

/// The maps that occur in pictures. The same map has the same colour everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Map {
    Input,
    Stretched,
    Kernel,
    Flipped,
    Output,
    Matrix,
    GradientOfOutput,
    GradientOfInput,
    GradientOfKernel,
}

/// What a cell is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paint {
    /// A value of the input.
    Input,
    /// Tap number `.0` of `.1`: hues in two directions, so that a flip is visible.
    Kernel(usize, usize),
    /// A value of the output.
    Output,
    /// An output that is not computed yet.
    Pending,
    /// A zero put between elements.
    InsertedZero,
    /// A zero put around them.
    PaddingZero,
    /// A zero put on the far side because of output_padding.
    OutputPaddingZero,
    /// A sum that is cropped away.
    Cropped,
    /// An entry of the equivalent matrix that no tap fills.
    Hole,
    /// A value between -1 and 1 on a scale that diverges from 0.
    Diverging(f64),
    /// A share between 0 and 1 of the largest count.
    Count(f64),
    /// A gradient.
    Gradient,
    /// Nothing but the label.
    Plain,
}

/// How an outline or arrow is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stroke {
    /// The frame of a map.
    Map(Map),
    /// The window or stamp in focus.
    Focus,
    /// The edge along which cells are cropped.
    Crop,
    /// A quiet line.
    Quiet,
}

/// How words are drawn. Titles and warnings are bold, see [`Ink::bold`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ink {
    /// The name of a map.
    Title(Map),
    /// Ordinary words.
    Normal,
    /// Secondary words.
    Quiet,
    /// A formula or number, in even figures.
    Number,
    /// What is wrong.
    Warning,
}

impl Ink {
    /// Whether such words are set in the bold face: what a layout must know to measure them.
    pub fn bold(self) -> bool {
        matches!(self, Self::Title(_) | Self::Warning)
    }
}

/// Which point of a text lies at its `x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Anchor {
    Start,
    Middle,
    End,
}
