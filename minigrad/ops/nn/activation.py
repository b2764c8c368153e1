"""Softmax and related functions, and the non-linearities between layers."""

from typing import Any

from minigrad.backend import array_module
from minigrad.dtypes import float32
from minigrad.engine.composite import composite
from minigrad.engine.dispatch import primitive
from minigrad.engine.elementwise import unary
from minigrad.engine.messages import warn_user
from minigrad.engine.promotion import cast, floated
from minigrad.ops import axes
from minigrad.ops.api import one_of, public, raise_not_tensor, shape_error
from minigrad.ops.array.shape import chunk, reshape
from minigrad.ops.pointwise.arithmetic import abs, exp, tanh, where
from minigrad.ops.pointwise.special import ndtr
from minigrad.ops.reduce.reductions import sum

__all__ = [
    "celu", "elu", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "log_softmax",
    "logsigmoid", "mish", "prelu", "relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softmin", "softplus",
    "softshrink", "softsign", "tanhshrink", "threshold",
]  # fmt: skip

# --- softmax ------------------------------------------------------------------------------------------------------


def _upcast(x: Any) -> Any:
    """float16 as float32, in which it is calculated."""
    return x.astype(float32) if x.dtype.itemsize == 2 else x


@primitive(name="softmax", input=lambda g, out, dim: out * (g - sum(g * out, dim, True)))
def _softmax(input: Any, *, dim: int) -> Any:
    x = _upcast(input)
    e = array_module(x).exp(x - x.max(dim, keepdims=True))
    return (e / e.sum(dim, keepdims=True)).astype(input.dtype, copy=False)


@primitive(name="log_softmax", input=lambda g, out, dim: g - exp(out) * sum(g, dim, True))
def _log_softmax(input: Any, *, dim: int) -> Any:
    x, xp = _upcast(input), array_module(input)
    x = x - x.max(dim, keepdims=True)
    return (x - xp.log(xp.exp(x).sum(dim, keepdims=True))).astype(input.dtype, copy=False)


def _over(name: str, op: Any, input: Any, dim: Any, dtype: Any) -> Any:
    try:
        input = floated(input) if dtype is None else cast(input, dtype)
    except AttributeError:
        raise_not_tensor(name, input=input)
        raise
    if dim is None:  # what PyTorch once took for granted
        dim = 0 if input.ndim in (0, 1, 3) else 1
        warn_user(f"{name}: dim is missing, and taken to be {dim}, which is deprecated; name it")
    at = axes.normalize_dim(dim, input.ndim, name)
    if input.ndim == 0:
        return op(input.reshape(1), dim=0).reshape(())
    # of nothing any function will do: this one has derivatives of every order
    return exp(input) if 0 in tuple(input.shape) else op(input, dim=at)


def softmax(
    input: Any, dim: int | None = None, dtype: Any = None, *, axis: int | None = None, _stacklevel: int = 3
) -> Any:
    """exp(x) / sum(exp(x)) along `dim`, computed as exp(x - max x): a primitive because that never overflows.

    Logits of 1e4 and float16 (summed in float32) are safe. The class scores of the lecture's softmax classifier.
    Without `dim`, with a warning: dimension 0 of 0, 1 or 3 dimensions, else 1. _stacklevel does nothing.
    """
    return _over("softmax", _softmax, input, axes.dim_or_axis(dim, axis, "softmax"), dtype)


def log_softmax(
    input: Any, dim: int | None = None, dtype: Any = None, *, axis: int | None = None, _stacklevel: int = 3
) -> Any:
    """log(softmax(x)) along `dim`, as x - max x - log(sum(exp(x - max x))): a primitive because log of a softmax that
    underflowed would be -inf."""
    return _over("log_softmax", _log_softmax, input, axes.dim_or_axis(dim, axis, "log_softmax"), dtype)


# --- pointwise ----------------------------------------------------------------------------------------------------


def _sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x): where e^-x overflows the quotient is 0, as it should be. float16 in float32."""
    return (1 / (1 + array_module(x).exp(-_upcast(x)))).astype(x.dtype, copy=False)


def _softplus(x: Any) -> Any:
    xp = array_module(x)
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-abs(x)))


relu = unary(
    "relu", "max(x, 0); nan stays nan. Gradient 0 at 0.",
    lambda g, out: where(out > 0, g, 0.0), lambda x: array_module(x).maximum(x, 0), floating=False,
)  # fmt: skip
sigmoid = unary("sigmoid", "1 / (1 + e^-x).", lambda g, out: g * (out * (1 - out)), _sigmoid)
logsigmoid = unary(
    "logsigmoid", "log(sigmoid(x)), without overflow.", lambda g, input: g * sigmoid(-input), lambda x: -_softplus(-x)
)
_softplus_op = unary("softplus", "log(1 + e^x), without overflow.", lambda g, input: g * sigmoid(input), _softplus)


@public
def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + e^(beta x)) / beta: a smooth relu. PyTorch's `threshold`, above which it returns x, is met to
    rounding."""
    smooth = _softplus_op(input) if beta == 1 else _softplus_op(input * beta) / beta
    return smooth if threshold >= 20 else where(input * beta > threshold, input, smooth)


@primitive(
    name="leaky_relu", elementwise=True, input=lambda g, input, negative_slope: where(input > 0, g, g * negative_slope)
)
def _leaky_relu(input: Any, *, negative_slope: float) -> Any:
    return array_module(input).where(input > 0, input, input * negative_slope)


@public
def leaky_relu(input: Any, negative_slope: float = 0.01) -> Any:
    """x if x > 0, else negative_slope * x. Gradient negative_slope at 0."""
    return _leaky_relu(floated(input), negative_slope=float(negative_slope))


