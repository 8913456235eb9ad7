"""Seeded random Conv and ConvTranspose models, to be run by ONNX Runtime."""

import random

from onnx import TensorProto, helper

import rules
from casefile import full_length, span

MAX_OUTPUT = 1500  # elements per channel: small files, quick tests


def draw(rnd, op_type):
    """Sizes and ONNX attributes of one layer: (sizes, attributes)."""
    nd = rnd.choice([1, 1, 2, 2, 2, 3])
    groups = rnd.choice([1, 1, 1, 2, 3])
    per_in, per_out = rnd.randint(1, 3), rnd.randint(1, 3)
    kernel = [rnd.randint(1, {1: 7, 2: 5, 3: 3}[nd]) for _ in range(nd)]
    stride = [rnd.randint(1, 4) for _ in range(nd)]
    dilation = [rnd.choice([1, 1, 1, 2, 3]) for _ in range(nd)]
    size = [rnd.randint(1, {1: 11, 2: 6, 3: 4}[nd]) for _ in range(nd)]
    attributes = {"kernel_shape": kernel, "strides": stride, "dilations": dilation, "group": groups}
    K = span(kernel, dilation)
    kind = rnd.choice(["pads", "pads", "pads", "SAME_UPPER", "SAME_LOWER", "VALID"])
    if kind == "pads":
        attributes["pads"] = [rnd.randint(0, k) if rnd.random() < 0.7 else 0 for k in [*K, *K]]
    else:
        attributes["auto_pad"] = kind
    if op_type == "ConvTranspose":
        draw_output(rnd, attributes, full_length(size, kernel, stride, dilation))
    sizes = {"batch": rnd.randint(1, 3), "input": size, "per_in": per_in, "per_out": per_out, "bias": rnd.random() < 0.6}
    return sizes, attributes


def draw_output(rnd, attributes, length):
    """Adds output_padding or output_shape, or both, or neither, to a ConvTranspose."""
    stride, dilation = attributes["strides"], attributes["dilations"]
    same = attributes.get("auto_pad", "").startswith("SAME")
    if rnd.random() < 0.35 and not same:
        attributes["output_padding"] = [rnd.randint(0, max(s, d) - 1) for s, d in zip(stride, dilation)]
    if rnd.random() < 0.3:
        # Explicit lengths from well inside the full result to a little beyond it.
        attributes["output_shape"] = [max(1, n + rnd.randint(-4, s - 1)) for n, s in zip(length, stride)]
        attributes.pop("pads", None)


def output_size(op_type, size, attributes):
    """Output sizes under the rules; None where one is below 1."""
    crops = predicted_crops(op_type, size, attributes)
    kernel, stride, dilation = (attributes[n] for n in ("kernel_shape", "strides", "dilations"))
    if op_type == "ConvTranspose":
        out = [n - b - e for n, (b, e) in zip(full_length(size, kernel, stride, dilation), crops)]
    else:
        out = [(i + b + e - K) // s + 1 for i, (b, e), K, s in zip(size, crops, span(kernel, dilation), stride)]
    return out if min(out) >= 1 else None


def predicted_crops(op_type, size, attributes):
    """Crops (of a Conv: zeros) per axis by rules.py, from attributes of which any may be absent but kernel_shape."""
    nd = len(size)
    kernel = attributes["kernel_shape"]
    stride, dilation = attributes.get("strides", [1] * nd), attributes.get("dilations", [1] * nd)
    pads = attributes.get("pads", [0] * 2 * nd)
    auto = attributes.get("auto_pad", "NOTSET")
    extra = attributes.get("output_padding", [0] * nd)
    shape = attributes.get("output_shape", [None] * nd)[-nd:]
    crops = []
    for axis, (i, K, s) in enumerate(zip(size, span(kernel, dilation), stride)):
        pair = pads[axis], pads[nd + axis]
        if op_type == "ConvTranspose":
            crops.append(rules.onnx(i, K, s, auto, pair, extra[axis], shape[axis]))
        elif auto.startswith("SAME"):
            crops.append(rules.same_convolution(i, K, s, lower=auto == "SAME_LOWER"))
        else:
            crops.append(pair if auto == "NOTSET" else (0, 0))
    return crops


def model_of(op_type, attributes, bias, nd):
    """A model of one node whose inputs are x, w and perhaps b."""
    names = ["x", "w", "b"] if bias else ["x", "w"]
    node = helper.make_node(op_type, names, ["y"], **attributes)
    def value(name, rank):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * rank)
    graph = helper.make_graph([node], op_type, [value(n, 1 if n == "b" else nd + 2) for n in names], [value("y", nd + 2)])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def problems(seed, op_type, count):
    """`count` layers with a possible output, of moderate size."""
    rnd = random.Random(f"{seed} {op_type}")
    found = []
    while len(found) < count:
        sizes, attributes = draw(rnd, op_type)
        if op_type == "Conv" and any(i + b + e < K for i, (b, e), K in zip(
                sizes["input"], predicted_crops(op_type, sizes["input"], attributes),
                span(attributes["kernel_shape"], attributes["dilations"]))):
            continue
        out = output_size(op_type, sizes["input"], attributes)
        if out is None:
            continue
        volume = 1
        for o in out:
            volume *= o
        if volume <= MAX_OUTPUT:
            found.append((sizes, attributes))
    return found
