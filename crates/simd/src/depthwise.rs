//! The row loop of depthwise layers: outputs side by side, inputs and weights both as vectors.
//!
//! **Idea.** A row of outputs is summed a few vectors at a time in registers. Inputs lie spread so that each product of the
//! row is a plain offset; the weights of one tap lie as a pattern that repeats every `cycle` outputs. Where a vector or a few
//! hold whole cycles, they are loaded once for several cycles of outputs.
//!
//! ```text
//! y[r*y_step + c] = start + sum over terms: panel[term.x + r*x_step + c] * patterns[term.weights + c mod cycle]
//! ```
//!
//! summed in exactly this order for every number of vectors and every instruction set.

use crate::Isa;
use crate::vector::{Kernel, Vector, VectorElement};

/// One product of every output of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Term {
    /// Where the input of the first output lies in the panel.
    pub x: usize,
    /// Where the term's pattern begins, of [`pattern_elements`].
    pub weights: usize,
}

/// What rows of outputs sum over.
#[derive(Clone, Copy, Debug)]
pub struct SpreadRows<'a, T> {
    /// Inputs, spread.
    pub panel: &'a [T],
    /// Patterns of weights.
    pub patterns: &'a [T],
    /// The terms, in the order of summation.
    pub terms: &'a [Term],
    /// Elements after which patterns repeat.
    pub cycle: usize,
    /// How many rows there are, and how many outputs each has.
    pub rows: usize,
    /// See `rows`.
    pub columns: usize,
    /// Distances between neighbouring rows' places in the panel and in the output.
    pub x_step: usize,
    /// See `x_step`.
    pub y_step: usize,
    /// What every sum starts from: this, or what the output holds.
    pub start: Option<T>,
    /// Whether these are the last terms: then -0 is stored as +0.
    pub is_last: bool,
}

/// Elements that a pattern of `cycle` must have, so that every vector finds its weights wherever in the cycle it begins.
pub const fn pattern_elements(cycle: usize) -> usize {
    cycle + LONGEST * if is_short(cycle) { 1 } else { WINDOW }
}

/// Elements that a row of so many outputs reads from each term's place in the panel on.
pub const fn row_reads(columns: usize) -> usize {
    if columns < LONGEST { LONGEST } else { columns }
}

/// Whether every vector holds whole cycles.
const fn is_short(cycle: usize) -> bool {
    cycle > 0 && SHORTEST.is_multiple_of(cycle)
}

/// Elements of the shortest vector and of the longest.
const SHORTEST: usize = 2;
const LONGEST: usize = 16;

/// Vectors that are summed together where a few of them do not hold whole cycles.
const WINDOW: usize = 4;

/// Rows, their bounds already checked.
#[derive(Clone, Copy)]
struct Call<'a, T> {
    panel: *const T,
    rows: usize,
    columns: usize,
    x_step: usize,
    y_step: usize,
    patterns: *const T,
    terms: &'a [Term],
    cycle: usize,
    start: Option<T>,
    is_last: bool,
    one: T,
}

/// The loop: `U` times `P` vectors of outputs from column `at` on, stored at `y`; their patterns begin with element `shift`.
///
/// # Safety
/// Every index of the module's formula lies within its slice for `U*P` vectors of outputs from `at` on and `P` vectors of
/// weights from `shift` on, as many elements lie at `y`, and the vector's features are enabled.
#[inline(always)]
unsafe fn sum<T: Copy + Default, X: Vector<T>, const P: usize, const U: usize>(
    call: &Call<'_, T>,
    panel: *const T,
    at: usize,
    shift: usize,
    y: *mut T,
) {
    // SAFETY: the caller vouches for every index and for the features.
    unsafe {
        let mut acc = [[X::splat(T::default()); P]; U];
        for (u, row) in acc.iter_mut().enumerate() {
            for (p, acc) in row.iter_mut().enumerate() {
                *acc = match call.start {
                    Some(start) => X::splat(start),
                    None => X::load(y.add((u * P + p) * X::LANES)),
                };
            }
        }
        let (panel, patterns) = (panel.wrapping_add(at), call.patterns.wrapping_add(shift));
        for term in call.terms {
            let (x, weights) = (
                panel.wrapping_add(term.x),
                patterns.wrapping_add(term.weights),
            );
            let mut w = [X::splat(T::default()); P];
            for (p, w) in w.iter_mut().enumerate() {
                *w = X::load(weights.add(p * X::LANES));
            }
            for (u, row) in acc.iter_mut().enumerate() {
                for (p, acc) in row.iter_mut().enumerate() {
                    *acc = X::load(x.add((u * P + p) * X::LANES)).fused(w[p], *acc);
                }
            }
        }
        if call.is_last {
            // sum*1 + 0: the sum itself, and +0 for -0.
            let (one, zero) = (X::splat(call.one), X::splat(T::default()));
            for acc in acc.as_flattened_mut() {
                *acc = acc.fused(one, zero);
            }
        }
        for (n, acc) in acc.as_flattened().iter().enumerate() {
            acc.store(y.add(n * X::LANES));
        }
    }
}

