//! The register tile of rows that do not all take part in every step.
//!
//! **Idea.** Where few output channels are wanted, the phases of a transposed convolution are rows of a tile as well: they
//! read the same inputs. With a kernel that the stride does not divide, the last tap along an axis belongs to the first
//! phases alone. So rows form a grid, `outer` by `inner` (phases along the height by phases along the width and channels),
//! and taps another, `lines` by `across`: a line takes all of the outer rows or the first part, and so do a line's taps, the
//! last of them, of the inner rows.
//!
//! ```text
//! acc[a*inner + b][p] = start[a*inner + b] + sum over i in 0..planes, lines j and taps k that row (a, b) takes part in:
//!                       x[at + i*plane + lines[j] + across[k] + p] * weights[...]
//! ```
//!
//! summed in exactly this order; the weights are those of the rows that take part, tap by tap.

use crate::vector::{Kernel, Vector, VectorElement};
use crate::{Ahead, Isa};

/// The rows of a stepped tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Rows along the outer axis, and the first of them that take part in a part step.
    pub outer: (usize, usize),
    /// The same along the inner axis.
    pub inner: (usize, usize),
}

/// The grids that stepped tiles exist for.
pub const GRIDS: [Grid; 11] = {
    const fn grid(a: usize, ap: usize, b: usize, bp: usize) -> Grid {
        Grid {
            outer: (a, ap),
            inner: (b, bp),
        }
    }
    [
        // Two phases along the height and two along the width, 1 to 3 channels.
        grid(2, 1, 2, 1),
        grid(2, 1, 4, 2),
        grid(2, 1, 6, 3),
        // Two along the width.
        grid(1, 1, 2, 1),
        grid(1, 1, 4, 2),
        grid(1, 1, 6, 3),
        // Four along the width.
        grid(1, 1, 4, 1),
        grid(1, 1, 8, 2),
        grid(1, 1, 12, 3),
        // Two of those along the height.
        grid(2, 1, 4, 1),
        grid(2, 2, 4, 1),
    ]
};

impl Grid {
    /// Rows of the whole grid.
    pub fn rows(self) -> usize {
        self.outer.0 * self.inner.0
    }

    /// Weights of one plane.
    fn each(self, lines: &[TapLine], across: usize, full: usize) -> Option<usize> {
        let inner = full
            .checked_mul(self.inner.0)?
            .checked_add((across - full).checked_mul(self.inner.1)?)?;
        let outer = lines.iter().map(|line| {
            if line.part {
                self.outer.1
            } else {
                self.outer.0
            }
        });
        inner.checked_mul(outer.sum())
    }
}

/// A line of taps: where its input lies, and whether the first part of the outer rows alone takes part.
#[derive(Clone, Copy, Debug, Default)]
pub struct TapLine {
    /// Relative to the position.
    pub offset: usize,
    /// Whether only the first part of the outer rows takes part.
    pub part: bool,
}

/// What a stepped tile sums over.
#[derive(Clone, Copy, Debug)]
pub struct Stepped<'a, T> {
    /// The input, such as a panel with its zero border.
    pub x: &'a [T],
    /// Distance between the planes of neighbouring input channels.
    pub plane: usize,
    /// Input channels.
    pub planes: usize,
    /// In the order of the sum.
    pub lines: &'a [TapLine],
    /// Offsets of a line's taps, in the order of the sum.
    pub across: &'a [usize],
    /// How many of them, the first ones, all inner rows take part in.
    pub full: usize,
    /// Weights as `[planes][lines][across][rows that take part]`.
    pub weights: &'a [T],
    /// What to ask for meanwhile.
    pub ahead: Option<Ahead<'a, T>>,
}

