"""ncnn: a network of one deconvolution layer. It has no batch: a batch is a loop over its samples.

Storage in 16 bits is off, so that the answers are f32; the packed layout of its own choice is on.
"""

import importlib.metadata
import os
import tempfile

import ncnn
import numpy as np

from worker import serve

# The numbers of ncnn's parameters for width, height and depth.
PER_AXIS = {
    "kernel": (1, 11, 21),
    "dilation": (2, 12, 22),
    "stride": (3, 13, 23),
    "pad_begin": (4, 14, 24),
    "pad_end": (15, 16, 17),
    "output_padding": (18, 19, 20),
}
OUT_CHANNELS, HAS_BIAS, WEIGHTS, GROUPS = 0, 5, 6, 7


def description(job, weights):
    values = {OUT_CHANNELS: job.out_channels, HAS_BIAS: int(job.bias), WEIGHTS: weights}
    if job.groups > 1:
        values[GROUPS] = job.groups
    for word, numbers in PER_AXIS.items():
        per_axis = job.padding if word.startswith("pad_") else getattr(job, word)
        values.update(zip(numbers, reversed(per_axis)))
    kind = "Deconvolution" + ("DepthWise" if job.groups > 1 else "") + {1: "1D", 2: "", 3: "3D"}[job.dims]
    words = " ".join(f"{number}={value}" for number, value in values.items())
    return kind, f"7767517\n2 2\nInput x 0 1 x\n{kind} y 1 1 x y {words}\n"


def make(job):
    x, weight, bias = job.arrays()
    kind, text = description(job, weight.size)
    # ncnn keeps (groups, C_out/groups, C_in/groups, kernel...), after a word that says "plain f32".
    inputs, outputs = job.in_channels // job.groups, job.out_channels // job.groups
    swapped = weight.reshape(job.groups, inputs, outputs, -1).swapaxes(1, 2)
    net = ncnn.Net()
    settings = net.opt
    settings.num_threads = job.threads
    settings.use_packing_layout = True
    settings.use_vulkan_compute = False
    settings.use_fp16_packed = settings.use_fp16_storage = settings.use_fp16_arithmetic = False
    settings.use_bf16_storage = False
    with tempfile.TemporaryDirectory() as folder:
        base = os.path.join(folder, "layer")
        with open(base + ".param", "w") as file:
            file.write(text)
        with open(base + ".bin", "wb") as file:
            file.write(bytes(4) + np.ascontiguousarray(swapped).tobytes() + (b"" if bias is None else bias.tobytes()))
        if net.load_param(base + ".param") or net.load_model(base + ".bin"):
            raise RuntimeError(f"{kind} was refused")
    samples = [ncnn.Mat(np.ascontiguousarray(sample)).clone() for sample in x]

    def one(sample):
        extractor = net.create_extractor()
        extractor.input("x", sample)
        failed, y = extractor.extract("y")
        if failed:
            raise RuntimeError(f"extract gave {failed}")
        return y

    def call():
        return [one(sample) for sample in samples]

    def fetch():
        return np.stack([np.array(y) for y in call()]).reshape(job.output_shape)

    return call, fetch, kind if len(samples) == 1 else f"{kind}, {len(samples)} samples one by one"


serve(importlib.metadata.version("ncnn"), make)
