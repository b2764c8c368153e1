"""LBFGS with its line search, and Muon."""

import copy
import math
import pickle
import tracemalloc
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from minigrad.optim.wolfe import Point, cubic_minimum, strong_wolfe
from tests.optim.test_optim import leaf, with_grad

# --- LBFGS beside PyTorch --------------------------------------------------------------------------------------------


def rosenbrock(params: Any) -> Any:
    """Its valley is bent, so that all of the line search is used: over six numbers in three tensors."""
    a, b, c = params
    return 100 * (b - a * a).pow(2).sum() + (1 - a).pow(2).sum() + (c - a.sum()).pow(2).sum() + 0.1 * c.pow(4).sum()


def bowl(params: Any) -> Any:
    return sum((i + 1) * ((p - i) ** 2).sum() + p.sin().sum() for i, p in enumerate(params))


def descend(lib: Any, loss: Any, settings: dict[str, Any], steps: int) -> tuple[Any, Any, list[float], int]:
    values = ([-1.2, 0.5], [1.0, -0.3], 0.7)
    params = [lib.tensor(v, dtype=lib.float64, requires_grad=True) for v in values]
    optimizer, calls = lib.optim.LBFGS(params, **settings), 0

    def closure() -> Any:
        nonlocal calls
        calls += 1
        optimizer.zero_grad()
        found = loss(params)
        found.backward()
        return found

    return params, optimizer, [optimizer.step(closure).item() for _ in range(steps)], calls


LBFGS_CASES = [
    (bowl, {}, 5), (bowl, {"lr": 0.1, "max_iter": 4}, 12), (bowl, {"history_size": 1, "lr": 0.5}, 12),
    (bowl, {"max_iter": 1}, 12), (bowl, {"tolerance_grad": 1e-2, "lr": 0.5}, 3), (bowl, {"tolerance_change": 0.1}, 3),
    (bowl, {"line_search_fn": "strong_wolfe"}, 4), (rosenbrock, {"lr": 1e-3}, 10), (rosenbrock, {"max_eval": 3}, 2),
    *((rosenbrock, {"line_search_fn": "strong_wolfe", **more}, 6)
      for more in ({}, {"lr": 0.1}, {"lr": 30}, {"max_iter": 3}, {"max_eval": 7}, {"history_size": 2, "max_eval": 6})),
]  # fmt: skip


@pytest.mark.parametrize("loss, settings, steps", LBFGS_CASES, ids=lambda v: getattr(v, "__name__", str(v)))
def test_lbfgs_equals_pytorch_s(loss: Any, settings: dict[str, Any], steps: int) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    ours, mine, our_losses, our_calls = descend(mg, loss, settings, steps)
    theirs, its, their_losses, their_calls = descend(torch, loss, settings, steps)
    assert our_calls == their_calls and repr(mine) == repr(its)
    np.testing.assert_allclose(our_losses, their_losses, rtol=1e-8, atol=1e-14)  # chaotic: rounding grows on the way
    for a, b in zip(ours, theirs):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-8, atol=1e-12)
    ((p, state),), ((q, other),) = mine.state.items(), its.state.items()
    assert p is ours[0] and q is theirs[0] and state.keys() == other.keys() - {"al"}
    assert [state[k] for k in ("func_evals", "n_iter")] == [other[k] for k in ("func_evals", "n_iter")]
    assert len(state["old_dirs"]) == len(state["old_stps"]) == len(state["ro"]) == len(other["ro"])


def test_pytorch_s_lbfgs_state_goes_on_here() -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    theirs, its, _, _ = descend(torch, bowl, {"lr": 0.3, "max_iter": 5}, 3)

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(v) for v in value]
        return mg.tensor(value.numpy()) if isinstance(value, torch.Tensor) else value

    saved = copy.deepcopy(its.state_dict())
    saved["state"] = {k: {n: plain(v) for n, v in entries.items()} for k, entries in saved["state"].items()}
    ours = [mg.tensor(p.detach().numpy(), requires_grad=True) for p in theirs]
    mine = optim.LBFGS(ours)
    mine.load_state_dict(saved)
    for params, optimizer in ((ours, mine), (theirs, its)):

        def closure(params: Any = params, optimizer: Any = optimizer) -> Any:
            optimizer.zero_grad()
            found = bowl(params)
            found.backward()
            return found

        optimizer.step(closure)
    for a, b in zip(ours, theirs):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-9)


# --- LBFGS by itself -------------------------------------------------------------------------------------------------


