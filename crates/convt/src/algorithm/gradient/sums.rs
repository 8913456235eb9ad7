//! The gradient of the bias: sums of planes, in a fixed order that takes vectors.

use convt_simd::{Isa, Routine};

use crate::Element;
use crate::algorithm::threads;

/// Partial sums side by side.
const LANES: usize = 64;

/// Elements of a part, whose sum is added to those of the parts before it.
const PART: usize = 4096;

/// Writes the sum of each channel of `dy`, whose planes are `[n][bias.len()]`.
///
/// A plane is taken in parts of [`PART`] elements, in order: element `i` of a part is added to partial sum `i mod LANES`, the
/// partial sums are added in halves, the second half to the first, and their sum to the channel's. Planes ascend with `n`.
pub(crate) fn bias_gradient<T: Element>(
    isa: Isa,
    dy: &[T],
    plane: usize,
    bias: &mut [T],
    threads: usize,
) {
    bias.fill(T::ZERO);
    let channels = bias.len();
    if dy.is_empty() || channels == 0 {
        return;
    }
    let workers = threads::workers(threads, dy.len() as u128);
    let each = channels.div_ceil(4 * workers);
    let items = bias.chunks_mut(each).enumerate();
    threads::share(vec![(); workers].into_iter(), items, |(), (part, bias)| {
        isa.run(Sums {
            dy,
            plane,
            channels,
            first: part * each,
            bias,
        });
    });
}

/// The sums of some channels, compiled for each instruction set.
struct Sums<'s, T> {
    dy: &'s [T],
    plane: usize,
    channels: usize,
    /// The channel that the first sum is of.
    first: usize,
    bias: &'s mut [T],
}

impl<T: Element> Routine for Sums<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for image in self.dy.chunks_exact(self.plane * self.channels) {
            let planes = image.chunks_exact(self.plane).skip(self.first);
            for (bias, plane) in self.bias.iter_mut().zip(planes) {
                for part in plane.chunks(PART) {
                    *bias = *bias + sum(part);
                }
            }
        }
    }
}

/// The sum of one part.
#[inline(always)]
fn sum<T: Element>(part: &[T]) -> T {
    let mut sums = [T::ZERO; LANES];
    let (whole, rest) = part.as_chunks::<LANES>();
    for values in whole {
        for (sum, &value) in sums.iter_mut().zip(values) {
            *sum = *sum + value;
        }
    }
    for (sum, &value) in sums.iter_mut().zip(rest) {
        *sum = *sum + value;
    }
    let mut half = LANES / 2;
    while half > 0 {
        let (first, second) = sums.split_at_mut(half);
        for (sum, &other) in first.iter_mut().zip(second.iter()) {
            *sum = *sum + other;
        }
        half /= 2;
    }
    sums[0]
}
