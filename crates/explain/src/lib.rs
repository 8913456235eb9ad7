//! Every number of a convolution or transposed convolution, as data and as text.
//!
//! A **trace** is data only: what is multiplied with what, where it lands, and which cells are zeros of which kind. A
//! **drawing** reads a trace and computes nothing, so another drawing can be made of the same trace.
//!
//! | trace | what it tells | as text |
//! |---|---|---|
//! | [`Trace::steps`] | insert zeros, pad, flip, slide | [`text::four_steps`] |
//! | [`Trace::scatter`] | every input stamps the kernel; then the crop | [`text::scatter`] |
//! | [`MatrixTrace`] | `O = I C` and `P = O C^T`, step by step | [`text::matrix`] |
//!
//! ```
//! use convt_explain::{Style, Trace, text};
//! use convt_reference::{Array, Layer, Op};
//!
//! let layer = Layer::new(Op::ConvTranspose, 2);
//! let x = Array::new(&[1, 2, 2], vec![1.0, 2.0, 3.0, 4.0])?;
//! let w = Array::new(&[1, 1, 3, 3], (1..=9).map(f64::from).collect())?;
//! let trace = Trace::new(&layer, &x, &w, None)?;
//! assert!(text::four_steps(&trace, None, Style::plain())?.contains("y[1,1] = 1·5 + 2·4 + 3·2 + 4·1 = 23"));
//! # Ok::<(), convt_explain::ExplainError>(())
//! ```

mod error;
pub mod text;
mod trace;

pub use error::ExplainError;
pub use text::Style;
pub use trace::{
    Add, Cell, CellKind, Channel, Facts, Grid, MatrixTrace, Product, Scatter, Sheet, Slide, Stamp,
    Steps, Trace, letter,
};
