"""LiteRT (TensorFlow Lite) with XNNPACK: a model of one TRANSPOSE_CONV, written here. Input and output are NHWC.

The operation knows SAME and VALID padding and neither groups, dilation nor a third axis; one axis runs as a height of 1.
"""

import flatbuffers
import importlib.metadata

import numpy as np
import tflite
from ai_edge_litert.interpreter import Interpreter

from worker import serve


def padding(job):
    """The word for the layer's padding, where there is one."""
    if job.groups != 1 or job.dims == 3 or any(d != 1 for d in job.dilation):
        raise NotImplementedError("TRANSPOSE_CONV has no groups, dilation or third axis")
    axes = list(zip(job.input, job.output, job.kernel, job.stride, job.padding, job.output_padding))
    if all(p == 0 and extra == 0 for *_, p, extra in axes):
        return tflite.Padding.VALID
    # SAME: the sizes of the convolution that this one is the gradient of; the smaller half of the crop comes first. The
    # output's size is told to the model, so any size fits that this convolution shrinks to the input's.
    crop = lambda i, o, k, s: max((i - 1) * s + k - o, 0) // 2
    if all(i == -(-o // s) and p == crop(i, o, k, s) and extra == 0 for i, o, k, s, p, extra in axes):
        return tflite.Padding.SAME
    raise NotImplementedError(f"padding {job.padding} with output_padding {job.output_padding} is neither SAME nor VALID")


class Model:
    """A flatbuffer of one operation, built from the inside out as the format asks."""

    def __init__(self, size):
        self.builder = flatbuffers.Builder(size)

    def table(self, name, **fields):
        """A table, its fields already built."""
        getattr(tflite, name + "Start")(self.builder)
        for field, value in fields.items():
            getattr(tflite, name + "Add" + field)(self.builder, value)
        return getattr(tflite, name + "End")(self.builder)

    def ints(self, values):
        return self.builder.CreateNumpyVector(np.asarray(values, dtype=np.int32))

    def tables(self, start, offsets):
        start(self.builder, len(offsets))
        for offset in reversed(offsets):
            self.builder.PrependUOffsetTRelative(offset)
        return self.builder.EndVector()

    def data(self, array):
        """A buffer of constants, aligned as XNNPACK wants its weights; None is the empty buffer."""
        if array is None:
            return self.table("Buffer")
        raw = np.ascontiguousarray(array).tobytes()
        self.builder.StartVector(1, len(raw), 16)
        self.builder.head = self.builder.head - len(raw)
        self.builder.Bytes[self.builder.head : self.builder.head + len(raw)] = raw
        return self.table("Buffer", Data=self.builder.EndVector())


def model(job, weight, bias, input_shape, output_shape):
    word = padding(job)
    two = lambda values: [1] * (2 - job.dims) + list(values)
    kernel = np.transpose(weight.reshape(*weight.shape[:2], *two(job.kernel)), (1, 2, 3, 0))
    m = Model(kernel.nbytes + 4096)
    # Tensors and their buffers: input and output (empty), then the constants.
    constants = [np.asarray(output_shape, dtype=np.int32), kernel] + ([] if bias is None else [bias])
    buffers = [m.data(array) for array in [None, None, *constants]]
    shapes = [input_shape, output_shape] + [list(array.shape) for array in constants]
    tensors = []
    for i, shape in enumerate(shapes):
        kind = tflite.TensorType.INT32 if i == 2 else tflite.TensorType.FLOAT32
        parts = dict(Shape=m.ints(shape), Name=m.builder.CreateString(f"t{i}"))
        tensors.append(m.table("Tensor", Type=kind, Buffer=i if i >= 2 else 0, **parts))
    height, width = two(job.stride)
    options = m.table("TransposeConvOptions", Padding=word, StrideH=height, StrideW=width)
    operator = m.table(
        "Operator",
        OpcodeIndex=0,
        Inputs=m.ints([2, 3, 0] + ([] if bias is None else [4])),
        Outputs=m.ints([1]),
        BuiltinOptionsType=tflite.BuiltinOptions.TransposeConvOptions,
        BuiltinOptions=options,
    )
    graph = m.table(
        "SubGraph",
        Tensors=m.tables(tflite.SubGraphStartTensorsVector, tensors),
        Operators=m.tables(tflite.SubGraphStartOperatorsVector, [operator]),
        Inputs=m.ints([0]),
        Outputs=m.ints([1]),
    )
    code = m.table(
        "OperatorCode",
        DeprecatedBuiltinCode=tflite.BuiltinOperator.TRANSPOSE_CONV,
        BuiltinCode=tflite.BuiltinOperator.TRANSPOSE_CONV,
        Version=1 if bias is None else 3,
    )
    whole = m.table(
        "Model",
        Version=3,
        OperatorCodes=m.tables(tflite.ModelStartOperatorCodesVector, [code]),
        Subgraphs=m.tables(tflite.ModelStartSubgraphsVector, [graph]),
        Buffers=m.tables(tflite.ModelStartBuffersVector, buffers),
    )
    m.builder.Finish(whole, file_identifier=b"TFL3")
    return bytes(m.builder.Output())


def make(job):
    x, weight, bias = job.arrays()
    spatial = lambda sizes: [1] * (2 - job.dims) + list(sizes)
    input_shape = [job.batch, *spatial(job.input), job.in_channels]
    output_shape = [job.batch, *spatial(job.output), job.out_channels]
    text = model(job, weight, bias, input_shape, output_shape)
    interpreter = Interpreter(model_content=text, num_threads=job.threads)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    interpreter.set_tensor(source, np.ascontiguousarray(np.moveaxis(x, 1, -1)).reshape(input_shape))

    def fetch():
        return np.moveaxis(interpreter.get_tensor(target), -1, 1).reshape(job.output_shape)

    return interpreter.invoke, fetch, "NHWC"


serve(importlib.metadata.version("ai-edge-litert"), make)
