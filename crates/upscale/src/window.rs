//! The rows of the picture that a band's convolution reads.
//!
//! A band of `r` input rows is convolved with `halo` rows more on both sides. Inside the picture the halo is the
//! neighbouring rows; past its edges the nearest row or column again.

use crate::alpha::Load;
use crate::codec::RowReader;
use crate::error::Result;
use crate::luma::Split;
use crate::picture::Header;

/// Planes of rows, the edges of the picture repeated outwards.
pub(crate) struct Window {
    header: Header,
    load: Load,
    split: Option<Split>,
    planes: usize,
    /// Rows above and below, columns left and right.
    halo: [usize; 2],
    /// Rows of the last band, 0 before the first.
    held: usize,
    data: Vec<f32>,
    row: Vec<u8>,
    samples: Vec<f32>,
    values: Vec<f32>,
}

impl Window {
    /// A window of `planes` planes: the picture's channels, or what `split` makes of them.
    pub(crate) fn new(
        header: Header,
        load: Load,
        split: Option<Split>,
        planes: usize,
        halo: [usize; 2],
    ) -> Self {
        let values = split.as_ref().map_or(0, |_| header.width * planes);
        Self {
            header,
            load,
            split,
            planes,
            halo,
            held: 0,
            data: Vec::new(),
            row: vec![0; header.row_bytes()],
            samples: vec![0.0; header.row_samples()],
            values: vec![0.0; values],
        }
    }

    /// Planes, each of all its rows.
    pub(crate) fn data(&self) -> &[f32] {
        &self.data
    }

    /// Pixels of a row with the halo.
    fn wide(&self) -> usize {
        self.header.width + 2 * self.halo[1]
    }

    /// Makes the window hold the rows `top - halo .. top + count + halo`. It held the band before, or nothing; the two
    /// share `2*halo` rows.
    pub(crate) fn fill(
        &mut self,
        top: usize,
        count: usize,
        reader: &mut dyn RowReader,
    ) -> Result<()> {
        let (halo, wide) = (self.halo[0], self.wide());
        let rows = count + 2 * halo;
        let mut from = 0;
        if self.held == 0 {
            self.data.resize(self.planes * rows * wide, 0.0);
        } else {
            // The first rows of each plane are the last of the plane as it was; a plane never grows, so that each
            // moves towards the front over rows that are used up.
            let old = self.held + 2 * halo;
            for plane in 0..self.planes {
                let source = (plane * old + self.held) * wide;
                self.data
                    .copy_within(source..source + 2 * halo * wide, plane * rows * wide);
            }
            self.data.truncate(self.planes * rows * wide);
            from = 2 * halo;
        }
        self.held = count;
        for index in from..rows {
            // Row `index` of the window is row `top + index - halo` of the picture.
            let row = top + index;
            if row < halo {
                continue;
            }
            if row - halo < self.header.height {
                reader.read_row(&mut self.row)?;
                self.load.row(&self.row, &mut self.samples);
                self.spread(index, rows, wide);
                if row == halo {
                    (0..halo).for_each(|above| self.repeat(index, above, rows, wide));
                }
            } else {
                self.repeat(index - 1, index, rows, wide);
            }
        }
        Ok(())
    }

    /// Writes the values of a row into the planes, the edges repeated outwards.
    fn spread(&mut self, index: usize, rows: usize, wide: usize) {
        let (halo, planes) = (self.halo[1], self.planes);
        let values = match &self.split {
            Some(split) => {
                split.row(&self.samples, &mut self.values);
                &self.values
            }
            None => &self.samples,
        };
        for plane in 0..planes {
            let at = (plane * rows + index) * wide;
            let line = &mut self.data[at..at + wide];
            let (left, rest) = line.split_at_mut(halo);
            let (middle, right) = rest.split_at_mut(wide - 2 * halo);
            for (out, pixel) in middle.iter_mut().zip(values.chunks_exact(planes)) {
                *out = pixel[plane];
            }
            left.fill(middle[0]);
            right.fill(middle[middle.len() - 1]);
        }
    }

    fn repeat(&mut self, from: usize, to: usize, rows: usize, wide: usize) {
        for plane in 0..self.planes {
            let source = (plane * rows + from) * wide;
            self.data
                .copy_within(source..source + wide, (plane * rows + to) * wide);
        }
    }
}
