//! Why a weight file gives no kernel.

use crate::sentence::Lang;

/// What is wrong with a file, or with what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FileError {
    /// Neither `.npy` nor `.safetensors`; what its reader says.
    Foreign(String),
    /// A `.npy` file whose header ends too soon.
    Header,
    /// A `.npy` file of an unknown version.
    Version,
    /// A `.npy` header without a type.
    NoType,
    /// A `.npy` file of numbers that are not read.
    Type(String),
    /// A `.npy` header without a shape.
    NoShape,
    /// A `.npy` header whose shape is no list of sizes.
    Shape,
    /// Channels beyond those of the tensor: asked and there.
    Channels([usize; 2], [usize; 2]),
    /// The file ends before this tensor does.
    Ends(String),
    /// No tensor can be a layer's weight: their shapes, and the most numbers of a kernel.
    NoWeight(String, usize),
}

impl FileError {
    /// The sentence about the file of this name.
    pub(crate) fn text(&self, name: &str, lang: Lang) -> String {
        match lang {
            Lang::En => format!("{name}: {}", self.en()),
            Lang::Zh => format!("{name}：{}", self.zh()),
        }
    }

    fn en(&self) -> String {
        match self {
            Self::Foreign(error) => format!("it is neither .npy nor .safetensors ({error})"),
            Self::Header => "its header ends too soon".to_string(),
            Self::Version => "its version is not 1, 2 or 3".to_string(),
            Self::NoType => "its header names no type".to_string(),
            Self::Type(found) => format!("its type is {found}, expected <f2, <f4 or <f8"),
            Self::NoShape => "its header names no shape".to_string(),
            Self::Shape => "its shape is no list of sizes".to_string(),
            Self::Channels(asked, there) => format!(
                "channels {} and {} are not within {} and {}",
                asked[0], asked[1], there[0], there[1]
            ),
            Self::Ends(tensor) => format!("it ends before {tensor} does"),
            Self::NoWeight(shapes, most) => format!(
                "it holds no weight of a layer: expected 3 to 5 axes (in, out/groups, kernel...) of f16, bf16, f32 or f64 \
                 and at most {most} numbers in a kernel, found {shapes}"
            ),
        }
    }

    fn zh(&self) -> String {
        match self {
            Self::Foreign(error) => format!("它既不是 .npy 也不是 .safetensors（{error}）"),
            Self::Header => "文件头不完整".to_string(),
            Self::Version => "文件版本不是 1、2 或 3".to_string(),
            Self::NoType => "文件头里没有数据类型".to_string(),
            Self::Type(found) => format!("数据类型是 {found}，而这里只能读 <f2、<f4 或 <f8"),
            Self::NoShape => "文件头里没有形状".to_string(),
            Self::Shape => "文件头里的形状不是一串尺寸".to_string(),
            Self::Channels(asked, there) => format!(
                "没有通道 {} 和 {}：两个通道数分别是 {} 和 {}，通道从 0 数起",
                asked[0], asked[1], there[0], there[1]
            ),
            Self::Ends(tensor) => format!("{tensor} 还没读完，文件就结束了"),
            Self::NoWeight(shapes, most) => format!(
                "里面没有可用作层权重的张量：需要 3 到 5 个轴（输入通道、输出通道/分组数、卷积核各轴），\
                 类型为 f16、bf16、f32 或 f64，每个卷积核最多 {most} 个数；找到的形状是 {shapes}"
            ),
        }
    }
}
