//! Interleaving: rows of sums into rows of outputs, and back.

use std::ops::Add;

use crate::Isa;
use crate::vector::{Kernel, Vector, VectorElement};

/// Rows of sums that are interleaved at most.
pub const WOVEN: usize = 8;

/// Where sums lie and where they go: for every `line < lines`, `j < rows` and `m < count`,
///
/// ```text
/// y[line*y_pitch + step*m + j] = sums[line*sums_pitch + from[j] + m] + 0
/// ```
///
/// so that `rows` neighbouring phases make up `rows` neighbouring outputs, and a sum of -0 is stored as +0.
#[derive(Clone, Copy, Debug)]
pub struct Weave {
    /// Distance between the outputs of one row of sums.
    pub step: usize,
    /// Rows of sums that are interleaved, at most `step` and [`WOVEN`].
    pub rows: usize,
    /// Where they begin; those beyond `rows` do not matter.
    pub from: [usize; WOVEN],
    /// Sums of each row.
    pub count: usize,
    /// How often this is done.
    pub lines: usize,
    /// Distances from line to line.
    pub sums_pitch: usize,
    /// See `sums_pitch`.
    pub y_pitch: usize,
    /// Whether whole vectors are stored past the caches: for outputs that nobody reads before the caches have forgotten them.
    pub streamed: bool,
}

impl Weave {
    /// Elements of `y` that the last line ends at.
    fn y_end(&self) -> Option<usize> {
        let last = (self.lines - 1).checked_mul(self.y_pitch)?;
        let within = (self.count - 1).checked_mul(self.step)?;
        last.checked_add(within)?.checked_add(self.rows)
    }

    /// Elements of `sums` that the last line's last row ends at, whole vectors read.
    fn sums_end(&self, lanes: usize) -> Option<usize> {
        let last = (self.lines - 1).checked_mul(self.sums_pitch)?;
        let row = self.from[..self.rows].iter().copied().max()?;
        // A vector may begin at any sum.
        let count = self.count.checked_add(lanes - 1)?;
        last.checked_add(row)?.checked_add(count)
    }
}

/// [`Isa::weave`].
pub(crate) fn weave<T: VectorElement>(isa: Isa, weave: &Weave, sums: &[T], y: &mut [T]) {
    if weave.rows == 0 || weave.count == 0 || weave.lines == 0 {
        return;
    }
    assert!(weave.rows <= weave.step.min(WOVEN), "rows");
    assert!(weave.y_end().is_some_and(|end| end <= y.len()), "outputs");
    let sums_end = weave.sums_end(isa.lanes::<T>());
    assert!(sums_end.is_some_and(|end| end <= sums.len()), "sums");
    isa.kernel(Checked {
        weave: *weave,
        sums: sums.as_ptr(),
        y: y.as_mut_ptr(),
    });
}

/// [`Isa::unweave`].
pub(crate) fn unweave<T: VectorElement>(isa: Isa, weave: &Weave, sums: &mut [T], y: &[T]) {
    if weave.count == 0 || weave.lines == 0 {
        return;
    }
    let one = Weave {
        rows: 1,
        from: [0; WOVEN],
        ..*weave
    };
    assert!(one.y_end().is_some_and(|end| end <= y.len()), "outputs");
    assert!(one.sums_end(1).is_some_and(|end| end <= sums.len()), "sums");
    isa.kernel(CheckedBack {
        weave: one,
        sums: sums.as_mut_ptr(),
        y: y.as_ptr(),
    });
}

/// An unweave whose bounds [`unweave`] has checked.
#[derive(Clone, Copy)]
struct CheckedBack<T> {
    weave: Weave,
    sums: *mut T,
    y: *const T,
}

/// A weave whose bounds [`weave`] has checked.
#[derive(Clone, Copy)]
struct Checked<T> {
    weave: Weave,
    sums: *const T,
    y: *mut T,
}

/// `R` rows interleaved, a power of two up to 8: the even ones among themselves, the odd ones, then both.
///
/// # Safety
/// As for [`Vector`].
#[inline(always)]
pub(crate) unsafe fn interleave<T: Copy + Default, V: Vector<T>, const R: usize>(
    rows: [V; R],
) -> [V; R] {
    let mut out = rows;
    // SAFETY: passed on from the caller.
    unsafe {
        match R {
            2 => (out[0], out[1]) = rows[0].zip(rows[1]),
            4 => {
                let (even, odd) = (rows[0].zip(rows[2]), rows[1].zip(rows[3]));
                (out[0], out[1]) = even.0.zip(odd.0);
                (out[2], out[3]) = even.1.zip(odd.1);
            }
            8 => {
                let even = interleave::<T, V, 4>([rows[0], rows[2], rows[4], rows[6]]);
                let odd = interleave::<T, V, 4>([rows[1], rows[3], rows[5], rows[7]]);
                for i in 0..4 {
                    (out[2 * i], out[2 * i + 1]) = even[i].zip(odd[i]);
                }
            }
            _ => {}
        }
    }
    out
}

