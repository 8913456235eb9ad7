//! English: sentences.

use std::fmt::Write as _;

use convt_geometry::Op;

use super::{Pads, Said, Words, agreed, pairs, sides};
use crate::Verdict;

pub(super) struct En;

fn name(op: Op) -> &'static str {
    match op {
        Op::Conv => "convolution",
        Op::ConvTranspose => "transposed convolution",
    }
}

/// `1 zero`, `2 zeros`, `1×0 zeros`.
fn zeros(n: &str) -> String {
    if n == "1" {
        "1 zero".into()
    } else {
        format!("{n} zeros")
    }
}

/// `1 product`, `2 products`.
fn count(n: usize, what: &str) -> String {
    if n == 1 {
        format!("1 {what}")
    } else {
        format!("{n} {what}s")
    }
}

impl Words for En {
    fn size_note(&self, size: &str, channel: Option<usize>) -> String {
        match channel {
            Some(index) => format!("{size}, channel {index}"),
            None => size.to_string(),
        }
    }
    fn kernel_note(&self, size: &str, pair: Option<(usize, usize)>) -> String {
        match pair {
            Some((ci, co)) => format!("{size}, channel {ci} → {co}"),
            None => size.to_string(),
        }
    }

    fn title_steps(&self, op: Op, input: &str, kernel: &str, output: &str) -> String {
        let steps = match op {
            Op::ConvTranspose => "Transposed convolution in four steps",
            Op::Conv => "Convolution",
        };
        format!("{steps}: {input} input, {kernel} kernel, {output} output")
    }
    fn title_scatter(&self, op: Op, input: &str, output: &str) -> String {
        match op {
            Op::ConvTranspose => {
                format!("Transposed convolution by stamping: {input} input, {output} output")
            }
            Op::Conv => format!("Convolution seen from its inputs: {input} input, {output} output"),
        }
    }
    fn title_matrix(&self, op: Op, rows: usize, columns: usize) -> String {
        match op {
            Op::Conv => format!("Convolution as a matrix product: O = I C, C is {rows}×{columns}"),
            Op::ConvTranspose => {
                format!(
                    "Transposed convolution as a matrix product: P = O Cᵀ, Cᵀ is {columns}×{rows}"
                )
            }
        }
    }
    fn title_side_by_side(&self) -> String {
        "Convolution and transposed convolution with the same parameters".into()
    }
    fn title_gradient(&self, op: Op) -> String {
        format!("Gradients of a {}", name(op))
    }
    fn title_overlap(&self) -> String {
        "Overlap: will a flat input stay flat?".into()
    }
    fn title_reach(&self) -> String {
        "Reach: which inputs make an output".into()
    }

    fn steps_start(&self, op: Op, input: &str, kernel: &str, output: &str) -> String {
        match op {
            Op::ConvTranspose => format!(
                "Four steps turn a {input} input and a {kernel} kernel into a {output} output: insert zeros, pad, flip \
                 the kernel, slide."
            ),
            Op::Conv => format!(
                "A convolution lays the {kernel} kernel on the {input} input, window by window, and gives a {output} \
                 output."
            ),
        }
    }
    fn insert(&self, stride: &[usize], from: &str, to: &str) -> String {
        if stride.iter().all(|&s| s == 1) {
            return "Step 1, insert: with stride 1 no zeros go between the elements.".into();
        }
        let less: Vec<usize> = stride.iter().map(|s| s - 1).collect();
        format!(
            "Step 1, insert: stride {} puts {} between neighbours, so {from} stretches to {to}.",
            agreed(stride),
            zeros(&agreed(&less))
        )
    }
    fn pad(&self, pads: &Pads<'_>) -> String {
        let mut text = match (pads.op, pads.uniform()) {
            (Op::Conv, Some((0, ..))) => "Pad: padding 0 leaves the input as it is.".to_string(),
            (Op::Conv, Some((n, ..))) if n > 0 => {
                format!(
                    "Pad: padding {n} puts {} on every side.",
                    zeros(&n.to_string())
                )
            }
            (Op::Conv, _) => format!(
                "Pad: zeros before/after each axis are {}; a negative number cuts cells off.",
                pairs(pads.zeros)
            ),
            (Op::ConvTranspose, Some((n, reach, p))) if n >= 0 && p >= 0 => format!(
                "Step 2, pad: every side gets d·(k−1) − p = {reach} − {p} = {}, so more padding in the layer means \
                 fewer zeros here.",
                zeros(&n.to_string())
            ),
            (Op::ConvTranspose, _) => format!(
                "Step 2, pad: d·(k−1) minus the crop leaves {} zeros before/after; a negative number cuts cells off.",
                pairs(pads.zeros)
            ),
        };
        if pads.extra.iter().any(|&n| n > 0) {
            text.pop();
            let _ = write!(
                text,
                "; output_padding adds {} at the far end only.",
                agreed(pads.extra)
            );
        }
        text
    }
    fn flip(&self, dims: usize, first: &str, last: &str) -> String {
        let how = if dims == 1 {
            "turn the kernel around"
        } else {
            "turn the kernel upside down and left to right"
        };
        format!("Step 3, flip: {how}, so that it begins with {last} and ends with {first}.")
    }
    fn slide(&self, op: Op, at: &str, products: usize, sum: &str, bias: bool) -> String {
        let step = match op {
            Op::ConvTranspose => "Step 4, slide with stride 1: ",
            Op::Conv => "Slide: ",
        };
        if products == 0 {
            let rest = if bias {
                "only the bias is left"
            } else {
                "the sum is empty"
            };
            return format!(
                "{step}the window of y[{at}] holds no input element, so {rest}: {sum}."
            );
        }
        let (what, make) = match (products, bias) {
            (1, false) => ("its product", "makes"),
            (1, true) => ("its product and the bias", "make"),
            (_, false) => ("their products", "make"),
            (_, true) => ("their products and the bias", "make"),
        };
        format!(
            "{step}the window of y[{at}] holds {}; {what} {make} {sum}.",
            count(products, "input element")
        )
    }

