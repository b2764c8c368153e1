"""Norms at the edges of their numbers and orders; singular values and eigenvalues that are equal."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import ShapeError

L = mg.linalg
INF, NAN = float("inf"), float("nan")
VECTOR_NORMS: list[tuple[list[float], float, float]] = [
    ([0, 2], -2, 0), ([0, 2], -0.5, 0), ([0, 0], -1, 0), ([-0.0, 1], -3, 0), ([INF, INF], -1, INF), ([INF, 1], -1, 1),
    ([0, INF], -1, 0), ([0, INF], 0.5, INF), ([-INF, 2], 3, INF), ([NAN, 1], -1, NAN), ([NAN, INF], 3, NAN),
    ([NAN, 0], -2, NAN), ([0, 0], 3, 0), ([3, -4], 3, 91 ** (1 / 3)), ([3, -4], -1, 12 / 7), ([0, 2], INF, 2),
    ([0, -2], -INF, 0), ([NAN, 1], INF, NAN), ([NAN, 1], -INF, NAN), ([INF, 0], 0, 1), ([NAN, 0], 0, 1), ([], 3, 0),
    ([1e30, 1e30], 4, 2**0.25 * 1e30), ([1e-30, 1e-30], 3, 2 ** (1 / 3) * 1e-30), ([1e30, 1e30], -2, 0.5**0.5 * 1e30),
]  # fmt: skip


@pytest.mark.parametrize("values, p, expected", VECTOR_NORMS)
def test_vector_norms_at_the_edges(values: Any, p: float, expected: float) -> None:
    x = mg.tensor(values, dtype=mg.float32)
    for out in (L.vector_norm(x, p), L.norm(x, p), mg.norm(x, p), L.vector_norm(x[None], p, (0, 1), True).squeeze()):
        assert out.item() == pytest.approx(expected, rel=1e-5, nan_ok=True)


def test_norms_of_nothing_and_second_order_of_others() -> None:
    with pytest.raises(ShapeError, match="norm: of order -1: expected at least one element"):
        L.vector_norm(mg.ones(0), -1)
    assert L.vector_norm(mg.ones(0, 2), 3, 0).tolist() == [0, 0]
    x = mg.tensor([[1.0, -2.0, 3.0], [2.0, 0.5, -1.0]], dtype=mg.float64, requires_grad=True)
    for p in (3, 0.5, -1, -2.5):
        assert mg.autograd.gradgradcheck(lambda x: L.vector_norm(x, p, 1), x)  # noqa: B023


EYE, TALL = np.eye(2), np.eye(3, 2)
EQUAL_VALUES: list[tuple[Any, Any, Any]] = [
    (lambda x: L.svd(x).S, EYE, EYE),
    (lambda x: L.svd(x, full_matrices=False)[1] * mg.tensor([1.0, 2.0]), 3 * TALL, TALL * [1, 2]),
    (lambda x: L.svdvals(x.mT), TALL, TALL),
    (lambda x: L.svdvals(x), np.stack([EYE, 2 * EYE]), np.stack([EYE, EYE])),
    (lambda x: L.svdvals(x), np.zeros((2, 2)), EYE),
    (lambda x: L.svdvals(x), np.diag([1.0, 2.0]) * 1e19, EYE),
    (lambda x: L.svdvals(x), np.zeros((2, 3, 0)), np.zeros((2, 3, 0))),
    (lambda x: L.svd(x).S, [[1.0, 1.0], [1.0, 1.0]], None),
    (lambda x: L.norm(x, "nuc"), 1e19 * EYE, EYE),
    (lambda x: mg.norm(x, "nuc"), TALL, TALL),
    (lambda x: L.matrix_norm(x, -2), EYE, EYE / 2),
    (lambda x: L.cond(x), EYE, [[1, 0], [0, -1]]),
    (lambda x: L.eigh(x, "U").eigenvalues, -EYE, EYE),
    (lambda x: L.eigvalsh(x) ** 2, np.stack([EYE, 3 * EYE]), np.stack([2 * EYE, 6 * EYE])),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("f, x, expected", EQUAL_VALUES)
def test_gradients_of_equal_singular_values_and_eigenvalues(f: Any, x: Any, expected: Any, dtype: str) -> None:
    leaf = mg.tensor(np.asarray(x, dtype), requires_grad=True)
    f(leaf).sum().backward()
    g = leaf.grad.numpy()
    assert np.isfinite(g).all() and (expected is None or np.allclose(np.abs(g), np.abs(expected), atol=1e-6))


def test_vectors_of_equal_values_have_no_gradient_and_others_a_symmetric_one() -> None:
    x = mg.tensor(EYE, requires_grad=True)
    U, S, Vh = L.svd(x)
    assert mg.autograd.grad(((U * S) @ Vh)[0].sum(), x)[0].isnan().any()
    w, v = L.eigh(x)
    assert mg.autograd.grad(((v * w) @ v.mT)[0].sum(), x)[0].isnan().any()
    y = mg.tensor([[1.0, 0.5], [0.5, 3.0]], dtype=mg.float64, requires_grad=True)
    w, v = L.eigh(y)
    assert np.allclose(mg.autograd.grad(((v * w) @ v.mT)[0].sum(), y)[0].numpy(), [[1, 0.5], [0.5, 0]])
    with pytest.raises(ShapeError, match="matrix_norm: expected two dimensions"):
        mg.norm(mg.ones(2, 2, 2), "nuc")
