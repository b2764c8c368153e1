"""Scaled dot-product attention."""

from typing import Any

from minigrad.backend import array_module
from minigrad.dtypes import float32
from minigrad.engine.composite import composite
from minigrad.engine.messages import describe
from minigrad.engine.primitive import wrap
from minigrad.errors import DtypeError
from minigrad.ops.api import public, shape_error
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
    """softmax(Q K^T * scale + mask) V: query (..., l, d), key (..., s, d), value (..., s, v) give (..., l, v).

    attn_mask: bool (True: the query attends to the key) or numbers added to the scores, of the query's dtype or
    float32; a query that attends to no key gives 0. is_causal: query i attends to the keys 0 to i. scale: 1/sqrt(d)
    unless given. dropout_p: of the weights, in any mode. enable_gqa: key and value have fewer heads (dimension -3),
    each for as many of the query's. Vaswani et al., Attention Is All You Need, 2017. Raises ShapeError where sizes do
    not fit, DtypeError for a mask of integers or another dtype, ValueError for a mask with is_causal.
    """
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        wanted = "query (..., l, d), key (..., s, d) and value (..., s, v)"
        raise shape_error("scaled_dot_product_attention", wanted, query, key, value)
    if enable_gqa:
        times = query.shape[-3] // key.shape[-3]
        key, value = repeat_interleave(key, times, -3), repeat_interleave(value, times, -3)
    if is_causal and attn_mask is not None:
        raise ValueError("scaled_dot_product_attention: expected attn_mask or is_causal, got both")
    scale = float(query.shape[-1] ** -0.5 if scale is None else scale)
    if attn_mask is None and not dropout_p:
        return attention(query, key, value, scale=scale, causal=bool(is_causal))
    mask = causal_mask(query, key) if is_causal else _checked_mask(attn_mask, query)
    weights = attention_weights(query, key, mask, scale)
    return matmul(dropout(weights, dropout_p) if dropout_p > 0 else weights, value)


@composite("attention")
def attention(query: Any, key: Any, value: Any, *, scale: float, causal: bool) -> Any:
    """softmax(Q K^T * scale) V, with the scores of later keys -inf if causal."""
    scores = matmul(query * scale, mT(key))
    if causal:  # which leaves no row fully masked
        scores = where(causal_mask(query, key), scores, -float("inf"))
    return matmul(softmax(scores, -1), value)


def attention_weights(query: Any, key: Any, mask: Any, scale: float) -> Any:
    """softmax(Q K^T * scale + mask), (..., queries, keys): rows that add up to 1, or 0 where fully masked. Such a row's
    mask is opened for the softmax, which would give nan, and nan to all gradients."""
    scores = matmul(query * scale, mT(key))
    if mask is None:
        return softmax(scores, -1)
    hidden, is_bool = -float("inf"), mask.dtype.kind == "b"
    seen = any(mask if is_bool else mask != hidden, -1, True)
    mask = where(seen, mask, True if is_bool else 0.0)
    scores = where(mask, scores, hidden) if is_bool else scores + mask
    return where(seen, softmax(scores, -1), 0.0)


def _checked_mask(mask: Any, query: Any) -> Any:
    """The mask, bool or in the query's dtype; None where there is none. DtypeError for another dtype than documented:
    numbers such as 0 and 1 would be added to the scores, and mask nothing."""
    if mask is None or mask.dtype.kind == "b":
        return mask
    if mask.dtype not in (query.dtype, float32):
        raise DtypeError(
            f"scaled_dot_product_attention: attn_mask: expected bool (True: attends) or, to add to the scores, the "
            f"query's dtype or float32, got {describe(mask)} for {describe(query)}; convert it with .bool() or .to()"
        )
    return mask.astype(query.dtype)


def causal_mask(query: Any, key: Any) -> Any:
    """(queries, keys), True where the key is not later than the query."""
    xp = array_module(query._array)
    return wrap(xp.tril(xp.ones((query.shape[-2], key.shape[-2]), dtype=bool)))
