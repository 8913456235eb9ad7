"""The case format of format.md, and the two operations in plain numpy that judge every case.

The numpy definitions work in float64 and share nothing with the Rust code. On integer-valued data every sum is exact.
"""

import itertools
import json
import os
import zlib

import numpy as np
from safetensors.numpy import load_file, save_file

NONZERO = np.array([-4, -3, -2, -1, 1, 2, 3, 4], dtype=np.float32)


def random_for(name):
    """A generator that depends on the case's name alone, so that cases can be added or left out freely."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def whole_numbers(rng, *shape):
    """Small whole numbers without zero: no tap or input is invisible, and float32 sums of them are exact."""
    return rng.choice(NONZERO, size=shape)


def span(kernel, dilation):
    """K = d(k - 1) + 1 per axis."""
    return [d * (k - 1) + 1 for k, d in zip(kernel, dilation)]


def full_length(size, kernel, stride, dilation):
    """n = (i - 1)s + K per axis: the length before anything is cropped."""
    return [(i - 1) * s + K for i, s, K in zip(size, stride, span(kernel, dilation))]


def conv_transpose(x, w, b, stride, dilation, crops, groups):
    """Scatter. x (N, C_in, ...), w (C_in, C_out/groups, ...); crops are signed (begin, end) pairs."""
    x, w = x.astype(np.float64), w.astype(np.float64)
    kernel, size = w.shape[2:], x.shape[2:]
    per_in, per_out = w.shape[0] // groups, w.shape[1]
    length = full_length(size, kernel, stride, dilation)
    full = np.zeros((x.shape[0], per_out * groups, *length))
    for tap in np.ndindex(*kernel):
        where = tuple(slice(t * d, t * d + (i - 1) * s + 1, s) for t, d, i, s in zip(tap, dilation, size, stride))
        for g in range(groups):
            ins = slice(g * per_in, (g + 1) * per_in)
            outs = slice(g * per_out, (g + 1) * per_out)
            full[(slice(None), outs, *where)] += np.einsum("nc...,co->no...", x[:, ins], w[(ins, slice(None), *tap)])
    y = np.zeros((*full.shape[:2], *[max(n - begin - end, 0) for n, (begin, end) in zip(length, crops)]))
    src, dst = [slice(None)] * 2, [slice(None)] * 2
    for n, o, (begin, _) in zip(length, y.shape[2:], crops):
        first, last = max(begin, 0), min(begin + o, n)
        src.append(slice(first, max(first, last)))
        dst.append(slice(first - begin, max(first, last) - begin))
    y[tuple(dst)] = full[tuple(src)]
    return y if b is None else y + b.astype(np.float64).reshape(1, -1, *[1] * len(kernel))


def conv(x, w, b, stride, dilation, pads, groups):
    """Correlation. x (N, C_in, ...), w (C_out, C_in/groups, ...); pads are (begin, end) pairs of zeros."""
    x, w = x.astype(np.float64), w.astype(np.float64)
    kernel = w.shape[2:]
    per_in, per_out = w.shape[1], w.shape[0] // groups
    x = np.pad(x, [(0, 0), (0, 0), *pads])
    size = [(i - K) // s + 1 for i, K, s in zip(x.shape[2:], span(kernel, dilation), stride)]
    y = np.zeros((x.shape[0], w.shape[0], *size))
    for tap in np.ndindex(*kernel):
        where = tuple(slice(t * d, t * d + (o - 1) * s + 1, s) for t, d, o, s in zip(tap, dilation, size, stride))
        for g in range(groups):
            ins = slice(g * per_in, (g + 1) * per_in)
            outs = slice(g * per_out, (g + 1) * per_out)
            y[:, outs] += np.einsum("nc...,oc->no...", x[(slice(None), ins, *where)], w[(outs, slice(None), *tap)])
    return y if b is None else y + b.astype(np.float64).reshape(1, -1, *[1] * len(kernel))


OPERATIONS = {"conv_transpose": conv_transpose, "conv": conv}


def equal(case, want, got):
    """Exact on whole numbers; else within a millionth of the largest possible sum, far below any shift or swap."""
    if want.shape != got.shape:
        return False
    if case["integer"]:
        return bool(np.array_equal(want, got.astype(np.float64)))
    terms = case["in_channels"] * int(np.prod(case["kernel_size"]))
    x, w = (float(np.abs(t).max()) for t in (case["tensors"]["x"], case["tensors"]["w"]))
    return bool(np.abs(want - got).max(initial=0.0) <= 1e-6 * terms * x * w + 1e-6)


def compute(case, crops):
    """The numpy result of a case with the given crops (for a convolution: pads)."""
    t = case["tensors"]
    run = OPERATIONS[case["op"]]
    return run(t["x"], t["w"], t.get("b"), case["stride"], case["dilation"], crops, case["groups"])


def crops_that_fit(case):
    """Every crop list of a transposed convolution that gives the peer's output, found by trying them all.

    The full result is computed once, extended by `reach` cells on both sides; the output for a first crop `begin` is
    its window that starts at `begin + reach`.
    """
    length = full_length(case["input"], case["kernel_size"], case["stride"], case["dilation"])
    reach = [K + s + 1 for K, s in zip(span(case["kernel_size"], case["dilation"]), case["stride"])]
    canvas = compute(case, [(-r, -r - o) for r, o in zip(reach, case["output"])])
    found = []
    for begins in itertools.product(*[range(-r, r + 1) for r in reach]):
        starts = [b + r for b, r in zip(begins, reach)]
        window = (..., *[slice(first, first + o) for first, o in zip(starts, case["output"])])
        if equal(case, canvas[window], case["tensors"]["y"]):
            found.append([(b, n - o - b) for b, n, o in zip(begins, length, case["output"])])
    return found


def make_case(name, op, tensors, *, stride, dilation, groups, crops, integer, convention, source):
    """One case. `crops` is what the rules predict; `judge` compares it with what the peer did."""
    x, w, y = tensors["x"], tensors["w"], tensors["y"]
    return {
        "name": name,
        "op": op,
        "dims": x.ndim - 2,
        "batch": x.shape[0],
        "in_channels": x.shape[1],
        "out_channels": w.shape[1] * groups if op == "conv_transpose" else w.shape[0],
        "input": list(x.shape[2:]),
        "kernel_size": list(w.shape[2:]),
        "stride": list(stride),
        "dilation": list(dilation),
        "groups": groups,
        "crops": [[int(begin), int(end)] for begin, end in crops],
        "bias": tensors.get("b") is not None,
        "output": list(y.shape[2:]),
        "integer": integer,
        "convention": {k: v for k, v in convention.items() if v is not None and v is not False},
        "source": source,
        "tensors": {k: np.ascontiguousarray(v) for k, v in tensors.items() if v is not None},
    }


def judge(case):
    """None if the rules predict the peer's output; else a sentence. A disagreeing case gets the crops that do
    give the peer's output, when they are unique, and keeps the predicted ones as `predicted_crops`."""
    predicted = case["crops"]
    if equal(case, compute(case, predicted), case["tensors"]["y"]):
        return None
    if case["op"] != "conv_transpose":
        return f"{case['name']}: padding {predicted} does not give the peer's output, size {case['output']}"
    found = crops_that_fit(case)
    if len(found) != 1:
        return f"{case['name']}: predicted crops {predicted}; {len(found)} other crops give the peer's output"
    case["convention"]["predicted_crops"] = predicted
    case["crops"] = [list(pair) for pair in found[0]]
    return f"{case['name']}: predicted crops {predicted}, the peer does {case['crops']}"


