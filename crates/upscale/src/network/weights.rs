//! The weights of a network as a file holds them, checked.
//!
//! | tensor | shape | for |
//! |---|---|---|
//! | `feature.weight`, `.bias`, `.prelu` | (d, 1, 5, 5), (d), (d) | luma to features |
//! | `shrink.weight`, `.bias`, `.prelu` | (s, d, 1, 1), (s), (s) | fewer features |
//! | `map.0.weight`, `.bias`, `.prelu`, `map.1`... | (s, s, 3, 3), (s), (s) | m layers that do the work |
//! | `expand.weight`, `.bias`, `.prelu` | (d, s, 1, 1), (d), (d) | many features again |
//! | `upsample.weight`, `.bias` | (d, 1, k, k), (1) | the transposed convolution |
//!
//! The metadata says `convt.network` = `fsrcnn` and `convt.scale`. Elements of any floating type are read.

use convt_files::TensorSet;

use crate::error::{Error, Result};

/// Most channels, of d and of s.
const MOST_CHANNELS: usize = 1024;

/// Most mapping layers.
const MOST_MAPS: usize = 64;

/// Longest side of the last layer's kernel.
const LONGEST_KERNEL: usize = 64;

/// A convolution and the slopes of its PReLU.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Convolution {
    pub(crate) weight: Vec<f32>,
    pub(crate) bias: Vec<f32>,
    pub(crate) slopes: Vec<f32>,
}

/// The weights of one FSRCNN.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    pub(crate) scale: usize,
    /// Channels of the features: d.
    pub(crate) wide: usize,
    /// Channels of the mapping layers: s.
    pub(crate) narrow: usize,
    /// Side of the last layer's kernel: k.
    pub(crate) kernel: usize,
    pub(crate) feature: Convolution,
    pub(crate) shrink: Convolution,
    pub(crate) maps: Vec<Convolution>,
    pub(crate) expand: Convolution,
    pub(crate) upsample: Vec<f32>,
    pub(crate) upsample_bias: f32,
}

impl Weights {
    /// Reads the bytes of a `.safetensors` file; `name` is what messages call it.
    pub fn parse(bytes: &[u8], name: &str) -> Result<Self> {
        let set = TensorSet::from_safetensors(bytes, name).map_err(|error| Error::Network {
            name: name.to_owned(),
            problem: error.to_string(),
        })?;
        let mut file = File { name, set };
        let scale = file.scale()?;
        let wide = file.channels("feature.weight")?;
        let narrow = file.channels("shrink.weight")?;
        let count = (0..).take_while(|n| file.has(&format!("map.{n}.weight")));
        let count = count.count();
        if count > MOST_MAPS {
            return Err(file.broken(format!(
                "it has {count} mapping layers: convt takes up to {MOST_MAPS}"
            )));
        }
        let kernel = file.kernel(scale)?;
        let feature = file.convolution("feature", wide, 1, 5)?;
        let shrink = file.convolution("shrink", narrow, wide, 1)?;
        let maps = (0..count)
            .map(|n| file.convolution(&format!("map.{n}"), narrow, narrow, 3))
            .collect::<Result<_>>()?;
        let expand = file.convolution("expand", wide, narrow, 1)?;
        let upsample = file.take("upsample.weight", &[wide, 1, kernel, kernel])?;
        let upsample_bias = file.take("upsample.bias", &[1])?[0];
        if let Some(other) = file.set.tensors.keys().next() {
            return Err(file.broken(format!(
                "it holds {other:?}, which no FSRCNN with {count} mapping layers has"
            )));
        }
        Ok(Self {
            scale,
            wide,
            narrow,
            kernel,
            feature,
            shrink,
            maps,
            expand,
            upsample,
            upsample_bias,
        })
    }

    /// How many times as wide and high the network makes a picture.
    pub fn scale(&self) -> usize {
        self.scale
    }