/// A whole row of outputs, its places counted from `panel`.
///
/// # Safety
/// As [`sum`], for all columns, or for one vector where there are fewer, and for a window of weights from every place in the
/// cycle on; `columns` elements lie at `y`.
#[inline(always)]
unsafe fn sweep<T: Copy + Default, X: Vector<T>>(call: &Call<'_, T>, panel: *const T, y: *mut T) {
    let columns = call.columns;
    let mut at = 0;
    // SAFETY: blocks end within the columns; patterns reach a window beyond any place in a cycle.
    unsafe {
        if columns < X::LANES {
            let mut whole = [T::default(); LONGEST];
            whole.as_mut_ptr().copy_from_nonoverlapping(y, columns);
            sum::<T, X, 1, 1>(call, panel, 0, 0, whole.as_mut_ptr());
            y.copy_from_nonoverlapping(whole.as_ptr(), columns);
            return;
        }
        // Blocks of whole cycles.
        macro_rules! blocks {
            ($p:literal, $u:literal) => {
                while columns - at >= $u * $p * X::LANES {
                    sum::<T, X, $p, $u>(call, panel, at, 0, y.add(at));
                    at += $u * $p * X::LANES;
                }
            };
        }
        // What is left, by as many vectors at once. The last one may reach back over outputs that are done, and store the
        // same there again, unless sums go on from what the row holds: those must not be taken twice.
        macro_rules! rest {
            ($($n:literal => $p:literal, $u:literal;)+) => {
                let vectors = (columns - at).div_ceil(X::LANES);
                let reaches_back = call.start.is_some() && columns >= vectors * X::LANES;
                let vectors = if reaches_back { vectors } else { (columns - at) / X::LANES };
                match vectors {
                    $($n => {
                        let from = if reaches_back { columns - $n * X::LANES } else { at };
                        sum::<T, X, $p, $u>(call, panel, from, from % call.cycle, y.add(from));
                        at = from + $n * X::LANES;
                    })+
                    _ => {}
                }
            };
        }
        if is_short(call.cycle) {
            blocks!(1, 8);
            rest!(1 => 1, 1; 2 => 1, 2; 3 => 1, 3; 4 => 1, 4; 5 => 1, 5; 6 => 1, 6; 7 => 1, 7; 8 => 1, 8;);
        } else {
            match call.cycle / greatest_common_divisor(call.cycle, X::LANES) {
                1 => blocks!(1, 8),
                2 => blocks!(2, 4),
                3 => blocks!(3, 2),
                4 => blocks!(4, 2),
                _ => {}
            }
            while columns - at > WINDOW * X::LANES {
                sum::<T, X, WINDOW, 1>(call, panel, at, at % call.cycle, y.add(at));
                at += WINDOW * X::LANES;
            }
            rest!(1 => 1, 1; 2 => 2, 1; 3 => 3, 1; 4 => 4, 1;);
        }
        if at < columns {
            let (last, left) = (columns - X::LANES, columns - at);
            if call.start.is_some() {
                sum::<T, X, 1, 1>(call, panel, last, last % call.cycle, y.add(last));
            } else {
                // Only what is left is taken from the vector that reaches back.
                let mut whole = [T::default(); LONGEST];
                whole
                    .as_mut_ptr()
                    .copy_from_nonoverlapping(y.add(last), X::LANES);
                sum::<T, X, 1, 1>(call, panel, last, last % call.cycle, whole.as_mut_ptr());
                let whole = whole.as_ptr().add(X::LANES - left);
                y.add(at).copy_from_nonoverlapping(whole, left);
            }
        }
    }
}

/// All rows.
///
/// # Safety
/// As [`sweep`], for every row.
#[inline(always)]
unsafe fn sweep_rows<T: Copy + Default, X: Vector<T>>(call: &Call<'_, T>, y: *mut T) {
    for row in 0..call.rows {
        let panel = call.panel.wrapping_add(row * call.x_step);
        // SAFETY: passed on from the caller.
        unsafe { sweep::<T, X>(call, panel, y.add(row * call.y_step)) }
    }
}

const fn greatest_common_divisor(mut a: usize, mut b: usize) -> usize {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// One call and its rows, bounds checked: made by [`spread_rows`] alone.
#[derive(Clone, Copy)]
struct Rows<'c, T> {
    call: Call<'c, T>,
    y: *mut T,
}

impl<T: VectorElement> Kernel<T> for Rows<'_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<X: Vector<T>>(self) {
        // SAFETY: the bounds are checked, and the caller has enabled the set's features.
        unsafe { sweep_rows::<T, X>(&self.call, self.y) }
    }
}

/// [`Isa::spread_rows`].
pub(crate) fn spread_rows<T: VectorElement>(isa: Isa, sums: &SpreadRows<'_, T>, y: &mut [T]) {
    let Some(steps) = sums.rows.checked_sub(1) else {
        return;
    };
    let (mut x, mut weights) = (0, 0);
    for term in sums.terms {
        x = x.max(term.x);
        weights = weights.max(term.weights);
    }
    // Whether `count` elements from `first` on, and as many `steps` steps further, lie within a slice.
    let within = |first: usize, step: usize, count: usize, slice: &[T]| {
        let last = steps
            .checked_mul(step)
            .and_then(|far| far.checked_add(first));
        let end = last.and_then(|last| last.checked_add(count));
        end.is_some_and(|end| end <= slice.len())
    };
    assert!(sums.cycle > 0, "a cycle of nothing");
    assert!(within(0, sums.y_step, sums.columns, y), "rows of outputs");
    assert!(
        sums.terms.is_empty()
            || within(x, sums.x_step, row_reads(sums.columns), sums.panel)
                && within(weights, 0, pattern_elements(sums.cycle), sums.patterns),
        "inputs or weights"
    );
    let call = Call {
        panel: sums.panel.as_ptr(),
        rows: sums.rows,
        columns: sums.columns,
        x_step: sums.x_step,
        y_step: sums.y_step,
        patterns: sums.patterns.as_ptr(),
        terms: sums.terms,
        cycle: sums.cycle,
        start: sums.start,
        is_last: sums.is_last,
        one: T::ONE,
    };
    let y = y.as_mut_ptr();
    isa.kernel(Rows { call, y });
}
