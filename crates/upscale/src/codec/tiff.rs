//! TIFF, read by rows of strips or tiles.

use std::io::{BufReader, SeekFrom};

use tiff::ColorType;
use tiff::decoder::{ChunkType, Decoder, Limits};
use tiff::tags::Tag;

use super::{MOST_METADATA, ReadSeek, RowReader, broken, buffer, guarded, unsupported};
use crate::error::{Error, Result};
use crate::exif::Tags;
use crate::orient::Orientation;
use crate::picture::{Channels, Depth, Format, Header, Metadata};

const FORMAT: Format = Format::Tiff;
const COMPRESSION_JPEG: u32 = 7;
const PLANAR: u32 = 2;
const PALETTE: u32 = 3;
/// More directories than this in one file are a loop or an attack.
const MOST_PAGES: usize = 10_000;

type Source = Decoder<BufReader<Box<dyn ReadSeek>>>;

pub(super) fn open(input: Box<dyn ReadSeek>, limit: u64) -> Result<Box<dyn RowReader>> {
    let mut input = BufReader::new(input);
    let tags = Tags::read(&mut input);
    std::io::Seek::seek(&mut input, SeekFrom::Start(0)).map_err(|e| broken(FORMAT, &e))?;
    let mut decoder = Decoder::new(input).map_err(|e| refused(&e))?;
    single_page(&mut decoder)?;
    let (header, layout) = kind(&mut decoder)?;
    let metadata = metadata(&mut decoder, tags)?;
    let blocks = Blocks::new(&mut decoder, &header, layout)?;
    let mut limits = Limits::default();
    limits.ifd_value_size = MOST_METADATA as usize;
    limits.decoding_buffer_size = usize::MAX;
    limits.intermediate_buffer_size = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(Box::new(Rows {
        decoder: decoder.with_limits(limits),
        header,
        metadata,
        blocks,
        block: Vec::new(),
        next: 0,
    }))
}

fn refused(error: &tiff::TiffError) -> Error {
    match error {
        tiff::TiffError::UnsupportedError(what) => unsupported(FORMAT, what.to_string()),
        tiff::TiffError::IoError(error) => broken(FORMAT, error),
        other => broken(FORMAT, other),
    }
}

fn number(decoder: &mut Source, tag: Tag) -> Result<Option<u32>> {
    decoder.find_tag_unsigned(tag).map_err(|e| refused(&e))
}

/// Refuses several pages; reduced copies and masks of the first are no pages.
fn single_page(decoder: &mut Source) -> Result<()> {
    let mut pages = 1;
    for _ in 0..MOST_PAGES {
        if !decoder.more_images() {
            break;
        }
        let copy = match decoder.next_image() {
            Ok(()) => number(decoder, Tag::NewSubfileType)?.unwrap_or(0) & 0b101 != 0,
            Err(_) => break,
        };
        pages += usize::from(!copy);
    }
    if pages > 1 {
        return Err(unsupported(
            FORMAT,
            format!("it has {pages} pages, and convt enlarges single pictures: split it first"),
        ));
    }
    decoder.seek_to_image(0).map_err(|e| refused(&e))
}

/// How a chunk's samples become those of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// They are the same.
    Plain,
    /// One plane per sample.
    Planes,
    /// Grey of this many bits, most significant first, each row beginning a byte.
    Bits(u8),
    /// Luma and two chromas of 8 bits.
    Ycbcr,
}

