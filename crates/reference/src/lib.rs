//! Convolution and transposed convolution, defined five ways in `f64`.
//!
//! This crate is the oracle of every test and the teacher of every picture, so it is written to be read: no definition
//! knows how another one works, none is fast, and all must agree. It computes its own sizes and takes only the
//! vocabulary ([`Op`]) from `convt-geometry`.
//!
//! | definition | one sentence | file |
//! |---|---|---|
//! | [`Definition::Scatter`] | every input adds its products to the outputs it reaches | `scatter.rs` |
//! | [`Definition::Gather`] | every output collects the products that reach it | `gather.rs` |
//! | [`Definition::ZeroInsert`] | stretch, pad, flip, convolve: the four steps | `zero_insert.rs` |
//! | [`Definition::Matrix`] | flatten: `O = I C`, and transposed `P = O C^T` | `matrix.rs` |
//! | [`Definition::Phases`] | split by remainders mod the stride, convolve, interleave | `phases.rs` |
//!
//! Every file is about **one input channel, one kernel and one output channel**, because channels only add:
//!
//! ```text
//! y[n, co] = b[co] + sum over the input channels ci of co's group of  definition(x[n, ci], w[ci, co])
//! ```
//!
//! That sum is written once, in `run.rs`. One and two spatial axes are three whose first ones have length 1.
//!
//! **Only products that exist.** No definition multiplies a padded or inserted zero, nor a hole of the matrix: "no
//! element" is `None`, not `0.0`, so an infinite weight never meets a zero that nobody put into the input.
//!
//! ```
//! use convt_reference::{Array, Definition, Layer, Op};
//!
//! let layer = Layer::new(Op::ConvTranspose, 2).stride(&[2, 2]).padding(&[1, 1]);
//! let x = Array::new(&[1, 1, 3, 3], (1..=9).map(f64::from).collect())?;
//! let w = Array::new(&[1, 1, 3, 3], vec![1.0; 9])?;
//! let y = Definition::Scatter.run(&layer, &x, &w, None)?;
//! assert_eq!(y.shape, [1, 1, 5, 5]);
//! assert_eq!(y, Definition::ZeroInsert.run(&layer, &x, &w, None)?);
//! # Ok::<(), convt_reference::ReferenceError>(())
//! ```

mod array;
mod error;
mod gather;
mod gradients;
mod layer;
mod matrix;
mod phases;
mod plane;
mod run;
mod scatter;
mod zero_insert;

pub use array::{Array, ELEMENT_LIMIT};
pub use convt_geometry::Op;
pub use error::ReferenceError;
pub use gradients::{Gradients, gradients};
pub use layer::Layer;
pub use matrix::{Matrix, equivalent_matrix};
pub use run::Definition;
