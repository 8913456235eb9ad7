//! Where a tensor lies: `FILE`, `FILE:TENSOR`, or `-` for standard input and output.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A file or standard stream, and the name of a tensor inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file; `None` is standard input or output.
    pub file: Option<PathBuf>,
    /// The name of the tensor, where one was given.
    pub tensor: Option<String>,
}

impl Location {
    /// Reads `-`, `FILE` or `FILE:TENSOR`.
    ///
    /// A colon separates a tensor's name where the part before it is a file, or ends in `.safetensors` or `.npz`, and the
    /// whole is not a file itself; so names with colons in them keep working.
    pub fn parse(text: &OsStr) -> Self {
        if text == "-" {
            return Self {
                file: None,
                tensor: None,
            };
        }
        let whole = || Self {
            file: Some(PathBuf::from(text)),
            tensor: None,
        };
        let Some(name) = text.to_str() else {
            return whole();
        };
        if Path::new(name).exists() {
            return whole();
        }
        name.match_indices(':')
            .map(|(colon, _)| (&name[..colon], &name[colon + 1..]))
            .find(|&(file, _)| is_container(Path::new(file)) || Path::new(file).is_file())
            .map_or_else(whole, |(file, tensor)| Self {
                file: Some(PathBuf::from(file)),
                tensor: Some(tensor.to_string()),
            })
    }

    /// The file's name for messages.
    pub(crate) fn name(&self, stream: &str) -> String {
        match &self.file {
            Some(path) => path.display().to_string(),
            None => stream.to_string(),
        }
    }
}

/// Whether the name is that of a format that holds several tensors.
fn is_container(path: &Path) -> bool {
    ["safetensors", "npz"]
        .iter()
        .any(|&known| has_extension(path, known))
}

/// Whether the name ends in `.extension`, in upper or lower case.
pub(crate) fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension()
        .is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Option<String>, Option<String>) {
        let location = Location::parse(OsStr::new(text));
        let file = location.file.map(|path| path.display().to_string());
        (file, location.tensor)
    }

    #[test]
    fn names_after_a_container_are_tensors() {
        let some = |text: &str| Some(text.to_string());
        assert_eq!(parse("-"), (None, None));
        assert_eq!(parse("a.npy"), (some("a.npy"), None));
        assert_eq!(parse("m.safetensors"), (some("m.safetensors"), None));
        assert_eq!(
            parse("m.safetensors:up.0.weight"),
            (some("m.safetensors"), some("up.0.weight"))
        );
        assert_eq!(parse("m.NPZ:a:b"), (some("m.NPZ"), some("a:b")));
        assert_eq!(parse("C:\\data\\a.npy"), (some("C:\\data\\a.npy"), None));
        assert_eq!(parse("C:\\m.npz:w"), (some("C:\\m.npz"), some("w")));
        assert_eq!(parse("odd:name.npy"), (some("odd:name.npy"), None));
    }

    #[test]
    fn an_existing_file_is_taken_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz:w");
        std::fs::write(&path, "").unwrap();
        assert_eq!(Location::parse(path.as_os_str()).tensor, None);
        let plain = folder.path().join("data");
        std::fs::write(&plain, "").unwrap();
        let named = format!("{}:w", plain.display());
        let location = Location::parse(OsStr::new(&named));
        assert_eq!(
            (location.file, location.tensor.as_deref()),
            (Some(plain), Some("w"))
        );
    }
}
