//! Pictures in memory, made, enlarged and read back.
#![allow(dead_code)] // each test file uses a part

use std::cell::RefCell;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::rc::Rc;

use convt_upscale::codec::{self, Coding, Output};
use convt_upscale::{
    Channels, Depth, Error, Format, Header, Metadata, Method, Options, Report, enlarge,
};

/// A picture and what travels with it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Picture {
    pub(crate) header: Header,
    pub(crate) metadata: Metadata,
    pub(crate) samples: Vec<u8>,
}

pub(crate) const ALL_CHANNELS: [Channels; 4] = [
    Channels::Grey,
    Channels::GreyAlpha,
    Channels::Rgb,
    Channels::Rgba,
];
pub(crate) const ALL_DEPTHS: [Depth; 2] = [Depth::Eight, Depth::Sixteen];
pub(crate) const ALL_FORMATS: [Format; 4] = [Format::Png, Format::Jpeg, Format::WebP, Format::Tiff];

/// A picture whose sample `n` is `value(n)`, cut to the depth.
pub(crate) fn picture(
    size: (usize, usize),
    channels: Channels,
    depth: Depth,
    value: impl Fn(usize) -> u32,
) -> Picture {
    let header = Header::new(size.0 as u64, size.1 as u64, channels, depth).unwrap();
    let count = size.0 * size.1 * channels.count();
    let samples = (0..count)
        .flat_map(|n| match depth {
            Depth::Eight => vec![value(n) as u8],
            Depth::Sixteen => (value(n) as u16).to_ne_bytes().to_vec(),
        })
        .collect();
    Picture {
        header,
        metadata: Metadata::default(),
        samples,
    }
}

/// A picture of numbers without a pattern.
pub(crate) fn noise(size: (usize, usize), channels: Channels, depth: Depth) -> Picture {
    picture(size, channels, depth, |n| {
        let mut v = (n as u32).wrapping_add(12_345).wrapping_mul(2_654_435_761);
        v ^= v >> 15;
        v.wrapping_mul(2_246_822_519) >> 13
    })
}

pub(crate) fn encode(picture: &Picture, format: Format) -> Vec<u8> {
    let output = Rc::new(RefCell::new(Cursor::new(Vec::new())));
    let coding = Coding {
        quality: 100,
        orientation: 1,
    };
    let shared = Output::new(output.clone());
    let mut writer =
        codec::create(format, shared, &picture.header, &picture.metadata, coding).unwrap();
    for row in picture.samples.chunks_exact(picture.header.row_bytes()) {
        writer.write_row(row).unwrap();
    }
    writer.finish().unwrap();
    Rc::into_inner(output).unwrap().into_inner().into_inner()
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Picture, Error> {
    let (_, mut reader) = codec::open(Box::new(Cursor::new(bytes.to_vec())), 1 << 30)?;
    let metadata = reader.metadata().clone();
    let whole = reader.whole()?;
    Ok(Picture {
        header: whole.header,
        metadata,
        samples: whole.samples,
    })
}

pub(crate) fn enlarged(
    bytes: &[u8],
    format: Option<Format>,
    options: &Options,
) -> Result<(Report, Vec<u8>), Error> {
    let input = Box::new(Cursor::new(bytes.to_vec()));
    let output = Cursor::new(Vec::new());
    let (report, output) = enlarge(input, output, format, options, &mut |_| {
        ControlFlow::Continue(())
    })?;
    Ok((report, output.into_inner()))
}

/// The samples as numbers.
pub(crate) fn values(picture: &Picture) -> Vec<u16> {
    match picture.header.depth {
        Depth::Eight => picture.samples.iter().map(|v| u16::from(*v)).collect(),
        Depth::Sixteen => picture
            .samples
            .chunks_exact(2)
            .map(|pair| u16::from_ne_bytes([pair[0], pair[1]]))
            .collect(),
    }
}

/// An EXIF block of the given orientation, little-endian: maker, orientation, pixel dimensions 40 x 30.
pub(crate) fn exif_block(orientation: u16) -> Vec<u8> {
    let mut b = b"II\x2a\0\x08\0\0\0".to_vec();
    b.extend([3, 0]);
    b.extend([0x0f, 0x01, 2, 0, 8, 0, 0, 0, 50, 0, 0, 0]);
    b.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation as u8, 0, 0, 0]);
    b.extend([0x69, 0x87, 4, 0, 1, 0, 0, 0, 58, 0, 0, 0]);
    b.extend([0; 4]);
    b.extend(*b"cameras\0");
    b.extend([2, 0]);
    b.extend([0x02, 0xa0, 3, 0, 1, 0, 0, 0, 40, 0, 0, 0]);
    b.extend([0x03, 0xa0, 3, 0, 1, 0, 0, 0, 30, 0, 0, 0]);
    b.extend([0; 4]);
    b
}

/// The number of a tag in a little-endian block, found by its bytes.
pub(crate) fn exif_number(block: &[u8], tag: u16) -> Option<u32> {
    assert_eq!(&block[..2], b"II");
    let at = block
        .windows(2)
        .position(|pair| pair == tag.to_le_bytes())?;
    let entry = &block[at..at + 12];
    Some(match entry[2] {
        3 => u16::from_le_bytes([entry[8], entry[9]]).into(),
        _ => u32::from_le_bytes([entry[8], entry[9], entry[10], entry[11]]),
    })
}

pub(crate) fn nearest(scale: usize) -> Options {
    Options {
        scale,
        method: Method::Nearest,
        quality: 100,
        ..Options::default()
    }
}