fn kind(decoder: &mut Source) -> Result<(Header, Layout)> {
    let (width, height) = decoder.dimensions().map_err(|e| refused(&e))?;
    if number(decoder, Tag::PhotometricInterpretation)? == Some(PALETTE) {
        return Err(unsupported(
            FORMAT,
            "its colours are those of a palette: convert it to RGB, or to PNG, first",
        ));
    }
    let colour = decoder.colortype().map_err(|e| refused(&e))?;
    let formats = decoder
        .find_tag_unsigned_vec::<u32>(Tag::SampleFormat)
        .map_err(|e| refused(&e))?
        .unwrap_or_default();
    if formats.iter().any(|format| *format != 1) {
        return Err(unsupported(
            FORMAT,
            "its samples are not unsigned integers: convert them to 8 or 16 bits first",
        ));
    }
    let extra = decoder
        .find_tag_unsigned_vec::<u32>(Tag::ExtraSamples)
        .map_err(|e| refused(&e))?
        .unwrap_or_default();
    let (channels, bits) = match colour {
        ColorType::Gray(bits) => (Channels::Grey, bits),
        ColorType::GrayA(bits)
        | ColorType::Multiband {
            bit_depth: bits,
            num_samples: 2,
        } if matches!(extra.first(), Some(1 | 2)) => (Channels::GreyAlpha, bits),
        ColorType::RGB(bits) => (Channels::Rgb, bits),
        ColorType::RGBA(bits) => (Channels::Rgba, bits),
        ColorType::YCbCr(8) if number(decoder, Tag::Compression)? == Some(COMPRESSION_JPEG) => {
            (Channels::Rgb, 8)
        }
        other => {
            return Err(unsupported(
                FORMAT,
                format!("its samples are {other:?}: convert it to grey or RGB first"),
            ));
        }
    };
    let planar = number(decoder, Tag::PlanarConfiguration)? == Some(PLANAR);
    let layout = match (colour, bits) {
        (ColorType::YCbCr(_), _) if !planar => Layout::Ycbcr,
        (ColorType::Gray(_), 1 | 2 | 4) => Layout::Bits(bits),
        (ColorType::YCbCr(_), _) => {
            return Err(unsupported(FORMAT, "its luma and chroma lie in planes"));
        }
        (_, 8 | 16) if planar && channels.count() > 1 => Layout::Planes,
        (_, 8 | 16) => Layout::Plain,
        _ => {
            return Err(unsupported(
                FORMAT,
                format!("it has {bits} bits per sample: convert it to 8 or 16 first"),
            ));
        }
    };
    let depth = if bits == 16 {
        Depth::Sixteen
    } else {
        Depth::Eight
    };
    let mut header = Header::new(width.into(), height.into(), channels, depth)?;
    header.premultiplied = channels.has_alpha() && extra.first() == Some(&1);
    Ok((header, layout))
}

fn metadata(decoder: &mut Source, tags: Option<Tags>) -> Result<Metadata> {
    let tag = number(decoder, Tag::Orientation)?.unwrap_or(1);
    let orientation = Orientation::of_tag(tag.into());
    let icc = match decoder.find_tag(Tag::IccProfile) {
        Ok(Some(value)) => value.into_u8_vec().ok(),
        _ => None,
    };
    let exif = tags.and_then(|tags| tags.block(tag as u16));
    Ok(Metadata {
        icc,
        exif,
        orientation,
        ..Metadata::default()
    })
}

/// The grid of strips or tiles.
struct Blocks {
    layout: Layout,
    /// Rows of a strip or tile.
    height: usize,
    /// Pixels of a tile's row; of a strip's, the picture's.
    width: usize,
    across: usize,
    per_plane: usize,
}

impl Blocks {
    fn new(decoder: &mut Source, header: &Header, layout: Layout) -> Result<Self> {
        let (width, height) = decoder.chunk_dimensions();
        let tiles = decoder.get_chunk_type() == ChunkType::Tile;
        let width = if tiles { width as usize } else { header.width };
        let height = (height as usize).min(header.height);
        if width == 0 || height == 0 {
            return Err(broken(FORMAT, &"its strips or tiles have no size"));
        }
        let across = header.width.div_ceil(width);
        let per_plane = across * header.height.div_ceil(height);
        Ok(Self {
            layout,
            height,
            width,
            across,
            per_plane,
        })
    }

    /// The rows of blocks that are decoded, one block on its way, and the same again compressed.
    fn memory(&self, header: &Header) -> u64 {
        let row = (self.width.max(header.width) as u64).saturating_mul(header.pixel_bytes() as u64);
        row.saturating_mul(self.height as u64).saturating_mul(3)
    }
}

struct Rows {
    decoder: Source,
    header: Header,
    metadata: Metadata,
    blocks: Blocks,
    /// The decoded rows of one row of blocks.
    block: Vec<u8>,
    next: usize,
}