/// A weave of `R` rows, whole vectors at a time.
///
/// # Safety
/// The bounds are checked for vectors of this many lanes, `rows == R`, and the features are enabled.
#[inline(always)]
unsafe fn vectors<T: Copy + Default, V: Vector<T>, const R: usize>(call: &Checked<T>) {
    let Weave {
        step,
        from,
        count,
        lines,
        sums_pitch,
        y_pitch,
        streamed,
        ..
    } = call.weave;
    // SAFETY: each access lies within what `y_end` and `sums_end` have checked: sums up to whole vectors beyond `count`,
    // outputs up to `step*(n-1) + R` for the n of a vector that are below `count`.
    unsafe {
        for line in 0..lines {
            let sums = call.sums.add(line * sums_pitch);
            let y = call.y.add(line * y_pitch);
            // The first vectors are cut short where the outputs then go on from the beginning of a cache line.
            let line_of = 64 / size_of::<T>();
            let lead = (line_of - y.addr() / size_of::<T>() % line_of) % line_of;
            let mut next = if step == R && lead > 0 && lead.is_multiple_of(R) {
                (lead / R).min(V::LANES)
            } else {
                V::LANES
            };
            let mut m = 0;
            while m < count {
                let n = (count - m).min(next);
                next = V::LANES;
                let mut rows = [V::splat(T::default()); R];
                for (j, row) in rows.iter_mut().enumerate() {
                    *row = V::load(sums.add(from[j] + m)).add(V::splat(T::default()));
                }
                let rows = interleave::<T, V, R>(rows);
                let y = y.add(step * m);
                if step != R {
                    // Pieces of R neighbouring outputs, a step apart.
                    let mut all = [[T::default(); 64]; R];
                    let all = all.as_mut_ptr().cast::<T>();
                    for (v, row) in rows.iter().enumerate() {
                        row.store(all.add(v * V::LANES));
                    }
                    for n in 0..n {
                        std::ptr::copy_nonoverlapping(all.add(n * R), y.add(n * step), R);
                    }
                } else if streamed && n == V::LANES {
                    for (v, row) in rows.iter().enumerate() {
                        row.stream(y.add(v * V::LANES));
                    }
                } else if n == V::LANES {
                    for (v, row) in rows.iter().enumerate() {
                        row.store(y.add(v * V::LANES));
                    }
                } else {
                    for (v, row) in rows.iter().enumerate() {
                        let left = (n * R).saturating_sub(v * V::LANES);
                        row.store_first(y.add(v * V::LANES), left.min(V::LANES));
                    }
                }
                m += n;
            }
        }
        if streamed {
            V::fence();
        }
    }
}

/// A weave of any number of rows, element by element.
///
/// # Safety
/// The bounds are checked.
#[inline(always)]
unsafe fn elements<T: Copy + Default + Add<Output = T>>(call: &Checked<T>) {
    let weave = call.weave;
    for line in 0..weave.lines {
        // SAFETY: within what `y_end` and `sums_end` have checked.
        unsafe {
            let sums = call.sums.add(line * weave.sums_pitch);
            let y = call.y.add(line * weave.y_pitch);
            for m in 0..weave.count {
                for j in 0..weave.rows {
                    *y.add(weave.step * m + j) = *sums.add(weave.from[j] + m) + T::default();
                }
            }
        }
    }
}

/// As [`elements`], for as many rows as the step is long, which is known when this is compiled.
///
/// # Safety
/// The bounds are checked, and `rows == step == S`.
#[inline(always)]
unsafe fn steps<T: Copy + Default + Add<Output = T>, const S: usize>(call: &Checked<T>) {
    let weave = call.weave;
    for line in 0..weave.lines {
        // SAFETY: within what `y_end` and `sums_end` have checked; the slices do not overlap.
        unsafe {
            let sums = call.sums.add(line * weave.sums_pitch);
            let y = call.y.add(line * weave.y_pitch);
            let y = std::slice::from_raw_parts_mut(y, weave.count * S);
            let rows: [&[T]; S] = std::array::from_fn(|j| {
                std::slice::from_raw_parts(sums.add(weave.from[j]), weave.count)
            });
            for (m, y) in y.chunks_exact_mut(S).enumerate() {
                for (y, row) in y.iter_mut().zip(&rows) {
                    *y = *row.get_unchecked(m) + T::default();
                }
            }
        }
    }
}

