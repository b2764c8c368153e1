"""Special functions: the error function and related functions, gamma functions, logarithms of sums and products. On the
CPU the values come from SciPy, imported on first use."""

from collections.abc import Callable
from typing import Any

from minigrad.backend import array_function
from minigrad.engine.dispatch import primitive
from minigrad.engine.elementwise import binary, unary
from minigrad.engine.promotion import floated
from minigrad.ops.api import public
from minigrad.ops.array.creation import ones_like
from minigrad.ops.pointwise.arithmetic import clamp, exp, exp2, log, where, zero_if_minus_inf

__all__ = [
    "digamma", "erf", "erfc", "erfinv", "lgamma", "log_ndtr", "logaddexp", "logaddexp2", "logit", "mvlgamma", "ndtr",
    "ndtri", "polygamma", "xlog1py", "xlogy",
]  # fmt: skip

TWO_BY_SQRT_PI, SQRT_PI, SQRT_2PI = 1.1283791670955126, 1.772453850905516, 2.5066282746310002


def _scipy(name: str) -> Callable[..., Any]:
    """SciPy's function, whose float16 results are float32, in the dtype of its argument."""

    def run(x: Any) -> Any:
        return array_function(f"special.{name}", x)(x).astype(x.dtype, copy=False)

    return run


erf = unary(
    "erf", "2/sqrt(pi) times the integral of exp(-t^2) from 0 to x.",
    lambda g, input: g * (TWO_BY_SQRT_PI * exp(-input * input)), _scipy("erf"),
)  # fmt: skip
erfc = unary(
    "erfc", "1 - erf(x), accurate where that is small.",
    lambda g, input: g * (-TWO_BY_SQRT_PI * exp(-input * input)), _scipy("erfc"),
)  # fmt: skip
erfinv = unary(
    "erfinv", "The inverse of erf: inf at 1, nan beyond.",
    lambda g, out: g * (exp(out * out) * (SQRT_PI / 2)), _scipy("erfinv"),
)  # fmt: skip
ndtr = unary(
    "ndtr", "The normal distribution function.",
    lambda g, input: g * (exp(input * input * -0.5) / SQRT_2PI), _scipy("ndtr"),
)  # fmt: skip
ndtri = unary(
    "ndtri", "The inverse of ndtr.",
    lambda g, out: g * (exp(out * out * 0.5) * SQRT_2PI), _scipy("ndtri"),
)  # fmt: skip
log_ndtr = unary(
    "log_ndtr", "log(ndtr(x)), accurate far to the left.",
    lambda g, input, out: g * (exp(input * input * -0.5 - out) / SQRT_2PI), _scipy("log_ndtr"),
)  # fmt: skip
lgamma = unary("lgamma", "log |Gamma(x)|.", lambda g, input: g * digamma(input), _scipy("gammaln"))
digamma: Callable[..., Any] = unary(
    "digamma", "The derivative of lgamma.", lambda g, input: g * _polygamma(input, n=1), _scipy("digamma")
)


@primitive(name="polygamma", input=lambda g, input, n: g * _polygamma(input, n=n + 1))
def _polygamma(input: Any, *, n: int) -> Any:
    return array_function("special.polygamma", input)(n, input).astype(input.dtype, copy=False)


def polygamma(n: int, input: Any) -> Any:
    """The n-th derivative of digamma (n = 0: digamma itself)."""
    if n < 0:
        raise ValueError(f"polygamma: n: expected 0 or more, got {n}")
    return digamma(input) if n == 0 else _polygamma(floated(input), n=n)


@public
def mvlgamma(input: Any, p: int) -> Any:
    """The logarithm of the multivariate gamma function of dimension p."""
    out = lgamma(input) + 0.25 * p * (p - 1) * 1.1447298858494002
    for j in range(1, p):
        out = out + lgamma(input - 0.5 * j)
    return out


@public
def logit(input: Any, eps: float | None = None) -> Any:
    """log(x / (1 - x)), the inverse of sigmoid; with eps, x is first clamped to [eps, 1 - eps]."""
    x = floated(input) if eps is None else clamp(floated(input), eps, 1 - eps)
    return log(x / (1 - x))


# --- logarithms of sums and products ------------------------------------------------------------------------------


logaddexp = binary(
    "logaddexp", "log(e^input + e^other), without overflow: a primitive for that. Gradient 0, 0 where both are -inf.",
    lambda g, input, out: g * exp(input - zero_if_minus_inf(out)),
    lambda g, other, out: g * exp(other - zero_if_minus_inf(out)),
    floating=True,
)  # fmt: skip
logaddexp2 = binary(
    "logaddexp2", "log2(2^input + 2^other), without overflow.",
    lambda g, input, out: g * exp2(input - zero_if_minus_inf(out)),
    lambda g, other, out: g * exp2(other - zero_if_minus_inf(out)),
    floating=True,
)  # fmt: skip


def _unless_both_zero(input: Any, other: Any) -> Any:
    """`other`, or 1 where 0 log 0 stands."""
    return where((input == 0) & (other == 0), ones_like(input + other), other)


def _scipy_of_two(name: str) -> Callable[..., Any]:
    def run(x: Any, y: Any) -> Any:
        out = array_function(f"special.{name}", x if hasattr(x, "dtype") else y)(x, y)
        return out.astype(getattr(x if hasattr(x, "dtype") else y, "dtype", out.dtype), copy=False)

    return run


xlogy = binary(
    "xlogy", "input * log(other), 0 where input is 0 (nan where other is nan).",
    lambda g, input, other: g * log(_unless_both_zero(input, other)),
    lambda g, input, other: g * (input / _unless_both_zero(input, other)),
    _scipy_of_two("xlogy"), floating=True,
)  # fmt: skip
xlog1py = binary(
    "xlog1py", "input * log(1 + other), 0 where input is 0.",
    lambda g, input, other: g * log(_unless_both_zero(input, other + 1)),
    lambda g, input, other: g * (input / _unless_both_zero(input, other + 1)),
    _scipy_of_two("xlog1py"), floating=True,
)  # fmt: skip
