//! The eight ways in which a camera's rows may have to be turned, and turning them.

use crate::codec::{RowReader, Whole};
use crate::error::Result;
use crate::picture::{Header, Metadata};

/// EXIF's orientation: where row 0 and column 0 of the stored picture lie in the shown one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Orientation {
    /// 1: top, left. Nothing to do.
    #[default]
    Upright,
    /// 2: top, right. Mirrored left to right.
    Mirrored,
    /// 3: bottom, right. Turned by 180 degrees.
    HalfTurn,
    /// 4: bottom, left. Mirrored top to bottom.
    Flipped,
    /// 5: left, top. Rows are columns.
    Transposed,
    /// 6: right, top. To be turned clockwise.
    Clockwise,
    /// 7: right, bottom. Mirrored at the other diagonal.
    Transversed,
    /// 8: left, bottom. To be turned counter-clockwise.
    CounterClockwise,
}

impl Orientation {
    /// From the tag's value; values out of 1..=8 mean upright, as viewers take them.
    pub fn of_tag(value: u64) -> Self {
        match value {
            2 => Self::Mirrored,
            3 => Self::HalfTurn,
            4 => Self::Flipped,
            5 => Self::Transposed,
            6 => Self::Clockwise,
            7 => Self::Transversed,
            8 => Self::CounterClockwise,
            _ => Self::Upright,
        }
    }

    /// Whether width and height change places.
    pub fn swaps(self) -> bool {
        matches!(
            self,
            Self::Transposed | Self::Clockwise | Self::Transversed | Self::CounterClockwise
        )
    }

    /// Whether the shown rows come in another order than the stored ones, so that the picture must be held whole.
    pub fn reorders_rows(self) -> bool {
        !matches!(self, Self::Upright | Self::Mirrored)
    }

    /// The header of the shown picture.
    #[must_use]
    pub fn header(self, stored: Header) -> Header {
        if self.swaps() {
            Header {
                width: stored.height,
                height: stored.width,
                ..stored
            }
        } else {
            stored
        }
    }

    /// The stored place (row, column) of the shown pixel (`row`, `column`); `stored` gives the stored size.
    fn source(self, stored: &Header, row: usize, column: usize) -> (usize, usize) {
        let last_row = stored.height - 1;
        let last_column = stored.width - 1;
        match self {
            Self::Upright => (row, column),
            Self::Mirrored => (row, last_column - column),
            Self::HalfTurn => (last_row - row, last_column - column),
            Self::Flipped => (last_row - row, column),
            Self::Transposed => (column, row),
            Self::Clockwise => (last_row - column, row),
            Self::Transversed => (last_row - column, last_column - row),
            Self::CounterClockwise => (column, last_column - row),
        }
    }
}

/// The reader with its rows as they are to be shown.
pub(crate) fn turned(
    mut reader: Box<dyn RowReader>,
    orientation: Orientation,
) -> Result<Box<dyn RowReader>> {
    Ok(match orientation {
        Orientation::Upright => reader,
        Orientation::Mirrored => Box::new(Mirror(reader)),
        _ => {
            let whole = reader.whole()?;
            Box::new(Turned::new(whole, Metadata::default(), orientation))
        }
    })
}

/// Rows from right to left.
struct Mirror(Box<dyn RowReader>);

impl RowReader for Mirror {
    fn header(&self) -> Header {
        self.0.header()
    }

    fn metadata(&mut self) -> &mut Metadata {
        self.0.metadata()
    }

    fn memory(&self) -> u64 {
        self.0.memory()
    }

    fn read_row(&mut self, row: &mut [u8]) -> Result<()> {
        self.0.read_row(row)?;
        mirror_row(row, self.0.header().pixel_bytes());
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.0.finish()
    }
}

/// The rows of a whole picture in the order in which it is shown.
struct Turned {
    whole: Whole,
    header: Header,
    metadata: Metadata,
    orientation: Orientation,
    next: usize,
}

impl Turned {
    fn new(whole: Whole, metadata: Metadata, orientation: Orientation) -> Self {
        let header = orientation.header(whole.header);
        Self {
            whole,
            header,
            metadata,
            orientation,
            next: 0,
        }
    }
}

impl RowReader for Turned {
    fn header(&self) -> Header {
        self.header
    }

    fn metadata(&mut self) -> &mut Metadata {
        &mut self.metadata
    }

    fn memory(&self) -> u64 {
        self.whole.samples.len() as u64
    }

    fn read_row(&mut self, row: &mut [u8]) -> Result<()> {
        let pixel = self.header.pixel_bytes();
        let stored = &self.whole.header;
        for (column, out) in row.chunks_exact_mut(pixel).enumerate() {
            let (y, x) = self.orientation.source(stored, self.next, column);
            let at = y * stored.row_bytes() + x * pixel;
            out.copy_from_slice(&self.whole.samples[at..at + pixel]);
        }
        self.next += 1;
        Ok(())
    }
}

/// Reverses the pixels of a row in place.
fn mirror_row(row: &mut [u8], pixel: usize) {
    let count = row.len() / pixel;
    for column in 0..count / 2 {
        let (left, right) = row.split_at_mut((count - 1 - column) * pixel);
        left[column * pixel..(column + 1) * pixel].swap_with_slice(&mut right[..pixel]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Channels, Depth};

    /// A stored picture of 3 columns and 2 rows, `abc` over `def`, and how each orientation shows it.
    #[test]
    fn each_orientation_shows_what_the_standard_says() {
        let header = Header::new(3, 2, Channels::Grey, Depth::Eight).unwrap();
        let shown = [
            (1, vec!["abc", "def"]),
            (2, vec!["cba", "fed"]),
            (3, vec!["fed", "cba"]),
            (4, vec!["def", "abc"]),
            (5, vec!["ad", "be", "cf"]),
            (6, vec!["da", "eb", "fc"]),
            (7, vec!["fc", "eb", "da"]),
            (8, vec!["cf", "be", "ad"]),
            (9, vec!["abc", "def"]),
        ];
        for (tag, rows) in shown {
            let whole = Whole {
                header,
                samples: b"abcdef".to_vec(),
            };
            let mut turned = Turned::new(whole, Metadata::default(), Orientation::of_tag(tag));
            assert_eq!(turned.header().height, rows.len());
            for expected in rows {
                let mut row = vec![0; turned.header().width];
                turned.read_row(&mut row).unwrap();
                assert_eq!(row, expected.as_bytes(), "orientation {tag}");
            }
        }
    }

    #[test]
    fn mirroring_twice_changes_nothing() {
        for count in 0..7_u8 {
            let row: Vec<u8> = (0..count * 3).collect();
            let mut twice = row.clone();
            mirror_row(&mut twice, 3);
            if count > 1 {
                assert_eq!(twice[..3], row[row.len() - 3..]);
            }
            mirror_row(&mut twice, 3);
            assert_eq!(twice, row);
        }
    }
}
