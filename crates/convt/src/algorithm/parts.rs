//! An output taken apart for threads: groups of images, slabs of their planes, pieces of their channels.

/// How much of an output a job has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    /// Images.
    pub(crate) images: usize,
    /// Positions along the axis that a plane is cut along.
    pub(crate) slab: usize,
    /// Pieces that the blocks of channels are shared in.
    pub(crate) pieces: usize,
}

/// What there is to share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole {
    pub(crate) batch: usize,
    /// Blocks of channels.
    pub(crate) blocks: usize,
    /// Whether channels are shared before positions, for the sake of their weights.
    pub(crate) by_channels: bool,
}

impl Share {
    /// Makes jobs smaller until there are at least `wanted`, as far as there is enough to share: images, then channels where
    /// their weights are many, then positions, then channels.
    pub(crate) fn make(&mut self, wanted: usize, whole: &Whole) {
        if whole.batch.div_ceil(self.images.max(1)) < wanted {
            self.images = whole.batch.div_ceil(wanted).max(1);
        }
        let mut jobs = whole.batch.div_ceil(self.images.max(1)).max(1);
        if whole.by_channels && jobs < wanted {
            self.pieces = wanted.div_ceil(jobs).min(whole.blocks).max(1);
            jobs *= self.pieces;
        }
        if jobs < wanted && self.images == 1 {
            let all = self.slab;
            self.slab = all.div_ceil(wanted.div_ceil(jobs).min(all));
            jobs *= all.div_ceil(self.slab);
        }
        if jobs < wanted {
            self.pieces = (self.pieces * wanted.div_ceil(jobs))
                .min(whole.blocks)
                .max(1);
        }
    }
}

/// How an output is taken apart. No size is zero.
#[derive(Clone, Debug)]
pub(crate) struct Split {
    /// Elements of a plane, and of a slab of it; the last slab may be shorter.
    pub(crate) plane: usize,
    pub(crate) slab: usize,
    /// Images of a group; the last group may have fewer.
    pub(crate) images: usize,
    /// Channels of each piece: all of an image's together.
    pub(crate) pieces: Vec<usize>,
}

/// Some channels of a slab of some images.
pub(crate) struct Part<'y, T> {
    /// First image.
    pub(crate) image: usize,
    pub(crate) images: usize,
    /// Numbers of the slab and of the piece.
    pub(crate) slab: usize,
    pub(crate) piece: usize,
    /// The slab's part of each plane, images outermost, the piece's channels within.
    pub(crate) planes: Vec<&'y mut [T]>,
}

impl Split {
    pub(crate) fn parts<T: Send>(self, y: &mut [T]) -> impl Iterator<Item = Part<'_, T>> + Send {
        let image = self.plane * self.pieces.iter().sum::<usize>();
        let slabs = self.plane.div_ceil(self.slab);
        let groups = y.chunks_mut(image * self.images).enumerate();
        groups.flat_map(move |(group, y)| {
            let images = y.len() / image;
            let none = || self.pieces.iter().map(|_| Vec::new()).collect();
            let mut parts: Vec<Vec<Vec<&mut [T]>>> = (0..slabs).map(|_| none()).collect();
            for image in y.chunks_mut(image) {
                let mut planes = image.chunks_mut(self.plane);
                for (piece, &channels) in self.pieces.iter().enumerate() {
                    for plane in planes.by_ref().take(channels) {
                        for (slab, part) in plane.chunks_mut(self.slab).enumerate() {
                            parts[slab][piece].push(part);
                        }
                    }
                }
            }
            let first = group * self.images;
            parts
                .into_iter()
                .enumerate()
                .flat_map(move |(slab, pieces)| {
                    pieces
                        .into_iter()
                        .enumerate()
                        .map(move |(piece, planes)| Part {
                            image: first,
                            images,
                            slab,
                            piece,
                            planes,
                        })
                })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_shared_first_then_positions_then_channels_unless_their_weights_are_many() {
        let share = |images, slab, wanted, batch, blocks, by_channels| {
            let mut share = Share {
                images,
                slab,
                pieces: 1,
            };
            share.make(
                wanted,
                &Whole {
                    batch,
                    blocks,
                    by_channels,
                },
            );
            (share.images, share.slab, share.pieces)
        };
        assert_eq!(share(8, 32, 4, 16, 10, false), (4, 32, 1));
        assert_eq!(share(1, 32, 4, 1, 10, false), (1, 8, 1));
        assert_eq!(share(1, 32, 4, 1, 10, true), (1, 32, 4));
        assert_eq!(share(1, 2, 8, 1, 10, false), (1, 1, 4));
        assert_eq!(share(1, 2, 8, 1, 3, false), (1, 1, 3));
        assert_eq!(share(1, 32, 4, 0, 10, true), (1, 32, 4));
    }

    #[test]
    fn every_element_is_in_one_part_in_the_order_of_images_and_channels() {
        // Five images of three channels of ten elements, numbered.
        let mut y: Vec<usize> = (0..150).collect();
        let split = Split {
            plane: 10,
            slab: 4,
            images: 2,
            pieces: vec![1, 2],
        };
        let mut seen = Vec::new();
        for part in split.parts(&mut y) {
            let channels = [1, 2][part.piece];
            let first = [0, 1][part.piece];
            assert_eq!(part.planes.len(), part.images * channels);
            for (n, plane) in part.planes.iter().enumerate() {
                let (image, channel) = (part.image + n / channels, first + n % channels);
                let begin = (image * 3 + channel) * 10 + part.slab * 4;
                let end = (begin + 4).min((image * 3 + channel + 1) * 10);
                assert_eq!(plane.to_vec(), (begin..end).collect::<Vec<_>>());
                seen.extend_from_slice(plane);
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..150).collect::<Vec<_>>());
    }
}
