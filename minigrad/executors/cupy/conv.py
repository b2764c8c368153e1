"""Convolutions: a launch for the windows, and one product of matrices for the whole batch."""

from typing import Any

from minigrad.engine.executions import execution
from minigrad.executors.cupy.accepts import is_floating
from minigrad.executors.cupy.im2col import col2im, im2col
from minigrad.ops.nn.conv import along_channels, conv, conv_transpose, conv_weight
from minigrad.ops.nn.im2col import Geometry, Ints, as_images, as_matrices, as_rows, output_size


@execution(conv, "cupy", is_floating)
def forward(
    input: Any, weight: Any, bias: Any = None, *, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Any:
    """See `ops.nn.conv.conv`."""
    size, kernel = input.shape[2:], weight.shape[2:]
    output = output_size(size, kernel, stride, padding, dilation)
    where = Geometry(size, kernel, stride, padding, dilation, groups, output)
    out = as_images(as_matrices(weight, groups) @ im2col(input, where), len(input), output)
    return out if bias is None else out + along_channels(bias, out.ndim)


@execution(conv_transpose, "cupy", is_floating)
def input_backward(
    input: Any, weight: Any, *, shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Any:
    """See `ops.nn.conv.conv_transpose`."""
    where = Geometry(tuple(shape[2:]), weight.shape[2:], stride, padding, dilation, groups, input.shape[2:])
    return col2im(as_matrices(weight, groups).swapaxes(1, 2) @ as_rows(input, groups), shape, where)


@execution(conv_weight, "cupy", is_floating)
def weight_backward(
    input: Any, other: Any, *, shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Any:
    """See `ops.nn.conv.conv_weight`."""
    where = Geometry(input.shape[2:], tuple(shape[2:]), stride, padding, dilation, groups, other.shape[2:])
    return (as_rows(other, groups) @ im2col(input, where).swapaxes(1, 2)).reshape(shape)
