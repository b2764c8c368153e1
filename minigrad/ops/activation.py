"""Softmax and its kin, and the non-linearities between layers."""

from typing import Any

from minigrad.backend import array_module
from minigrad.dtypes import float32
from minigrad.engine.elementwise import cast, floated, unary
from minigrad.engine.primitive import primitive
from minigrad.ops import axes
from minigrad.ops.elementwise import exp, where
from minigrad.ops.public import public, refuse
from minigrad.ops.reduce import sum

__all__ = [
    "elu", "leaky_relu", "log_softmax", "logsigmoid", "relu", "sigmoid", "silu", "softmax", "softplus",
]  # fmt: skip

# --- softmax ------------------------------------------------------------------------------------------------------


FEW = 64


def _normalised(input: Any, dim: int, normalise: Any) -> Any:
    """`normalise(z, dim)`, which works in place, on a copy of the input; float16 in float32.

    Few classes in the last dimension are laid out class by class: NumPy reduces a short last dimension one row at a time.
    256 x 10 takes 9 us instead of 29, 256 x 64 37 instead of 40 (`python tests/benchmarks/overhead.py`).
    """
    z = input.astype(float32) if input.dtype.itemsize == 2 else input
    classes = input.shape[dim]
    if 1 < input.ndim == dim + 1 and classes <= FEW:
        z = z.reshape(-1, classes).T.copy()
        normalise(z, 0)
        z = z.T.copy().reshape(input.shape)
    else:
        z = z.copy()
        normalise(z, dim)
    return z.astype(input.dtype, copy=False)


@primitive(name="softmax", input=lambda g, out, dim: out * (g - sum(g * out, dim, True)))
def _softmax(input: Any, *, dim: int) -> Any:
    def normalise(z: Any, dim: int) -> None:
        z -= z.max(dim, keepdims=True)
        array_module(z).exp(z, out=z)
        z /= z.sum(dim, keepdims=True)

    return _normalised(input, dim, normalise)


@primitive(name="log_softmax", input=lambda g, out, dim: g - exp(out) * sum(g, dim, True))
def _log_softmax(input: Any, *, dim: int) -> Any:
    def normalise(z: Any, dim: int) -> None:
        xp = array_module(z)
        z -= z.max(dim, keepdims=True)
        z -= xp.log(xp.exp(z).sum(dim, keepdims=True))

    return _normalised(input, dim, normalise)


def _over(name: str, op: Any, input: Any, dim: Any, dtype: Any) -> Any:
    try:
        input = floated(input) if dtype is None else cast(input, dtype)
    except AttributeError:
        refuse(name, input=input)
        raise
    if dim is None:
        raise TypeError(f"{name}: dim: expected the dimension that holds the classes (usually 1 or -1), got None")
    at = axes.one(dim, input.ndim, name)
    if input.ndim == 0:
        return op(input.reshape(1), dim=0).reshape(())
    return input * 1 if 0 in tuple(input.shape) else op(input, dim=at)


def softmax(input: Any, dim: int | None = None, dtype: Any = None, *, axis: int | None = None) -> Any:
    """exp(x) / sum(exp(x)) along `dim`, computed as exp(x - max x): a primitive because that never overflows.

    Logits of 1e4 and float16 (summed in float32) are safe. The class scores of the lecture's softmax classifier.
    """
    return _over("softmax", _softmax, input, axes.either(dim, axis, "softmax"), dtype)


def log_softmax(input: Any, dim: int | None = None, dtype: Any = None, *, axis: int | None = None) -> Any:
    """log(softmax(x)) along `dim`, as x - max x - log(sum(exp(x - max x))): a primitive because log of a softmax that
    underflowed would be -inf."""
    return _over("log_softmax", _log_softmax, input, axes.either(dim, axis, "log_softmax"), dtype)


# --- pointwise ----------------------------------------------------------------------------------------------------


def _sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x) by way of tanh, which does not overflow on either side."""
    return array_module(x).tanh(x * 0.5) * 0.5 + 0.5


def _softplus(x: Any) -> Any:
    xp = array_module(x)
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-abs(x)))


relu = unary(
    "relu",
    "max(x, 0); nan stays nan. Gradient 0 at 0.",
    lambda g, out: g * (out > 0),
    lambda x: array_module(x).maximum(x, 0),
    floating=False,
)
sigmoid = unary("sigmoid", "1 / (1 + e^-x).", lambda g, out: g * (out * (1 - out)), _sigmoid)
logsigmoid = unary(
    "logsigmoid", "log(sigmoid(x)), without overflow.", lambda g, input: g * sigmoid(-input), lambda x: -_softplus(-x)
)
_softplus_op = unary("softplus", "log(1 + e^x), without overflow.", lambda g, input: g * sigmoid(input), _softplus)


@public
def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + e^(beta x)) / beta: a smooth relu. PyTorch's `threshold`, above which it returns x, is met to rounding."""
    return _softplus_op(input) if beta == 1 else _softplus_op(input * beta) / beta


@public
def leaky_relu(input: Any, negative_slope: float = 0.01) -> Any:
    """x if x > 0, else negative_slope * x. Gradient negative_slope at 0."""
    return where(input > 0, input, input * negative_slope)


@public
def elu(input: Any, alpha: float = 1.0) -> Any:
    """x if x > 0, else alpha * (e^x - 1)."""
    from minigrad.ops.elementwise import expm1

    return where(input > 0, input, alpha * expm1(where(input > 0, 0.0, input)))


@public
def silu(input: Any) -> Any:
    """x * sigmoid(x)."""
    return input * sigmoid(input)
