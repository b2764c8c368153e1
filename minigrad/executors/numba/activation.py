"""Activations and their slopes, element by element."""

from typing import Any

import numpy as np

from minigrad.executors.numba.compiled import Vector, inlined, loop
from minigrad.executors.numba.functions import HALF, ONE, TWO, exp

f32: Any = np.float32
EDGE, BY_SQRT_2PI = f32(5.8), f32(0.3989422804014327)
# of ops.activation.NORMAL
P0, P1, P2, P3, P4, P5, P6 = (
    f32(1.7561727627679602e-09), f32(-1.3226340911387524e-07), f32(3.964745246776147e-06), f32(-5.5306198191829026e-05),
    f32(-3.259496588725597e-05), f32(3.633308410644531e-02), f32(7.978849411010742e-01),
)  # fmt: skip


@inlined
def below(x: Any) -> Any:
    """The normal distribution function, to 1e-7, and 0 below -5.8: see ops.activation._below."""
    z = min(max(x, -EDGE), EDGE)
    u = z * z
    p = (((((P0 * u + P1) * u + P2) * u + P3) * u + P4) * u + P5) * u + P6
    out = ONE / (ONE + exp(-TWO * z * p))
    out = f32(0) if x < -EDGE else out
    return out if x == x else x


@loop
def gelu(x: Vector, out: Vector, first: int, last: int) -> None:
    """x times the normal distribution function."""
    x, out = x[first:last], out[first:last]
    for i in range(len(x)):
        out[i] = x[i] * below(x[i])


@loop
def gelu_slope(g: Vector, x: Vector, out: Vector, first: int, last: int) -> None:
    """g * (that function + x * its density)."""
    g, x, out = g[first:last], x[first:last], out[first:last]
    for i in range(len(x)):
        out[i] = g[i] * (below(x[i]) + x[i] * exp(-HALF * x[i] * x[i]) * BY_SQRT_2PI)


@loop
def relu_slope(g: Vector, y: Vector, out: Vector, first: int, last: int) -> None:
    """g where y is above 0, else 0."""
    g, y, out = g[first:last], y[first:last], out[first:last]
    for i in range(len(g)):
        d = g[i]
        out[i] = d if y[i] > 0 else f32(0)
