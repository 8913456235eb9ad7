//! One spatial axis: which taps meet which inputs, without a table.

use std::ops::Range;

use convt_geometry::{Op, Walk, gcd};

/// One spatial axis of a run.
///
/// Transposed convolution with stride `s` and dilation `d`, `g = gcd(s, d)`: output `o` stands at `f = o + begin` of the full
/// output and receives tap `t` from input `q` where `q*s + t*d = f`. Taps with one remainder `t*d mod s` follow each other
/// at a distance of `s/g`, the *period*, and their inputs at `-d/g`. So the pairs of one output are an arithmetic sequence,
/// and its first tap is found by inverting `d/g` modulo the period.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) op: Op,
    pub(super) input: usize,
    pub(super) output: usize,
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) dilation: usize,
    pub(super) begin: isize,
    /// Taps after which the remainders repeat.
    pub(super) period: usize,
    /// Distance between the inputs of taps that are a period apart.
    pub(super) hop: usize,
    /// `(d/g)^-1` modulo the period.
    inverse: usize,
}

/// The pairs of one output: taps `tap + n*tap_step` with inputs `input + n*input_step`, for `n` below `count`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Pairs {
    pub(super) count: usize,
    pub(super) tap: usize,
    pub(super) tap_step: usize,
    pub(super) input: usize,
    pub(super) input_step: isize,
}

impl Pairs {
    /// The same taps with inputs that many later; no pairs stay none.
    #[inline(always)]
    pub(super) fn shifted(self, inputs: usize) -> Self {
        let moved = if self.count == 0 { 0 } else { inputs };
        Self {
            input: self.input + moved,
            ..self
        }
    }

    /// Of each pair, in turn: where its input lies if inputs from `first` on are `pitch` elements apart, and where its weights
    /// lie if those of the taps are `weights` apart.
    #[inline(always)]
    pub(super) fn places(
        self,
        first: usize,
        pitch: usize,
        weights: usize,
    ) -> impl Iterator<Item = (usize, usize)> + Clone {
        let place = self.input.saturating_sub(first) * pitch;
        let step = self.input_step * pitch as isize;
        (0..self.count).map(move |n| {
            (
                place.wrapping_add_signed(n as isize * step),
                (self.tap + n * self.tap_step) * weights,
            )
        })
    }
}

impl Axis {
    pub(super) fn new(walk: &Walk) -> Self {
        let axis = walk.axis();
        let (period, hop) = period(axis.stride, axis.dilation);
        Self {
            op: walk.op(),
            input: walk.input(),
            output: walk.output(),
            kernel: axis.kernel,
            stride: axis.stride,
            dilation: axis.dilation,
            begin: axis.crop.begin,
            period,
            hop,
            inverse: inverse(hop, period),
        }
    }

    /// An axis of one element that a kernel of one tap copies.
    pub(super) fn unit(op: Op) -> Self {
        Self {
            op,
            input: 1,
            output: 1,
            kernel: 1,
            stride: 1,
            dilation: 1,
            begin: 0,
            period: 1,
            hop: 1,
            inverse: 0,
        }
    }

    /// The first tap with `t*d mod s = remainder`, if the kernel has one.
    fn first_tap(&self, remainder: usize) -> Option<usize> {
        let tap = if self.dilation == 1 {
            remainder
        } else {
            // t * d/g = remainder/g modulo s/g
            let common = self.stride / self.period;
            if !remainder.is_multiple_of(common) {
                return None;
            }
            let product = (remainder / common) as u128 * self.inverse as u128;
            (product % self.period as u128) as usize
        };
        (tap < self.kernel).then_some(tap)
    }

    /// The pairs of one output whose inputs exist, in ascending tap.
    #[inline(always)]
    pub(super) fn pairs(&self, output: usize) -> Pairs {
        let pairs = match self.op {
            Op::ConvTranspose => self.transposed_pairs(output),
            Op::Conv => self.direct_pairs(output),
        };
        // All that have no pairs are alike.
        pairs.filter(|pairs| pairs.count > 0).unwrap_or_default()
    }

    #[inline(always)]
    fn transposed_pairs(&self, output: usize) -> Option<Pairs> {
        let place = usize::try_from(output as isize + self.begin).ok()?;
        let whole = quotient(place, self.stride);
        let first = self.first_tap(place - whole * self.stride)?;
        // The input of the first tap; each period later it is a hop less.
        let farthest = if self.dilation == 1 {
            whole
        } else {
            place.checked_sub(first * self.dilation)? / self.stride
        };
        let beyond = farthest.saturating_sub(self.input - 1);
        let from = quotient(beyond + self.hop - 1, self.hop);
        let last = quotient(self.kernel - 1 - first, self.period).min(quotient(farthest, self.hop));
        Some(Pairs {
            count: (last + 1).checked_sub(from)?,
            tap: first + from * self.period,
            tap_step: self.period,
            input: farthest.checked_sub(from * self.hop)?,
            input_step: -(self.hop as isize),
        })
    }

