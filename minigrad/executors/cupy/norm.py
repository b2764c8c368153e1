"""Normalization in three launches, and its gradient in three."""

from typing import Any

from minigrad.backend.cuda_kernel import accumulate_type, elementwise, reduction
from minigrad.engine.executions import execution
from minigrad.executors.cupy.accepts import is_floating
from minigrad.executors.cupy.reduce import PRODUCTS, reduce_kernel
from minigrad.ops.array.shape import sum_to
from minigrad.ops.nn.norm import _standardize, along_channels, scale_and_shift

VARIANCE = reduction(
    "variance", "T x, S mean, float64 count", "S out",
    map="(A(x) - A(mean)) * (A(x) - A(mean))", reduce="a + b", after="out = a / A(count)", identity="0", kind="A",
)  # fmt: skip
STANDARDIZE = elementwise(
    "standardize",
    "T x, S mean, S variance, float64 eps",
    "T out",
    "out = (A(x) - A(mean)) / sqrt(A(variance) + A(eps))",
)
BACKWARD = elementwise(
    "standardize_backward", "T g, T y, S total, S products, S variance, float64 n, float64 eps", "T out",
    "out = (A(g) - A(total) / A(n) - A(y) * (A(products) / A(n))) / sqrt(A(variance) + A(eps))",
)  # fmt: skip


def backward(
    g: Any, needed: Any, residuals: Any, input: Any, weight: Any = None, bias: Any = None, *, dims: Any, eps: float,
    by_channel: bool,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """See `executors.numpy.norm.backward`."""
    mean, variance, y = residuals
    w, b = (along_channels(t, input.ndim) if by_channel else t for t in (weight, bias))
    dw = None if weight is None or not needed[1] else sum_to(g * y, shape=w.shape).reshape(weight.shape)
    db = None if bias is None or not needed[2] else sum_to(g, shape=b.shape).reshape(bias.shape)
    if not needed[0]:
        return None, dw, db
    d = g if w is None else g * w
    total, n = d.sum(dims, dtype=variance.dtype, keepdims=True), input.size // mean.size
    return BACKWARD.call(d, y, total, reduce_kernel(PRODUCTS, d, y, dims=dims), variance, n, eps), dw, db


@execution(_standardize, "cupy", is_floating, backward)
def forward(
    input: Any, weight: Any = None, bias: Any = None, *, dims: Any, eps: float, by_channel: bool
) -> tuple[Any, tuple[Any, ...]]:
    """The result, and the mean, the variance and the standardized input."""
    mean = input.mean(dims, dtype=accumulate_type(input.dtype), keepdims=True)
    variance = reduce_kernel(VARIANCE, input, mean, input.size // mean.size, dims=dims)
    y = STANDARDIZE.call(input, mean, variance, eps)
    w, b = (along_channels(t, input.ndim) if by_channel else t for t in (weight, bias))
    out = scale_and_shift(y, w, b)
    return out.astype(y.dtype) if y.dtype.itemsize == 2 else out, (mean, variance, y)
