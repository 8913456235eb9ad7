//! Which files become which. Nothing is written here.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::name;
use super::{IfExists, Job, Jobs, Request, Source, Target};
use crate::error::{Error, Result};
use crate::picture::Format;

/// Where the results go, as far as it is one place.
enum Place<'a> {
    Stdout,
    File(&'a Path),
    Folder(&'a Path),
    Beside,
}

/// Decides the work: every input with its output.
///
/// # Errors
/// The combination has no meaning; an output exists under [`IfExists::Refuse`], is an input, or is claimed by two
/// inputs. Inputs that cannot be read are jobs with a [`Job::problem`], so that the others go on.
pub fn plan(request: &Request) -> Result<Jobs> {
    name::check(request)?;
    if request.inputs.is_empty() {
        return Err(Error::Usage(
            "no input: name a picture, a folder with -r, or - for the standard input".to_owned(),
        ));
    }
    let place = place(request)?;
    let mut jobs = Jobs::default();
    for input in &request.inputs {
        if input.as_os_str() == "-" {
            jobs.jobs.push(from_stdin(request, &place)?);
        } else if input.is_dir() {
            folder(request, &place, input, &mut jobs)?;
        } else {
            jobs.jobs.push(file(request, &place, input, Path::new(""))?);
        }
    }
    check_outputs(request, &mut jobs.jobs)?;
    Ok(jobs)
}

fn is_folder(path: &Path) -> bool {
    path.is_dir()
        || path
            .to_string_lossy()
            .ends_with(['/', std::path::MAIN_SEPARATOR])
}

fn place(request: &Request) -> Result<Place<'_>> {
    let many = request.inputs.len() > 1 || request.inputs.iter().any(|input| input.is_dir());
    match request.output.as_deref() {
        None if request.inputs.iter().any(|input| input.is_dir()) && request.recursive => {
            Err(Error::Usage(
                "a folder of pictures needs a folder for the results: name it with -o".to_owned(),
            ))
        }
        None => Ok(Place::Beside),
        Some(path) if path.as_os_str() == "-" => {
            if many {
                return Err(Error::Usage(
                    "several pictures cannot go to one standard output: name a folder with -o"
                        .to_owned(),
                ));
            }
            Ok(Place::Stdout)
        }
        Some(path) if is_folder(path) => Ok(Place::Folder(path)),
        Some(path) if many && path.exists() => Err(Error::Usage(format!(
            "several pictures need a folder, and {} is a file: name a folder with -o",
            path.display()
        ))),
        Some(path) if many => Ok(Place::Folder(path)),
        Some(path) => Ok(Place::File(path)),
    }
}

fn from_stdin(request: &Request, place: &Place<'_>) -> Result<Job> {
    let target = match place {
        Place::Stdout | Place::Beside => Target::Stdout,
        Place::File(path) => Target::File(path.to_path_buf()),
        Place::Folder(path) => {
            return Err(Error::Usage(format!(
                "the standard input has no name to use in the folder {}: name a file with -o",
                path.display()
            )));
        }
    };
    let format = match place {
        Place::File(path) => format_of(request, path)?,
        _ => request.format,
    };
    Ok(Job {
        source: Source::Stdin,
        target: Some(target),
        format,
        skip: false,
        problem: None,
    })
}

/// The format of a result whose file is named: by its extension and by `-f`, which must not disagree.
fn format_of(request: &Request, path: &Path) -> Result<Option<Format>> {
    let told = match path.extension() {
        None => None,
        Some(extension) => match Format::of_name(&extension.to_string_lossy()) {
            Ok(format) => Some(format),
            // A name may end in anything when the format is given.
            Err(_) if request.format.is_some() => None,
            Err(error) => return Err(error),
        },
    };
    match (request.format, told) {
        (Some(asked), Some(told)) if asked != told => Err(Error::Usage(format!(
            "the format asked for is {asked} and the name {} says {told}: change one of them",
            path.display()
        ))),
        (asked, told) => Ok(asked.or(told)),
    }
}

/// The format of a file by its first bytes.
fn sniff(path: &Path) -> Result<Option<Format>> {
    let failed = |source| Error::Io {
        action: "cannot read",
        path: path.to_path_buf(),
        source,
    };
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(12).read_to_end(&mut start))
        .map_err(failed)?;
    Ok(Format::of_bytes(&start))
}

