//! `.safetensors`: length of the header (u64, little-endian), header (JSON), elements.
//!
//! Of a file, only the header and the one tensor asked for are read. Offsets need not be aligned.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom, Write};

use safetensors::tensor::TensorInfo;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::scalar::{Endian, Failure, Scalar, fill};
use crate::tensor::Shape;
use crate::{Elements, FileError, TensorData, npy};

/// The longest header that is read, the format's own limit.
const LONGEST_HEADER: u64 = 100_000_000;

/// The entry of the header that describes no tensor.
const METADATA: &str = "__metadata__";

/// The name of the tensor in a file that is written without one.
const DEFAULT_NAME: &str = "output";

/// All tensors of a `.safetensors` file by name, and what it says about itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TensorSet {
    /// The file's own words by key.
    pub metadata: BTreeMap<String, String>,
    /// The tensors.
    pub tensors: BTreeMap<String, TensorData>,
}

impl TensorSet {
    /// Reads the bytes of a whole file; `name` is what messages call it.
    pub fn from_safetensors(bytes: &[u8], name: &str) -> Result<Self, FileError> {
        let length = bytes.len() as u64;
        let mut reader = Cursor::new(bytes);
        let (mut entries, start) = read_header(&mut reader, length, name)?;
        let mut set = Self::default();
        let words = entries.shift_remove(METADATA);
        if let Some(Value::Object(words)) = words {
            for (key, value) in words {
                let text = value.as_str().map_or(value.to_string(), str::to_owned);
                set.metadata.insert(key, text);
            }
        }
        let mut elements = 0;
        for (tensor, entry) in entries {
            let place = npy::Place {
                file: name,
                tensor: &tensor,
                length: Some(length),
                limit: None,
            };
            let data = read_tensor(&mut reader, &entry, start, length, &place)?;
            // An element has a byte of its own unless tensors overlap, which could claim more memory than the file has.
            elements += data.elements.len() as u64;
            if elements > length {
                return Err(FileError::Header {
                    file: name.to_string(),
                    offset: 8,
                    problem: "its tensors overlap".to_string(),
                });
            }
            set.tensors.insert(tensor, data);
        }
        Ok(set)
    }
}

/// Reads the tensor of that name, or the only one.
pub(crate) fn read(
    file: File,
    length: u64,
    name: &str,
    tensor: Option<&str>,
    limit: Option<usize>,
) -> Result<TensorData, FileError> {
    let mut reader = BufReader::new(file);
    let (mut tensors, start) = read_header(&mut reader, length, name)?;
    tensors.shift_remove(METADATA);
    let names = || tensors.keys().cloned().collect::<Vec<_>>();
    let tensor = match (tensor, &names()[..]) {
        (Some(tensor), _) => tensor.to_string(),
        (None, [only]) => only.clone(),
        (None, _) => {
            return Err(FileError::WhichTensor {
                file: name.to_string(),
                names: names(),
            });
        }
    };
    let Some(entry) = tensors.get(&tensor) else {
        return Err(FileError::NoTensor {
            file: name.to_string(),
            tensor,
            names: names(),
        });
    };
    let place = npy::Place {
        file: name,
        tensor: &tensor,
        length: Some(length),
        limit,
    };
    read_tensor(&mut reader, entry, start, length, &place)
}

