//! The element types that files hold, and their conversion to f32 or f64.

use std::io::{self, Read};

use half::{bf16, f16};
use safetensors::Dtype;

use crate::Elements;

/// An element type as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Bool,
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F16,
    BF16,
    F32,
    F64,
}

/// Order of the bytes of one element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endian {
    Little,
    Big,
}

/// What can go wrong while elements are read.
pub(crate) enum Failure {
    Io(io::Error),
    /// The stream ended after so many bytes.
    Short(u64),
    /// There is not so much memory.
    Memory,
    /// This integer is no f64.
    Inexact {
        index: usize,
        value: i128,
    },
}

impl Scalar {
    /// numpy's `<f4`, `>i8`, `|u1`.
    pub(crate) fn from_npy(descr: &str) -> Option<(Self, Endian)> {
        let (order, code) = descr.split_at_checked(1)?;
        let scalar = match code {
            "b1" => Self::Bool,
            "i1" => Self::I8,
            "u1" => Self::U8,
            "i2" => Self::I16,
            "u2" => Self::U16,
            "i4" => Self::I32,
            "u4" => Self::U32,
            "i8" => Self::I64,
            "u8" => Self::U64,
            "f2" => Self::F16,
            "f4" => Self::F32,
            "f8" => Self::F64,
            _ => return None,
        };
        match (order, scalar.size()) {
            ("<", _) | ("|", 1) => Some((scalar, Endian::Little)),
            (">", _) => Some((scalar, Endian::Big)),
            _ => None,
        }
    }

    pub(crate) fn from_safetensors(dtype: Dtype) -> Option<Self> {
        Some(match dtype {
            Dtype::BOOL => Self::Bool,
            Dtype::I8 => Self::I8,
            Dtype::U8 => Self::U8,
            Dtype::I16 => Self::I16,
            Dtype::U16 => Self::U16,
            Dtype::I32 => Self::I32,
            Dtype::U32 => Self::U32,
            Dtype::I64 => Self::I64,
            Dtype::U64 => Self::U64,
            Dtype::F16 => Self::F16,
            Dtype::BF16 => Self::BF16,
            Dtype::F32 => Self::F32,
            Dtype::F64 => Self::F64,
            _ => return None,
        })
    }

    /// Bytes of one element.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 | Self::F16 | Self::BF16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// Bytes of one element once it is read.
    pub(crate) fn size_in_memory(self) -> usize {
        if self.is_wide() { 8 } else { 4 }
    }

    /// Whether these become f64 (else f32).
    fn is_wide(self) -> bool {
        matches!(
            self,
            Self::I32 | Self::U32 | Self::I64 | Self::U64 | Self::F64
        )
    }

    /// Reads `count` elements. Memory grows with what has been read, never with what a header claims, unless `trusted`
    /// says that the file is known to be that long.
    pub(crate) fn read(
        self,
        reader: &mut dyn Read,
        endian: Endian,
        count: usize,
        trusted: bool,
    ) -> Result<Elements, Failure> {
        // A multiple of every element size.
        const CHUNK: usize = 1 << 16;
        let mut buffer = vec![0; CHUNK];
        let mut elements = if self.is_wide() {
            Elements::F64(Vec::new())
        } else {
            Elements::F32(Vec::new())
        };
        reserve(&mut elements, if trusted { count } else { 0 })?;
        while elements.len() < count {
            let wanted = (count - elements.len()).min(CHUNK / self.size()) * self.size();
            let bytes = &mut buffer[..wanted];
            let found = fill(reader, bytes).map_err(Failure::Io)?;
            if found < wanted {
                return Err(Failure::Short(
                    (elements.len() * self.size() + found) as u64,
                ));
            }
            reserve(&mut elements, wanted / self.size())?;
            if endian == Endian::Big {
                bytes
                    .chunks_exact_mut(self.size())
                    .for_each(<[u8]>::reverse);
            }
            self.append(bytes, &mut elements)?;
        }
        Ok(elements)
    }

    /// Converts little-endian `bytes` and appends them.
    fn append(self, bytes: &[u8], elements: &mut Elements) -> Result<(), Failure> {
        match elements {
            Elements::F32(out) => match self {
                Self::Bool => each(bytes, out, |[b]: [u8; 1]| f32::from(b != 0)),
                Self::I8 => each(bytes, out, |b| i8::from_le_bytes(b).into()),
                Self::U8 => each(bytes, out, |b| u8::from_le_bytes(b).into()),
                Self::I16 => each(bytes, out, |b| i16::from_le_bytes(b).into()),
                Self::U16 => each(bytes, out, |b| u16::from_le_bytes(b).into()),
                Self::F16 => each(bytes, out, |b| f16::from_le_bytes(b).into()),
                Self::BF16 => each(bytes, out, |b| bf16::from_le_bytes(b).into()),
                _ => each(bytes, out, f32::from_le_bytes),
            },
            Elements::F64(out) => match self {
                Self::I32 => each(bytes, out, |b| i32::from_le_bytes(b).into()),
                Self::U32 => each(bytes, out, |b| u32::from_le_bytes(b).into()),
                Self::I64 => return whole(bytes, out, |b| i64::from_le_bytes(b).into()),
                Self::U64 => return whole(bytes, out, |b| u64::from_le_bytes(b).into()),
                _ => each(bytes, out, f64::from_le_bytes),
            },
        }
        Ok(())
    }
}

fn each<const N: usize, T>(bytes: &[u8], out: &mut Vec<T>, convert: impl Fn([u8; N]) -> T) {
    out.extend(bytes.as_chunks().0.iter().map(|&chunk| convert(chunk)));
}

/// 64-bit integers, as long as an f64 holds them exactly.
fn whole(bytes: &[u8], out: &mut Vec<f64>, value: impl Fn([u8; 8]) -> i128) -> Result<(), Failure> {
    for &chunk in bytes.as_chunks().0 {
        let value = value(chunk);
        let wide = value as f64;
        if wide as i128 != value {
            return Err(Failure::Inexact {
                index: out.len(),
                value,
            });
        }
        out.push(wide);
    }
    Ok(())
}

fn reserve(elements: &mut Elements, more: usize) -> Result<(), Failure> {
    match elements {
        Elements::F32(values) => values.try_reserve(more),
        Elements::F64(values) => values.try_reserve(more),
    }
    .map_err(|_| Failure::Memory)
}

/// Reads until `bytes` is full or the stream ends; how many bytes there were.
pub(crate) fn fill(reader: &mut dyn Read, bytes: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match reader.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
