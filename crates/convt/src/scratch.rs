//! Working memory that the caller keeps between runs.

use crate::tensor::zeros;
use crate::{Element, Error};

/// Bytes of a cache line.
const LINE: usize = 64;

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

    /// Elements that hold `count` wherever a cache line begins.
    pub(crate) fn with_slack(count: usize) -> usize {
        match count {
            0 => 0,
            count => count.saturating_add(LINE / size_of::<T>()),
        }
    }

    /// `count` elements of unspecified content, beginning at a cache line.
    pub(crate) fn take(&mut self, count: usize) -> Result<&mut [T], Error> {
        if count == 0 {
            return Ok(&mut []);
        }
        let whole = Self::with_slack(count);
        if self.buffer.len() < whole {
            self.buffer = zeros("scratch", whole)?;
        }
        // Of a slice of elements of 4 or 8 bytes, one of the first `LINE / size_of::<T>()` elements begins a line.
        let from = self.buffer.as_ptr().align_offset(LINE).min(whole - count);
        Ok(&mut self.buffer[from..from + count])
    }
}
