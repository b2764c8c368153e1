"""Optimizers' steps on flat arrays. See optim.adam and optim.sgd."""

import math
from typing import Any

import numpy as np

from minigrad.executors.numba.compiled import Vector, loop

f32: Any = np.float32


@loop
def adam(
    g: Vector, p: Vector, m: Vector, v: Vector, share1: float, share2: float, eps: float, size: float, sign: float,
    decay: float, shrink: float, first: int, last: int,
) -> None:  # fmt: skip
    """As the kernel `adam` of optim.adam: sign and decay make the gradient, shrink is decoupled decay."""
    a, b, e, s, way, more, less = f32(share1), f32(share2), f32(eps), f32(size), f32(sign), f32(decay), f32(shrink)
    keep1, keep2 = f32(1 - share1), f32(1 - share2)
    g, p, m, v = g[first:last], p[first:last], m[first:last], v[first:last]
    for i in range(len(g)):
        d = way * g[i]
        if more != 0:  # else an infinite parameter would make a nan
            d += more * p[i]
        m[i] = keep1 * m[i] + a * d
        v[i] = keep2 * v[i] + b * d * d
        p[i] = p[i] * less - s * m[i] / (math.sqrt(v[i]) + e)


@loop
def momentum(
    g: Vector, p: Vector, b: Vector, of_g: float, of_b: float, keep: float, fresh: float, sign: float, decay: float,
    first: int, last: int,
) -> None:  # fmt: skip
    """b = keep * b + fresh * d, p -= of_g * d + of_b * b, with d the gradient by sign and decay."""
    x, y, k, n, way, more = f32(of_g), f32(of_b), f32(keep), f32(fresh), f32(sign), f32(decay)
    g, p, b = g[first:last], p[first:last], b[first:last]
    for i in range(len(g)):
        d = way * g[i]
        if more != 0:
            d += more * p[i]
        v = k * b[i] + n * d
        b[i] = v
        step = y * v
        if x != 0:
            step += x * d
        p[i] -= step
