//! Reading a tensor: the format is told by the file's first bytes, not by its name.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};

use crate::scalar::fill;
use crate::{FileError, Location, TensorData, npy, npz, safetensors_file};

const EXPECTED: &str = "an .npy, .npz or .safetensors file";

/// Reads the tensor at `location`. Streams (standard input, pipes) must hold `.npy` data.
pub fn read(location: &Location) -> Result<TensorData, FileError> {
    read_limited(location, None)
}

/// As [`read`], refusing a tensor that needs more than `limit` bytes of memory before they are taken.
pub fn read_within(location: &Location, limit: usize) -> Result<TensorData, FileError> {
    read_limited(location, Some(limit))
}

fn read_limited(location: &Location, limit: Option<usize>) -> Result<TensorData, FileError> {
    let name = location.name("stdin");
    let Some(path) = &location.file else {
        return read_stream(&mut io::stdin().lock(), &name, limit);
    };
    let open = FileError::io(&name, "open");
    let mut file = File::open(path).map_err(&open)?;
    let about = file.metadata().map_err(&open)?;
    if about.is_dir() {
        return Err(FileError::Format {
            file: name,
            found: "this is a folder".to_string(),
            expected: EXPECTED,
        });
    }
    if !about.is_file() {
        return read_stream(&mut BufReader::new(file), &name, limit);
    }
    let mut start = [0; 9];
    let found = fill(&mut file, &mut start).map_err(FileError::io(&name, "read"))?;
    file.rewind().map_err(FileError::io(&name, "read"))?;
    let tensor = location.tensor.as_deref();
    match &start[..found] {
        start if start.starts_with(npy::MAGIC) => {
            if let Some(tensor) = tensor {
                return Err(FileError::NoTensor {
                    tensor: tensor.to_string(),
                    names: Vec::new(),
                    file: name,
                });
            }
            let place = npy::Place {
                file: &name,
                tensor: "",
                length: Some(about.len()),
                limit,
            };
            npy::read(&mut BufReader::new(file), &place)
        }
        start if start.starts_with(b"PK") => npz::read(file, &name, tensor, limit),
        [_, _, _, _, _, _, _, _, b'{'] => {
            safetensors_file::read(file, about.len(), &name, tensor, limit)
        }
        start => Err(unknown(name, start, EXPECTED)),
    }
}

fn read_stream(
    reader: &mut dyn Read,
    name: &str,
    limit: Option<usize>,
) -> Result<TensorData, FileError> {
    let mut start = [0; 6];
    let found = fill(reader, &mut start).map_err(FileError::io(name, "read"))?;
    if start[..found] != npy::MAGIC[..] {
        return Err(unknown(
            name.to_string(),
            &start[..found],
            "a stream of .npy data",
        ));
    }
    let place = npy::Place {
        file: name,
        tensor: "",
        length: None,
        limit,
    };
    npy::read(&mut start.chain(reader), &place)
}

fn unknown(file: String, start: &[u8], expected: &'static str) -> FileError {
    let found = match start {
        [] => "there are no bytes in it".to_string(),
        start => format!("it begins with \"{}\"", start.escape_ascii()),
    };
    FileError::Format {
        file,
        found,
        expected,
    }
}
