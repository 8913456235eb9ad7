//! A folder to work in, and what a run of the program leaves.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use convt_files::{Elements, Existing, Location, TensorData, read, write};
use serde_json::Value;
use tempfile::TempDir;

/// What a run of the program left.
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Outcome {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("standard output is text")
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        serde_json::from_slice(&self.stdout).expect("standard output is one JSON value")
    }

    /// Asserts exit code 0.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self
    }

    /// Asserts a refusal with that exit code, one line on standard error that contains every part, and no data.
    pub(crate) fn refused(self, code: i32, parts: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "stderr: {}", self.stderr);
        assert!(self.stderr.starts_with("error: "), "{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        assert!(self.stdout.is_empty(), "{:?}", self.text());
        for part in parts {
            assert!(
                self.stderr.contains(part),
                "{part:?} is not in: {}",
                self.stderr
            );
        }
        self
    }
}

/// A folder to work in.
pub(crate) struct Desk(pub(crate) TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_convt"));
        command.args(words).current_dir(self.0.path());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI", "CONVT_ISA"] {
            command.env_remove(name);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn convt(&self, words: &[&str]) -> Outcome {
        outcome(self.command(words))
    }

    pub(crate) fn convt_with_input(&self, words: &[&str], input: &[u8]) -> Outcome {
        let mut child = self.command(words).stdin(Stdio::piped()).spawn().unwrap();
        // The program may stop reading early.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        Outcome {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn save(&self, name: &str, shape: &[usize], values: &[f32]) {
        self.put(name, shape, Elements::F32(values.to_vec()));
    }

    pub(crate) fn put(&self, name: &str, shape: &[usize], elements: Elements) {
        let tensor = TensorData {
            shape: shape.to_vec(),
            elements,
        };
        write(&at(&self.path(name)), &tensor, Existing::Replace).unwrap();
    }

    pub(crate) fn load(&self, name: &str) -> TensorData {
        read(&at(&self.path(name))).unwrap()
    }

    /// The 2x2 input and 2x2 kernel of textbooks, 0 1 2 3 each.
    pub(crate) fn textbook() -> Self {
        let desk = Self::new();
        desk.save("x.npy", &[1, 1, 2, 2], &[0.0, 1.0, 2.0, 3.0]);
        desk.save("w.npy", &[1, 1, 2, 2], &[0.0, 1.0, 2.0, 3.0]);
        desk
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

pub(crate) fn at(path: &Path) -> Location {
    Location::parse(path.as_os_str())
}

pub(crate) fn outcome(mut command: Command) -> Outcome {
    let output = command.output().unwrap();
    Outcome {
        code: output.status.code(),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) const RUN: [&str; 7] = ["run", "-i", "x.npy", "-w", "w.npy", "-o", "y.npy"];

pub(crate) fn run_with(more: &[&'static str]) -> Vec<&'static str> {
    RUN.iter().chain(more).copied().collect()
}

impl Outcome {
    /// Asserts that the error is the documented object on standard error.
    pub(crate) fn refused_json(self, code: i32, part: &str) {
        assert_eq!(self.code, Some(code));
        assert!(self.stdout.is_empty());
        let object: Value =
            serde_json::from_str(&self.stderr).expect("standard error is one JSON value");
        assert_eq!(object["exit_code"], code);
        assert!(object["error"].as_str().unwrap().contains(part), "{object}");
    }
}
