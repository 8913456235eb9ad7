"""A network's file as an ONNX model: python onnx_file.py NETWORK.safetensors MODEL.onnx [HEIGHT WIDTH]

Input `x` is luma of shape (1, 1, height, width), studio range, divided by 255; output `y` the same, enlarged. The layers pad
with zeros, as other runtimes do: answers agree with `convt upscale` farther from the edge than the network's radius.
Requirements: numpy and onnx.
"""

import json
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def read(path):
    """The tensors of a .safetensors file as f32, and its scale."""
    data = open(path, "rb").read()
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    words = header.pop("__metadata__")
    types = {"F16": np.float16, "F32": np.float32}
    tensors = {}
    for name, entry in header.items():
        begin, stop = entry["data_offsets"]
        values = np.frombuffer(data[end + begin : end + stop], types[entry["dtype"]])
        tensors[name] = values.astype(np.float32).reshape(entry["shape"])
    return tensors, int(words["convt.scale"])


def model(tensors, scale, height=None, width=None):
    """The model; sizes that are not given are free."""
    nodes, initializers = [], []
    maps = sum(name.startswith("map.") and name.endswith(".weight") for name in tensors)
    value = "x"

    def constant(name, array):
        initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    for layer in ["feature", "shrink", *(f"map.{n}" for n in range(maps)), "expand"]:
        weight, bias, slopes = (tensors[f"{layer}.{part}"] for part in ("weight", "bias", "prelu"))
        side = weight.shape[-1]
        inputs = [value, constant(f"{layer}.weight", weight), constant(f"{layer}.bias", bias)]
        sums = f"{layer}.sums"
        nodes.append(helper.make_node("Conv", inputs, [sums], kernel_shape=[side] * 2, pads=[side // 2] * 4))
        slopes = constant(f"{layer}.prelu", slopes.reshape(-1, 1, 1))
        value = f"{layer}.values"
        nodes.append(helper.make_node("PRelu", [sums, slopes], [value]))
    weight = tensors["upsample.weight"]
    side = weight.shape[-1]
    pad = -(-(side - scale) // 2)
    inputs = [value, constant("upsample.weight", weight), constant("upsample.bias", tensors["upsample.bias"])]
    more = 2 * pad + scale - side
    nodes.append(
        helper.make_node(
            "ConvTranspose",
            inputs,
            ["y"],
            kernel_shape=[side] * 2,
            strides=[scale] * 2,
            pads=[pad] * 4,
            output_padding=[more] * 2,
        )
    )
    sizes = [height or "height", width or "width"]
    large = [size * scale if isinstance(size, int) else f"{scale}*{size}" for size in sizes]
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "fsrcnn",
        [info("x", TensorProto.FLOAT, [1, 1, *sizes])],
        [info("y", TensorProto.FLOAT, [1, 1, *large])],
        initializers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 5):
        sys.exit(__doc__)
    onnx.save(model(*read(sys.argv[1]), *map(int, sys.argv[3:])), sys.argv[2])
