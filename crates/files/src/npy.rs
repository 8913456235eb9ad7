//! `.npy`, versions 1 to 3: magic, version, length of the header, header, elements.

use std::io::{self, Read, Write};

use crate::header::Dictionary;
use crate::scalar::{Failure, Scalar, fill};
use crate::tensor::from_fortran;
use crate::{Elements, FileError, TensorData};

pub(crate) const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// The longest header that is read; numpy itself refuses far shorter ones by default.
const LONGEST_HEADER: usize = 1 << 16;

/// Where an array is read from, for messages.
pub(crate) struct Place<'a> {
    pub(crate) file: &'a str,
    pub(crate) tensor: &'a str,
    /// Bytes from the magic to the end of the file, where known.
    pub(crate) length: Option<u64>,
    /// Bytes of memory allowed.
    pub(crate) limit: Option<usize>,
}

impl Place<'_> {
    /// Refuses `count` elements of a type that need more memory than is allowed, counting `copies` of them.
    pub(crate) fn within(
        &self,
        scalar: Scalar,
        count: usize,
        copies: usize,
    ) -> Result<(), FileError> {
        let bytes = count
            .saturating_mul(scalar.size_in_memory())
            .saturating_mul(copies);
        match self.limit {
            Some(limit) if bytes > limit => Err(FileError::Limit {
                file: self.file.to_string(),
                tensor: self.tensor.to_string(),
                bytes,
                limit,
            }),
            _ => Ok(()),
        }
    }
}

/// Reads one array up to the end of `reader`, which must stand at the magic.
pub(crate) fn read(reader: &mut dyn Read, place: &Place<'_>) -> Result<TensorData, FileError> {
    let (dictionary, start) = read_header(reader, place)?;
    let Dictionary {
        descr,
        fortran_order,
        shape,
    } = dictionary;
    let (scalar, endian) = Scalar::from_npy(&descr).ok_or_else(|| FileError::Dtype {
        file: place.file.to_string(),
        tensor: place.tensor.to_string(),
        found: descr,
    })?;
    let too_large = || FileError::TooLarge {
        file: place.file.to_string(),
        tensor: place.tensor.to_string(),
        shape: shape.clone(),
    };
    let count = count(&shape).ok_or_else(too_large)?;
    // Values in Fortran order are held twice while they are put into C order.
    place.within(scalar, count, if fortran_order { 2 } else { 1 })?;
    let expected = (count * scalar.size()) as u64;
    let truncated = |found: u64| FileError::Truncated {
        file: place.file.to_string(),
        tensor: place.tensor.to_string(),
        offset: start,
        expected,
        found,
    };
    if let Some(found) = place.length.map(|length| length.saturating_sub(start))
        && found < expected
    {
        return Err(truncated(found));
    }
    let elements = scalar
        .read(reader, endian, count, place.length.is_some())
        .map_err(|failure| match failure {
            Failure::Io(error) => FileError::io(place.file, "read")(error),
            Failure::Short(found) => truncated(found),
            Failure::Memory => too_large(),
            Failure::Inexact { index, value } => FileError::Inexact {
                file: place.file.to_string(),
                tensor: place.tensor.to_string(),
                index,
                value,
            },
        })?;
    let more = fill(reader, &mut [0; 64]).map_err(FileError::io(place.file, "read"))?;
    if more > 0 {
        return Err(FileError::Trailing {
            file: place.file.to_string(),
            offset: start + expected,
            found: more as u64,
        });
    }
    let elements = match elements {
        Elements::F32(values) if fortran_order => Elements::F32(from_fortran(&values, &shape)),
        Elements::F64(values) if fortran_order => Elements::F64(from_fortran(&values, &shape)),
        straight => straight,
    };
    Ok(TensorData { shape, elements })
}

