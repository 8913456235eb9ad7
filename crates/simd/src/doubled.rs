//! Rows of twice as many outputs: depthwise layers of stride 2, without spreading their inputs.
//!
//! **Idea.** Neighbouring outputs are two phases, each a sum over the same few rows of inputs; both are summed in registers
//! and interleaved as they are stored. Inputs are copied once into a panel whose rows begin and end with zeros, so that no
//! output is at an edge. One call does many planes, each with its own weights.
//!
//! ```text
//! y[2*m + r] = start + sum over pairs n, taps j < J:
//!              panel[x + n*x_pair + m + o_r + J-1-j] * weights[w + n*weights_pair + 2*j + (D + r) mod 2]
//! ```
//!
//! with `D` 1 where the first output is of the odd phase, `o_0 = 0` and `o_1 = D`; summed in exactly this order for every
//! instruction set.

use crate::Isa;
use crate::vector::{Kernel, Vector, VectorElement};

/// Elements of the longest vector.
const LONGEST: usize = 16;

/// Rows that are copied into a panel, the same of each plane.
#[derive(Clone, Copy, Debug)]
pub struct PanelRows {
    /// Planes, and the distances between them here and in the panel.
    pub planes: usize,
    /// See `planes`.
    pub x_plane: usize,
    /// See `planes`.
    pub panel_plane: usize,
    /// Rows of each plane, and their distances.
    pub rows: usize,
    /// See `rows`.
    pub x_row: usize,
    /// See `rows`.
    pub panel_row: usize,
    /// Elements of each row.
    pub count: usize,
}

/// Rows of outputs that sum over the same taps, their inputs at one distance.
#[derive(Clone, Copy, Debug, Default)]
pub struct Band {
    /// How many there are.
    pub rows: usize,
    /// Where the first one lies in its plane of the output, and the distance to the next.
    pub y: usize,
    /// See `y`.
    pub y_step: usize,
    /// Rows of inputs that each sums over.
    pub pairs: usize,
    /// Where the first one of these begins in the plane's panel, the distance to the next of the same sum, and that to the
    /// first one of the next row of outputs.
    pub x: usize,
    /// See `x`.
    pub x_pair: isize,
    /// See `x`.
    pub x_step: usize,
    /// Where the first one's weights begin in those of the plane, and the distance to the next.
    pub weights: usize,
    /// See `weights`.
    pub weights_pair: usize,
}

/// What planes of outputs sum over.
#[derive(Clone, Copy, Debug)]
pub struct DoubledPlanes<'a, T> {
    /// How many planes there are.
    pub planes: usize,
    /// Inputs, rows bordered by zeros, and the distance from plane to plane.
    pub panel: &'a [T],
    /// See `panel`.
    pub panel_plane: usize,
    /// Weights, and those of one plane.
    pub weights: &'a [T],
    /// See `weights`.
    pub taps: usize,
    /// Where each plane's sums start: one element for each, or none at all.
    pub bias: &'a [T],
    /// The rows of each plane.
    pub bands: &'a [Band],
    /// Outputs of each row.
    pub columns: usize,
    /// Distance from plane to plane of the output.
    pub y_plane: usize,
    /// Whether the first output of a row is of the odd phase.
    pub is_odd: bool,
    /// Taps of each phase along the row, 1 or [`DOUBLED_TAPS`].
    pub per_phase: usize,
}

/// Taps of a phase along a row at most.
pub const DOUBLED_TAPS: usize = 2;

/// Elements that a row of so many outputs reads from its place in the panel on.
pub const fn doubled_row_reads(columns: usize, per_phase: usize) -> usize {
    let pairs = columns.div_ceil(2);
    (if pairs < LONGEST { LONGEST } else { pairs }).saturating_add(per_phase)
}

/// Elements that outputs are asked for ahead of being written: the next page of them is asked for before it is reached.
const AHEAD: usize = 512;