    fn scatter_start(&self, op: Op) -> String {
        match op {
            Op::ConvTranspose => {
                "Each input element stamps the whole kernel, multiplied by itself; where stamps overlap, they add up.".into()
            }
            Op::Conv => "Each input element adds its products to every output whose window covers it.".into(),
        }
    }
    fn scatter_stamp(&self, at: &str, x: &str, from: &str, stride: &[usize]) -> String {
        format!(
            "x[{at}] = {x} stamps {x} times the kernel at cell [{from}], its index times stride {}.",
            agreed(stride)
        )
    }
    fn scatter_conv(&self, at: &str, x: &str) -> String {
        format!("x[{at}] = {x} adds {x}·w to the outputs whose windows cover it.")
    }
    fn scatter_crop(
        &self,
        op: Op,
        crops: &[[isize; 2]],
        extra: &[usize],
        output: &str,
        bias: bool,
    ) -> String {
        let bias = if bias { ", the bias is added" } else { "" };
        if op == Op::Conv {
            return format!(
                "Every input element has been used{bias}: this is the {output} output."
            );
        }
        if crops.iter().all(|crop| *crop == [0, 0]) {
            return format!("Padding 0 crops nothing{bias}: this is the {output} output.");
        }
        let mut text = match sides(crops) {
            Some(p) => {
                format!("Padding {p} cuts {p} off every side{bias}: the {output} output is left.")
            }
            None => format!(
                "Cropping {} at the beginning/end of each axis{bias} leaves the {output} output.",
                pairs(crops)
            ),
        };
        if extra.iter().any(|&n| n > 0) {
            text = format!(
                "Cropping {} at the beginning/end leaves {output}{bias}: output_padding {} crops less, so its cells hold \
                 real sums, not zeros.",
                pairs(crops),
                agreed(extra)
            );
        } else if crops.iter().flatten().any(|&n| n < 0) {
            text = format!(
                "Crops are {} at the beginning/end{bias}: a negative one extends the {output} output with cells that no \
                 stamp reached.",
                pairs(crops)
            );
        }
        text
    }

    fn matrix_row(&self, row: usize, at: &str) -> String {
        format!(
            "Row {row} of Cᵀ is the stamp of x[{at}]: folded to the output's shape it is the kernel, not flipped."
        )
    }
    fn matrix_column(&self, op: Op, column: usize, at: &str) -> String {
        match op {
            Op::Conv => format!(
                "Column {column} of C, folded to the input's shape, is the kernel laid on window [{at}]; times I it \
                 gives one output."
            ),
            Op::ConvTranspose => format!(
                "Column {column} of Cᵀ, folded to the input's shape, is the flipped kernel; times O it gives y[{at}]."
            ),
        }
    }
    fn matrix_back(&self, small: &str, large: &str) -> String {
        format!(
            "P = O Cᵀ takes {small} back to {large}, the shape of I but not its values: Cᵀ is no inverse of C."
        )
    }

    fn side_by_side(&self, op: Op, at: &str) -> String {
        match op {
            Op::Conv => format!(
                "Convolution gathers one window into y[{at}]; its transpose spreads that same cell over that same window."
            ),
            Op::ConvTranspose => format!(
                "Transposed convolution spreads x[{at}] over one window; convolution gathers that same window into that \
                 same cell."
            ),
        }
    }
    fn not_an_inverse(&self, same: bool) -> String {
        if same {
            "There and back: the size returns, and for this kernel and input even the values; in general they do not.".into()
        } else {
            "There and back: the size returns, the values do not; a transposed convolution is not an inverse.".into()
        }
    }