/// [`Isa::stepped`].
pub(crate) fn stepped<T: VectorElement>(
    isa: Isa,
    grid: Grid,
    taps: &Stepped<'_, T>,
    width: usize,
    start: Option<&[T]>,
    (acc, pitch): (&mut [T], usize),
) {
    let whole = width.next_multiple_of(isa.lanes::<T>());
    assert!(GRIDS.contains(&grid), "no stepped tile of {grid:?}");
    let used = (grid.rows() - 1)
        .checked_mul(pitch)
        .and_then(|used| used.checked_add(whole));
    assert!(
        whole <= pitch && used.is_some_and(|used| used <= acc.len()),
        "accumulators"
    );
    assert!(
        start.is_none_or(|start| start.len() >= grid.rows()),
        "start values"
    );
    assert!(taps.full <= taps.across.len(), "taps of all rows");
    let each = grid.each(taps.lines, taps.across.len(), taps.full);
    let needed = each.and_then(|each| taps.planes.checked_mul(each));
    assert!(
        needed.is_some_and(|needed| needed <= taps.weights.len()),
        "weights"
    );
    let farthest = taps.lines.iter().map(|line| line.offset).max();
    let farthest = farthest.zip(taps.across.iter().copied().max());
    let summed = taps.planes > 0 && farthest.is_some();
    if let Some((line, across)) = farthest.filter(|_| summed) {
        let end = (taps.planes - 1).checked_mul(taps.plane).and_then(|end| {
            end.checked_add(line)?
                .checked_add(across)?
                .checked_add(whole)
        });
        assert!(end.is_some_and(|end| end <= taps.x.len()), "input");
    }
    let call = Checked {
        x: taps.x.as_ptr(),
        plane: taps.plane,
        planes: if summed { taps.planes } else { 0 },
        lines: taps.lines,
        across: taps.across,
        full: taps.full,
        weights: taps.weights.as_ptr(),
        start: start.map_or(std::ptr::null(), <[T]>::as_ptr),
        acc: acc.as_mut_ptr(),
        pitch,
        ahead: (taps.ahead).map_or(std::ptr::null(), |ahead| ahead.x.as_ptr()),
        ahead_plane: taps.ahead.map_or(0, |ahead| ahead.plane),
    };
    // As many vectors for each grid as 32 registers hold, or 16, beside the inputs and a weight.
    macro_rules! grids {
        ($($a:literal, $ap:literal, $b:literal, $bp:literal: $wide:literal, $narrow:literal;)+) => {
            match (grid.outer, grid.inner) {
                $((($a, $ap), ($b, $bp)) => isa.kernel_for_registers(
                    Stairs::<T, $a, $ap, $b, $bp, $wide> { call: &call, width },
                    Stairs::<T, $a, $ap, $b, $bp, $narrow> { call: &call, width },
                ),)+
                _ => {}
            }
        };
    }
    grids! {
        2, 1, 2, 1: 5, 2;
        2, 1, 4, 2: 3, 1;
        2, 1, 6, 3: 2, 1;
        1, 1, 2, 1: 8, 4;
        1, 1, 4, 2: 5, 2;
        1, 1, 6, 3: 4, 2;
        1, 1, 4, 1: 5, 2;
        1, 1, 8, 2: 3, 1;
        1, 1, 12, 3: 2, 1;
        2, 1, 4, 1: 3, 1;
        2, 2, 4, 1: 3, 1;
    }
}

/// A call whose bounds [`stepped`] has checked.
struct Checked<'a, T> {
    x: *const T,
    plane: usize,
    planes: usize,
    lines: &'a [TapLine],
    across: &'a [usize],
    full: usize,
    weights: *const T,
    /// One per row, or null to start from what `acc` holds.
    start: *const T,
    acc: *mut T,
    pitch: usize,
    /// Or null.
    ahead: *const T,
    ahead_plane: usize,
}