/// Asks the memory for the line at `at`, which need not exist, as far as the first-level cache.
#[inline(always)]
fn prefetch<T>(at: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: an instruction of the architecture's base, and a hint: it changes nothing and never faults.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// `U` vectors of each phase, from pair `at` of the row on, stored at `y`.
///
/// # Safety
/// For `2*U` vectors of outputs every index of the module's formula lies within its slice, as many elements may be written at
/// `y`, and the vector's features are enabled.
#[inline(always)]
unsafe fn sum<T: VectorElement, X: Vector<T>, const J: usize, const D: usize, const U: usize>(
    band: &Band,
    (x, weights, start): (*const T, *const T, T),
    at: usize,
    y: *mut T,
) {
    // SAFETY: the caller vouches for every index and for the features.
    unsafe {
        let mut acc = [[X::splat(start); U]; 2];
        let (mut x, mut weights) = (x.wrapping_add(at), weights);
        for _ in 0..band.pairs {
            for j in 0..J {
                for (r, acc) in acc.iter_mut().enumerate() {
                    let w = X::splat(*weights.wrapping_add(2 * j + (D + r) % 2));
                    let x = x.wrapping_add(D * r + J - 1 - j);
                    for (u, acc) in acc.iter_mut().enumerate() {
                        *acc = X::load(x.wrapping_add(u * X::LANES)).fused(w, *acc);
                    }
                }
            }
            x = x.wrapping_offset(band.x_pair);
            weights = weights.wrapping_add(band.weights_pair);
        }
        // sum*1 + 0: the sum itself, and +0 for -0.
        let (one, zero) = (X::splat(T::ONE), X::splat(T::default()));
        for u in 0..2 * U {
            prefetch(y.wrapping_add(u * X::LANES + AHEAD));
        }
        let [even, odd] = acc;
        for (u, (even, odd)) in even.into_iter().zip(odd).enumerate() {
            let (low, high) = even.fused(one, zero).zip(odd.fused(one, zero));
            low.store(y.add(2 * u * X::LANES));
            high.store(y.add((2 * u + 1) * X::LANES));
        }
    }
}

/// A whole row of outputs.
///
/// # Safety
/// As [`sum`], for all columns, or for one vector of pairs where there are fewer; `columns` elements may be written at `y`.
#[inline(always)]
unsafe fn sweep<T: VectorElement, X: Vector<T>, const J: usize, const D: usize>(
    band: &Band,
    columns: usize,
    row: (*const T, *const T, T),
    y: *mut T,
) {
    let whole = columns / 2;
    // SAFETY: blocks end within the whole pairs, and a vector of pairs may always be read.
    unsafe {
        if whole < X::LANES {
            let mut pair = [T::default(); 2 * LONGEST];
            sum::<T, X, J, D, 1>(band, row, 0, pair.as_mut_ptr());
            y.copy_from_nonoverlapping(pair.as_ptr(), columns);
            return;
        }
        macro_rules! block {
            ($u:literal, $at:expr) => {
                sum::<T, X, J, D, $u>(band, row, $at, y.add(2 * $at))
            };
        }
        let mut at = 0;
        while whole - at >= 4 * X::LANES {
            block!(4, at);
            at += 4 * X::LANES;
        }
        // What is left may reach back over outputs that are done, and store the same there again.
        let vectors = (whole - at).div_ceil(X::LANES);
        if whole < vectors * X::LANES {
            match vectors {
                2 => block!(1, at),
                3 => block!(2, at),
                _ => block!(3, at),
            }
            block!(1, whole - X::LANES);
        } else {
            match vectors {
                0 => {}
                1 => block!(1, whole - X::LANES),
                2 => block!(2, whole - 2 * X::LANES),
                3 => block!(3, whole - 3 * X::LANES),
                _ => block!(4, whole - 4 * X::LANES),
            }
        }
        if columns % 2 == 1 {
            // The last pair is half beyond the row.
            let mut pair = [T::default(); 2 * LONGEST];
            sum::<T, X, J, D, 1>(band, row, whole + 1 - X::LANES, pair.as_mut_ptr());
            *y.add(columns - 1) = pair[2 * (X::LANES - 1)];
        }
    }
}

/// All rows of all planes.
///
/// # Safety
/// As [`sweep`], for every row.
#[inline(always)]
unsafe fn sweep_planes<T: VectorElement, X: Vector<T>, const J: usize, const D: usize>(
    call: &DoubledPlanes<'_, T>,
    y: *mut T,
) {
    let rows = call.bands.iter().map(|band| band.rows).max().unwrap_or(0);
    for plane in 0..call.planes {
        let panel = call.panel.as_ptr().wrapping_add(plane * call.panel_plane);
        let weights = call.weights.as_ptr().wrapping_add(plane * call.taps);
        let start = call.bias.get(plane).copied().unwrap_or_default();
        let y = y.wrapping_add(plane * call.y_plane);
        // A row of each band in turn, so that outputs are written about as they lie.
        for n in 0..rows {
            for band in call.bands.iter().filter(|band| n < band.rows) {
                let weights = weights.wrapping_add(band.weights);
                let x = panel.wrapping_add(band.x + n * band.x_step);
                let y = y.wrapping_add(band.y + n * band.y_step);
                // SAFETY: passed on from the caller.
                unsafe { sweep::<T, X, J, D>(band, call.columns, (x, weights, start), y) }
            }
        }
    }
}

/// A call, its bounds checked: made by [`doubled_planes`] alone.
#[derive(Clone, Copy)]
struct Checked<'c, 'a, T> {
    call: &'c DoubledPlanes<'a, T>,
    y: *mut T,
}

impl<T: VectorElement> Kernel<T> for Checked<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<X: Vector<T>>(self) {
        // SAFETY: the bounds are checked, and the caller has enabled the set's features.
        unsafe {
            match (self.call.per_phase, self.call.is_odd) {
                (1, false) => sweep_planes::<T, X, 1, 0>(self.call, self.y),
                (1, true) => sweep_planes::<T, X, 1, 1>(self.call, self.y),
                (_, false) => sweep_planes::<T, X, 2, 0>(self.call, self.y),
                (_, true) => sweep_planes::<T, X, 2, 1>(self.call, self.y),
            }
        }
    }
}

