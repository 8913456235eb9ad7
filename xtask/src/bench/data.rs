//! What a layer is measured with: arrays in files, the right answer, and the layer as an ONNX model.
//!
//! Arrays are seeded by the layer's name. The right answer is the oracle's, in f64; it is computed once per layer and kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use convt_files::{Elements, Existing, Location, TensorData};
use convt_reference::{Array, Definition};
use serde_json::{Value, json};

use super::layers::Layer;
use super::onnx;
use crate::steps::root;

/// Told in the stamp: files written by another version of this module are written again.
const VERSION: &str = "data 1";

/// The files of one layer.
#[derive(Clone, Debug)]
pub(super) struct Files {
    folder: PathBuf,
    name: String,
    bias: bool,
}

impl Files {
    pub(super) fn of(layer: &Layer) -> Self {
        Self {
            folder: root().join("target/bench/data"),
            name: layer.name.clone(),
            bias: layer.problem.bias,
        }
    }

    fn path(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", self.name))
    }

    /// What a worker is told: where the arrays are, and where its answer goes.
    pub(super) fn request(&self, layer: &Layer, threads: usize, out: &Path) -> Value {
        json!({
            "do": "load",
            "layer": layer.json,
            "problem": layer.problem.to_string(),
            "threads": threads,
            "x": self.path("x.npy"),
            "w": self.path("w.npy"),
            "b": self.bias.then(|| self.path("b.npy")),
            "onnx": self.path("onnx"),
            "out": out,
        })
    }

    /// The right answer.
    pub(super) fn expected(&self) -> Result<Vec<f64>, String> {
        read(&self.path("y.npy")).map(Elements::into_f64)
    }
}

/// The values of an array in a file.
pub(super) fn read(path: &Path) -> Result<Elements, String> {
    convt_files::read(&location(path))
        .map(|tensor| tensor.elements)
        .map_err(|error| error.to_string())
}

fn write(path: &Path, shape: Vec<usize>, elements: Elements) -> Result<(), String> {
    let tensor = TensorData { shape, elements };
    convt_files::write(&location(path), &tensor, Existing::Replace)
        .map_err(|error| error.to_string())
}

fn location(path: &Path) -> Location {
    Location {
        file: Some(path.to_path_buf()),
        tensor: None,
    }
}

/// Writes the files of every layer that has none yet, several layers at a time.
pub(super) fn prepare(layers: &[Layer]) -> Result<(), String> {
    let missing: Vec<&Layer> = layers.iter().filter(|layer| !is_there(layer)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!(
        "computing the right answers of {} layers, once",
        missing.len()
    );
    let next = AtomicUsize::new(0);
    let work = || -> Result<(), String> {
        while let Some(layer) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
            prepare_one(layer).map_err(|error| format!("{}: {error}", layer.name))?;
            eprintln!("  {}", layer.name);
        }
        Ok(())
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut results = vec![work()];
        for other in others {
            results.push(
                other
                    .join()
                    .unwrap_or_else(|_| Err("the oracle panicked".into())),
            );
        }
        results.into_iter().collect()
    })
}

fn stamp(layer: &Layer) -> String {
    format!("{VERSION}\n{}\n", layer.problem)
}

fn is_there(layer: &Layer) -> bool {
    let stamped = fs::read_to_string(Files::of(layer).path("txt"));
    stamped.is_ok_and(|found| found == stamp(layer))
}

fn prepare_one(layer: &Layer) -> Result<(), String> {
    let files = Files::of(layer);
    let problem = &layer.problem;
    fs::create_dir_all(&files.folder).map_err(|error| error.to_string())?;
    let mut numbers = Numbers::seeded(&layer.name);
    let (input, weights) = (problem.input_shape(), problem.weight_shape());
    let output = problem.output_shape().map_err(|error| error.to_string())?;
    let x = numbers.take(input.iter().product(), 1.0);
    // Sums of about the input's size, whatever their number of terms.
    let terms = weights[0] * weights[2..].iter().product::<usize>() / problem.groups;
    let w = numbers.take(weights.iter().product(), 1.0 / (terms as f32).sqrt());
    let b = problem
        .bias
        .then(|| numbers.take(problem.out_channels, 1.0));

    let double = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect();
    let oracle = convt_reference::Layer::try_from(problem).map_err(|error| error.to_string())?;
    let array = |shape: &[usize], values: &[f32]| {
        Array::new(shape, double(values)).map_err(|error| error.to_string())
    };
    let bias: Option<Vec<f64>> = b.as_deref().map(double);
    let y = Definition::Scatter
        .run(
            &oracle,
            &array(&input, &x)?,
            &array(&weights, &w)?,
            bias.as_deref(),
        )
        .map_err(|error| error.to_string())?;

    let model = onnx::model(problem, &output, &w, b.as_deref());
    fs::write(files.path("onnx"), model).map_err(|error| error.to_string())?;
    write(&files.path("y.npy"), y.shape, Elements::F64(y.data))?;
    write(&files.path("x.npy"), input, Elements::F32(x))?;
    write(&files.path("w.npy"), weights, Elements::F32(w))?;
    if let Some(b) = b {
        write(&files.path("b.npy"), vec![b.len()], Elements::F32(b))?;
    }
    // Last: what has a stamp is whole.
    fs::write(files.path("txt"), stamp(layer)).map_err(|error| error.to_string())
}

/// Numbers of both signs, nearly normal, the same for the same seed.
struct Numbers(u64);

impl Numbers {
    fn seeded(name: &str) -> Self {
        // FNV-1a spreads the name over the state.
        let state = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |state, byte| {
            (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(state)
    }

    /// A step of SplitMix64: 64 bits.
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn take(&mut self, count: usize, scale: f32) -> Vec<f32> {
        // The sum of four uniform 16-bit numbers has a variance of 4 * 65536^2 / 12.
        let unit = scale / (65536.0 * (4.0_f32 / 12.0).sqrt());
        let one = |bits: u64| {
            let sum: u64 = (0..4).map(|i| bits >> (16 * i) & 0xffff).sum();
            (sum as f32 - 2.0 * 65535.0) * unit
        };
        (0..count).map(|_| one(self.bits())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_asked_for_spread_and_depend_on_the_name_alone() {
        let many = Numbers::seeded("a").take(40_000, 2.0);
        let mean = many.iter().sum::<f32>() / 40_000.0;
        let variance = many.iter().map(|x| x * x).sum::<f32>() / 40_000.0;
        assert!(mean.abs() < 0.05, "{mean}");
        assert!((variance - 4.0).abs() < 0.2, "{variance}");
        assert_eq!(many, Numbers::seeded("a").take(40_000, 2.0));
        assert_ne!(many[..9], Numbers::seeded("b").take(9, 2.0)[..]);
    }
}
