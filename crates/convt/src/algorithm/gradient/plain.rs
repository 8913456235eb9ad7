//! The definition itself, weight by weight: for few products, and what the other ways are tested against.

use convt_simd::{Isa, Routine};

use super::Pair;
use super::blocks::Blocks;
use crate::Element;

/// Writes the gradient of the weight.
pub(super) fn run<T: Element>(isa: Isa, pair: &Pair<'_, T>, weight: &mut [T]) {
    isa.run(Plain { pair, weight });
}

struct Plain<'p, 'a, T> {
    pair: &'p Pair<'a, T>,
    weight: &'p mut [T],
}

impl<T: Element> Routine for Plain<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let shape = &self.pair.shape;
        let [depth, height, width] = &shape.axes;
        let blocks = Blocks::new(shape.batch * depth.coarse, height.coarse, width.coarse);
        let (coarse_plane, fine_plane) = (shape.coarse_plane(), shape.fine_plane());
        let coarse_each = shape.coarse_channels / shape.groups;
        let fine_each = shape.fine_channels / shape.groups;
        let taps = shape.taps();
        for (kernel, weights) in self.weight.chunks_exact_mut(taps).enumerate() {
            let (ca, cb) = (kernel / fine_each, kernel % fine_each);
            let cb = ca / coarse_each * fine_each + cb;
            for (tap, weight) in weights.iter_mut().enumerate() {
                let tx = width.meeting(tap % width.kernel());
                let ty = height.meeting(tap / width.kernel() % height.kernel());
                let tz = depth.meeting(tap / width.kernel() / height.kernel());
                let mut total = T::ZERO;
                for block in blocks.iter() {
                    let mut sum = T::ZERO;
                    for plane in block.planes {
                        let (n, z) = (plane / depth.coarse, plane % depth.coarse);
                        let coarse = &self.pair.coarse
                            [(n * shape.coarse_channels + ca) * coarse_plane..][..coarse_plane];
                        let fine = &self.pair.fine[(n * shape.fine_channels + cb) * fine_plane..]
                            [..fine_plane];
                        if z < tz.coarse || z >= tz.coarse + tz.count {
                            continue;
                        }
                        let fz = tz.fine + (z - tz.coarse) * depth.stride();
                        let first = block.rows.start.max(ty.coarse);
                        for y in first..block.rows.end.min(ty.coarse + ty.count) {
                            let fy = ty.fine + (y - ty.coarse) * height.stride();
                            let coarse = &coarse[(z * height.coarse + y) * width.coarse..];
                            let fine = &fine[(fz * height.fine + fy) * width.fine..];
                            let first = block.columns.start.max(tx.coarse);
                            let last = block.columns.end.min(tx.coarse + tx.count);
                            if first >= last {
                                continue;
                            }
                            let fx = tx.fine + (first - tx.coarse) * width.stride();
                            let fine = fine[fx..].iter().step_by(width.stride());
                            for (&coarse, &fine) in coarse[first..last].iter().zip(fine) {
                                sum = coarse.fused(fine, sum);
                            }
                        }
                    }
                    total = total + sum;
                }
                *weight = total;
            }
        }
    }
}