/// Rows to copy, their bounds checked: made by [`panel_rows`] alone.
#[derive(Clone, Copy)]
struct Copied<T> {
    rows: PanelRows,
    x: *const T,
    panel: *mut T,
}

impl<T: VectorElement> Kernel<T> for Copied<T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<X: Vector<T>>(self) {
        let PanelRows { rows, count, .. } = self.rows;
        for plane in 0..self.rows.planes {
            for row in 0..rows {
                let x = plane * self.rows.x_plane + row * self.rows.x_row;
                let to = plane * self.rows.panel_plane + row * self.rows.panel_row;
                // SAFETY: the bounds are checked for every row of every plane; vectors end within the row's elements.
                unsafe {
                    let (x, to) = (self.x.add(x), self.panel.add(to));
                    if count < X::LANES {
                        to.copy_from_nonoverlapping(x, count);
                        continue;
                    }
                    let last = count - X::LANES;
                    let mut at = 0;
                    while at < last {
                        X::load(x.add(at)).store(to.add(at));
                        at += X::LANES;
                    }
                    X::load(x.add(last)).store(to.add(last));
                }
            }
        }
    }
}

/// Where `count` elements end whose first one lies `steps` steps beyond another.
fn end(first: usize, steps: [(usize, usize); 2], count: usize) -> Option<usize> {
    let mut end = first.checked_add(count)?;
    for (steps, step) in steps {
        end = end.checked_add(steps.checked_mul(step)?)?;
    }
    Some(end)
}

impl<T: VectorElement> DoubledPlanes<'_, T> {
    /// Whether the last plane's rows lie within the slices.
    fn is_within(&self, y: usize) -> bool {
        let Some(far) = self.planes.checked_sub(1) else {
            return true;
        };
        let reads = doubled_row_reads(self.columns, self.per_phase);
        let holds = |end: Option<usize>, length: usize| end.is_some_and(|end| end <= length);
        self.bands.iter().all(|band| {
            let Some(rows) = band.rows.checked_sub(1) else {
                return true;
            };
            let y_end = end(
                band.y,
                [(rows, band.y_step), (far, self.y_plane)],
                self.columns,
            );
            if !holds(y_end, y) {
                return false;
            }
            let Some(pairs) = band.pairs.checked_sub(1) else {
                return true;
            };
            let hop = isize::try_from(pairs)
                .ok()
                .and_then(|n| n.checked_mul(band.x_pair));
            let last = hop.and_then(|hop| band.x.checked_add_signed(hop));
            let x = last.and_then(|last| {
                end(
                    last.max(band.x),
                    [(rows, band.x_step), (far, self.panel_plane)],
                    reads,
                )
            });
            let weights = end(
                band.weights,
                [(pairs, band.weights_pair), (far, self.taps)],
                2 * self.per_phase,
            );
            holds(x, self.panel.len()) && holds(weights, self.weights.len())
        })
    }
}

/// [`Isa::panel_rows`].
pub(crate) fn panel_rows<T: VectorElement>(isa: Isa, rows: PanelRows, x: &[T], panel: &mut [T]) {
    let (Some(planes), Some(last)) = (rows.planes.checked_sub(1), rows.rows.checked_sub(1)) else {
        return;
    };
    let ends = [
        (rows.x_plane, rows.x_row, x.len()),
        (rows.panel_plane, rows.panel_row, panel.len()),
    ];
    for (plane, row, length) in ends {
        let end = end(0, [(planes, plane), (last, row)], rows.count);
        assert!(end.is_some_and(|end| end <= length), "rows of a panel");
    }
    isa.kernel(Copied {
        rows,
        x: x.as_ptr(),
        panel: panel.as_mut_ptr(),
    });
}

/// [`Isa::doubled_planes`].
pub(crate) fn doubled_planes<T: VectorElement>(
    isa: Isa,
    planes: &DoubledPlanes<'_, T>,
    y: &mut [T],
) {
    assert!(
        (1..=DOUBLED_TAPS).contains(&planes.per_phase),
        "taps of a phase"
    );
    assert!(planes.is_within(y.len()), "inputs, weights or outputs");
    isa.kernel(Checked {
        call: planes,
        y: y.as_mut_ptr(),
    });
}

#[cfg(test)]
mod tests;
