//! Weights to start from: fan-in, bilinear enlargement, and initialisation without checkerboards.

mod bilinear;
mod fan;
mod icnr;
mod real;

pub use bilinear::{Bilinear, bilinear_taps, bilinear_weight};
pub use fan::fan_in;
pub use icnr::{icnr_subpixel, icnr_transposed};
pub use real::Real;

use convt_geometry::{GeometryError, Parameter};

use crate::Error;

/// Refuses a stride of 0, and any number of axes but 1, 2 or 3.
fn check_stride(stride: &[usize]) -> Result<(), Error> {
    if !(1..=3).contains(&stride.len()) {
        return Err(Error::Geometry(GeometryError::Axes {
            parameter: Parameter::Stride,
            given: stride.len(),
            expected: None,
        }));
    }
    match stride.iter().position(|&s| s == 0) {
        None => Ok(()),
        Some(axis) => Err(zero(Parameter::Stride, Some(axis))),
    }
}

/// Refuses a list that has not one value for each of `axes` axes.
fn check_axes(parameter: &'static str, given: usize, axes: usize) -> Result<(), Error> {
    if given == axes {
        return Ok(());
    }
    Err(Error::AxisValues {
        parameter,
        given,
        axes,
    })
}

fn zero(parameter: Parameter, axis: Option<usize>) -> Error {
    Error::Geometry(GeometryError::Zero { parameter, axis })
}

fn overflow(what: &'static str) -> Error {
    Error::Geometry(GeometryError::Overflow { what, axis: None })
}
