"""Attention, whose softmax is one pass over the scores of some heads, and needs no mask."""

from typing import Any

import numpy as np

from minigrad.engine.executions import MIN_LARGE, execution
from minigrad.executors.heads import are_heads, over_heads, transposed
from minigrad.executors.numba.rows import softmax_rows, softmax_rows_backward
from minigrad.ops.nn.attention import attention


def accepts(query: Any, key: Any, value: Any, **settings: Any) -> bool:
    """What array functions take, in float32 and of some size."""
    return query.size >= MIN_LARGE and query.dtype.char == "f" and are_heads(query, key, value)


def as_rows(scores: Any) -> Any:
    """(heads, queries, keys)."""
    return scores.reshape(-1, *scores.shape[-2:])


def backward(
    g: Any, needed: Any, residuals: Any, query: Any, key: Any, value: Any, *, scale: float, causal: bool
) -> tuple[Any, Any, Any]:
    """See `executors.numpy.attention.backward`; here nothing is transposed."""
    (weights,) = residuals
    dq, dk, dv = (np.empty(t.shape, t.dtype) for t in (query, key, value))

    def work(part: slice) -> None:
        w, d = weights[part], g[part]
        dv[part] = transposed(w) @ d
        s = d @ transposed(value[part])
        rows = as_rows(s)
        softmax_rows_backward(rows, as_rows(w), scale, 0, len(rows))
        dq[part], dk[part] = s @ key[part], transposed(s) @ query[part]

    over_heads(work, weights)
    return dq, dk, dv


@execution(attention, "numba", accepts, backward)
def forward(query: Any, key: Any, value: Any, *, scale: float, causal: bool) -> tuple[Any, tuple[Any]]:
    """The result, and the weights."""
    out = np.empty((*query.shape[:-1], value.shape[-1]), query.dtype)
    weights = np.empty((*query.shape[:-1], key.shape[-2]), query.dtype)

    def work(part: slice) -> None:
        w = weights[part]
        np.matmul(query[part] * scale, transposed(key[part]), out=w)
        rows = as_rows(w)
        softmax_rows(rows, causal, 0, len(rows))
        out[part] = w @ value[part]

    over_heads(work, weights)
    return out, (weights,)
