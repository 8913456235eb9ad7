//! JPEG: held whole when read and when written.

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use jpeg_encoder::{ColorType, Encoder};
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::{
    Collected, Held, Output, ReadSeek, RowReader, RowWriter, broken, buffer, unsupported, unwritten,
};
use crate::error::{Error, Result};
use crate::exif;
use crate::orient::Orientation;
use crate::picture::{Channels, Depth, Format, Header, Metadata};

const FORMAT: Format = Format::Jpeg;
/// Most bytes of the EXIF block in its one segment, and of the profile in its 255.
const MOST_EXIF: usize = 65_533 - 6;
const MOST_ICC: usize = 254 * 65_519;

pub(super) fn open(input: Box<dyn ReadSeek>) -> Result<Box<dyn RowReader>> {
    let mut input = BufReader::new(input);
    let frame = Frame::read(&mut input)?;
    let channels = match (frame.precision, frame.components) {
        (8, 1) => Channels::Grey,
        (8, 3) => Channels::Rgb,
        (8, 4) => {
            return Err(unsupported(
                FORMAT,
                "it is CMYK: convert it to RGB first, with its profile",
            ));
        }
        (8, n) => {
            return Err(unsupported(
                FORMAT,
                format!("it has {n} components, and convt reads 1 and 3"),
            ));
        }
        (bits, _) => {
            return Err(unsupported(
                FORMAT,
                format!("it has {bits} bits per sample, and convt reads 8"),
            ));
        }
    };
    let header = Header::new(
        frame.width.into(),
        frame.height.into(),
        channels,
        Depth::Eight,
    )?;
    input
        .seek(SeekFrom::Start(0))
        .map_err(|e| broken(FORMAT, &e))?;
    let space = if channels == Channels::Grey {
        ColorSpace::Luma
    } else {
        ColorSpace::RGB
    };
    let options = DecoderOptions::default()
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_out_colorspace(space);
    let mut decoder = JpegDecoder::new_with_options(input, options);
    decoder.decode_headers().map_err(|e| refused(&e))?;
    let exif = decoder.exif().map(|block| exif::bare(block).to_vec());
    let tag = exif.as_deref().and_then(exif::block_orientation);
    let metadata = Metadata {
        icc: decoder.icc_profile(),
        orientation: Orientation::of_tag(tag.unwrap_or(1)),
        exif,
        ..Metadata::default()
    };
    let decode = move || {
        let mut samples = buffer(FORMAT, header.bytes())?;
        decoder.decode_into(&mut samples).map_err(|e| refused(&e))?;
        Ok(samples)
    };
    let memory = frame.memory(&header);
    Ok(Box::new(Held::new(
        FORMAT,
        header,
        metadata,
        memory,
        Box::new(decode),
    )))
}

fn refused(error: &zune_jpeg::errors::DecodeErrors) -> Error {
    broken(FORMAT, &format!("{error:?}"))
}

/// What the markers say before anything is decoded.
struct Frame {
    precision: u8,
    width: u16,
    height: u16,
    components: u8,
    /// Whether coefficients of the whole picture are kept: progressive, or a scan per component.
    gathers: bool,
}

