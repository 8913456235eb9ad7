//! Many pictures: which files become which, decided before any work, and the work on one of them.

mod name;
mod plan;
mod run;

use std::path::PathBuf;

use crate::error::Error;
use crate::picture::Format;

pub use plan::plan;
pub use run::{Done, run};

/// What to do with an output that exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IfExists {
    /// Nothing is done at all.
    #[default]
    Refuse,
    /// It is replaced.
    Overwrite,
    /// Its input is passed over.
    Skip,
}

/// What the user asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Files, folders, or `-` for the standard input.
    pub inputs: Vec<PathBuf>,
    /// A file, a folder, `-` for the standard output, or nothing: beside each input.
    pub output: Option<PathBuf>,
    /// Whether folders are entered.
    pub recursive: bool,
    /// Template of the names in a folder: `{stem}`, `{scale}`, `{ext}` with its dot, `{method}`, `{format}`.
    pub name: String,
    /// The results' format; each input's own when nothing is said.
    pub format: Option<Format>,
    /// What to do with existing outputs.
    pub if_exists: IfExists,
    /// For the names.
    pub scale: usize,
    /// For the names.
    pub method: String,
}

/// Where a picture comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

/// Where a result goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The standard output.
    Stdout,
    /// A file.
    File(PathBuf),
}

/// One picture to be enlarged.
#[derive(Debug)]
pub struct Job {
    /// Where it comes from.
    pub source: Source,
    /// Where the result goes; nothing when that cannot be told because of [`Job::problem`].
    pub target: Option<Target>,
    /// The result's format; the input's when nothing is said.
    pub format: Option<Format>,
    /// Whether the result exists and is to be left alone.
    pub skip: bool,
    /// Why it cannot be done, when that is known already.
    pub problem: Option<Error>,
}

/// What will be done.
#[derive(Debug, Default)]
pub struct Jobs {
    /// In the order of the inputs, folders by name.
    pub jobs: Vec<Job>,
    /// Files in folders that are no pictures.
    pub ignored: usize,
}
