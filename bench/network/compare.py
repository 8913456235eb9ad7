"""The same network by convt, ONNX Runtime and OpenVINO: python compare.py CONVT NETWORK.safetensors [HEIGHT WIDTH [ROUNDS]]

Enlarges a grey picture of 16 bits by `convt upscale` (the whole pipeline: reading, the network, writing) and its luma by the
others (the network alone), checks that the answers agree, and prints each one's time and the peak of its memory. Each run is
a process of its own, the programs take turns, and the best round counts. Requirements: numpy, onnx, onnxruntime, openvino.
"""

import json
import os
import resource
import struct
import subprocess
import sys
import tempfile
import time
import zlib

import numpy as np

RADIUS = 16  # pixels from the edge that are not compared: no network here looks so far


def picture(height, width):
    """Waves and steps, as values of 16 bits."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = np.sin(x / 7 + y / 31) + np.sin(y / 5 - x / 17) + ((x // 23 + y // 19) % 2)
    return (np.clip((waves + 2) / 5, 0, 1) * 65535 + 0.5).astype(">u2")


def write_png(path, samples):
    """A PNG of one chunk, not filtered."""
    height, width = samples.shape
    rows = np.zeros((height, 1 + 2 * width), np.uint8)
    rows[:, 1:] = samples.view(np.uint8).reshape(height, -1)
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", width, height, 16, 0, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows.tobytes(), 1)) + chunk(b"IEND", b""))


def read_png(path):
    """The samples of a grey PNG of 16 bits."""
    data, at, parts = open(path, "rb").read(), 8, []
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height = struct.unpack(">II", body[:8])
        elif kind == b"IDAT":
            parts.append(body)
        at += length + 12
    rows = np.frombuffer(zlib.decompress(b"".join(parts)), np.uint8).reshape(height, -1)
    out = np.zeros((height, 2 * width), np.uint8)
    before = np.zeros(2 * width, np.uint8)
    for y, row in enumerate(rows):
        kind, line = row[0], row[1:].copy()
        if kind == 2:
            line += before
        elif kind in (1, 3, 4):
            for x in range(len(line)):
                a, b, c = (int(v) for v in ((line[x - 2], before[x], before[x - 2]) if x > 1 else (0, before[x], 0)))
                p = a + b - c
                near = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
                line[x] = (int(line[x]) + {1: a, 3: (a + b) // 2, 4: near}[kind]) & 255
        out[y] = before = line
    return out.view(">u2")


def peer(name, network, input_path, output_path):
    """One run of a runtime, in this process."""
    from onnx_file import model, read

    luma = (16 + 219 * (np.load(input_path).astype(np.float32) / 65535)) / 255
    luma = luma[None, None]
    code = model(*read(network), *luma.shape[2:]).SerializeToString()
    if name == "onnxruntime":
        import onnxruntime

        session = onnxruntime.InferenceSession(code, providers=["CPUExecutionProvider"])
        call = lambda: session.run(None, {"x": luma})[0]
    else:
        import openvino

        options = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
        core = openvino.Core()
        request = core.compile_model(core.read_model(code, b""), "CPU", options).create_infer_request()
        call = lambda: request.infer({0: luma}, share_inputs=True, share_outputs=True)[0]
    begin = time.perf_counter()
    answer = call()
    seconds = time.perf_counter() - begin
    np.save(output_path, np.clip((answer[0, 0] * 255 - 16) / 219, 0, 1).astype(np.float32))
    print(json.dumps({"seconds": seconds, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def main(convt, network, height=1000, width=1500, rounds=3):
    with tempfile.TemporaryDirectory() as folder:
        path = lambda name: os.path.join(folder, name)
        samples = picture(height, width)
        np.save(path("x.npy"), samples.astype(np.uint16))
        write_png(path("x.png"), samples)
        from onnx_file import read

        scale = read(network)[1]
        results = {}
        for _ in range(rounds):
            for name in ("convt", "onnxruntime", "openvino"):
                if name == "convt":
                    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
                    command = [convt, "upscale", path("x.png"), "-o", path("y.png"), "-m", network, "-s", str(scale), "--overwrite", "--json"]
                    begin = time.perf_counter()
                    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                    result = {"seconds": time.perf_counter() - begin, "megabytes": None}
                    if not before:  # the peak of all children so far: right for the first alone
                        result["megabytes"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
                else:
                    command = [sys.executable, __file__, "--peer", name, network, path("x.npy"), path(f"{name}.npy")]
                    run = subprocess.run(command, check=True, stdout=subprocess.PIPE)
                    result = json.loads(run.stdout.splitlines()[-1])
                best = results.setdefault(name, result)
                best["seconds"] = min(best["seconds"], result["seconds"])
        inside = slice(RADIUS * scale, -RADIUS * scale)
        ours = read_png(path("y.png")).astype(np.float32) / 65535
        for name, result in results.items():
            off = ""
            if name != "convt":
                theirs = np.load(path(f"{name}.npy"))
                most = float(np.abs(ours - theirs)[inside, inside].max())
                off = f"  largest difference to convt {most:.1e}"
                assert most < 2e-4, f"{name} disagrees by {most}"
            print(f"{name:12} {result['seconds']:7.3f} s  {result['megabytes']:7.0f} MB{off}")


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    if sys.argv[1:2] == ["--peer"]:
        peer(*sys.argv[2:])
    elif len(sys.argv) in (3, 5, 6):
        main(*sys.argv[1:3], *map(int, sys.argv[3:]))
    else:
        sys.exit(__doc__)
