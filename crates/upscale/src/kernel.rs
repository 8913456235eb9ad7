//! The taps of a method: how one input sample is stamped on the outputs around it.
//!
//! One axis, scale `s`. Input `q` adds `w[t]` times itself to `full[q*s + t]`; output `o` is `full[o + begin]`, so
//! output `o` takes tap `t = o + begin - q*s` of input `q`. Pixels are areas: the centre of output `o` lies at
//! `(o + 1/2)/s - 1/2` in input coordinates, hence at the distance
//!
//! ```text
//! u(t) = (t - begin + 1/2)/s - 1/2
//! ```
//!
//! from input `q`, and a method with the continuous kernel `h` has `w[t] = h(u(t))`. A kernel of support `a` is zero
//! where `|u| >= a`, so the taps are those with `s(1/2 - a) < t - begin + 1/2 < s(1/2 + a)`, which gives
//! `begin = ceil(s(a - 1/2) + 1/2) - 1` and `k = 2as` taps, one fewer when `s` is odd.
//!
//! The taps of one phase, those of equal `t mod s`, are all the taps of one output. Each phase is normalised to the sum
//! 1, so that a flat picture stays flat.

use crate::error::{Error, Result};

/// The taps along one axis and the place of output 0 among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Number of taps `k`.
    pub taps: usize,
    /// Elements of the full result before output 0.
    pub begin: usize,
    /// Inputs needed beyond each edge so that every tap of every output finds a value.
    pub halo: usize,
}

impl Span {
    /// The span of `taps` taps at scale `s` whose outputs begin at `begin`.
    ///
    /// Output `o` takes inputs from `ceil((o + begin - (k-1))/s)` to `floor((o + begin)/s)`. At `o = 0` the first lies
    /// `floor((k-1 - begin)/s)` before the edge, at `o = s*n - 1` the last lies `ceil(begin/s)` past input `n - 1`.
    pub(crate) fn new(taps: usize, begin: usize, s: usize) -> Self {
        let before = (taps - 1 - begin) / s;
        let after = begin.div_ceil(s);
        Self {
            taps,
            begin,
            halo: before.max(after),
        }
    }

    /// The same taps in a window whose halo is at least `halo`.
    pub(crate) fn within(self, halo: usize) -> Self {
        Self {
            halo: self.halo.max(halo),
            ..self
        }
    }

    /// The crops of a band that has `halo` extra inputs at both ends: what is left is `s` times the rest.
    ///
    /// The full result of `n + 2*halo` inputs has `(n + 2*halo - 1)*s + k` elements, of which `n*s` stay after
    /// `halo*s + begin` are cropped at the beginning, whatever `n` is.
    pub fn crops(&self, s: usize) -> (isize, isize) {
        let begin = (self.halo * s + self.begin) as isize;
        let end = self.taps as isize - s as isize - self.begin as isize + (self.halo * s) as isize;
        (begin, end)
    }
}

/// A normalised kernel.
#[derive(Clone, Debug, PartialEq)]
pub enum Kernel {
    /// The same taps along columns and along rows: two passes.
    Separable {
        /// Span of both axes.
        span: Span,
        /// The taps.
        weights: Vec<f32>,
    },
    /// A rectangle of taps: one pass.
    Rectangle {
        /// Span down the columns.
        rows: Span,
        /// Span along the rows.
        columns: Span,
        /// The taps, row by row.
        weights: Vec<f32>,
    },
}

impl Kernel {
    /// Samples of a continuous kernel `h` of the given support at half-pixel centres.
    pub(crate) fn sampled(support: usize, s: usize, h: impl Fn(f64) -> f64) -> Result<Self> {
        // s(a - 1/2) + 1/2 is half of the whole number s(2a - 1) + 1.
        let begin = (s * (2 * support - 1) + 1).div_ceil(2) - 1;
        let taps = 2 * support * s - s % 2;
        let weights: Vec<f64> = (0..taps)
            .map(|t| h((t as f64 - begin as f64 + 0.5) / s as f64 - 0.5))
            .collect();
        Ok(Self::Separable {
            span: Span::new(taps, begin, s),
            weights: normalised(&weights, [1, taps], s)?,
        })
    }

