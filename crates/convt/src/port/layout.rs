//! Which framework stores what.

use std::fmt;

use convt_geometry::Op;

use super::storage::Part::{AllIn, AllOut, In, Kernel, Out};
use super::storage::{Part, Storage};
use crate::Error;

/// How a framework stores the weight of a layer.
///
/// In the tables `g` is the number of groups, `in` and `out` are all channels, `k` stands for the spatial axes in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WeightLayout {
    /// PyTorch, ONNX, Core ML, PaddlePaddle, MindSpore: `(in, out/g, k)` transposed, `(out, in/g, k)` otherwise.
    Torch,
    /// TensorFlow and Keras: `(k, out, in)` transposed, without groups; `(k, in/g, out)` otherwise.
    TensorFlow,
    /// TensorFlow Lite: `(out, k, in)` transposed, without groups; `(out, k, in/g)` otherwise.
    TfLite,
    /// `jax.lax.conv_transpose` as it is called by default: `(k, in, out)`, turned around, without groups. JAX's
    /// convolutions name their layout: [`WeightLayout::Torch`] is its OIHW, [`WeightLayout::Flax`] its HWIO.
    Jax,
    /// `jax.lax.conv_transpose` with `transpose_kernel=True`: `(k, out, in)`, without groups.
    JaxTransposeKernel,
    /// Flax, both linen and nnx: `(k, in, out)`, turned around and without groups, transposed; `(k, in/g, out)` otherwise.
    Flax,
    /// Flax's transposed layer with `transpose_kernel=True`: `(k, out, in)`, without groups.
    FlaxTransposeKernel,
    /// Equinox: `(out, in/g, k)`, turned around when transposed.
    Equinox,
    /// MLX: `(out, k, in/g)`.
    Mlx,
    /// ncnn: `(out, in/g, k)`.
    Ncnn,
    /// WebNN's `iohw`, its default for `convTranspose2d`: `(in, out/g, k)`.
    WebNnIohw,
    /// WebNN's `hwoi` for `convTranspose2d`: `(k, out/g, in)`.
    WebNnHwoi,
    /// WebNN's `ohwi`: `(out/g, k, in)` for `convTranspose2d`, `(out, k, in/g)` for `conv2d`.
    WebNnOhwi,
    /// WebNN's `oihw`, its default for `conv2d`: `(out, in/g, k)`.
    WebNnOihw,
    /// WebNN's `hwio` for `conv2d`: `(k, in/g, out)`.
    WebNnHwio,
    /// WebNN's `ihwo` for `conv2d`: `(in/g, k, out)`.
    WebNnIhwo,
}

impl WeightLayout {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Torch,
        Self::TensorFlow,
        Self::TfLite,
        Self::Jax,
        Self::JaxTransposeKernel,
        Self::Flax,
        Self::FlaxTransposeKernel,
        Self::Equinox,
        Self::Mlx,
        Self::Ncnn,
        Self::WebNnIohw,
        Self::WebNnHwoi,
        Self::WebNnOhwi,
        Self::WebNnOihw,
        Self::WebNnHwio,
        Self::WebNnIhwo,
    ];

    /// Whether the framework has such layers with this layout.
    pub fn stores(self, op: Op) -> bool {
        self.order(op).is_some()
    }

    /// Whether the framework has such layers with several groups.
    pub fn has_groups(self, op: Op) -> bool {
        let transposed_without = matches!(
            self,
            Self::TensorFlow
                | Self::TfLite
                | Self::Jax
                | Self::JaxTransposeKernel
                | Self::Flax
                | Self::FlaxTransposeKernel
        );
        self.stores(op) && !(op == Op::ConvTranspose && transposed_without)
    }

    /// Whether the kernels are turned around on every spatial axis, compared with PyTorch's.
    pub fn flips(self, op: Op) -> bool {
        op == Op::ConvTranspose && matches!(self, Self::Jax | Self::Flax | Self::Equinox)
    }

    pub(crate) fn storage(self, op: Op, groups: usize) -> Result<Storage, Error> {
        let Some(order) = self.order(op) else {
            return Err(Error::Value {
                parameter: "layout",
                value: self.to_string(),
                expected: format!("a layout of {} layers, such as {}", op.name(), Self::Torch),
            });
        };
        if groups > 1 && !self.has_groups(op) {
            return Err(Error::Value {
                parameter: "groups",
                value: groups.to_string(),
                expected: format!(
                    "1, because {self} has no groups in {}: split the layer into one per group",
                    op.name()
                ),
            });
        }
        Ok(Storage {
            order,
            flipped: self.flips(op),
        })
    }

    fn order(self, op: Op) -> Option<[Part; 3]> {
        match op {
            Op::ConvTranspose => self.order_transposed(),
            Op::Conv => self.order_direct(),
        }
    }

    fn order_transposed(self) -> Option<[Part; 3]> {
        Some(match self {
            Self::Torch | Self::WebNnIohw => [AllIn, Out, Kernel],
            Self::TensorFlow
            | Self::JaxTransposeKernel
            | Self::FlaxTransposeKernel
            | Self::WebNnHwoi => [Kernel, Out, AllIn],
            Self::Jax | Self::Flax => [Kernel, AllIn, Out],
            Self::TfLite | Self::WebNnOhwi => [Out, Kernel, AllIn],
            Self::Equinox | Self::Ncnn => [AllOut, In, Kernel],
            Self::Mlx => [AllOut, Kernel, In],
            Self::WebNnOihw | Self::WebNnHwio | Self::WebNnIhwo => return None,
        })
    }

    fn order_direct(self) -> Option<[Part; 3]> {
        Some(match self {
            Self::Torch | Self::Equinox | Self::Ncnn | Self::WebNnOihw => [AllOut, In, Kernel],
            Self::TensorFlow | Self::Flax | Self::WebNnHwio => [Kernel, In, AllOut],
            Self::TfLite | Self::Mlx | Self::WebNnOhwi => [AllOut, Kernel, In],
            Self::WebNnIhwo => [In, Kernel, AllOut],
            Self::Jax
            | Self::JaxTransposeKernel
            | Self::FlaxTransposeKernel
            | Self::WebNnIohw
            | Self::WebNnHwoi => return None,
        })
    }
}

impl fmt::Display for WeightLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Torch => "PyTorch",
            Self::TensorFlow => "TensorFlow",
            Self::TfLite => "TensorFlow Lite",
            Self::Jax => "JAX",
            Self::JaxTransposeKernel => "JAX (transpose_kernel)",
            Self::Flax => "Flax",
            Self::FlaxTransposeKernel => "Flax (transpose_kernel)",
            Self::Equinox => "Equinox",
            Self::Mlx => "MLX",
            Self::Ncnn => "ncnn",
            Self::WebNnIohw => "WebNN iohw",
            Self::WebNnHwoi => "WebNN hwoi",
            Self::WebNnOhwi => "WebNN ohwi",
            Self::WebNnOihw => "WebNN oihw",
            Self::WebNnHwio => "WebNN hwio",
            Self::WebNnIhwo => "WebNN ihwo",
        })
    }
}
