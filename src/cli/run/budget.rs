//! `--max-memory`: what arrays hold, and what is left.

use convt_files::{Elements, FileError, Location, TensorData, read, read_within};

use crate::failure::Failure;

/// The memory that arrays may take, and what they take already.
#[derive(Clone, Copy)]
pub(super) struct Budget {
    pub(super) limit: Option<usize>,
    pub(super) held: usize,
}

impl Budget {
    pub(super) fn read(&mut self, at: &Location) -> Result<TensorData, FileError> {
        let tensor = match self.limit {
            None => read(at)?,
            Some(limit) => read_within(at, limit.saturating_sub(self.held))?,
        };
        self.held += bytes(&tensor.elements);
        Ok(tensor)
    }

    /// What is left, if there is a limit.
    pub(super) fn left(self) -> Option<usize> {
        self.limit.map(|limit| limit.saturating_sub(self.held))
    }

    /// The engine counts what it takes itself; people gave a limit for everything.
    pub(super) fn explain(self, error: convt::Error) -> Failure {
        match (error, self.limit) {
            (convt::Error::MemoryLimit { what, bytes, .. }, Some(limit)) => {
                Failure::usage(format!(
                    "max-memory = {limit} is too small: it takes {bytes} bytes for {what} beside the {} of the arrays read, \
                     so give at least {}",
                    self.held,
                    self.held.saturating_add(bytes)
                ))
            }
            (error, _) => error.into(),
        }
    }
}

pub(super) fn bytes(elements: &Elements) -> usize {
    match elements {
        Elements::F32(values) => size_of_val(&values[..]),
        Elements::F64(values) => size_of_val(&values[..]),
    }
}
