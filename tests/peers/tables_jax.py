"""Cases computed by JAX: lax.conv_transpose, and Flax's two ConvTranspose layers."""

import itertools

import flax
import flax.linen as linen
import flax.nnx as nnx
import jax
import numpy as np

import rules
from casefile import make_case, random_for, span, whole_numbers
from tables_tensorflow import (
    C_IN, C_OUT, channels_first, channels_last, hwoi, one_axis_input, problem, several_axes_input,
)

DILATED = [((3, 2), (1, 1), (2, 3)), ((2, 3), (2, 1), (3, 2)), ((3,), (2,), (2,)), ((2,), (3,), (4,)), ((4,), (3,), (2,))]
SEVERAL_AXES = [((3, 2), (2, 3)), ((4, 5), (3, 1)), ((2, 7), (4, 2)), ((4, 4), (2, 2)), ((3, 2, 4), (2, 3, 1))]


def native_weight(w, transpose_kernel):
    """PyTorch's (in, out, k...) as JAX stores it: (k..., in, out) with the space flipped, or (k..., out, in)."""
    if transpose_kernel:
        return hwoi(w)
    return np.flip(w.transpose(*range(2, w.ndim), 0, 1), axis=range(w.ndim - 2))


def plain(padding):
    """Padding as JSON: a word, a number, or a list of pairs."""
    return padding if isinstance(padding, (str, int)) else [list(p) if not isinstance(p, int) else p for p in padding]


def pair_per_axis(padding, nd):
    """Padding as one word or (lo, hi) pair per axis."""
    if isinstance(padding, (str, int)):
        padding = [padding] * nd
    return [(p, p) if isinstance(p, int) else p for p in padding]


def build(call, label, size, kernel, stride, padding, dilation, transpose_kernel, consistent=False, bias=False):
    """One case; `call(x, w, b, stride, padding, dilation)` runs the framework, channels last."""
    nd = len(kernel)
    options = " transpose_kernel" * transpose_kernel + " use_consistent_padding" * consistent
    name = f"{label} {plain(padding)} {problem(size, kernel, stride, dilation)}{options}"
    rng = random_for(name)
    x, w = whole_numbers(rng, 1, C_IN, *size), whole_numbers(rng, C_IN, C_OUT, *kernel)
    b = whole_numbers(rng, C_OUT) if bias else None
    native = native_weight(w, transpose_kernel)
    y = call(channels_last(x), native, b, stride, padding, dilation)
    crops = [rules.lax(p, K, s, consistent) for p, K, s in zip(pair_per_axis(padding, nd), span(kernel, dilation), stride)]
    convention = {
        "framework": "jax" if label.startswith("lax") else "flax",
        "function": label,
        "padding": plain(padding),
        "transpose_kernel": transpose_kernel,
        "use_consistent_padding": consistent,
        "weight": "hwoi" if transpose_kernel else "hwio_flipped",
    }
    return make_case(
        name, "conv_transpose", {"x": x, "w": w, "b": b, "w_native": native, "y": channels_first(y)},
        stride=stride, dilation=dilation, groups=1, crops=crops, integer=True, convention=convention,
        source=f"jax {jax.__version__}" + ("" if label.startswith("lax") else f", flax {flax.__version__}"),
    )


def lax_case(size, kernel, stride, padding, dilation=None, transpose_kernel=False, consistent=False):
    """One lax.conv_transpose case."""
    def call(x, w, _, s, p, d):
        return jax.lax.conv_transpose(x, w, s, p, rhs_dilation=d, transpose_kernel=transpose_kernel,
                                      use_consistent_padding=consistent)
    dilation = dilation or (1,) * len(kernel)
    return build(call, "lax.conv_transpose", size, kernel, stride, padding, dilation, transpose_kernel, consistent)


def linen_case(size, kernel, stride, padding, dilation=None, transpose_kernel=False):
    """One flax.linen.ConvTranspose case, with its bias."""
    def call(x, w, b, s, p, d):
        layer = linen.ConvTranspose(C_OUT, kernel, s, p, kernel_dilation=d, transpose_kernel=transpose_kernel)
        return layer.apply({"params": {"kernel": w, "bias": b}}, x)
    dilation = dilation or (1,) * len(kernel)
    return build(call, "linen.ConvTranspose", size, kernel, stride, padding, dilation, transpose_kernel, bias=True)


