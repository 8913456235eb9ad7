"""How each framework's words become signed crops, per axis.

Names as everywhere: input length i, kernel k, stride s, K = d(k - 1) + 1 the span of the dilated kernel, o the output
length, n = (i - 1)s + K the uncropped length. A rule returns (crop_begin, crop_end) with o = n - crop_begin - crop_end.
"""


def tensorflow(padding, i, K, s, o):
    """tf.nn.conv*_transpose, which is the gradient of a convolution from length o to length i."""
    total = (i - 1) * s + K - o
    if padding == "VALID":
        return 0, total
    if padding == "SAME":
        begin = max(total, 0) // 2
        return begin, total - begin
    begin, _ = padding
    return begin, total - begin


def tensorflow_default_length(padding, i, K, s):
    """The output length a user means when none is given."""
    return i * s if padding == "SAME" else (i - 1) * s + max(K, s)


def same_convolution(i, K, s, lower=False):
    """(pad_begin, pad_end) of a SAME convolution: o = ceil(i / s), the odd zero goes last unless `lower`."""
    o = -(-i // s)
    total = max((o - 1) * s + K - i, 0)
    small, large = total // 2, total - total // 2
    return (large, small) if lower else (small, large)


def lax(padding, K, s, consistent=False):
    """jax.lax.conv_transpose and Flax."""
    if padding == "SAME":
        begin = max(K - s, 0) // 2
        return begin, K - s - begin
    if padding == "VALID":
        return 0, min(0, K - s)
    low, high = padding
    return (low, high) if consistent else (K - 1 - low, K - 1 - high)


def keras(padding, K, s, output_padding):
    """Keras Conv*DTranspose; output_padding None means the default length of the padding word."""
    if output_padding is None:
        return lax(padding.upper(), K, s)
    if padding == "valid":
        return 0, -output_padding
    length = K + K % 2 - 2 + output_padding
    left = min(-(-length // 2), K - 1)
    return K - 1 - left, K - 1 - (length - left)


def onnx(i, K, s, auto_pad="NOTSET", pads=(0, 0), output_padding=0, output_shape=None):
    """ONNX ConvTranspose. `pads` counts only for NOTSET without output_shape.

    With a wanted length o, total = (i - 1)s + output_padding + K - o is shared out: the smaller half begins for
    SAME_UPPER, the larger half otherwise. A negative total is cropped nowhere at the beginning: cells are added at the
    end.
    """
    if output_shape is None and auto_pad == "NOTSET":
        return pads[0], pads[1] - output_padding
    if output_shape is None and auto_pad == "VALID":
        return 0, -output_padding
    o = i * s if output_shape is None else output_shape
    total = (i - 1) * s + output_padding + K - o
    half = max(total, 0) // 2
    begin = half if auto_pad == "SAME_UPPER" else max(total, 0) - half
    return begin, total - begin - output_padding