    fn gradient_input(&self, op: Op, at: &str) -> String {
        match op {
            Op::ConvTranspose => format!(
                "dL/dx[{at}]: the gradient of the input is an ordinary convolution of dL/dy with the kernel, not flipped."
            ),
            Op::Conv => format!(
                "dL/dx[{at}]: the gradient of the input is a transposed convolution of dL/dy with the kernel."
            ),
        }
    }
    fn gradient_tap(&self, letter: &str) -> String {
        format!(
            "dL/d{letter}: every product with tap {letter} adds its x times the dL/dy it led to."
        )
    }
    fn gradient_bias(&self, channel: usize) -> String {
        format!(
            "dL/db[{channel}]: the bias was added to every output of its channel, so its gradient is their sum."
        )
    }

    fn phase(&self, op: Op, phase: &str, taps: usize, sum: &str) -> String {
        match (op, taps) {
            (_, 0) => format!(
                "Outputs of phase [{phase}] are reached by no tap: they hold only the bias."
            ),
            (Op::Conv, _) => format!(
                "Every output is the same sum of {}: ones give {sum}.",
                count(taps, "tap")
            ),
            _ => format!(
                "Outputs of phase [{phase}] (index mod stride) use {}: away from the border, ones give {sum}.",
                count(taps, "tap")
            ),
        }
    }
    fn verdict_lines(&self, verdict: &Verdict) -> [(bool, String); 3] {
        [
            (
                verdict.holes == 0,
                match verdict.holes {
                    0 => "no holes".into(),
                    n => format!("holes: {}", count(n, "empty phase")),
                },
            ),
            (
                verdict.even,
                if verdict.even {
                    "even overlap"
                } else {
                    "uneven overlap"
                }
                .into(),
            ),
            (
                verdict.balanced,
                if verdict.balanced {
                    "balanced phases"
                } else {
                    "unbalanced phases"
                }
                .into(),
            ),
        ]
    }
    fn verdict(&self, op: Op, verdict: &Verdict, phases: usize) -> String {
        if op == Op::Conv {
            return "A convolution has one phase: away from the border every output sums all taps."
                .into();
        }
        if verdict.holes > 0 {
            return format!(
                "{} of {phases} phases have no tap: those outputs hold only the bias, whatever the input.",
                verdict.holes
            );
        }
        match (verdict.even, verdict.balanced) {
            (true, true) => "Even overlap and equal phase sums: a flat input stays flat, no checkerboard.".into(),
            (false, true) => {
                "The overlap is uneven, yet the phase sums are equal: with these weights a flat input stays flat.".into()
            }
            (true, false) => {
                "The overlap is even but the phase sums differ: these weights still draw a checkerboard.".into()
            }
            (false, false) => {
                "Uneven overlap and different phase sums: a flat input comes out as a checkerboard.".into()
            }
        }
    }

    fn reach_output(&self, at: &str, inputs: usize) -> String {
        match inputs {
            0 => format!("No input reaches y[{at}]: it holds only the bias."),
            n => format!("y[{at}] is made of {}.", count(n, "input element")),
        }
    }
    fn reach_input(&self, at: &str, outputs: usize) -> String {
        match outputs {
            0 => format!("x[{at}] reaches no output: all its products are cropped."),
            n => format!("x[{at}] reaches {}.", count(n, "output element")),
        }
    }
    fn reach_stack(&self, cell: usize, layers: usize, inputs: usize) -> String {
        format!(
            "Element {cell} after {} is made of {} along this axis.",
            count(layers, "layer"),
            count(inputs, "input element")
        )
    }

    fn inspected(&self, said: &Said<'_>) -> String {
        match said {
            Said::Output(at, products, value) => {
                format!("y[{at}] = {value}, the sum of {}.", count(*products, "product"))
            }
            Said::Input(at, outputs) => {
                format!("x[{at}] takes part in {}.", count(*outputs, "product"))
            }
            Said::Tap(letter, uses) => {
                format!("Tap {letter} takes part in {}.", count(*uses, "product"))
            }
            Said::Inserted => "A zero that the stride inserts: it multiplies nothing.".into(),
            Said::Padding => "A zero of the padding: it multiplies nothing.".into(),
            Said::OutputPadding => {
                "A zero put at the far end by output_padding; the output above it still sums real products.".into()
            }
            Said::Cut => "Cut off by a padding larger than the kernel's reach.".into(),
            Said::Entry(row, column, letter) => {
                format!("Row {row}, column {column} of the matrix is tap {letter}.")
            }
            Said::Hole(row, column) => {
                format!("Row {row}, column {column} of the matrix is empty: this pair never meets.")
            }
            Said::Gradient(name, products, value) => {
                format!("{name} = {value}, the sum of {}.", count(*products, "product"))
            }
            Said::Arriving(at) => format!("dL/dy[{at}] arrives from the layers above."),
        }
    }
}
