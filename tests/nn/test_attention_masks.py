"""Attention's masks: of every kind, with queries that may see nothing, and those that would mask nothing unnoticed."""

import math
from collections.abc import Callable
from typing import Any

import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F

HIDDEN = mg.tensor([[False, True, True], [True, True, True], [False, False, True]])  # the second query sees nothing
ADDED = mg.zeros(3, 3).masked_fill(HIDDEN, -math.inf)


def gradients(module: nn.Module, loss: Any) -> list[Any]:
    return list(mg.autograd.grad(loss, list(module.parameters())))


@pytest.mark.parametrize("mask", [HIDDEN, ADDED, ADDED.double()], ids=["bool", "float", "double"])
@pytest.mark.parametrize("options", [{}, {"need_weights": False}, {"average_attn_weights": False}])
def test_a_query_that_sees_nothing_changes_nothing_else(mask: Any, options: dict[str, Any]) -> None:
    mg.manual_seed(0)
    layer = nn.MultiheadAttention(4, 2, batch_first=True)
    nn.init.normal_(layer.out_proj.bias)
    x, others = mg.randn(2, 3, 4, requires_grad=True), [0, 2]
    out, weights = layer(x, x, x, attn_mask=mask, **options)
    alone, their = layer(x[:, others], x, x, attn_mask=mask[others], **options)
    assert mg.allclose(out[:, others], alone) and mg.equal(out[:, 1], layer.out_proj.bias.expand(2, 4))
    if weights is not None:
        assert not weights[..., 1, :].any() and mg.allclose(weights[..., others, :], their)
    mine, due = (out**2).sum(), (alone**2).sum() + 2 * (layer.out_proj.bias**2).sum()
    for g, expected in zip(gradients(layer, mine), gradients(layer, due)):
        assert mg.allclose(g, expected, atol=1e-5)
    (g,) = mg.autograd.grad((layer(x, x, x, attn_mask=mask, **options)[0] ** 2).sum(), x)
    assert g.isfinite().all()


def test_a_sample_of_nothing_but_padding_leaves_the_others_alone() -> None:
    mg.manual_seed(0)
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, 0.0, batch_first=True), 2)
    x = mg.randn(2, 3, 4)
    padding = mg.tensor([[False, False, True], [True, True, True]])
    both, one = encoder(x, src_key_padding_mask=padding), encoder(x[:1], src_key_padding_mask=padding[:1])
    assert mg.allclose(both[:1], one, atol=1e-6) and both.isfinite().all()
    for g, expected in zip(gradients(encoder, both[0].sum()), gradients(encoder, one.sum())):
        assert mg.allclose(g, expected, atol=1e-5)


def test_numbers_as_a_mask_may_hide_whole_rows() -> None:
    q, k, v = (mg.randn(2, n, 4, dtype=mg.float64, requires_grad=True) for n in (3, 5, 5))
    mask = mg.zeros(3, 5, dtype=mg.float64).index_fill(0, mg.tensor([1]), -math.inf).requires_grad_()
    out = F.scaled_dot_product_attention(q, k, v, mask)
    assert not out[:, 1].any() and mg.equal(out[:, ::2], F.scaled_dot_product_attention(q[:, ::2], k, v))
    out.sum().backward()
    assert not q.grad[:, 1].any() and not mask.grad[1].any() and mask.grad[0].any()
    shut = mask.detach()
    assert mg.autograd.gradgradcheck(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, shut), (q, k, v))


@pytest.mark.parametrize("dtype", [mg.int64, mg.int32, mg.uint8, mg.complex64])
def test_a_mask_of_integers_is_refused(dtype: Any) -> None:
    x, layer = mg.ones(1, 3, 4), nn.MultiheadAttention(4, 2, batch_first=True)
    mask, padding = HIDDEN.to(dtype), mg.zeros(1, 3, dtype=dtype)
    encoder, decoder = (kind(4, 2, 8, batch_first=True)
                        for kind in (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer))  # fmt: skip
    calls: list[tuple[str, Callable[[], Any]]] = [
        ("attn_mask", lambda: layer(x, x, x, attn_mask=mask)),
        ("key_padding_mask", lambda: layer(x, x, x, padding, need_weights=False)),
        ("attn_mask", lambda: encoder(x, mask)), ("key_padding_mask", lambda: encoder(x, None, padding)),
        ("attn_mask", lambda: decoder(x, x, None, mask)),
        ("key_padding_mask", lambda: decoder(x, x, memory_key_padding_mask=padding)),
        ("attn_mask", lambda: F.scaled_dot_product_attention(x, x, x, mask)),
    ]  # fmt: skip
    for name, call in calls:
        with pytest.raises(mg.DtypeError, match=rf"{name}: expected bool .* got {mg.zeros(1, dtype=dtype).dtype}\["):
            call()


def test_added_numbers_have_the_query_s_dtype_or_float32() -> None:
    half, single = mg.ones(1, 3, 4, dtype=mg.float16), mg.ones(1, 3, 4)
    assert F.scaled_dot_product_attention(half, half, half, ADDED).dtype == mg.float16
    for dtype in (mg.float16, mg.float64):
        with pytest.raises(mg.DtypeError, match="the query's dtype or float32, got float.* for float32"):
            F.scaled_dot_product_attention(single, single, single, ADDED.to(dtype))


def test_is_causal_does_not_make_the_mask() -> None:
    x, layer = mg.ones(1, 3, 4), nn.MultiheadAttention(4, 2, batch_first=True)
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), 1)
    decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 8, batch_first=True), 1)
    whole = nn.Transformer(4, 2, 1, 1, 8, batch_first=True)
    calls: list[Callable[[], Any]] = [
        lambda: layer(x, x, x, is_causal=True), lambda: encoder(x, is_causal=True),
        lambda: decoder(x, x, tgt_is_causal=True), lambda: decoder(x, x, memory_is_causal=True),
        lambda: whole(x, x, tgt_is_causal=True), lambda: whole(x, x, src_is_causal=True),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(ValueError, match="MultiheadAttention: is_causal: expected the causal mask as attn_mask"):
            call()
    causal = whole.generate_square_subsequent_mask(3)
    assert mg.equal(layer(x, x, x, attn_mask=causal, is_causal=True)[1], layer(x, x, x, attn_mask=causal)[1])
    assert whole(x, x, causal, causal, src_is_causal=True, tgt_is_causal=True).shape == (1, 3, 4)
