//! Which input element meets which tap, for every output of one axis.
//!
//! Transposed convolution, from its definition `full[q*s + t*d] += x[q] * w[t]` and `y[o] = full[o + begin]`: output `o`
//! receives `x[q] * w[t]` for every `q*s + t*d = o + begin`. Outputs with the same remainder `r = o mod s` have the same
//! taps, those with `(t*d - begin) mod s = r`; and for `o = r + s*m` the input is
//!
//! ```text
//! q = (r + s*m + begin - t*d) / s = m + (r + begin - t*d) / s        the division is exact
//! ```
//!
//! so each phase is an ordinary stride-1 convolution and no inserted zero is ever multiplied. Convolution has one phase,
//! `q = s*o + t*d - begin`. Both are the same walk: output `first + step*m`, input `input_step*m + offset`.

use std::ops::Range;

use crate::count::pairs_below;
use crate::solve::gcd;
use crate::{Axis, Crop, GeometryError, Op};

/// One tap of a phase: it multiplies input `input_step*m + offset` for the phase's `m`-th output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tap {
    /// Index of the tap in the kernel.
    pub index: usize,
    /// The input it meets at `m = 0`; it may lie outside the input.
    pub offset: isize,
}

/// Outputs `first, first + step, ...` (`count` of them), which share one list of taps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// The first output of the phase.
    pub first: usize,
    /// Distance between its outputs.
    pub step: usize,
    /// How many outputs it has, at least 1.
    pub count: usize,
    /// Distance between the inputs that one tap meets from output to output.
    pub input_step: usize,
    /// Its taps in ascending index.
    pub taps: Vec<Tap>,
}

impl Phase {
    /// The `m` for which `tap` meets an existing input: `0 <= offset + input_step*m < input`.
    pub fn reach(&self, tap: &Tap, input: usize) -> Range<usize> {
        let (step, offset) = (self.input_step.max(1) as i128, tap.offset as i128);
        let first_at = |n: i128| ceil_div(n, step).clamp(0, self.count as i128) as usize;
        let (from, to) = (first_at(-offset), first_at(input as i128 - offset));
        from..to
    }
}

/// Every pair of one tap: output `output + output_step*m` receives input `input + input_step*m` for `m` in `0..count`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The first input.
    pub input: usize,
    /// The first output.
    pub output: usize,
    /// How many pairs there are.
    pub count: usize,
}

/// One axis of a problem with its sizes known: what an engine needs to walk it.
///
/// Outputs that no phase covers are reached by no tap and hold only the bias (a stride that shares a factor with the
/// dilation, or exceeds the kernel).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    op: Op,
    axis: Axis,
    input: usize,
    output: usize,
}

impl Walk {
    /// The walk of `op` along an axis of `input` elements; an error where sizes are illegal or indices do not fit.
    #[inline]
    pub fn new(op: Op, axis: &Axis, input: usize) -> Result<Self, GeometryError> {
        let output = axis.output(op, input)?;
        let overflow = GeometryError::Overflow {
            what: "the range of indices",
            axis: None,
        };
        // Every index that the formulas above form lies within the sum of these magnitudes.
        let reach = match op {
            Op::ConvTranspose => Some(output),
            Op::Conv => output.checked_mul(axis.stride),
        };
        reach
            .and_then(|sum| sum.checked_add(axis.crop.begin.unsigned_abs()))
            .and_then(|sum| sum.checked_add(axis.span().ok()?))
            .and_then(|sum| sum.checked_add(axis.stride))
            .and_then(|sum| sum.checked_add(input))
            .filter(|&sum| isize::try_from(sum).is_ok())
            .ok_or(overflow)?;
        Ok(Self {
            op,
            axis: *axis,
            input,
            output,
        })
    }

    /// An axis of one element that a kernel of one tap copies: what a problem of fewer axes has in front.
    pub const fn unit() -> Self {
        Self {
            op: Op::Conv,
            axis: Axis {
                kernel: 1,
                stride: 1,
                dilation: 1,
                crop: Crop { begin: 0, end: 0 },
            },
            input: 1,
            output: 1,
        }
    }

    /// The operation.
    #[inline]
    pub fn op(&self) -> Op {
        self.op
    }

    /// The axis's parameters.
    #[inline]
    pub fn axis(&self) -> &Axis {
        &self.axis
    }

    /// Input elements, at least 1.
    #[inline]
    pub fn input(&self) -> usize {
        self.input
    }

    /// Output elements, at least 1.
    #[inline]
    pub fn output(&self) -> usize {
        self.output
    }

    /// The phases that have both outputs and taps, in ascending `first`: at most `min(stride, kernel)` of them.
    ///
    /// Allocates in proportion to the kernel; fails where that much memory cannot be had.
    pub fn phases(&self) -> Result<Vec<Phase>, GeometryError> {
        let Axis {
            kernel,
            stride,
            dilation,
            crop,
        } = self.axis;
        let mut keyed: Vec<(usize, Tap)> = Vec::new();
        keyed
            .try_reserve_exact(kernel)
            .map_err(|_| GeometryError::Overflow {
                what: "the list of taps",
                axis: None,
            })?;
        keyed.extend((0..kernel).map(|index| {
            let place = (index * dilation) as isize - crop.begin;
            match self.op {
                Op::Conv => (
                    0,
                    Tap {
                        index,
                        offset: place,
                    },
                ),
                Op::ConvTranspose => {
                    let stride = stride as isize;
                    let first = place.rem_euclid(stride);
                    // (r + begin - t*d) / s, exact because r = place mod s
                    let offset = (first - place) / stride;
                    (first as usize, Tap { index, offset })
                }
            }
        }));
        keyed.sort_by_key(|&(first, _)| first); // stable: taps stay in ascending index
        let (step, input_step) = match self.op {
            Op::Conv => (1, stride),
            Op::ConvTranspose => (stride, 1),
        };
        Ok(keyed
            .chunk_by(|a, b| a.0 == b.0)
            .filter(|chunk| chunk[0].0 < self.output)
            .map(|chunk| {
                let first = chunk[0].0;
                Phase {
                    first,
                    step,
                    count: (self.output - 1 - first) / step + 1,
                    input_step,
                    taps: chunk.iter().map(|&(_, tap)| tap).collect(),
                }
            })
            .collect())
    }

