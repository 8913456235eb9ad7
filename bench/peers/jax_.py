"""JAX: the convolution with a dilated input that a transposed convolution lowers to, compiled; NCHW or NHWC.

The number of threads is held by the processors that the process may use, set before JAX starts.
"""

import os

from worker import option, serve

THREADS = int(option("threads", "1"))
NHWC = option("variant", "nchw") == "nhwc"
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-THREADS:])
os.environ["JAX_PLATFORMS"] = "cpu"
if THREADS == 1:
    os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false"

import jax  # noqa: E402
import numpy as np  # noqa: E402
from jax import lax  # noqa: E402


def make(job):
    x, weight, bias = job.arrays()
    spatial = tuple(range(2, 2 + job.dims))
    # The equivalent convolution's kernel: flipped, (C_out, C_in/groups, kernel...).
    inputs, outputs = job.in_channels // job.groups, job.out_channels // job.groups
    kernel = np.flip(weight, spatial).reshape(job.groups, inputs, outputs, *job.kernel)
    kernel = kernel.swapaxes(1, 2).reshape(job.out_channels, inputs, *job.kernel)
    letters = "DHW"[3 - job.dims :]
    if NHWC:
        x, kernel = np.moveaxis(x, 1, -1), np.moveaxis(kernel, (0, 1), (-1, -2))
        order = (f"N{letters}C", f"{letters}IO", f"N{letters}C")
    else:
        order = (f"NC{letters}", f"OI{letters}", f"NC{letters}")
        bias = None if bias is None else bias.reshape(-1, *[1] * job.dims)
    reach = [d * (k - 1) for d, k in zip(job.dilation, job.kernel)]
    pads = [(r - p, r - p + extra) for r, p, extra in zip(reach, job.padding, job.output_padding)]

    @jax.jit
    def layer(x, kernel, bias):
        y = lax.conv_general_dilated(
            x,
            kernel,
            window_strides=[1] * job.dims,
            padding=pads,
            lhs_dilation=job.stride,
            rhs_dilation=job.dilation,
            dimension_numbers=order,
            feature_group_count=job.groups,
            precision=lax.Precision.HIGHEST,
        )
        return y if bias is None else y + bias

    place = lambda array: None if array is None else jax.numpy.asarray(np.ascontiguousarray(array))
    x, kernel, bias = place(x), place(kernel), place(bias)

    def call():
        return layer(x, kernel, bias).block_until_ready()

    def fetch():
        y = np.asarray(call())
        return np.moveaxis(y, -1, 1) if NHWC else y

    return call, fetch, "NHWC" if NHWC else ""


serve(jax.__version__, make)
