//! Turning: rows of channels into planes.

use crate::Isa;
use crate::vector::{Kernel, Vector, VectorElement};

/// The most lanes of a vector.
pub(crate) const MOST: usize = 16;

/// Sums with channels side by side, and the planes, one per channel, that they are stored in:
///
/// ```text
/// planes[c][at + n] = sums[rows[n] + c] + 0
/// ```
///
/// so that a sum of -0 is stored as +0.
#[derive(Debug)]
pub struct Turn<'a, 'y, T> {
    /// The sums.
    pub sums: &'a [T],
    /// Where the channels of each output begin.
    pub rows: &'a [usize],
    /// Elements that follow each of them and may be read: as many as there are planes, in whole vectors.
    pub lanes: usize,
    /// The planes.
    pub planes: &'a mut [&'y mut [T]],
    /// The first output.
    pub at: usize,
}

/// A turn whose bounds [`turn`] has checked; it alone has the planes.
#[derive(Clone, Copy)]
struct Checked<'a, 'y, T> {
    sums: *const T,
    rows: &'a [usize],
    planes: *mut &'y mut [T],
    count: usize,
    at: usize,
}

impl<T: VectorElement> Kernel<T> for Checked<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<X: Vector<T>>(self) {
        // SAFETY: the caller has enabled the features. `turn` has checked that `lanes` elements follow every row's
        // begin, and `lanes` is a multiple of the vector's length that no plane's index reaches; and that every plane has
        // an output for every row from `at` on. The planes are `Isa::turn`'s own for as long as this runs.
        unsafe {
            let planes = std::slice::from_raw_parts_mut(self.planes, self.count);
            let zero = X::splat(T::default());
            let outputs = self.rows.chunks(X::LANES);
            for (rows, at) in outputs.zip((self.at..).step_by(X::LANES)) {
                for (block, planes) in planes.chunks_mut(X::LANES).enumerate() {
                    let from = self.sums.add(block * X::LANES);
                    let mut square = [zero; MOST];
                    for (to, &row) in square.iter_mut().zip(rows) {
                        *to = X::load(from.add(row));
                    }
                    let columns = turned::<T, X>(square);
                    for (plane, column) in planes.iter_mut().zip(columns) {
                        let column = column.add(zero);
                        let to = plane.as_mut_ptr().add(at);
                        if rows.len() == X::LANES {
                            column.store(to);
                        } else {
                            column.store_first(to, rows.len());
                        }
                    }
                }
            }
        }
    }
}

/// Rows as columns. In the index of an element, row above lane, each round moves the row's first bit to the lane's end and
/// the lane's first bit to the row's end; as many rounds as each has bits exchange them.
///
/// # Safety
/// The vector's features are enabled.
#[inline(always)]
pub(crate) unsafe fn turned<T: VectorElement, X: Vector<T>>(square: [X; MOST]) -> [X; MOST] {
    let mut rows = square;
    for _ in 0..X::LANES.ilog2() {
        let from = rows;
        for i in 0..X::LANES / 2 {
            // SAFETY: passed on from the caller.
            (rows[2 * i], rows[2 * i + 1]) = unsafe { from[i].zip(from[i + X::LANES / 2]) };
        }
    }
    rows
}

/// [`Isa::turn`].
pub(crate) fn turn<T: VectorElement>(isa: Isa, turn: Turn<'_, '_, T>) {
    let Turn {
        sums,
        rows,
        lanes,
        planes,
        at,
    } = turn;
    assert!(
        lanes.is_multiple_of(T::LINE) && planes.len() <= lanes,
        "lanes"
    );
    let Some(last) = rows.iter().max() else {
        return;
    };
    let end = last.checked_add(lanes);
    assert!(end.is_some_and(|end| end <= sums.len()), "sums");
    let end = at.checked_add(rows.len());
    let holds = |plane: &&mut [T]| end.is_some_and(|end| end <= plane.len());
    assert!(planes.iter().all(holds), "planes");
    isa.kernel(Checked {
        sums: sums.as_ptr(),
        rows,
        planes: planes.as_mut_ptr(),
        count: planes.len(),
        at,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows anywhere, as many outputs and planes as fill squares of any set and leave some over.
    macro_rules! every_shape {
        ($name:ident, $type:ty) => {
            #[test]
            fn $name() {
                let guard: $type = -77.25;
                let value = |i: usize| -> $type { if i % 5 == 0 { -0.0 } else { i as $type } };
                for isa in Isa::available() {
                    for (count, channels) in
                        (0..37_usize).flat_map(|n| [1_usize, 5, 16, 33].map(|c| (n, c)))
                    {
                        let lanes = channels.next_multiple_of(<$type>::LINE);
                        let rows: Vec<usize> =
                            (0..count).map(|n| n * 29 % 37 * lanes + 3).collect();
                        let sums: Vec<$type> = (0..3 + 37 * lanes).map(value).collect();
                        let (at, pitch) = (2, count + 5);
                        let mut y = vec![guard; channels * pitch];
                        let mut planes: Vec<_> = y.chunks_mut(pitch).collect();
                        isa.turn(Turn {
                            sums: &sums,
                            rows: &rows,
                            lanes,
                            planes: &mut planes,
                            at,
                        });
                        for (c, plane) in y.chunks(pitch).enumerate() {
                            for (n, y) in plane.iter().enumerate() {
                                let row = n.checked_sub(at).and_then(|n| rows.get(n));
                                let expected = row.map_or(guard, |row| sums[row + c] + 0.0);
                                assert_eq!(
                                    y.to_bits(),
                                    expected.to_bits(),
                                    "{isa} {count} {c} {n}"
                                );
                            }
                        }
                    }
                }
            }
        };
    }

    every_shape!(every_sum_of_f32_lands_in_its_plane_and_nowhere_else, f32);
    every_shape!(every_sum_of_f64_lands_in_its_plane_and_nowhere_else, f64);

    #[test]
    #[cfg(panic = "unwind")]
    fn arithmetic_that_is_wrong_panics_before_anything_is_touched() {
        let panics = |row: usize, lanes: usize, at: usize, planes: usize| {
            std::panic::catch_unwind(|| {
                let (sums, mut y) = (vec![1.0_f32; 40], vec![0.0; planes * 4]);
                let mut planes: Vec<_> = y.chunks_mut(4).collect();
                Isa::best().turn(Turn {
                    sums: &sums,
                    rows: &[0, row],
                    lanes,
                    planes: &mut planes,
                    at,
                });
            })
            .is_err()
        };
        assert!(!panics(24, 16, 2, 16));
        assert!(panics(25, 16, 2, 16), "sums");
        assert!(panics(usize::MAX, 16, 2, 16), "overflow");
        assert!(panics(24, 15, 2, 15), "units");
        assert!(panics(24, 16, 2, 17), "more planes than lanes");
        assert!(panics(24, 16, 3, 16), "outputs");
    }
}
