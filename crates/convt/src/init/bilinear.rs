//! Linear interpolation as a transposed convolution.

use super::{Real, check_stride, overflow};
use crate::tensor::{elements, reserve};
use crate::{Error, Tensor};

/// A one-dimensional kernel that enlarges by linear interpolation, and the padding that goes with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Bilinear {
    /// `2s - s%2` taps.
    pub kernel_size: usize,
    /// `ceil((s-1)/2)`, so that the output is exactly `s` times as long as the input.
    pub padding: usize,
    /// A triangle; every phase sums to 1.
    pub taps: Vec<f64>,
}

/// The kernel that enlarges `stride` times by linear interpolation between half-pixel centres (the rule of the fully
/// convolutional networks and of Caffe's bilinear filler).
///
/// Output `o` lies at `(o + 1/2)/s - 1/2` of the input. Tap `t` of input `q` lands on `o = q*s + t - p`, at the distance
///
/// ```text
/// (o + 1/2)/s - 1/2 - q = (2t + 1 - s - 2p) / 2s = (2t - (k-1)) / 2s      as k = 2s - s%2 and 2p = s - s%2
/// ```
///
/// from it, and linear interpolation weighs an input by 1 minus its distance: `(2s - |2t - (k-1)|) / 2s`.
///
/// Outputs whose neighbour lies outside the input miss its share: a flat picture is darker along its border.
pub fn bilinear_taps(stride: usize) -> Result<Bilinear, Error> {
    check_stride(&[stride])?;
    let kernel_size = stride
        .checked_mul(2)
        .map(|double| double - stride % 2)
        .ok_or_else(|| overflow("2 * stride"))?;
    let count = elements::<f64>("kernel", &[kernel_size])?;
    let mut taps = reserve("taps", count)?;
    let width = 2 * stride;
    taps.extend((0..kernel_size).map(|t| {
        let distance = (2 * t).abs_diff(kernel_size - 1);
        (width - distance) as f64 / width as f64
    }));
    Ok(Bilinear {
        kernel_size,
        padding: stride / 2,
        taps,
    })
}

/// The weight `(channels, 1, kernel...)` of a depthwise transposed convolution (groups = channels) that enlarges by
/// bilinear (trilinear, linear) interpolation, with one stride per spatial axis. Kernel size and padding of each axis are
/// those of [`bilinear_taps`].
pub fn bilinear_weight<T: Real>(channels: usize, stride: &[usize]) -> Result<Tensor<T>, Error> {
    check_stride(stride)?;
    let axes: Vec<Bilinear> = stride
        .iter()
        .map(|&s| bilinear_taps(s))
        .collect::<Result<_, _>>()?;
    let shape: Vec<usize> = [channels, 1]
        .into_iter()
        .chain(axes.iter().map(|axis| axis.kernel_size))
        .collect();
    let count = elements::<T>("weight", &shape)?;
    let mut data = reserve("weight", count)?;
    data.extend((0..count).map(|index| {
        // The tap's coordinates, innermost axis first; the channel is what remains.
        let (mut rest, mut value) = (index, 1.0);
        for axis in axes.iter().rev() {
            value *= axis.taps[rest % axis.kernel_size];
            rest /= axis.kernel_size;
        }
        T::rounded(value)
    }));
    Ok(Tensor { shape, data })
}
