//! `.npz`: a zip archive of `.npy` members, stored or deflated.

use std::fs::File;
use std::io::BufReader;

use zip::ZipArchive;
use zip::result::ZipError;

use crate::{FileError, TensorData, npy};

/// Reads the member `NAME.npy`, or the only one.
pub(crate) fn read(
    file: File,
    name: &str,
    tensor: Option<&str>,
    limit: Option<usize>,
) -> Result<TensorData, FileError> {
    let broken = |error: ZipError| match error {
        ZipError::Io(source) => FileError::io(name, "read")(source),
        other => FileError::Header {
            file: name.to_string(),
            offset: 0,
            problem: format!("the zip archive is broken: {other}"),
        },
    };
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    let names: Vec<String> = archive
        .file_names()
        .filter_map(|member| Some(member.ok()?.strip_suffix(".npy")?.to_string()))
        .collect();
    let member = match tensor {
        Some(tensor) => match names.iter().find(|known| *known == tensor) {
            Some(member) => member.clone(),
            None => {
                return Err(FileError::NoTensor {
                    file: name.to_string(),
                    tensor: tensor.to_string(),
                    names,
                });
            }
        },
        None if names.len() == 1 => names[0].clone(),
        None => {
            return Err(FileError::WhichTensor {
                file: name.to_string(),
                names,
            });
        }
    };
    let mut entry = archive.by_name(&format!("{member}.npy")).map_err(broken)?;
    let place = npy::Place {
        file: name,
        tensor: &member,
        // The directory's word for the length is not trusted: memory grows with what comes out of the archive.
        length: None,
        limit,
    };
    npy::read(&mut entry, &place)
}
