"""Writes random layers run by PyTorch in float64 on the CPU.

usage: torch_cases.py OUT_PREFIX [SEED]      -> OUT_PREFIX.json, OUT_PREFIX.safetensors; see format.md

Transposed convolutions go through torch.nn.functional, those with an output_size through torch.nn, the only place where
PyTorch has it. The cases hold PyTorch's own `padding` and the `output_padding` that was given or, where an output_size was (spatial
sizes, in `convention`), is meant by it. Every case is checked by a plain numpy definition. Exit codes: 1 when one disagrees, 2 usage,
3 a package is missing.
"""

import random
import sys

try:
    import numpy as np
    import torch
    import torch.nn.functional as F

    from casefile import full_length, judge, make_case, random_for, size_of, span, whole_numbers, write
except ModuleNotFoundError as missing:
    print(f"not installed: {missing.name} (python -m pip install torch)", file=sys.stderr)
    sys.exit(3)

CASES = {"conv_transpose": 60, "output_size": 20, "conv": 20}
FUNCTIONS = {
    "conv_transpose": (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d),
    "conv": (F.conv1d, F.conv2d, F.conv3d),
}
MODULES = (torch.nn.ConvTranspose1d, torch.nn.ConvTranspose2d, torch.nn.ConvTranspose3d)
MAX_OUTPUT = 1500  # elements per channel


def draw(rnd, kind):
    """The parameters of one layer, or None where they have no output or a large one."""
    nd = rnd.choice([1, 1, 2, 2, 2, 3])
    kernel = [rnd.randint(1, {1: 7, 2: 5, 3: 3}[nd]) for _ in range(nd)]
    stride = [rnd.randint(1, 4) for _ in range(nd)]
    dilation = [rnd.choice([1, 1, 2, 3]) for _ in range(nd)]
    size = [rnd.randint(1, {1: 11, 2: 7, 3: 4}[nd]) for _ in range(nd)]
    K = span(kernel, dilation)
    padding = [rnd.randint(0, k) if rnd.random() < 0.6 else 0 for k in K]
    extra = [0] * nd
    if kind == "conv":
        out = [(i + 2 * p - k) // s + 1 for i, p, k, s in zip(size, padding, K, stride)]
    else:
        below = stride if kind == "output_size" else [max(s, d) for s, d in zip(stride, dilation)]
        if kind == "output_size" or rnd.random() < 0.5:
            extra = [rnd.randint(0, n - 1) for n in below]
        lengths = full_length(size, kernel, stride, dilation)
        out = [n - 2 * p + e for n, p, e in zip(lengths, padding, extra)]
        # PyTorch looks at the smallest size first, even where output_size asks for more.
        if kind == "output_size" and any(n - 2 * p < 1 for n, p in zip(lengths, padding)):
            return None
    if min(out) < 1 or np.prod(out) > MAX_OUTPUT:
        return None
    return {
        "input": size, "kernel": kernel, "stride": stride, "dilation": dilation, "padding": padding, "extra": extra,
        "output": out, "batch": rnd.randint(1, 3), "groups": rnd.choice([1, 1, 2, 3]), "per_in": rnd.randint(1, 3),
        "per_out": rnd.randint(1, 3), "bias": rnd.random() < 0.6,
    }


def run(kind, p, x, w, b):
    """PyTorch's result in float64."""
    nd = len(p["kernel"])
    x, w = torch.from_numpy(x).double(), torch.from_numpy(w).double()
    b = None if b is None else torch.from_numpy(b).double()
    if kind == "output_size":
        c_in, c_out = x.shape[1], w.shape[1] * p["groups"]
        layer = MODULES[nd - 1](c_in, c_out, p["kernel"], p["stride"], p["padding"], groups=p["groups"],
                                bias=b is not None, dilation=p["dilation"], dtype=torch.float64)
        layer.load_state_dict({"weight": w} | ({} if b is None else {"bias": b}))
        return layer(x, output_size=p["output"]).detach().numpy()
    options = {"stride": p["stride"], "padding": p["padding"], "dilation": p["dilation"], "groups": p["groups"]}
    if kind == "conv_transpose":
        options["output_padding"] = p["extra"]
    return FUNCTIONS[kind][nd - 1](x, w, b, **options).numpy()


def case_of(kind, name, p, integer):
    """One case."""
    rng = random_for(name)
    make = (lambda *s: whole_numbers(rng, *s)) if integer else (lambda *s: rng.standard_normal(s, np.float32))
    c_in, c_out = p["groups"] * p["per_in"], p["groups"] * p["per_out"]
    x = make(p["batch"], c_in, *p["input"])
    channels = (c_out, p["per_in"]) if kind == "conv" else (c_in, p["per_out"])
    w, b = make(*channels, *p["kernel"]), make(c_out) if p["bias"] else None
    words = {"framework": "pytorch", "output_size": p["output"]} if kind == "output_size" else {}
    return make_case(
        name, "conv" if kind == "conv" else "conv_transpose", {"x": x, "w": w, "b": b, "y": run(kind, p, x, w, b)},
        stride=p["stride"], dilation=p["dilation"], groups=p["groups"],
        crops=[(pad, pad - extra) for pad, extra in zip(p["padding"], p["extra"])],
        integer=integer, convention=words, source=f"torch {torch.__version__}",
    )


def in_pytorchs_words(case, p):
    """The case with `padding` and `output_padding` in place of the crops."""
    del case["crops"]
    case["padding"], case["output_padding"] = p["padding"], p["extra"]
    if not case["convention"]:
        del case["convention"]
    return case


def main():
    prefix, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2
    torch.set_num_threads(1)
    cases, disagree = [], 0
    for kind, count in CASES.items():
        rnd, number = random.Random(f"{seed} {kind}"), 0
        while number < count:
            parameters = draw(rnd, kind)
            if parameters is None:
                continue
            case = case_of(kind, f"torch {kind} {number} of seed {seed}", parameters, number % 2 == 0)
            number += 1
            sentence = judge(case)
            if sentence:
                print("DISAGREES:", sentence)
                disagree += 1
            else:
                cases.append(in_pytorchs_words(case, parameters))
    write(prefix, f"torch {torch.__version__}", cases)
    print(f"{len(cases)} cases, {disagree} disagree, {size_of(prefix) / 1024:.0f} KiB in {prefix}.*")
    return 1 if disagree else 0


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(main())
