//! Initialisation that starts as nearest-neighbour enlargement, free of checkerboards.
//!
//! An enlarging layer computes each phase of its output with a sub-kernel of its own. Independent random sub-kernels have
//! different sums, so that even a flat input comes out as a pattern of period `stride`, which training has to unlearn.
//! Here all phases start with the *same* sub-kernel: the layer is then its base layer of stride 1 followed by
//! nearest-neighbour enlargement, and every later difference between the phases is learned.

use super::{check_axes, check_stride, overflow};
use crate::tensor::{check_elements, elements, reserve};
use crate::{Element, Error, Tensor, TensorRef};

/// The weight of a transposed convolution with this stride from that of a base layer with stride 1.
///
/// `base` is `(C_in, C_out/groups, m...)`; the result has the kernel `m*s` on each axis and repeats every tap `s` times:
/// tap `u*s + r` is the base's tap `u` for every phase `r`. Input `q` then adds `x[q] * base[u]` to the whole block
/// `(q+u)*s ..`, which is the base layer's output at `q + u`, each element `s` times. With crops that are multiples of
/// the stride the blocks start at the output's beginning; others only shift them.
///
/// `stride` has one value per spatial axis.
pub fn icnr_transposed<'a, T: Element>(
    base: impl Into<TensorRef<'a, T>>,
    stride: &[usize],
) -> Result<Tensor<T>, Error> {
    let base = base.into();
    check_base(&base, stride)?;
    let kernel: Vec<usize> = base.shape[2..]
        .iter()
        .zip(stride)
        .map(|(m, s)| m.checked_mul(*s))
        .collect::<Option<_>>()
        .ok_or_else(|| overflow("kernel_size * stride"))?;
    let shape = [&base.shape[..2], &kernel].concat();
    let count = elements::<T>("weight", &shape)?;
    let mut data = reserve("weight", count)?;
    data.extend((0..count).map(|index| {
        // The tap's coordinates, innermost axis first, and the offset of the base's tap that it repeats; `rest` ends as
        // the number of the kernel, `step` as the elements of a base kernel.
        let (mut rest, mut step, mut tap) = (index, 1, 0);
        for (&k, &s) in kernel.iter().zip(stride).rev() {
            tap += rest % k / s * step;
            rest /= k;
            step *= k / s;
        }
        base.data[rest * step + tap]
    }));
    Ok(Tensor { shape, data })
}

/// The weight of a sub-pixel convolution (a convolution followed by PyTorch's `PixelShuffle`) from that of a base
/// convolution.
///
/// `base` is `(C_out, C_in/groups, k...)`; the result has `C_out * prod(stride)` filters. `PixelShuffle` takes the channels
/// `c*prod(stride) ..` for the phases of output channel `c`, so each base filter is repeated that often in a row (a
/// bias likewise). TensorFlow's `depth_to_space` puts the phase before the channel: there the whole base is repeated
/// instead. The filters of a group stay together, so groups need no care.
///
/// `stride` has one value per spatial axis.
pub fn icnr_subpixel<'a, T: Element>(
    base: impl Into<TensorRef<'a, T>>,
    stride: &[usize],
) -> Result<Tensor<T>, Error> {
    let base = base.into();
    check_base(&base, stride)?;
    let too_many = || overflow("out_channels * stride");
    let phases = stride
        .iter()
        .try_fold(1_usize, |product, &s| product.checked_mul(s))
        .ok_or_else(too_many)?;
    let mut shape = base.shape.clone();
    shape[0] = shape[0].checked_mul(phases).ok_or_else(too_many)?;
    let count = elements::<T>("weight", &shape)?;
    let mut data = reserve("weight", count)?;
    if count > 0 {
        for filter in base.data.chunks_exact(base.data.len() / base.shape[0]) {
            for _ in 0..phases {
                data.extend_from_slice(filter);
            }
        }
    }
    Ok(Tensor { shape, data })
}

/// Refuses a base that is no weight with as many spatial axes as there are strides.
fn check_base<T: Element>(base: &TensorRef<'_, T>, stride: &[usize]) -> Result<(), Error> {
    check_stride(stride)?;
    check_axes("stride", stride.len(), base.shape.len().saturating_sub(2))?;
    check_elements::<T>("base weight", base.data.len(), &base.shape)
}
