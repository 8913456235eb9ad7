//! Buffers between guard cells: a write beside the output is seen, and so is an output cell that was never written.

use crate::Float;

/// Cells on each side.
const GUARD: usize = 64;

/// `len` cells between guard cells. All start as [`Float::SENTINEL`], a NaN that no computation makes.
#[derive(Clone, Debug)]
pub struct Guarded<T> {
    cells: Vec<T>,
    before: usize,
    len: usize,
}

impl<T: Float> Guarded<T> {
    /// `len` cells.
    pub fn new(len: usize) -> Self {
        Self::shifted(len, 0)
    }

    /// `len` cells that begin `shift` cells later, so that the slice need not be aligned to a vector.
    pub fn shifted(len: usize, shift: usize) -> Self {
        let before = GUARD + shift;
        Self {
            cells: vec![T::SENTINEL; before + len + GUARD],
            before,
            len,
        }
    }

    /// The cells between the guards.
    pub fn as_slice(&self) -> &[T] {
        &self.cells[self.before..self.before + self.len]
    }

    /// The cells between the guards, to be written.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.cells[self.before..self.before + self.len]
    }

    /// Asserts that no guard cell was written.
    ///
    /// # Panics
    /// With the place of the first one that was.
    pub fn assert_intact(&self) {
        let end = self.before + self.len;
        for (i, cell) in self.cells.iter().enumerate() {
            let guard = i < self.before || i >= end;
            assert!(
                !guard || cell.to_bits() == T::SENTINEL.to_bits(),
                "cell {} of an output with {} cells was written: {cell:?}",
                i as isize - self.before as isize,
                self.len
            );
        }
    }

    /// Asserts that every cell between the guards was written.
    ///
    /// # Panics
    /// With the place of the first one that was not.
    pub fn assert_filled(&self) {
        let untouched = |cell: &T| cell.to_bits() == T::SENTINEL.to_bits();
        if let Some(place) = self.as_slice().iter().position(untouched) {
            panic!("cell {place} of {} was never written", self.len);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_inside_are_seen_and_leave_the_guards_alone() {
        let mut buffer = Guarded::<f32>::shifted(5, 3);
        buffer.as_mut_slice().fill(1.0);
        buffer.assert_intact();
        buffer.assert_filled();
        assert_eq!(buffer.as_slice(), [1.0; 5]);
    }

    #[test]
    #[should_panic(expected = "cell 5 of an output with 5 cells was written")]
    fn a_write_after_the_end_is_caught() {
        let mut buffer = Guarded::<f32>::new(5);
        buffer.cells[GUARD + 5] = f32::NAN;
        buffer.assert_intact();
    }

    #[test]
    #[should_panic(expected = "cell -1 of")]
    fn a_write_before_the_beginning_is_caught() {
        let mut buffer = Guarded::<f64>::new(5);
        buffer.cells[GUARD - 1] = 0.0;
        buffer.assert_intact();
    }

    #[test]
    #[should_panic(expected = "cell 1 of 3 was never written")]
    fn a_cell_left_out_is_caught() {
        let mut buffer = Guarded::<f64>::new(3);
        buffer.as_mut_slice()[0] = 1.0;
        buffer.as_mut_slice()[2] = 1.0;
        buffer.assert_filled();
    }
}
