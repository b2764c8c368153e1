"""What must hold of values on a GPU is noted there without a wait, and raised when the GPU is next waited for."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.backend import add_at, extreme_at
from minigrad.backend import deferred as checks

F: Any = nn.functional
LATE = r"\(Found on cuda:0 when it was next waited for: the call that caused it came before\)"


def gpu(data: Any, **options: Any) -> Any:
    return mg.tensor(data, device="cuda", **options)


def scores() -> Any:
    return gpu(np.arange(12.0).reshape(3, 4) / 7, requires_grad=True)


CLASSES = r"expected indices from 0 to 3 \(classes\), got others too"
ALONG = r"expected indices from 0 to 3 \(dimension 1\), got others too"
FAULTS: dict[str, tuple[Any, type[Exception], str]] = {
    "cross_entropy": (lambda: F.cross_entropy(scores(), gpu([0, 4, 1])), IndexError, f"cross_entropy: {CLASSES}"),
    "negative": (lambda: F.cross_entropy(scores(), gpu([0, -1, 1])), IndexError, f"cross_entropy: {CLASSES}"),
    "nll_loss": (lambda: F.nll_loss(scores(), gpu([7, 0, 1])), IndexError, f"nll_loss: {CLASSES}"),
    "multi_margin_loss": (
        lambda: F.multi_margin_loss(scores(), gpu([7, 0, 1])), IndexError, f"multi_margin_loss: {CLASSES}"),
    "embedding": (lambda: F.embedding(gpu([[0, 3]]), scores()), IndexError,
                  r"embedding: expected indices from 0 to 2 \(rows of weight\), got others too"),
    "gather": (lambda: mg.gather(scores(), 1, gpu([[4], [0], [0]])), IndexError, "gather: " + ALONG),
    "scatter": (lambda: mg.scatter(scores(), 1, gpu([[-1], [0], [0]]), value=1.0), IndexError,
                "scatter: " + ALONG),
    "index_select": (lambda: mg.index_select(scores(), 1, gpu([5])), IndexError, "index_select: " + ALONG),
    "index_add": (lambda: mg.index_add(scores(), 1, gpu([9]), gpu(np.ones((3, 1)))), IndexError,
                  "index_add: " + ALONG),
    "take": (lambda: mg.take(scores(), gpu([12])), IndexError, "take: expected indices from 0 to 11"),
    "picking": (lambda: scores()[gpu([0, 1, 2]), gpu([0, 4, 1])], IndexError,
                "getitem: dimension 1: expected indices from -4 to 3, got others too"),
    "after an ellipsis": (lambda: scores()[..., gpu([-5])], IndexError, "getitem: dimension 1: expected indices from"),
    "after a new one": (lambda: scores()[None, gpu([3])], IndexError, "getitem: dimension 0: expected indices from -3"),
    "putting": (lambda: (mg.zeros(3, device="cuda").__setitem__(gpu([3]), 1.0), gpu(0.0))[1], IndexError,
                "setitem: dimension 0: expected indices from -3 to 2"),
    "variance": (lambda: F.gaussian_nll_loss(gpu([1.0]), gpu([1.0]), gpu([-1.0])), ValueError,
                 "gaussian_nll_loss: `var`: expected variances of 0 or more"),
    "probability": (lambda: F.binary_cross_entropy(gpu([1.5]), gpu([1.0])), ValueError,
                    r"binary_cross_entropy: `input`: expected probabilities in \[0, 1\]"),
    "quotient": (lambda: gpu([1, 2]) // gpu([1, 0]), ZeroDivisionError,
                 "floor_divide: integers have no quotient by zero"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_in_values_is_raised_at_the_next_wait(what: str, cupy: Any) -> None:
    run, kind, text = FAULTS[what]
    with cupy.no_waits(), cupy.wrapping():
        out = run()
        if out.requires_grad:
            out.sum().backward()
    with pytest.raises(kind, match=text + r".*" + LATE):
        out.sum().item()
    assert not checks._pending and out.sum().item() is not None  # it is told once


ASKING: dict[str, Callable[[Any], Any]] = {
    "item": lambda t: t.sum().item(), "float": lambda t: float(t.sum()), "bool": lambda t: bool((t > 0).all()),
    "tolist": lambda t: t.tolist(), "cpu": lambda t: t.cpu(), "numpy": lambda t: t.numpy(force=True), "repr": repr,
    "format": lambda t: f"{t.sum():.2f}", "index": lambda t: [1, 2][(t > 9).sum()], "equal": lambda t: mg.equal(t, t),
    "synchronize": lambda t: mg.cuda.synchronize(),
}  # fmt: skip


@pytest.mark.parametrize("how", ASKING)
def test_every_way_to_wait_tells(how: str, cupy: Any) -> None:
    unrelated = gpu([1.0, 2.0])
    with cupy.wrapping():
        F.embedding(gpu([3]), scores())
    with pytest.raises(IndexError, match="embedding: expected indices from 0 to 2"):
        ASKING[how](unrelated)


def test_what_holds_is_not_told(cupy: Any) -> None:
    table, x = scores(), scores()
    loss = F.cross_entropy(x, gpu([0, -100, 3])) + F.embedding(gpu([[0, 2], [1, 1]]), table).sum()
    loss = loss + x[gpu([-3, 2]), gpu([-4, 3])].sum() + mg.take(x, gpu([-12, 11])).sum()
    loss.backward()
    assert np.isfinite(loss.item()) and not checks._pending


def test_many_steps_keep_one_flag(cupy: Any) -> None:
    table = scores()
    with cupy.no_waits(), cupy.wrapping():
        for _ in range(5):
            F.embedding(gpu([0, 2]), table)
        F.embedding(gpu([0, 3]), table)
        for _ in range(5):
            F.embedding(gpu([0, 2]), table)
    assert len(checks._pending) == 1
    with pytest.raises(IndexError, match="embedding"):
        mg.cuda.synchronize()


def test_indices_still_on_the_cpu_are_refused_at_once(cupy: Any) -> None:
    x = scores()
    for index in (mg.tensor([3]), np.array([3]), [3], [3, 0]):
        with cupy.no_waits(), pytest.raises(IndexError, match=r"getitem: dimension 0: expected indices from -3 to 2"):
            x[index]
    for index in (3, [mg.tensor(3), 0]):
        with cupy.no_waits(), pytest.raises(IndexError, match="out of bounds"):
            x[index]
    with cupy.no_waits():
        assert x[[0, 2]].shape == x[np.array([0, 2])].shape == x[mg.tensor([0, 2])].shape == (2, 4)


def test_an_expanded_tensor_is_not_written_to(cupy: Any) -> None:
    wide = mg.zeros(3, 1, device="cuda").expand(3, 4)
    with pytest.raises(mg.errors.GraphError, match="this memory is read-only: an expanded tensor's elements share it"):
        wide.add_(1)
    with pytest.raises(mg.errors.GraphError, match="read-only"):
        wide[0] = mg.ones(4, device="cuda")
    wide[0] = 1.0
    assert wide.cpu().tolist() == [[1.0] * 4, [0.0] * 4, [0.0] * 4]


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_windows_are_views_that_know_their_base(device: str, cupy: Any) -> None:
    x = mg.arange(6.0, device=device).requires_grad_()
    y = x * 1
    for view in (y.unfold(0, 3, 1), mg.as_strided(y, (4, 3), (1, 1)), y.reshape(2, 3).unfold(1, 2, 1)):
        assert view._base is y
    y.unfold(0, 2, 2)[0].mul_(10.0)
    (y * y).sum().backward()
    assert y.tolist() == [0.0, 10.0, 2.0, 3.0, 4.0, 5.0]
    assert x.grad.tolist() == [0.0, 200.0, 4.0, 6.0, 8.0, 10.0]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "uint8", "int16", "int32", "int64"])
def test_sums_and_extremes_at_places_take_every_dtype(dtype: str, cupy: Any) -> None:
    ends = [-5, 3, 7, -2, 0] if dtype != "uint8" else [5, 3, 7, 2, 0]
    values, places = np.array(ends, dtype), np.array([0, 2, 0, 0, 1])
    for put in (add_at, partial(extreme_at, largest=True), partial(extreme_at, largest=False)):
        here, there = np.ones(3, dtype), cupy.ones(3, dtype)
        put(here, places, values)
        put(there, cupy.asarray(places), cupy.asarray(values))
        assert there.dtype == dtype and there.tolist() == here.tolist()


def test_linear_algebra_that_fails_says_so(cupy: Any) -> None:
    singular = gpu(np.zeros((2, 2)))
    for run in (lambda: mg.linalg.inv(singular), lambda: mg.linalg.solve(singular, gpu(np.ones((2, 1))))):
        with pytest.raises(mg.errors.LinAlgError, match="(inv|solve): Singular matrix"):
            run()
    with pytest.raises(mg.errors.LinAlgError, match="cholesky: Matrix is not positive definite"):
        mg.linalg.cholesky(-mg.eye(2, device="cuda"))


def test_a_running_logsumexp_keeps_small_beginnings(cupy: Any) -> None:
    x = np.array([-1000.0, -999.0, 0.0, 3.0, -2.0])
    here, there = (mg.logcumsumexp(mg.tensor(x, device=d), 0).cpu().numpy() for d in ("cpu", "cuda"))
    np.testing.assert_allclose(there, here, rtol=1e-12)
    assert there[0] == -1000.0
