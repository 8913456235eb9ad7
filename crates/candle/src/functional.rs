//! The operations on tensors.

use candle_core::{Result, Tensor, bail};
use convt::{Conv, ConvTranspose, Layer};

use crate::config::{ConvConfig, ConvTransposeConfig};
use crate::op::{Run, RunBiased};

/// `torch.nn.functional.conv_transpose{D}d`: `x` is `(N, C_in, spatial...)` or `(C_in, spatial...)`, `weight`
/// `(C_in, C_out/groups, kernel...)`, `bias` `(C_out)`.
pub fn conv_transpose<const D: usize>(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    config: ConvTransposeConfig<D>,
) -> Result<Tensor> {
    let (ins, outs, kernel) = sizes::<D>(weight)?;
    let layer = ConvTranspose::<D>::new(ins, outs.saturating_mul(config.groups), kernel)
        .stride(config.stride)
        .padding(config.padding)
        .output_padding(config.output_padding)
        .dilation(config.dilation)
        .groups(config.groups)
        .bias(bias.is_some());
    apply(&layer, x, weight, bias)
}

/// `torch.nn.functional.conv{D}d`: `x` is `(N, C_in, spatial...)` or `(C_in, spatial...)`, `weight`
/// `(C_out, C_in/groups, kernel...)`, `bias` `(C_out)`.
pub fn conv<const D: usize>(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    config: ConvConfig<D>,
) -> Result<Tensor> {
    let (outs, ins, kernel) = sizes::<D>(weight)?;
    let layer = Conv::<D>::new(ins.saturating_mul(config.groups), outs, kernel)
        .stride(config.stride)
        .padding(config.padding)
        .dilation(config.dilation)
        .groups(config.groups)
        .bias(bias.is_some());
    apply(&layer, x, weight, bias)
}

/// Names with the number of axes, as PyTorch has them.
macro_rules! named {
    ($($name:ident = $of:ident<$axes:literal>, $config:ident;)*) => {
        $(
            #[doc = concat!("[`", stringify!($of), "`] over ", stringify!($axes), " axes.")]
            pub fn $name(
                x: &Tensor,
                weight: &Tensor,
                bias: Option<&Tensor>,
                config: $config<$axes>,
            ) -> Result<Tensor> {
                $of(x, weight, bias, config)
            }
        )*
    };
}

named! {
    conv1d = conv<1>, ConvConfig;
    conv2d = conv<2>, ConvConfig;
    conv3d = conv<3>, ConvConfig;
    conv_transpose1d = conv_transpose<1>, ConvTransposeConfig;
    conv_transpose2d = conv_transpose<2>, ConvTransposeConfig;
    conv_transpose3d = conv_transpose<3>, ConvTransposeConfig;
}

/// Runs any layer of the engine's as an operation with gradients.
pub fn apply(layer: &Layer, x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let (x, weight) = (x.contiguous()?, weight.contiguous()?);
    match bias {
        Some(bias) => x.apply_op3(&weight, &bias.contiguous()?, RunBiased(layer.clone())),
        None => x.apply_op2(&weight, Run(layer.clone())),
    }
}

/// The first two axes of a weight and its kernel.
fn sizes<const D: usize>(weight: &Tensor) -> Result<(usize, usize, [usize; D])> {
    if let [first, second, ref kernel @ ..] = *weight.dims()
        && let Ok(kernel) = <[usize; D]>::try_from(kernel)
    {
        return Ok((first, second, kernel));
    }
    bail!(
        "weight has the shape {:?}, but over {D} spatial axes it needs {} axes",
        weight.dims(),
        D + 2
    )
}
