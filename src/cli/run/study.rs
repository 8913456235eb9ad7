//! The layer by a definition of the reference, for study.

use convt_files::{Elements, TensorData};
use convt_geometry::Problem;
use convt_reference::{Array, Definition};

use super::Arrays;
use crate::failure::Failure;

/// Runs a definition of the reference, which computes in f64.
pub(super) fn study(
    definition: Definition,
    problem: &Problem,
    arrays: Arrays,
    wide: bool,
) -> Result<TensorData, Failure> {
    // The reference knows crops only; the words are read here, and refused by the same rules as the engine's.
    problem.check_groups()?;
    let layer = convt_reference::Layer::try_from(problem)?;
    let array = |tensor: TensorData| Array {
        shape: tensor.shape,
        data: tensor.elements.into_f64(),
    };
    let (x, w) = (array(arrays.x), array(arrays.w));
    let b = arrays.b.map(|b| b.elements.into_f64());
    let y = definition.run(&layer, &x, &w, b.as_deref())?;
    let elements = Elements::F64(y.data);
    Ok(TensorData {
        shape: y.shape,
        elements: if wide {
            elements
        } else {
            Elements::F32(elements.into_f32())
        },
    })
}
