//! Networks that tests make themselves, and the bytes of their files.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::Rng;

/// A tensor by name: shape and elements.
pub type Named = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// The sizes of an FSRCNN.
#[derive(Clone, Copy, Debug)]
pub struct Fsrcnn {
    /// Scale.
    pub scale: usize,
    /// Channels of the features.
    pub wide: usize,
    /// Channels of the mapping layers.
    pub narrow: usize,
    /// Mapping layers.
    pub maps: usize,
    /// Side of the last layer's kernel.
    pub kernel: usize,
}

impl Fsrcnn {
    /// The layers with a PReLU: name, channels in and out, side of the kernel.
    pub fn convolutions(&self) -> Vec<(String, usize, usize, usize)> {
        let (d, s) = (self.wide, self.narrow);
        let mut layers = vec![
            ("feature".to_string(), 1, d, 5),
            ("shrink".to_string(), d, s, 1),
        ];
        layers.extend((0..self.maps).map(|n| (format!("map.{n}"), s, s, 3)));
        layers.push(("expand".to_string(), s, d, 1));
        layers
    }

    /// Tensors whose element `index` is `value(name, index)`.
    fn tensors(&self, mut value: impl FnMut(&str, usize) -> f32) -> Named {
        let mut tensors = Named::new();
        let mut add = |name: String, shape: &[usize]| {
            let count = shape.iter().product();
            let data = (0..count).map(|index| value(&name, index)).collect();
            tensors.insert(name, (shape.to_vec(), data));
        };
        for (name, from, to, k) in self.convolutions() {
            add(format!("{name}.weight"), &[to, from, k, k]);
            add(format!("{name}.bias"), &[to]);
            add(format!("{name}.prelu"), &[to]);
        }
        let k = self.kernel;
        add("upsample.weight".to_string(), &[self.wide, 1, k, k]);
        add("upsample.bias".to_string(), &[1]);
        tensors
    }

    /// Small random weights that keep values of the size of the picture's.
    pub fn random(&self, seed: u64) -> Named {
        let mut rng = Rng::new(seed);
        let fan: BTreeMap<String, f32> = self
            .convolutions()
            .into_iter()
            .map(|(name, from, _, k)| (format!("{name}.weight"), (from * k * k) as f32))
            .collect();
        let last =
            (self.wide * self.kernel * self.kernel) as f32 / (self.scale * self.scale) as f32;
        self.tensors(|name, _| {
            let unit: f32 = rng.normal(1)[0];
            match fan.get(name) {
                Some(fan) => unit / fan.sqrt(),
                None if name == "upsample.weight" => unit / last.sqrt(),
                None if name.ends_with("prelu") => 0.25 * unit,
                None => 0.1 * unit,
            }
        })
    }

    /// The network that enlarges by the kernel of `k x k` taps alone: all layers before the last pass their first channel on.
    pub fn linear(&self, taps: &[f32]) -> Named {
        let centre: BTreeMap<String, usize> = self
            .convolutions()
            .into_iter()
            .map(|(name, _, _, k)| (format!("{name}.weight"), k / 2 * k + k / 2))
            .collect();
        self.tensors(|name, index| {
            if name == "upsample.weight" {
                taps.get(index).copied().unwrap_or(0.0)
            } else {
                f32::from(u8::from(centre.get(name) == Some(&index)))
            }
        })
    }

    /// The bytes of a `.safetensors` file.
    pub fn file(&self, tensors: &Named) -> Vec<u8> {
        let words = [
            ("convt.network", "fsrcnn".to_string()),
            ("convt.scale", self.scale.to_string()),
        ];
        safetensors(&words, tensors)
    }
}

/// The bytes of a `.safetensors` file with such metadata.
pub fn safetensors(metadata: &[(&str, String)], tensors: &Named) -> Vec<u8> {
    let mut header = Map::new();
    if !metadata.is_empty() {
        let words = metadata
            .iter()
            .map(|(key, value)| ((*key).to_string(), json!(value)));
        header.insert("__metadata__".to_string(), Value::Object(words.collect()));
    }
    let mut data = Vec::new();
    for (name, (shape, values)) in tensors {
        let begin = data.len();
        data.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        let entry = json!({ "dtype": "F32", "shape": shape, "data_offsets": [begin, data.len()] });
        header.insert(name.clone(), entry);
    }
    let text = Value::Object(header).to_string();
    let mut file = (text.len() as u64).to_le_bytes().to_vec();
    file.extend(text.bytes());
    file.extend(data);
    file
}
