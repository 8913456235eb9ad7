//! Moving a layer between frameworks: its call, its weight, and what cannot be said.

use convt_geometry::Op;

use crate::code::{Call, lines};
use crate::words::Note;
use crate::{ExplainError, State};

/// A framework that a layer comes from or goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framework {
    /// PyTorch: weight `(in, out/g, k...)` transposed, `(out, in/g, k...)` otherwise.
    Torch,
    /// Keras and TensorFlow: `(k..., out, in)` transposed, without groups; `(k..., in/g, out)` otherwise.
    Keras,
    /// JAX's `lax.conv_transpose` as called by default: as PyTorch's with `IO` numbers, but turned around.
    Jax,
    /// ONNX: as PyTorch.
    Onnx,
}

impl Framework {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Torch, Self::Keras, Self::Jax, Self::Onnx];

    /// The name that people use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Torch => "PyTorch",
            Self::Keras => "Keras",
            Self::Jax => "JAX",
            Self::Onnx => "ONNX",
        }
    }

    /// The framework of a name, in any case.
    pub fn parse(text: &str) -> Result<Self, ExplainError> {
        Self::ALL
            .into_iter()
            .find(|framework| framework.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| crate::state::word("framework", text, "PyTorch, Keras, JAX or ONNX"))
    }

    /// Order of the axes of the stored weight, as places in PyTorch's order.
    fn order(self, dims: usize) -> Vec<usize> {
        match self {
            Self::Torch | Self::Jax | Self::Onnx => (0..dims + 2).collect(),
            Self::Keras => (2..dims + 2).chain([1, 0]).collect(),
        }
    }

    /// Whether the kernel is stored turned around.
    fn flips(self, op: Op) -> bool {
        self == Self::Jax && op == Op::ConvTranspose
    }
}

/// How a layer moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The lines that apply the layer in the new framework to `x`, `w` and `b` in that framework's layout.
    pub call: String,
    /// The line of numpy that turns the stored weight `w` into the new framework's; empty where nothing changes.
    pub weight: String,
    /// The order of the old weight's axes in the new one: axis `n` of the new weight is axis `permutation[n]` of the old.
    pub permutation: Vec<usize>,
    /// Axes of the new weight that are reversed.
    pub flip: Vec<usize>,
    /// The signed crops (transposed) or pads (convolution) per axis that both have in common.
    pub crops: Vec<[isize; 2]>,
    /// What the new framework cannot say in its own words, and what the call does instead; in the state's language.
    pub warnings: Vec<String>,
}

/// The state's layer, taken from one framework to another.
pub fn port(state: &State, from: Framework, to: Framework) -> Result<Port, ExplainError> {
    let call = Call::new(state)?;
    let (source, target) = (from.order(call.dims), to.order(call.dims));
    let permutation: Vec<usize> = target
        .iter()
        .map(|axis| source.iter().position(|one| one == axis).unwrap_or(0))
        .collect();
    let flip: Vec<usize> = if from.flips(call.op) == to.flips(call.op) {
        Vec::new()
    } else {
        let is_space = |&place: &usize| target[place] >= 2;
        (0..target.len()).filter(is_space).collect()
    };
    let mut weight = String::new();
    if permutation.iter().enumerate().any(|(i, &axis)| i != axis) {
        let words: Vec<String> = permutation.iter().map(usize::to_string).collect();
        weight = format!("w = w.transpose({})", words.join(", "));
    }
    if !flip.is_empty() {
        let words: Vec<String> = flip.iter().map(usize::to_string).collect();
        let inner = if weight.is_empty() {
            "w".to_string()
        } else {
            weight.replacen("w = ", "", 1)
        };
        weight = format!("w = np.flip({inner}, ({},))", words.join(", "));
    }
    let (text, mut notes) = lines(to, &call);
    notes.extend(limits(&call, to));
    Ok(Port {
        call: text,
        weight,
        permutation,
        flip,
        crops: call.crops.clone(),
        warnings: notes.iter().map(|note| note.text(state.lang)).collect(),
    })
}

fn limits(call: &Call, to: Framework) -> Vec<Note> {
    let mut notes = Vec::new();
    let unequal = call.crops.iter().any(|[begin, end]| end > begin);
    let transposed = call.op == Op::ConvTranspose;
    match to {
        Framework::Torch if call.torch().is_none() => notes.push(if transposed && unequal {
            Note::TorchEnd
        } else if transposed {
            Note::TorchCrops
        } else {
            Note::TorchPads
        }),
        Framework::Onnx if call.onnx().is_none() => notes.push(Note::OnnxPads),
        _ => {}
    }
    if to == Framework::Keras && transposed && call.crops.iter().any(|[begin, end]| end < begin) {
        notes.push(Note::KerasOutputPadding);
    }
    if to == Framework::Jax && transposed {
        notes.push(Note::JaxPads);
    }
    notes
}