/// The taps of a line from `x` on that lie at `across`, for the first `a` by `b` rows, whose weights follow `weights`.
///
/// # Safety
/// `V` vectors at each tap and `a*b` weights for each may be read, and the vector's features are enabled.
#[inline(always)]
unsafe fn taps<T: Copy + Default, X: Vector<T>, const A: usize, const B: usize, const V: usize>(
    acc: &mut [[[X; V]; B]; A],
    (x, across): (*const T, &[usize]),
    weights: &mut *const T,
    (a, b): (usize, usize),
) {
    for &offset in across {
        // SAFETY: the caller vouches for the inputs, the weights and the features.
        unsafe {
            let mut inputs = [X::splat(T::default()); V];
            for (v, input) in inputs.iter_mut().enumerate() {
                *input = X::load(x.add(offset + v * X::LANES));
            }
            let mut weight = *weights;
            for row in acc.iter_mut().take(a) {
                for acc in row.iter_mut().take(b) {
                    let factor = X::splat(*weight);
                    weight = weight.add(1);
                    for (acc, &input) in acc.iter_mut().zip(&inputs) {
                        *acc = input.fused(factor, *acc);
                    }
                }
            }
            *weights = weight;
        }
    }
}

/// `V` vectors of positions from `at` on. Each kind of tap has a loop of its own with row counts known to the compiler, so
/// the accumulators stay in registers.
///
/// # Safety
/// Every index of the module's formula lies within its slice for `p < V*LANES`, and the vector's features are enabled.
#[inline(always)]
unsafe fn sum<
    T: Copy + Default,
    X: Vector<T>,
    const A: usize,
    const AP: usize,
    const B: usize,
    const BP: usize,
    const V: usize,
>(
    call: &Checked<'_, T>,
    at: usize,
) {
    // SAFETY: the caller vouches for every index and for the features.
    unsafe {
        let acc_at = |row: usize, v: usize| call.acc.add(row * call.pitch + at + v * X::LANES);
        let mut acc = [[[X::splat(T::default()); V]; B]; A];
        for (a, rows) in acc.iter_mut().enumerate() {
            for (b, row) in rows.iter_mut().enumerate() {
                for (v, acc) in row.iter_mut().enumerate() {
                    *acc = if call.start.is_null() {
                        X::load(acc_at(a * B + b, v))
                    } else {
                        X::splat(*call.start.add(a * B + b))
                    };
                }
            }
        }
        let mut weights = call.weights;
        let (full, part) = call.across.split_at_unchecked(call.full);
        for i in 0..call.planes {
            let x = call.x.add(i * call.plane + at);
            if !call.ahead.is_null() {
                let ahead = call.ahead.wrapping_add(i * call.ahead_plane + at);
                for v in 0..V {
                    X::prefetch(ahead.wrapping_add(v * X::LANES));
                }
            }
            for line in call.lines {
                let full = (x.add(line.offset), full);
                let part = (x.add(line.offset), part);
                if line.part {
                    taps(&mut acc, full, &mut weights, (AP, B));
                    taps(&mut acc, part, &mut weights, (AP, BP));
                } else {
                    taps(&mut acc, full, &mut weights, (A, B));
                    taps(&mut acc, part, &mut weights, (A, BP));
                }
            }
        }
        for (a, rows) in acc.iter().enumerate() {
            for (b, row) in rows.iter().enumerate() {
                for (v, &acc) in row.iter().enumerate() {
                    acc.store(acc_at(a * B + b, v));
                }
            }
        }
    }
}

/// All positions of a call: as many vectors at a time as the registers hold, then one.
///
/// # Safety
/// As [`sum`], for `p < width` rounded up to whole vectors.
#[inline(always)]
unsafe fn sweep<
    T: Copy + Default,
    X: Vector<T>,
    const A: usize,
    const AP: usize,
    const B: usize,
    const BP: usize,
    const V: usize,
