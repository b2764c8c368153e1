"""Regularization by noise: how much is dropped, what stays, and its gradient; and an embedding's special gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import gradcheck, gradgradcheck
from minigrad.errors import DtypeError, ShapeError
from minigrad.nn import functional as F

ALL: dict[str, tuple[Callable[..., Any], tuple[int, ...], tuple[int, ...]]] = {
    # op, shape of an input, shape of what is drawn for it
    "dropout": (F.dropout, (40, 50), (40, 50)),
    "dropout1d": (F.dropout1d, (40, 50, 3), (40, 50, 1)),
    "dropout2d": (F.dropout2d, (40, 50, 2, 3), (40, 50, 1, 1)),
    "dropout3d": (F.dropout3d, (40, 50, 2, 1, 3), (40, 50, 1, 1, 1)),
    "unbatched": (F.dropout3d, (2000, 2, 1, 3), (2000, 1, 1, 1)),
    "row": (lambda x, p, training=True: F.stochastic_depth(x, p, "row", training), (2000, 3), (2000, 1)),
}


@pytest.mark.parametrize("op, shape, drawn", ALL.values(), ids=ALL)
def test_a_share_is_dropped_and_the_mean_stays(op: Any, shape: Any, drawn: Any) -> None:
    mg.manual_seed(0)
    x = mg.ones(*shape)
    y = op(x, 0.3).numpy()
    kept = np.float32(1) / np.float32(0.7)
    assert set(np.unique(y)) <= {0, kept, np.nextafter(kept, 0, dtype="f"), np.nextafter(kept, 2, dtype="f")}
    first = y[tuple(slice(0, n) for n in drawn)]
    np.testing.assert_array_equal(y, np.broadcast_to(first, shape))  # whole channels
    assert abs((first == 0).mean() - 0.3) < 4 * (0.3 * 0.7 / first.size) ** 0.5
    assert op(x, 0.3, training=False) is x and op(x, 0.0) is x
    assert (op(x, 1.0) == 0).all()


def test_stochastic_depth_leaves_out_a_whole_batch() -> None:
    mg.manual_seed(0)
    seen = [float(F.stochastic_depth(mg.ones(4, 2), 0.25, "batch").mean()) for _ in range(400)]
    assert set(np.round(seen, 4)) == {0.0, 1.3333}
    assert 0.17 < np.mean(np.array(seen) == 0) < 0.33
    with pytest.raises(ValueError, match='stochastic_depth: mode: expected "batch" or "row", got \'rows\''):
        F.stochastic_depth(mg.ones(2), 0.5, "rows")


@pytest.mark.parametrize("op", [F.alpha_dropout, F.feature_alpha_dropout])
def test_alpha_dropout_keeps_mean_and_variance(op: Any) -> None:
    mg.manual_seed(0)
    x = mg.randn(300, 400, 1)
    y = op(x, 0.4, training=True)
    assert abs(float(y.mean())) < 0.02 and abs(float(y.var()) - 1) < 0.02
    assert op(x, 0.4) is x and (op(x, 1.0, True) == 0).all()
    again = x.clone()
    mg.manual_seed(3)
    expected = op(x, 0.4, True)
    mg.manual_seed(3)
    assert op(again, 0.4, True, inplace=True) is again
    np.testing.assert_allclose(again.numpy(), expected.numpy(), rtol=1e-6)


SHAPES = [(F.dropout, (4, 3)), (F.dropout2d, (2, 3, 2, 2)), (F.alpha_dropout, (4, 3)),
          (F.feature_alpha_dropout, (3, 4)),
          (lambda x, p, training: F.stochastic_depth(x, p, "row", training), (6, 2))]  # fmt: skip


@pytest.mark.parametrize("op, shape", SHAPES)
def test_gradients(op: Any, shape: tuple[int, ...]) -> None:
    def seeded(x: Any) -> Any:
        mg.manual_seed(5)
        return op(x, 0.3, True)

    x = mg.randn(*shape, dtype=mg.float64, requires_grad=True)
    assert gradcheck(seeded, (x,), allow_zero=True) and gradgradcheck(seeded, (x,))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtypes_stay(dtype: str) -> None:
    for op, shape in SHAPES:
        x = mg.ones(*shape, dtype=dtype, requires_grad=True)
        y = op(x, 0.5, True)
        y.sum().backward()
        assert str(y.dtype) == str(x.grad.dtype) == dtype


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="dropout2d: p: expected a probability, got 1.5"):
        F.dropout2d(mg.ones(1, 2, 3, 3), 1.5)
    with pytest.raises(ShapeError, match=r"dropout1d: expected 2 or 3 dimensions, got float32\[2\]"):
        F.dropout1d(mg.ones(2))
    with pytest.raises(DtypeError, match=r"alpha_dropout: expected a floating input, got int64\[3\]"):
        F.alpha_dropout(mg.arange(3), 0.5, True)


@pytest.mark.parametrize(
    "op, shape, drawn",
    [
        (F.dropout2d, (40, 50), (40, 50)),
        (F.dropout2d, (40, 50, 3), (40, 50, 1)),
        (F.dropout2d, (40, 50, 1, 2, 1), (40, 50, 1, 1, 1)),
        (F.dropout3d, (2000, 3), (2000, 1)),
        (F.dropout3d, (2000, 3, 2), (2000, 1, 1)),
    ],
)
def test_other_numbers_of_dimensions_are_taken_as_pytorch_takes_them(op: Any, shape: Any, drawn: Any) -> None:
    with pytest.warns(UserWarning, match=f"{op.__name__}: {len(shape)} dimensions are deprecated, and taken for"):
        test_a_share_is_dropped_and_the_mean_stays(op, shape, drawn)


@pytest.mark.parametrize("options", [{"padding_idx": 1}, {"padding_idx": -1}, {"scale_grad_by_freq": True},
                                     {"max_norm": 1.0}, {"max_norm": 0.5, "norm_type": 1.0}])  # fmt: skip
def test_embeddings_special_gradients_are_pytorchs(options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    rng = np.random.default_rng(0)
    index, weight, g = rng.integers(0, 5, (3, 4)), rng.normal(size=(5, 2)), rng.normal(size=(3, 4, 2))
    ours = mg.tensor(weight, requires_grad="max_norm" not in options)
    theirs = torch.tensor(weight, requires_grad="max_norm" not in options)
    a = F.embedding(mg.tensor(index), ours, **options)
    b = torch.nn.functional.embedding(torch.tensor(index), theirs, **options)
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-7)
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-7)
    if ours.requires_grad:
        a.backward(mg.tensor(g))
        b.backward(torch.tensor(g))
        np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-12)
