//! Rows copied between zeros: what a panel is made of.

use crate::Isa;
use crate::vector::{Kernel, Vector, VectorElement};

/// For every `row < rows`: `before` zeros, `columns` elements of the input, zeros up to `y_pitch`.
///
/// ```text
/// y[row*y_pitch + before + n] = x[row*x_pitch + n]        n < columns, 0 elsewhere in the row
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CopiedRows {
    /// Rows.
    pub rows: usize,
    /// Elements of the input in each of them.
    pub columns: usize,
    /// Zeros before them.
    pub before: usize,
    /// Distance between rows of the input.
    pub x_pitch: usize,
    /// Length of a row of the output.
    pub y_pitch: usize,
}

impl CopiedRows {
    fn x_end(&self) -> Option<usize> {
        let last = self.rows.checked_sub(1)?.checked_mul(self.x_pitch)?;
        last.checked_add(self.columns)
    }
}

/// [`Isa::copy_rows`].
pub(crate) fn copy_rows<T: VectorElement>(isa: Isa, copied: &CopiedRows, x: &[T], y: &mut [T]) {
    if copied.rows == 0 || copied.y_pitch == 0 {
        return;
    }
    let used = copied.before.checked_add(copied.columns);
    assert!(used.is_some_and(|used| used <= copied.y_pitch), "row");
    assert!(copied.x_end().is_some_and(|end| end <= x.len()), "input");
    let whole = copied.rows.checked_mul(copied.y_pitch);
    assert!(whole.is_some_and(|whole| whole <= y.len()), "output");
    isa.kernel(Checked {
        copied: *copied,
        x: x.as_ptr(),
        y: y.as_mut_ptr(),
    });
}

/// A copy whose bounds [`copy_rows`] has checked.
#[derive(Clone, Copy)]
struct Checked<T> {
    copied: CopiedRows,
    x: *const T,
    y: *mut T,
}

/// `count` zeros.
///
/// # Safety
/// As many elements may be written, and the vector's features are enabled.
#[inline(always)]
unsafe fn zeros<T: Copy + Default, X: Vector<T>>(mut to: *mut T, mut count: usize) {
    // SAFETY: no more than `count` elements are written.
    unsafe {
        while count >= X::LANES {
            X::splat(T::default()).store(to);
            to = to.add(X::LANES);
            count -= X::LANES;
        }
        for n in 0..count {
            to.add(n).write(T::default());
        }
    }
}

impl<T: VectorElement> Kernel<T> for Checked<T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<X: Vector<T>>(self) {
        let CopiedRows {
            rows,
            columns,
            before,
            x_pitch,
            y_pitch,
        } = self.copied;
        // SAFETY: rows of the input end within what `x_end` has checked, rows of the output within `rows*y_pitch`; a last
        // vector begins at `columns - LANES` where there are as many, so every access lies within its row.
        unsafe {
            for row in 0..rows {
                let x = self.x.add(row * x_pitch);
                let y = self.y.add(row * y_pitch);
                zeros::<T, X>(y, before);
                zeros::<T, X>(y.add(before + columns), y_pitch - before - columns);
                let y = y.add(before);
                let mut n = 0;
                while n + 4 * X::LANES <= columns {
                    let inputs: [X; 4] = std::array::from_fn(|v| X::load(x.add(n + v * X::LANES)));
                    for (v, input) in inputs.into_iter().enumerate() {
                        input.store(y.add(n + v * X::LANES));
                    }
                    n += 4 * X::LANES;
                }
                while n + X::LANES <= columns {
                    X::load(x.add(n)).store(y.add(n));
                    n += X::LANES;
                }
                if n < columns && columns >= X::LANES {
                    n = columns - X::LANES;
                    X::load(x.add(n)).store(y.add(n));
                } else {
                    for n in n..columns {
                        y.add(n).write(*x.add(n));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: VectorElement + PartialEq + std::fmt::Debug>(of: impl Fn(usize) -> T) {
        for isa in Isa::available() {
            for columns in 0..=100 {
                for (rows, before, behind) in [(1, 0, 0), (2, 1, 0), (3, 2, 18), (2, 17, 1)] {
                    let copied = CopiedRows {
                        rows,
                        columns,
                        before,
                        x_pitch: columns + 2,
                        y_pitch: before + columns + behind,
                    };
                    // Inputs end with the last row's.
                    let count = (rows - 1) * copied.x_pitch + columns;
                    let x: Vec<T> = (0..count).map(|i| of(i + 1)).collect();
                    let guard = of(100_000);
                    let mut y = vec![guard; rows * copied.y_pitch + 20];
                    isa.copy_rows(&copied, &x, &mut y);
                    for (at, &value) in y.iter().enumerate() {
                        let (row, n) = match copied.y_pitch {
                            0 => (rows, 0),
                            pitch => (at / pitch, at % pitch),
                        };
                        let expected = if row >= rows {
                            guard
                        } else if (before..before + columns).contains(&n) {
                            x[row * copied.x_pitch + n - before]
                        } else {
                            T::default()
                        };
                        assert_eq!(value, expected, "{isa} {copied:?} at {at}");
                    }
                }
            }
        }
    }

    #[test]
    fn rows_lie_between_zeros_and_nothing_else_is_touched() {
        check(|i| i as f32);
        check(|i| i as f64);
    }
}
