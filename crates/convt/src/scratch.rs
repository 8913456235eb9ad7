//! Working memory that the caller keeps between runs.

use crate::tensor::zeros;
use crate::{Element, Error};

/// Working memory of a run. It grows to what a plan asks for ([`crate::Plan::scratch_bytes`]), is never read before it is
/// written, and may be used by any plan of its element type.
#[derive(Clone, Debug, Default)]
pub struct Scratch<T> {
    buffer: Vec<T>,
}

impl<T: Element> Scratch<T> {
    /// Empty: the first run lets it grow.
    pub fn new() -> Self {
        Self { buffer: Vec::new() }
    }

    /// From memory of the caller's, whatever it holds.
    pub fn from_vec(buffer: Vec<T>) -> Self {
        Self { buffer }
    }

    /// Bytes held now.
    pub fn bytes(&self) -> usize {
        self.buffer.len() * size_of::<T>()
    }

    /// `count` elements of unspecified content.
    pub(crate) fn take(&mut self, count: usize) -> Result<&mut [T], Error> {
        if self.buffer.len() < count {
            self.buffer = zeros("scratch", count)?;
        }
        Ok(&mut self.buffer[..count])
    }
}
