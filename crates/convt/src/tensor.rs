//! Arrays as slices with shapes.

use std::borrow::Cow;

use convt_simd::{Isa, Routine};

use crate::{Element, Error};

/// An owned array in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor<T> {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its elements, last axis fastest.
    pub data: Vec<T>,
}

/// A borrowed array in row-major order: a slice with a shape. A non-contiguous `ndarray` view is copied into one.
#[derive(Clone, Debug)]
pub struct TensorRef<'a, T: Clone> {
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Cow<'a, [T]>,
}

impl<'a, T: Element> From<(&'a [T], &[usize])> for TensorRef<'a, T> {
    fn from((data, shape): (&'a [T], &[usize])) -> Self {
        Self {
            shape: shape.to_vec(),
            data: Cow::Borrowed(data),
        }
    }
}

impl<'a, T: Element, const N: usize> From<(&'a [T], [usize; N])> for TensorRef<'a, T> {
    fn from((data, shape): (&'a [T], [usize; N])) -> Self {
        Self::from((data, &shape[..]))
    }
}

impl<'a, T: Element> From<&'a Tensor<T>> for TensorRef<'a, T> {
    fn from(tensor: &'a Tensor<T>) -> Self {
        Self::from((&tensor.data[..], &tensor.shape[..]))
    }
}

/// The number of elements of `shape`, if as many bytes of `T` can be addressed.
#[inline]
pub(crate) fn elements<T>(what: &'static str, shape: &[usize]) -> Result<usize, Error> {
    // A zero anywhere makes the whole array empty, however large the other axes are.
    if shape.contains(&0) {
        return Ok(0);
    }
    shape
        .iter()
        .try_fold(1_usize, |product, &axis| product.checked_mul(axis))
        .filter(|count| {
            count
                .checked_mul(size_of::<T>())
                .is_some_and(|bytes| isize::try_from(bytes).is_ok())
        })
        .ok_or_else(|| Error::TooLarge {
            what,
            shape: shape.to_vec(),
        })
}

/// Checks that `count` elements fill `shape`.
#[inline]
pub(crate) fn check_elements<T>(
    array: &'static str,
    count: usize,
    shape: &[usize],
) -> Result<(), Error> {
    if elements::<T>(array, shape)? == count {
        Ok(())
    } else {
        Err(Error::Elements {
            array,
            elements: count,
            shape: shape.to_vec(),
        })
    }
}

/// An empty vector with room for `count` elements, or an error where the system has no such memory.
pub(crate) fn reserve<T>(what: &'static str, count: usize) -> Result<Vec<T>, Error> {
    let mut vector = Vec::new();
    vector
        .try_reserve_exact(count)
        .map_err(|_| Error::OutOfMemory {
            what,
            bytes: count.saturating_mul(size_of::<T>()),
        })?;
    Ok(vector)
}

/// A vector of `count` zeros, or an error where the system has no such memory. Large ones are pages that the system hands out
/// zeroed as they are first written, so that an output is written once.
pub(crate) fn zeros<T: Element>(what: &'static str, count: usize) -> Result<Vec<T>, Error> {
    // Zeroed memory can be asked for only where failing ends the process: ask for as much in the way that can be refused.
    drop(reserve::<T>(what, count)?);
    Ok(vec![T::ZERO; count])
}

/// Whether no value is NaN or an infinity.
pub(crate) fn all_finite<T: Element>(values: &[T]) -> bool {
    struct AllFinite<'v, T>(&'v [T]);

    impl<T: Element> Routine for AllFinite<'_, T> {
        type Output = bool;
        #[inline(always)]
        fn run(self) -> bool {
            // No early end within a part, so that the part takes vectors.
            self.0.chunks(4096).all(|part| {
                let mut finite = true;
                for value in part {
                    finite &= value.is_finite();
                }
                finite
            })
        }
    }

    Isa::best().run(AllFinite(values))
}
