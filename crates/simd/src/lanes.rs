//! Lanes along output channels: the loop for few positions and many channels.
//!
//! **Idea.** `P` places (output positions) times `V` vectors of neighbouring output channels are kept in registers while
//! every input channel and tap passes by: `V` loads of the weights, `P` broadcast inputs, `P*V` fused multiply-adds. The
//! input is read where it lies, so that only products that exist are formed, whatever the border.
//!
//! ```text
//! sums[place.sum + c] += sum over i in 0..planes, tap in taps:
//!                        x[place.x + i*plane + tap.x] * weights[i*row + tap.weight + c]         c in 0..lanes
//! ```
//!
//! summed in exactly this order, `i` outside the taps, for every tile shape and every instruction set.

use crate::Isa;
use crate::vector::{Kernel, Vector, VectorElement};

/// One tap: where it finds its input, relative to a place, and its weights, relative to an input channel's row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneTap {
    /// Offset into the input.
    pub x: usize,
    /// Offset into the row of weights.
    pub weight: usize,
}

/// [`Lanes::pace`] of one unit at each tap.
pub const PACE: usize = 4;

/// About how many tiles a set of places is cut into: at each of them every weight is loaded once.
pub fn lane_tiles(places: usize) -> usize {
    places.div_ceil(6)
}

/// One output position: where its taps count from in the input, and where its sums lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Offset into the input.
    pub x: usize,
    /// Offset into the sums.
    pub sum: usize,
}

/// What is summed at every place.
#[derive(Clone, Copy, Debug)]
pub struct Lanes<'a, T> {
    /// The input.
    pub x: &'a [T],
    /// Distance between the planes of neighbouring input channels.
    pub plane: usize,
    /// Input channels.
    pub planes: usize,
    /// The taps, in the order of summation.
    pub taps: &'a [LaneTap],
    /// The weights; those of one tap and input channel lie side by side.
    pub weights: &'a [T],
    /// Distance between the weights of neighbouring input channels.
    pub row: usize,
    /// Output channels, a multiple of [`VectorElement::LINE`].
    pub lanes: usize,
    /// Weights that are wanted soon: they are asked for while others are used, from the first on. A hint alone.
    pub next: &'a [T],
    /// How many units of `next` to ask for at each tap of a tile, in parts: [`PACE`] of them make one unit.
    pub pace: usize,
}

/// One call, its bounds already checked.
#[derive(Clone, Copy)]
struct Call<T> {
    x: *const T,
    plane: usize,
    planes: usize,
    taps: *const LaneTap,
    count: usize,
    weights: *const T,
    row: usize,
    lanes: usize,
    sums: *mut T,
    /// The next unit to ask for, how many are left, and how many to ask for at each tap.
    next: *const T,
    left: usize,
    pace: usize,
}

