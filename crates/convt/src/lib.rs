//! Transposed convolution, and the convolution that it is derived from, on CPUs with PyTorch's semantics.
//!
//! ```
//! use convt::ConvTranspose2d;
//! use ndarray::Array;
//!
//! // nn.ConvTranspose2d(1, 1, kernel_size=3, stride=2, padding=1)
//! let layer = ConvTranspose2d::new(1, 1, 3).stride(2).padding(1);
//! let weight = Array::from_elem((1, 1, 3, 3), 1.0_f32);
//! let plan = layer.plan(&weight, Some(&[0.5]))?; // checks and packs once; any batch and size from here on
//! let y = plan.run(Array::from_elem((1, 1, 3, 3), 1.0_f32).view())?;
//! assert_eq!(y.shape(), [1, 1, 5, 5]);
//! # Ok::<(), convt::Error>(())
//! ```
//!
//! A value that can be wrong by itself is refused when the layer is planned; one that depends on the input when the plan
//! meets it. Every refusal is an [`Error`] that names the parameter, its value and the legal range. Nothing panics.
//!
//! # What a result means
//!
//! Output element `y[n, c, o]` starts as the bias and receives its products by fused multiply-add in one fixed order: input
//! channels of its group ascending, then the kernel's taps ascending, depth before height before width. Products that fall
//! outside the input do not exist and change nothing: no inserted zero is ever multiplied, and a zero of the border only
//! where all weights are finite. A sum of -0 is stored as +0. The order depends on nothing else, so the same bits come out
//! for any number of threads, any split of the batch and every instruction set (but for the payload of a NaN).
//!
//! One algorithm sums otherwise: [`Algorithm::Winograd`], which large layers of short phases run by unless [`Run::exact`] says
//! no. It has an error bound of its own, measured to be no worse than a direct sum's, and gives the same bits for any threads,
//! batch and instruction set; but a picture cut into pieces need not give the bits of the whole. `Plan::explain` tells which
//! algorithm runs.
//!
//! # Gradients
//!
//! [`Layer::backward`] gives the gradients of input, weight and bias. That of the input is a run of the other operation,
//! [`Layer::adjoint`], with all that was said above. That of a weight is a sum over all positions of the *coarse* tensor (a
//! transposed convolution's input, the gradient of a convolution's output), products that exist and no other, in blocks of at
//! most 256 positions: whole planes of height and width if one fits, else an equal share of a plane's rows, else of a row's
//! columns. Each block is summed from zero by fused multiply-adds, positions ascending (image, depth, height, width), and
//! added to the blocks before it. That of a bias adds, image by image, parts of at most 4096 neighbouring elements of a
//! channel, each part as 64 interleaved sums that are added in halves. So these, too, have the same bits for any threads and
//! instruction set; they depend on how a batch is split, as any sum over a batch does.

mod activation;
mod algorithm;
#[cfg(feature = "ndarray")]
mod arrays;
mod backward;
mod element;
mod error;
mod explain;
mod forced;
mod layer;
mod per_axis;
mod plan;
mod run;
mod scratch;
mod tensor;

pub mod cost;
pub mod fold;
pub mod init;
pub mod port;

pub use activation::Activation;
pub use algorithm::Algorithm;
pub use backward::{Gradients, GradientsMut, Wanted};
pub use convt_geometry::{Crop, Dtype, GeometryError, Op, Padding, Parameter, Problem};
pub use convt_simd::{Isa, IsaError};
pub use element::Element;
pub use error::Error;
pub use explain::{AxisSummary, Explanation, Refusal};
pub use layer::{
    AutoPad, Conv, Conv1d, Conv2d, Conv3d, ConvTranspose, ConvTranspose1d, ConvTranspose2d,
    ConvTranspose3d, Direct, Kind, Layer, Transposed, Typed,
};
pub use per_axis::PerAxis;
pub use plan::Plan;
pub use run::{Layout, Progress, Run};
pub use scratch::Scratch;
pub use tensor::{Tensor, TensorRef};