impl Frame {
    /// Walks all markers of the file, from its first to its end marker: a file without one was cut short, which the
    /// decoder would fill with grey.
    fn read<R: BufRead + Seek>(input: &mut R) -> Result<Self> {
        let mut frame: Option<Self> = None;
        let mut scans = false;
        loop {
            let marker = next_marker(input).ok_or_else(|| broken(FORMAT, &"it ends too early"))?;
            match marker {
                // Start, restarts and the reserved marker stand alone.
                0x01 | 0xd0..=0xd8 => continue,
                0xd9 => break,
                _ => {}
            }
            let length = u16::from_be_bytes(take(input)?);
            let body = i64::from(
                length
                    .checked_sub(2)
                    .ok_or_else(|| broken(FORMAT, &"a segment of no length"))?,
            );
            let mut read = 0;
            match marker {
                0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                    let [precision, h1, h0, w1, w0, components] = take(input)?;
                    read = 6;
                    frame.get_or_insert(Self {
                        precision,
                        width: u16::from_be_bytes([w1, w0]),
                        height: u16::from_be_bytes([h1, h0]),
                        components,
                        gathers: marker != 0xc0 && marker != 0xc1,
                    });
                }
                0xda => {
                    let [components] = take(input)?;
                    read = 1;
                    let frame = frame
                        .as_mut()
                        .ok_or_else(|| broken(FORMAT, &"a scan before the frame"))?;
                    frame.gathers |= components != frame.components;
                    scans = true;
                }
                _ => {}
            }
            input
                .seek_relative(body - read)
                .map_err(|e| broken(FORMAT, &e))?;
        }
        match frame {
            Some(frame) if scans => Ok(frame),
            _ => Err(broken(FORMAT, &"it has no picture")),
        }
    }

    /// The samples, sixteen rows of blocks, and with `gathers` a coefficient of two bytes for every sample of the
    /// picture padded to blocks of 32.
    fn memory(&self, header: &Header) -> u64 {
        let padded = |n: usize| (n as u64).next_multiple_of(32);
        let components = u64::from(self.components);
        let rows = padded(header.width) * components * 4 * 64;
        let gathered = padded(header.width) * padded(header.height) * components * 2;
        header.bytes() as u64 + rows + if self.gathers { gathered } else { 0 }
    }
}

fn take<const N: usize>(input: &mut impl Read) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    input
        .read_exact(&mut bytes)
        .map_err(|e| broken(FORMAT, &e))?;
    Ok(bytes)
}

/// Skips to the next marker, over the data of a scan, in which `FF 00` is a byte and not a marker.
fn next_marker(input: &mut impl BufRead) -> Option<u8> {
    let mut after_ff = false;
    loop {
        let chunk = input.fill_buf().ok()?;
        if chunk.is_empty() {
            return None;
        }
        let mut used = chunk.len();
        let mut found = None;
        for (at, &byte) in chunk.iter().enumerate() {
            if after_ff && byte != 0 && byte != 0xff {
                used = at + 1;
                found = Some(byte);
                break;
            }
            after_ff = byte == 0xff;
        }
        input.consume(used);
        if found.is_some() {
            return found;
        }
    }
}

pub(super) fn writer_memory(header: &Header) -> u64 {
    // All samples, and the encoder's rows of blocks.
    header.bytes() as u64 + 64 * header.row_bytes() as u64
}

pub(super) fn create(
    output: Output,
    header: &Header,
    metadata: &Metadata,
    quality: u8,
) -> Box<dyn RowWriter> {
    let header = *header;
    let icc = metadata.icc.clone();
    let exif = metadata.exif.clone();
    Box::new(Collected::new(&header, move |samples: Vec<u8>| {
        let mut encoder = Encoder::new(output, quality);
        if let Some(exif) = exif {
            encoder
                .add_exif_metadata(&exif)
                .map_err(|e| unwritten(FORMAT, &e))?;
        }
        if let Some(icc) = icc {
            encoder
                .add_icc_profile(&icc)
                .map_err(|e| unwritten(FORMAT, &e))?;
        }
        let colour = match header.channels.opaque() {
            Channels::Grey => ColorType::Luma,
            _ => ColorType::Rgb,
        };
        encoder
            .encode(&samples, header.width as u16, header.height as u16, colour)
            .map_err(|e| unwritten(FORMAT, &e))
    }))
}

/// Leaves out what the format's segments cannot hold, and says so.
pub(super) fn fit(metadata: &mut Metadata) {
    if metadata
        .exif
        .as_ref()
        .is_some_and(|block| block.len() > MOST_EXIF)
    {
        metadata.exif = None;
        metadata.notes.push(format!(
            "the EXIF block is left out: a JPEG file holds {MOST_EXIF} bytes of it"
        ));
    }
    if metadata
        .icc
        .as_ref()
        .is_some_and(|profile| profile.len() > MOST_ICC)
    {
        metadata.icc = None;
        metadata.notes.push(format!(
            "the ICC profile is left out: a JPEG file holds {MOST_ICC} bytes of it"
        ));
    }
}
