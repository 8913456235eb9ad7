//! PyTorch.

use convt_geometry::Op;

use super::call::Call;
use super::numpy::{list, number_or_tuple};

fn tensor(name: &str, numbers: &[f64], shape: &[usize]) -> String {
    let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
    format!(
        "{name} = torch.tensor({}).reshape({})\n",
        list(numbers),
        shape.join(", ")
    )
}

pub(super) fn program(call: &Call) -> String {
    let mut text = "import torch\nimport torch.nn.functional as F\n\n".to_string();
    text += &tensor("x", &call.x, &call.x_shape());
    text += &tensor("w", &call.w, &call.w_shape);
    if let Some(b) = &call.b {
        text += &tensor("b", b, &[b.len()]);
    }
    text + &self::call(call) + "print(y)\n"
}

/// `F.pad`'s list: the last axis first, both sides.
fn sides(pairs: &[[isize; 2]]) -> String {
    let words: Vec<String> = pairs
        .iter()
        .rev()
        .flat_map(|[begin, end]| [begin.to_string(), end.to_string()])
        .collect();
    format!("({})", words.join(", "))
}

pub(super) fn call(call: &Call) -> String {
    let name = match call.op {
        Op::Conv => "conv",
        Op::ConvTranspose => "conv_transpose",
    };
    let function = format!("F.{name}{}d", call.dims);
    let common = {
        let mut words = format!("stride={}", number_or_tuple(&call.stride));
        if call.dilation.iter().any(|&d| d != 1) {
            words += &format!(", dilation={}", number_or_tuple(&call.dilation));
        }
        if call.groups != 1 {
            words += &format!(", groups={}", call.groups);
        }
        words
    };
    let bias = if call.b.is_some() { ", b" } else { "" };
    if let Some((padding, extra)) = call.torch() {
        let mut words = format!("{common}, padding={}", number_or_tuple(&padding));
        if extra.iter().any(|&n| n > 0) {
            words += &format!(", output_padding={}", number_or_tuple(&extra));
        }
        return format!("y = {function}(x, w{bias}, {words})\n");
    }
    match call.op {
        Op::Conv => format!(
            "x = F.pad(x, {})  # another number on each side; negative: cut\ny = {function}(x, w{bias}, {common})\n",
            sides(&call.crops)
        ),
        Op::ConvTranspose => {
            let cuts: Vec<[isize; 2]> = call.crops.iter().map(|[b, e]| [-b, -e]).collect();
            let mut text = format!(
                "full = {function}(x, w, {common})  # nothing cropped\ny = F.pad(full, {})  # negative: cut\n",
                sides(&cuts)
            );
            if call.b.is_some() {
                let ones = ", 1".repeat(call.dims);
                text += &format!("y = y + b.reshape(1, -1{ones})\n");
            }
            text
        }
    }
}
