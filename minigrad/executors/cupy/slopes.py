"""Gradients of element-wise operations and of softmax: the incoming one times the slope, in one launch."""

from typing import Any

from minigrad.backend.cuda_kernel import Kernel, accumulate_type, elementwise
from minigrad.executors.cupy.reduce import PRODUCTS, reduce_kernel


def slope_kernel(name: str, kept: str, expression: str) -> Any:
    """g times an expression of what is kept, "x" (the input) or "y" (the result), in the accumulate_type dtype."""
    kernel = elementwise(
        f"{name}_slope", f"T g_, T {kept}_", "T out", f"A g = g_, {kept} = {kept}_; out = {expression}"
    )
    return lambda g, kept, *_: kernel.call(g, kept)


relu = slope_kernel("relu", "y", "g * A(y > 0)")
sigmoid = slope_kernel("sigmoid", "y", "g * (y * (1 - y))")
tanh = slope_kernel("tanh", "y", "g * (1 - y * y)")
silu = slope_kernel("silu", "x", "g * ((1 + x * (1 - 1 / (1 + exp(-x)))) / (1 + exp(-x)))")
gelu = slope_kernel(
    "gelu", "x", "g * (A(0.5) * erfc(-x * A(0.7071067811865476)) + x * exp(A(-0.5) * x * x) * A(0.3989422804014327))"
)

LEAKY_RELU = elementwise(
    "leaky_relu_slope", "T g, T x, float64 slope", "T out", "out = A(x) > 0 ? A(g) : A(g) * A(slope)"
)
ELU = elementwise(
    "elu_slope", "T g, T x, float64 alpha, float64 steep", "T out",
    "out = A(x) > 0 ? A(g) : A(g) * (A(alpha) * A(steep) * exp(A(x) * A(steep)))",
)  # fmt: skip
SOFTMAX: Kernel = elementwise("softmax_slopes", "T g, T y, S total", "T out", "out = A(y) * (A(g) - A(total))")
LOG_SOFTMAX: Kernel = elementwise(
    "log_softmax_slopes", "T g, T y, S total", "T out", "out = A(g) - exp(A(y)) * A(total)"
)


def softmax(g: Any, out: Any, dim: int) -> Any:
    """out * (g - sum(g * out))."""
    return SOFTMAX.call(g, out, reduce_kernel(PRODUCTS, g, out, dims=(dim,)))


def log_softmax(g: Any, out: Any, dim: int) -> Any:
    """g - exp(out) * sum(g)."""
    return LOG_SOFTMAX.call(g, out, g.sum((dim,), dtype=accumulate_type(g.dtype), keepdims=True))