@public
def prelu(input: Any, weight: Any) -> Any:
    """leaky_relu whose negative_slope is a parameter: one number, or one for each channel (dimension 1)."""
    if weight.ndim > 1 or (weight.ndim == 1 and weight.shape[0] not in (1, input.shape[1] if input.ndim > 1 else 1)):
        raise shape_error("prelu: `weight`", "one number, or one for each channel", weight)
    slope = reshape(weight, (-1,) + (1,) * (input.ndim - 2)) if input.ndim > 1 else reshape(weight, (1,) * input.ndim)
    return where(input > 0, input, input * slope)


def _elu_backward(g: Any, input: Any, alpha: float, steep: float) -> Any:
    return where(input > 0, g, g * (alpha * steep * exp(where(input > 0, 0.0, input) * steep)))


@primitive(name="elu", input=_elu_backward, elementwise=True)
def _elu(input: Any, *, alpha: float, steep: float) -> Any:
    xp = array_module(input)
    return xp.where(input > 0, input, alpha * xp.expm1(xp.minimum(input, 0) * steep))


@public
def elu(input: Any, alpha: float = 1.0) -> Any:
    """x if x > 0, else alpha * (e^x - 1)."""
    return _elu(floated(input), alpha=float(alpha), steep=1.0)


@public
def celu(input: Any, alpha: float = 1.0) -> Any:
    """x if x > 0, else alpha * (e^(x / alpha) - 1): an elu with a continuous derivative for every alpha."""
    if alpha == 0:
        raise ValueError("celu: alpha: expected a number that is not 0, got 0")
    return _elu(floated(input), alpha=float(alpha), steep=1 / alpha)


@public
def selu(input: Any) -> Any:
    """scale * elu(x, alpha) with the two constants of Klambauer et al. (2017), which keep mean 0 and variance 1."""
    return 1.0507009873554804934193349852946 * elu(input, 1.6732632423543772848170429916717)


def _silu_backward(g: Any, input: Any) -> Any:
    s = sigmoid(input)
    return g * (s * (1 + input * (1 - s)))


silu = public(unary("silu", "x * sigmoid(x), also called swish.", _silu_backward, lambda x: x * _sigmoid(x)))


@public
def mish(input: Any) -> Any:
    """x * tanh(softplus(x))."""
    return input * tanh(_softplus_op(input))


@composite("gelu", elementwise=True)
def _gelu(input: Any) -> Any:
    return input * ndtr(input)


@public
def gelu(input: Any, approximate: str = "none") -> Any:
    """x times the normal distribution function at x; approximate="tanh": by a formula in tanh."""
    one_of("gelu", "approximate", approximate, "none", "tanh")
    if approximate == "none":
        return _gelu(floated(input))
    return 0.5 * input * (1 + tanh(0.7978845608028654 * (input + 0.044715 * input * input * input)))


# --- piecewise linear: gradients at the kinks are PyTorch's ----------------------------------------------------------


@public
def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """x held in [min_val, max_val]. Gradient 0 on the limits."""
    if min_val > max_val:
        raise ValueError(f"hardtanh: expected min_val <= max_val, got {min_val} and {max_val}")
    if input.dtype.kind in "iu":  # which stay integers
        min_val, max_val = int(min_val), int(max_val)
    return where(input <= min_val, min_val, where(input >= max_val, max_val, input))


@public
def relu6(input: Any) -> Any:
    """x held in [0, 6]. Gradient 0 on the limits."""
    return hardtanh(input, 0.0, 6.0)


@public
def hardsigmoid(input: Any) -> Any:
    """x / 6 + 1/2 held in [0, 1]. Gradient 0 on the limits."""
    return relu6(input + 3) / 6


@public
def hardswish(input: Any) -> Any:
    """x * hardsigmoid(x)."""
    return where(input <= -3, 0.0, where(input < 3, input * (input + 3) / 6, input))


@public
def threshold(input: Any, threshold: float, value: float) -> Any:
    """x if x > threshold, else value."""
    return where(input <= threshold, value, input)


@public
def softshrink(input: Any, lambd: float = 0.5) -> Any:
    """x - lambd above lambd, x + lambd below -lambd, 0 between."""
    if lambd < 0:
        raise ValueError(f"softshrink: lambd: expected 0 or more, got {lambd}")
    inner = where((input >= -lambd) & (input <= lambd), 0.0, input + lambd)  # a nan is not between
    return where(input > lambd, input - lambd, inner)


@public
def hardshrink(input: Any, lambd: float = 0.5) -> Any:
    """x where |x| > lambd, else 0."""
    return where((input >= -lambd) & (input <= lambd), 0.0, input)  # a nan is not between


@public
def tanhshrink(input: Any) -> Any:
    """x - tanh(x)."""
    return input - tanh(input)


@public
def softsign(input: Any) -> Any:
    """x / (1 + |x|)."""
    return input / (1 + abs(input))


# --- along a dimension ----------------------------------------------------------------------------------------------


@public
def softmin(input: Any, dim: int | None = None, dtype: Any = None, *, _stacklevel: int = 3) -> Any:
    """softmax(-x)."""
    return _over("softmin", _softmax, -input, dim, dtype)


@public
def glu(input: Any, dim: int = -1) -> Any:
    """The first half of `dim` times the sigmoid of the second."""
    at = axes.normalize_dim(dim, input.ndim, "glu")
    if input.ndim == 0 or input.shape[at] % 2:
        raise shape_error("glu", f"an even size in dimension {at}", input)
    first, second = chunk(input, 2, at)
    return first * sigmoid(second)
