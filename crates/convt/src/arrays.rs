//! `ndarray` views in, arrays out.
#![allow(clippy::needless_pass_by_value)] // views go by value, as everywhere in ndarray

use std::borrow::Cow;

use ndarray::{Array, ArrayBase, ArrayView, ArrayViewMut, Data, Dimension, IxDyn};

use crate::tensor::{elements, reserve};
use crate::{Element, Error, Layout, Plan, Run, Scratch, TensorRef};

impl<'a, T: Element, S: Data<Elem = T>, I: Dimension> From<&'a ArrayBase<S, I>>
    for TensorRef<'a, T>
{
    /// A contiguous array is borrowed; any other is copied.
    fn from(array: &'a ArrayBase<S, I>) -> Self {
        let data = match array.as_slice() {
            Some(slice) => Cow::Borrowed(slice),
            None => Cow::Owned(array.iter().copied().collect()),
        };
        Self {
            shape: array.shape().to_vec(),
            data,
        }
    }
}

impl<T: Element> Plan<T> {
    /// Runs on `(N, C_in, spatial...)` or `(C_in, spatial...)`. A view that is not contiguous in row-major order is copied.
    pub fn run<I: Dimension>(&self, x: ArrayView<'_, T, I>) -> Result<Array<T, I>, Error> {
        self.run_with(x, &Run::default())
    }

    /// As [`Plan::run`], with options.
    pub fn run_with<I: Dimension>(
        &self,
        x: ArrayView<'_, T, I>,
        run: &Run,
    ) -> Result<Array<T, I>, Error> {
        let shape = x.shape().to_vec();
        let (x, run) = self.contiguous(&x, run)?;
        let y = self.run_slice_with(&x, &shape, &run)?;
        Array::from_shape_vec(IxDyn(&y.shape), y.data)
            .and_then(Array::into_dimensionality)
            .map_err(|_| wrong_rank(&y.shape))
    }

    /// Runs into an array of the caller's, of the output's shape; one that is not contiguous is filled by a copy.
    /// `threads` = 0 is all of the current rayon pool.
    pub fn run_into<I: Dimension>(
        &self,
        x: ArrayView<'_, T, I>,
        y: ArrayViewMut<'_, T, I>,
        scratch: &mut Scratch<T>,
        threads: usize,
    ) -> Result<(), Error> {
        self.run_into_with(x, y, scratch, &Run::new().threads(threads))
    }

    /// As [`Plan::run_into`], with options.
    pub fn run_into_with<I: Dimension>(
        &self,
        x: ArrayView<'_, T, I>,
        mut y: ArrayViewMut<'_, T, I>,
        scratch: &mut Scratch<T>,
        run: &Run,
    ) -> Result<(), Error> {
        let resolved = self.resolve(x.shape(), run)?;
        let same = match run.layout {
            Layout::ChannelsFirst => y.shape() == &*resolved.output_shape(),
            Layout::ChannelsLast => y.shape() == self.shape_of(&resolved, run),
        };
        if !same {
            return Err(Error::Shape {
                array: "output",
                shape: y.shape().to_vec(),
                expected: self.shape_of(&resolved, run),
                because: "for this input",
            });
        }
        if let (Some(x), Some(y)) = (x.as_slice(), y.as_slice_mut()) {
            return self.run_resolved(x, &resolved, y, scratch, run);
        }
        let shape = x.shape().to_vec();
        let (x, run) = self.contiguous(&x, run)?;
        if let Some(y) = y.as_slice_mut() {
            return self.run_resolved(&x, &resolved, y, scratch, &run);
        }
        let whole = self.run_slice_with(&x, &shape, &run)?;
        for (y, &value) in y.iter_mut().zip(&whole.data) {
            *y = value;
        }
        Ok(())
    }

    /// The view's elements in row-major order, and the options with the bytes of a copy taken off their memory limit.
    fn contiguous<'v, I: Dimension>(
        &self,
        x: &'v ArrayView<'_, T, I>,
        run: &Run,
    ) -> Result<(Cow<'v, [T]>, Run), Error> {
        let mut run = run.clone();
        if let Some(slice) = x.as_slice() {
            return Ok((Cow::Borrowed(slice), run));
        }
        let count = elements::<T>("input", x.shape())?;
        let resolved = self.resolve(x.shape(), &run)?;
        self.check_limit(&resolved, &run, count)?;
        if let Some(limit) = &mut run.memory_limit {
            *limit = limit.saturating_sub(count * size_of::<T>());
        }
        let mut copy = reserve("a contiguous copy of the input", count)?;
        copy.extend(x.iter().copied());
        Ok((Cow::Owned(copy), run))
    }
}

/// Unreachable while an output has as many axes as its input; said in a sentence should that ever change.
fn wrong_rank(shape: &[usize]) -> Error {
    Error::Rank {
        array: "output",
        shape: shape.to_vec(),
        expected: String::from("as many axes as the input"),
    }
}