def nnx_case(size, kernel, stride, padding, dilation=None, transpose_kernel=False):
    """One flax.nnx.ConvTranspose case, with its bias."""
    def call(x, w, b, s, p, d):
        layer = nnx.ConvTranspose(C_IN, C_OUT, kernel, s, padding=p, kernel_dilation=d,
                                  transpose_kernel=transpose_kernel, rngs=nnx.Rngs(0))
        assert layer.kernel.shape == w.shape, (layer.kernel.shape, w.shape)
        layer.kernel[...], layer.bias[...] = jax.numpy.asarray(w), jax.numpy.asarray(b)
        return layer(x)
    dilation = dilation or (1,) * len(kernel)
    return build(call, "nnx.ConvTranspose", size, kernel, stride, padding, dilation, transpose_kernel, bias=True)


def requests():
    """Every case, as a function still to be called, with a word for the summary."""
    for k, s, padding in itertools.product(range(1, 8), range(1, 5), ("SAME", "VALID")):
        # transpose_kernel both ways for SAME; alternating for VALID, whose crops are simpler.
        for tk in (False, True) if padding == "SAME" else ((k + s) % 2 == 0,):
            yield padding, lambda k=k, s=s, p=padding, tk=tk: lax_case((one_axis_input(k, s),), (k,), (s,), p, None, tk)
    for k, s in itertools.product(range(1, 8), range(1, 5)):
        i, tk = 5, k % 2 == 0  # long enough for an output beside every pair below
        low, high = 1 + (k + s) % 4, 1 + (2 * k + s) % 3  # unlike on purpose; below, at and above K - 1
        yield "pairs", lambda i=i, k=k, s=s, p=(low, high), tk=tk: lax_case((i,), (k,), (s,), [p], None, tk)
        pads = ((k - 1) // 2, (k - 1) // 3)
        yield "pairs, consistent", lambda i=i, k=k, s=s, p=pads, tk=tk: lax_case((i,), (k,), (s,), [p], None, tk, True)
    yield "pairs, negative", lambda: lax_case((5,), (3,), (2,), [(-1, 2)])
    yield "pairs, negative, consistent", lambda: lax_case((5,), (3,), (2,), [(-1, 2)], None, True, True)
    for kernel, stride in SEVERAL_AXES:
        for padding in ("SAME", "VALID", [(1, 2), (2, 3), (1, 1)][: len(kernel)]):
            yield "several axes", lambda k=kernel, s=stride, p=padding: lax_case(several_axes_input(k), k, s, p)
    for kernel, stride, dilation in DILATED:
        for padding in ("SAME", "VALID", [(1, 2), (2, 3)][: len(kernel)]):
            yield "dilated", lambda k=kernel, s=stride, p=padding, d=dilation: lax_case(several_axes_input(k), k, s, p, d)
    yield from flax_requests()


def flax_requests():
    """Flax: each kernel and stride once, going through the kinds of padding and both weight layouts."""
    kinds = ["SAME", "VALID", 1, 2, [(2, 1)], (1,)]
    for n, (k, s) in enumerate(itertools.product(range(1, 8), range(1, 5))):
        layer = linen_case if n % 4 else nnx_case
        padding = kinds[n % len(kinds)]
        yield "flax", lambda f=layer, k=k, s=s, p=padding, tk=n % 3 == 0: f((5,), (k,), (s,), p, None, tk)
    for layer in (linen_case, nnx_case):
        yield "flax, 2-D", lambda f=layer: f((3, 2), (3, 2), (2, 3), "SAME")
        yield "flax, 2-D", lambda f=layer: f((3, 2), (4, 3), (2, 1), [(1, 2), (3, 0)], None, True)
        yield "flax, dilated", lambda f=layer: f((3, 2), (3, 2), (2, 1), "SAME", (2, 3))
        yield "flax, 3-D", lambda f=layer: f((2, 3, 2), (2, 3, 1), (2, 1, 3), "VALID")
