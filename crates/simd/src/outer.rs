//! Sums of outer products: the loop of a weight's gradient.
//!
//! **Idea.** A tile of `R` rows times `V` vectors of sums is kept in registers while positions pass by: at each of them `V`
//! loads, `R` broadcasts, `R*V` fused multiply-adds. Positions come in runs, so that only those that exist are visited.
//!
//! ```text
//! sums[r*pitch + l] += sum over runs, i in 0..count:
//!                      rows[run.row + i*row_step + r] * lanes[run.lane + i*lane_step + l]       r < R, l < V*LANES
//! ```
//!
//! Each sum starts from zero, in exactly this order, and is added once, for every tile shape and every instruction set.

use crate::Isa;
use crate::vector::{Kernel, Vector, VectorElement};

/// The most rows of a tile on sets with 32 registers, and with fewer.
const MOST_ROWS: [usize; 2] = [12, 6];

/// Vectors of a tile.
pub const OUTER_VECTORS: usize = 2;

/// Vectors of [`Isa::matched_sums`].
pub const MATCHED_VECTORS: usize = 4;

/// Neighbouring positions: where the first one's factors lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Of the lanes.
    pub lane: usize,
    /// Of the rows.
    pub row: usize,
    /// Positions.
    pub count: usize,
}

/// Runs and how far they reach.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    all: Vec<Run>,
    lane_step: usize,
    row_step: usize,
    /// The last position's offsets; beyond every slice where they do not fit.
    last_lane: usize,
    last_row: usize,
}

impl Runs {
    /// Forgets all runs. From position to position factors lie so far apart.
    pub fn clear(&mut self, lane_step: usize, row_step: usize) {
        self.all.clear();
        (self.lane_step, self.row_step) = (lane_step, row_step);
        (self.last_lane, self.last_row) = (0, 0);
    }

    /// Adds a run, unless it is empty.
    pub fn push(&mut self, run: Run) {
        if run.count == 0 {
            return;
        }
        let last = |first: usize, step: usize| {
            let reach = (run.count - 1).checked_mul(step);
            reach
                .and_then(|reach| reach.checked_add(first))
                .unwrap_or(usize::MAX)
        };
        self.last_lane = self.last_lane.max(last(run.lane, self.lane_step));
        self.last_row = self.last_row.max(last(run.row, self.row_step));
        self.all.push(run);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether so many lanes and rows of every position lie within slices of these lengths.
    fn fits(&self, lanes: (usize, usize), rows: (usize, usize)) -> bool {
        let within = |last: usize, (each, length): (usize, usize)| {
            last.checked_add(each).is_some_and(|end| end <= length)
        };
        self.all.is_empty() || within(self.last_lane, lanes) && within(self.last_row, rows)
    }
}

/// The factors of a tile.
#[derive(Clone, Copy, Debug)]
pub struct Factors<'a, T> {
    /// Those side by side in vectors.
    pub lanes: &'a [T],
    /// Those broadcast.
    pub rows: &'a [T],
    /// Where they meet.
    pub runs: &'a Runs,
}

/// A call whose bounds are checked: by [`Isa::outer_sums`] or [`Isa::matched_sums`] alone.
#[derive(Clone, Copy)]
struct Call<'a, T> {
    lanes: *const T,
    rows: *const T,
    runs: &'a Runs,
    sums: *mut T,
    pitch: usize,
}

impl<'a, T: VectorElement> Call<'a, T> {
    /// The call, its reads checked.
    fn new(
        factors: &Factors<'a, T>,
        (lanes, rows): (usize, usize),
        sums: &mut [T],
        pitch: usize,
    ) -> Self {
        let fits = factors
            .runs
            .fits((lanes, factors.lanes.len()), (rows, factors.rows.len()));
        assert!(fits, "factors");
        Self {
            lanes: factors.lanes.as_ptr(),
            rows: factors.rows.as_ptr(),
            runs: factors.runs,
            sums: sums.as_mut_ptr(),
            pitch,
        }
    }
}

/// One tile.
///
/// # Safety
/// Every index of the module's formula lies within its slice, and the vector's features are enabled.
#[inline(always)]
unsafe fn tile<T: VectorElement, X: Vector<T>, const R: usize, const V: usize>(call: Call<'_, T>) {
    // SAFETY: the caller vouches for every index and for the features. The last steps may pass the end: what they point at is
    // read only where another position follows.
    unsafe {
        let mut acc = [[X::splat(T::default()); V]; R];
        let (lane_step, row_step) = (call.runs.lane_step, call.runs.row_step);
        for run in &call.runs.all {
            let mut lanes = call.lanes.add(run.lane);
            let mut rows = call.rows.add(run.row);
            for _ in 0..run.count {
                let mut factors = [X::splat(T::default()); V];
                for (v, factor) in factors.iter_mut().enumerate() {
                    *factor = X::load(lanes.add(v * X::LANES));
                }
                for (r, acc) in acc.iter_mut().enumerate() {
                    let row = X::splat(*rows.add(r));
                    for (acc, &factor) in acc.iter_mut().zip(&factors) {
                        *acc = row.fused(factor, *acc);
                    }
                }
                lanes = lanes.wrapping_add(lane_step);
                rows = rows.wrapping_add(row_step);
            }
        }
        for (r, acc) in acc.iter().enumerate() {
            for (v, &acc) in acc.iter().enumerate() {
                let at = call.sums.add(r * call.pitch + v * X::LANES);
                X::load(at).add(acc).store(at);
            }
        }
    }
}

