//! ONNX: one node, run by ONNX Runtime. Explicit pads always, which runtimes agree on.

use convt_geometry::Op;

use super::call::Call;
use super::numpy::{arrays, cut};

pub(super) fn program(call: &Call) -> String {
    let mut text =
        "import numpy as np\nimport onnxruntime\nfrom onnx import TensorProto, helper\n\n"
            .to_string();
    text += &arrays(call);
    text + &self::call(call) + "print(y)\n"
}

pub(super) fn call(call: &Call) -> String {
    let said = call.onnx();
    // The bias is the node's own unless something is cut afterwards.
    let bias_inside = call.b.is_some() && (said.is_some() || call.op == Op::Conv);
    let mut text = String::new();
    let (pads, extra) = match &said {
        Some((begins, ends, extra)) => ([&begins[..], &ends[..]].concat(), extra.clone()),
        None => (vec![0; 2 * call.dims], vec![0; call.dims]),
    };
    if said.is_none() && call.op == Op::Conv {
        text += &cut("x", &call.cuts(&call.input), &call.input, 2, 0);
    }
    let inputs = if bias_inside {
        "[\"x\", \"w\", \"b\"]"
    } else {
        "[\"x\", \"w\"]"
    };
    let name = match call.op {
        Op::Conv => "Conv",
        Op::ConvTranspose => "ConvTranspose",
    };
    let mut words = format!(
        "strides={:?}, pads={pads:?}, dilations={:?}, group={}",
        call.stride, call.dilation, call.groups
    );
    if extra.iter().any(|&n| n > 0) {
        words += &format!(", output_padding={extra:?}");
    }
    text += &format!("node = helper.make_node(\"{name}\", {inputs}, [\"y\"],\n    {words})\n");
    let feed = if bias_inside {
        "{\"x\": x, \"w\": w, \"b\": b}"
    } else {
        "{\"x\": x, \"w\": w}"
    };
    text += &format!("feed = {feed}\n");
    text += "\
graph = helper.make_graph([node], \"layer\",
    [helper.make_tensor_value_info(n, TensorProto.FLOAT, a.shape) for n, a in feed.items()],
    [helper.make_tensor_value_info(\"y\", TensorProto.FLOAT, None)])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid(\"\", 17)], ir_version=8)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=[\"CPUExecutionProvider\"])
y = session.run(None, feed)[0]
";
    if said.is_none() && call.op == Op::ConvTranspose {
        let lengths: Vec<usize> = (0..call.dims).map(|axis| call.full(axis)).collect();
        text += &cut("y", &call.cuts(&lengths), &lengths, 2, 0);
        if call.b.is_some() {
            text += &format!("y = y + b.reshape(1, -1{})\n", ", 1".repeat(call.dims));
        }
    }
    text
}
