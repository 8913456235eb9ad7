//! The width: how a row of the input is spread so that outputs, inputs and weights all lie side by side.

use convt_geometry::Op;
use convt_simd::{pattern_elements, row_reads};

use super::axis::Axis;
use crate::Element;

/// The width of a run.
///
/// **Transposed.** Output `o` stands at `f = o + begin`; its `j`-th tap is `t(r) + j*period` for `r = f mod s`, and meets
/// input `floor(f/s) - (t(r)*d - r)/s - j*hop`. An input row is *spread* so that this is a plain offset:
///
/// ```text
/// spread[f] = x[floor(f/s) - (t(r)*d - r)/s]            y[f] += spread[f - j*hop*s] * pattern_j[f mod s]
/// ```
///
/// Remainders that no tap has hold zeros. Where some remainders have one tap less than others, the last tap reads a second
/// spread row that holds zeros at those: the weight that the kernel does not have is met by a zero, not by an input.
///
/// **Convolution.** Input `s*o + t*d - begin`: one spread row per remainder `(t*d - begin) mod s`, and a tap is an offset
/// into the row of its remainder. The pattern of a tap is its weight alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Width {
    pub(super) axis: Axis,
    /// Taps that an output has at most.
    pub(super) taps: usize,
    /// Spread rows of one input row.
    rows: usize,
    /// Elements of a spread row beyond the outputs.
    reach: usize,
    /// Elements after which patterns repeat.
    pub(super) cycle: usize,
    /// The place of the first column within a cycle.
    start: usize,
    /// Elements of one tap's pattern.
    pub(super) pattern: usize,
}

/// Elements after which patterns repeat.
pub(super) fn cycle(op: Op, stride: usize) -> usize {
    match op {
        Op::ConvTranspose => stride,
        Op::Conv => 1,
    }
}

/// Taps that an output of an axis has at most, and the elements between the first one's input and the last one's in a
/// spread row.
pub(super) fn taps_and_reach(
    op: Op,
    kernel: usize,
    stride: usize,
    dilation: usize,
) -> (usize, usize) {
    match op {
        Op::ConvTranspose => {
            let (period, hop) = super::axis::period(stride, dilation);
            let taps = kernel.div_ceil(period);
            let reach = (taps - 1).saturating_mul(hop).saturating_mul(stride);
            (taps, reach.saturating_add(stride))
        }
        Op::Conv => {
            let span = (kernel - 1).saturating_mul(dilation);
            (kernel, span / stride + 2)
        }
    }
}

impl Width {
    pub(super) fn new(axis: Axis) -> Self {
        let (taps, reach) = taps_and_reach(axis.op, axis.kernel, axis.stride, axis.dilation);
        let cycle = cycle(axis.op, axis.stride);
        let rows = match axis.op {
            Op::ConvTranspose => 1 + usize::from(!axis.kernel.is_multiple_of(axis.period)),
            Op::Conv => axis.kernel.min(axis.period),
        };
        Self {
            axis,
            taps,
            rows,
            reach,
            cycle,
            start: axis.begin.rem_euclid(cycle as isize) as usize,
            pattern: pattern_elements(cycle),
        }
    }

    /// Elements of one spread row for `columns` outputs.
    fn length(&self, columns: usize) -> usize {
        row_reads(columns).saturating_add(self.reach)
    }

    /// Elements that one input row takes for `columns` outputs.
    pub(super) fn pitch(&self, columns: usize) -> usize {
        self.length(columns).saturating_mul(self.rows)
    }

    /// Where each tap finds its input in the spread rows, for `columns` outputs.
    pub(super) fn offsets(&self, columns: usize, offsets: &mut Vec<usize>) {
        let (axis, length) = (&self.axis, self.length(columns));
        offsets.clear();
        match axis.op {
            Op::ConvTranspose => {
                let hop = axis.hop * axis.stride;
                let tap = |j: usize| self.start + (self.taps - 1 - j) * hop;
                offsets.extend((0..self.taps).map(tap));
                if let (2, Some(last)) = (self.rows, offsets.last_mut()) {
                    *last += length;
                }
            }
            Op::Conv => {
                let stride = axis.stride as isize;
                let shift =
                    |tap: usize| ((tap * axis.dilation) as isize - axis.begin).div_euclid(stride);
                let first = shift(0);
                let tap = |t: usize| (t % axis.period) * length + (shift(t) - first) as usize;
                offsets.extend((0..self.taps).map(tap));
            }
        }
    }

