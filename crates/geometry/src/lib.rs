//! The integers of convolution and transposed convolution.
//!
//! The axes of a convolution never interact, so everything here is about **one axis** of `input` elements, a kernel of
//! `kernel` taps, a `stride`, a `dilation` and a pair of *signed crops*, the one canonical form of every framework's
//! padding words. Only [`Problem`] puts axes, channels and groups together, as one line of text.
//!
//! ```text
//! K    = dilation * (kernel - 1) + 1                                  span of the kernel
//! full = (input - 1) * stride + K                                     transposed: every input stamps the kernel
//! out  = full - crop.begin - crop.end                                 transposed
//! out  = floor((input + crop.begin + crop.end - K) / stride) + 1      convolution: what the adjoint crops, it pads
//! ```
//!
//! | file | idea |
//! |---|---|
//! | [`Op`], [`Axis`] | sizes of both operations, in checked arithmetic |
//! | [`Crop`], [`Padding`] | PyTorch's, ONNX's, TensorFlow's, Keras' and JAX's words, read into signed crops |
//! | [`Walk`] | which input meets which tap: phases for an inner axis, contributions for an outer one |
//! | [`Formula`] | the size formula with the numbers in it |
//! | [`solve`] | which parameters give a wanted size |
//! | [`Problem`] | one problem as one line of text |
//!
//! No floating point, no dependency, no unsafe code, no panic.

mod axis;
mod count;
mod crop;
mod error;
mod formula;
mod padding;
mod problem;
mod solve;
mod walk;

pub use axis::{Axis, Op};
pub use crop::Crop;
pub use error::{GeometryError, Parameter};
pub use formula::Formula;
pub use padding::{Extra, Padding};
pub use problem::{Dtype, Problem, ProblemAxis};
pub use solve::{Search, Solution, Target, gcd, solve};
pub use walk::{Contributions, Phase, Reach, Tap, Walk};