/// Asks the memory for the line at `at`, which need not exist, as far as the second-level cache.
#[inline(always)]
fn prefetch<T>(at: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: an instruction of the architecture's base, and a hint: it changes nothing and never faults.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T1 }>(at.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// The loop: the first `P` of `places`, `V` vectors of channels from `at` on. Accumulators stay in registers as long as
/// `P*V + V + 1` does not exceed their number.
///
/// # Safety
/// Every index of the module's formula lies within its slice for `c < at + V*LANES`, there are `P` places, and the
/// vector's features are enabled.
#[inline(always)]
unsafe fn sum<T: VectorElement, X: Vector<T>, const P: usize, const V: usize>(
    call: &mut Call<T>,
    places: &[Place; P],
    at: usize,
) {
    // SAFETY: the caller vouches for every index and for the features.
    unsafe {
        let sum_at = |p: usize, v: usize| call.sums.add(places[p].sum + at + v * X::LANES);
        let mut acc = [[X::splat(T::default()); V]; P];
        for (p, row) in acc.iter_mut().enumerate() {
            for (v, acc) in row.iter_mut().enumerate() {
                *acc = X::load(sum_at(p, v));
            }
        }
        let inputs: [usize; P] = std::array::from_fn(|p| places[p].x);
        let mut plane = call.x;
        let taps = std::slice::from_raw_parts(call.taps, call.count);
        let mut weights = call.weights.add(at);
        // A tile that asks for the last of them may ask for some beyond.
        let pace = if call.left == 0 { 0 } else { call.pace };
        let mut next = call.next;
        let mut due = 0;
        for _ in 0..call.planes {
            for tap in taps {
                due += pace;
                while due >= PACE {
                    prefetch(next);
                    next = next.wrapping_add(T::LINE);
                    due -= PACE;
                }
                let mut w = [X::splat(T::default()); V];
                for (v, w) in w.iter_mut().enumerate() {
                    *w = X::load(weights.add(tap.weight + v * X::LANES));
                }
                let x = plane.add(tap.x);
                for (row, &input) in acc.iter_mut().zip(&inputs) {
                    let input = X::splat(*x.add(input));
                    for (acc, &w) in row.iter_mut().zip(&w) {
                        *acc = input.fused(w, *acc);
                    }
                }
            }
            // The last step may pass the end: these are only read where another channel follows.
            weights = weights.wrapping_add(call.row);
            plane = plane.wrapping_add(call.plane);
        }
        for (p, row) in acc.iter().enumerate() {
            for (v, &acc) in row.iter().enumerate() {
                acc.store(sum_at(p, v));
            }
        }
        call.next = next;
        call.left = call
            .left
            .saturating_sub(call.planes * call.count * pace / PACE);
    }
}

/// For a number of vectors, a function that cuts places into tiles of at most the last size: as few tiles as possible, as
/// equal as possible. A tile of a size that has no loop repeats its last place, which computes and stores the same twice.
macro_rules! tiles_of {
    ($name:ident, $vectors:literal, [$($size:literal),+], $most:literal) => {
        /// # Safety
        /// As [`sum`], for all places, and for the vectors from `at` on.
        #[inline(always)]
        unsafe fn $name<T: VectorElement, X: Vector<T>>(call: &mut Call<T>, places: &[Place], at: usize) {
            let mut tiles = places.len().div_ceil($most);
            let mut places = places;
            while tiles > 0 {
                let (tile, rest) = places.split_at(places.len().div_ceil(tiles));
                let Some(last) = tile.last() else { return };
                // SAFETY: passed on from the caller; every place is one of its own.
                unsafe {
                    match tile.len() {
                        $(n if n <= $size => {
                            let tile: [Place; $size] = std::array::from_fn(|p| *tile.get(p).unwrap_or(last));
                            sum::<T, X, $size, $vectors>(call, &tile, at);
                        })+
                        _ => {}
                    }
                }
                places = rest;
                tiles -= 1;
            }
        }
    };
}

tiles_of!(tiles_of_sixteen, 16, [1], 1);
tiles_of!(tiles_of_four, 4, [1, 2, 3, 4, 5, 6], 6);
tiles_of!(tiles_of_three, 3, [1, 2, 3, 4, 6, 8], 8);
tiles_of!(tiles_of_two, 2, [1, 2, 4, 6, 9], 9);
tiles_of!(tiles_of_one, 1, [1, 2, 4, 8, 14], 14);
tiles_of!(small_tiles_of_two, 2, [1, 2, 3, 4, 5, 6], 6);
tiles_of!(least_tiles_of_two, 2, [1, 2, 4], 4);

/// All channels of a call on a set with 32 registers whose vector is a cache line: four vectors at a time, then what is left.
///
/// # Safety
/// As [`sum`], for all places and lanes.
#[inline(always)]
unsafe fn sweep_wide<T: VectorElement, X: Vector<T>>(call: &mut Call<T>, places: &[Place]) {
    let mut at = 0;
    // SAFETY: `at` and the vectors that follow it stay within the lanes, a multiple of the vector's length.
    unsafe {
        // A single place has no other to hide the additions' latency behind, but as many vectors as there are registers.
        while places.len() == 1 && call.lanes - at >= 16 * X::LANES {
            tiles_of_sixteen::<T, X>(call, places, at);
            at += 16 * X::LANES;
        }
        while call.lanes - at > 4 * X::LANES {
            tiles_of_four::<T, X>(call, places, at);
            at += 4 * X::LANES;
        }
        match (call.lanes - at) / X::LANES {
            4 => tiles_of_four::<T, X>(call, places, at),
            3 => tiles_of_three::<T, X>(call, places, at),
            2 => tiles_of_two::<T, X>(call, places, at),
            1 => tiles_of_one::<T, X>(call, places, at),
            _ => {}
        }
    }
}

/// All channels of a call, two vectors at a time: a cache line of channels is a whole number of pairs of vectors.
macro_rules! sweep_pairs {
    ($name:ident, $tiles:ident) => {
        /// # Safety
        /// As [`sum`], for all places and lanes.
        #[inline(always)]
        unsafe fn $name<T: VectorElement, X: Vector<T>>(call: &mut Call<T>, places: &[Place]) {
            for at in (0..call.lanes).step_by(2 * X::LANES) {
                // SAFETY: two vectors from `at` on stay within the lanes, a multiple of their length.
                unsafe { $tiles::<T, X>(call, places, at) };
            }
        }
    };
}

sweep_pairs!(sweep_pairs, small_tiles_of_two);
sweep_pairs!(sweep_plain, least_tiles_of_two);

/// One call and its places, bounds checked: made by [`lane_sums`] alone. Returns the units left to ask for.
#[derive(Clone, Copy)]
struct LaneSweep<'p, T> {
    call: Call<T>,
    places: &'p [Place],
}

