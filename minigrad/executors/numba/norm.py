"""Normalization, its weight and bias, and the gradients of all three, in one pass: over rows (layer norm), or over a
batch and space for each channel (batch norm)."""

import math
from typing import Any

import numpy as np

from minigrad.backend.threads import GRAIN_SIZE, chunks, parallel_for
from minigrad.engine.executions import execution, is_float32
from minigrad.executors.numba.compiled import Array3d, Matrix, Vector, loop
from minigrad.ops.nn.norm import _standardize

f32: Any = np.float32


@loop
def rows(
    x: Matrix, w: Vector, b: Vector, out: Matrix, mu: Vector, var: Vector, eps: float, first: int, last: int
) -> None:
    """x, out: (rows, n); w, b: (n,); mu, var: (rows,)."""
    n = x.shape[1]
    for i in range(first, last):
        t, q = f32(0), f32(0)
        for j in range(n):
            t += x[i, j]
        mean = f32(t / n)
        for j in range(n):
            d = x[i, j] - mean
            q += d * d
        var[i] = f32(q / n)
        scale = f32(1 / math.sqrt(var[i] + eps))
        for j in range(n):
            out[i, j] = (x[i, j] - mean) * scale * w[j] + b[j]
        mu[i] = mean


@loop
def rows_backward(
    g: Matrix,
    x: Matrix,
    w: Vector,
    mu: Vector,
    var: Vector,
    eps: float,
    dx: Matrix,
    dw: Vector,
    db: Vector,
    first: int,
    last: int,
) -> None:
    """dx: (rows, n); to dw and db, (n,), is added."""
    n = x.shape[1]
    for i in range(first, last):
        mean, scale = mu[i], f32(1 / math.sqrt(var[i] + eps))
        added, products = f32(0), f32(0)
        for j in range(n):
            y = (x[i, j] - mean) * scale
            dw[j] += g[i, j] * y
            db[j] += g[i, j]
            d = g[i, j] * w[j]
            added += d
            products += d * y
        added, products = f32(added / n), f32(products / n)
        for j in range(n):
            dx[i, j] = (g[i, j] * w[j] - added - (x[i, j] - mean) * scale * products) * scale


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


# --- the operation, where weight and bias lie along the rows, or along the channels -----------------------------------

LONGEST = 4096  # a loop adds up a row in one float32: longer ones are added up more exactly by array functions


def accepts(input: Any, weight: Any, bias: Any, *, dims: tuple[int, ...], by_channel: bool, **settings: Any) -> bool:
    """float32 in C order and of some size; rows no longer than LONGEST, or images of more than a few elements."""
    if not is_float32(input, *(t for t in (weight, bias) if t is not None)):
        return False
    shape, vectors = input.shape, [t for t in (weight, bias) if t is not None]
    if by_channel:
        fits = dims == (0, *range(2, input.ndim)) and input.size >= 8 * shape[0] * shape[1]
        return fits and math.prod(shape[2:]) <= LONGEST
    last = tuple(range(input.ndim - len(dims), input.ndim))
    row = shape[last[0] :]
    return dims == last and math.prod(row) <= LONGEST and all(t.shape == row for t in vectors)


class Layout:
    """Rows (n, width), each standardized by itself, or channels (batch, width, space)."""

    def __init__(self, input: Any, dims: tuple[int, ...], by_channel: bool, *vectors: Any) -> None:
        width = input.shape[1] if by_channel else math.prod(input.shape[d] for d in dims)
        self.shape = (input.shape[0], width, -1) if by_channel else (-1, width)
        self.by_channel, self.width = by_channel, width
        self.count = width if by_channel else input.size // width
        self.slices = (
            chunks(self.count, input.size // self.count) if input.size > GRAIN_SIZE else [slice(0, self.count)]
        )
        self.weight, self.bias = (
            np.full(width, default, input.dtype) if v is None else v.reshape(width)
            for v, default in zip(vectors, (1, 0))
        )

    def run(self, work: Any) -> None:
        """`work(i, first, last)` for each part, by all threads."""
        if len(self.slices) == 1:
            work(0, 0, self.count)
        else:
            parallel_for(lambda i: work(i, self.slices[i].start, self.slices[i].stop), len(self.slices))


def backward(
    g: Any, needed: Any, residuals: Any, input: Any, weight: Any = None, bias: Any = None, *, dims: Any, eps: float,
    by_channel: bool,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """See `executors.numpy.norm.backward`."""
    layout = Layout(input, dims, by_channel, weight, bias)
    dx = np.empty(input.shape, input.dtype)
    sums = np.zeros((2, 1 if by_channel else len(layout.slices), layout.width), input.dtype)
    mean, variance = (r.reshape(-1) for r in residuals)
    given = (
        np.ascontiguousarray(g).reshape(layout.shape),
        input.reshape(layout.shape),
        layout.weight,
        mean,
        variance,
        eps,
    )
    chosen: Any = channels_backward if by_channel else rows_backward

    def work(i: int, first: int, last: int) -> None:
        chosen(*given, dx.reshape(layout.shape), *sums[:, 0 if by_channel else i], first, last)

    layout.run(work)
    dw, db = (None if v is None else d.reshape(v.shape) for v, d in zip((weight, bias), sums.sum(1)))
    return dx, dw, db


@execution(_standardize, "numba", accepts, backward)
def forward(
    input: Any, weight: Any = None, bias: Any = None, *, dims: Any, eps: float, by_channel: bool
) -> tuple[Any, tuple[Any, Any]]:
    """The result, and the mean and variance."""
    layout, out = Layout(input, dims, by_channel, weight, bias), np.empty(input.shape, input.dtype)
    once = tuple([1 if i in dims else n for i, n in enumerate(input.shape)])
    mean, variance = (np.empty(once, input.dtype) for _ in range(2))
    arrays = input.reshape(layout.shape), layout.weight, layout.bias, out.reshape(layout.shape)
    found, loop = (mean.reshape(-1), variance.reshape(-1)), channels if by_channel else rows
    layout.run(lambda i, first, last: loop(*arrays, *found, eps, first, last))
    return out, (mean, variance)