/// Lane by lane: both factors are vectors.
///
/// # Safety
/// As [`tile`].
#[inline(always)]
unsafe fn matched<T: VectorElement, X: Vector<T>, const V: usize>(call: Call<'_, T>) {
    // SAFETY: as in `tile`.
    unsafe {
        let mut acc = [X::splat(T::default()); V];
        let (lane_step, row_step) = (call.runs.lane_step, call.runs.row_step);
        for run in &call.runs.all {
            let mut lanes = call.lanes.add(run.lane);
            let mut rows = call.rows.add(run.row);
            for _ in 0..run.count {
                for (v, acc) in acc.iter_mut().enumerate() {
                    let row = X::load(rows.add(v * X::LANES));
                    *acc = row.fused(X::load(lanes.add(v * X::LANES)), *acc);
                }
                lanes = lanes.wrapping_add(lane_step);
                rows = rows.wrapping_add(row_step);
            }
        }
        for (v, &acc) in acc.iter().enumerate() {
            let at = call.sums.add(v * X::LANES);
            X::load(at).add(acc).store(at);
        }
    }
}

/// A tile of these rows, by the loop for the next number that has one; and of one or two vectors.
macro_rules! outer {
    ($name:ident, [$($size:literal),+]) => {
        #[derive(Clone, Copy)]
        struct $name<'a, T> {
            call: Call<'a, T>,
            rows: usize,
            vectors: usize,
        }

        impl<T: VectorElement> Kernel<T> for $name<'_, T> {
            type Output = ();

            #[inline(always)]
            unsafe fn run<X: Vector<T>>(self) {
                // SAFETY: bounds are checked for `rows_of(rows)` rows and so many vectors; features by the caller.
                unsafe {
                    match (self.vectors, self.rows) {
                        $((1, n) if n <= $size => tile::<T, X, $size, 1>(self.call),
                        (_, n) if n <= $size => tile::<T, X, $size, 2>(self.call),)+
                        _ => {}
                    }
                }
            }
        }
    };
}

outer!(Wide, [1, 2, 3, 4, 6, 8, 10, 12]);
outer!(Narrow, [1, 2, 3, 4, 6]);

/// Lane by lane on four vectors.
#[derive(Clone, Copy)]
struct Matched<'a, T>(Call<'a, T>);

impl<T: VectorElement> Kernel<T> for Matched<'_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<X: Vector<T>>(self) {
        // SAFETY: bounds are checked for so many vectors; features by the caller.
        unsafe { matched::<T, X, MATCHED_VECTORS>(self.0) };
    }
}

impl Isa {
    /// The most rows of a tile of [`Isa::outer_sums`].
    pub fn outer_rows<T: VectorElement>(self) -> usize {
        MOST_ROWS[usize::from(T::registers(self) < 32)]
    }

    /// Rows that a tile of `rows` computes, which all are read and written: the next number that has a loop.
    pub fn outer_rows_of(rows: usize) -> usize {
        [1, 2, 3, 4, 6, 8, 10]
            .into_iter()
            .find(|&size| rows <= size)
            .unwrap_or(12)
    }
}

/// [`Isa::outer_sums`].
pub(crate) fn outer_sums<T: VectorElement>(
    isa: Isa,
    (rows, vectors): (usize, usize),
    factors: &Factors<'_, T>,
    sums: &mut [T],
    pitch: usize,
) {
    assert!((1..=isa.outer_rows::<T>()).contains(&rows), "rows");
    assert!((1..=OUTER_VECTORS).contains(&vectors), "vectors");
    let (computed, width) = (Isa::outer_rows_of(rows), vectors * isa.lanes::<T>());
    let end = pitch.checked_mul(computed - 1);
    let end = end.and_then(|end| end.checked_add(width));
    assert!(end.is_some_and(|end| end <= sums.len()), "sums");
    let call = Call::new(factors, (width, computed), sums, pitch);
    isa.kernel_for_registers(
        Wide {
            call,
            rows,
            vectors,
        },
        Narrow {
            call,
            rows,
            vectors,
        },
    );
}

