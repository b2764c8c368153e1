"""Attention's and LSTMs' executions at their edges: nan, other dtypes and layouts, no elements."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.engine.executions import only

attend = mg.nn.functional.scaled_dot_product_attention
EXECUTORS = [("numpy",), ("numba", "numpy"), ()]


@pytest.mark.parametrize("executors", EXECUTORS)
def test_a_key_that_is_nan_spoils_each_row_that_sees_it(executors: tuple[str, ...]) -> None:
    rows = np.zeros((3, 1000, 8), "float32")
    rows[1, 2, 3] = np.nan
    q = mg.tensor(rows)
    with only(*executors):
        bad = attend(q, q[:, :5], mg.ones(3, 5, 8)).isnan().numpy().any(-1)
        causal = attend(q, q[:, :5], mg.ones(3, 5, 8), is_causal=True).isnan().numpy().any(-1)
    assert bad[1].all() and not bad[0].any() and not bad[2].any()
    assert causal[1, 2:].all() and not causal[1, :2].any() and not causal[0].any()


@pytest.mark.parametrize("executors", EXECUTORS)
def test_gradients_that_are_no_arrays_of_their_own(executors: tuple[str, ...]) -> None:
    heads = [mg.randn(4, 60, 4, 16, requires_grad=True) for _ in range(3)]
    layer = mg.nn.LSTM(16, 32, bidirectional=True)
    x = mg.randn(20, 8, 16, requires_grad=True)

    def gradients() -> list[Any]:
        out = attend(*(t.transpose(1, 2) for t in heads), is_causal=True)
        return list(mg.autograd.grad(out.sum() + layer(x)[0].sum(), [*heads, x, *layer.parameters()]))

    with only(*executors):
        found = gradients()
    with only():
        expected = gradients()
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-4 * float(abs(b).max()))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_other_dtypes(dtype: str) -> None:
    q, k, v = (mg.randn(2, 40, 8).to(dtype).requires_grad_() for _ in range(3))
    out = attend(q, k, v)
    out.sum().backward()
    assert out.dtype == q.grad.dtype == dtype
    wide = attend(*(t.detach().to("float64") for t in (q, k, v)))
    np.testing.assert_allclose(out.detach().to("float64").numpy(), wide.numpy(), atol=0.03)


def test_an_lstm_s_sequences_of_one_length_are_one_node() -> None:
    x = mg.randn(5, 3, 4)
    for layer in (mg.nn.LSTM(4, 8), mg.nn.LSTM(4, 8, bidirectional=True)):
        node, names = layer(x)[0].grad_fn, []
        while node.parents:
            names.append(node.plan.name)
            node = node.parents[0]
        assert names.count("lstm_sequence") == 1 and "lstm_step" not in names


def test_an_lstm_takes_no_sequences_and_refuses_a_state_of_another_dtype() -> None:
    layer = mg.nn.LSTM(4, 8)
    out, (h, c) = layer(mg.zeros(5, 0, 4))
    assert out.shape == (5, 0, 8) and h.shape == c.shape == (1, 0, 8)
    h, c = mg.zeros(1, 3, 8, dtype=mg.float64), mg.zeros(1, 3, 8)
    with pytest.raises(mg.DtypeError, match="linear: expected one dtype"):
        layer(mg.zeros(5, 3, 4), (h, c))