    /// Each input becomes a block of `s` outputs.
    pub(crate) fn nearest(s: usize) -> Self {
        Self::Separable {
            span: Span::new(s, 0, s),
            weights: vec![1.0; s],
        }
    }

    /// A kernel given by its taps: one axis is used along rows and columns, two are used as they are. The crops are
    /// centred, with the odd element at the end.
    ///
    /// # Errors
    /// The shape is not of one or two axes or does not match, an axis is shorter than the scale, a value is not finite,
    /// or a phase sums to zero.
    pub fn given(shape: &[usize], values: &[f64], s: usize) -> Result<Self> {
        let size = shape
            .iter()
            .try_fold(1_usize, |n, axis| n.checked_mul(*axis));
        if size != Some(values.len()) {
            return Err(Error::KernelLength {
                shape: shape.to_vec(),
                values: values.len(),
            });
        }
        for &size in shape {
            if size < s || size > crate::MAX_KERNEL {
                return Err(Error::KernelSize { size, scale: s });
            }
        }
        if let Some((index, &value)) = values.iter().enumerate().find(|(_, v)| !v.is_finite()) {
            return Err(Error::KernelValue { index, value });
        }
        let centred = |taps: usize| Span::new(taps, (taps - s) / 2, s);
        match *shape {
            [taps] => Ok(Self::Separable {
                span: centred(taps),
                weights: normalised(values, [1, taps], s)?,
            }),
            [rows, columns] => Ok(Self::Rectangle {
                rows: centred(rows),
                columns: centred(columns),
                weights: normalised(values, [rows, columns], s)?,
            }),
            _ => Err(Error::KernelShape(shape.to_vec())),
        }
    }

    /// The span down the columns and the one along the rows.
    pub fn spans(&self) -> (Span, Span) {
        match self {
            Self::Separable { span, .. } => (*span, *span),
            Self::Rectangle { rows, columns, .. } => (*rows, *columns),
        }
    }
}

