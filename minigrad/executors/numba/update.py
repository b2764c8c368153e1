"""The steps of optimizers (ops/update.py) in one pass over memory, by threads."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.backend import chunks, parallel_for
from minigrad.engine.executions import execution, is_float32
from minigrad.executors.numba.compiled import Vector, loop
from minigrad.ops.update import adam_, momentum_

f32: Any = np.float32


def by_threads(function: Callable[..., None], arrays: Any, *scalars: float) -> None:
    """function(*flat arrays, *scalars, first, last) for consecutive ranges of elements."""
    flat, ranges = [a.reshape(-1) for a in arrays], chunks(arrays[0].size, 1)
    parallel_for(lambda i: function(*flat, *scalars, ranges[i].start, ranges[i].stop), len(ranges))


@execution(adam_, "numba", lambda p, g, m, v, largest=None: largest is None and is_float32(p, g, m, v))
def adam(arrays: Any, scalars: dict[str, Any], maximize: bool, weight_decay: float, shrink: float) -> None:
    given = [scalars[name] for name in ("one_minus_beta1", "one_minus_beta2", "eps", "step_size")]
    by_threads(adam_loop, arrays[:4], *given, -1.0 if maximize else 1.0, weight_decay, shrink)


@loop
def adam_loop(
    p: Vector, g: Vector, m: Vector, v: Vector, one_minus_beta1: float, one_minus_beta2: float, eps: float,
    step_size: float, sign: float, weight_decay: float, shrink: float, first: int, last: int,
) -> None:  # fmt: skip
    a, b, e, s = f32(one_minus_beta1), f32(one_minus_beta2), f32(eps), f32(step_size)
    beta1, beta2 = f32(1 - one_minus_beta1), f32(1 - one_minus_beta2)
    to_slope, decay, rest = f32(sign), f32(weight_decay), f32(shrink)
    p, g, m, v = p[first:last], g[first:last], m[first:last], v[first:last]
    for i in range(len(g)):
        d = to_slope * g[i]
        if decay != 0:  # 0 times an infinite parameter is nan
            d += decay * p[i]
        m[i] = beta1 * m[i] + a * d
        v[i] = beta2 * v[i] + b * d * d
        p[i] = p[i] * rest - s * m[i] / (math.sqrt(v[i]) + e)


@execution(momentum_, "numba", is_float32)
def momentum(arrays: Any, scalars: dict[str, Any], maximize: bool, weight_decay: float, shrink: float) -> None:
    lr, keep, fresh = scalars["lr"], scalars["momentum"], scalars["one_minus_dampening"]
    size_g, size_b = (lr, lr * keep) if scalars["nesterov"] else (0.0, lr)
    if scalars["first"]:
        keep, fresh = 0.0, 1.0
    given = (size_g, size_b, keep, fresh, -1.0 if maximize else 1.0, weight_decay, shrink)
    by_threads(momentum_loop, arrays, *given)


@loop
def momentum_loop(
    p: Vector, g: Vector, b: Vector, size_g: float, size_b: float, keep: float, fresh: float, sign: float,
    weight_decay: float, shrink: float, first: int, last: int,
) -> None:  # fmt: skip
    """b = keep * b + fresh * d, p -= size_g * d + size_b * b. Where a scalar is 0 its product is left out: b may be
    uninitialized, p or d infinite."""
    of_d, of_b, old, new = f32(size_g), f32(size_b), f32(keep), f32(fresh)
    to_slope, decay, rest = f32(sign), f32(weight_decay), f32(shrink)
    p, g, b = p[first:last], g[first:last], b[first:last]
    for i in range(len(g)):
        d = to_slope * g[i]
        if decay != 0:
            d += decay * p[i]
        v = new * d
        if old != 0:
            v += old * b[i]
        b[i] = v
        step = of_b * v
        if of_d != 0:
            step += of_d * d
        p[i] = p[i] * rest - step
