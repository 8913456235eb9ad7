//! The header of a `.npy` file: magic, version, length, a Python dictionary.

use safetensors::Dtype;

use crate::file::FileError;
use crate::weights::Entry;

/// What every such file begins with.
pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";

/// The one tensor of the file.
pub(crate) fn entry(bytes: &[u8]) -> Result<Entry, FileError> {
    let (length, start) = match bytes.get(6) {
        Some(1) => {
            let length = bytes.get(8..10).ok_or(FileError::Header)?;
            (usize::from(u16::from_le_bytes([length[0], length[1]])), 10)
        }
        Some(2 | 3) => {
            let length = bytes.get(8..12).ok_or(FileError::Header)?;
            let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]);
            (length as usize, 12)
        }
        _ => return Err(FileError::Version),
    };
    let offset = length.checked_add(start).ok_or(FileError::Header)?;
    let header = bytes.get(start..offset).ok_or(FileError::Header)?;
    let header = String::from_utf8_lossy(header);
    let descr = after(&header, "descr").ok_or(FileError::NoType)?;
    let descr = descr.split(['\'', '"']).nth(1).unwrap_or_default();
    let dtype = match descr {
        "<f2" => Dtype::F16,
        "<f4" => Dtype::F32,
        "<f8" => Dtype::F64,
        other => return Err(FileError::Type(other.to_string())),
    };
    let fortran = after(&header, "fortran_order").is_some_and(|text| text.starts_with("True"));
    let shape = after(&header, "shape")
        .and_then(|text| text.strip_prefix('(')?.split(')').next())
        .ok_or(FileError::NoShape)?;
    let shape: Result<Vec<usize>, _> = shape
        .split(',')
        .map(str::trim)
        .filter(|size| !size.is_empty())
        .map(str::parse)
        .collect();
    Ok(Entry {
        name: "weight".to_string(),
        shape: shape.map_err(|_| FileError::Shape)?,
        dtype: Some(dtype),
        offset,
        fortran,
    })
}

/// What follows a key of the dictionary and its colon.
fn after<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let at = header.find(&format!("'{key}'"))?;
    let (_, value) = header[at..].split_once(':')?;
    Some(value.trim_start())
}
