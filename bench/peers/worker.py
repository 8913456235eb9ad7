"""A peer's side of the conversation with `cargo xtask bench`: requests and answers are lines of JSON.

A peer is one file that calls `serve(version, make)`. `make(job)` loads a layer and returns `(call, fetch, note)`:
`call()` is timed, `fetch()` gives the output of a call as an array in (N, C, spatial...) order, and `note` tells what is
particular about this layer. The protocol's words are listed in crates/bench/src/lib.rs, whose rules for timing these follow.
"""

import json
import math
import os
import sys
import time

import numpy as np

GROUP_SECONDS = 50e-6  # shorter calls are timed in groups
LONG_SECONDS = 1.0  # a longer call may be the only one
AT_LEAST = 3


class Job:
    """A layer to be loaded: its numbers as attributes, its arrays when asked for."""

    def __init__(self, request):
        self.__dict__.update(request["layer"])
        self.threads = request["threads"]
        self.onnx = request["onnx"]
        self.dims = len(self.input)
        self._request = request

    def arrays(self):
        """Input, weight (C_in, C_out/groups, kernel...) and bias, which may be None."""
        read = lambda name: None if self._request[name] is None else np.load(self._request[name])
        return read("x"), read("w"), read("b")

    @property
    def output_shape(self):
        return [self.batch, self.out_channels, *self.output]


def times(call, seconds, warm):
    """Milliseconds per call, one number per call or group of calls."""
    clock = time.perf_counter
    started, one = clock(), math.inf
    while True:
        begin = clock()
        call()
        one = min(one, clock() - begin)
        if clock() - started >= warm:
            break
    group = range(max(1, math.ceil(GROUP_SECONDS / max(one, 1e-9))))
    found, started = [], clock()
    while True:
        begin = clock()
        for _ in group:
            call()
        end = clock()
        found.append((end - begin) * 1e3 / len(group))
        elapsed = end - started
        if elapsed >= seconds and (len(found) >= AT_LEAST or elapsed >= LONG_SECONDS):
            return found


def option(name, otherwise):
    """The word after `--name` on the command line."""
    words = sys.argv
    return words[words.index("--" + name) + 1] if "--" + name in words else otherwise


def serve(version, make):
    # Libraries print where they like: only this conversation may use the real standard output.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(answer):
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    say({"ready": True, "version": version})
    case = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "load":
                case = None
                job = Job(request)
                call, fetch, note = make(job)
                call()
                y = np.asarray(fetch(), dtype=np.float32)
                if list(y.shape) != job.output_shape:
                    raise ValueError(f"output of shape {y.shape} instead of {job.output_shape}")
                np.save(request["out"], np.ascontiguousarray(y))
                case = call
                say({"ok": True, "note": note})
            elif request["do"] == "time":
                say({"ok": True, "ms": times(case, request["seconds"], request["warm"])})
            else:
                case = None
                say({"ok": True})
        except Exception as error:
            say({"ok": False, "error": f"{type(error).__name__}: {error}"[:400]})
