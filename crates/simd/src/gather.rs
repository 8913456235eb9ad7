//! Gathering: planes into rows of channels, each position wherever a table says.

use crate::Isa;
use crate::turn::{MOST, turned};
use crate::vector::{Kernel, Vector, VectorElement};

/// Offsets of positions in an output, and the largest of them.
#[derive(Clone, Debug, Default)]
pub struct Places {
    offsets: Vec<usize>,
    last: usize,
}

impl Places {
    /// Replaces all offsets.
    pub fn set(&mut self, offsets: impl Iterator<Item = usize>) {
        self.offsets.clear();
        self.offsets.extend(offsets);
        self.last = self.offsets.iter().copied().max().unwrap_or(0);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.offsets.len()
    }
}

/// Planes, and rows of their elements:
///
/// ```text
/// rows[places[i] + c] = planes[c*plane + i]      c < channels; 0 for the other c < width
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Gather<'a, T> {
    /// The first channel's first position, and what follows.
    pub planes: &'a [T],
    /// Distance between channels.
    pub plane: usize,
    /// Channels, at most `width`.
    pub channels: usize,
    /// Elements of a row, a multiple of the vector's length.
    pub width: usize,
    /// Where the row of each position begins.
    pub places: &'a Places,
}

/// A call whose bounds [`Isa::gather`] has checked.
#[derive(Clone, Copy)]
struct Checked<'a, T> {
    gather: Gather<'a, T>,
    rows: *mut T,
}

impl<T: VectorElement> Kernel<T> for Checked<'_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<X: Vector<T>>(self) {
        let Gather {
            planes,
            plane,
            channels,
            width,
            places,
        } = self.gather;
        let offsets = &places.offsets[..];
        let count = offsets.len();
        // SAFETY: `Isa::gather` has checked that `count` elements follow every channel's begin, and `width` elements every
        // place. A square reads `LANES` positions of a channel, the last ones of all where fewer are left, and only where there
        // are as many.
        unsafe {
            let zero = X::splat(T::default());
            let mut first = 0;
            while first < width {
                let here = channels.saturating_sub(first).min(X::LANES);
                let from = planes.as_ptr().wrapping_add(first * plane);
                let rows = self.rows.add(first);
                first += X::LANES;
                if count < X::LANES {
                    for (i, &at) in offsets.iter().enumerate() {
                        zero.store(rows.add(at));
                        for c in 0..here {
                            rows.add(at + c).write(*from.add(c * plane + i));
                        }
                    }
                    continue;
                }
                let mut at = 0;
                while at < count {
                    let begin = at.min(count - X::LANES);
                    let mut square = [zero; MOST];
                    for (c, to) in square.iter_mut().enumerate().take(here) {
                        *to = X::load(from.add(c * plane + begin));
                    }
                    let square = turned::<T, X>(square);
                    for (row, &to) in square.iter().zip(&offsets[begin..begin + X::LANES]) {
                        row.store(rows.add(to));
                    }
                    at += X::LANES;
                }
            }
        }
    }
}

/// [`Isa::gather`].
pub(crate) fn gather<T: VectorElement>(isa: Isa, gather: &Gather<'_, T>, rows: &mut [T]) {
    let Gather {
        planes,
        plane,
        channels,
        width,
        places,
    } = *gather;
    assert!(
        width.is_multiple_of(isa.lanes::<T>()) && channels <= width,
        "width"
    );
    if places.offsets.is_empty() {
        return;
    }
    if let Some(last) = channels.checked_sub(1) {
        let end = last.checked_mul(plane);
        let end = end.and_then(|end| end.checked_add(places.offsets.len()));
        assert!(end.is_some_and(|end| end <= planes.len()), "planes");
    }
    let end = places.last.checked_add(width);
    assert!(end.is_some_and(|end| end <= rows.len()), "rows");
    isa.kernel(Checked {
        gather: *gather,
        rows: rows.as_mut_ptr(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! every_shape {
        ($name:ident, $type:ty) => {
            #[test]
            fn $name() {
                let guard: $type = -77.25;
                for isa in Isa::available() {
                    let lanes = isa.lanes::<$type>();
                    for (count, channels) in
                        (0..40_usize).flat_map(|n| [0_usize, 1, 5, 12, 16, 33].map(|c| (n, c)))
                    {
                        let width = channels.next_multiple_of(lanes).max(lanes);
                        let mut places = Places::default();
                        places.set((0..count).map(|i| i * 29 % 41 * (width + 1) + 3));
                        assert_eq!(places.count(), count);
                        let plane = count + 2;
                        let length = (channels.max(1) - 1) * plane + count;
                        let x: Vec<$type> = (0..length).map(|i| i as $type).collect();
                        let mut rows = vec![guard; 3 + 41 * (width + 1)];
                        isa.gather(
                            &Gather {
                                planes: &x,
                                plane,
                                channels,
                                width,
                                places: &places,
                            },
                            &mut rows,
                        );
                        let mut expected = vec![guard; rows.len()];
                        for (i, &at) in places.offsets.iter().enumerate() {
                            for c in 0..width {
                                let value = if c < channels { x[c * plane + i] } else { 0.0 };
                                expected[at + c] = value;
                            }
                        }
                        assert_eq!(rows, expected, "{isa} {count} {channels}");
                    }
                }
            }
        };
    }

    every_shape!(every_element_of_f32_lands_in_its_row, f32);
    every_shape!(every_element_of_f64_lands_in_its_row, f64);

    #[test]
    #[cfg(panic = "unwind")]
    fn arithmetic_that_is_wrong_panics_before_anything_is_touched() {
        let panics = |width: usize, channels: usize, plane: usize, place: usize| {
            std::panic::catch_unwind(|| {
                let (x, mut rows) = (vec![1.0_f32; 10], vec![0.0; 40]);
                let mut places = Places::default();
                places.set([0, place].into_iter());
                Isa::best().gather(
                    &Gather {
                        planes: &x,
                        plane,
                        channels,
                        width,
                        places: &places,
                    },
                    &mut rows,
                );
            })
            .is_err()
        };
        assert!(!panics(16, 5, 2, 24));
        assert!(panics(16, 6, 2, 24), "planes");
        assert!(panics(16, 5, usize::MAX, 24), "overflow");
        assert!(panics(16, 5, 2, 25), "rows");
        assert!(panics(15, 5, 2, 24), "width");
        assert!(panics(16, 17, 0, 24), "channels");
    }
}
