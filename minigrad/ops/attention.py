"""Looking up vectors by number, and by likeness."""

from typing import Any

from minigrad.backend import array_module
from minigrad.errors import ShapeError
from minigrad.ops.activation import softmax
from minigrad.ops.elementwise import where
from minigrad.ops.index import check_range, getitem
from minigrad.ops.linalg import matmul
from minigrad.ops.public import public
from minigrad.ops.reduce import any
from minigrad.ops.shape import mT, unsqueeze
from minigrad.tensor import Tensor

__all__ = ["embedding", "scaled_dot_product_attention"]


@public
def embedding(
    input: Any, weight: Any, padding_idx: int | None = None, max_norm: float | None = None, norm_type: float = 2.0,
    scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Any:  # fmt: skip
    """The rows of `weight` (vocabulary, size) with the numbers in `input` (...): (..., size).

    Row number padding_idx gets no gradient. max_norm: rows looked up that are longer are first shortened, in place.
    Gradients are dense; scale_grad_by_freq divides each row's by how often it was looked up.
    """
    if weight.ndim != 2:
        raise ShapeError(f"embedding: `weight`: expected a matrix (vocabulary, size), got shape {tuple(weight.shape)}")
    n = int(weight.shape[0])
    check_range("embedding", input, n, "rows of weight")
    if padding_idx is not None and not -n <= padding_idx < n:
        raise IndexError(f"embedding: padding_idx: expected {-n} to {n - 1}, got {padding_idx}")
    index = input._array if isinstance(input, Tensor) else input
    if max_norm is not None:
        _shorten(weight, index, max_norm, norm_type)
    rows = getitem(weight, (index,))
    if padding_idx is not None:
        rows = where(unsqueeze(input != padding_idx % n, -1), rows, rows.detach())
    if scale_grad_by_freq:
        xp = array_module(index)
        share = 1 / xp.bincount(index.reshape(-1), minlength=n)[index][..., None].astype(weight.dtype)
        rows = rows * share + rows.detach() * (1 - share)
    return rows


def _shorten(weight: Any, index: Any, max_norm: float, norm_type: float) -> None:
    from minigrad.ops.elementwise import clamp
    from minigrad.ops.reduce import norm

    table = weight.data
    used = array_module(index).unique(index)
    rows = table[used]
    table[used] = rows * clamp(max_norm / (norm(rows, norm_type, -1, True) + 1e-7), max=1.0)


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
        attn_mask = xp.tril(xp.ones((query.shape[-2], key.shape[-2]), dtype=bool))
    if attn_mask is None:
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
