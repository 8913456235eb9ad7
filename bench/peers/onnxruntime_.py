"""ONNX Runtime on its CPU provider: a model of one node, input and output bound."""

import numpy as np
import onnxruntime

from worker import serve


def make(job):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = job.threads, 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(job.onnx, options, providers=["CPUExecutionProvider"])
    x, _, _ = job.arrays()
    y = np.empty(job.output_shape, dtype=np.float32)
    binding = session.io_binding()
    binding.bind_cpu_input("x", x)
    binding.bind_output("y", "cpu", element_type=np.float32, shape=y.shape, buffer_ptr=y.ctypes.data)

    def call():
        session.run_with_iobinding(binding)
        return x  # the binding holds only its address

    return call, lambda: y, ""


serve(onnxruntime.__version__, make)