impl Rows {
    /// Decodes the row of blocks that begins at picture row `top`.
    fn load(&mut self, top: usize) -> Result<()> {
        let rows = self.blocks.height.min(self.header.height - top);
        if self.block.is_empty() {
            self.block = buffer(FORMAT, self.header.row_bytes() * self.blocks.height)?;
        }
        let planes = if self.blocks.layout == Layout::Planes {
            self.header.channels.count()
        } else {
            1
        };
        for plane in 0..planes {
            for column in 0..self.blocks.across {
                let index = plane * self.blocks.per_plane
                    + top / self.blocks.height * self.blocks.across
                    + column;
                self.load_chunk(index, plane, column, rows)?;
            }
        }
        Ok(())
    }

    fn load_chunk(&mut self, index: usize, plane: usize, column: usize, rows: usize) -> Result<()> {
        let index = u32::try_from(index).map_err(|_| broken(FORMAT, &"it has too many strips"))?;
        let layout = self
            .decoder
            .image_chunk_buffer_layout(index)
            .map_err(|e| refused(&e))?;
        let mut chunk = buffer(FORMAT, layout.len)?;
        self.decoder
            .read_chunk_bytes(index, &mut chunk)
            .map_err(|e| refused(&e))?;
        let left = column * self.blocks.width;
        let pixels = self.blocks.width.min(self.header.width - left);
        let stride = layout
            .row_stride
            .map_or(chunk.len() / rows, std::num::NonZero::get);
        let pixel = self.header.pixel_bytes();
        for (source, target) in chunk
            .chunks(stride)
            .zip(self.block.chunks_exact_mut(self.header.row_bytes()))
            .take(rows)
        {
            let target = &mut target[left * pixel..(left + pixels) * pixel];
            let whole = place(
                self.blocks.layout,
                source,
                target,
                self.header.depth.bytes(),
                plane,
                self.header.channels.count(),
            );
            whole.ok_or_else(|| broken(FORMAT, &"a strip or tile is too short"))?;
        }
        Ok(())
    }
}

/// Writes a chunk's row where it belongs; nothing when the row is too short.
fn place(
    layout: Layout,
    source: &[u8],
    target: &mut [u8],
    sample: usize,
    plane: usize,
    channels: usize,
) -> Option<()> {
    match layout {
        Layout::Plain => target.copy_from_slice(source.get(..target.len())?),
        Layout::Planes => {
            let count = target.len() / channels;
            let source = source.get(..count)?;
            let pixels = target.chunks_exact_mut(channels * sample);
            for (pixel, from) in pixels.zip(source.chunks_exact(sample)) {
                pixel[plane * sample..(plane + 1) * sample].copy_from_slice(from);
            }
        }
        Layout::Bits(bits) => {
            let per_byte = usize::from(8 / bits);
            let mask = (1_u8 << bits) - 1;
            for (column, out) in target.iter_mut().enumerate() {
                let byte = source.get(column / per_byte)?;
                let shift = 8 - bits as usize * (column % per_byte + 1);
                *out = (byte >> shift & mask) * (255 / mask);
            }
        }
        Layout::Ycbcr => {
            let source = source.get(..target.len())?.as_chunks().0;
            for (rgb, ycc) in target.as_chunks_mut().0.iter_mut().zip(source) {
                *rgb = rgb_of(*ycc);
            }
        }
    }
    Some(())
}

/// Full-range BT.601, JPEG's colour space.
fn rgb_of([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
    let round = |v: f32| v.round().clamp(0.0, 255.0) as u8;
    [
        round(y + 1.402 * cr),
        round(y - 0.344_136 * cb - 0.714_136 * cr),
        round(y + 1.772 * cb),
    ]
}

impl RowReader for Rows {
    fn header(&self) -> Header {
        self.header
    }

    fn metadata(&mut self) -> &mut Metadata {
        &mut self.metadata
    }

    fn memory(&self) -> u64 {
        self.blocks.memory(&self.header)
    }

    fn read_row(&mut self, row: &mut [u8]) -> Result<()> {
        let within = self.next % self.blocks.height;
        if within == 0 {
            guarded(FORMAT, || self.load(self.next))?;
        }
        let at = within * row.len();
        row.copy_from_slice(&self.block[at..at + row.len()]);
        self.next += 1;
        Ok(())
    }
}
