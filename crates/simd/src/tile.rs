//! The register tile: the one hot loop of the engine.
//!
//! **Idea.** `M` output channels times `V` vectors of neighbouring positions are kept in registers while every input channel
//! and tap passes by: `V` loads of the input, `M` broadcast weights, `M*V` fused multiply-adds.
//!
//! ```text
//! acc[m][p] = start[m][p] + sum over i in 0..planes, j in 0..offsets.len():
//!             x[at + i*plane + offsets[j] + p] * weights[(i*offsets.len() + j)*M + m]
//! ```
//!
//! summed in exactly this order, `i` outside `j`, for every tile shape and every instruction set.

use crate::Isa;
use crate::vector::{Kernel, Vector, VectorElement};

/// What will be read soon: while the tile at position `p` sums plane `i`, as many vectors from `i*plane + p` on are asked
/// for. Nothing is read, so they need not exist.
#[derive(Clone, Copy, Debug)]
pub struct Ahead<'a, T> {
    /// What the first plane's first position asks for.
    pub x: &'a [T],
    /// Distance between planes.
    pub plane: usize,
}

/// What one tile sums over.
#[derive(Clone, Copy, Debug)]
pub struct Taps<'a, T> {
    /// The input, such as a panel with its zero border.
    pub x: &'a [T],
    /// Distance between the planes of neighbouring input channels.
    pub plane: usize,
    /// Input channels.
    pub planes: usize,
    /// Where each tap finds its input, relative to the position.
    pub offsets: &'a [usize],
    /// Weights as `[planes][offsets][rows]`.
    pub weights: &'a [T],
    /// What to ask for meanwhile.
    pub ahead: Option<Ahead<'a, T>>,
}

/// Rows (output channels) that a tile may have, in ascending order.
pub const TILE_ROWS: [usize; 11] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12];

/// Vectors of a tile of nine rows, where there are 32 registers: 27 sums, three inputs and a weight leave one, which is
/// enough on `x86_64` alone (`cargo xtask spills` tells).
const NINE: usize = if cfg!(target_arch = "x86_64") { 3 } else { 2 };

/// One call of a tile, its bounds already checked.
struct Call<T> {
    x: *const T,
    plane: usize,
    planes: usize,
    offsets: *const usize,
    taps: usize,
    weights: *const T,
    /// One per row, or null to start from what `acc` holds.
    start: *const T,
    acc: *mut T,
    pitch: usize,
    /// Or null.
    ahead: *const T,
    ahead_plane: usize,
}

/// The loop. Accumulators stay in registers as long as `M*V + V + 1` does not exceed their number.
///
/// # Safety
/// Every index of the module's formula lies within its slice for `p < V*LANES`, and the vector's features are enabled.
#[inline(always)]
unsafe fn sum<T: Copy + Default, X: Vector<T>, const M: usize, const V: usize>(
    call: &Call<T>,
    at: usize,
) {
    // SAFETY: the caller vouches for every index and for the features.
    unsafe {
        let acc_at = |m: usize, v: usize| call.acc.add(m * call.pitch + at + v * X::LANES);
        let mut acc = [[X::splat(T::default()); V]; M];
        for (m, row) in acc.iter_mut().enumerate() {
            for (v, acc) in row.iter_mut().enumerate() {
                *acc = if call.start.is_null() {
                    X::load(acc_at(m, v))
                } else {
                    X::splat(*call.start.add(m))
                };
            }
        }
        let mut weights = call.weights;
        for i in 0..call.planes {
            let x = call.x.add(i * call.plane + at);
            if !call.ahead.is_null() {
                let ahead = call.ahead.wrapping_add(i * call.ahead_plane + at);
                for v in 0..V {
                    X::prefetch(ahead.wrapping_add(v * X::LANES));
                }
            }
            for j in 0..call.taps {
                let x = x.add(*call.offsets.add(j));
                let mut inputs = [X::splat(T::default()); V];
                for (v, input) in inputs.iter_mut().enumerate() {
                    *input = X::load(x.add(v * X::LANES));
                }
                for (m, row) in acc.iter_mut().enumerate() {
                    let weight = X::splat(*weights.add(m));
                    for (acc, &input) in row.iter_mut().zip(&inputs) {
                        *acc = input.fused(weight, *acc);
                    }
                }
                weights = weights.add(M);
            }
        }
        for (m, row) in acc.iter().enumerate() {
            for (v, &acc) in row.iter().enumerate() {
                acc.store(acc_at(m, v));
            }
        }
    }
}

