"""Softmax of rows, and its gradient, in place: of activations, and of attention's scores."""

from typing import Any

import numpy as np

from minigrad.executors.numba.compiled import Array3d, loop, of_numbers
from minigrad.executors.numba.functions import exp

f32: Any = np.float32


@of_numbers
def row_max(w: Any, h: int, i: int, n: int) -> Any:
    """Of the first n elements of a row; anything, if there is a nan: then all weights are."""
    most = w[h, i, 0]
    for j in range(n):
        most = w[h, i, j] if w[h, i, j] > most else most
    return most


@loop
def softmax_rows(w: Array3d, causal: bool, first: int, last: int) -> None:
    """w: (heads, queries, keys), scores on the way in, weights on the way out; causal: query i sees keys 0 to i."""
    w = w[first:last]
    _, queries, n = w.shape
    for h in range(len(w)):
        for i in range(queries):
            seen = min(i + 1, n) if causal else n
            most, total = row_max(w, h, i, seen), f32(0)
            for j in range(seen):
                e = exp(w[h, i, j] - most)
                w[h, i, j] = e
                total += e
            share = f32(1) / total
            for j in range(seen):
                w[h, i, j] *= share
            for j in range(seen, n):
                w[h, i, j] = f32(0)


@loop
def softmax_rows_backward(d: Array3d, w: Array3d, scale: float, first: int, last: int) -> None:
    """d: the weights' gradient on the way in, the scores' on the way out, times `scale`; w: the weights."""
    _, queries, n = w.shape
    by, d, w = f32(scale), d[first:last], w[first:last]
    for h in range(len(w)):
        for i in range(queries):
            total = f32(0)
            for j in range(n):
                total += d[h, i, j] * w[h, i, j]
            for j in range(n):
                d[h, i, j] = (d[h, i, j] - total) * w[h, i, j] * by
