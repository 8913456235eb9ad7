//! English: names.

use convt_geometry::Op;

use super::Names;
use super::en::En;

impl Names for En {
    fn input(&self) -> &'static str {
        "input x"
    }
    fn output(&self) -> &'static str {
        "output y"
    }
    fn kernel(&self) -> &'static str {
        "kernel w"
    }
    fn kernel_flipped(&self) -> &'static str {
        "kernel, flipped"
    }
    fn bias(&self) -> &'static str {
        "bias"
    }
    fn stretched(&self) -> &'static str {
        "stretched input"
    }
    fn padded(&self, op: Op) -> &'static str {
        match op {
            Op::ConvTranspose => "stretched and padded",
            Op::Conv => "padded input",
        }
    }
    fn stamp(&self) -> &'static str {
        "stamp"
    }
    fn all_stamps(&self, op: Op) -> &'static str {
        match op {
            Op::ConvTranspose => "sum of all stamps",
            Op::Conv => "output y",
        }
    }
    fn gradient_of_output(&self) -> &'static str {
        "dL/dy, arriving"
    }
    fn gradient_of_input(&self) -> &'static str {
        "dL/dx"
    }
    fn gradient_of_kernel(&self) -> &'static str {
        "dL/dw"
    }
    fn counts(&self) -> &'static str {
        "overlap"
    }
    fn counts_note(&self) -> &'static str {
        "products per output"
    }
    fn phase_sums(&self) -> &'static str {
        "phase sums"
    }
    fn phase_sums_note(&self) -> &'static str {
        "what an input of ones gives"
    }
    fn conv_input(&self) -> &'static str {
        "input x"
    }
    fn transposed_output(&self) -> &'static str {
        "transposed convolution"
    }
    fn its_output(&self) -> &'static str {
        "the result y"
    }
    fn op_name(&self, op: Op) -> &'static str {
        match op {
            Op::Conv => "convolution",
            Op::ConvTranspose => "transposed convolution",
        }
    }
    fn inserted_zero(&self) -> &'static str {
        "zero inserted by the stride"
    }
    fn padding_zero(&self) -> &'static str {
        "zero of the padding"
    }
    fn output_padding_zero(&self) -> &'static str {
        "zero of output_padding"
    }
    fn cut_cell(&self) -> &'static str {
        "cut off: no window sees it"
    }
    fn no_tap(&self) -> &'static str {
        "no tap lands here"
    }
    fn first_pair(&self) -> &'static str {
        "channel 0 to channel 0"
    }
    fn step_names(&self, op: Op) -> &'static [&'static str] {
        match op {
            Op::ConvTranspose => &["insert", "pad", "flip", "slide"],
            Op::Conv => &["pad", "slide"],
        }
    }
    fn stack_title(&self, dims: usize) -> &'static str {
        if dims == 1 {
            "the same layer stacked"
        } else {
            "the same layer stacked, along the last axis"
        }
    }
    fn level(&self, level: usize) -> String {
        if level == 0 {
            "input".into()
        } else {
            format!("layer {level}")
        }
    }
}
