//! PNG: read and written by rows; an interlaced one is held whole.

use std::io::{BufReader, Write};

use png::{BitDepth, ColorType, Decoder, Encoder, Info, Limits, Reader, Transformations};

use super::{
    Held, MOST_METADATA, Output, ReadSeek, RowReader, RowWriter, broken, buffer, guarded,
    unsupported, unwritten,
};
use crate::error::{Error, Result};
use crate::exif;
use crate::memory::FIXED;
use crate::orient::Orientation;
use crate::picture::{Channels, Depth, Format, Header, Metadata, PngColour};

const FORMAT: Format = Format::Png;

/// The decoder keeps up to this many rows between the file and the caller.
const DECODER_ROWS: u64 = 10;
/// The encoder keeps the last row, this one, and the filtered one.
const ENCODER_ROWS: u64 = 3;

type Source = BufReader<Box<dyn ReadSeek>>;

pub(super) fn open(input: Box<dyn ReadSeek>, limit: u64) -> Result<Box<dyn RowReader>> {
    let limits = Limits {
        bytes: MOST_METADATA as usize,
    };
    let mut decoder = Decoder::new_with_limits(BufReader::new(input), limits);
    decoder.set_ignore_text_chunk(true);
    decoder.set_transformations(Transformations::EXPAND);
    let info = decoder.read_header_info().map_err(|e| refused(&e))?;
    // The row's buffers are made next: weigh them first.
    let row = 8 * u64::from(info.width);
    if row.saturating_mul(DECODER_ROWS) > limit.max(FIXED) {
        return Err(Error::Memory {
            needed: row.saturating_mul(DECODER_ROWS) + FIXED,
            limit,
        });
    }
    let mut reader = decoder.read_info().map_err(|e| refused(&e))?;
    if reader.info().animation_control.is_some() {
        return Err(unsupported(
            FORMAT,
            "it is an animation, and convt enlarges still pictures: extract the frames first",
        ));
    }
    let header = header(&reader)?;
    let metadata = metadata(reader.info());
    let rows = DECODER_ROWS * header.row_bytes() as u64;
    if reader.info().interlaced {
        let memory = header.bytes() as u64 + rows;
        let decode = move || {
            let mut samples = buffer(FORMAT, header.bytes())?;
            reader.next_frame(&mut samples).map_err(|e| refused(&e))?;
            reader.finish().map_err(|e| refused(&e))?;
            to_native(header.depth, &mut samples);
            Ok(samples)
        };
        return Ok(Box::new(Held::new(
            FORMAT,
            header,
            metadata,
            memory,
            Box::new(decode),
        )));
    }
    Ok(Box::new(Rows {
        reader,
        header,
        metadata,
    }))
}

fn refused(error: &png::DecodingError) -> Error {
    broken(FORMAT, error)
}

fn header(reader: &Reader<Source>) -> Result<Header> {
    let (width, height) = reader.info().size();
    let (colour, depth) = reader.output_color_type();
    let channels = match colour {
        ColorType::Grayscale => Channels::Grey,
        ColorType::GrayscaleAlpha => Channels::GreyAlpha,
        ColorType::Rgb => Channels::Rgb,
        ColorType::Rgba => Channels::Rgba,
        ColorType::Indexed => return Err(broken(FORMAT, &"its palette is missing")),
    };
    let depth = if depth == BitDepth::Sixteen {
        Depth::Sixteen
    } else {
        Depth::Eight
    };
    Header::new(width.into(), height.into(), channels, depth)
}

fn metadata(info: &Info<'_>) -> Metadata {
    let exif = info
        .exif_metadata
        .as_deref()
        .map(|block| exif::bare(block).to_vec());
    let tag = exif.as_deref().and_then(exif::block_orientation);
    Metadata {
        icc: info.icc_profile.as_deref().map(<[u8]>::to_vec),
        orientation: Orientation::of_tag(tag.unwrap_or(1)),
        exif,
        png: PngColour {
            srgb: info.srgb,
            gamma: info.gama_chunk,
            chromaticities: info.chrm_chunk,
        },
        notes: Vec::new(),
    }
}

/// PNG's samples are big-endian; rows are in the machine's order.
fn to_native(depth: Depth, row: &mut [u8]) {
    if depth == Depth::Sixteen {
        for pair in row.as_chunks_mut().0 {
            *pair = u16::from_be_bytes(*pair).to_ne_bytes();
        }
    }
}

struct Rows {
    reader: Reader<Source>,
    header: Header,
    metadata: Metadata,
}

impl RowReader for Rows {
    fn header(&self) -> Header {
        self.header
    }

    fn metadata(&mut self) -> &mut Metadata {
        &mut self.metadata
    }

    fn memory(&self) -> u64 {
        DECODER_ROWS * self.header.row_bytes() as u64
    }

    fn read_row(&mut self, row: &mut [u8]) -> Result<()> {
        let got = guarded(FORMAT, || {
            self.reader.read_row(row).map_err(|e| refused(&e))
        })?;
        if got.is_none() {
            return Err(broken(FORMAT, &"it ends too early"));
        }
        to_native(self.header.depth, row);
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        guarded(FORMAT, || self.reader.finish().map_err(|e| refused(&e)))
    }
}

pub(super) fn writer_memory(row: u64) -> u64 {
    row * (ENCODER_ROWS + 1)
}

pub(super) fn create(
    output: Output,
    header: &Header,
    metadata: &Metadata,
) -> Result<Box<dyn RowWriter>> {
    let mut info = Info::with_size(header.width as u32, header.height as u32);
    info.color_type = match header.channels {
        Channels::Grey => ColorType::Grayscale,
        Channels::GreyAlpha => ColorType::GrayscaleAlpha,
        Channels::Rgb => ColorType::Rgb,
        Channels::Rgba => ColorType::Rgba,
    };
    info.bit_depth = match header.depth {
        Depth::Eight => BitDepth::Eight,
        Depth::Sixteen => BitDepth::Sixteen,
    };
    // The encoder writes a profile or the sRGB chunk, and a profile says more.
    info.icc_profile = metadata.icc.as_deref().map(Into::into);
    if metadata.icc.is_none() {
        info.srgb = metadata.png.srgb;
    }
    info.source_gamma = metadata.png.gamma;
    info.source_chromaticities = metadata.png.chromaticities;
    info.exif_metadata = metadata.exif.as_deref().map(Into::into);
    let writer = Encoder::with_info(output, info)
        .and_then(Encoder::write_header)
        .and_then(png::Writer::into_stream_writer)
        .map_err(|e| unwritten(FORMAT, &e))?;
    Ok(Box::new(Stream {
        writer,
        depth: header.depth,
        row: Vec::new(),
    }))
}

struct Stream {
    writer: png::StreamWriter<'static, Output>,
    depth: Depth,
    row: Vec<u8>,
}

impl RowWriter for Stream {
    fn write_row(&mut self, row: &[u8]) -> Result<()> {
        self.row.clear();
        self.row.extend_from_slice(row);
        // The order of bytes turns the same way in both directions.
        to_native(self.depth, &mut self.row);
        self.writer
            .write_all(&self.row)
            .map_err(|e| unwritten(FORMAT, &e))
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.writer.finish().map_err(|e| unwritten(FORMAT, &e))
    }
}
