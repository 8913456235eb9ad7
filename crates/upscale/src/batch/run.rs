//! The work on one picture: the files around [`Prepared`].

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use convt_files::{AtomicFile, Existing};

use super::{IfExists, Job, Source, Target};
use crate::codec::{self, ReadSeek};
use crate::compare::{Comparison, compare};
use crate::enlarge::{Options, Prepared, Progress, Report};
use crate::error::{Error, Result};
use crate::picture::Header;

/// What became of a picture.
#[derive(Debug)]
pub struct Done {
    /// What was done.
    pub report: Report,
    /// Nearness to the reference, when one was given.
    pub comparison: Option<Comparison>,
    /// How long it took.
    pub time: Duration,
}

/// Does one job. The result appears under its name only when it is whole, and when it could be compared with
/// `reference`, if there is one.
///
/// # Errors
/// The job's own problem, or any of the work. Nothing is left behind.
pub fn run(
    job: Job,
    if_exists: IfExists,
    options: &Options,
    reference: Option<&Path>,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Done> {
    if let Some(problem) = job.problem {
        return Err(problem);
    }
    let started = Instant::now();
    let prepared = Prepared::new(input(&job.source)?, job.format, options)?;
    if let Some(reference) = reference {
        check_reference(&prepared, reference, options)?;
    }
    let (report, comparison) = match job.target.unwrap_or(Target::Stdout) {
        Target::File(path) => to_file(prepared, &path, if_exists, options, reference, progress)?,
        Target::Stdout => to_stdout(prepared, options, reference, progress)?,
    };
    Ok(Done {
        report,
        comparison,
        time: started.elapsed(),
    })
}

/// Bytes collected before a file is written to.
const BUFFER: usize = 1 << 18;

type Tell<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

fn to_file(
    prepared: Prepared,
    path: &Path,
    if_exists: IfExists,
    options: &Options,
    reference: Option<&Path>,
    progress: Tell<'_>,
) -> Result<(Report, Option<Comparison>)> {
    let failed = |source| io_error("cannot write", path, source);
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let existing = match if_exists {
        IfExists::Overwrite => Existing::Replace,
        IfExists::Refuse | IfExists::Skip => Existing::Refuse,
    };
    let file = AtomicFile::create(path, existing).map_err(failed)?;
    let (report, output) = prepared.run(BufWriter::with_capacity(BUFFER, file), progress)?;
    let mut file = output
        .into_inner()
        .map_err(|error| failed(error.into_error()))?;
    let mut comparison = None;
    if let Some(reference) = reference {
        file.rewind().map_err(failed)?;
        let copy = file.reader().map_err(failed)?;
        comparison = Some(compared(copy, reference, options)?);
    }
    file.commit().map_err(failed)?;
    Ok((report, comparison))
}

/// The result is made in a file without a name first, so that the standard output gets all of it or nothing.
fn to_stdout(
    prepared: Prepared,
    options: &Options,
    reference: Option<&Path>,
    progress: Tell<'_>,
) -> Result<(Report, Option<Comparison>)> {
    let failed = |source| io_error("cannot write", Path::new("-"), source);
    let file = tempfile::tempfile().map_err(failed)?;
    let (report, output) = prepared.run(BufWriter::with_capacity(BUFFER, file), progress)?;
    let mut file = output
        .into_inner()
        .map_err(|error| failed(error.into_error()))?;
    let mut comparison = None;
    if let Some(reference) = reference {
        file.rewind().map_err(failed)?;
        let copy = file.try_clone().map_err(failed)?;
        comparison = Some(compared(copy, reference, options)?);
    }
    file.rewind().map_err(failed)?;
    let mut stdout = io::stdout().lock();
    io::copy(&mut file, &mut stdout)
        .and_then(|_| stdout.flush())
        .map_err(failed)?;
    Ok((report, comparison))
}

fn compared(result: File, reference: &Path, options: &Options) -> Result<Comparison> {
    compare(
        Box::new(result),
        open(reference)?,
        options.scale,
        options.max_memory,
    )
}

/// Refuses a reference of another size before the work.
fn check_reference(prepared: &Prepared, reference: &Path, options: &Options) -> Result<()> {
    let (_, reader) = codec::open(open(reference)?, options.max_memory)?;
    let (result, reference) = (prepared.report().output, reader.header());
    let size = |header: Header| (header.width, header.height);
    if size(result) == size(reference) {
        Ok(())
    } else {
        Err(Error::CompareSize {
            first: size(result),
            second: size(reference),
        })
    }
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Io {
        action,
        path: path.to_path_buf(),
        source,
    }
}

fn open(path: &Path) -> Result<Box<dyn ReadSeek>> {
    match File::open(path) {
        Ok(file) => Ok(Box::new(file)),
        Err(source) => Err(io_error("cannot read", path, source)),
    }
}

/// A file that can be read from any place; the standard input becomes a file without a name first.
fn input(source: &Source) -> Result<Box<dyn ReadSeek>> {
    match source {
        Source::File(path) => open(path),
        Source::Stdin => {
            let failed = |source| io_error("cannot read", Path::new("-"), source);
            let mut file = tempfile::tempfile().map_err(failed)?;
            io::copy(&mut io::stdin().lock(), &mut file).map_err(failed)?;
            file.rewind().map_err(failed)?;
            Ok(Box::new(file))
        }
    }
}
