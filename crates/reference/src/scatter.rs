//! Scatter: every input adds its products to the outputs it reaches.
//!
//! ```text
//! transposed      y[q*s + t*d - begin]  +=  x[q] * w[t]          for every input q and every tap t
//! convolution     y[(q + begin - t*d) / s]  +=  x[q] * w[t]      where the division is exact
//! ```
//!
//! Transposed convolution *is* this sentence: each input element, as a factor, stamps the whole kernel on the output, and
//! where stamps overlap they add. The stamp of input `q` starts at `q*s`; cropping `begin` cells moves everything down by
//! `begin`; what then lies outside the output has been cropped away.
//!
//! A convolution read from the input's side is the same triples the other way round: output `o` reads input
//! `q = o*s + t*d - begin`, so input `q` goes to the `o` that solves this.

use convt_geometry::Op;

use crate::plane::{Plane, each, exact, flat, inside, positions};

/// Adds one input channel's products to one output channel.
pub(crate) fn add(plane: &Plane, x: &[f64], w: &[f64], y: &mut [f64]) {
    triples(plane, |q, t, o| y[o] += x[q] * w[t]);
}

/// Calls `visit(input, tap, output)` for every product that exists, in ascending input and tap.
pub(crate) fn triples(plane: &Plane, mut visit: impl FnMut(usize, usize, usize)) {
    let Plane {
        op,
        input,
        kernel,
        stride: s,
        dilation: d,
        begin,
        output,
        ..
    } = *plane;
    for q in positions(input) {
        for t in positions(kernel) {
            let o = match op {
                Op::ConvTranspose => {
                    Some(each(|a| (q[a] * s[a] + t[a] * d[a]) as isize - begin[a]))
                }
                Op::Conv => all(each(|a| {
                    exact(q[a] as isize + begin[a] - (t[a] * d[a]) as isize, s[a])
                })),
            };
            if let Some(o) = o.and_then(|o| inside(output, o)) {
                visit(flat(input, q), flat(kernel, t), o);
            }
        }
    }
}

/// The three values, if none is missing.
fn all([a, b, c]: [Option<isize>; 3]) -> Option<[isize; 3]> {
    Some([a?, b?, c?])
}