/// [`Isa::matched_sums`].
pub(crate) fn matched_sums<T: VectorElement>(isa: Isa, factors: &Factors<'_, T>, sums: &mut [T]) {
    let width = MATCHED_VECTORS * isa.lanes::<T>();
    assert!(width <= sums.len(), "sums");
    isa.kernel(Matched(Call::new(factors, (width, width), sums, 0)));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every tile shape on every set against the formula, between cells that must not change.
    macro_rules! every_tile {
        ($name:ident, $type:ty) => {
            #[test]
            fn $name() {
                let value = |i: usize| -> $type { ((i * 37 % 101) as $type - 50.0) / 7.0 };
                for isa in Isa::available() {
                    let lanes = isa.lanes::<$type>();
                    let mut runs = Runs::default();
                    let (lane_step, row_step) = (2 * lanes + 1, 14);
                    runs.clear(lane_step, row_step);
                    let all = [(3, 5, 4), (0, 0, 0), (90, 2, 1), (7, 70, 9)];
                    for (lane, row, count) in all {
                        runs.push(Run { lane, row, count });
                    }
                    let of_lanes: Vec<$type> = (0..90 + 10 * lane_step).map(value).collect();
                    let of_rows: Vec<$type> = (0..70 + 8 * row_step + 12).map(value).collect();
                    let factors = Factors {
                        lanes: &of_lanes,
                        rows: &of_rows,
                        runs: &runs,
                    };
                    let sum = |row: usize, lane: usize| {
                        let mut sum: $type = 0.0;
                        for (l, r, count) in all {
                            for i in 0..count {
                                let row = of_rows[r + i * row_step + row];
                                sum = row.mul_add(of_lanes[l + i * lane_step + lane], sum);
                            }
                        }
                        sum
                    };
                    for vectors in 1..=2 {
                        for rows in 1..=isa.outer_rows::<$type>() {
                            let pitch = vectors * lanes + 3;
                            let before: Vec<$type> = (0..12 * pitch).map(value).collect();
                            let mut sums = before.clone();
                            isa.outer_sums((rows, vectors), &factors, &mut sums, pitch);
                            for (i, (&after, &before)) in sums.iter().zip(&before).enumerate() {
                                let (row, lane) = (i / pitch, i % pitch);
                                let inside =
                                    row < Isa::outer_rows_of(rows) && lane < vectors * lanes;
                                let right = if inside {
                                    before + sum(row, lane)
                                } else {
                                    before
                                };
                                assert_eq!(after.to_bits(), right.to_bits(), "{isa} {rows} {i}");
                            }
                        }
                    }
                    let width = MATCHED_VECTORS * lanes;
                    let many: Vec<$type> = (0..400 + width * 20).map(value).collect();
                    let factors = Factors {
                        lanes: &many,
                        rows: &many,
                        runs: &runs,
                    };
                    let before: Vec<$type> = (0..width + 2).map(value).collect();
                    let mut sums = before.clone();
                    isa.matched_sums(&factors, &mut sums);
                    for (l, (&after, &before)) in sums.iter().zip(&before).enumerate() {
                        let mut sum: $type = 0.0;
                        for (lane, row, count) in all {
                            for i in 0..count {
                                let row = many[row + i * row_step + l.min(width - 1)];
                                sum =
                                    row.mul_add(many[lane + i * lane_step + l.min(width - 1)], sum);
                            }
                        }
                        let right = if l < width { before + sum } else { before };
                        assert_eq!(after.to_bits(), right.to_bits(), "{isa} matched {l}");
                    }
                }
            }
        };
    }

    every_tile!(every_tile_of_f32, f32);
    every_tile!(every_tile_of_f64, f64);

    #[test]
    #[cfg(panic = "unwind")]
    fn arithmetic_that_is_wrong_panics_before_anything_is_touched() {
        let isa = Isa::best();
        let width = 2 * isa.lanes::<f32>();
        let panics = |rows: usize, run: Run, lanes: usize, cells: usize| {
            std::panic::catch_unwind(|| {
                let mut runs = Runs::default();
                runs.clear(width, 4);
                runs.push(run);
                let (lanes, rows_of, mut sums) =
                    (vec![1.0_f32; lanes], vec![1.0; 16], vec![0.0; cells]);
                let factors = Factors {
                    lanes: &lanes,
                    rows: &rows_of,
                    runs: &runs,
                };
                isa.outer_sums((rows, 2), &factors, &mut sums, width);
            })
            .is_err()
        };
        let run = Run {
            lane: 0,
            row: 0,
            count: 4,
        };
        assert!(!panics(4, run, 4 * width, 4 * width));
        assert!(panics(0, run, 4 * width, 4 * width), "rows");
        assert!(panics(4, run, 4 * width - 1, 4 * width), "lanes");
        assert!(panics(4, run, 4 * width, 4 * width - 1), "sums");
        assert!(
            panics(4, Run { row: 1, ..run }, 4 * width, 4 * width),
            "rows"
        );
        let far = Run {
            lane: usize::MAX,
            ..run
        };
        assert!(panics(4, far, 4 * width, 4 * width), "overflow");
    }
}
