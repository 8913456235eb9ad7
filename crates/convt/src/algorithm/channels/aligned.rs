//! Elements that begin at a cache line.

use crate::tensor::reserve;
use crate::{Element, Error};

/// Bytes of a cache line.
const LINE: usize = 64;

/// A vector of elements of which the first lies at a cache line, so that a load of a line touches one.
#[derive(Debug)]
pub(super) struct Aligned<T> {
    /// Up to a line of elements that are not used, then the elements.
    cells: Vec<T>,
    skip: usize,
    length: usize,
}

impl<T: Element> Aligned<T> {
    /// `length` zeros.
    pub(super) fn zeros(what: &'static str, length: usize) -> Result<Self, Error> {
        let room = length.saturating_add(slack::<T>());
        let mut cells = reserve(what, room)?;
        cells.resize(room, T::ZERO);
        let skip = skipped(&cells);
        Ok(Self {
            cells,
            skip,
            length,
        })
    }
}

impl<T> Aligned<T> {
    pub(super) fn as_slice(&self) -> &[T] {
        &self.cells[self.skip..self.skip + self.length]
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.cells[self.skip..self.skip + self.length]
    }
}

impl<T: Clone> Clone for Aligned<T> {
    /// The copy's elements are aligned as well, by a `skip` of their own.
    fn clone(&self) -> Self {
        let mut cells = self.cells.clone();
        let skip = skipped(&cells);
        cells[skip..skip + self.length].clone_from_slice(self.as_slice());
        Self {
            cells,
            skip,
            length: self.length,
        }
    }
}

/// Elements that memory must have beyond its use, for the use to begin at a line.
pub(super) const fn slack<T>() -> usize {
    LINE / size_of::<T>()
}

/// How many elements of `memory`, which has at least [`slack`], lie before its first line.
fn skipped<T>(memory: &[T]) -> usize {
    memory.as_ptr().align_offset(LINE).min(slack::<T>())
}

/// `memory` from its first line on; it has [`slack`] elements more than are used.
pub(super) fn from_line<T>(memory: &mut [T]) -> &mut [T] {
    let skip = skipped(memory);
    &mut memory[skip..]
}