/// Reads the tensor that `entry` describes from a file of `length` bytes whose elements begin at `start`.
fn read_tensor(
    reader: &mut (impl Read + Seek),
    entry: &Value,
    start: u64,
    length: u64,
    place: &npy::Place<'_>,
) -> Result<TensorData, FileError> {
    let (name, tensor) = (place.file, place.tensor);
    let broken = |problem: String| FileError::Header {
        file: name.to_string(),
        offset: 8,
        problem: format!("the tensor {tensor:?} {problem}"),
    };
    let info = TensorInfo::deserialize(entry)
        .map_err(|error| broken(format!("is not described: {error}")))?;
    let scalar = Scalar::from_safetensors(info.dtype).ok_or_else(|| FileError::Dtype {
        file: name.to_string(),
        tensor: tensor.to_string(),
        found: format!("{:?}", info.dtype),
    })?;
    let too_large = || FileError::TooLarge {
        file: name.to_string(),
        tensor: tensor.to_string(),
        shape: info.shape.clone(),
    };
    let count = npy::count(&info.shape).ok_or_else(too_large)?;
    place.within(scalar, count, 1)?;
    let (from, to) = (info.data_offsets.0 as u64, info.data_offsets.1 as u64);
    let expected = (count * scalar.size()) as u64;
    if to.checked_sub(from) != Some(expected) {
        return Err(broken(format!(
            "has data_offsets [{from}, {to}], but its shape {} needs {expected} bytes",
            Shape(&info.shape)
        )));
    }
    // `from` is at most `to`; neither may point beyond the file.
    let truncated = |found: u64| FileError::Truncated {
        file: name.to_string(),
        tensor: tensor.to_string(),
        offset: start.saturating_add(from),
        expected,
        found,
    };
    let present = length.saturating_sub(start);
    if to > present {
        return Err(truncated(present.saturating_sub(from)));
    }
    reader
        .seek(SeekFrom::Start(start + from))
        .map_err(FileError::io(name, "read"))?;
    let elements =
        scalar
            .read(reader, Endian::Little, count, true)
            .map_err(|failure| match failure {
                Failure::Io(error) => FileError::io(name, "read")(error),
                Failure::Short(found) => truncated(found),
                Failure::Memory => too_large(),
                Failure::Inexact { index, value } => FileError::Inexact {
                    file: name.to_string(),
                    tensor: tensor.to_string(),
                    index,
                    value,
                },
            })?;
    Ok(TensorData {
        shape: info.shape,
        elements,
    })
}

/// What the header says of each tensor, and the offset at which the elements begin.
fn read_header(
    reader: &mut impl Read,
    length: u64,
    name: &str,
) -> Result<(Map<String, Value>, u64), FileError> {
    let header = |offset: u64, problem: String| FileError::Header {
        file: name.to_string(),
        offset,
        problem,
    };
    let mut size = [0; 8];
    let found = fill(reader, &mut size).map_err(FileError::io(name, "read"))?;
    let room = length.saturating_sub(8);
    let size = u64::from_le_bytes(size);
    if found < 8 || size > room || size > LONGEST_HEADER {
        let most = room.min(LONGEST_HEADER);
        return Err(header(
            0,
            format!("it claims {size} bytes, but there can be at most {most}"),
        ));
    }
    let mut text = vec![0; size as usize];
    let found = fill(reader, &mut text).map_err(FileError::io(name, "read"))?;
    if found < text.len() {
        return Err(FileError::Truncated {
            file: name.to_string(),
            tensor: String::new(),
            offset: 8,
            expected: size,
            found: found as u64,
        });
    }
    let tensors = serde_json::from_slice(&text).map_err(|error| header(8, error.to_string()))?;
    Ok((tensors, 8 + size))
}

/// Writes a file with one tensor.
pub(crate) fn write(
    writer: &mut dyn Write,
    tensor: &TensorData,
    name: Option<&str>,
) -> io::Result<()> {
    let (dtype, size) = match &tensor.elements {
        Elements::F32(values) => ("F32", values.len() * 4),
        Elements::F64(values) => ("F64", values.len() * 8),
    };
    let mut header = serde_json::Map::new();
    header.insert(
        name.unwrap_or(DEFAULT_NAME).to_string(),
        serde_json::json!({ "dtype": dtype, "shape": tensor.shape, "data_offsets": [0, size] }),
    );
    let mut text = serde_json::Value::Object(header).to_string();
    text.push_str(&" ".repeat(text.len().next_multiple_of(8) - text.len()));
    writer.write_all(&(text.len() as u64).to_le_bytes())?;
    writer.write_all(text.as_bytes())?;
    npy::write_elements(writer, &tensor.elements)
}