/// All positions of a call: as many vectors at a time as the registers hold, then two, then one.
///
/// # Safety
/// As [`sum`], for `p < width` rounded up to whole vectors.
#[inline(always)]
unsafe fn sweep<T: Copy + Default, X: Vector<T>, const M: usize, const V: usize>(
    call: &Call<T>,
    width: usize,
) {
    let mut at = 0;
    // SAFETY: `at + V*LANES` stays within the width rounded up to whole vectors.
    unsafe {
        while width.saturating_sub(at) > (V - 1) * X::LANES {
            sum::<T, X, M, V>(call, at);
            at += V * X::LANES;
        }
        while V > 2 && width.saturating_sub(at) > X::LANES {
            sum::<T, X, M, 2>(call, at);
            at += 2 * X::LANES;
        }
        while width > at {
            sum::<T, X, M, 1>(call, at);
            at += X::LANES;
        }
    }
}

/// One call of a tile of `M` rows and at most `V` vectors, its bounds checked: made by [`tile`] alone.
struct Sweep<'c, T, const M: usize, const V: usize> {
    call: &'c Call<T>,
    width: usize,
}

impl<T: Copy + Default, const M: usize, const V: usize> Kernel<T> for Sweep<'_, T, M, V> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<X: Vector<T>>(self) {
        // SAFETY: the bounds are checked, and the caller has enabled the set's features.
        unsafe { sweep::<T, X, M, V>(self.call, self.width) }
    }
}

