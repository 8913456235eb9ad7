"""PyTorch: eager or compiled with frozen weights, in NCHW or channels_last memory (`--variant`)."""

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
    if VARIANT.endswith("channels_last"):
        if job.dims not in LAST:
            raise NotImplementedError("no channels_last memory format for one axis")
        x = x.contiguous(memory_format=LAST[job.dims])
        weight = weight.contiguous(memory_format=LAST[job.dims])
    options = dict(
        stride=job.stride,
        padding=job.padding,
        output_padding=job.output_padding,
        groups=job.groups,
        dilation=job.dilation,
    )
    layer = Layer(FUNCTION[job.dims], weight, bias, options).eval()
    if VARIANT.startswith("compile"):
        torch._inductor.config.freezing = True
        torch._dynamo.reset()
        layer = torch.compile(layer)
    else:
        function = FUNCTION[job.dims]
        layer = lambda x: function(x, weight, bias, **options)  # without the module's own calls

    def call():
        with torch.inference_mode():
            return layer(x)

    return call, lambda: call().contiguous().numpy(), "NHWC" if "last" in VARIANT else ""


if VARIANT.startswith("compile"):
    import torch._inductor.config
serve(torch.__version__, make)