/// The values with each phase divided by its sum, in f64, then rounded. `shape[0] == 1` is a single axis.
fn normalised(values: &[f64], shape: [usize; 2], s: usize) -> Result<Vec<f32>> {
    let [rows, columns] = shape;
    let single = rows == 1;
    let phase = |index: usize| ((index / columns) % s, (index % columns) % s);
    let mut sums = vec![0.0; s * s];
    let mut sizes = vec![0.0; s * s];
    for (index, value) in values.iter().enumerate() {
        let (row, column) = phase(index);
        sums[row * s + column] += value;
        sizes[row * s + column] += value.abs();
    }
    for row in 0..if single { 1 } else { s } {
        for column in 0..s {
            let at = row * s + column;
            // A sum that is only the rounding of terms that cancel is no sum.
            if sums[at].abs() <= sizes[at] * 1e-9 {
                let phase = if single {
                    vec![column]
                } else {
                    vec![row, column]
                };
                return Err(Error::KernelPhase { phase, scale: s });
            }
        }
    }
    let normal = |(index, value): (usize, &f64)| {
        let (row, column) = phase(index);
        (value / sums[row * s + column]) as f32
    };
    Ok(values.iter().enumerate().map(normal).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Method;

    fn separable(method: &Method, s: usize) -> (Span, Vec<f32>) {
        match method.kernel(s).unwrap() {
            Kernel::Separable { span, weights } => (span, weights),
            Kernel::Rectangle { .. } => panic!("a named method is separable"),
        }
    }

    #[test]
    fn sizes_are_those_of_the_field() {
        for s in 1..=9 {
            let (span, weights) = separable(&Method::Bilinear, s);
            assert_eq!(span.taps, 2 * s - s % 2);
            assert_eq!(span.begin, (s - 1).div_ceil(2));
            assert_eq!(weights.len(), span.taps);
            assert_eq!(separable(&Method::Bicubic, s).0.taps, 4 * s - s % 2);
            assert_eq!(separable(&Method::Lanczos, s).0.taps, 6 * s - s % 2);
            assert_eq!(
                separable(&Method::Nearest, s).0,
                Span {
                    taps: s,
                    begin: 0,
                    halo: 0
                }
            );
        }
    }

    #[test]
    fn bilinear_is_the_known_triangle() {
        assert_eq!(separable(&Method::Bilinear, 2).1, [0.25, 0.75, 0.75, 0.25]);
        let third = |n: f64| (n / 3.0) as f32;
        assert_eq!(
            separable(&Method::Bilinear, 3).1,
            [third(1.0), third(2.0), 1.0, third(2.0), third(1.0)]
        );
    }

    #[test]
    fn kernels_are_symmetric_and_their_phases_sum_to_one() {
        for method in [
            Method::Nearest,
            Method::Bilinear,
            Method::Bicubic,
            Method::Lanczos,
        ] {
            for s in 1..=8 {
                let (span, w) = separable(&method, s);
                let mirrored: Vec<f32> = w.iter().rev().copied().collect();
                for (left, right) in w.iter().zip(&mirrored) {
                    assert!((left - right).abs() < 1e-6, "{method:?} x{s}");
                }
                for phase in 0..s {
                    let sum: f64 = w.iter().skip(phase).step_by(s).map(|v| f64::from(*v)).sum();
                    assert!(
                        (sum - 1.0).abs() < 1e-6,
                        "{method:?} x{s} phase {phase}: {sum}"
                    );
                }
                let (begin, end) = span.crops(s);
                for n in 1..5 {
                    let full = (n + 2 * span.halo - 1) * s + span.taps;
                    assert_eq!(full as isize - begin - end, (n * s) as isize);
                }
            }
        }
    }

    #[test]
    fn the_halo_is_what_the_taps_reach_and_no_more() {
        for taps in 1_isize..20 {
            for s in 1..=taps {
                for begin in 0..=(taps - s) {
                    let span = Span::new(taps as usize, begin as usize, s as usize);
                    let n = 5;
                    let (mut least, mut most) = (0, n - 1);
                    for o in 0..s * n {
                        for t in 0..taps {
                            if (o + begin - t).rem_euclid(s) == 0 {
                                let q = (o + begin - t).div_euclid(s);
                                least = least.min(q);
                                most = most.max(q);
                            }
                        }
                    }
                    assert_eq!(
                        span.halo as isize,
                        (-least).max(most - (n - 1)),
                        "k{taps} s{s} b{begin}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_given_kernel_is_normalised_or_refused() {
        let kernel = Kernel::given(&[4], &[1.0, 3.0, 3.0, 1.0], 2).unwrap();
        assert_eq!(kernel, Method::Bilinear.kernel(2).unwrap());
        let square: Vec<f64> = [1.0, 3.0, 3.0, 1.0]
            .iter()
            .flat_map(|a| [1.0, 3.0, 3.0, 1.0].map(|b| a * b))
            .collect();
        let Kernel::Rectangle {
            weights,
            rows,
            columns,
        } = Kernel::given(&[4, 4], &square, 2).unwrap()
        else {
            panic!("two axes make a rectangle");
        };
        assert_eq!(rows, columns);
        assert_eq!(weights[5], 0.5625);
        let refused = |shape: &[usize], values: &[f64], s| {
            Kernel::given(shape, values, s).unwrap_err().to_string()
        };
        assert!(refused(&[1], &[1.0], 2).contains("axis of 1 taps"));
        assert!(refused(&[2], &[1.0], 2).contains("1 values"));
        assert!(refused(&[2], &[1.0, f64::NAN], 2).contains("finite"));
        assert!(refused(&[4], &[1.0, 1.0, -1.0, 1.0], 2).contains("phase [0]"));
        assert!(refused(&[2, 2, 2], &[1.0; 8], 2).contains("one axis"));
        assert!(refused(&[], &[1.0], 2).contains("one axis"));
        assert!(refused(&[0], &[], 2).contains("axis of 0"));
        assert!(refused(&[usize::MAX, 2], &[1.0; 8], 2).contains("8 values"));
    }
}
