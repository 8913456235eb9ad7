//! A tensor as the rest of the project takes it.

use std::fmt;

/// Values in C order (last axis fastest) with their shape.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorData {
    /// Elements per axis; empty for a single number.
    pub shape: Vec<usize>,
    /// As many values as the shape holds.
    pub elements: Elements,
}

/// The values of a [`TensorData`].
///
/// Other element types are converted when they are read: booleans, 8- and 16-bit integers, float16 and bfloat16 become
/// `F32`, 32- and 64-bit integers become `F64`. Each of these conversions is exact; a 64-bit integer that no f64 equals
/// is refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Elements {
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
}

impl Elements {
    /// How many values there are.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `f32` or `f64`.
    pub fn dtype(&self) -> &'static str {
        match self {
            Self::F32(_) => "f32",
            Self::F64(_) => "f64",
        }
    }

    /// The values as f32, rounded where they were f64.
    pub fn into_f32(self) -> Vec<f32> {
        match self {
            Self::F32(values) => values,
            Self::F64(values) => values.into_iter().map(|value| value as f32).collect(),
        }
    }

    /// The values as f64.
    pub fn into_f64(self) -> Vec<f64> {
        match self {
            Self::F32(values) => values.into_iter().map(f64::from).collect(),
            Self::F64(values) => values,
        }
    }
}

impl fmt::Display for TensorData {
    /// Type and shape: `f32 (1, 3, 4)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.elements.dtype(), Shape(&self.shape))
    }
}

/// A shape as Python writes a tuple.
pub(crate) struct Shape<'a>(pub(crate) &'a [usize]);

impl fmt::Display for Shape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        let comma = if sizes.len() == 1 { "," } else { "" };
        write!(f, "({}{comma})", sizes.join(", "))
    }
}

/// Puts values stored first axis fastest (Fortran order) into C order.
pub(crate) fn from_fortran<T: Copy>(stored: &[T], shape: &[usize]) -> Vec<T> {
    // stride[a] = shape[0] * ... * shape[a-1]; the element (i0, i1, ...) lies at sum of i_a * stride[a].
    let mut strides = Vec::with_capacity(shape.len());
    let mut next = 1;
    for &size in shape {
        strides.push(next);
        next *= size;
    }
    let mut index = vec![0; shape.len()];
    let mut place = 0;
    (0..stored.len())
        .map(|_| {
            let value = stored[place];
            for axis in (0..shape.len()).rev() {
                index[axis] += 1;
                place += strides[axis];
                if index[axis] < shape[axis] {
                    break;
                }
                place -= strides[axis] * shape[axis];
                index[axis] = 0;
            }
            value
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fortran_order_is_the_transpose() {
        // (2, 3) stored column by column.
        assert_eq!(
            from_fortran(&[1, 4, 2, 5, 3, 6], &[2, 3]),
            [1, 2, 3, 4, 5, 6]
        );
        // (2, 2, 2): the element (i, j, k) is stored at i + 2j + 4k and holds that number.
        assert_eq!(
            from_fortran(&[0, 1, 2, 3, 4, 5, 6, 7], &[2, 2, 2]),
            [0, 4, 2, 6, 1, 5, 3, 7]
        );
        assert_eq!(from_fortran(&[7], &[]), [7]);
        assert!(from_fortran::<u8>(&[], &[0, 3]).is_empty());
    }

    #[test]
    fn shapes_read_like_python() {
        assert_eq!(Shape(&[]).to_string(), "()");
        assert_eq!(Shape(&[3]).to_string(), "(3,)");
        assert_eq!(Shape(&[3, 4]).to_string(), "(3, 4)");
    }
}
