//! A file that appears under its name whole or not at all.
//!
//! On Linux the bytes go to a file that has no name (`O_TMPFILE`) in the folder of the output, and a link
//! gives it its name at [`AtomicFile::commit`]: a process that is killed leaves nothing behind. Elsewhere, and on file
//! systems without such files, a named temporary file in the same folder is renamed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// What to do when the output's name is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Leave the existing file alone and fail with [`io::ErrorKind::AlreadyExists`].
    Refuse,
    /// Put the new file in its place.
    Replace,
}

/// A file under construction, invisible until [`commit`](Self::commit). Dropping it discards it.
#[derive(Debug)]
pub struct AtomicFile {
    path: PathBuf,
    existing: Existing,
    body: Body,
}

#[derive(Debug)]
enum Body {
    #[cfg(target_os = "linux")]
    Unnamed(File),
    Named(NamedTempFile),
}

impl AtomicFile {
    /// Begins the file that will be called `path`.
    ///
    /// # Errors
    /// `AlreadyExists` when the name is taken and `existing` is [`Existing::Refuse`]; otherwise whatever the file
    /// system answers (no such folder, no permission, no space).
    pub fn create(path: &Path, existing: Existing) -> io::Result<Self> {
        if existing == Existing::Refuse && path.symlink_metadata().is_ok() {
            return Err(taken());
        }
        if path.file_name().is_none() || path.is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::IsADirectory,
                "the output names a folder, not a file",
            ));
        }
        Ok(Self {
            path: path.to_path_buf(),
            existing,
            body: open(folder_of(path))?,
        })
    }

    /// The name that the file will have.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// `AlreadyExists` when the name was taken in the meantime and the mode is [`Existing::Refuse`]; the existing
    /// file is then untouched. Otherwise what the file system answers. After an error nothing remains.
    pub fn commit(self) -> io::Result<()> {
        match self.body {
            #[cfg(target_os = "linux")]
            Body::Unnamed(file) => unnamed::publish(&file, &self.path, self.existing),
            Body::Named(mut file) => {
                file.flush()?;
                match self.existing {
                    Existing::Refuse => file.persist_noclobber(&self.path),
                    Existing::Replace => file.persist(&self.path),
                }
                .map(drop)
                .map_err(|failure| failure.error)
            }
        }
    }

    /// Another handle on the same bytes and the same place in them, for reading what was written before it is named.
    ///
    /// # Errors
    /// What the system answers when it has no more handles.
    pub fn reader(&self) -> io::Result<File> {
        self.file().try_clone()
    }

    fn file(&self) -> &File {
        match &self.body {
            #[cfg(target_os = "linux")]
            Body::Unnamed(file) => file,
            Body::Named(file) => file.as_file(),
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

impl Read for AtomicFile {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.file().read(bytes)
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file().seek(to)
    }
}

fn taken() -> io::Error {
    io::Error::new(
        io::ErrorKind::AlreadyExists,
        "a file of that name already exists",
    )
}

/// The folder that holds `path`; `.` for a bare name.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn open(folder: &Path) -> io::Result<Body> {
    #[cfg(target_os = "linux")]
    if let Some(file) = unnamed::open(folder) {
        return Ok(Body::Unnamed(file));
    }
    named(folder).map(Body::Named)
}

/// A named temporary file whose permissions are those of any new file, as the umask leaves them.
fn named(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".convt-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(target_os = "linux")]
mod unnamed {
    use std::fs::File;
    use std::io;
    use std::os::fd::AsRawFd;
    use std::path::Path;

    use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, open as open_at};

    use super::{Existing, folder_of, taken};

    /// A file without a name, or nothing where the kernel or the file system has none.
    pub(super) fn open(folder: &Path) -> Option<File> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let file = open_at(folder, flags, Mode::from_raw_mode(0o666)).ok()?;
        // Naming it later needs /proc; without it the named kind is used.
        Path::new("/proc/self/fd").exists().then(|| file.into())
    }

    fn link(file: &File, name: &Path) -> io::Result<()> {
        let handle = format!("/proc/self/fd/{}", file.as_raw_fd());
        linkat(CWD, handle, CWD, name, AtFlags::SYMLINK_FOLLOW).map_err(io::Error::from)
    }

    /// Links the file to `path`. A link never replaces, so replacing is a link to a free name and a rename.
    pub(super) fn publish(file: &File, path: &Path, existing: Existing) -> io::Result<()> {
        match link(file, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match existing {
                Existing::Refuse => Err(taken()),
                Existing::Replace => replace(file, path),
            },
            other => other,
        }
    }

    fn replace(file: &File, path: &Path) -> io::Result<()> {
        // `make_in` draws names until one is free and removes the file again if the rename fails.
        let spare = tempfile::Builder::new()
            .prefix(".convt-")
            .suffix(".tmp")
            .make_in(folder_of(path), |name| link(file, name))?;
        spare
            .persist(path)
            .map(drop)
            .map_err(|failure| failure.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn write(path: &Path, existing: Existing, text: &str) -> io::Result<()> {
        let mut file = AtomicFile::create(path, existing)?;
        file.write_all(text.as_bytes())?;
        file.commit()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn appears_whole_at_commit_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let mut file = AtomicFile::create(&path, Existing::Refuse).unwrap();
        file.write_all(b"abc").unwrap();
        assert!(!path.exists());
        file.seek(SeekFrom::Start(1)).unwrap();
        file.write_all(b"X").unwrap();
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"aXc");
        assert_eq!(names(folder.path()), ["out"]);
    }

    #[test]
    fn dropping_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = AtomicFile::create(&folder.path().join("out"), Existing::Replace).unwrap();
        file.write_all(b"abc").unwrap();
        drop(file);
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn refusing_keeps_the_existing_file_even_when_it_comes_late() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let mut late = AtomicFile::create(&path, Existing::Refuse).unwrap();
        late.write_all(b"late").unwrap();
        write(&path, Existing::Refuse, "first").unwrap();
        let error = late.commit().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        let error = write(&path, Existing::Refuse, "second").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(names(folder.path()), ["out"]);
    }

    #[test]
    fn replacing_replaces_and_leaves_no_other_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        write(&path, Existing::Replace, "first").unwrap();
        write(&path, Existing::Replace, "second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(names(folder.path()), ["out"]);
    }

    #[test]
    fn the_named_kind_keeps_the_same_promises() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let begin = |existing| AtomicFile {
            path: path.clone(),
            existing,
            body: Body::Named(named(folder.path()).unwrap()),
        };
        let mut file = begin(Existing::Refuse);
        file.write_all(b"one").unwrap();
        file.commit().unwrap();
        assert!(begin(Existing::Refuse).commit().is_err());
        let mut file = begin(Existing::Replace);
        file.write_all(b"two").unwrap();
        file.commit().unwrap();
        drop(begin(Existing::Replace));
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(folder.path()), ["out"]);
    }

    #[test]
    fn a_folder_is_not_an_output() {
        let folder = tempfile::tempdir().unwrap();
        assert!(AtomicFile::create(folder.path(), Existing::Replace).is_err());
        assert!(AtomicFile::create(Path::new("/"), Existing::Replace).is_err());
        let missing = folder.path().join("no/such/out");
        assert!(AtomicFile::create(&missing, Existing::Replace).is_err());
    }
}
