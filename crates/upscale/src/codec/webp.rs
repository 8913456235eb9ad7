//! WebP: held whole when read and when written; written without loss.

use std::io::BufReader;

use image_webp::{ColorType, WebPDecoder, WebPEncoder};

use super::{
    Collected, Held, MOST_METADATA, Output, ReadSeek, RowReader, RowWriter, broken, buffer,
    unsupported, unwritten,
};
use crate::error::{Error, Result};
use crate::exif;
use crate::orient::Orientation;
use crate::picture::{Channels, Depth, Format, Header, Metadata};

const FORMAT: Format = Format::WebP;

pub(super) fn open(mut input: Box<dyn ReadSeek>) -> Result<Box<dyn RowReader>> {
    let file = input
        .seek(std::io::SeekFrom::End(0))
        .map_err(|e| broken(FORMAT, &e))?;
    input.rewind().map_err(|e| broken(FORMAT, &e))?;
    whole_file(&mut *input, file)?;
    let mut decoder = WebPDecoder::new(BufReader::new(input)).map_err(|e| refused(&e))?;
    if decoder.is_animated() {
        return Err(unsupported(
            FORMAT,
            "it is an animation, and convt enlarges still pictures: extract the frames first",
        ));
    }
    let (width, height) = decoder.dimensions();
    let channels = if decoder.has_alpha() {
        Channels::Rgba
    } else {
        Channels::Rgb
    };
    let header = Header::new(width.into(), height.into(), channels, Depth::Eight)?;
    decoder.set_memory_limit(MOST_METADATA as usize);
    let exif = decoder.exif_metadata().map_err(|e| refused(&e))?;
    let exif = exif.map(|block| exif::bare(&block).to_vec());
    let tag = exif.as_deref().and_then(exif::block_orientation);
    let metadata = Metadata {
        icc: decoder.icc_profile().map_err(|e| refused(&e))?,
        orientation: Orientation::of_tag(tag.unwrap_or(1)),
        exif,
        ..Metadata::default()
    };
    // Beside the samples: four bytes per pixel of a lossless picture, or planes of one and a half and an alpha plane
    // that passes through six; and the file's own bytes.
    let pixels = u64::from(width) * u64::from(height);
    let memory = header.bytes() as u64 + pixels * if decoder.has_alpha() { 8 } else { 4 } + file;
    let decode = move || {
        let mut samples = buffer(FORMAT, header.bytes())?;
        decoder.set_memory_limit(usize::MAX);
        decoder.read_image(&mut samples).map_err(|e| refused(&e))?;
        Ok(samples)
    };
    Ok(Box::new(Held::new(
        FORMAT,
        header,
        metadata,
        memory,
        Box::new(decode),
    )))
}

/// The container tells its own length: a file that is shorter was cut.
fn whole_file(input: &mut dyn ReadSeek, file: u64) -> Result<()> {
    let mut start = [0; 8];
    input
        .read_exact(&mut start)
        .map_err(|e| broken(FORMAT, &e))?;
    input.rewind().map_err(|e| broken(FORMAT, &e))?;
    let told = u64::from(u32::from_le_bytes([start[4], start[5], start[6], start[7]])) + 8;
    if file < told {
        return Err(broken(
            FORMAT,
            &format!("it ends too early: {file} of {told} bytes"),
        ));
    }
    Ok(())
}

fn refused(error: &image_webp::DecodingError) -> Error {
    broken(FORMAT, error)
}

pub(super) fn writer_memory(header: &Header) -> u64 {
    // The samples, four bytes per pixel of transformed ones and as many of the coded frame, both of which grow by doubling.
    let pixels = (header.width * header.height) as u64;
    header.bytes() as u64 + 16 * pixels
}

pub(super) fn create(output: Output, header: &Header, metadata: &Metadata) -> Box<dyn RowWriter> {
    let header = *header;
    let icc = metadata.icc.clone();
    let exif = metadata.exif.clone();
    Box::new(Collected::new(&header, move |samples: Vec<u8>| {
        let mut encoder = WebPEncoder::new(output);
        if let Some(icc) = icc {
            encoder.set_icc_profile(icc);
        }
        if let Some(exif) = exif {
            encoder.set_exif_metadata(exif);
        }
        let colour = match header.channels {
            Channels::Grey => ColorType::L8,
            Channels::GreyAlpha => ColorType::La8,
            Channels::Rgb => ColorType::Rgb8,
            Channels::Rgba => ColorType::Rgba8,
        };
        encoder
            .encode(&samples, header.width as u32, header.height as u32, colour)
            .map_err(|e| unwritten(FORMAT, &e))
    }))
}