/// # Safety
/// The bounds are checked for vectors of this many lanes, and the features are enabled.
#[inline(always)]
unsafe fn dispatch<T: Copy + Default + Add<Output = T>, V: Vector<T>>(call: &Checked<T>) {
    // SAFETY: passed on from the caller.
    unsafe {
        match (call.weave.rows, call.weave.step) {
            (1, 1) => vectors::<T, V, 1>(call),
            (2, 2) => vectors::<T, V, 2>(call),
            (3, 3) => steps::<T, 3>(call),
            (5, 5) => steps::<T, 5>(call),
            (6, 6) => steps::<T, 6>(call),
            (4, _) => vectors::<T, V, 4>(call),
            (8, _) => vectors::<T, V, 8>(call),
            _ => elements(call),
        }
    }
}

/// The inverse of one row of a weave.
///
/// # Safety
/// The bounds are checked, and the features are enabled.
#[inline(always)]
unsafe fn back<T: Copy + Default, V: Vector<T>>(call: &CheckedBack<T>) {
    let weave = call.weave;
    for line in 0..weave.lines {
        // SAFETY: within what `y_end` and `sums_end` have checked: of a step of 2, whole vectors are read only while
        // `2*(m + LANES) <= 2*(count - 1) + 1`, rounded down.
        unsafe {
            let sums = call.sums.add(line * weave.sums_pitch);
            let y = call.y.add(line * weave.y_pitch);
            let mut m = 0;
            if weave.step == 2 {
                while m + V::LANES < weave.count {
                    let pairs = V::load(y.add(2 * m)).even(V::load(y.add(2 * m + V::LANES)));
                    pairs.store(sums.add(m));
                    m += V::LANES;
                }
            }
            while m < weave.count {
                *sums.add(m) = *y.add(weave.step * m);
                m += 1;
            }
        }
    }
}

impl<T: VectorElement> Kernel<T> for Checked<T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<X: Vector<T>>(self) {
        // SAFETY: the bounds are checked for vectors of this set, and the caller has enabled its features.
        unsafe { dispatch::<T, X>(&self) }
    }
}

impl<T: VectorElement> Kernel<T> for CheckedBack<T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<X: Vector<T>>(self) {
        // SAFETY: as above.
        unsafe { back::<T, X>(&self) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T>(of: impl Fn(usize) -> T, guard: T)
    where
        T: VectorElement + PartialEq + std::fmt::Debug,
    {
        for isa in Isa::available() {
            for (step, rows) in (1..=9).flat_map(|s| (1..=s.min(WOVEN)).map(move |r| (s, r))) {
                for count in [1, 2, 3, 7, 8, 9, 15, 16, 17, 33] {
                    let weave = Weave {
                        step,
                        rows,
                        // In reverse, so that the order matters.
                        from: std::array::from_fn(|j| rows.saturating_sub(j + 1) * (count + 3)),
                        count,
                        lines: 2,
                        sums_pitch: rows * (count + 3) + 1,
                        y_pitch: step * count + 2,
                        streamed: count % 2 == 1,
                    };
                    let sums: Vec<T> = (0..2 * weave.sums_pitch + 32).map(&of).collect();
                    let mut y = vec![guard; 2 * weave.y_pitch + 4];
                    isa.weave(&weave, &sums, &mut y);
                    for (at, &value) in y.iter().enumerate() {
                        let (line, at) = (at / weave.y_pitch, at % weave.y_pitch);
                        let (m, j) = (at / step, at % step);
                        let expected = if line < 2 && m < count && j < rows {
                            sums[line * weave.sums_pitch + weave.from[j] + m]
                        } else {
                            guard
                        };
                        assert_eq!(value, expected, "{isa} {weave:?} line {line} at {at}");
                    }
                    for j in 0..rows {
                        let mut back = vec![guard; sums.len()];
                        isa.unweave(&weave, &mut back, &y[j..]);
                        for line in 0..2 {
                            let from = line * weave.sums_pitch;
                            let sums = &sums[from + weave.from[j]..][..count];
                            assert_eq!(&back[from..from + count], sums);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn weaving_stores_every_sum_in_its_place_and_nothing_else() {
        check(|i| i as f32 + 1.0, -77.25);
        check(|i| i as f64 + 1.0, -77.25);
    }

    #[test]
    fn a_negative_zero_is_stored_as_zero() {
        let weave = Weave {
            step: 2,
            rows: 2,
            from: [0, 16, 0, 0, 0, 0, 0, 0],
            count: 3,
            lines: 1,
            sums_pitch: 0,
            y_pitch: 0,
            streamed: false,
        };
        for isa in Isa::available() {
            let mut y = [1.0_f32; 6];
            isa.weave(&weave, &[-0.0; 64], &mut y);
            assert!(y.iter().all(|y| y.to_bits() == 0), "{isa}");
        }
    }
}
