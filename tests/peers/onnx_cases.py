"""Writes cases from ONNX: the conformance tests of `onnx` itself, and random layers run by ONNX Runtime on the CPU.

usage: onnx_cases.py OUT_PREFIX [SEED]      -> OUT_PREFIX.json, OUT_PREFIX.safetensors; see format.md

Every case is checked by a plain numpy definition with the rules of rules.py, and the summary on standard output names
what disagrees, what ONNX Runtime refuses and what is left out on purpose. Exit codes: 1 when a case disagrees for a
reason that is not listed in KNOWN, or when more than MOST_REFUSALS layers are refused; 2 usage; 3 a package is missing.
"""

import collections
import sys

try:
    import numpy as np
    import onnx
    import onnxruntime as ort
    from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

    from casefile import judge, make_case, random_for, size_of, span, whole_numbers, write
    from onnx_random import model_of, predicted_crops, problems
    from onnx_suite import attributes as attributes_of
    from onnx_suite import suite
except ModuleNotFoundError as missing:
    print(f"not installed: {missing.name} (python -m pip install -r tests/peers/requirements.txt)", file=sys.stderr)
    sys.exit(3)

RANDOM_CASES = {"ConvTranspose": 120, "Conv": 40}

REFUSALS = (ort_errors.Fail, ort_errors.InvalidArgument, ort_errors.NotImplemented, ort_errors.RuntimeException)
MOST_REFUSALS = 40

# What ONNX Runtime does otherwise than the operator's specification.
KNOWN = """known: ConvTranspose with auto_pad SAME_* and output_padding (onnxruntime issue 11927): never generated
known: ConvTranspose with auto_pad SAME_* and a span K below the stride s: the specification says i*s, ONNX Runtime gives
  (i-1)s + K; kept, with what it does in `crops` and the specification's in `convention.predicted_crops`
known: Conv with auto_pad SAME_* and a span K so far below the stride that (o-1)s + K < i: ONNX Runtime may skip the first
  inputs instead of padding nothing; left out"""


def known_disagreement(case):
    """True for the disagreements that KNOWN names, on an axis where they can occur."""
    words = case["convention"]
    if not words.get("auto_pad", "").startswith("SAME") or "output_shape" in words:
        return False
    axes = zip(case["input"], case["output"], span(case["kernel_size"], case["dilation"]), case["stride"])
    if case["op"] == "conv":
        return any((o - 1) * s + K < i for i, o, K, s in axes)
    return any(K < s for _, _, K, s in axes)


def case_of(name, op_type, attributes, x, w, b, y, integer, source):
    """One case from a node's attributes and arrays."""
    nd = x.ndim - 2
    attributes = {k: v.decode() if isinstance(v, bytes) else v for k, v in attributes.items()}
    kernel = {"kernel_shape": list(w.shape[2:])}
    return make_case(
        name,
        "conv_transpose" if op_type == "ConvTranspose" else "conv",
        {"x": x, "w": w, "b": b, "y": y},
        stride=attributes.get("strides", [1] * nd),
        dilation=attributes.get("dilations", [1] * nd),
        groups=attributes.get("group", 1),
        crops=predicted_crops(op_type, x.shape[2:], kernel | attributes),
        integer=integer,
        convention={"framework": "onnx", "function": op_type, **plain(attributes)},
        source=source,
    )


def plain(attributes):
    """Attributes as JSON values."""
    return {k: v if isinstance(v, (str, int)) else [int(n) for n in v] for k, v in attributes.items()}


def is_integer(*arrays):
    """Whether float32 sums of these are exact whatever their order: whole numbers, small enough."""
    return all(a is None or (np.array_equal(a, np.round(a)) and np.abs(a).max(initial=0) <= 64) for a in arrays)


def suite_cases():
    """The conformance tests of `onnx`, and the names of those that are not a single node in float32."""
    tests, left = suite()
    cases = []
    for name, node, x, w, b, y in tests:
        if x.dtype != np.float32:
            left.append(name)
            continue
        cases.append(case_of(name, node.op_type, attributes_of(node), x, w, b, y, is_integer(x, w, b),
                             f"onnx {onnx.__version__}"))
    return cases, left


def run(model, feeds):
    """ONNX Runtime's result on the CPU, without its rewriting of the graph."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)[0]


def random_cases(seed):
    """Random layers, and the sentences with which ONNX Runtime refused some."""
    cases, refused = [], []
    for op_type, count in RANDOM_CASES.items():
        for number, (sizes, attributes) in enumerate(problems(seed, op_type, count)):
            name = f"{op_type} {number} of seed {seed}"
            rng = random_for(name)
            integer = number % 2 == 0
            make = (lambda *s: whole_numbers(rng, *s)) if integer else (lambda *s: rng.standard_normal(s, np.float32))
            g, nd = attributes["group"], len(sizes["input"])
            c_in, c_out = g * sizes["per_in"], g * sizes["per_out"]
            x = make(sizes["batch"], c_in, *sizes["input"])
            out_in = (c_in, sizes["per_out"]) if op_type == "ConvTranspose" else (c_out, sizes["per_in"])
            w = make(*out_in, *attributes["kernel_shape"])
            b = make(c_out) if sizes["bias"] else None
            feeds = {"x": x, "w": w} | ({} if b is None else {"b": b})
            try:
                y = run(model_of(op_type, attributes, b is not None, nd), feeds)
            except REFUSALS as error:
                refused.append(f"{name} {plain(attributes)} i{sizes['input']}: {' '.join(str(error).split())[-160:]}")
            else:
                cases.append(case_of(name, op_type, attributes, x, w, b, y, integer, f"onnxruntime {ort.__version__}"))
    return cases, refused


def judge_all(cases):
    """Prints every disagreement. Returns the cases to keep and {(source, operator): [agree, known, disagree]}."""
    rows, kept = collections.defaultdict(lambda: [0, 0, 0]), []
    for case in cases:
        sentence = judge(case)
        kind = 0 if sentence is None else 1 if known_disagreement(case) else 2
        rows[case["source"], case["convention"]["function"]][kind] += 1
        if sentence:
            print(("", "known:", "DISAGREES:")[kind], sentence, case["convention"])
        if kind == 0 or "predicted_crops" in case["convention"]:
            kept.append(case)
    return kept, rows


def main():
    prefix, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2
    from_suite, not_single = suite_cases()
    from_random, refused = random_cases(seed)
    cases, rows = judge_all(from_suite + from_random)
    write(prefix, f"onnx {onnx.__version__}, onnxruntime {ort.__version__}", cases)
    for sentence in refused:
        print("refused:", sentence)
    print(f"left out, not one float32 Conv or ConvTranspose node: {', '.join(not_single) or 'none'}\n{KNOWN}")
    print(f"\n{'source':24} {'operator':16} agree known disagree")
    for (source, op_type), (agree, known, bad) in sorted(rows.items()):
        print(f"{source:24} {op_type:16} {agree:5} {known:5} {bad:8}")
    print(f"{len(cases)} cases, {len(refused)} refused by ONNX Runtime, {size_of(prefix) / 1024:.0f} KiB in {prefix}.*")
    return 1 if len(refused) > MOST_REFUSALS or any(bad for _, _, bad in rows.values()) else 0


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(main())
