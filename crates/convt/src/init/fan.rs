//! Fan-in: how many products meet in one output.

use convt_geometry::{GeometryError, Op, Parameter};

use super::{check_axes, check_stride, overflow, zero};
use crate::Error;

/// The most products that one output element sums, without dilation: what an initialisation by variance (He, Glorot)
/// divides by.
///
/// A convolution's window holds the whole kernel: `C_in/groups * prod(k)`. A transposed convolution's output meets only
/// the taps of its own phase, every `s`-th one: `C_in/groups * prod(ceil(k/s))`. Code that reads fan-in off a weight's
/// shape takes the output channels and the whole kernel instead, and starts a stride-2 layer with a quarter of the
/// variance it should have, or less.
///
/// `kernel` and `stride` have one value per spatial axis.
pub fn fan_in(
    op: Op,
    in_channels: usize,
    groups: usize,
    kernel: &[usize],
    stride: &[usize],
) -> Result<usize, Error> {
    check_stride(stride)?;
    check_axes("kernel_size", kernel.len(), stride.len())?;
    if groups == 0 {
        return Err(zero(Parameter::Groups, None));
    }
    if !in_channels.is_multiple_of(groups) {
        return Err(Error::Geometry(GeometryError::Groups {
            parameter: Parameter::InChannels,
            channels: in_channels,
            groups,
        }));
    }
    let mut fan = in_channels / groups;
    for (axis, (&k, &s)) in kernel.iter().zip(stride).enumerate() {
        if k == 0 {
            return Err(zero(Parameter::KernelSize, Some(axis)));
        }
        let taps = match op {
            Op::Conv => k,
            Op::ConvTranspose => k.div_ceil(s),
        };
        fan = fan.checked_mul(taps).ok_or_else(|| overflow("fan-in"))?;
    }
    Ok(fan)
}
