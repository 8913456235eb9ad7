//! Layers with weights, as `candle_nn` has them.

use candle_core::{Result, Tensor};
use candle_nn::{Init, Module, VarBuilder};
use convt::PerAxis;

use crate::{ConvConfig, ConvTransposeConfig, conv, conv_transpose};

/// A convolution over `D` spatial axes with its weight, `(C_out, C_in/groups, kernel...)`, and bias.
#[derive(Clone, Debug)]
pub struct Conv<const D: usize> {
    weight: Tensor,
    bias: Option<Tensor>,
    config: ConvConfig<D>,
}

/// A transposed convolution over `D` spatial axes with its weight, `(C_in, C_out/groups, kernel...)`, and bias.
#[derive(Clone, Debug)]
pub struct ConvTranspose<const D: usize> {
    weight: Tensor,
    bias: Option<Tensor>,
    config: ConvTransposeConfig<D>,
}

/// Along one axis: sound.
pub type Conv1d = Conv<1>;
/// Along two axes: pictures.
pub type Conv2d = Conv<2>;
/// Along three axes: volumes.
pub type Conv3d = Conv<3>;
/// Along one axis: sound.
pub type ConvTranspose1d = ConvTranspose<1>;
/// Along two axes: pictures.
pub type ConvTranspose2d = ConvTranspose<2>;
/// Along three axes: volumes.
pub type ConvTranspose3d = ConvTranspose<3>;

/// What both kinds of layers have.
macro_rules! layer {
    ($layer:ident, $config:ident, $run:ident, ($ins:ident, $outs:ident), $first:ident, $second:ident) => {
        impl<const D: usize> $layer<D> {
            /// A layer with these weights.
            pub fn new(weight: Tensor, bias: Option<Tensor>, config: $config<D>) -> Self {
                Self {
                    weight,
                    bias,
                    config,
                }
            }

            /// The layer whose `weight` and `bias` are found in `vb` under PyTorch's names and in its shapes; where `vb` makes
            /// new variables, they are drawn as PyTorch draws them.
            pub fn load(
                $ins: usize,
                $outs: usize,
                kernel_size: impl Into<PerAxis<D>>,
                config: $config<D>,
                vb: &VarBuilder<'_>,
            ) -> Result<Self> {
                let kernel = kernel_size.into();
                let mut layer = Self::load_no_bias($ins, $outs, kernel, config, vb)?;
                let init = initial(layer.weight.dims());
                layer.bias = Some(vb.get_with_hints($outs, "bias", init)?);
                Ok(layer)
            }

            /// As `load`, without a bias.
            pub fn load_no_bias(
                $ins: usize,
                $outs: usize,
                kernel_size: impl Into<PerAxis<D>>,
                config: $config<D>,
                vb: &VarBuilder<'_>,
            ) -> Result<Self> {
                let PerAxis(kernel) = kernel_size.into();
                if config.groups == 0 || !$second.is_multiple_of(config.groups) {
                    candle_core::bail!(
                        "groups = {}, but it must divide {} = {}",
                        config.groups,
                        stringify!($second),
                        $second
                    );
                }
                let shape = [&[$first, $second / config.groups], &kernel[..]].concat();
                let init = initial(&shape);
                let weight = vb.get_with_hints(shape, "weight", init)?;
                Ok(Self::new(weight, None, config))
            }

            /// The weight.
            pub fn weight(&self) -> &Tensor {
                &self.weight
            }

            /// The bias.
            pub fn bias(&self) -> Option<&Tensor> {
                self.bias.as_ref()
            }

            /// The parameters.
            pub fn config(&self) -> &$config<D> {
                &self.config
            }
        }

        impl<const D: usize> Module for $layer<D> {
            fn forward(&self, x: &Tensor) -> Result<Tensor> {
                $run(x, &self.weight, self.bias.as_ref(), self.config)
            }
        }
    };
}

layer!(
    Conv,
    ConvConfig,
    conv,
    (in_channels, out_channels),
    out_channels,
    in_channels
);
layer!(
    ConvTranspose,
    ConvTransposeConfig,
    conv_transpose,
    (in_channels, out_channels),
    in_channels,
    out_channels
);

/// PyTorch's distribution for weight and bias: uniform within `1 / sqrt(fan_in)`, where its fan-in is the product of all of
/// the weight's axes but the first, for transposed convolutions too.
fn initial(weight: &[usize]) -> Init {
    let fan_in: usize = weight.iter().skip(1).product();
    let bound = 1.0 / (fan_in.max(1) as f64).sqrt();
    Init::Uniform {
        lo: -bound,
        up: bound,
    }
}