/// The elements of a shape, if eight bytes for each of them can be counted.
pub(crate) fn count(shape: &[usize]) -> Option<usize> {
    // A zero anywhere makes the array empty, whatever the other sizes are.
    if shape.contains(&0) {
        return Some(0);
    }
    let count = shape
        .iter()
        .try_fold(1usize, |product, &size| product.checked_mul(size))?;
    count
        .checked_mul(8)
        .filter(|&bytes| isize::try_from(bytes).is_ok())?;
    Some(count)
}

/// The dictionary, and the offset of the first element.
fn read_header(reader: &mut dyn Read, place: &Place<'_>) -> Result<(Dictionary, u64), FileError> {
    let header = |offset: u64, problem: String| FileError::Header {
        file: place.file.to_string(),
        offset,
        problem,
    };
    let mut exactly = |bytes: &mut [u8], offset: u64| {
        let found = fill(reader, bytes).map_err(FileError::io(place.file, "read"))?;
        if found == bytes.len() {
            return Ok(());
        }
        Err(FileError::Truncated {
            file: place.file.to_string(),
            tensor: place.tensor.to_string(),
            offset,
            expected: bytes.len() as u64,
            found: found as u64,
        })
    };
    let mut start = [0; 8];
    exactly(&mut start, 0)?;
    if !start.starts_with(MAGIC) {
        return Err(header(0, "it does not begin with \\x93NUMPY".to_string()));
    }
    let mut size = [0; 4];
    let text_at = match start[6] {
        1 => {
            exactly(&mut size[..2], 8)?;
            10
        }
        2 | 3 => {
            exactly(&mut size, 8)?;
            12
        }
        version => {
            return Err(header(
                6,
                format!("its version is {version}, expected 1, 2 or 3"),
            ));
        }
    };
    let size = u32::from_le_bytes(size);
    if size as usize > LONGEST_HEADER {
        return Err(header(
            8,
            format!("it claims {size} bytes, expected at most {LONGEST_HEADER}"),
        ));
    }
    let mut text = vec![0; size as usize];
    exactly(&mut text, text_at)?;
    let text =
        std::str::from_utf8(&text).map_err(|_| header(text_at, "it is not text".to_string()))?;
    let dictionary = Dictionary::parse(text).map_err(|problem| header(text_at, problem))?;
    Ok((dictionary, text_at + u64::from(size)))
}

/// Writes version 1, little-endian, C order.
pub(crate) fn write(writer: &mut dyn Write, tensor: &TensorData) -> io::Result<()> {
    const ALIGN: usize = 64;
    let dictionary = Dictionary {
        descr: match &tensor.elements {
            Elements::F32(_) => "<f4".to_string(),
            Elements::F64(_) => "<f8".to_string(),
        },
        fortran_order: false,
        shape: tensor.shape.clone(),
    };
    let mut text = dictionary.print();
    let bare = MAGIC.len() + 4 + text.len() + 1;
    text.push_str(&" ".repeat(bare.next_multiple_of(ALIGN) - bare));
    text.push('\n');
    let size = u16::try_from(text.len())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "the shape has too many axes"))?;
    writer.write_all(MAGIC)?;
    writer.write_all(&[1, 0])?;
    writer.write_all(&size.to_le_bytes())?;
    writer.write_all(text.as_bytes())?;
    write_elements(writer, &tensor.elements)
}

/// The elements alone, little-endian.
pub(crate) fn write_elements(writer: &mut dyn Write, elements: &Elements) -> io::Result<()> {
    fn in_chunks<T: Copy, const N: usize>(
        writer: &mut dyn Write,
        values: &[T],
        bytes: impl Fn(T) -> [u8; N],
    ) -> io::Result<()> {
        let mut buffer = Vec::with_capacity(4096 * N);
        for chunk in values.chunks(4096) {
            buffer.clear();
            buffer.extend(chunk.iter().flat_map(|&value| bytes(value)));
            writer.write_all(&buffer)?;
        }
        Ok(())
    }
    match elements {
        Elements::F32(values) => in_chunks(writer, values, f32::to_le_bytes),
        Elements::F64(values) => in_chunks(writer, values, f64::to_le_bytes),
    }
}
