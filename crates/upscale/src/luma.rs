//! Colours to the planes that a network and a kernel enlarge, and back.
//!
//! A network sees light and dark: luma of BT.601 in studio range, `Y = 16 + 219 (0.299 R + 0.587 G + 0.114 B)` for colours
//! from 0 to 1, divided by 255. The colour differences `B - L` and `R - L` to the full-range luma `L` change slowly and are
//! left to a kernel. A grey picture has luma alone.
//!
//! Colours come multiplied by alpha, and what was multiplied must be divided by an alpha that was enlarged in the same
//! way: alpha therefore passes through the network as a picture of its own, and beside the colour differences through the
//! kernel too. A network does not keep black and white exactly; alpha is therefore measured between the
//! network's answers to a clear and to an opaque picture, one pair for each phase: opaque stays opaque, clear clear.

use crate::picture::{Channels, Header};

const RED: f32 = 0.299;
const GREEN: f32 = 0.587;
const BLUE: f32 = 0.114;

/// What the network sees of a full-range value from 0 to 1.
pub(crate) fn studio(value: f32) -> f32 {
    (16.0 + 219.0 * value) / 255.0
}

fn full(studio: f32) -> f32 {
    (studio * 255.0 - 16.0) / 219.0
}

/// Planes by their order in a window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Split {
    channels: Channels,
    max: f32,
}

impl Split {
    pub(crate) fn new(header: &Header) -> Self {
        Self {
            channels: header.channels,
            max: header.depth.max(),
        }
    }

    /// Planes for the network: luma, and alpha where there is some.
    pub(crate) fn lumas(self) -> usize {
        1 + usize::from(self.channels.has_alpha())
    }

    /// Planes for the kernel, behind the others: two colour differences, and alpha again where there is some.
    pub(crate) fn chromas(self) -> usize {
        match self.channels {
            Channels::Grey | Channels::GreyAlpha => 0,
            Channels::Rgb => 2,
            Channels::Rgba => 3,
        }
    }

    /// The values of a row of pixels to those of its planes, both interleaved.
    pub(crate) fn row(self, samples: &[f32], values: &mut [f32]) {
        let unit = 1.0 / self.max;
        match self.channels {
            Channels::Grey | Channels::GreyAlpha => {
                for (to, from) in values.iter_mut().zip(samples) {
                    *to = studio(from * unit);
                }
            }
            Channels::Rgb => {
                let pixels = values.as_chunks_mut().0.iter_mut();
                for (to, &[r, g, b]) in pixels.zip(samples.as_chunks().0) {
                    let luma = RED * r + GREEN * g + BLUE * b;
                    *to = [studio(luma * unit), b - luma, r - luma];
                }
            }
            Channels::Rgba => {
                let pixels = values.as_chunks_mut().0.iter_mut();
                for (to, &[r, g, b, a]) in pixels.zip(samples.as_chunks().0) {
                    let luma = RED * r + GREEN * g + BLUE * b;
                    *to = [studio(luma * unit), studio(a * unit), b - luma, r - luma, a];
                }
            }
        }
    }
}

/// A network's answers to a clear and to an opaque picture, for each column of one row of phases.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends<'a> {
    pub(crate) clear: &'a [f32],
    pub(crate) opaque: &'a [f32],
}

/// Enlarged planes to the planes of the picture's channels.
pub(crate) struct Merge {
    split: Split,
    planes: Vec<Vec<f32>>,
}

impl Merge {
    /// For rows of `width` pixels of the result.
    pub(crate) fn new(split: Split, width: usize) -> Self {
        Self {
            split,
            planes: vec![vec![0.0; width]; split.channels.count()],
        }
    }

    /// Merges one row, given the network's planes, the kernel's, and the ends of alpha. Colours come out multiplied by
    /// alpha.
    pub(crate) fn row(
        &mut self,
        lumas: &[&[f32]],
        chromas: &[&[f32]],
        ends: Ends<'_>,
    ) -> Vec<&[f32]> {
        let max = self.split.max;
        match (&mut self.planes[..], lumas, chromas) {
            ([grey], [luma], _) => {
                for (to, &y) in grey.iter_mut().zip(*luma) {
                    *to = full(y) * max;
                }
            }
            ([grey, alpha], [luma, mask], _) => {
                measure(alpha, mask, ends);
                for ((to, &y), alpha) in grey.iter_mut().zip(*luma).zip(alpha) {
                    *to = divided(full(y), *alpha) * max * *alpha;
                    *alpha *= max;
                }
            }
            ([red, green, blue], [luma], [db, dr]) => {
                let planes = red.iter_mut().zip(green).zip(blue);
                let parts = luma.iter().zip(*db).zip(*dr);
                for (((r, g), b), ((&y, &db), &dr)) in planes.zip(parts) {
                    [*r, *g, *b] = rgb(full(y) * max, db, dr);
                }
            }
            ([red, green, blue, alpha], [luma, mask], [db, dr, soft]) => {
                measure(alpha, mask, ends);
                let planes = red.iter_mut().zip(green).zip(blue).zip(alpha);
                let parts = luma.iter().zip(*db).zip(*dr).zip(*soft);
                for ((((r, g), b), alpha), (((&y, &db), &dr), &soft)) in planes.zip(parts) {
                    let luma = divided(full(y), *alpha) * max;
                    let soft = soft / max;
                    let straight = rgb(luma, divided(db, soft), divided(dr, soft));
                    [*r, *g, *b] = straight.map(|v| v.clamp(0.0, max) * *alpha);
                    *alpha *= max;
                }
            }
            _ => {}
        }
        self.planes.iter().map(Vec::as_slice).collect()
    }
}