def test_the_first_step_by_hand() -> None:
    p = leaf(3.0, -1.0, dtype="float64")  # loss p0 ** 2 + p1 ** 2: gradient (6, -2), sum of sizes 8

    def closure() -> mg.Tensor:
        p.grad = None
        (found := (p * p).sum()).backward()
        return found

    optimizer = optim.LBFGS([p], lr=0.5, max_iter=1)
    assert optimizer.step(closure).item() == 10.0
    assert p.tolist() == [3 - 6 / 16, -1 + 2 / 16]
    optimizer.step(closure)  # the curvature is 2 in every direction: now a Newton step, times lr
    assert p.tolist() == pytest.approx([2.625 / 2, -0.875 / 2], rel=1e-14)


def test_the_minimum_of_rosenbrock_s_valley_is_found() -> None:
    params, optimizer, losses, _ = descend(mg, rosenbrock, {"line_search_fn": "strong_wolfe"}, 6)
    found = rosenbrock(params)
    found.backward()
    assert losses[0] > 20 > 1 > losses[-1]
    assert max(float(abs(p.grad).max()) for p in params) < 1e-3


def test_a_search_ends_where_wolfe_s_conditions_hold() -> None:
    def at(t: float) -> Point:
        return Point(t, math.cos(t) - 0.1 * t, None, -math.sin(t) - 0.1)

    start = at(0.0)
    for first in (0.01, 0.3, 2.0, 4.0, 7.0):
        point, calls = strong_wolfe(at, start, first, 1.0, 1e-9, 25)
        assert (
            point.loss <= start.loss + 1e-4 * point.t * start.derivative
            and abs(point.derivative) <= 0.09
            and calls <= 20
        )


def test_the_minimum_of_a_cubic() -> None:
    def at(t: float) -> Point:
        return Point(t, t**3 - 3 * t, None, 3 * t * t - 3)

    assert cubic_minimum(at(0), at(3)) == cubic_minimum(at(3), at(0)) == pytest.approx(1.0)
    assert cubic_minimum(at(0), at(3), (1.5, 2.5)) == 1.5
    rising = Point(0.0, 0.0, None, 1.0), Point(1.0, 1.0, None, 1.0)
    assert cubic_minimum(*rising) in (0.0, 0.5, 1.0)  # a straight line has none
    assert cubic_minimum(rising[0], rising[0]) == 0.0


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_a_saved_lbfgs_resumes_exactly(search: str | None) -> None:
    def run(stop: int) -> list[Any]:
        params = [leaf(-1.2, 0.5, dtype="float64"), leaf(1.0, -0.3, dtype="float64"), leaf(0.7, dtype="float64")]
        optimizer = optim.LBFGS(params, lr=0.1, max_iter=3, history_size=4, line_search_fn=search)

        def closure() -> mg.Tensor:
            optimizer.zero_grad()
            (found := rosenbrock(params) * 0.01).backward()
            return found

        for step in range(6):
            if step == stop:
                saved = pickle.loads(pickle.dumps(optimizer.state_dict()))
                optimizer = optim.LBFGS(params)
                optimizer.load_state_dict(saved)
            optimizer.step(closure)
        return [p.tolist() for p in params]

    assert run(3) == run(-1)


def test_lbfgs_s_rate_may_be_a_function_and_gradients_may_be_none() -> None:
    p, idle, asked = leaf(1.0, dtype="float64"), leaf(5.0, dtype="float64"), []

    def rate(step: int) -> float:
        asked.append(step)
        return 0.5 / (step + 1)

    optimizer = optim.LBFGS([p, idle], lr=rate, max_iter=1)

    def closure() -> mg.Tensor:
        optimizer.zero_grad()
        (found := (p * p).sum()).backward()
        return found

    optimizer.step(closure), optimizer.step(closure)
    assert asked == [0, 1] and idle.tolist() == [5.0] and p.tolist() == pytest.approx([(1 - 0.5) * (1 - 0.25)])
    for _ in range(20):
        optimizer.step(closure)
    before = p.tolist()
    p.data = mg.zeros(1, dtype="float64")
    optimizer.step(closure)
    assert p.tolist() == [0.0] != before  # at the minimum nothing moves


def test_lbfgs_on_the_gpu_as_on_the_cpu(cupy: Any) -> None:
    def run(device: str) -> list[Any]:
        p = mg.tensor([[1.0, -2.0], [3.0, 0.5]], device=device, requires_grad=True)
        optimizer = optim.LBFGS([p], line_search_fn="strong_wolfe", max_iter=3)

        def closure() -> mg.Tensor:
            optimizer.zero_grad()
            (found := (p * p * p * p).sum() + p.sum()).backward()
            return found

        for _ in range(2):
            optimizer.step(closure)
        optimizer.load_state_dict(optimizer.state_dict())
        assert optimizer.state[p]["d"].device.type == device
        return p.detach().cpu().tolist()

    np.testing.assert_allclose(run("cuda"), run("cpu"), rtol=1e-4)