    /// Spreads one row of the input for `columns` outputs from `first` on, a multiple of the cycle.
    #[inline(always)]
    pub(super) fn spread<T: Element>(
        &self,
        x: &[T],
        first: usize,
        columns: usize,
        spread: &mut [T],
    ) {
        let axis = &self.axis;
        let length = self.length(columns);
        match axis.op {
            Op::ConvTranspose => {
                let (full, short) = spread.split_at_mut(length);
                // The first element's floor(f/s); f itself is a multiple of s.
                let origin = (first as isize + axis.begin).div_euclid(axis.stride as isize)
                    - ((self.taps - 1) * axis.hop) as isize;
                if axis.dilation == 1 {
                    repeat(full, x, origin, axis.stride);
                } else {
                    self.spread_taps(full, x, origin, axis.kernel.min(axis.period));
                }
                let taps = axis.kernel % axis.period;
                if axis.dilation == 1 {
                    match axis.stride {
                        2 => keep_each::<T, 2>(short, full, taps),
                        3 => keep_each::<T, 3>(short, full, taps),
                        4 => keep_each::<T, 4>(short, full, taps),
                        stride => {
                            short.fill(T::ZERO);
                            let each = short.chunks_mut(stride).zip(full.chunks(stride));
                            for (to, x) in each {
                                let taps = taps.min(to.len());
                                to[..taps].copy_from_slice(&x[..taps]);
                            }
                        }
                    }
                } else if !short.is_empty() {
                    self.spread_taps(short, x, origin, taps);
                }
            }
            Op::Conv => {
                let stride = axis.stride as isize;
                for (n, row) in spread.chunks_exact_mut(length).enumerate() {
                    let place = (n * axis.dilation) as isize - axis.begin;
                    let remainder = place.rem_euclid(stride) as usize;
                    let shift = first as isize + (-axis.begin).div_euclid(stride);
                    gather(row, x, shift, remainder, axis.stride);
                }
            }
        }
    }

    /// Spreads for the remainders of the first `taps` taps alone.
    #[inline(always)]
    fn spread_taps<T: Element>(&self, spread: &mut [T], x: &[T], origin: isize, taps: usize) {
        let axis = &self.axis;
        spread.fill(T::ZERO);
        for tap in 0..taps {
            let place = tap * axis.dilation;
            let first = origin - (place / axis.stride) as isize;
            let inputs = (first.max(0) as usize).min(x.len())..x.len();
            let skip = first.saturating_neg().max(0) as usize;
            let to = spread.iter_mut().skip(place % axis.stride);
            for (to, &x) in to.step_by(axis.stride).skip(skip).zip(&x[inputs]) {
                *to = x;
            }
        }
    }

    /// The patterns of every tap of one row of the kernel: [`Width::taps`] times [`Width::pattern`] elements.
    #[inline(always)]
    pub(super) fn patterns<T: Element>(&self, weights: &[T], patterns: &mut [T]) {
        let axis = &self.axis;
        for (j, pattern) in patterns.chunks_exact_mut(self.pattern).enumerate() {
            match (axis.op, axis.dilation, self.cycle) {
                (Op::Conv, ..) | (_, 1, 1) => pattern.fill(weights[j]),
                (_, 1, 2) if 2 * j + 1 < axis.kernel => {
                    let mut two = [weights[2 * j], weights[2 * j + 1]];
                    two.rotate_left(self.start);
                    pattern.as_chunks_mut().0.fill(two);
                }
                (_, 1, 4) if 4 * j + 3 < axis.kernel => {
                    let w = &weights[4 * j..];
                    let mut four = [w[0], w[1], w[2], w[3]];
                    four.rotate_left(self.start);
                    pattern.as_chunks_mut().0.fill(four);
                }
                _ => self.pattern_of(&weights[j * axis.period..], pattern),
            }
        }
    }

    /// The pattern of the taps that `weights` begins with, a period of them or what is left.
    #[inline(always)]
    fn pattern_of<T: Element>(&self, weights: &[T], pattern: &mut [T]) {
        let axis = &self.axis;
        pattern.fill(T::ZERO);
        for (tap, &weight) in weights.iter().take(axis.period).enumerate() {
            let remainder = tap * axis.dilation % axis.stride;
            let first = (remainder + axis.stride - self.start) % axis.stride;
            for to in pattern.iter_mut().skip(first).step_by(axis.stride) {
                *to = weight;
            }
        }
    }
}

