"""Looking up vectors by likeness."""

from types import SimpleNamespace
from typing import Any

from numpy import ndarray

from minigrad.backend import array_module, loops, parts, shared
from minigrad.engine.fused import fused
from minigrad.engine.tensor import Tensor
from minigrad.errors import ShapeError
from minigrad.executors.numpy.sums import column_sums
from minigrad.ops.api import public
from minigrad.ops.array.arrange import repeat_interleave
from minigrad.ops.array.shape import mT
from minigrad.ops.linalg.products import matmul
from minigrad.ops.nn.activation import softmax
from minigrad.ops.nn.dropout import dropout
from minigrad.ops.pointwise.arithmetic import where
from minigrad.ops.reduce.reductions import any

__all__ = ["scaled_dot_product_attention"]


@public
def scaled_dot_product_attention(
    query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0, is_causal: bool = False,
    scale: float | None = None, enable_gqa: bool = False,
) -> Any:  # fmt: skip
    """softmax(Q K^T * scale + mask) V over the last two dimensions (..., length, size); scale is 1/sqrt(size) unless
    given.

    attn_mask: bool (True: may be looked at) or a number added to each score; a row that may look at nothing gives 0.
    is_causal: places look only at places not after them. Vaswani et al. (2017).
    """
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ShapeError(
            f"scaled_dot_product_attention: expected query (..., l, d), key (..., s, d) and value (..., s, v), "
            f"got shapes {list(query.shape)}, {list(key.shape)} and {list(value.shape)}"
        )
    if enable_gqa:
        times = query.shape[-3] // key.shape[-3]
        key, value = repeat_interleave(key, times, -3), repeat_interleave(value, times, -3)
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    if is_causal and attn_mask is not None:
        raise ValueError("scaled_dot_product_attention: expected attn_mask or is_causal, got both")
    if attn_mask is None and not dropout_p and _alike(query, key, value):
        return _attended(query, key, value, scale=float(scale), causal=is_causal, known=SimpleNamespace())
    weights = _weights(query, key, scale, attn_mask, is_causal)
    if dropout_p > 0:
        weights = dropout(weights, dropout_p)
    return matmul(weights, value)


def _weights(query: Any, key: Any, scale: float, attn_mask: Any, causal: bool) -> Any:
    """How much each place looks at the others: rows that add up to 1."""
    scores = matmul(query * scale, mT(key))
    if causal:
        weights = softmax(where(_past(query, key), scores, -float("inf")), -1)
    elif attn_mask is None:
        weights = softmax(scores, -1)
    elif attn_mask.dtype.kind == "b":
        weights = softmax(where(attn_mask, scores, -float("inf")), -1)
        blind = any(attn_mask, -1, True) == 0
        weights = where(blind, 0.0, weights)
    else:
        weights = softmax(scores + attn_mask, -1)
    return weights


def _past(query: Any, key: Any) -> Any:
    """Where a place is not after the one that looks."""
    xp = array_module(query._array if isinstance(query, Tensor) else query)
    return xp.tril(xp.ones((query.shape[-2], key.shape[-2]), dtype=bool))


# --- on the CPU: some heads at a time, whose scores stay in the cache -----------------------------------------------


def _alike(*tensors: Any) -> bool:
    """Arrays on the CPU, not empty, of one dtype, float32 or float64, with the same leading dimensions?"""
    arrays = [t._array if isinstance(t, Tensor) else t for t in tensors]
    first = arrays[0]
    return first.dtype.itemsize > 2 and all(
        isinstance(a, ndarray) and a.size and a.dtype == first.dtype and a.shape[:-2] == first.shape[:-2]
        for a in arrays
    )


def _composed(query: Any, key: Any, value: Any, *, scale: float, causal: bool, known: Any) -> Any:
    return matmul(_weights(query, key, scale, None, causal), value)


def _heads(weights: Any) -> list[Any]:
    """Slices of the first dimension, of as many heads as stay in the cache; of all of it where there is but one."""
    return parts(len(weights), weights.size // max(1, len(weights))) if weights.ndim > 2 else [slice(None)]


def _slopes(
    g: Any, needed: Any, query: Any, key: Any, value: Any, scale: float, causal: bool, known: Any
) -> tuple[Any, Any, Any]:
    """With W the weights and D = g V^T: W^T g for V; S = W (D - sum(D W)) * scale, then S K for Q and S^T Q for K. All
    of it transposed, as W was kept: what is added up are columns, and NumPy adds up columns in a fifth of the time."""
    dq, dk, dv = (array_module(t).empty(t.shape, dtype=t.dtype) for t in (query, key, value))
    some, fast = _heads(known.weights), known.fast

    def work(i: int) -> None:
        part = some[i]
        w, d = known.weights[part], g[part]
        dv[part] = w @ d
        s = value[part] @ mT(d)
        s -= column_sums(s * w)
        s *= w
        s *= scale
        dq[part], dk[part] = mT(s) @ key[part], s @ query[part]

    def in_one_pass(i: int) -> None:
        part = some[i]
        w, d = known.weights[part], g[part]
        dv[part] = mT(w) @ d
        s = d @ mT(value[part])
        rows = s.reshape(-1, *s.shape[-2:])
        fast.softmax.rows_slopes(rows, w.reshape(rows.shape), scale, 0, len(rows))
        dq[part], dk[part] = s @ key[part], mT(s) @ query[part]

    shared(work if fast is None else in_one_pass, len(some))
    return dq, dk, dv


@fused("attend", _composed, _slopes)
def _attended(query: Any, key: Any, value: Any, *, scale: float, causal: bool, known: Any) -> Any:
    """softmax(Q K^T * scale) V, causal or not: some heads at a time, their scores transposed (by a loop not)."""
    xp, lead, (asked, looked_at) = array_module(query), query.shape[:-2], (query.shape[-2], key.shape[-2])
    out = xp.empty((*query.shape[:-1], value.shape[-1]), dtype=query.dtype)
    known.fast = fast = loops(xp.empty((*lead, asked, looked_at), dtype=query.dtype))
    sizes = (looked_at, asked) if fast is None else (asked, looked_at)
    known.weights = xp.empty((*lead, *sizes), dtype=query.dtype)
    later = None
    if causal and fast is None:  # a loop needs no mask
        later = xp.where(mT(_past(query, key)), 0.0, -float("inf")).astype(query.dtype)
    some = _heads(known.weights)

    def work(i: int) -> None:
        part = some[i]
        w = known.weights[part]
        xp.matmul(key[part], mT(query[part] * scale), out=w)
        if later is not None:
            w += later
        w -= w.max(-2, keepdims=True)
        xp.exp(w, out=w)
        w /= column_sums(w)
        out[part] = mT(w) @ value[part]

    def in_one_pass(i: int) -> None:
        part = some[i]
        w = known.weights[part]
        xp.matmul(query[part] * scale, mT(key[part]), out=w)
        rows = w.reshape(-1, asked, looked_at)
        fast.softmax.rows(rows, causal, 0, len(rows))
        out[part] = w @ value[part]

    shared(work if fast is None else in_one_pass, len(some))
    return out
