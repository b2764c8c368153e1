"""Softmax of scores, and its gradient, for attention. See ops.attention."""

from typing import Any

import numpy as np

from minigrad.executors.numba.compiled import loop, of_numbers
from minigrad.executors.numba.functions import exp

f32: Any = np.float32


@of_numbers
def largest(w: Any, h: int, i: int, n: int) -> Any:
    """Of the first n elements of a row; anything, if there is a nan: then all weights are."""
    most = w[h, i, 0]
    for j in range(n):
        most = w[h, i, j] if w[h, i, j] > most else most
    return most


@loop
def rows(w: Any, causal: bool, first: int, last: int) -> None:
    """w: (heads, places that look, places looked at), scores on the way in, weights on the way out."""
    w = w[first:last]
    _, looking, n = w.shape
    for h in range(len(w)):
        for i in range(looking):
            seen = min(i + 1, n) if causal else n
            most, total = largest(w, h, i, seen), f32(0)
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
def rows_slopes(d: Any, w: Any, scale: float, first: int, last: int) -> None:
    """d: the weights' gradient on the way in, the scores' on the way out; both shapes as above."""
    _, looking, n = w.shape
    by, d, w = f32(scale), d[first:last], w[first:last]
    for h in range(len(w)):
        for i in range(looking):
            total = f32(0)
            for j in range(n):
                total += d[h, i, j] * w[h, i, j]
            for j in range(n):
                d[h, i, j] = (d[h, i, j] - total) * w[h, i, j] * by
