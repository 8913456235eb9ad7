//! Keras: channels last, kernel (k..., out, in) transposed and (k..., in, out) otherwise, no groups when transposed.

use convt_geometry::Op;

use super::call::Call;
use super::numpy::{arrays, cut, number_or_tuple, tuple};
use crate::words::Note;

pub(super) fn program(call: &Call) -> (String, Vec<Note>) {
    let (lines, notes) = self::call(call);
    let mut text = "import numpy as np\nimport keras\n\n".to_string();
    text += &arrays(call);
    text += "x = np.moveaxis(x, 1, -1)  # channels last\n";
    text += &weight(call);
    text += &lines;
    text += "print(np.moveaxis(y, -1, 1))  # channels first, as PyTorch prints it\n";
    (text, notes)
}

/// PyTorch's weight as Keras stores it.
fn weight(call: &Call) -> String {
    let mut order: Vec<usize> = (2..2 + call.dims).collect();
    order.extend([1, 0]);
    let what = match call.op {
        Op::ConvTranspose => "out, in",
        Op::Conv => "in, out",
    };
    format!("w = w.transpose{}  # (k..., {what})\n", tuple(&order))
}

pub(super) fn call(call: &Call) -> (String, Vec<Note>) {
    let mut notes = Vec::new();
    let dilated = call.dilation.iter().any(|&d| d != 1);
    let strided = call.stride.iter().any(|&s| s != 1);
    if dilated && strided {
        notes.push(Note::KerasBackend);
    }
    let mut words = format!("strides={}", number_or_tuple(&call.stride));
    if dilated {
        words += &format!(", dilation_rate={}", number_or_tuple(&call.dilation));
    }
    let mut text = String::new();
    match call.op {
        Op::Conv => {
            let cuts = call.cuts(&call.input);
            text += &cut("x", &cuts, &call.input, 1, 1);
            text += &format!(
                "y = np.asarray(keras.ops.conv(x, w, {words}, padding=\"valid\", data_format=\"channels_last\"))\n"
            );
        }
        Op::ConvTranspose => {
            let padding = call.word();
            let one = |x: &str, w: &str| {
                format!(
                    "keras.ops.conv_transpose({x}, {w}, {words}, padding=\"{}\", data_format=\"channels_last\")",
                    padding.unwrap_or("valid")
                )
            };
            if call.groups == 1 {
                text += &format!("y = np.asarray({})\n", one("x", "w"));
            } else {
                notes.push(Note::KerasGroups);
                let g = call.groups;
                text += &format!(
                    "parts = zip(np.split(x, {g}, axis=-1), np.split(w, {g}, axis=-1))  # no groups: one call for each\n"
                );
                text += &format!(
                    "y = np.concatenate([{} for xg, wg in parts], axis=-1)\n",
                    one("xg", "wg")
                );
            }
            if padding.is_none() {
                notes.push(Note::KerasCrops);
                // "valid" fills the output up where the stride exceeds the kernel's span.
                let lengths: Vec<usize> = (0..call.dims)
                    .map(|i| call.full(i) + call.stride[i].saturating_sub(call.span[i]))
                    .collect();
                let cuts = call.cuts(&lengths);
                text += &cut("y", &cuts, &lengths, 1, 1);
            }
        }
    }
    if call.b.is_some() {
        text += "y = y + b\n";
    }
    (text, notes)
}
