"""Makes tables.json and tables.safetensors: small results of TensorFlow, JAX, Flax and Keras.

usage: make_tables.py [OUT_PREFIX]      (default: tables, beside this file)

Needs requirements-tables.txt. Every case is checked against rules.py by a plain numpy scatter; the summary counts what
agrees, what disagrees (those cases keep what the framework really does) and what the framework refuses.
Exit code 1 when a case can be explained by no crops at all.
"""

import collections
import json
import os
import subprocess
import sys
import tempfile

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", JAX_PLATFORMS="cpu", TF_ENABLE_ONEDNN_OPTS="0")
HERE = os.path.dirname(os.path.abspath(__file__))

import numpy as np  # noqa: E402

from casefile import crops_that_fit, judge, read, size_of, write  # noqa: E402


def keras_cases():
    """Both Keras backends, each in its own process. What both compute alike is one case that names both."""
    merged, refused = {}, []
    for backend in ("tensorflow", "jax"):
        with tempfile.TemporaryDirectory() as folder:
            prefix = os.path.join(folder, "keras")
            subprocess.run([sys.executable, os.path.join(HERE, "tables_keras.py"), prefix], check=True,
                           env={**os.environ, "KERAS_BACKEND": backend})
            with open(prefix + ".refused.json", encoding="utf-8") as file:
                refused += [[f"{word} ({backend})", why] for word, why in json.load(file)]
            for case in read(prefix):
                del case["key"]
                y = case["tensors"]["y"]
                identity = case["name"], y.shape, y.tobytes()
                if identity in merged:
                    merged[identity]["convention"]["backends"].append(backend)
                else:
                    merged[identity] = case
    return list(merged.values()), refused


def all_cases():
    """Every case and every refusal: (cases, {framework: [[word, why]]})."""
    import tables_jax
    import tables_tensorflow
    from tables_keras import collect

    tensorflow, tf_refused = collect(tables_tensorflow.requests())
    jax, jax_refused = collect(tables_jax.requests())
    keras, keras_refused = keras_cases()
    return tensorflow + jax + keras, {"tensorflow": tf_refused, "jax": jax_refused, "keras": keras_refused}


def main():
    prefix = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "tables")
    cases, refused = all_cases()
    rows = collections.defaultdict(lambda: [0, 0, 0])
    unexplained = ambiguous = 0
    for case in cases:
        row = rows[case["convention"]["function"], case.pop("word")]
        sentence = judge(case)
        row[1 if sentence else 0] += 1
        if sentence:
            print("DISAGREES", sentence, case["convention"].get("backends", ""))
            unexplained += "predicted_crops" not in case["convention"]
        elif case["op"] == "conv_transpose" and len(crops_that_fit(case)) != 1:
            print("AMBIGUOUS", case["name"], "other crops give the same output")
            ambiguous += 1
    for framework, list_ in refused.items():
        for word, why in list_:
            rows[framework, word][2] += 1
            print("REFUSED", framework, word, why)
    write(prefix, "TensorFlow, JAX, Flax and Keras; see each case's source", cases)
    print(f"\n{'function':36} {'kind':32} agree disagree refused")
    for (function, word), (agree, disagree, no) in sorted(rows.items()):
        print(f"{function:36} {word:32} {agree:5} {disagree:8} {no:7}")
    totals = np.sum(list(rows.values()), axis=0)
    print(f"{'total':69} {totals[0]:5} {totals[1]:8} {totals[2]:7}   ambiguous {ambiguous}, unexplained {unexplained}")
    print(f"{len(cases)} cases, {size_of(prefix) / 1024:.0f} KiB in {prefix}.json and .safetensors")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
