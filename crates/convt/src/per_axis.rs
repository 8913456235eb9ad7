//! A number, or one per axis.

/// A parameter of `D` spatial axes: `2` and `[2, 1]` both convert into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerAxis<const D: usize>(pub [usize; D]);

impl<const D: usize> From<usize> for PerAxis<D> {
    fn from(value: usize) -> Self {
        Self([value; D])
    }
}

impl<const D: usize> From<[usize; D]> for PerAxis<D> {
    fn from(values: [usize; D]) -> Self {
        Self(values)
    }
}
