//! The gradients of a state's problem, by the oracle.

use convt_reference::{Array, Gradients, gradients};

use crate::model::Model;
use crate::{ExplainError, State};

/// The gradient that arrives at the output, and the oracle's answer to it.
pub(crate) fn of(state: &State, model: &Model) -> Result<(Array, Gradients), ExplainError> {
    let shape = &model.y.shape;
    let gy = Array::new(shape, state.gy.numbers("gy", shape, model.dims)?)?;
    let answer = gradients(&model.layer, &model.x, &model.w, &gy)?;
    Ok((gy, answer))
}
