"""Standardizing, then weight and bias, and the gradients of all three: over rows (layer norm), or over a batch and
space for each channel (batch norm). See ops.norm."""

import math
from typing import Any

import numpy as np

from minigrad.executors.numba.compiled import loop

f32: Any = np.float32


@loop
def rows(x: Any, w: Any, b: Any, out: Any, total: Any, squares: Any, eps: float, first: int, last: int) -> None:
    """x, out: (rows, n); w, b: (n,); total, squares: (rows,)."""
    n = x.shape[1]
    for i in range(first, last):
        t, q = f32(0), f32(0)
        for j in range(n):
            t += x[i, j]
        mean = f32(t / n)
        for j in range(n):
            d = x[i, j] - mean
            q += d * d
        scale = f32(1 / math.sqrt(q / n + eps))
        for j in range(n):
            out[i, j] = (x[i, j] - mean) * scale * w[j] + b[j]
        total[i], squares[i] = t, q


@loop
def rows_slopes(
    g: Any, x: Any, w: Any, total: Any, squares: Any, eps: float, dx: Any, dw: Any, db: Any, first: int, last: int
) -> None:
    """dx: (rows, n); to dw and db, (n,), is added."""
    n = x.shape[1]
    for i in range(first, last):
        mean, scale = f32(total[i] / n), f32(1 / math.sqrt(squares[i] / n + eps))
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
def channels(x: Any, w: Any, b: Any, out: Any, total: Any, squares: Any, eps: float, first: int, last: int) -> None:
    """x, out: (batch, channels, space); all others (channels,). Sums of a picture are added up in float64."""
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
        total[c], squares[c] = sum_, sum_of_squares
        scale = f32(1 / math.sqrt(sum_of_squares / (batch * n) + eps)) * w[c]
        for i in range(batch):
            for j in range(n):
                out[i, c, j] = (x[i, c, j] - mean) * scale + b[c]


@loop
def channels_slopes(
    g: Any, x: Any, w: Any, total: Any, squares: Any, eps: float, dx: Any, dw: Any, db: Any, first: int, last: int
) -> None:
    """dx: (batch, channels, space); dw and db: (channels,)."""
    batch, _, n = x.shape
    for c in range(first, last):
        mean = f32(total[c] / (batch * n))
        scale = f32(1 / math.sqrt(squares[c] / (batch * n) + eps))
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