>(
    call: &Checked<'_, T>,
    width: usize,
) {
    let mut at = 0;
    // SAFETY: `at + V*LANES` stays within the width rounded up to whole vectors.
    unsafe {
        while width.saturating_sub(at) > (V - 1) * X::LANES {
            sum::<T, X, A, AP, B, BP, V>(call, at);
            at += V * X::LANES;
        }
        while width > at {
            sum::<T, X, A, AP, B, BP, 1>(call, at);
            at += X::LANES;
        }
    }
}

/// One call of a grid and at most `V` vectors, its bounds checked: made by [`stepped`] alone.
struct Stairs<
    'c,
    T,
    const A: usize,
    const AP: usize,
    const B: usize,
    const BP: usize,
    const V: usize,
> {
    call: &'c Checked<'c, T>,
    width: usize,
}

impl<
    T: Copy + Default,
    const A: usize,
    const AP: usize,
    const B: usize,
    const BP: usize,
    const V: usize,
> Kernel<T> for Stairs<'_, T, A, AP, B, BP, V>
{
    type Output = ();

    #[inline(always)]
    unsafe fn run<X: Vector<T>>(self) {
        // SAFETY: the bounds are checked, and the caller has enabled the set's features.
        unsafe { sweep::<T, X, A, AP, B, BP, V>(self.call, self.width) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        let one = |i: usize| ((i * 7919 + seed * 104_729) % 2001) as f32 / 997.0 - 1.0;
        (0..count).map(one).collect()
    }

    #[test]
    fn every_grid_on_every_set_gives_the_bits_of_the_formula_and_stays_in_its_cells() {
        const GUARD: f32 = -77.25;
        let (planes, plane) = (2, 200);
        let line = |offset, part| TapLine { offset, part };
        let lines = [line(0, false), line(7, false), line(5, true)];
        let (across, full) = ([2, 0, 1], 2);
        let x = numbers(planes * plane + 16, 1);
        for isa in Isa::available() {
            let lanes = isa.lanes::<f32>();
            for grid in GRIDS {
                let each = grid.each(&lines, across.len(), full).unwrap();
                let weights = numbers(planes * each, 2);
                let start = numbers(grid.rows(), 3);
                for width in (1..=plane - 40).filter(|w| w % lanes <= 1) {
                    let pitch = width.next_multiple_of(lanes) + 3;
                    for resumed in [false, true] {
                        let taps = Stepped {
                            x: &x,
                            plane,
                            planes,
                            lines: &lines,
                            across: &across,
                            full,
                            weights: &weights,
                            ahead: Some(Ahead { x: &x, plane }),
                        };
                        let mut acc = vec![GUARD; grid.rows() * pitch];
                        let from = (!resumed).then_some(&start[..]);
                        isa.stepped(grid, &taps, width, from, (&mut acc, pitch));
                        for row in 0..grid.rows() {
                            let (a, b) = (row / grid.inner.0, row % grid.inner.0);
                            for p in 0..pitch {
                                let mut sum = if resumed { GUARD } else { start[row] };
                                let mut at = 0;
                                for i in 0..planes {
                                    for (line, (k, tap)) in lines.iter().flat_map(|line| {
                                        across.iter().enumerate().map(move |tap| (line, tap))
                                    }) {
                                        let (of, part) = grid.inner;
                                        let inner = if k < full { of } else { part };
                                        let (of, part) = grid.outer;
                                        let outer = if line.part { part } else { of };
                                        if a < outer && b < inner {
                                            let weight = weights[at + a * inner + b];
                                            let x = x.get(i * plane + line.offset + tap + p);
                                            sum = x.map_or(0.0, |x| x.mul_add(weight, sum));
                                        }
                                        at += outer * inner;
                                    }
                                }
                                let inside = p < width.next_multiple_of(lanes);
                                let expected = if inside { sum } else { GUARD };
                                assert_eq!(
                                    acc[row * pitch + p].to_bits(),
                                    expected.to_bits(),
                                    "{isa}, {grid:?}, width {width}, row {row}, position {p}"
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}