/// [`Isa::tile`].
pub(crate) fn tile<T: VectorElement>(
    isa: Isa,
    rows: usize,
    taps: &Taps<'_, T>,
    at: usize,
    width: usize,
    start: Option<&[T]>,
    (acc, pitch): (&mut [T], usize),
) {
    let whole = width.next_multiple_of(isa.lanes::<T>());
    let Taps {
        x,
        plane,
        planes,
        offsets,
        weights,
        ahead,
    } = *taps;
    assert!(TILE_ROWS.contains(&rows), "no tile of {rows} rows");
    let used = (rows - 1)
        .checked_mul(pitch)
        .and_then(|used| used.checked_add(whole));
    assert!(
        whole <= pitch && used.is_some_and(|used| used <= acc.len()),
        "accumulators"
    );
    assert!(
        start.is_none_or(|start| start.len() >= rows),
        "start values"
    );
    let needed = planes
        .checked_mul(offsets.len())
        .and_then(|n| n.checked_mul(rows));
    assert!(
        needed.is_some_and(|needed| needed <= weights.len()),
        "weights"
    );
    let summed = planes > 0 && !offsets.is_empty();
    if summed {
        // The last element read: the last plane, the farthest tap, the last position.
        let farthest = offsets.iter().copied().max().unwrap_or(0);
        let end = (planes - 1).checked_mul(plane).and_then(|end| {
            end.checked_add(at)?
                .checked_add(farthest)?
                .checked_add(whole)
        });
        assert!(end.is_some_and(|end| end <= x.len()), "input");
    }
    let call = Call {
        // `at` lies within x where anything is summed; else x is not read.
        x: if summed { x[at..].as_ptr() } else { x.as_ptr() },
        plane,
        planes: if summed { planes } else { 0 },
        offsets: offsets.as_ptr(),
        taps: offsets.len(),
        weights: weights.as_ptr(),
        start: start.map_or(std::ptr::null(), <[T]>::as_ptr),
        acc: acc.as_mut_ptr(),
        pitch,
        ahead: ahead.map_or(std::ptr::null(), |ahead| ahead.x.as_ptr()),
        ahead_plane: ahead.map_or(0, |ahead| ahead.plane),
    };
    // As many vectors for each number of rows as 32 registers hold, or 16, beside the inputs and a weight.
    macro_rules! tiles {
        ($($rows:literal: $wide:tt, $narrow:literal;)+) => {
            match rows {
                $($rows => isa.kernel_for_registers(
                    Sweep::<T, $rows, $wide> { call: &call, width },
                    Sweep::<T, $rows, $narrow> { call: &call, width },
                ),)+
                _ => {}
            }
        };
    }
    tiles! {
        1: 12, 6;
        2: 8, 4;
        3: 7, 3;
        4: 5, 2;
        5: 4, 2;
        6: 4, 2;
        7: 3, 1;
        8: 3, 1;
        9: NINE, 1;
        10: 2, 1;
        12: 2, 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small numbers of both signs whose products round, from a counter.
    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        let one = |i: usize| ((i * 7919 + seed * 104_729) % 2001) as f32 / 997.0 - 1.0;
        (0..count).map(one).collect()
    }

    #[test]
    fn every_shape_on_every_set_gives_the_bits_of_the_formula_and_stays_in_its_cells() {
        const GUARD: f32 = -77.25;
        let (planes, plane, offsets) = (3, 150, [0, 1, 20, 21, 7]);
        let x = numbers(planes * plane + 16, 1);
        for isa in Isa::available() {
            let lanes = isa.lanes::<f32>();
            for rows in TILE_ROWS {
                let weights = numbers(planes * offsets.len() * rows, 2);
                let start = numbers(rows, 3);
                // Around every number of vectors that a tile of this many rows may take.
                for width in
                    (1..=6 * lanes + 1).filter(|w| w % lanes <= 1 || w % lanes == lanes - 1)
                {
                    if width.next_multiple_of(lanes) > plane - 21 {
                        continue;
                    }
                    let pitch = width.next_multiple_of(lanes) + 3;
                    for resumed in [false, true] {
                        let taps = Taps {
                            x: &x,
                            plane,
                            planes,
                            offsets: &offsets,
                            weights: &weights,
                            ahead: Some(Ahead { x: &x, plane }),
                        };
                        let mut acc = vec![GUARD; rows * pitch];
                        isa.tile(
                            rows,
                            &taps,
                            0,
                            width,
                            (!resumed).then_some(&start),
                            (&mut acc, pitch),
                        );
                        for m in 0..rows {
                            for p in 0..pitch {
                                let mut sum = if resumed { GUARD } else { start[m] };
                                for (i, (j, offset)) in (0..planes)
                                    .flat_map(|i| offsets.iter().enumerate().map(move |o| (i, o)))
                                {
                                    let weight = weights[(i * offsets.len() + j) * rows + m];
                                    sum = x
                                        .get(i * plane + offset + p)
                                        .map_or(0.0, |x| x.mul_add(weight, sum));
                                }
                                let whole = width.next_multiple_of(lanes);
                                let expected = if p < whole { sum } else { GUARD };
                                assert_eq!(
                                    acc[m * pitch + p].to_bits(),
                                    expected.to_bits(),
                                    "{isa}, {rows} rows, width {width}, row {m}, position {p}"
                                );
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    #[cfg(panic = "unwind")]
    fn arithmetic_that_is_wrong_panics_before_anything_is_touched() {
        let (x, weights) = (numbers(40, 1), numbers(8, 2));
        let taps = Taps {
            x: &x,
            plane: 20,
            planes: 2,
            offsets: &[0, 5],
            weights: &weights,
            ahead: None,
        };
        let tile = |rows: usize, taps: Taps<'_, f32>, at: usize, cells: usize| {
            std::panic::catch_unwind(move || {
                let mut acc = vec![0.0; cells];
                Isa::available()
                    .pop()
                    .map(|isa| isa.tile(rows, &taps, at, 4, None, (&mut acc, 4)))
            })
            .is_err()
        };
        assert!(!tile(2, taps, 0, 8));
        assert!(tile(5, taps, 0, 20), "rows");
        assert!(tile(2, taps, 12, 8), "input");
        assert!(
            tile(
                2,
                Taps {
                    plane: usize::MAX,
                    ..taps
                },
                0,
                8
            ),
            "overflow"
        );
        assert!(tile(2, taps, 0, 7), "accumulators");
        assert!(tile(4, taps, 0, 16), "weights");
    }
}
