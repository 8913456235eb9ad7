//! Values in rows and columns, and cells that know what they are.

use serde::Serialize;

/// Numbers on one to three axes, row-major.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Grid {
    /// Length of every axis.
    pub shape: Vec<usize>,
    /// The numbers; NaN and infinities become `null` in JSON.
    pub values: Vec<f64>,
}

impl Grid {
    /// A grid of these values, which fill the shape.
    pub(crate) fn new(shape: &[usize], values: &[f64]) -> Self {
        Self {
            shape: shape.to_vec(),
            values: values.to_vec(),
        }
    }

    /// The grid turned round on every axis: up-down and left-right for a picture.
    #[must_use]
    pub fn flipped(&self) -> Self {
        // Row-major order backwards is every axis backwards.
        Self {
            shape: self.shape.clone(),
            values: self.values.iter().rev().copied().collect(),
        }
    }
}

/// What a cell of the stretched and padded input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CellKind {
    /// An input element.
    Value,
    /// A zero put between two input elements by the stride.
    InsertedZero,
    /// A zero of the padding around them.
    PaddingZero,
    /// A zero of the extra padding at the far end that output_padding asks for.
    OutputPaddingZero,
    /// A cell that a negative padding cuts off: no window sees it.
    Cropped,
}

/// One cell of a [`Sheet`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// What it is.
    pub kind: CellKind,
    /// Its number: 0 for every zero.
    pub value: f64,
    /// Row-major index of the input element that it is.
    pub source: Option<usize>,
}

/// Cells on one to three axes, row-major.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sheet {
    /// Length of every axis.
    pub shape: Vec<usize>,
    /// The cells.
    pub cells: Vec<Cell>,
}

/// The letter of tap number `tap` (row-major): a to z, A to Z, then `t52`, `t53`, ...
pub fn letter(tap: usize) -> String {
    let letters = ('a'..='z').chain('A'..='Z');
    letters
        .map(String::from)
        .nth(tap)
        .unwrap_or_else(|| format!("t{tap}"))
}

/// Every position of a shape, row-major.
pub(crate) fn positions(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> + '_ {
    let count: usize = shape.iter().product();
    (0..count).map(|index| position(shape, index))
}

/// The position of a row-major index.
pub(crate) fn position(shape: &[usize], mut index: usize) -> Vec<usize> {
    let mut at = vec![0; shape.len()];
    for (place, &length) in at.iter_mut().zip(shape).rev() {
        *place = index % length;
        index /= length;
    }
    at
}

/// The row-major index of a position.
pub(crate) fn flat(shape: &[usize], at: &[usize]) -> usize {
    shape
        .iter()
        .zip(at)
        .fold(0, |index, (length, place)| index * length + place)
}
