//! Conformance cases: pairs `PREFIX.json` and `PREFIX.safetensors`.
//!
//! The JSON lists the problems; the tensors of case `KEY` are `KEY.x`, `KEY.w`, `KEY.b` (with a bias) and `KEY.y`, and
//! where gradients are known `KEY.gy` (the one that arrives), `KEY.gx`, `KEY.gw` and `KEY.gb`. A case says its padding
//! either as PyTorch's `padding` and `output_padding` or as signed `crops`, one `[begin, end]` per axis.

use std::collections::BTreeMap;
use std::path::Path;

use convt_geometry::{Crop, Dtype, Op, Padding, Problem, ProblemAxis};
use safetensors::{Dtype as Stored, SafeTensors};
use serde::Deserialize;

/// Values in C order with their shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor<T> {
    /// Elements per axis.
    pub shape: Vec<usize>,
    /// As many values as the shape holds.
    pub data: Vec<T>,
}

/// What the backward pass must give.
#[derive(Clone, Debug)]
pub struct Gradients {
    /// The gradient that arrives, of the output's shape.
    pub gy: Tensor<f64>,
    /// Gradient of the input.
    pub gx: Tensor<f64>,
    /// Gradient of the weight.
    pub gw: Tensor<f64>,
    /// Gradient of the bias, where there is one.
    pub gb: Option<Tensor<f64>>,
}

/// One problem with its tensors and its right answer.
#[derive(Clone, Debug)]
pub struct Case {
    /// The key of its tensors.
    pub key: String,
    /// What it is about.
    pub name: String,
    /// The problem; its `name` is the case's.
    pub problem: Problem,
    /// Made of small whole numbers: an f32 result must be exact.
    pub integer: bool,
    /// Input `(N, C_in, spatial...)`.
    pub x: Tensor<f32>,
    /// Weight in PyTorch's layout.
    pub w: Tensor<f32>,
    /// Bias `(C_out)`.
    pub b: Option<Tensor<f32>>,
    /// Output `(N, C_out, spatial...)`.
    pub y: Tensor<f64>,
    /// The precision in which `y` was computed.
    pub y_dtype: Dtype,
    /// Present in the vectors (but for an empty batch), absent in peers' tables.
    pub gradients: Option<Gradients>,
    /// The weight as the peer stores it, where its layout differs.
    pub w_native: Option<Tensor<f32>>,
    /// In which framework's words the case was made.
    pub convention: Option<serde_json::Value>,
    /// Where the case comes from.
    pub source: Option<String>,
}

impl Case {
    /// An upper bound of the terms in one output's sum: every tap of every channel of a group, and the bias.
    pub fn terms(&self) -> usize {
        let taps: usize = self.problem.axes.iter().map(|axis| axis.kernel).product();
        self.problem.in_channels / self.problem.groups * taps + 1
    }
}

/// The project's own vectors, computed by PyTorch in f64: `tests/vectors/visible.*`.
///
/// # Panics
/// When the files are missing or broken: no test may pass without them.
pub fn vectors() -> Vec<Case> {
    let prefix = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/visible");
    load_cases(Path::new(prefix)).unwrap_or_else(|error| panic!("the conformance vectors: {error}"))
}

/// What TensorFlow, JAX, Flax and Keras answered: `tests/peers/tables.*`.
///
/// # Panics
/// When the files are missing or broken.
pub fn tables() -> Vec<Case> {
    let prefix = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/peers/tables");
    load_cases(Path::new(prefix)).unwrap_or_else(|error| panic!("the peers' tables: {error}"))
}

/// The cases of `PREFIX.json` and `PREFIX.safetensors`; the error names the file and the case.
pub fn load_cases(prefix: &Path) -> Result<Vec<Case>, String> {
    let read = |extension: &str| {
        let mut path = prefix.as_os_str().to_owned();
        path.push(extension);
        std::fs::read(&path).map_err(|error| format!("{}: {error}", path.to_string_lossy()))
    };
    let (index, tensors) = (read(".json")?, read(".safetensors")?);
    let index: Index = serde_json::from_slice(&index)
        .map_err(|error| format!("{}.json: {error}", prefix.display()))?;
    let tensors = SafeTensors::deserialize(&tensors)
        .map_err(|error| format!("{}.safetensors: {error}", prefix.display()))?;
    index
        .cases
        .into_iter()
        .map(|entry| {
            let key = entry.key.clone();
            entry
                .into_case(&tensors)
                .map_err(|error| format!("{}, {key}: {error}", prefix.display()))
        })
        .collect()
}

#[derive(Deserialize)]
struct Index {
    cases: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    key: String,
    name: String,
    op: String,
    batch: usize,
    in_channels: usize,
    out_channels: usize,
    input: Vec<usize>,
    kernel_size: Vec<usize>,
    stride: Vec<usize>,
    padding: Option<Vec<usize>>,
    output_padding: Option<Vec<usize>>,
    crops: Option<Vec<(isize, isize)>>,
    dilation: Vec<usize>,
    groups: usize,
    bias: bool,
    output: Vec<usize>,
    integer: bool,
    convention: Option<serde_json::Value>,
    source: Option<String>,
    #[serde(flatten)]
    _other: BTreeMap<String, serde_json::Value>,
}

