//! Traces drawn as text: all numbers, aligned, with roles and sizes in the frames.

mod block;
mod matrix;
mod number;
mod page;
mod scatter;
mod steps;
mod style;

use crate::{ExplainError, MatrixTrace, Trace};

pub use style::Style;

/// The four steps of a transposed convolution (the two of a convolution): everything, or one step counted from 1.
pub fn four_steps(
    trace: &Trace,
    step: Option<usize>,
    style: Style,
) -> Result<String, ExplainError> {
    steps::draw(trace, step, style)
}

/// How many steps [`four_steps`] has: the preparations, and one for every output.
pub fn four_steps_count(trace: &Trace) -> usize {
    steps::preparations(trace) + trace.steps.slides.len()
}

/// The stamps of the inputs, and the crop: everything, or one step counted from 1.
pub fn scatter(trace: &Trace, step: Option<usize>, style: Style) -> Result<String, ExplainError> {
    scatter::draw(trace, step, style)
}

/// How many steps [`scatter`] has: one for every input element, and the crop.
pub fn scatter_count(trace: &Trace) -> usize {
    trace.scatter.stamps.len() + 1
}

/// The equivalent matrix in steps a to g: everything, or one step counted from 1.
pub fn matrix(
    trace: &MatrixTrace,
    step: Option<usize>,
    style: Style,
) -> Result<String, ExplainError> {
    matrix::draw(trace, step, style)
}

/// How many steps [`matrix`] has: a to g.
pub const MATRIX_STEPS: usize = 7;