def write(prefix, made_with, cases, key="case"):
    """Writes PREFIX.json and PREFIX.safetensors, each through a temporary file that is renamed."""
    index, tensors = [], {}
    for number, case in enumerate(cases):
        name = f"{key}_{number:04d}"
        index.append({"key": name, **{k: v for k, v in case.items() if k != "tensors"}})
        tensors.update({f"{name}.{k}": v for k, v in case["tensors"].items()})
    lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in index)
    save_file(tensors, prefix + ".safetensors.tmp")
    with open(prefix + ".json.tmp", "w", encoding="utf-8") as out:
        out.write(f'{{"made_with":{json.dumps(made_with)},\n"cases":[\n{lines}\n]}}\n')
    for end in (".safetensors", ".json"):
        os.replace(prefix + end + ".tmp", prefix + end)


def read(prefix):
    """The cases of a file pair, with their tensors."""
    with open(prefix + ".json", encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    tensors = load_file(prefix + ".safetensors")
    for case in cases:
        start = case["key"] + "."
        case["tensors"] = {k[len(start) :]: v for k, v in tensors.items() if k.startswith(start)}
    return cases


def size_of(prefix):
    """Bytes of both files of a pair."""
    return sum(os.path.getsize(prefix + end) for end in (".json", ".safetensors"))