impl Entry {
    fn into_case(self, tensors: &SafeTensors<'_>) -> Result<Case, String> {
        let problem = self.problem()?;
        let name = |part: &str| format!("{}.{part}", self.key);
        let optional = |part: &str| {
            let stored = tensors.tensor(&name(part)).ok();
            stored.map(|view| widen(&view)).transpose()
        };
        let required = |part: &str| {
            optional(part)?.ok_or_else(|| format!("there is no tensor {}", name(part)))
        };
        let y_dtype = match tensors.tensor(&name("y")).map(|view| view.dtype()) {
            Ok(Stored::F64) => Dtype::F64,
            _ => Dtype::F32,
        };
        let bias = optional("b")?;
        let gradients = match optional("gx")? {
            None => None,
            Some(gx) => Some(Gradients {
                gx,
                gy: required("gy")?,
                gw: required("gw")?,
                gb: optional("gb")?,
            }),
        };
        let case = Case {
            x: narrow(required("x")?),
            w: narrow(required("w")?),
            b: bias.map(narrow),
            y: required("y")?,
            y_dtype,
            gradients,
            w_native: optional("w_native")?.map(narrow),
            problem,
            key: self.key,
            name: self.name,
            integer: self.integer,
            convention: self.convention,
            source: self.source,
        };
        let shapes = [
            ("x", &case.x.shape, case.problem.input_shape()),
            ("w", &case.w.shape, case.problem.weight_shape()),
            (
                "y",
                &case.y.shape,
                [&[self.batch, self.out_channels], &self.output[..]].concat(),
            ),
        ];
        for (part, found, expected) in shapes {
            if *found != expected {
                return Err(format!(
                    "{part} has the shape {found:?}, the problem says {expected:?}"
                ));
            }
        }
        if case.b.is_some() != self.bias {
            return Err("the bias is announced and missing, or the other way round".to_string());
        }
        Ok(case)
    }

    fn problem(&self) -> Result<Problem, String> {
        let op = match self.op.as_str() {
            "conv" => Op::Conv,
            "conv_transpose" => Op::ConvTranspose,
            other => return Err(format!("op = {other} is neither conv nor conv_transpose")),
        };
        let at = |list: &[usize], axis: usize, what: &str| {
            let missing = || format!("{what} has no value for axis {axis}");
            list.get(axis).copied().ok_or_else(missing)
        };
        let axes = (0..self.input.len()).map(|i| {
            let padding = match (&self.crops, &self.padding) {
                (Some(crops), None) => {
                    let &(begin, end) = crops
                        .get(i)
                        .ok_or_else(|| format!("crops has no value for axis {i}"))?;
                    Padding::Signed(Crop::new(begin, end))
                }
                (None, Some(padding)) => Padding::Both(at(padding, i, "padding")?),
                _ => return Err("exactly one of padding and crops must be given".to_string()),
            };
            Ok(ProblemAxis {
                stride: at(&self.stride, i, "stride")?,
                padding,
                output_padding: match &self.output_padding {
                    None => 0,
                    Some(list) => at(list, i, "output_padding")?,
                },
                dilation: at(&self.dilation, i, "dilation")?,
                ..ProblemAxis::new(self.input[i], at(&self.kernel_size, i, "kernel_size")?)
            })
        });
        Ok(Problem {
            batch: self.batch,
            in_channels: self.in_channels,
            out_channels: self.out_channels,
            groups: self.groups,
            bias: self.bias,
            name: Some(self.name.clone()),
            ..Problem::new(op, axes.collect::<Result<_, String>>()?)
        })
    }
}

/// Every stored f32 is an f64.
fn widen(view: &safetensors::tensor::TensorView<'_>) -> Result<Tensor<f64>, String> {
    let bytes = view.data();
    let data = match view.dtype() {
        Stored::F32 => {
            let (chunks, _) = bytes.as_chunks::<4>();
            chunks
                .iter()
                .map(|b| f32::from_le_bytes(*b).into())
                .collect()
        }
        Stored::F64 => {
            let (chunks, _) = bytes.as_chunks::<8>();
            chunks.iter().map(|b| f64::from_le_bytes(*b)).collect()
        }
        other => {
            return Err(format!(
                "a tensor has the type {other:?}, expected F32 or F64"
            ));
        }
    };
    Ok(Tensor {
        shape: view.shape().to_vec(),
        data,
    })
}

/// Back to the f32 that was stored.
fn narrow(tensor: Tensor<f64>) -> Tensor<f32> {
    Tensor {
        shape: tensor.shape,
        data: tensor.data.into_iter().map(|value| value as f32).collect(),
    }
}
