//! convt itself: as a library and at the command line.

use convt_geometry::Op;

use super::call::Call;
use crate::State;

pub(super) fn rust(call: &Call) -> String {
    let name = match call.op {
        Op::Conv => format!("Conv{}d", call.dims),
        Op::ConvTranspose => format!("ConvTranspose{}d", call.dims),
    };
    let torch = call.torch();
    let uses = if torch.is_some() {
        name.clone()
    } else {
        format!("{name}, Crop")
    };
    let uses = if uses.contains(',') {
        format!("{{{uses}}}")
    } else {
        uses
    };
    let mut text = format!("use convt::{uses};\n\nfn main() -> Result<(), convt::Error> {{\n");
    text += &format!("    let x: Vec<f64> = vec!{};\n", list(&call.x));
    text += &format!("    let w: Vec<f64> = vec!{};\n", list(&call.w));
    if let Some(b) = &call.b {
        text += &format!("    let b: Vec<f64> = vec!{};\n", list(b));
    }
    text += &format!(
        "    let layer = {name}::new({}, {}, {:?})",
        call.in_channels, call.out_channels, call.kernel
    );
    text += &format!(".stride({:?})", call.stride);
    if let Some((padding, extra)) = torch {
        text += &format!(".padding({padding:?})");
        if extra.iter().any(|&n| n > 0) {
            text += &format!(".output_padding({extra:?})");
        }
    } else {
        let crops: Vec<String> = call
            .crops
            .iter()
            .map(|[begin, end]| format!("Crop::new({begin}, {end})"))
            .collect();
        text += &format!(".crops([{}])", crops.join(", "));
    }
    if call.dilation.iter().any(|&d| d != 1) {
        text += &format!(".dilation({:?})", call.dilation);
    }
    if call.groups != 1 {
        text += &format!(".groups({})", call.groups);
    }
    if call.b.is_none() {
        text += ".bias(false)";
    }
    let bias = if call.b.is_some() { "Some(&b)" } else { "None" };
    text += &format!(
        ";\n    let plan = layer.plan((&w[..], {:?}), {bias})?;\n",
        call.w_shape
    );
    text += &format!("    let y = plan.run_slice(&x, &{:?})?;\n", call.x_shape());
    text += "    println!(\"{:?} {:?}\", y.shape, y.data);\n    Ok(())\n}\n";
    text
}

fn list(numbers: &[f64]) -> String {
    let words: Vec<String> = numbers
        .iter()
        .map(|n| {
            if n.is_nan() {
                "f64::NAN".into()
            } else if n.is_infinite() {
                if *n > 0.0 {
                    "f64::INFINITY"
                } else {
                    "f64::NEG_INFINITY"
                }
                .into()
            } else {
                format!("{n:?}")
            }
        })
        .collect();
    let lines: Vec<String> = words.chunks(20).map(|line| line.join(", ")).collect();
    format!("[{}]", lines.join(",\n        "))
}

/// The options of the layer at the command line.
fn options(call: &Call) -> String {
    let list = |numbers: &[usize]| {
        let words: Vec<String> = numbers.iter().map(usize::to_string).collect();
        match words.split_first() {
            Some((first, rest)) if rest.iter().all(|word| word == first) => first.clone(),
            _ => words.join(","),
        }
    };
    let mut text = String::new();
    let mut add = |name: &str, value: &str| text += &format!(" --{name} {value}");
    if call.op == Op::Conv {
        add("op", "conv");
    }
    if call.stride.iter().any(|&s| s != 1) {
        add("stride", &list(&call.stride));
    }
    if let Some((padding, extra)) = call.torch() {
        if padding.iter().any(|&p| p != 0) {
            add("padding", &list(&padding));
        }
        if extra.iter().any(|&n| n != 0) {
            add("output-padding", &list(&extra));
        }
    } else {
        let crops: Vec<String> = call
            .crops
            .iter()
            .map(|[begin, end]| format!("{begin}:{end}"))
            .collect();
        text += &format!(" --crop={}", crops.join(","));
    }
    let mut add = |name: &str, value: &str| text += &format!(" --{name} {value}");
    if call.dilation.iter().any(|&d| d != 1) {
        add("dilation", &list(&call.dilation));
    }
    if call.groups != 1 {
        add("groups", &call.groups.to_string());
    }
    text
}

pub(super) fn command_line(state: &State, call: &Call) -> String {
    let options = options(call);
    let bias = if call.b.is_some() {
        " --bias b.npy"
    } else {
        ""
    };
    format!(
        "# this picture\nconvt explain '{}' -o figure.svg\n\n# the same layer on arrays of your own\nconvt run --input x.npy \
         --weight w.npy{bias}{options} -o y.npy\n",
        state.to_query()
    )
}