    /// How many numbers were learned.
    pub fn parameters(&self) -> usize {
        let layers = [&self.feature, &self.shrink, &self.expand];
        let layers = layers.into_iter().chain(&self.maps);
        let sum: usize = layers
            .map(|layer| layer.weight.len() + layer.bias.len() + layer.slopes.len())
            .sum();
        sum + self.upsample.len() + 1
    }
}

/// A file whose tensors are taken out one by one.
struct File<'a> {
    name: &'a str,
    set: TensorSet,
}

impl File<'_> {
    fn broken(&self, problem: String) -> Error {
        Error::Network {
            name: self.name.to_owned(),
            problem,
        }
    }

    fn has(&self, tensor: &str) -> bool {
        self.set.tensors.contains_key(tensor)
    }

    fn scale(&self) -> Result<usize> {
        let word = |key: &str| self.set.metadata.get(key).map(String::as_str);
        match word("convt.network") {
            Some("fsrcnn") => {}
            Some(other) => {
                return Err(self.broken(format!(
                    "its metadata says convt.network = {other:?}: convt runs \"fsrcnn\""
                )));
            }
            None => {
                return Err(self.broken(
                    "its metadata has no convt.network: it must say \"fsrcnn\" there".to_owned(),
                ));
            }
        }
        let text = word("convt.scale").unwrap_or_default();
        match text.parse() {
            Ok(scale) if (1..=crate::MAX_SCALE).contains(&scale) => Ok(scale),
            _ => Err(self.broken(format!(
                "its metadata says convt.scale = {text:?}: it must be a whole number from 1 to {}",
                crate::MAX_SCALE
            ))),
        }
    }

    fn shape(&self, tensor: &str, expected: &str) -> Result<&[usize]> {
        match self.set.tensors.get(tensor) {
            Some(data) => Ok(&data.shape),
            None => Err(self.broken(format!("it has no tensor {tensor:?} of shape {expected}"))),
        }
    }

    /// The output channels of a convolution, which its other shapes follow.
    fn channels(&self, tensor: &str) -> Result<usize> {
        let expected = format!("(channels, ...) with 1 to {MOST_CHANNELS} channels");
        match *self.shape(tensor, &expected)? {
            [channels, _, _, _] if (1..=MOST_CHANNELS).contains(&channels) => Ok(channels),
            ref shape => Err(self.broken(format!(
                "its tensor {tensor:?} has shape {shape:?}: expected {expected}"
            ))),
        }
    }

    /// The side of the last layer's kernel.
    fn kernel(&self, scale: usize) -> Result<usize> {
        let tensor = "upsample.weight";
        let expected = format!("(d, 1, k, k) with k from {scale}, the scale, to {LONGEST_KERNEL}");
        match *self.shape(tensor, &expected)? {
            [_, _, k, _] if (scale..=LONGEST_KERNEL).contains(&k) => Ok(k),
            ref shape => Err(self.broken(format!(
                "its tensor {tensor:?} has shape {shape:?}: expected {expected}"
            ))),
        }
    }

    fn convolution(
        &mut self,
        layer: &str,
        to: usize,
        from: usize,
        k: usize,
    ) -> Result<Convolution> {
        Ok(Convolution {
            weight: self.take(&format!("{layer}.weight"), &[to, from, k, k])?,
            bias: self.take(&format!("{layer}.bias"), &[to])?,
            slopes: self.take(&format!("{layer}.prelu"), &[to])?,
        })
    }

    fn take(&mut self, tensor: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let expected = format!("{shape:?}");
        let found = self.shape(tensor, &expected)?;
        if found != shape {
            return Err(self.broken(format!(
                "its tensor {tensor:?} has shape {found:?}: expected {expected}"
            )));
        }
        let data = self.set.tensors.remove(tensor);
        let values = data.map_or(Vec::new(), |data| data.elements.into_f32());
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok(values),
            Some(index) => Err(self.broken(format!(
                "element {index} of its tensor {tensor:?} is {}: all must be finite",
                values[index]
            ))),
        }
    }
}