impl<T: VectorElement> Kernel<T> for LaneSweep<'_, T> {
    type Output = usize;

    #[inline(always)]
    unsafe fn run<X: Vector<T>>(mut self) -> usize {
        // SAFETY: the bounds are checked, and the caller has enabled the set's features.
        unsafe {
            if X::LANES == T::LINE {
                sweep_wide::<T, X>(&mut self.call, self.places);
            } else if X::LANES * 2 == T::LINE || X::REGISTERS >= 32 {
                sweep_pairs::<T, X>(&mut self.call, self.places);
            } else {
                sweep_plain::<T, X>(&mut self.call, self.places);
            }
        }
        self.call.left
    }
}

/// [`Isa::lane_sums`].
pub(crate) fn lane_sums<T: VectorElement>(
    isa: Isa,
    lanes: &Lanes<'_, T>,
    places: &[Place],
    sums: &mut [T],
) -> usize {
    let Lanes {
        x,
        plane,
        planes,
        taps,
        weights,
        row,
        lanes: width,
        next,
        pace,
    } = *lanes;
    assert!(width.is_multiple_of(T::LINE), "no whole units of lanes");
    if planes == 0 || taps.is_empty() || places.is_empty() || width == 0 {
        return 0;
    }
    let mut farthest = Place::default();
    for place in places {
        farthest.x = farthest.x.max(place.x);
        farthest.sum = farthest.sum.max(place.sum);
    }
    let mut last = LaneTap::default();
    for tap in taps {
        last.x = last.x.max(tap.x);
        last.weight = last.weight.max(tap.weight);
    }
    // The last elements touched: the last channel, the farthest tap, the farthest place, the last lane.
    let ends_within = |length: usize, step: usize, far: [usize; 3]| {
        let end = (planes - 1).checked_mul(step);
        let end = far
            .iter()
            .try_fold(end?, |end, &far| end.checked_add(far))?;
        (end <= length).then_some(())
    };
    assert!(
        ends_within(x.len(), plane, [farthest.x, last.x, 1]).is_some(),
        "input"
    );
    assert!(
        ends_within(weights.len(), row, [last.weight, width, 0]).is_some(),
        "weights"
    );
    assert!(
        ends_within(sums.len(), 0, [farthest.sum, width, 0]).is_some(),
        "sums"
    );
    let call = Call {
        x: x.as_ptr(),
        plane,
        planes,
        taps: taps.as_ptr(),
        count: taps.len(),
        weights: weights.as_ptr(),
        row,
        lanes: width,
        sums: sums.as_mut_ptr(),
        next: next.as_ptr(),
        left: next.len() / T::LINE,
        pace,
    };
    let left = isa.kernel(LaneSweep { call, places });
    next.len() - left * T::LINE
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small numbers of both signs whose products round, from a counter.
    fn numbers(count: usize, seed: usize) -> Vec<f64> {
        let one = |i: usize| ((i * 7919 + seed * 104_729) % 2001) as f64 / 997.0 - 1.0;
        (0..count).map(one).collect()
    }

    const GUARD: f64 = -77.25;
    const TAPS: [LaneTap; 3] = [
        LaneTap { x: 1, weight: 200 },
        LaneTap { x: 9, weight: 0 },
        LaneTap { x: 4, weight: 97 },
    ];

    /// Every number of places up to three of the largest tiles, as many units as any sweep takes.
    macro_rules! every_shape {
        ($name:ident, $type:ty) => {
            #[test]
            fn $name() {
                let (planes, plane, row, most) = (3, 60, 600, 43);
                let narrow = |values: Vec<f64>| -> Vec<$type> {
                    values.into_iter().map(|v| v as $type).collect()
                };
                let x = narrow(numbers((planes - 1) * plane + most + 10, 1));
                for isa in Isa::available() {
                    for units in [1, 2, 3, 4, 5, 6, 16, 21] {
                        let lanes = units * <$type>::LINE;
                        let weights = narrow(numbers((planes - 1) * row + 200 + lanes, 2));
                        let pitch = lanes + 3;
                        for count in 1..=most {
                            let places: Vec<Place> = (0..count)
                                .map(|p| Place {
                                    x: p * 7 % most,
                                    sum: (count - 1 - p) * pitch,
                                })
                                .collect();
                            let mut sums = vec![GUARD as $type; (count - 1) * pitch + lanes];
                            let lanes_of = Lanes {
                                x: &x,
                                plane,
                                planes,
                                taps: &TAPS,
                                weights: &weights,
                                row,
                                lanes,
                                next: &weights[5..],
                                pace: count % 3 * PACE,
                            };
                            let asked = isa.lane_sums(&lanes_of, &places, &mut sums);
                            assert!(asked <= weights.len() - 5 && (asked > 0 || count % 3 == 0));
                            let mut expected = vec![GUARD as $type; sums.len()];
                            for place in &places {
                                for c in 0..lanes {
                                    let sum = &mut expected[place.sum + c];
                                    for i in 0..planes {
                                        for tap in &TAPS {
                                            let x = x[place.x + i * plane + tap.x];
                                            *sum =
                                                x.mul_add(weights[i * row + tap.weight + c], *sum);
                                        }
                                    }
                                }
                            }
                            let bits =
                                |v: &[$type]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                            assert_eq!(
                                bits(&sums),
                                bits(&expected),
                                "{isa}, {units} units, {count} places"
                            );
                        }
                    }
                }
            }
        };
    }

    every_shape!(
        every_shape_of_f32_gives_the_bits_of_the_formula_and_stays_in_its_cells,
        f32
    );
    every_shape!(
        every_shape_of_f64_gives_the_bits_of_the_formula_and_stays_in_its_cells,
        f64
    );

    #[test]
    #[cfg(panic = "unwind")]
    fn arithmetic_that_is_wrong_panics_before_anything_is_touched() {
        let (x, weights) = (vec![1.0_f32; 30], vec![1.0_f32; 32]);
        let right = Lanes {
            x: &x,
            plane: 20,
            planes: 2,
            taps: &[LaneTap { x: 3, weight: 0 }],
            weights: &weights,
            row: 16,
            lanes: 16,
            next: &[],
            pace: 0,
        };
        let panics = |lanes: Lanes<'_, f32>, place: Place| {
            let run = || {
                let mut sums = vec![0.0; 20];
                Isa::best().lane_sums(&lanes, &[place], &mut sums);
            };
            std::panic::catch_unwind(run).is_err()
        };
        assert!(!panics(right, Place { x: 6, sum: 4 }));
        assert!(panics(right, Place { x: 7, sum: 4 }), "input");
        assert!(panics(right, Place { x: 6, sum: 5 }), "sums");
        assert!(
            panics(
                right,
                Place {
                    x: usize::MAX,
                    sum: 0
                }
            ),
            "overflow"
        );
        assert!(
            panics(Lanes { row: 17, ..right }, Place::default()),
            "weights"
        );
        assert!(
            panics(
                Lanes {
                    plane: usize::MAX,
                    ..right
                },
                Place::default()
            ),
            "overflow"
        );
        assert!(
            panics(Lanes { lanes: 15, ..right }, Place::default()),
            "units"
        );
    }
}
