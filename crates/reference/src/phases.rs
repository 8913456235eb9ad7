//! Phases: one stride-1 convolution per remainder mod the stride.
//!
//! Transposed: output `o` receives `x[q] * w[t]` for `q*s = o + begin - t*d`. Two outputs whose distance is a multiple of
//! s have the same taps, so split the outputs by `r = o mod s`. For `o = r + s*m`, tap t belongs to phase r when
//! `(t*d - begin) mod s = r`, and then
//!
//! ```text
//! q = (r + s*m + begin - t*d) / s = m - c       with c = (t*d - begin - r) / s, exactly
//! phase_r[m] = sum over the taps of r of x[m - c] * w[t]                      y[r + s*m] = phase_r[m]
//! ```
//!
//! Each phase is an ordinary stride-1 convolution with about k/s taps per axis, and the phases interleave into y. An
//! output whose remainder has no tap receives nothing.
//!
//! Convolution is the mirror image: split the *input* by remainders, `x_r[m] = x[r + s*m]`. Output o reads
//! `o*s + t*d - begin = s*(o + c) + r`, with the same r and c:
//!
//! ```text
//! y[o] = sum over r, over the taps of r, of x_r[o + c] * w[t]
//! ```
//!
//! No inserted zero occurs anywhere, in neither direction.

use std::collections::BTreeMap;

use convt_geometry::Op;

use crate::plane::{Plane, Three, each, flat, inside, positions, volume};

/// The taps of one remainder on one axis: `(t, c)`.
type Taps = Vec<(usize, isize)>;

/// The taps of one axis by their remainder r: `t*d - begin = r + s*c`.
fn split_taps(plane: &Plane, axis: usize) -> BTreeMap<usize, Taps> {
    let s = plane.stride[axis] as isize;
    let mut phases: BTreeMap<usize, Taps> = BTreeMap::new();
    for t in 0..plane.kernel[axis] {
        let place = (t * plane.dilation[axis]) as isize - plane.begin[axis];
        let r = place.rem_euclid(s) as usize;
        phases.entry(r).or_default().push((t, place.div_euclid(s)));
    }
    phases
}

/// Adds one input channel's products to one output channel.
pub(crate) fn add(plane: &Plane, x: &[f64], w: &[f64], y: &mut [f64]) {
    let [a, b, c] = each(|axis| split_taps(plane, axis));
    for (&r0, taps0) in &a {
        for (&r1, taps1) in &b {
            for (&r2, taps2) in &c {
                let phase = Phase {
                    plane,
                    first: [r0, r1, r2],
                    taps: [taps0, taps1, taps2],
                };
                match plane.op {
                    Op::ConvTranspose => phase.interleave(x, w, y),
                    Op::Conv => phase.add_split(x, w, y),
                }
            }
        }
    }
}

/// One remainder per axis, with its taps.
struct Phase<'a> {
    plane: &'a Plane,
    first: Three,
    taps: [&'a Taps; 3],
}

impl Phase<'_> {
    /// How many of `total` elements have this remainder: r, r + s, r + 2s, ...
    fn count(&self, total: Three) -> Three {
        each(|a| {
            total[a]
                .saturating_sub(self.first[a])
                .div_ceil(self.plane.stride[a])
        })
    }

    /// Element `m` of this remainder, as a row-major index of the whole.
    fn place(&self, total: Three, m: Three) -> usize {
        flat(total, each(|a| self.first[a] + self.plane.stride[a] * m[a]))
    }

    /// Transposed: convolve the whole input with this phase's taps, and interleave the result into y.
    fn interleave(&self, x: &[f64], w: &[f64], y: &mut [f64]) {
        for m in positions(self.count(self.plane.output)) {
            let place = self.place(self.plane.output, m);
            y[place] += self.dense(m, -1, self.plane.input, x, w);
        }
    }

    /// Convolution: take this remainder out of the input, and convolve it with this phase's taps into all of y.
    fn add_split(&self, x: &[f64], w: &[f64], y: &mut [f64]) {
        let shape = self.count(self.plane.input);
        let mut split = Vec::with_capacity(volume(shape));
        split.extend(positions(shape).map(|m| x[self.place(self.plane.input, m)]));
        for o in positions(self.plane.output) {
            y[flat(self.plane.output, o)] += self.dense(o, 1, shape, &split, w);
        }
    }

    /// One element of a stride-1 convolution: the sum over this phase's taps of `x[m + sign*c] * w[t]`.
    fn dense(&self, m: Three, sign: isize, shape: Three, x: &[f64], w: &[f64]) -> f64 {
        let mut sum = 0.0;
        for &(t0, c0) in self.taps[0] {
            for &(t1, c1) in self.taps[1] {
                for &(t2, c2) in self.taps[2] {
                    let c = [c0, c1, c2];
                    if let Some(q) = inside(shape, each(|a| m[a] as isize + sign * c[a])) {
                        sum += x[q] * w[flat(self.plane.kernel, [t0, t1, t2])];
                    }
                }
            }
        }
        sum
    }
}
