//! Weights between frameworks.
//!
//! A framework stores a weight in an order of axes of its own, sometimes with the kernel turned around. Groups are where
//! plain transposition goes wrong. Moving `(in, out/g, k...)` to a layout that starts with all output channels means:
//! view it as `(g, in/g, out/g, k...)`, swap the middle pair, flatten `(g, out/g)`. Transposing the whole array instead
//! mixes the groups, and no shape shows it where `in/g = out/g`.
//!
//! ```
//! use convt::port::{WeightLayout, to_torch};
//! use convt::Op;
//!
//! // Keras stores Conv2DTranspose as (height, width, out, in): here 1 x 2, 3 output channels, 2 input channels.
//! let keras: Vec<f32> = (0..12).map(|n| n as f32).collect();
//! let torch = to_torch(WeightLayout::TensorFlow, Op::ConvTranspose, 1, (&keras[..], [1, 2, 3, 2]))?;
//! assert_eq!(torch.shape, [2, 3, 1, 2]);
//! assert_eq!(torch.data[..4], [0.0, 6.0, 2.0, 8.0]);
//! # Ok::<(), convt::Error>(())
//! ```

mod layout;
mod storage;

pub use layout::WeightLayout;
pub(crate) use storage::{Sizes, Storage, check_weight};

use convt_geometry::Op;

use crate::tensor::zeros;
use crate::{Element, Error, Tensor, TensorRef};

/// A weight as `layout` stores it, in PyTorch's order: `(C_in, C_out/groups, k...)` transposed, `(C_out, C_in/groups,
/// k...)` otherwise.
pub fn to_torch<'a, T: Element>(
    layout: WeightLayout,
    op: Op,
    groups: usize,
    weight: impl Into<TensorRef<'a, T>>,
) -> Result<Tensor<T>, Error> {
    let stored = layout.storage(op, groups)?;
    convert(&weight.into(), groups, stored, Storage::torch(op))
}

/// A weight in PyTorch's order as `layout` stores it: the inverse of [`to_torch`].
pub fn from_torch<'a, T: Element>(
    layout: WeightLayout,
    op: Op,
    groups: usize,
    weight: impl Into<TensorRef<'a, T>>,
) -> Result<Tensor<T>, Error> {
    let stored = layout.storage(op, groups)?;
    convert(&weight.into(), groups, Storage::torch(op), stored)
}

fn convert<T: Element>(
    weight: &TensorRef<'_, T>,
    groups: usize,
    from: Storage,
    to: Storage,
) -> Result<Tensor<T>, Error> {
    check_weight(weight)?;
    let sizes = Sizes::read(from, groups, &weight.shape)?;
    let mut data = zeros("weight", weight.data.len())?;
    let target = sizes.offsets(to);
    sizes.each_with_tap(from, |g, i, o, tap, offset| {
        let tap = if from.flipped == to.flipped {
            tap
        } else {
            sizes.taps() - 1 - tap // every spatial axis reversed is the row-major order reversed
        };
        data[target.at(g, i, o, tap)] = weight.data[offset];
    });
    Ok(Tensor {
        shape: sizes.shape(to),
        data,
    })
}
