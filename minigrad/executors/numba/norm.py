"""Normalization over a batch and space for each channel (batch norm), its weight and bias, and the gradients of all
three."""

import math
from math import prod
from typing import Any

import numpy as np

from minigrad.backend.threads import GRAIN_SIZE, chunks, parallel_for
from minigrad.engine.executions import execution, is_float32
from minigrad.executors.numba.compiled import Array3d, Vector, loop
from minigrad.ops.nn.norm import _standardize

f32: Any = np.float32


@loop
def channels(
    x: Array3d, w: Vector, b: Vector, out: Array3d, mu: Vector, var: Vector, eps: float, first: int, last: int
) -> None:
    """x, out: (batch, channels, space); all others (channels,). Sums of an image are added up in float64."""
    batch, _, n = x.shape
    for c in range(first, last):
        sum_ = 0.0
        for i in range(batch):
            t = f32(0)
            for j in range(n):
                t += x[i, c, j]
            sum_ += t
        mean, sum_of_squares = f32(sum_ / (batch * n)), 0.0
        for i in range(batch):
            q = f32(0)
            for j in range(n):
                d = x[i, c, j] - mean
                q += d * d
            sum_of_squares += q
        mu[c], var[c] = mean, f32(sum_of_squares / (batch * n))
        scale = f32(1 / math.sqrt(var[c] + eps)) * w[c]
        for i in range(batch):
            for j in range(n):
                out[i, c, j] = (x[i, c, j] - mean) * scale + b[c]


@loop
def channels_backward(
    g: Array3d,
    x: Array3d,
    w: Vector,
    mu: Vector,
    var: Vector,
    eps: float,
    dx: Array3d,
    dw: Vector,
    db: Vector,
    first: int,
    last: int,
) -> None:
    """dx: (batch, channels, space); dw and db: (channels,)."""
    batch, _, n = x.shape
    for c in range(first, last):
        mean, scale = mu[c], f32(1 / math.sqrt(var[c] + eps))
        all_added, all_products = 0.0, 0.0
        for i in range(batch):
            added, products = f32(0), f32(0)
            for j in range(n):
                added += g[i, c, j]
                products += g[i, c, j] * (x[i, c, j] - mean)
            all_added += added
            all_products += products
        dw[c], db[c] = all_products * scale, all_added
        by, away = scale * w[c], f32(all_added / (batch * n))
        turn = f32(all_products * scale * scale / (batch * n))
        for i in range(batch):
            for j in range(n):
                dx[i, c, j] = (g[i, c, j] - away - (x[i, c, j] - mean) * turn) * by


# --- the operation ----------------------------------------------------------------------------------------------------

LONGEST = 4096  # elements of an image: a loop adds them up in one float32; array functions add up more of them exactly


def accepts(input: Any, weight: Any, bias: Any, *, dims: tuple[int, ...], by_channel: bool, **settings: Any) -> bool:
    """float32 in C order and of some size, whose images have more than a few elements, and no more than LONGEST."""
    shape = input.shape
    if not by_channel and (weight is not None or bias is not None) or dims != (0, *range(2, input.ndim)):
        return False
    fits = is_float32(input, *(t for t in (weight, bias) if t is not None))
    return fits and input.size >= 8 * shape[0] * shape[1] and prod(shape[2:]) <= LONGEST


def _by_channel(loop: Any, elements: int, n: int, *arrays: Any) -> None:
    """`loop(*arrays, first, last)` for parts of n channels, by all threads."""
    if elements <= GRAIN_SIZE:
        return loop(*arrays, 0, n)
    parts = chunks(n, elements // n)
    parallel_for(lambda i: loop(*arrays, parts[i].start, parts[i].stop), len(parts), elements)


def _images(a: Any) -> Any:
    return np.ascontiguousarray(a).reshape(*a.shape[:2], -1)


def _vector(t: Any, default: float, n: int) -> Any:
    return np.full(n, default, np.float32) if t is None else t


def backward(
    g: Any, needed: Any, residuals: Any, input: Any, weight: Any = None, bias: Any = None, *, dims: Any, eps: float,
    by_channel: bool,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """See `executors.numpy.norm.backward`."""
    n, dx = input.shape[1], np.empty(input.shape, np.float32)
    dw, db = np.empty((2, n), np.float32)
    mean, variance = (r.reshape(-1) for r in residuals)
    arrays = _images(g), _images(input), _vector(weight, 1, n), mean, variance, eps, _images(dx), dw, db
    _by_channel(channels_backward, input.size, n, *arrays)
    return dx, None if weight is None else dw, None if bias is None else db


@execution(_standardize, "numba", accepts, backward)
def forward(
    input: Any, weight: Any = None, bias: Any = None, *, dims: Any, eps: float, by_channel: bool
) -> tuple[Any, tuple[Any, Any]]:
    """The result, and the mean and variance."""
    n, out = input.shape[1], np.empty(input.shape, np.float32)
    mean, variance = (np.empty((1, n, *(1,) * (input.ndim - 2)), np.float32) for _ in range(2))
    vectors = _vector(weight, 1, n), _vector(bias, 0, n)
    arrays = _images(input), *vectors, _images(out), mean.reshape(-1), variance.reshape(-1), eps
    _by_channel(channels, input.size, n, *arrays)
    return out, (mean, variance)
