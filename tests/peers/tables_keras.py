"""Cases computed by Keras Conv*DTranspose.

usage: tables_keras.py OUT_PREFIX      (the backend is the environment variable KERAS_BACKEND)

Keras takes its backend once per process, so make_tables.py runs this file once for each.
"""

import itertools
import json
import re
import sys

import keras
import tensorflow as tf

import rules
from casefile import make_case, random_for, span, whole_numbers, write
from tables_tensorflow import (
    C_IN, C_OUT, by, channels_first, channels_last, hwoi, one_axis_input, problem, several_axes_input,
)

LAYER = {1: keras.layers.Conv1DTranspose, 2: keras.layers.Conv2DTranspose, 3: keras.layers.Conv3DTranspose}


def layer_case(size, kernel, stride, padding, output_padding=None, dilation=None):
    """One layer, with its bias."""
    nd = len(kernel)
    dilation = dilation or (1,) * nd
    asked = f" output_padding={by(output_padding)}" if output_padding else ""
    name = f"Conv{nd}DTranspose {padding} {problem(size, kernel, stride, dilation)}{asked}"
    rng = random_for(name)
    x, w, b = whole_numbers(rng, 1, C_IN, *size), whole_numbers(rng, C_IN, C_OUT, *kernel), whole_numbers(rng, C_OUT)
    native = hwoi(w)
    extra = output_padding if output_padding is None or nd > 1 else output_padding[0]
    layer = LAYER[nd](C_OUT, kernel, stride, padding, output_padding=extra, dilation_rate=dilation,
                      data_format="channels_last")
    layer.build((None, *size, C_IN))
    layer.set_weights([native, b])
    y = keras.ops.convert_to_numpy(layer(channels_last(x)))
    extras = output_padding or [None] * nd
    crops = [rules.keras(padding, K, s, op) for K, s, op in zip(span(kernel, dilation), stride, extras)]
    convention = {
        "framework": "keras",
        "function": f"keras.layers.Conv{nd}DTranspose",
        "padding": padding,
        "output_padding": output_padding,
        "backends": [keras.backend.backend()],
        "weight": "hwoi",
    }
    return make_case(
        name, "conv_transpose", {"x": x, "w": w, "b": b, "w_native": native, "y": channels_first(y)},
        stride=stride, dilation=dilation, groups=1, crops=crops, integer=True, convention=convention,
        source=f"keras {keras.__version__}",
    )


def requests():
    """Every case, as a function still to be called, with a word for the summary."""
    for k, s, padding in itertools.product(range(1, 8), range(1, 5), ("same", "valid")):
        # "valid" only subtracts output_padding from the end crop; its largest value tells.
        for op in (None, *range(s)) if padding == "same" else (None, s - 1):
            word = f"{padding}, output_padding" if op is not None else padding
            yield word, lambda k=k, s=s, p=padding, op=op: layer_case(
                (one_axis_input(k, s),), (k,), (s,), p, None if op is None else [op])
    for kernel, stride, extra in [((3, 2), (2, 3), (0, 2)), ((4, 5), (3, 1), (2, 0)), ((3, 3), (2, 2), (1, 1)),
                                  ((2, 7), (4, 2), (1, 0)), ((3, 2, 4), (2, 3, 2), (1, 2, 1))]:
        for padding, op in itertools.product(("same", "valid"), (None, list(extra))):
            yield f"several axes, {padding}", lambda k=kernel, s=stride, p=padding, op=op: layer_case(
                several_axes_input(k), k, s, p, op)
    for padding in ("same", "valid"):
        yield f"dilated, {padding}", lambda p=padding: layer_case((4, 3), (3, 2), (1, 1), p, None, (2, 2))


def collect(all_requests):
    """Runs the requests; (cases, words of the refusals). A refusal is the framework's own exception."""
    cases, refused = [], []
    for word, run in all_requests:
        try:
            case = run()
        except tf.errors.InvalidArgumentError as error:  # nothing else: a slip of ours is not a refusal
            sentence = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", str(error)).split())
            refused.append([word, f"{type(error).__name__}: {sentence}"[:300]])
        else:
            case["word"] = word
            cases.append(case)
    return cases, refused


if __name__ == "__main__":
    found, refusals = collect(requests())
    write(sys.argv[1], "keras", found)
    with open(sys.argv[1] + ".refused.json", "w", encoding="utf-8") as out:
        json.dump(refusals, out)
