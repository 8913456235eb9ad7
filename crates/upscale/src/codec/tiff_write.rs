//! TIFF, written by strips: deflate with horizontal differences, the directory at the end.

use std::io::{Seek, SeekFrom, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::{Output, RowWriter, unwritten};
use crate::error::Result;
use crate::exif::{Entry, ORIENTATION, Tags, put_directory};
use crate::picture::{Depth, Format, Header, Metadata};

const FORMAT: Format = Format::Tiff;

/// Most bytes of samples: a classic TIFF's offsets have 32 bits, and incompressible data grows a little.
pub(super) const MOST_BYTES: u64 = 4_000_000_000;
/// Bytes of samples in a strip, when a row is not larger.
const STRIP: usize = 256 << 10;

const ICC_PROFILE: u16 = 34_675;
const UNDEFINED: u16 = 7;

fn strip_rows(header: &Header) -> usize {
    (STRIP / header.row_bytes()).clamp(1, header.height)
}

pub(super) fn writer_memory(header: &Header) -> u64 {
    // A strip, its differences, its coded bytes, which grow by doubling; and two numbers of four bytes per strip.
    let strip = (strip_rows(header) * header.row_bytes()) as u64;
    4 * strip + 16 * (header.height / strip_rows(header)) as u64
}

pub(super) fn create(
    mut output: Output,
    header: &Header,
    metadata: &Metadata,
    orientation: u16,
) -> Result<Box<dyn RowWriter>> {
    // The directory's place is filled in at the end.
    output
        .write_all(b"II\x2a\0\0\0\0\0")
        .map_err(|e| unwritten(FORMAT, &e))?;
    Ok(Box::new(Strips {
        output,
        header: *header,
        icc: metadata.icc.clone(),
        tags: metadata
            .exif
            .as_deref()
            .and_then(|block| Tags::read(&mut std::io::Cursor::new(block)))
            .unwrap_or_default(),
        orientation,
        strip: Vec::new(),
        rows: strip_rows(header),
        offsets: Vec::new(),
        counts: Vec::new(),
        end: 8,
    }))
}

struct Strips {
    output: Output,
    header: Header,
    icc: Option<Vec<u8>>,
    tags: Tags,
    orientation: u16,
    /// Differences of the rows of the strip at hand.
    strip: Vec<u8>,
    rows: usize,
    offsets: Vec<u32>,
    counts: Vec<u32>,
    end: u32,
}

impl Strips {
    fn put(&mut self, bytes: &[u8]) -> Result<u32> {
        let at = self.end;
        self.end = u32::try_from(bytes.len())
            .ok()
            .and_then(|count| at.checked_add(count))
            .ok_or_else(|| unwritten(FORMAT, &"it would be longer than 4G"))?;
        self.output
            .write_all(bytes)
            .map_err(|e| unwritten(FORMAT, &e))?;
        Ok(at)
    }

    fn put_strip(&mut self) -> Result<()> {
        let mut coder = ZlibEncoder::new(Vec::new(), Compression::default());
        let coded = coder
            .write_all(&self.strip)
            .and_then(|()| coder.finish())
            .map_err(|e| unwritten(FORMAT, &e))?;
        self.strip.clear();
        let at = self.put(&coded)?;
        self.offsets.push(at);
        self.counts.push(coded.len() as u32);
        Ok(())
    }

    fn directory(&self) -> Vec<Entry> {
        let channels = self.header.channels;
        let count = channels.count();
        let mut entries = vec![
            Entry::long(256, &[self.header.width as u32]),
            Entry::long(257, &[self.header.height as u32]),
            Entry::short(258, &vec![u16::from(self.header.depth.bits()); count]),
            Entry::short(259, &[8]),
            Entry::short(262, &[if channels.colours() == 1 { 1 } else { 2 }]),
            Entry::long(273, &self.offsets),
            Entry::short(ORIENTATION, &[self.orientation]),
            Entry::short(277, &[count as u16]),
            Entry::long(278, &[self.rows as u32]),
            Entry::long(279, &self.counts),
            Entry::short(284, &[1]),
            Entry::short(317, &[2]),
            Entry::short(339, &vec![1; count]),
        ];
        if channels.has_alpha() {
            entries.push(Entry::short(338, &[2]));
        }
        if let Some(icc) = &self.icc {
            entries.push(Entry {
                tag: ICC_PROFILE,
                kind: UNDEFINED,
                count: icc.len() as u32,
                data: icc.clone(),
            });
        }
        entries.extend(self.tags.main.iter().cloned());
        entries
    }
}

/// Appends the row with each sample replaced by its difference from the same sample of the pixel before it.
fn differences(depth: Depth, channels: usize, row: &[u8], out: &mut Vec<u8>) {
    match depth {
        Depth::Eight => {
            out.extend_from_slice(&row[..channels]);
            out.extend((channels..row.len()).map(|at| row[at].wrapping_sub(row[at - channels])));
        }
        Depth::Sixteen => {
            let samples = row.as_chunks().0;
            let value = |at: usize| u16::from_ne_bytes(samples[at]);
            for at in 0..samples.len() {
                let before = if at < channels {
                    0
                } else {
                    value(at - channels)
                };
                out.extend(value(at).wrapping_sub(before).to_le_bytes());
            }
        }
    }
}

impl RowWriter for Strips {
    fn write_row(&mut self, row: &[u8]) -> Result<()> {
        differences(
            self.header.depth,
            self.header.channels.count(),
            row,
            &mut self.strip,
        );
        if self.strip.len() == self.rows * self.header.row_bytes() {
            self.put_strip()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        if !self.strip.is_empty() {
            self.put_strip()?;
        }
        if self.end % 2 == 1 {
            self.put(&[0])?;
        }
        let mut entries = self.directory();
        let mut tail = Vec::new();
        entries.extend(self.tags.put_below(&mut tail, self.end));
        let at = put_directory(&mut tail, self.end, entries);
        self.put(&tail)?;
        self.output
            .seek(SeekFrom::Start(4))
            .map_err(|e| unwritten(FORMAT, &e))?;
        self.output
            .write_all(&at.to_le_bytes())
            .map_err(|e| unwritten(FORMAT, &e))?;
        self.output
            .seek(SeekFrom::End(0))
            .map_err(|e| unwritten(FORMAT, &e))?;
        Ok(())
    }
}
