//! The layer as code that runs: the same numbers in five libraries and at the command line.
//!
//! Every snippet prints the state's output. Words that a library lacks (signed crops, unequal sides, groups) are replaced
//! by what gives the same numbers: nothing cropped, then cut or filled up, then the bias.

#![allow(clippy::format_push_string)] // programs of a few lines: plainly said, never in a hurry

mod call;
mod jax;
mod keras;
mod numpy;
mod onnx;
mod ours;
mod torch;

use crate::words::Note;
use crate::{ExplainError, State};

pub(crate) use call::Call;

/// One piece of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// What it is for: PyTorch, `Keras`, `JAX`, `ONNX`, `Rust` or `command line`.
    pub name: &'static str,
    /// `python`, `rust` or `sh`.
    pub language: &'static str,
    /// The code, with a line break at its end.
    pub text: String,
    /// What to know before running it, in the state's language; empty for most.
    pub notes: Vec<String>,
}

/// The state's layer and numbers as code: PyTorch, Keras, JAX, ONNX, Rust, command line.
pub fn code(state: &State) -> Result<Vec<Snippet>, ExplainError> {
    let call = Call::new(state)?;
    let (keras, notes) = keras::program(&call);
    let snippet = |name, language, text: String| Snippet {
        name,
        language,
        text,
        notes: Vec::new(),
    };
    Ok(vec![
        snippet("PyTorch", "python", torch::program(&call)),
        Snippet {
            notes: notes.iter().map(|note| note.text(state.lang)).collect(),
            ..snippet("Keras", "python", keras)
        },
        snippet("JAX", "python", jax::program(&call)),
        snippet("ONNX", "python", onnx::program(&call)),
        snippet("Rust", "rust", ours::rust(&call)),
        snippet("command line", "sh", ours::command_line(state, &call)),
    ])
}

/// The lines that apply the layer in one library, for arrays `x`, `w` and `b` that are there in that library's layout,
/// and what to know about them.
pub(crate) fn lines(framework: crate::Framework, call: &Call) -> (String, Vec<Note>) {
    use crate::Framework;
    match framework {
        Framework::Torch => (torch::call(call), Vec::new()),
        Framework::Keras => keras::call(call),
        Framework::Jax => (jax::call(call), Vec::new()),
        Framework::Onnx => (onnx::call(call), Vec::new()),
    }
}