/// Red, green and blue of luma and the differences to it.
fn rgb(luma: f32, db: f32, dr: f32) -> [f32; 3] {
    // 0 = RED (R - L) + GREEN (G - L) + BLUE (B - L)
    let dg = -(RED * dr + BLUE * db) / GREEN;
    [luma + dr, luma + dg, luma + db]
}

/// A value that was multiplied by alpha as if it had not been; 0 where nothing is left of it.
fn divided(value: f32, alpha: f32) -> f32 {
    if alpha > 1e-6 { value / alpha } else { 0.0 }
}

/// Alpha from 0 to 1 by the network's answer between those to clear and opaque.
fn measure(alpha: &mut [f32], mask: &[f32], ends: Ends<'_>) {
    let phases = ends.clear.iter().zip(ends.opaque).cycle();
    for ((to, &y), (&clear, &opaque)) in alpha.iter_mut().zip(mask).zip(phases) {
        let share = (y - clear) / (opaque - clear);
        // A network that answers both alike tells nothing.
        *to = if share.is_nan() {
            0.0
        } else {
            share.clamp(0.0, 1.0)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Depth;

    const ENDS: Ends<'static> = Ends {
        clear: &[16.0 / 255.0],
        opaque: &[235.0 / 255.0],
    };

    #[test]
    fn planes_that_stay_as_they_are_give_the_colours_back() {
        for channels in [
            Channels::Grey,
            Channels::GreyAlpha,
            Channels::Rgb,
            Channels::Rgba,
        ] {
            for depth in [Depth::Eight, Depth::Sixteen] {
                let header = Header::new(5, 1, channels, depth).unwrap();
                let (count, max) = (channels.count(), depth.max());
                let mut samples: Vec<f32> = (0..5 * count)
                    .map(|n| ((n * 7919 + 13) % 256) as f32 / 255.0 * max)
                    .collect();
                if channels.has_alpha() {
                    for pixel in samples.chunks_exact_mut(count) {
                        let alpha = pixel[count - 1] / max;
                        pixel[..count - 1].iter_mut().for_each(|v| *v *= alpha);
                    }
                }
                let split = Split::new(&header);
                let planes = split.lumas() + split.chromas();
                let mut values = vec![0.0; 5 * planes];
                split.row(&samples, &mut values);
                let plane = |p: usize| -> Vec<f32> {
                    values.iter().skip(p).step_by(planes).copied().collect()
                };
                let all: Vec<Vec<f32>> = (0..planes).map(plane).collect();
                let all: Vec<&[f32]> = all.iter().map(Vec::as_slice).collect();
                let (lumas, chromas) = all.split_at(split.lumas());
                let mut merge = Merge::new(split, 5);
                let out = merge.row(lumas, chromas, ENDS);
                for (n, &sample) in samples.iter().enumerate() {
                    let got = out[n % count][n / count];
                    assert!(
                        (got - sample).abs() <= max * 4e-6,
                        "{channels:?} {n}: {got} {sample}"
                    );
                }
            }
        }
    }

    #[test]
    fn clear_and_opaque_stay_exact() {
        let ends = Ends {
            clear: &[0.061, 0.064],
            opaque: &[0.92, 0.93],
        };
        let mut alpha = [0.5; 4];
        measure(&mut alpha, &[0.061, 0.93, 0.92, 0.064], ends);
        assert_eq!(alpha, [0.0, 1.0, 1.0, 0.0]);
        let same = Ends {
            clear: &[0.1],
            opaque: &[0.1],
        };
        measure(&mut alpha, &[0.1, 0.2, 0.0, 0.1], same);
        assert!(alpha.iter().all(|a| (0.0..=1.0).contains(a)));
    }
}
