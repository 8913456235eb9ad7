//! What to know of a layer's code: one sentence each, in every language.

use super::Lang;

/// What a library cannot say in its own words, and what its code does instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// Keras' TensorFlow backend refuses stride and dilation together.
    KerasBackend,
    /// Keras' transposed convolution has no groups.
    KerasGroups,
    /// Neither of Keras' words crops so.
    KerasCrops,
    /// Keras' `output_padding` grows the other side.
    KerasOutputPadding,
    /// PyTorch crops no more at the end than at the beginning.
    TorchEnd,
    /// PyTorch has no parameters for these crops.
    TorchCrops,
    /// PyTorch pads both sides alike.
    TorchPads,
    /// ONNX has no negative pads.
    OnnxPads,
    /// JAX counts its padding from the stretched input.
    JaxPads,
}

impl Note {
    /// The sentence.
    pub(crate) fn text(self, lang: Lang) -> String {
        let text = match lang {
            Lang::En => self.en(),
            Lang::Zh => self.zh(),
        };
        text.to_string()
    }

    fn en(self) -> &'static str {
        match self {
            Self::KerasBackend => {
                "The TensorFlow backend refuses stride and dilation together: run with KERAS_BACKEND=jax."
            }
            Self::KerasGroups => "Keras has no groups here: one call per group.",
            Self::KerasCrops => {
                "Neither \"same\" nor \"valid\" crops like this: the full output is computed and cut."
            }
            Self::KerasOutputPadding => {
                "Keras' output_padding grows a \"same\" picture at the top and left, PyTorch's at the bottom and right: \
                 it is not used here."
            }
            Self::TorchEnd => {
                "PyTorch cannot crop more at the end than at the beginning: the full output is computed and sliced."
            }
            Self::TorchCrops => {
                "PyTorch cannot say these crops with padding and output_padding: the full output is computed and sliced."
            }
            Self::TorchPads => {
                "PyTorch pads both sides alike: the input is padded before the call."
            }
            Self::OnnxPads => {
                "ONNX has no negative pads: nothing is padded or cropped in the node, the rest is done around it."
            }
            Self::JaxPads => {
                "JAX's padding pairs are those of the stretched input: d·(k−1) minus the crop, not PyTorch's padding."
            }
        }
    }

    fn zh(self) -> &'static str {
        match self {
            Self::KerasBackend => {
                "TensorFlow 后端不支持步幅和膨胀同时大于 1：请用 KERAS_BACKEND=jax 运行。"
            }
            Self::KerasGroups => "Keras 的转置卷积不支持分组：这里每组各调用一次。",
            Self::KerasCrops => {
                "\"same\" 和 \"valid\" 都得不到这样的裁剪：先算出完整输出，再裁剪。"
            }
            Self::KerasOutputPadding => {
                "Keras 的 output_padding 让 \"same\" 的输出在上边和左边变大，PyTorch 则在下边和右边：这里不用它。"
            }
            Self::TorchEnd => "PyTorch 不能让末端裁得比开头多：先算出完整输出，再切片。",
            Self::TorchCrops => {
                "PyTorch 的 padding 和 output_padding 无法表示这样的裁剪：先算出完整输出，再切片。"
            }
            Self::TorchPads => "PyTorch 两边的填充必须相同：先填充输入，再调用。",
            Self::OnnxPads => "ONNX 不允许 pads 为负：节点内既不填充也不裁剪，其余的在节点外完成。",
            Self::JaxPads => {
                "JAX 的 padding 是对插零后的输入而言的，等于 d·(k−1) 减去裁剪，而不是 PyTorch 的 padding。"
            }
        }
    }
}
