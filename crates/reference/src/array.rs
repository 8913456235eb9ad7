//! A dense array of `f64`.

use crate::ReferenceError;

/// The most elements that any array or workspace of this crate may have. The definitions are for study and for tests;
/// what would need more is refused before memory is asked for.
pub const ELEMENT_LIMIT: usize = 1 << 26;

/// Elements in row-major order with their shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Length of every axis, outermost first.
    pub shape: Vec<usize>,
    /// The elements: as many as the product of the shape.
    pub data: Vec<f64>,
}

impl Array {
    /// An array of these elements; refuses a number of elements that is not the shape's product.
    pub fn new(shape: &[usize], data: Vec<f64>) -> Result<Self, ReferenceError> {
        let array = Self {
            shape: shape.to_vec(),
            data,
        };
        array.check("the array")?;
        Ok(array)
    }

    /// An array of zeros; refuses more than [`ELEMENT_LIMIT`] of them.
    pub fn zeros(shape: &[usize]) -> Result<Self, ReferenceError> {
        let elements = limited("the array", shape.iter().map(|&n| n as u128))?;
        Ok(Self {
            shape: shape.to_vec(),
            data: vec![0.0; elements],
        })
    }

    /// Refuses data that does not fill the shape.
    pub(crate) fn check(&self, name: &'static str) -> Result<(), ReferenceError> {
        let product = self
            .shape
            .iter()
            .try_fold(1usize, |product, &n| product.checked_mul(n));
        // An empty axis makes the product 0 however long the others are.
        let elements = if self.shape.contains(&0) {
            Some(0)
        } else {
            product
        };
        if elements == Some(self.data.len()) {
            return Ok(());
        }
        Err(ReferenceError::Data {
            array: name,
            elements: self.data.len(),
            shape: self.shape.clone(),
        })
    }
}

/// The product of `lengths`, refused above [`ELEMENT_LIMIT`].
pub(crate) fn limited(
    what: &'static str,
    lengths: impl IntoIterator<Item = u128>,
) -> Result<usize, ReferenceError> {
    let lengths: Vec<u128> = lengths.into_iter().collect();
    let elements = if lengths.contains(&0) {
        0
    } else {
        lengths.iter().fold(1, |all, &n| n.saturating_mul(all))
    };
    if elements > ELEMENT_LIMIT as u128 {
        return Err(ReferenceError::TooLarge {
            what,
            elements,
            limit: ELEMENT_LIMIT,
        });
    }
    Ok(elements as usize)
}
