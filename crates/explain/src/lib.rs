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
//! A **view** lays a trace out as a figure of frames, which `convt-draw` writes as SVG, GIF, PNG, `TikZ` or HTML. A
//! [`State`] says which problem, which numbers and which view, and is one line of text in a link:
//!
//! ```
//! use convt_explain::{State, figure};
//!
//! let state = State::parse_query("i=3x3&k=3&s=2&p=1&view=four-steps&lang=zh")?;
//! let figure = figure(&state)?;
//! assert_eq!(figure.frames.len(), 4 + 25); // the four steps begin with the problem itself; then one frame per output
//! # Ok::<(), convt_explain::ExplainError>(())
//! ```
//!
//! | about a state | |
//! |---|---|
//! | [`figure`], [`Show`], [`table`] | its view as a figure, frame by frame, and as text |
//! | [`inspect`] | where the number in a cell comes from |
//! | [`overlap`], [`balance`], [`reach`] | will it draw a checkerboard; weights that do not; which inputs make an output |
//! | [`Kernels`], [`kernel_sheet`] | the kernels of a trained weight as heat maps, and their phases |
//! | [`code`], [`port`] | the same layer in other libraries |
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

mod axis;
mod code;
mod error;
mod gradient;
mod inspect;
mod kernels;
mod model;
mod overlap;
mod port;
mod presets;
mod reach;
mod state;
pub mod text;
mod trace;
mod values;
mod views;
mod words;

pub use code::{Snippet, code};
pub use error::ExplainError;
pub use inspect::{Inspection, Term, inspect};
pub use kernels::{Flat, KernelMap, KernelPhase, Kernels, Split, kernel_sheet};
pub use overlap::{Balanced, Overlap, PhaseSum, Verdict, balance, overlap};
pub use port::{Framework, Port, port};
pub use presets::{PRESETS, Preset};
pub use reach::{Reach, Span, reach};
pub use state::{State, parse_theme, theme_name};
pub use text::Style;
pub use trace::{
    Add, Cell, CellKind, Channel, Facts, Grid, MatrixTrace, Product, Scatter, Sheet, Slide, Stamp,
    Steps, Trace, letter,
};
pub use values::Values;
pub use views::{Show, Table, View, figure, frame_count, table};
pub use words::Lang;
