"""Looking up vectors by likeness."""

from typing import Any

from minigrad.backend import array_module
from minigrad.errors import ShapeError
from minigrad.ops.activation import softmax
from minigrad.ops.elementwise import where
from minigrad.ops.linalg import matmul
from minigrad.ops.public import public
from minigrad.ops.reduce import any
from minigrad.ops.shape import mT
from minigrad.tensor import Tensor

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
        from minigrad.ops.arrange import repeat_interleave

        times = query.shape[-3] // key.shape[-3]
        key, value = repeat_interleave(key, times, -3), repeat_interleave(value, times, -3)
    scores = matmul(query * (query.shape[-1] ** -0.5 if scale is None else scale), mT(key))
    if is_causal:
        if attn_mask is not None:
            raise ValueError("scaled_dot_product_attention: expected attn_mask or is_causal, got both")
        xp = array_module(query._array if isinstance(query, Tensor) else query)
        past = xp.tril(xp.ones((query.shape[-2], key.shape[-2]), dtype=bool))
        weights = softmax(where(past, scores, -float("inf")), -1)
    elif attn_mask is None:
        weights = softmax(scores, -1)
    elif attn_mask.dtype.kind == "b":
        weights = softmax(where(attn_mask, scores, -float("inf")), -1)
        blind = any(attn_mask, -1, True) == 0
        weights = where(blind, 0.0, weights)
    else:
        weights = softmax(scores + attn_mask, -1)
    if dropout_p > 0:
        from minigrad.nn.functional import dropout

        weights = dropout(weights, dropout_p)
    return matmul(weights, value)
