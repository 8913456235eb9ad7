//! The transforms of one axis: `F(m, r)` computes `m` neighbouring outputs of `r` taps from `m + r - 1` products.
//!
//! ```text
//! y[j] = sum over u in 0..r: d[j + u] * g[u],  0 <= j < m          (the sum wanted)
//! y = A ((G g) .* (B d))                                           (how it is formed)
//! ```
//!
//! Each follows from evaluating the polynomials with coefficients `d` and `g` at the scheme's points; multiplying out the
//! rows below gives the sum wanted again.

use super::lanes::Lanes;
use crate::Element;

/// Points of a scheme at most.
pub(super) const MOST: usize = 4;

/// Transforms of one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// One tap, one output: the product itself.
    F11,
    /// Points 0, -1, infinity.
    F22,
    /// Points 0, 1, -1, infinity.
    F32,
    /// Points 0, 1, -1, infinity.
    F23,
}

impl Scheme {
    /// Outputs of one tile.
    pub(crate) fn outputs(self) -> usize {
        match self {
            Self::F11 => 1,
            Self::F22 | Self::F23 => 2,
            Self::F32 => 3,
        }
    }

    /// Taps.
    pub(crate) fn taps(self) -> usize {
        match self {
            Self::F11 => 1,
            Self::F22 | Self::F32 => 2,
            Self::F23 => 3,
        }
    }

    /// Products of one tile, and inputs that it reads.
    pub(crate) fn points(self) -> usize {
        self.outputs() + self.taps() - 1
    }

    /// `B d`; only as many values as there are points count.
    #[inline(always)]
    pub(super) fn input<T: Element>(self, [a, b, c, d]: [Lanes<T>; MOST]) -> [Lanes<T>; MOST] {
        match self {
            Self::F11 => [a, b, c, d],
            Self::F22 => [a.sub(b), b, c.sub(b), d],
            Self::F32 | Self::F23 => [a.sub(c), b.add(c), c.sub(b), d.sub(b)],
        }
    }

    /// `A m`; only as many values as there are outputs count.
    #[inline(always)]
    pub(super) fn output<T: Element>(self, [a, b, c, d]: [Lanes<T>; MOST]) -> [Lanes<T>; MOST] {
        match self {
            Self::F11 => [a, b, c, d],
            Self::F22 => [a.add(b), b.add(c), c, d],
            Self::F32 => {
                let sum = b.add(c);
                [a.add(sum), b.sub(c), sum.add(d), d]
            }
            Self::F23 => [a.add(b.add(c)), b.sub(c).add(d), c, d],
        }
    }

    /// The scheme of a code, or this one where the code is [`ANY`].
    #[inline(always)]
    pub(super) fn or_of(self, code: usize) -> Self {
        match code {
            0 => Self::F11,
            1 => Self::F22,
            2 => Self::F32,
            3 => Self::F23,
            _ => self,
        }
    }

    /// `G g` in place: `lines` holds `points` lines of `len` elements, the first `taps` of them filled.
    pub(super) fn weights<T: Element>(self, lines: &mut [T], len: usize) {
        let half = T::from(0.5);
        match self {
            Self::F11 => {}
            Self::F22 => {
                let [g0, g1, g2] = split(lines, len);
                for e in 0..len {
                    let (a, b) = (g0[e], g1[e]);
                    g1[e] = a + b;
                    g2[e] = b;
                }
            }
            Self::F32 => {
                let [g0, g1, g2, g3] = split(lines, len);
                for e in 0..len {
                    let (a, b) = (g0[e], g1[e]);
                    g1[e] = (a + b) * half;
                    g2[e] = (a - b) * half;
                    g3[e] = b;
                }
            }
            Self::F23 => {
                let [g0, g1, g2, g3] = split(lines, len);
                for e in 0..len {
                    let (a, b, c) = (g0[e], g1[e], g2[e]);
                    let ends = a + c;
                    g1[e] = (ends + b) * half;
                    g2[e] = (ends - b) * half;
                    g3[e] = c;
                }
            }
        }
    }
}

/// Calls a function of two schemes with both as constants where pairs are common, else with [`ANY`] for both: a function
/// compiled for a pair keeps a whole tile in registers.
macro_rules! with_schemes {
    ($high:expr, $wide:expr, $function:ident::<$type:ty>($($argument:expr),* $(,)?)) => {
        match ($high, $wide) {
            (Scheme::F11, Scheme::F22) => $function::<$type, 0, 1>($($argument),*),
            (Scheme::F11, Scheme::F32) => $function::<$type, 0, 2>($($argument),*),
            (Scheme::F11, Scheme::F23) => $function::<$type, 0, 3>($($argument),*),
            (Scheme::F22, Scheme::F22) => $function::<$type, 1, 1>($($argument),*),
            (Scheme::F32, Scheme::F32) => $function::<$type, 2, 2>($($argument),*),
            (Scheme::F23, Scheme::F23) => $function::<$type, 3, 3>($($argument),*),
            _ => $function::<$type, ANY, ANY>($($argument),*),
        }
    };
}
pub(super) use with_schemes;

/// The code of a scheme that is not known to the compiler.
pub(super) const ANY: usize = 4;

/// `N` lines of `len` elements.
fn split<T, const N: usize>(lines: &mut [T], len: usize) -> [&mut [T]; N] {
    let mut rest = lines;
    std::array::from_fn(|_| {
        let (line, next) = std::mem::take(&mut rest).split_at_mut(len);
        rest = next;
        line
    })
}