    /// The `(tap, input)` pairs that land on `output`, in ascending tap: the gather definition, without allocation. An
    /// output that does not exist has none.
    pub fn contributions(&self, output: usize) -> Contributions {
        Contributions {
            op: self.op,
            axis: self.axis,
            input: self.input as isize,
            output: output as isize,
            tap: if output < self.output {
                0
            } else {
                self.axis.kernel
            },
        }
    }

    /// Distance between the inputs, and between the outputs, of neighbouring pairs of one tap.
    #[inline]
    pub fn steps(&self) -> (usize, usize) {
        match self.op {
            Op::Conv => (self.axis.stride, 1),
            Op::ConvTranspose => (1, self.axis.stride),
        }
    }

    /// The pairs of `tap`, in ascending input and output: the scatter definition, without allocation. A tap that the kernel
    /// does not have has none.
    #[inline]
    pub fn reach(&self, tap: usize) -> Reach {
        // Pair m joins place s*m + t*d - begin of the strided side, which has `fixed` elements, with element m of the other.
        let (moving, fixed) = match self.op {
            Op::ConvTranspose => (self.input, self.output),
            Op::Conv => (self.output, self.input),
        };
        let stride = self.axis.stride;
        if tap >= self.axis.kernel {
            return Reach::default();
        }
        // The sum of all these magnitudes fits `isize`: see `new`.
        let place = (tap * self.axis.dilation) as isize - self.axis.crop.begin;
        // 0 <= s*m + place < fixed: the first such m, and the first beyond.
        let from = if place < 0 {
            place.unsigned_abs().div_ceil(stride).min(moving)
        } else {
            0
        };
        let room = fixed as isize - place;
        let to = if room <= 0 {
            0
        } else if (moving - 1).saturating_mul(stride) < room as usize {
            moving
        } else {
            (room as usize).div_ceil(stride).min(moving)
        };
        if from >= to {
            return Reach::default();
        }
        let at = ((from * stride) as isize + place) as usize;
        let (input, output) = match self.op {
            Op::ConvTranspose => (from, at),
            Op::Conv => (at, from),
        };
        Reach {
            input,
            output,
            count: to - from,
        }
    }

    /// How many `(input, tap)` pairs land in the output: the multiplications that this axis needs and no other.
    pub fn products(&self) -> u128 {
        // Tap t meets output o for q with q*s + t*d - begin = o (transposed), or for o with o*s + t*d - begin = q. So with
        // m for the factor of s: 0 <= s*m + t*d - begin < fixed and 0 <= m < moving.
        let (moving, fixed) = match self.op {
            Op::ConvTranspose => (self.input, self.output),
            Op::Conv => (self.output, self.input),
        };
        let Axis {
            kernel,
            stride,
            dilation,
            crop,
        } = self.axis;
        // One tap has no distance to another; 1 keeps its place small.
        let dilation = if kernel == 1 { 1 } else { dilation };
        let below = |limit| pairs_below(moving, kernel, stride, dilation, limit);
        let begin = crop.begin as i128;
        below(begin + fixed as i128) - below(begin)
    }

    /// Remainders modulo the stride that some tap reaches: the phases of a long enough output. One for a convolution.
    pub fn phase_count(&self) -> usize {
        self.axis.kernel.min(self.period())
    }

    /// Taps of the phase that has the most.
    pub fn taps_per_phase(&self) -> usize {
        self.axis.kernel.div_ceil(self.period())
    }

    /// After how many taps the remainders of `t*d` modulo the stride repeat: `s / gcd(s, d)`; 1 for a convolution.
    fn period(&self) -> usize {
        match self.op {
            Op::Conv => 1,
            Op::ConvTranspose => self.axis.stride / gcd(self.axis.stride, self.axis.dilation),
        }
    }
}

/// `ceil(n / divisor)` for a positive divisor.
fn ceil_div(n: i128, divisor: i128) -> i128 {
    n.div_euclid(divisor) + i128::from(n.rem_euclid(divisor) != 0)
}

/// Iterator over the `(tap, input)` pairs of one output: see [`Walk::contributions`].
#[derive(Clone, Debug)]
pub struct Contributions {
    op: Op,
    axis: Axis,
    input: isize,
    output: isize,
    tap: usize,
}

impl Iterator for Contributions {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        let stride = self.axis.stride as isize;
        while self.tap < self.axis.kernel {
            let tap = self.tap;
            self.tap += 1;
            let place = (tap * self.axis.dilation) as isize - self.axis.crop.begin;
            let input = match self.op {
                Op::Conv => Some(self.output * stride + place),
                Op::ConvTranspose => {
                    let reached = self.output - place; // q*s
                    (reached.rem_euclid(stride) == 0).then(|| reached.div_euclid(stride))
                }
            };
            match input {
                Some(q) if (0..self.input).contains(&q) => return Some((tap, q as usize)),
                _ => {}
            }
        }
        None
    }
}
