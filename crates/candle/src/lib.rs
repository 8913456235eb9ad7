//! Convolution and transposed convolution for [candle](https://docs.rs/candle-core), computed by convt: operations with
//! gradients, and layers that load PyTorch's weights.
//!
//! ```
//! use candle_core::{DType, Device, Tensor};
//! use candle_nn::{Module, VarBuilder, VarMap};
//! use convt_candle::{ConvTranspose2d, ConvTransposeConfig};
//!
//! let variables = VarMap::new();
//! let vb = VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu);
//! let config = ConvTransposeConfig { stride: [2, 1], padding: [1, 0], ..Default::default() };
//! let layer = ConvTranspose2d::load(8, 4, [4, 3], config, &vb.pp("up"))?; // "up.weight", "up.bias"
//! let y = layer.forward(&Tensor::ones((1, 8, 5, 5), DType::F32, &Device::Cpu)?)?;
//! assert_eq!(y.dims(), [1, 4, 10, 7]);
//! let gradients = y.sqr()?.mean_all()?.backward()?;
//! assert_eq!(gradients.get(layer.weight()).unwrap().dims(), [8, 4, 4, 3]);
//! # Ok::<(), candle_core::Error>(())
//! ```
//!
//! Every parameter of PyTorch's works along one, two and three axes, one value per axis: stride, padding, output_padding,
//! dilation, groups. [`apply`] takes any [`convt::Layer`], so signed crops and `same` as well. Elements are f32 or f64, on
//! the CPU. A run uses as many threads as its work is worth, of as many as `RAYON_NUM_THREADS` allows; no bit depends on it.
//!
//! Gradients are differentiable in turn: candle cuts gradients from what they were computed of unless the environment has
//! `CANDLE_GRAD_DO_NOT_DETACH=1`.

mod config;
mod engine;
mod functional;
mod nn;
mod op;

pub use config::{ConvConfig, ConvTransposeConfig};
pub use functional::{
    apply, conv, conv_transpose, conv_transpose1d, conv_transpose2d, conv_transpose3d, conv1d,
    conv2d, conv3d,
};
pub use nn::{
    Conv, Conv1d, Conv2d, Conv3d, ConvTranspose, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d,
};
pub use op::gradients;