LBFGS_REFUSED = [
    ({"lr": -1}, ValueError, r"LBFGS: lr: expected a finite number from 0 on, got -1.0"),
    ({"max_iter": 0}, ValueError, r"LBFGS: max_iter: expected an integer from 1 on, got 0"),
    ({"max_iter": "many"}, TypeError, r"LBFGS: max_iter: expected a number, got 'many'"),
    ({"max_eval": 1.5}, ValueError, r"LBFGS: max_eval: expected an integer from 1 on, got 1.5"),
    ({"history_size": 0}, ValueError, r"LBFGS: history_size: expected an integer from 1 on, got 0"),
    ({"tolerance_grad": -1}, ValueError, r"LBFGS: tolerance_grad: expected a finite number from 0 on, got -1.0"),
    ({"line_search_fn": "wolfe"}, ValueError, r"LBFGS: line_search_fn: expected 'strong_wolfe' or None, got 'wolfe'"),
]


@pytest.mark.parametrize("settings, error, text", LBFGS_REFUSED)
def test_lbfgs_settings_that_make_no_sense(settings: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        optim.LBFGS([leaf(1.0)], **settings)


def test_what_lbfgs_refuses() -> None:
    p, q = leaf(1.0), leaf(2.0)
    with pytest.raises(ValueError, match=r"LBFGS: params: expected one group, got another"):
        optim.LBFGS([{"params": [p]}, {"params": [q]}])
    optimizer = optim.LBFGS([p])
    with pytest.raises(
        TypeError, match=r"LBFGS.step: closure: expected a function that computes the loss anew, got none"
    ):
        optimizer.step()
    with pytest.raises(TypeError, match=r"LBFGS.step: closure: expected a function that returns the loss, got float"):
        optimizer.step(1.0)  # type: ignore[arg-type]
    with pytest.raises(mg.ShapeError, match=r"LBFGS.step: closure: expected the loss, a number or a tensor of one"):
        optimizer.step(lambda: mg.ones(3))
    with pytest.raises(
        TypeError, match=r"LBFGS.step: closure: expected the loss, a number or a tensor of one, got None"
    ):
        optimizer.step(lambda: None)
    p._grad = mg.ones(3)
    with pytest.raises(mg.ShapeError, match=r"LBFGS.step: params\[0\]: expected a gradient of the parameter's shape"):
        optimizer.step(lambda: 1.0)
    assert p.tolist() == [1.0]
    state = {"d": mg.ones(3), "n_iter": 1}
    groups = [{**optimizer.state_dict()["param_groups"][0]}]
    with pytest.raises(ValueError, match=r"LBFGS.load_state_dict: d of parameter 0: expected"):
        optimizer.load_state_dict({"state": {0: state}, "param_groups": groups})


# --- Muon ------------------------------------------------------------------------------------------------------------


def orthogonal(d: Any, coefficients: Any = (3.4445, -4.7750, 2.0315), steps: int = 5, eps: float = 1e-7) -> Any:
    """The iteration on singular values alone, by SVD in float64."""
    u, s, v = np.linalg.svd(np.asarray(d, dtype=np.float64), full_matrices=False)
    s = s / max(float(np.sqrt((s * s).sum())), eps)
    a, b, c = coefficients
    for _ in range(steps):
        s = a * s + b * s**3 + c * s**5
    return (u * s) @ v


MUON_CASES: list[dict[str, Any]] = [
    {}, {"lr": 0.1, "weight_decay": 0.5}, {"nesterov": False, "momentum": 0.5}, {"adjust_lr_fn": "match_rms_adamw"},
    {"adjust_lr_fn": "original", "ns_steps": 2}, {"ns_coefficients": (1.5, -0.5, 0.0), "ns_steps": 8}, {"momentum": 0},
]  # fmt: skip


def run_muon(lib: Any, settings: dict[str, Any], steps: int = 50) -> list[Any]:
    rng = np.random.default_rng(0)
    params = [
        lib.tensor(rng.standard_normal(s).astype("float32"), requires_grad=True)
        for s in ((6, 3), (3, 6), (4, 4), (1, 5))
    ]
    slopes = rng.standard_normal((steps, 60)).astype("float32")
    optimizer = lib.optim.Muon(params, **settings)
    for row in slopes:
        for p in params:
            size = p.shape[0] * p.shape[1]
            p.grad = lib.tensor(row[:size].reshape(tuple(p.shape)).copy())
        optimizer.step()
    return [p.detach().numpy() for p in params]


@pytest.mark.parametrize("settings", MUON_CASES, ids=str)
def test_muon_equals_pytorch_s_with_an_exact_iteration(monkeypatch: Any, settings: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    module = pytest.importorskip("torch.optim._muon", reason="compares with PyTorch")

    def exact(d: Any, coefficients: Any, steps: int, eps: float) -> Any:  # PyTorch's own is in bfloat16: 1e-2 off
        return torch.tensor(orthogonal(d.numpy(), coefficients, steps, eps), dtype=d.dtype)

    monkeypatch.setattr(module, "_zeropower_via_newtonschulz", exact)
    for a, b in zip(run_muon(mg, settings), run_muon(torch, settings)):
        np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-4)


def test_muon_is_near_pytorch_s_as_it_is() -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    for a, b in zip(run_muon(mg, {}, 3), run_muon(torch, {}, 3)):
        np.testing.assert_allclose(
            a, b, atol=1e-3 * 3 * 0.05 * math.sqrt(2)
        )  # bfloat16 has 3 digits, each step loses one


@pytest.mark.parametrize("shape", [(6, 3), (3, 6), (1, 4), (4, 4)])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_step_of_muon_is_the_orthogonal_gradient(shape: tuple[int, int], dtype: str) -> None:
    (p,) = with_grad(shape, dtype=dtype)
    before, slope = p.detach().numpy().astype("float64"), p.grad.numpy()
    optimizer = optim.Muon([p], lr=0.1, weight_decay=0.5, momentum=0.9)
    optimizer.step()
    expected = before * 0.95 - 0.1 * math.sqrt(max(1, shape[0] / shape[1])) * orthogonal(slope)
    np.testing.assert_allclose(p.detach().numpy(), expected, atol=3e-3 if dtype == "float16" else 1e-5)
    assert p.dtype == dtype and optimizer.state[p]["momentum_buffer"].dtype == dtype
    np.testing.assert_allclose(optimizer.state[p]["momentum_buffer"].numpy(), slope * 0.1, rtol=1e-2)


def test_muon_does_not_move_without_a_slope() -> None:
    p = mg.ones(3, 2).requires_grad_()
    p.grad = mg.zeros(3, 2)
    optim.Muon([p], weight_decay=0.0).step()
    assert p.tolist() == [[1.0, 1.0]] * 3


def test_muon_resumes_exactly_and_allocates_nothing_once_warm() -> None:
    def run(stop: int) -> Any:
        params = with_grad((500, 100), (100, 700), dtype="float32")
        optimizer = optim.Muon(params, lr=lambda step: 0.1 / (step + 1))
        for step in range(6):
            if step == stop:
                saved = pickle.loads(pickle.dumps(optimizer.state_dict()))
                optimizer = optim.Muon(params, lr=lambda step: 0.1 / (step + 1))
                optimizer.load_state_dict(saved)
            optimizer.step()
        return [p.tolist() for p in params], optimizer

    (stopped, _), (straight, optimizer) = run(3), run(-1)
    assert stopped == straight
    tracemalloc.start()
    try:
        optimizer.step()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 50_000  # bytes; the larger parameter has 280,000


def test_muon_on_the_gpu_as_on_the_cpu(cupy: Any) -> None:
    def run(device: str) -> list[Any]:
        p = mg.tensor([[1.0, -2.0], [3.0, 0.5], [0.1, 0.2]], device=device, requires_grad=True)
        optimizer = optim.Muon([p], lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            (p * p).sum().backward()
            syncs = cupy.syncs
            optimizer.step()
            assert cupy.syncs == syncs  # nothing waits for the GPU
        return p.detach().cpu().tolist()

    np.testing.assert_allclose(run("cuda"), run("cpu"), rtol=1e-4)


MUON_REFUSED = [
    ({"lr": -1}, ValueError, r"Muon: lr: expected a finite number from 0 on, got -1.0"),
    ({"momentum": -1}, ValueError, r"Muon: momentum: expected a finite number from 0 on, got -1.0"),
    ({"weight_decay": "x"}, TypeError, r"Muon: weight_decay: expected a number, got 'x'"),
    ({"ns_coefficients": (1, 2)}, ValueError, r"Muon: ns_coefficients: expected 3 numbers, got 2: \(1, 2\)"),
    ({"ns_coefficients": (1, 2, None)}, TypeError, r"Muon: ns_coefficients\[2\]: expected a number, got None"),
    ({"ns_steps": 100}, ValueError, r"Muon: ns_steps: expected less than 100, got 100"),
    ({"ns_steps": 1.5}, ValueError, r"Muon: ns_steps: expected an integer from 0 on, got 1.5"),
    (
        {"adjust_lr_fn": "mine"},
        ValueError,
        r"Muon: adjust_lr_fn: expected 'original' or 'match_rms_adamw' or None, got 'mine'",
    ),
]


@pytest.mark.parametrize("settings, error, text", MUON_REFUSED)
def test_muon_settings_that_make_no_sense(settings: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        optim.Muon([mg.ones(2, 2).requires_grad_()], **settings)


def test_muon_takes_matrices_alone() -> None:
    with pytest.raises(
        mg.ShapeError, match=r"Muon: params\[1\]: expected a matrix, got a tensor of shape \(3,\); leave"
    ):
        optim.Muon(with_grad((2, 2), (3,)))
