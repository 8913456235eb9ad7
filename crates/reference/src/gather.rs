//! Gather: every output collects the products that reach it.
//!
//! ```text
//! convolution     y[o] = sum over t of x[o*s + t*d - begin] * w[t]
//! transposed      y[o] = sum over t of x[(o + begin - t*d) / s] * w[t]      where the division is exact
//! ```
//!
//! and in both, only where the input exists. For a convolution this is the definition. For a transposed convolution it is
//! the scatter sentence solved for the input: `q*s + t*d - begin = o`. A tap whose division leaves a remainder would have
//! met a zero inserted between two inputs; a quotient outside the input would have met a padded one. Neither is a product.

use convt_geometry::Op;

use crate::plane::{Plane, exact, flat, positions};

/// Adds one input channel's products to one output channel.
pub(crate) fn add(plane: &Plane, x: &[f64], w: &[f64], y: &mut [f64]) {
    for o in positions(plane.output) {
        let mut sum = 0.0;
        for t in positions(plane.kernel) {
            if let Some(q) = input_of(plane, o, t) {
                sum += x[flat(plane.input, q)] * w[flat(plane.kernel, t)];
            }
        }
        y[flat(plane.output, o)] += sum;
    }
}

/// The input that tap `t` multiplies for output `o`, if there is one on every axis.
fn input_of(plane: &Plane, o: [usize; 3], t: [usize; 3]) -> Option<[usize; 3]> {
    let mut q = [0; 3];
    for axis in 0..3 {
        let (s, begin) = (plane.stride[axis], plane.begin[axis]);
        let tap = (t[axis] * plane.dilation[axis]) as isize;
        let at = match plane.op {
            Op::Conv => (o[axis] * s) as isize + tap - begin,
            Op::ConvTranspose => exact(o[axis] as isize + begin - tap, s)?,
        };
        q[axis] = usize::try_from(at)
            .ok()
            .filter(|&at| at < plane.input[axis])?;
    }
    Some(q)
}