    #[inline(always)]
    fn direct_pairs(&self, output: usize) -> Option<Pairs> {
        // q = base + t*d with 0 <= q < input
        let base = (output * self.stride) as isize - self.begin;
        let room = usize::try_from(self.input as isize - 1 - base).ok()?;
        let from = usize::try_from(-base)
            .map_or(0, |gap| quotient(gap + self.dilation - 1, self.dilation));
        let last = (self.kernel - 1).min(quotient(room, self.dilation));
        Some(Pairs {
            count: (last + 1).checked_sub(from)?,
            tap: from,
            tap_step: 1,
            input: (base + (from * self.dilation) as isize).cast_unsigned(),
            input_step: self.dilation as isize,
        })
    }

    /// Elements that the taps span beyond one.
    fn span(&self) -> usize {
        (self.kernel - 1) * if self.kernel == 1 { 0 } else { self.dilation }
    }

    /// A range of inputs that holds every one that meets these outputs; empty where none does.
    pub(super) fn inputs(&self, outputs: &Range<usize>) -> Range<usize> {
        let (first, last) = (outputs.start as isize, outputs.end as isize - 1);
        let (span, stride) = (self.span() as isize, self.stride as isize);
        let (low, high) = match self.op {
            Op::ConvTranspose => (
                // ceil((f - span) / s) to floor(f / s)
                -(span - first - self.begin).div_euclid(stride),
                (last + self.begin).div_euclid(stride),
            ),
            Op::Conv => (
                first * stride - self.begin,
                last * stride - self.begin + span,
            ),
        };
        let end = (high + 1).clamp(0, self.input as isize) as usize;
        low.clamp(0, end as isize) as usize..end
    }

    /// How many inputs the range of [`Axis::inputs`] holds at most, for `outputs` neighbouring outputs.
    pub(super) fn most_inputs(&self, outputs: usize) -> usize {
        let most = match self.op {
            Op::ConvTranspose => (outputs - 1).saturating_add(self.span()) / self.stride,
            Op::Conv => (outputs - 1)
                .saturating_mul(self.stride)
                .saturating_add(self.span()),
        };
        most.saturating_add(1).min(self.input)
    }
}

/// `a / b`, at once for the usual 1.
#[inline(always)]
fn quotient(a: usize, b: usize) -> usize {
    if b == 1 { a } else { a / b }
}

/// `s/g` and `d/g` for `g = gcd(s, d)`: the distance of taps of one remainder, and of their inputs.
pub(super) fn period(stride: usize, dilation: usize) -> (usize, usize) {
    let divisor = gcd(stride, dilation);
    (stride / divisor, dilation / divisor)
}

/// The inverse of `value` modulo `modulus`, which share no factor.
fn inverse(value: usize, modulus: usize) -> usize {
    // r = t*value modulo the modulus holds for both pairs throughout.
    let modulus = modulus as i128;
    let (mut old_r, mut r) = (value as i128 % modulus, modulus);
    let (mut old_t, mut t) = (1_i128, 0_i128);
    while r > 0 {
        let quotient = old_r / r;
        (old_r, r) = (r, old_r - quotient * r);
        (old_t, t) = (t, old_t - quotient * t);
    }
    old_t.rem_euclid(modulus) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use convt_geometry::{Axis as Canonical, Crop};

    #[test]
    fn pairs_are_the_contributions_of_the_walk() {
        let mut walks = 0;
        for op in [Op::ConvTranspose, Op::Conv] {
            for (kernel, stride, dilation, begin, end, input) in [
                (1, 1, 1, 0, 0, 1),
                (3, 1, 1, 1, 1, 5),
                (4, 2, 1, 1, 1, 7),
                (3, 2, 1, -2, -3, 6),
                (2, 5, 1, 0, 0, 4),
                (7, 3, 2, 4, 1, 9),
                (5, 4, 6, 3, 2, 30),
                (4, 6, 6, -1, 2, 25),
                (9, 10, 4, 7, 0, 40),
                (6, 1, 3, 2, 9, 20),
            ] {
                let canonical = Canonical::new(kernel, stride, dilation).unwrap();
                let canonical = canonical.with_crop(Crop::new(begin, end));
                let Ok(walk) = Walk::new(op, &canonical, input) else {
                    continue; // a kernel larger than the input
                };
                walks += 1;
                let axis = Axis::new(&walk);
                for output in 0..walk.output() {
                    let Pairs {
                        count,
                        tap,
                        tap_step,
                        input,
                        input_step,
                    } = axis.pairs(output);
                    let found: Vec<_> = (0..count)
                        .map(|n| {
                            let input = input as isize + n as isize * input_step;
                            (tap + n * tap_step, input as usize)
                        })
                        .collect();
                    let expected: Vec<_> = walk.contributions(output).collect();
                    assert_eq!(found, expected, "{op:?} {canonical:?} output {output}");
                    for last in output..walk.output() {
                        let inputs = axis.inputs(&(output..last + 1));
                        assert!(expected.iter().all(|pair| inputs.contains(&pair.1)));
                        assert!(inputs.len() <= axis.most_inputs(last + 1 - output));
                    }
                }
            }
        }
        assert!(walks >= 15, "{walks} of 20");
    }
}
