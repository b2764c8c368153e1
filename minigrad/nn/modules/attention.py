"""Multi-head attention, with PyTorch's weights, masks and results."""

import math
from typing import Any

from minigrad.dtypes import floating
from minigrad.engine.messages import describe
from minigrad.errors import DtypeError, ShapeError
from minigrad.nn import functional as F
from minigrad.nn import init
from minigrad.nn.modules.linear import Linear
from minigrad.nn.modules.module import Module
from minigrad.nn.parameter import Parameter
from minigrad.ops.array.creation import empty, zeros
from minigrad.ops.array.shape import cat, chunk, expand, reshape, transpose
from minigrad.ops.linalg.products import matmul
from minigrad.ops.nn.attention import attention_weights
from minigrad.ops.pointwise.arithmetic import where
from minigrad.ops.reduce.reductions import mean


class MultiheadAttention(Module):
    """Attention in num_heads parallel heads of embed_dim / num_heads features each:
    softmax(Q K^T / sqrt(head_dim) + mask) V, heads concatenated, then out_proj.

    Weights have PyTorch's names: in_proj_weight (3 embed_dim, embed_dim) for query, key and value together, or
    q_proj_weight, k_proj_weight, v_proj_weight where kdim or vdim is not embed_dim; in_proj_bias, out_proj. dropout is
    that of the attention weights. add_bias_kv appends a learned key and value, add_zero_attn a key and value of 0.
    Bool masks are True where attention is *not* allowed; floating ones are added to the scores; a query that may see
    nothing has weights 0. Raises ValueError unless num_heads divides embed_dim. Vaswani et al., Attention Is All You
    Need, NeurIPS 2017.
    """

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True, add_bias_kv: bool = False,
        add_zero_attn: bool = False, kdim: int | None = None, vdim: int | None = None, batch_first: bool = False,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0 or embed_dim % num_heads:
            raise ValueError(f"MultiheadAttention: embed_dim: expected a multiple of num_heads={num_heads}, got "
                             f"{embed_dim}")  # fmt: skip
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.kdim, self.vdim = kdim or embed_dim, vdim or embed_dim
        self.dropout, self.batch_first, self.add_zero_attn = dropout, batch_first, add_zero_attn
        options = {"device": device, "dtype": dtype}
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        if self._qkv_same_embed_dim:
            self.in_proj_weight = Parameter(empty(3 * embed_dim, embed_dim, **options))
        else:
            for name, size in (("q", embed_dim), ("k", self.kdim), ("v", self.vdim)):
                setattr(self, f"{name}_proj_weight", Parameter(empty(embed_dim, size, **options)))
        self.in_proj_bias = Parameter(empty(3 * embed_dim, **options)) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias, **options)
        self.bias_k = Parameter(empty(1, 1, embed_dim, **options)) if add_bias_kv else None
        self.bias_v = Parameter(empty(1, 1, embed_dim, **options)) if add_bias_kv else None
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for name, p in self.named_parameters():
            if name.endswith("proj_weight"):
                init.xavier_uniform_(p)
            elif name in ("bias_k", "bias_v"):
                init.xavier_normal_(p)
            elif name in ("in_proj_bias", "out_proj.bias"):
                init.zeros_(p)

    def forward(
        self, query: Any, key: Any, value: Any, key_padding_mask: Any = None, need_weights: bool = True,
        attn_mask: Any = None, average_attn_weights: bool = True, is_causal: bool = False,
    ) -> tuple[Any, Any]:  # fmt: skip
        """(output, weights) for query (L, N, E), key and value (S, N, E); (N, L, E), (N, S, E) if batch_first; or all
        without N. output has query's shape; weights (N, L, S), the mean over heads, (N, num_heads, L, S) with
        average_attn_weights=False, and None with need_weights=False.

        key_padding_mask (N, S); attn_mask (L, S) or (N num_heads, L, S). is_causal only says that attn_mask is the
        causal mask, and changes nothing. Raises ShapeError where sizes do not fit, DtypeError for a mask of integers,
        ValueError for is_causal without attn_mask.
        """
        if is_causal and attn_mask is None:
            raise ValueError(
                "MultiheadAttention: is_causal: expected the causal mask as attn_mask, too, got None; "
                "nn.Transformer.generate_square_subsequent_mask(length) makes it"
            )
        for name, x in (("query", query), ("key", key), ("value", value)):
            if getattr(x, "ndim", 0) not in (2, 3):
                raise ShapeError(f"MultiheadAttention: {name}: expected 2 or 3 dimensions, got {describe(x)}")
        unbatched = query.ndim == 2
        if unbatched:
            query, key, value = (x.unsqueeze(0) for x in (query, key, value))
            key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
        elif not self.batch_first:
            query, key, value = (transpose(x, 0, 1) for x in (query, key, value))
        self._check(query, key, value)
        mask = self._merge_masks(query, key, key_padding_mask, attn_mask)
        q, k, v = self._in_projection(query, key, value)
        q, k, v = (self._split_heads(x) for x in (q, k, v))
        dropout_p = self.dropout if self.training else 0.0
        weights = None
        if need_weights:
            weights = attention_weights(q, k, mask, 1 / math.sqrt(self.head_dim))
            out = matmul(F.dropout(weights, dropout_p, self.training), v)
            weights = mean(weights, 1) if average_attn_weights else weights
        else:
            out = F.scaled_dot_product_attention(q, k, v, mask, dropout_p)
        n, _, steps, _ = out.shape
        out = self.out_proj(reshape(transpose(out, 1, 2), (n, steps, self.embed_dim)))
        if unbatched:
            return out.squeeze(0), None if weights is None else weights.squeeze(0)
        return out if self.batch_first else transpose(out, 0, 1), weights

    def _check(self, query: Any, key: Any, value: Any) -> None:
        for name, x, size in (("query", query, self.embed_dim), ("key", key, self.kdim), ("value", value, self.vdim)):
            if x.ndim != 3 or x.shape[-1] != size or x.shape[0] != query.shape[0] or (
                name == "value" and x.shape[1] != key.shape[1]
            ):  # fmt: skip
                raise ShapeError(
                    f"MultiheadAttention: {name}: expected {size} features, one batch size and as many values as keys, "
                    f"got query {describe(query)}, key {describe(key)}, value {describe(value)} (batch first)"
                )

    def _in_projection(self, query: Any, key: Any, value: Any) -> tuple[Any, Any, Any]:
        e = self.embed_dim
        biases = (None,) * 3 if self.in_proj_bias is None else chunk(self.in_proj_bias, 3)
        if self._qkv_same_embed_dim and query is key is value:
            q, k, v = chunk(F.linear(query, self.in_proj_weight, self.in_proj_bias), 3, -1)
        else:
            weights = (
                chunk(self.in_proj_weight, 3)
                if self._qkv_same_embed_dim
                else (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
            )
            q, k, v = (F.linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases))
        n = query.shape[0]
        if self.bias_k is not None and self.bias_v is not None:
            k, v = cat([k, expand(self.bias_k, n, 1, e)], 1), cat([v, expand(self.bias_v, n, 1, e)], 1)
        if self.add_zero_attn:
            k, v = (cat([x, zeros(n, 1, e, dtype=x.dtype, device=x.device)], 1) for x in (k, v))
        return q, k, v

    def _split_heads(self, x: Any) -> Any:
        """(N, L, E) as (N, heads, L, E / heads)."""
        n, steps, _ = x.shape
        return transpose(reshape(x, (n, steps, self.num_heads, self.head_dim)), 1, 2)

    def _merge_masks(self, query: Any, key: Any, padding: Any, mask: Any) -> Any:
        """Both masks as one that is added to the scores: it broadcasts to (N, heads, L, S)."""
        n, length, size = query.shape[0], query.shape[1], key.shape[1]
        total = None
        if mask is not None:
            shapes = (length, size), (n * self.num_heads, length, size)
            if tuple(mask.shape) not in shapes:
                expected = " or ".join(map(str, shapes))
                raise ShapeError(f"MultiheadAttention: attn_mask: expected {expected}, got {describe(mask)}")
            total = _additive_mask("attn_mask", mask, query)
            total = reshape(total, (n, self.num_heads, length, size)) if mask.ndim == 3 else total[None, None]
        if padding is not None:
            if tuple(padding.shape) != (n, size):
                raise ShapeError(f"MultiheadAttention: key_padding_mask: expected {(n, size)}, got {describe(padding)}")
            padding = _additive_mask("key_padding_mask", padding, query)[:, None, None, :]
            total = padding if total is None else total + padding
        appended = (self.bias_k is not None) + self.add_zero_attn
        return total if total is None or not appended else F.pad(total, (0, appended))


def _additive_mask(name: str, mask: Any, like: Any) -> Any:
    """A mask as numbers that are added to the scores: minus infinity where a bool one is True."""
    if floating(mask.dtype):
        return mask.to(like.dtype)
    if mask.dtype.kind != "b":
        raise DtypeError(
            f"MultiheadAttention: {name}: expected bool (True: masked) or floating numbers to add to the scores, got "
            f"{describe(mask)}; convert it with .bool()"
        )
    return where(mask, -math.inf, zeros(*mask.shape, dtype=like.dtype, device=like.device))


__all__ = ["MultiheadAttention"]
