"""ONNX's own conformance tests of Conv and ConvTranspose, read from the installed `onnx` package."""

import os

import numpy as np
import onnx
from onnx import numpy_helper

import onnx.backend.test.case.node.conv  # noqa: F401  (importing defines the tests)
import onnx.backend.test.case.node.convtranspose  # noqa: F401
from onnx.backend.test.case.node import _NodeTestCases
from onnx.backend.test.loader import DATA_DIR

OPERATORS = ("Conv", "ConvTranspose")


def node_tests():
    """(name, model, inputs, outputs) of the tests that the package defines in Python."""
    for test in _NodeTestCases:
        if "cuda" not in test.name:
            inputs, outputs = test.data_sets[0]
            yield test.name, test.model, [np.asarray(t) for t in inputs], [np.asarray(t) for t in outputs]


def stored_tests():
    """The same of the tests that the package stores as files."""
    for kind in ("pytorch-converted", "pytorch-operator"):
        folder = os.path.join(DATA_DIR, kind)
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            if "conv" not in name.lower():
                continue
            path = os.path.join(folder, name)
            model = onnx.load(os.path.join(path, "model.onnx"))
            data = os.path.join(path, "test_data_set_0")
            inputs, outputs = ([load_tensor(os.path.join(data, f)) for f in sorted(os.listdir(data)) if f.startswith(s)]
                               for s in ("input_", "output_"))
            yield name, model, inputs, outputs


def load_tensor(path):
    """One stored .pb tensor."""
    tensor = onnx.TensorProto()
    with open(path, "rb") as file:
        tensor.ParseFromString(file.read())
    return numpy_helper.to_array(tensor)


def attributes(node):
    """A node's attributes as plain Python values, only those that stand in the model."""
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def suite():
    """(name, node, x, w, b, y) of every test that is one Conv or ConvTranspose node, and the names of the others."""
    taken, left = [], []
    for name, model, inputs, outputs in [*node_tests(), *stored_tests()]:
        nodes = list(model.graph.node)
        if len(nodes) != 1 or nodes[0].op_type not in OPERATORS:
            left.append(name)
            continue
        values = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        values |= dict(zip([i.name for i in model.graph.input if i.name not in values], inputs))
        arrays = [values[n] for n in nodes[0].input if n]
        x, w, b = [*arrays, None][:3]
        taken.append((name, nodes[0], x, w, b, outputs[0]))
    return taken, left
