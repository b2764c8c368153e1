"""NumPy's own functions on Tensors: recorded where there is an operation for it."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import GraphError, Tensor

X = np.array([[1.0, 3.0, 2.0], [6.0, 4.0, 5.0]])
Y = np.array([[2.0, 0.5, 1.0], [1.0, 3.0, 0.2]])
CALLS = {
    "exp": lambda x, y: np.exp(x), "arctan2": lambda x, y: np.arctan2(x, y),
    "logaddexp": lambda x, y: np.logaddexp(x, y),
    "add": lambda x, y: np.add(x, y), "power": lambda x, y: np.power(x, y), "matmul": lambda x, y: np.matmul(x, y.T),
    "sum": lambda x, y: np.sum(x), "sum_axis": lambda x, y: np.sum(x, axis=1, keepdims=True),
    "mean": lambda x, y: np.mean(x, 0),
    "std": lambda x, y: np.std(x, axis=0), "var": lambda x, y: np.var(x, ddof=1), "max": lambda x, y: np.max(x, axis=1),
    "amin": lambda x, y: np.amin(x), "prod": lambda x, y: np.prod(x, axis=1), "cumsum": lambda x, y: np.cumsum(x),
    "cumsum_axis": lambda x, y: np.cumsum(x, axis=1), "concatenate": lambda x, y: np.concatenate([x, y], axis=1),
    "stack": lambda x, y: np.stack([x, y]), "vstack": lambda x, y: np.vstack([x, y]),
    "where": lambda x, y: np.where(x > y, x, y),
    "clip": lambda x, y: np.clip(x, 1.5, 4.5), "reshape": lambda x, y: np.reshape(x, (3, 2)),
    "transpose": lambda x, y: np.transpose(x),
    "expand_dims": lambda x, y: np.expand_dims(x, 1), "squeeze": lambda x, y: np.squeeze(x[:1], axis=0),
    "swapaxes": lambda x, y: np.swapaxes(x, 0, 1),
    "moveaxis": lambda x, y: np.moveaxis(x, 0, 1), "flip": lambda x, y: np.flip(x, axis=1),
    "roll": lambda x, y: np.roll(x, 1, axis=1),
    "tile": lambda x, y: np.tile(x, (2, 1)), "repeat": lambda x, y: np.repeat(x, 2, axis=1),
    "sort": lambda x, y: np.sort(x, axis=1),
    "take": lambda x, y: np.take(x, np.array([0, 2]), axis=1), "dot": lambda x, y: np.dot(x, y.T),
    "outer": lambda x, y: np.outer(x[0], y[0]),
    "einsum": lambda x, y: np.einsum("ij,ij->i", x, y), "tensordot": lambda x, y: np.tensordot(x, y, 2),
    "tril": lambda x, y: np.tril(x),
    "diag": lambda x, y: np.diag(x[0]), "trace": lambda x, y: np.trace(x), "diff": lambda x, y: np.diff(x, axis=1),
    "pad": lambda x, y: np.pad(x, ((0, 1), (2, 0))), "pad_edge": lambda x, y: np.pad(x, 0, mode="edge"),
    "norm": lambda x, y: np.linalg.norm(x),
    "norm_axis": lambda x, y: np.linalg.norm(x, axis=1), "inv": lambda x, y: np.linalg.inv(x[:, :2]),
    "round": lambda x, y: np.round(x * y, 1),
    "argmax": lambda x, y: np.argmax(x, axis=1), "allclose": lambda x, y: np.allclose(x, x),
    "trapezoid": lambda x, y: np.trapezoid(x, axis=1),
    "split": lambda x, y: np.split(x, 3, axis=1)[1], "median_like": lambda x, y: np.quantile(x, 0.3),
    "copy": lambda x, y: np.copy(x),
    "median": lambda x, y: np.median(x), "median_axis": lambda x, y: np.median(x, axis=0, keepdims=True),
    "meshgrid": lambda x, y: np.meshgrid(x[0], y[0])[1] * x[:1], "diagonal": lambda x, y: np.diagonal(x, offset=1),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_is_the_operation_of_that_name(name: str) -> None:
    x, y = (mg.from_numpy(a.copy()).requires_grad_() for a in (X, Y))
    out, expected = CALLS[name](x, y), CALLS[name](X, Y)
    if not isinstance(out, Tensor):
        assert out == expected
        return
    np.testing.assert_allclose(out.detach().numpy(), expected, rtol=1e-12)
    if out.is_floating_point():
        out.sum().backward()
        assert x.grad is not None and x.grad.shape == (2, 3)


def test_arrays_and_tensors_mix() -> None:
    x = mg.tensor([1.0, 2.0], dtype=mg.float64, requires_grad=True)
    out = np.array([3.0, 4.0]) * x
    out.sum().backward()
    assert isinstance(out, Tensor) and x.grad.tolist() == [3.0, 4.0]


def test_what_has_no_counterpart_works_on_values_and_is_refused_where_it_would_have_to_be_recorded() -> None:
    x = mg.tensor([3.0, 1.0])
    assert np.ptp(x) == 2.0 and np.shape(x) == (2,)
    with pytest.raises(GraphError, match="numpy.ptp: not an operation that can be recorded"):
        np.ptp(x.requires_grad_())


def test_options_that_only_numpy_has_are_refused() -> None:
    x: Any = mg.ones(2)
    with pytest.raises(TypeError):
        np.add(x, x, out=np.zeros(2))
