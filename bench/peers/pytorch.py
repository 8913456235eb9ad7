"""PyTorch: eager or compiled with frozen weights, in NCHW or channels_last memory (`--variant`).

One axis has no channels_last memory: there such a layer runs as a picture of height 1.
"""

import torch
import torch.nn.functional as F

from worker import option, serve

VARIANT = option("variant", "eager")
FUNCTION = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
LAST = {2: torch.channels_last, 3: torch.channels_last_3d}


class Layer(torch.nn.Module):
    """A layer that owns its weights, so that a compiler may pack them."""

    def __init__(self, function, weight, bias, options):
        super().__init__()
        self.weight = torch.nn.Parameter(weight, requires_grad=False)
        self.bias = None if bias is None else torch.nn.Parameter(bias, requires_grad=False)
        self.function, self.options = function, options

    def forward(self, x):
        return self.function(x, self.weight, self.bias, **self.options)


def make(job):
    torch.set_num_threads(job.threads)
    x, weight, bias = (None if a is None else torch.from_numpy(a) for a in job.arrays())
    last = VARIANT.endswith("channels_last")
    flat = last and job.dims == 1
    dims = 2 if flat else job.dims
    if flat:
        x, weight = x.unsqueeze(2), weight.unsqueeze(2)
    if last:
        x = x.contiguous(memory_format=LAST[dims])
        weight = weight.contiguous(memory_format=LAST[dims])
    axes = lambda values, of_height: [of_height] * flat + values
    options = dict(
        stride=axes(job.stride, 1),
        padding=axes(job.padding, 0),
        output_padding=axes(job.output_padding, 0),
        groups=job.groups,
        dilation=axes(job.dilation, 1),
    )
    function = FUNCTION[dims]
    layer = Layer(function, weight, bias, options).eval()
    if VARIANT.startswith("compile"):
        torch._inductor.config.freezing = True
        torch._dynamo.reset()
        layer = torch.compile(layer)
    else:
        layer = lambda x: function(x, weight, bias, **options)  # without the module's own calls

    def call():
        with torch.inference_mode():
            return layer(x)

    def fetch():
        y = call()
        return (y.squeeze(2) if flat else y).contiguous().numpy()

    note = ("NHWC, height 1" if flat else "NHWC") if last else ""
    return call, fetch, note


if VARIANT.startswith("compile"):
    import torch._inductor.config
serve(torch.__version__, make)
