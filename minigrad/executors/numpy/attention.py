"""Attention, some heads at a time, whose scores stay in the cache."""

from typing import Any

import numpy as np

from minigrad.engine.executions import execution
from minigrad.executors.heads import are_heads, over_heads, transposed
from minigrad.executors.numpy.sums import column_sums
from minigrad.ops.nn.attention import attention


def backward(
    g: Any, needed: Any, residuals: Any, query: Any, key: Any, value: Any, *, scale: float, causal: bool
) -> tuple[Any, Any, Any]:
    """With W the weights and D = g V^T: W^T g for V; S = W (D - sum(D W)) * scale, then S K for Q and S^T Q for K. All
    of it transposed, as W was kept: what is added up are columns, and NumPy adds up columns in a fifth of the time."""
    (weights,) = residuals
    dq, dk, dv = (np.empty(t.shape, t.dtype) for t in (query, key, value))

    def work(part: slice) -> None:
        w, d = weights[part], g[part]
        dv[part] = w @ d
        s = value[part] @ transposed(d)
        s -= column_sums(s * w)
        s *= w
        s *= scale
        dq[part], dk[part] = transposed(s) @ key[part], s @ query[part]

    over_heads(work, weights)
    return dq, dk, dv


@execution(attention, "numpy", are_heads, backward)
def forward(query: Any, key: Any, value: Any, *, scale: float, causal: bool) -> tuple[Any, tuple[Any]]:
    """The result, and the weights, transposed: (..., keys, queries)."""
    out = np.empty((*query.shape[:-1], value.shape[-1]), query.dtype)
    sizes = key.shape[-2], query.shape[-2]
    weights = np.empty((*query.shape[:-2], *sizes), query.dtype)
    later = np.tri(*sizes, -1, dtype=bool) if causal else None  # keys later than the query

    def work(part: slice) -> None:
        w = weights[part]
        np.matmul(key[part], transposed(query[part] * scale), out=w)
        if later is not None:
            np.copyto(w, -np.inf, where=later)
        w -= w.max(-2, keepdims=True)
        np.exp(w, out=w)
        w /= column_sums(w)
        out[part] = transposed(w) @ value[part]

    over_heads(work, weights)
    return out, (weights,)
