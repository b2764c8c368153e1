"""Angles: the inverse circular and hyperbolic functions, and the polar ones."""

from typing import Any

from minigrad.backend import array_module
from minigrad.engine.elementwise import binary, unary
from minigrad.ops.api import public
from minigrad.ops.pointwise.arithmetic import cos, rsqrt, sqrt, where

__all__ = [
    "acos", "acosh", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "asin", "asinh", "atan",
    "atan2", "atanh", "deg2rad", "hypot", "rad2deg", "sinc",
]  # fmt: skip

PI = 3.141592653589793

asin = arcsin = unary("asin", "The angle whose sine it is: nan outside [-1, 1].", lambda g, input: (
    g * rsqrt((1 - input) * (1 + input))), "arcsin")  # fmt: skip
acos = arccos = unary("acos", "The angle whose cosine it is: nan outside [-1, 1].", lambda g, input: (
    -g * rsqrt((1 - input) * (1 + input))), "arccos")  # fmt: skip
atan = arctan = unary("atan", "The angle whose tangent it is.", lambda g, input: g / (1 + input * input), "arctan")
asinh = arcsinh = unary("asinh", "The inverse of sinh.", lambda g, input: g / sqrt(input * input + 1), "arcsinh")
acosh = arccosh = unary("acosh", "The inverse of cosh: nan below 1.", lambda g, input: (
    g * rsqrt((input - 1) * (input + 1))), "arccosh")  # fmt: skip
atanh = arctanh = unary("atanh", "The inverse of tanh: nan outside [-1, 1].", lambda g, input: (
    g / ((1 - input) * (1 + input))), "arctanh")  # fmt: skip


def _square_radius(y: Any, x: Any) -> Any:
    """x^2 + y^2, and 1 at the origin: there the gradients of the polar functions are 0."""
    r = x * x + y * y
    return where(r == 0, 1.0, r)


atan2 = arctan2 = binary(
    "atan2", "The angle of the point (other, input), in (-pi, pi]. Gradient 0, 0 at the origin.",
    lambda g, input, other: g * other / _square_radius(input, other),
    lambda g, input, other: -g * input / _square_radius(input, other),
    "arctan2", floating=True,
)  # fmt: skip
hypot = binary(
    "hypot", "sqrt(input^2 + other^2), without overflow. Gradient 0, 0 at the origin.",
    lambda g, input, out: g * (input / where(out == 0, 1.0, out)),
    lambda g, other, out: g * (other / where(out == 0, 1.0, out)),
    floating=True,
)  # fmt: skip
sinc = unary(
    "sinc", "sin(pi x) / (pi x), 1 at 0. Its gradient there is 0.",
    lambda g, input, out: g * where(input == 0, 0.0, (cos(PI * input) - out) / where(input == 0, 1.0, input)),
    lambda x: array_module(x).sinc(x).astype(x.dtype, copy=False),
)  # fmt: skip


@public
def deg2rad(input: Any) -> Any:
    """Degrees to radians."""
    return input * (PI / 180)


@public
def rad2deg(input: Any) -> Any:
    """Radians to degrees."""
    return input * (180 / PI)