/// The job of one file; `below` is its folder within the folder that was named.
fn file(request: &Request, place: &Place<'_>, input: &Path, below: &Path) -> Result<Job> {
    let source = Source::File(input.to_path_buf());
    let found = match sniff(input) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(stuck(source, Error::NotAPicture)),
        Err(error) => return Ok(stuck(source, error)),
    };
    let mut format = Some(request.format.unwrap_or(found));
    let target = match place {
        Place::Stdout => Target::Stdout,
        Place::File(path) => {
            format = format_of(request, path)?.or(format);
            Target::File(path.to_path_buf())
        }
        Place::Folder(folder) => {
            Target::File(folder.join(below).join(name::name(request, input, found)?))
        }
        Place::Beside => Target::File(input.with_file_name(name::name(request, input, found)?)),
    };
    Ok(Job {
        source,
        target: Some(target),
        format,
        skip: false,
        problem: None,
    })
}

fn stuck(source: Source, problem: Error) -> Job {
    Job {
        source,
        target: None,
        format: None,
        skip: false,
        problem: Some(problem),
    }
}

fn folder(request: &Request, place: &Place<'_>, root: &Path, jobs: &mut Jobs) -> Result<()> {
    if !request.recursive {
        return Err(Error::Usage(format!(
            "{} is a folder: use -r to enlarge the pictures in it",
            root.display()
        )));
    }
    // Results of an earlier run are no inputs, unless the folder of the results is the very folder of the inputs.
    let results = match place {
        Place::Folder(path) => path.canonicalize().ok(),
        _ => None,
    };
    let same = results.is_some() && root.canonicalize().ok() == results;
    if same {
        return Err(Error::Usage(format!(
            "{} is the folder of the inputs and of the results, which the next run would take for inputs: name another with -o",
            root.display()
        )));
    }
    let walk = WalkDir::new(root).sort_by_file_name().into_iter();
    let outside = |path: &Path| results.is_none() || path.canonicalize().ok() != results;
    for entry in walk.filter_entry(|entry| !entry.file_type().is_dir() || outside(entry.path())) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().unwrap_or(root).to_path_buf();
                let source = error
                    .into_io_error()
                    .unwrap_or_else(|| std::io::Error::other("a loop of links"));
                let problem = Error::Io {
                    action: "cannot read",
                    path: path.clone(),
                    source,
                };
                jobs.jobs.push(stuck(Source::File(path), problem));
                continue;
            }
        };
        if !entry.path().is_file() {
            continue;
        }
        let below = entry
            .path()
            .strip_prefix(root)
            .ok()
            .and_then(Path::parent)
            .unwrap_or(Path::new(""));
        let job = file(request, place, entry.path(), below)?;
        if matches!(job.problem, Some(Error::NotAPicture)) {
            jobs.ignored += 1;
        } else {
            jobs.jobs.push(job);
        }
    }
    Ok(())
}

/// One spelling for every way to name a file: its folder's real path, its own name or that of what it links to.
fn real(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder = folder
        .canonicalize()
        .unwrap_or_else(|_| folder.to_path_buf());
    folder.join(path.file_name().unwrap_or_default())
}

fn check_outputs(request: &Request, jobs: &mut [Job]) -> Result<()> {
    let inputs: HashMap<PathBuf, PathBuf> = jobs
        .iter()
        .filter_map(|job| match &job.source {
            Source::File(path) => Some((real(path), path.clone())),
            Source::Stdin => None,
        })
        .collect();
    let mut claimed: HashMap<PathBuf, PathBuf> = HashMap::new();
    for job in jobs {
        let Some(Target::File(output)) = &job.target else {
            continue;
        };
        let key = real(output);
        let input = match &job.source {
            Source::File(path) => path.clone(),
            Source::Stdin => PathBuf::from("-"),
        };
        if inputs.contains_key(&key) {
            return Err(Error::OverInput(output.clone()));
        }
        if let Some(first) = claimed.insert(key, input.clone()) {
            return Err(Error::Collision {
                first,
                second: input,
                output: output.clone(),
            });
        }
        if output.is_dir() {
            return Err(Error::Usage(format!(
                "the output {} is a folder",
                output.display()
            )));
        }
        if output.symlink_metadata().is_ok() {
            match request.if_exists {
                IfExists::Refuse => return Err(Error::Exists(output.clone())),
                IfExists::Overwrite => {}
                IfExists::Skip => job.skip = true,
            }
        }
    }
    Ok(())
}
