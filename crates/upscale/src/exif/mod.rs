//! EXIF: what a camera wrote beside the pixels, as directories of tagged values.
//!
//! PNG, JPEG and WebP carry one block, itself a TIFF stream without pixels; [`patch`] corrects such a block in
//! place, so that everything else in it, notes of the maker with their absolute offsets included, stays as it is. A
//! TIFF file has the same directories among its own; [`Tags`] takes them out and puts them in, without the maker's
//! note (its offsets would be wrong) and without the thumbnail.

mod patch;
mod tags;

pub(crate) use patch::{block_orientation, patch};
pub(crate) use tags::{Entry, Tags, put_directory};

pub(crate) const ORIENTATION: u16 = 0x0112;
pub(crate) const EXIF_POINTER: u16 = 0x8769;
pub(crate) const GPS_POINTER: u16 = 0x8825;
pub(crate) const INTEROP_POINTER: u16 = 0xA005;
const MAKER_NOTE: u16 = 0x927C;
const PIXEL_WIDTH: u16 = 0xA002;
const PIXEL_HEIGHT: u16 = 0xA003;
const IMAGE_WIDTH: u16 = 0x0100;
const IMAGE_HEIGHT: u16 = 0x0101;

pub(crate) const SHORT: u16 = 3;
pub(crate) const LONG: u16 = 4;

/// Bytes of one element of a field type, or nothing for an unknown type.
fn element_bytes(kind: u16) -> Option<usize> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 => Some(8),
        _ => None,
    }
}

/// Bytes of the units that a byte order turns round: a fraction is two numbers of four bytes.
fn unit_bytes(kind: u16) -> usize {
    match kind {
        3 | 8 => 2,
        4 | 5 | 9 | 10 | 11 | 13 => 4,
        12 => 8,
        _ => 1,
    }
}

/// Where the bytes of a number stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

impl Order {
    /// From the first four bytes of a classic TIFF stream.
    fn of_mark(mark: &[u8]) -> Option<Self> {
        match mark {
            [b'I', b'I', 42, 0, ..] => Some(Self::Little),
            [b'M', b'M', 0, 42, ..] => Some(Self::Big),
            _ => None,
        }
    }

    fn u16(self, b: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(b),
            Self::Big => u16::from_be_bytes(b),
        }
    }

    fn u32(self, b: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(b),
            Self::Big => u32::from_be_bytes(b),
        }
    }

    fn put_u16(self, value: u16) -> [u8; 2] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    fn put_u32(self, value: u32) -> [u8; 4] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }
}

/// The block without the `Exif\0\0` that some writers leave before it.
pub(crate) fn bare(block: &[u8]) -> &[u8] {
    block.strip_prefix(b"Exif\0\0").unwrap_or(block)
}
