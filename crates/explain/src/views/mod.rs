//! Views: a state laid out as frames.
//!
//! A view builds its model once ([`Show::new`]) and then draws any frame of it, so that a page can play a large problem
//! frame by frame while a file holds all frames of a small one.

mod canvas;
mod four_steps;
mod gradient;
mod layout;
mod matrix;
pub(crate) mod number;
mod overlap;
mod reach;
mod scatter;
mod side_by_side;

use convt_draw::{Figure, Frame};

pub(crate) use canvas::{Canvas, Look, SMALL};
pub(crate) use layout::{MARGIN, Spot};

use crate::model::too_large;
use crate::state::word;
use crate::{ExplainError, State};

/// The most cells of one frame.
const MOST_CELLS: usize = 12_000;
/// The most cells of all frames of a figure together.
const MOST_CELLS_IN_ALL: usize = 2_000_000;

/// What is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum View {
    /// Insert zeros, pad, flip the kernel, slide (convolution: pad, slide).
    #[default]
    FourSteps,
    /// Every input element stamps the kernel.
    Scatter,
    /// The equivalent matrix, `O = I C` and `P = O C^T`.
    Matrix,
    /// The layer and its transpose with the same parameters.
    SideBySide,
    /// The gradients of input, kernel and bias.
    Gradient,
    /// How many products meet in each output, and what a flat input gives.
    Overlap,
    /// Which inputs reach an output, and back; stacked layers.
    Reach,
}

impl View {
    /// All of them, in the order of a lesson.
    pub const ALL: [Self; 7] = [
        Self::FourSteps,
        Self::Scatter,
        Self::Matrix,
        Self::SideBySide,
        Self::Gradient,
        Self::Overlap,
        Self::Reach,
    ];

    /// The name as users type it.
    pub fn name(self) -> &'static str {
        match self {
            Self::FourSteps => "four-steps",
            Self::Scatter => "scatter",
            Self::Matrix => "matrix",
            Self::SideBySide => "side-by-side",
            Self::Gradient => "gradient",
            Self::Overlap => "overlap",
            Self::Reach => "reach",
        }
    }

    /// The view of a name.
    pub fn parse(text: &str) -> Result<Self, ExplainError> {
        Self::ALL
            .into_iter()
            .find(|view| view.name() == text)
            .ok_or_else(|| {
                word(
                    "view",
                    text,
                    "four-steps, scatter, matrix, side-by-side, gradient, overlap or reach",
                )
            })
    }
}

/// One map of a frame as text: what the picture shows, for those who cannot see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The map's name.
    pub title: String,
    /// Its cells, row by row; empty for a cell that is not there yet.
    pub rows: Vec<Vec<String>>,
}

/// What every view can do.
trait Stage {
    /// Width and height of all frames.
    fn size(&self) -> (f64, f64);
    /// How many frames there are, at least 1.
    fn frames(&self) -> usize;
    /// About how many cells a frame has.
    fn cells(&self) -> usize;
    /// Frame `index`, which exists.
    fn draw(&self, index: usize) -> (Frame, Vec<Table>);
    /// One line: what the picture shows.
    fn title(&self) -> String;
}

/// A state's view with everything computed, ready to draw any of its frames.
pub struct Show {
    stage: Box<dyn Stage>,
}

impl Show {
    /// Computes the state's problem; refuses what is illegal or too large to be looked at.
    pub fn new(state: &State) -> Result<Self, ExplainError> {
        let stage: Box<dyn Stage> = match state.view {
            View::FourSteps => Box::new(four_steps::FourSteps::new(state)?),
            View::Scatter => Box::new(scatter::ScatterView::new(state)?),
            View::Matrix => Box::new(matrix::MatrixView::new(state)?),
            View::SideBySide => Box::new(side_by_side::SideBySide::new(state)?),
            View::Gradient => Box::new(gradient::GradientView::new(state)?),
            View::Overlap => Box::new(overlap::OverlapView::new(state)?),
            View::Reach => Box::new(reach::ReachView::new(state)?),
        };
        if stage.cells() > MOST_CELLS {
            return Err(too_large(
                "cells in a frame",
                stage.cells() as u128,
                MOST_CELLS,
            ));
        }
        Ok(Self { stage })
    }

    /// How many frames there are, at least 1.
    pub fn frames(&self) -> usize {
        self.stage.frames()
    }

    /// One line: what the picture shows.
    pub fn title(&self) -> String {
        self.stage.title()
    }

    /// Frame `index`, counted from 0, as a figure of its own: of the same size as the figure of all frames.
    pub fn still(&self, index: usize) -> Result<Figure, ExplainError> {
        let (frame, _) = self.drawn(index)?;
        Ok(self.figure_of(vec![frame]))
    }

    /// The text twin of frame `index`, counted from 0: its maps as tables.
    pub fn table(&self, index: usize) -> Result<Vec<Table>, ExplainError> {
        self.drawn(index).map(|(_, tables)| tables)
    }

    /// All frames; refuses more than can be held.
    pub fn figure(&self) -> Result<Figure, ExplainError> {
        let count = self.frames();
        let cells = count.saturating_mul(self.stage.cells());
        if cells > MOST_CELLS_IN_ALL {
            return Err(too_large(
                "cells in all frames (one frame can still be drawn)",
                cells as u128,
                MOST_CELLS_IN_ALL,
            ));
        }
        Ok(self.figure_of((0..count).map(|index| self.stage.draw(index).0).collect()))
    }

    fn drawn(&self, index: usize) -> Result<(Frame, Vec<Table>), ExplainError> {
        let steps = self.frames();
        if index >= steps {
            return Err(ExplainError::Step {
                asked: index.saturating_add(1),
                steps,
            });
        }
        Ok(self.stage.draw(index))
    }

    fn figure_of(&self, frames: Vec<Frame>) -> Figure {
        let (width, height) = self.stage.size();
        Figure {
            width,
            height,
            title: self.title(),
            description: self.title(),
            frames,
        }
    }
}

/// The frames of a state's view: all of them, or the one that the state asks for.
pub fn figure(state: &State) -> Result<Figure, ExplainError> {
    let show = Show::new(state)?;
    match state.step {
        None => show.figure(),
        Some(step) => show.still(index_of(step, show.frames())?),
    }
}

/// How many frames a state's view has.
pub fn frame_count(state: &State) -> Result<usize, ExplainError> {
    Show::new(state).map(|show| show.frames())
}

/// The text twin of frame `step`, counted from 1 as readers do.
pub fn table(state: &State, step: usize) -> Result<Vec<Table>, ExplainError> {
    let show = Show::new(state)?;
    show.table(index_of(step, show.frames())?)
}

fn index_of(step: usize, steps: usize) -> Result<usize, ExplainError> {
    step.checked_sub(1)
        .filter(|&index| index < steps)
        .ok_or(ExplainError::Step { asked: step, steps })
}
