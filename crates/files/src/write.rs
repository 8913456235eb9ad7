//! Writing: the format is told by the file's name, and the file appears whole or not at all.

use std::io::{self, BufWriter, Write};

use crate::location::has_extension;
use crate::{AtomicFile, Existing, FileError, Location, TensorData, npy, safetensors_file};

/// The formats that tensors are written in.
enum Format {
    Npy,
    Safetensors,
}

/// Whether a tensor could be written to `location`: a known format, and no file in the way. Asked before long work.
pub fn check_output(location: &Location, existing: Existing) -> Result<(), FileError> {
    format_of(location)?;
    check_existing(location, existing)
}

/// Writes a tensor: `.npy`, or `.safetensors` with the tensor's name from `FILE:NAME` (else `output`). Standard output
/// gets `.npy`.
pub fn write(
    location: &Location,
    tensor: &TensorData,
    existing: Existing,
) -> Result<(), FileError> {
    let format = format_of(location)?;
    emit(location, existing, |writer| match format {
        Format::Npy => npy::write(writer, tensor),
        Format::Safetensors => safetensors_file::write(writer, tensor, location.tensor.as_deref()),
    })
}

/// Writes a matrix as Matrix Market text: `entries` are `(row, column, value)`, counted from 0; all others are zero.
pub fn write_matrix_market(
    location: &Location,
    shape: [usize; 2],
    entries: &[(usize, usize, f64)],
    existing: Existing,
) -> Result<(), FileError> {
    emit(location, existing, |writer| {
        writeln!(writer, "%%MatrixMarket matrix coordinate real general")?;
        writeln!(writer, "{} {} {}", shape[0], shape[1], entries.len())?;
        for &(row, column, value) in entries {
            // The format counts rows and columns from 1.
            writeln!(writer, "{} {} {value:?}", row + 1, column + 1)?;
        }
        Ok(())
    })
}

fn format_of(location: &Location) -> Result<Format, FileError> {
    match &location.file {
        None => Ok(Format::Npy),
        Some(path) if has_extension(path, "npy") => Ok(Format::Npy),
        Some(path) if has_extension(path, "safetensors") => Ok(Format::Safetensors),
        Some(_) => Err(FileError::Format {
            file: location.name("stdout"),
            found: "the name tells no format to write".to_string(),
            expected: "a name that ends in .npy or .safetensors, or - for .npy on standard output",
        }),
    }
}

fn check_existing(location: &Location, existing: Existing) -> Result<(), FileError> {
    match &location.file {
        Some(path) if existing == Existing::Refuse && path.symlink_metadata().is_ok() => {
            Err(FileError::Exists {
                file: location.name("stdout"),
            })
        }
        _ => Ok(()),
    }
}

/// Lets `body` write to a file that appears when it is complete, or to standard output.
fn emit(
    location: &Location,
    existing: Existing,
    body: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FileError> {
    let name = location.name("stdout");
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => FileError::Exists { file: name.clone() },
        _ => FileError::io(&name, "write")(error),
    };
    let Some(path) = &location.file else {
        let mut out = BufWriter::new(io::stdout().lock());
        return body(&mut out).and_then(|()| out.flush()).map_err(failed);
    };
    let mut out = BufWriter::new(AtomicFile::create(path, existing).map_err(failed)?);
    body(&mut out).map_err(failed)?;
    out.into_inner()
        .map_err(io::IntoInnerError::into_error)
        .and_then(AtomicFile::commit)
        .map_err(failed)
}
