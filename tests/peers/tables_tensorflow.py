"""Cases computed by TensorFlow: tf.nn.conv*_transpose and SAME convolutions."""

import itertools

import numpy as np
import tensorflow as tf

import rules
from casefile import make_case, random_for, span, whole_numbers

TRANSPOSE = {1: tf.nn.conv1d_transpose, 2: tf.nn.conv2d_transpose, 3: tf.nn.conv3d_transpose}
CONV = {1: tf.nn.conv1d, 2: tf.nn.conv2d, 3: tf.nn.conv3d}
C_IN, C_OUT = 2, 3

# kernel, stride per axis, in two and three dimensions: every axis differs somewhere.
SEVERAL_AXES = [
    ((3, 2), (2, 3)),
    ((4, 5), (3, 1)),
    ((2, 7), (4, 2)),
    ((1, 3), (2, 2)),
    ((5, 4), (1, 4)),
    ((4, 4), (2, 2)),
    ((3, 2, 4), (2, 3, 1)),
    ((2, 3, 3), (2, 2, 2)),
    ((1, 4, 2), (3, 2, 4)),
]


def several_axes_input(kernel):
    """Small sizes that differ on every axis."""
    return tuple([3, 2, 4][: len(kernel)])


def one_axis_input(k, s):
    """2, 3 or 4 elements, so that odd and even lengths meet every kernel and stride."""
    return 2 + (k + s) % 3


def by(numbers):
    """Numbers per axis as text: 3x2"""
    return "x".join(map(str, numbers))


def problem(size, kernel, stride, dilation):
    """The sizes of a problem as text."""
    dilated = f" d{by(dilation)}" if any(d != 1 for d in dilation) else ""
    return f"i{by(size)} k{by(kernel)} s{by(stride)}{dilated}"


def channels_last(t):
    """(N, C, ...) -> (N, ..., C)"""
    return np.moveaxis(t, 1, -1)


def channels_first(t):
    """(N, ..., C) -> (N, C, ...)"""
    return np.moveaxis(np.asarray(t), -1, 1)


def hwoi(w):
    """PyTorch's (in, out, k...) -> (k..., out, in)."""
    return w.transpose(*range(2, w.ndim), 1, 0)


def transposed(size, kernel, stride, padding, output=None, dilation=None):
    """One tf.nn.conv*_transpose case."""
    nd = len(kernel)
    dilation = dilation or (1,) * nd
    K = span(kernel, dilation)
    shown = [list(p) for p in padding] if not isinstance(padding, str) else padding
    words = [padding] * nd if isinstance(padding, str) else padding
    given = output is not None
    output = output or [rules.tensorflow_default_length(p, *a) for p, a in zip(words, zip(size, K, stride))]
    name = f"tf.nn.conv{nd}d_transpose {shown} {problem(size, kernel, stride, dilation)}"
    name += f" output_shape={by(output)}" if given else ""
    rng = random_for(name)
    x, w = whole_numbers(rng, 1, C_IN, *size), whole_numbers(rng, C_IN, C_OUT, *kernel)
    native = hwoi(w)
    tf_padding = padding if isinstance(padding, str) else [[0, 0], *[list(p) for p in padding], [0, 0]]
    y = TRANSPOSE[nd](
        channels_last(x), native, [1, *output, C_OUT], strides=list(stride), padding=tf_padding, dilations=list(dilation)
    )
    crops = [rules.tensorflow(p, *a) for p, a in zip(words, zip(size, K, stride, output))]
    convention = {
        "framework": "tensorflow",
        "function": f"tf.nn.conv{nd}d_transpose",
        "padding": shown,
        "output_shape": list(output) if given else None,
        "weight": "hwoi",
    }
    return make_case(
        name, "conv_transpose", {"x": x, "w": w, "w_native": native, "y": channels_first(y)},
        stride=stride, dilation=dilation, groups=1, crops=crops, integer=True, convention=convention,
        source=f"tensorflow {tf.__version__}",
    )


def convolution(size, kernel, stride, dilation=None):
    """One SAME convolution case."""
    nd = len(kernel)
    dilation = dilation or (1,) * nd
    name = f"tf.nn.conv{nd}d SAME {problem(size, kernel, stride, dilation)}"
    rng = random_for(name)
    x, w = whole_numbers(rng, 1, C_IN, *size), whole_numbers(rng, C_OUT, C_IN, *kernel)
    native = hwoi(w)  # (out, in, k...) -> (k..., in, out): the same permutation
    y = CONV[nd](channels_last(x), native, list(stride) if nd < 3 else [1, *stride, 1], "SAME",
                 **({"dilations": list(dilation)} if nd < 3 else {}))
    pads = [rules.same_convolution(*a) for a in zip(size, span(kernel, dilation), stride)]
    convention = {"framework": "tensorflow", "function": f"tf.nn.conv{nd}d", "padding": "SAME", "weight": "hwio"}
    return make_case(
        name, "conv", {"x": x, "w": w, "w_native": native, "y": channels_first(y)},
        stride=stride, dilation=dilation, groups=1, crops=pads, integer=True, convention=convention,
        source=f"tensorflow {tf.__version__}",
    )


def requests():
    """Every case, as a function still to be called, with a word for the summary."""
    for k, s, padding in itertools.product(range(1, 8), range(1, 5), ("SAME", "VALID")):
        yield padding, lambda k=k, s=s, p=padding: transposed((one_axis_input(k, s),), (k,), (s,), p)
    for k, s in itertools.product((1, 2, 3, 4, 5), (2, 3)):
        i = one_axis_input(k, s)
        yield "SAME, output_shape", lambda k=k, s=s, i=i: transposed((i,), (k,), (s,), "SAME", [(i - 1) * s + 1])
        longest = (i - 1) * s + k + s - 1
        yield "VALID, output_shape", lambda k=k, s=s, i=i, o=longest: transposed((i,), (k,), (s,), "VALID", [o])
    for kernel, stride in SEVERAL_AXES:
        for padding in ("SAME", "VALID"):
            yield padding, lambda k=kernel, s=stride, p=padding: transposed(several_axes_input(k), k, s, p)
    for pairs, output in [(((1, 0), (0, 2)), [6, 6]), (((0, 1), (2, 1)), [6, 5])]:
        yield "explicit", lambda p=pairs, o=output: transposed((3, 3), (3, 4), (2, 2), p, o)
    for padding in ("SAME", "VALID"):
        yield f"{padding}, dilated", lambda p=padding: transposed((4, 3), (3, 2), (1, 1), p, None, (2, 3))
    for k, s, i in itertools.product(range(1, 8), (1, 2, 3), (7, 8)):
        yield "conv SAME", lambda k=k, s=s, i=i: convolution((i,), (k,), (s,))
    for kernel, stride in SEVERAL_AXES:
        if all(k > 1 for k in kernel):
            yield "conv SAME", lambda k=kernel, s=stride: convolution((5, 6, 4)[: len(k)], k, s)
    yield "conv SAME, dilated", lambda: convolution((6, 7), (3, 2), (1, 1), (2, 3))
