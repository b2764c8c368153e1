"""Activations that take several array functions, and gradients of activations, in one launch; softmax in two."""

from collections.abc import Callable
from typing import Any

from minigrad.backend import array_module
from minigrad.backend.cuda_kernel import accumulate_type, elementwise, reduction
from minigrad.engine.executions import execution, register
from minigrad.executors.cupy.accepts import is_floating
from minigrad.executors.cupy.reduce import PRODUCTS, reduce_kernel
from minigrad.ops.nn.activation import _elu, _gelu, _leaky_relu, _log_softmax, _softmax, relu, sigmoid, silu

# --- element by element -------------------------------------------------------------------------------------------


def vjp_kernel(name: str, kept: str, expression: str) -> Callable[[Any, Any], Any]:
    """g times an expression of what is kept, "x" (the input) or "y" (the result), in the accumulate_type dtype."""
    kernel = elementwise(
        f"{name}_backward", f"T g_, T {kept}_", "T out", f"A g = g_, {kept} = {kept}_; out = {expression}"
    )
    return lambda g, kept: kernel.call(g, kept)


RELU_BACKWARD = vjp_kernel("relu", "y", "g * A(y > 0)")
SIGMOID_BACKWARD = vjp_kernel("sigmoid", "y", "g * (y * (1 - y))")
SILU = elementwise("silu", "T x", "T out", "out = A(x) / (A(1) + exp(-A(x)))")
SILU_BACKWARD = vjp_kernel("silu", "x", "g * ((1 + x * (1 - 1 / (1 + exp(-x)))) / (1 + exp(-x)))")
GELU = elementwise("gelu", "T x", "T out", "out = A(x) * (A(0.5) * erfc(-A(x) * A(0.7071067811865476)))")
GELU_BACKWARD = vjp_kernel(
    "gelu", "x", "g * (A(0.5) * erfc(-x * A(0.7071067811865476)) + x * exp(A(-0.5) * x * x) * A(0.3989422804014327))"
)
LEAKY_RELU = elementwise("leaky_relu", "T x, float64 slope", "T out", "out = A(x) > 0 ? A(x) : A(x) * A(slope)")
LEAKY_RELU_BACKWARD = elementwise(
    "leaky_relu_backward", "T g, T x, float64 slope", "T out", "out = A(x) > 0 ? A(g) : A(g) * A(slope)"
)
ELU = elementwise(
    "elu", "T x, float64 alpha, float64 steep", "T out",
    "out = A(x) > 0 ? A(x) : A(alpha) * expm1(A(x) * A(steep))",
)  # fmt: skip
ELU_BACKWARD = elementwise(
    "elu_backward", "T g, T x, float64 alpha, float64 steep", "T out",
    "out = A(x) > 0 ? A(g) : A(g) * (A(alpha) * A(steep) * exp(A(x) * A(steep)))",
)  # fmt: skip

register(relu, "cupy", is_floating, input=lambda g, out: RELU_BACKWARD(g, out))
register(sigmoid, "cupy", is_floating, input=lambda g, out: SIGMOID_BACKWARD(g, out))
register(silu, "cupy", is_floating, lambda x: SILU(x), input=lambda g, input: SILU_BACKWARD(g, input))
register(
    _leaky_relu, "cupy", is_floating, lambda input, *, negative_slope: LEAKY_RELU(input, negative_slope),
    input=lambda g, input, negative_slope: LEAKY_RELU_BACKWARD(g, input, negative_slope),
)  # fmt: skip
register(
    _elu, "cupy", is_floating, lambda input, *, alpha, steep: ELU(input, alpha, steep),
    input=lambda g, input, alpha, steep: ELU_BACKWARD(g, input, alpha, steep),
)  # fmt: skip
register(
    _gelu, "cupy", is_floating, lambda input: (GELU(input), ()),
    lambda g, needed, residuals, input: (GELU_BACKWARD(g, input),),
)  # fmt: skip

# --- softmax: from the logarithm of the sum of exp(x), in one pass: the largest so far, and the sum of exp(x - largest)

LOG_SUM_EXP = reduction(
    "log_sum_exp",
    "T x",
    "S out",
    map="Spread(A(x), A(1))",
    reduce="joined(a, b)",
    after="out = a.largest == A(1) / A(0) ? A(0) / A(0) : a.largest + log(a.total)",
    identity="Spread(-A(1) / A(0), A(0))",
    kind="Spread",
    preamble="""
    struct Spread {
        A largest, total;
        __device__ Spread() {}
        __device__ Spread(A largest, A total) : largest(largest), total(total) {}
    };
    __device__ Spread joined(Spread a, Spread b) {
        if (a.total == 0 || b.total == 0) return a.total == 0 ? b : a;
        if (a.largest < b.largest) { Spread c = a; a = b; b = c; }
        A share = a.largest == b.largest ? A(1) : exp(b.largest - a.largest);
        return Spread(a.largest, a.total + b.total * share);
    }
    """,
)
SOFTMAX = elementwise("softmax", "T x, S lse", "T out", "out = exp(A(x) - A(lse))")
SOFTMAX_BACKWARD = elementwise("softmax_backward", "T g, T y, S total", "T out", "out = A(y) * (A(g) - A(total))")
LOG_SOFTMAX = elementwise("log_softmax", "T x, S lse", "T out", "out = A(x) - A(lse)")
LOG_SOFTMAX_BACKWARD = elementwise(
    "log_softmax_backward", "T g, T y, S total", "T out", "out = A(g) - exp(A(y)) * A(total)"
)


def log_sum_exp(x: Any, dim: int) -> Any:
    """log(sum(exp(x))) along `dim`, which stays with size 1, in the accumulate_type dtype."""
    shape = (*x.shape[:dim], 1, *x.shape[dim + 1 :])
    out = array_module(x).empty(shape, dtype=accumulate_type(x.dtype))
    return LOG_SUM_EXP.call(x, out, axis=dim, keepdims=True)


def softmax_backward(g: Any, out: Any, dim: int) -> Any:
    """out * (g - sum(g * out))."""
    return SOFTMAX_BACKWARD.call(g, out, reduce_kernel(PRODUCTS, g, out, dims=(dim,)))


@execution(_softmax, "cupy", is_floating, input=softmax_backward)
def softmax(input: Any, *, dim: int) -> Any:
    """exp(x - log_sum_exp(x)) along `dim`."""
    return SOFTMAX.call(input, log_sum_exp(input, dim))


def log_softmax_backward(g: Any, out: Any, dim: int) -> Any:
    """g - exp(out) * sum(g)."""
    return LOG_SOFTMAX_BACKWARD.call(g, out, g.sum((dim,), dtype=accumulate_type(g.dtype), keepdims=True))


@execution(_log_softmax, "cupy", is_floating, input=log_softmax_backward)
def log_softmax(input: Any, *, dim: int) -> Any:
    """x - log_sum_exp(x) along `dim`."""
    return LOG_SOFTMAX.call(input, log_sum_exp(input, dim))
