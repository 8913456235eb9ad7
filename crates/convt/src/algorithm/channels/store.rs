//! Sums of neighbouring outputs, a row of channels each, into planes.

use convt_simd::Routine;

use crate::Element;

/// Outputs and channels of a block that is turned at a time.
const SIDE: usize = 16;

/// Stores `sums[(from + n)*pitch + c]` at `planes[c][at + n]` for `n` in `0..count`; -0 is stored as +0.
pub(super) struct Turn<'a, 'y, T> {
    pub(super) sums: &'a [T],
    pub(super) pitch: usize,
    pub(super) planes: &'a mut [&'y mut [T]],
    pub(super) at: usize,
    pub(super) count: usize,
}

impl<T: Element> Routine for Turn<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (block, planes) in self.planes.chunks_mut(SIDE).enumerate() {
            let channel = block * SIDE;
            let mut n = 0;
            while n < self.count {
                let here = SIDE.min(self.count - n);
                let sums = &self.sums[n * self.pitch + channel..];
                if here == SIDE && planes.len() == SIDE {
                    let mut square = [[T::ZERO; SIDE]; SIDE];
                    for (to, row) in square.iter_mut().zip(sums.chunks(self.pitch)) {
                        to.copy_from_slice(&row[..SIDE]);
                    }
                    for (c, plane) in planes.iter_mut().enumerate() {
                        let row: [T; SIDE] = std::array::from_fn(|n| square[n][c] + T::ZERO);
                        plane[self.at + n..][..SIDE].copy_from_slice(&row);
                    }
                } else {
                    for (c, plane) in planes.iter_mut().enumerate() {
                        let row = &mut plane[self.at + n..][..here];
                        for (y, sums) in row.iter_mut().zip(sums.chunks(self.pitch)) {
                            *y = sums[c] + T::ZERO;
                        }
                    }
                }
                n += here;
            }
        }
    }
}