/// `spread[i] = x[origin + floor(i/times)]`, zeros where there is no such input.
#[inline(always)]
fn repeat<T: Element>(spread: &mut [T], x: &[T], origin: isize, times: usize) {
    let before = origin.saturating_neg().max(0) as usize;
    let (before, rest) = spread.split_at_mut(before.saturating_mul(times).min(spread.len()));
    before.fill(T::ZERO);
    let x = &x[(origin.max(0) as usize).min(x.len())..];
    let count = x.len().min(rest.len() / times);
    let (inside, rest) = rest.split_at_mut(count * times);
    match times {
        1 => inside.copy_from_slice(&x[..count]),
        2 => repeat_each::<T, 2>(inside, x),
        4 => repeat_each::<T, 4>(inside, x),
        8 => repeat_each::<T, 8>(inside, x),
        3 => repeat_over::<T, 4>(inside, x, times),
        5..8 => repeat_over::<T, 8>(inside, x, times),
        9..16 => repeat_over::<T, 16>(inside, x, times),
        _ => {
            for (to, &x) in inside.chunks_exact_mut(times).zip(x) {
                to.fill(x);
            }
        }
    }
    // A last input that the row's end cuts, then what lies beyond the input.
    let cut = if count < x.len() { rest.len() } else { 0 };
    rest[..cut].fill(x.get(count).copied().unwrap_or(T::ZERO));
    rest[cut..].fill(T::ZERO);
}

#[inline(always)]
fn repeat_each<T: Element, const TIMES: usize>(spread: &mut [T], x: &[T]) {
    for (to, &x) in spread.as_chunks_mut::<TIMES>().0.iter_mut().zip(x) {
        *to = [x; TIMES];
    }
}

/// Of every `STRIDE` elements the first `count`, zeros for the others.
#[inline(always)]
fn keep_each<T: Element, const STRIDE: usize>(to: &mut [T], x: &[T], count: usize) {
    let (groups, rest) = to.as_chunks_mut::<STRIDE>();
    let (x, x_rest) = x.as_chunks::<STRIDE>();
    let kept = |n: usize, x: T| if n < count { x } else { T::ZERO };
    for (to, x) in groups.iter_mut().zip(x) {
        *to = std::array::from_fn(|n| kept(n, x[n]));
    }
    for (n, (to, &x)) in rest.iter_mut().zip(x_rest).enumerate() {
        *to = kept(n, x);
    }
}

/// Repeats `times <= WIDE` times by stores of `WIDE` elements, of which the next one overwrites what is too much.
#[inline(always)]
fn repeat_over<T: Element, const WIDE: usize>(spread: &mut [T], x: &[T], times: usize) {
    // Whole stores begin at n*times, as long as they end within the row.
    let wide = (spread.len() + times).saturating_sub(WIDE) / times;
    let (whole, rest) = x.split_at(wide.min(x.len()));
    for (n, &x) in whole.iter().enumerate() {
        spread[n * times..][..WIDE].copy_from_slice(&[x; WIDE]);
    }
    let left = spread[whole.len() * times..].chunks_exact_mut(times);
    left.zip(rest).for_each(|(to, &x)| to.fill(x));
}

/// `row[i] = x[stride*(i + shift) + remainder]`, zeros where there is no such input.
#[inline(always)]
fn gather<T: Element>(row: &mut [T], x: &[T], shift: isize, remainder: usize, stride: usize) {
    let before = (shift.saturating_neg().max(0) as usize).min(row.len());
    let (before, rest) = row.split_at_mut(before);
    before.fill(T::ZERO);
    let first = (shift.max(0) as usize)
        .saturating_mul(stride)
        .saturating_add(remainder);
    let x = &x[first.min(x.len())..];
    let count = x.len().div_ceil(stride).min(rest.len());
    let (inside, after) = rest.split_at_mut(count);
    after.fill(T::ZERO);
    match stride {
        1 => inside.copy_from_slice(&x[..count]),
        2 => {
            let pairs = x.as_chunks::<2>().0;
            inside.iter_mut().zip(pairs).for_each(|(to, x)| *to = x[0]);
            if let Some(last) = inside.get_mut(pairs.len()) {
                *last = x[2 * pairs.len()];
            }
        }
        _ => {
            let x = x.iter().step_by(stride);
            inside.iter_mut().zip(x).for_each(|(to, &x)| *to = x);
        }
    }
}
