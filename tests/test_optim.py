"""Optimizers: what all have in common, and SGD, step for step beside PyTorch's."""

import copy
import itertools
import math
import pickle
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import test_standin
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn, optim
from minigrad.optim.workspace import PIECE, Workspace, pieces

cupy = test_standin.cupy


def leaf(*values: float, dtype: Any = None) -> mg.Tensor:
    return mg.tensor(list(values), dtype=dtype, requires_grad=True)


def with_grad(*shapes: tuple[int, ...], dtype: str = "float64") -> list[mg.Tensor]:
    rng = np.random.default_rng(0)
    made = [mg.tensor(rng.standard_normal(s).astype(dtype), requires_grad=True) for s in shapes]
    for p in made:
        p.grad = mg.tensor(rng.standard_normal(p.shape).astype(dtype))
    return made


def values(params: Any) -> list[Any]:
    return [p.detach().tolist() for p in params]


# --- beside PyTorch --------------------------------------------------------------------------------------------------

SETTINGS = [
    dict(zip(("momentum", "dampening", "weight_decay", "nesterov", "maximize"), row))
    for row in itertools.product((0, 0.9), (0, 0.5), (0, 0.01), (False, True), (False, True))
    if not row[3] or (row[0] and not row[1])  # nesterov needs a momentum, and no dampening
]


def quadratic(params: Any, targets: Any) -> Any:
    return sum(((p - t) ** 2).sum() * (i + 1) for i, (p, t) in enumerate(zip(params, targets)))


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: ",".join(f"{k}={v}" for k, v in s.items() if v) or "plain")
def test_fifty_steps_of_sgd_equal_pytorch_s(settings: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")

    def run(lib: Any) -> tuple[list[Any], list[float], str]:
        rng = np.random.default_rng(0)
        shapes = ((4, 3), (3,), (), (2, 1, 2))
        params = [lib.tensor(rng.standard_normal(s), dtype=lib.float64, requires_grad=True) for s in shapes]
        targets = [lib.tensor(rng.standard_normal(s), dtype=lib.float64) for s in shapes]
        groups = [{"params": params[:2]}, {"params": params[2:], "lr": 0.002}]
        optimizer = lib.optim.SGD(groups, lr=0.01, **settings)
        losses = []
        for step in range(50):
            optimizer.zero_grad(set_to_none=step % 2 == 0)
            seen = params if step % 7 != 3 else params[1:]  # now and then a parameter has no gradient

            def closure(seen: Any = seen) -> Any:
                loss = quadratic(seen, targets[-len(seen) :])
                loss.backward()
                return loss

            losses.append(optimizer.step(closure).item())
        return [p.detach().numpy() for p in params], losses, repr(optimizer)

    ours, theirs = run(mg), run(torch)
    for a, b in zip(ours[0], theirs[0]):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-11)
    assert ours[2] == theirs[2]  # the repr, too


def test_pytorch_s_state_dict_goes_on_here() -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    ours, theirs = leaf(1, 2, 3, dtype="float64"), torch.tensor([1.0, 2, 3], dtype=torch.float64, requires_grad=True)
    settings = {"lr": 0.1, "momentum": 0.9}
    a, b = optim.SGD([ours], lr=5.0), torch.optim.SGD([theirs], **settings)
    for step in range(6):
        theirs.grad = torch.arange(3.0, dtype=torch.float64)
        if step < 3:
            b.step()
            continue
        if step == 3:
            saved = copy.deepcopy(b.state_dict())
            saved["state"][0]["momentum_buffer"] = mg.tensor(saved["state"][0]["momentum_buffer"].numpy())
            a.load_state_dict(saved)
            ours.data = mg.tensor(theirs.detach().numpy())
        ours.grad = mg.arange(3.0, dtype="float64")
        a.step(), b.step()
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-14)
    assert a.state_dict().keys() == b.state_dict().keys()
    assert a.state_dict()["param_groups"] == b.state_dict()["param_groups"]


# --- SGD -------------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=8),
    st.floats(0, 10, width=32),
    st.sampled_from(["float16", "float32", "float64"]),
)
def test_a_plain_step_is_p_minus_lr_times_g(numbers: list[float], lr: float, dtype: str) -> None:
    p = mg.tensor(numbers, dtype=dtype, requires_grad=True)
    before, memory = p.detach().numpy().copy(), p._array
    p.grad = mg.tensor(numbers[::-1], dtype=dtype)
    optim.SGD([p], lr=lr).step()
    np.testing.assert_array_equal(p.detach().numpy(), before - p.grad.numpy() * lr)
    assert p._array is memory and p.dtype == dtype and p.grad.tolist() == mg.tensor(numbers[::-1], dtype=dtype).tolist()


def test_weight_decay_is_the_gradient_of_the_square_penalty() -> None:
    def run(decay: float, strength: float) -> list[float]:
        p = leaf(1.0, -2.0, 3.0, dtype="float64")
        optimizer = optim.SGD([p], lr=0.1, momentum=0.9, weight_decay=decay)
        for _ in range(10):
            optimizer.zero_grad()
            (p.sin().sum() + strength * (p * p).sum()).backward()
            optimizer.step()
        return p.tolist()

    assert run(0.02, 0.0) == pytest.approx(run(0.0, 0.01), rel=1e-12)


def test_large_parameters_are_changed_in_pieces_as_small_ones_are() -> None:
    rng = np.random.default_rng(0)
    numbers, slopes = rng.standard_normal((2, PIECE // 100 + 3, 250))
    assert len(pieces(numbers)) == 3 and sum(piece.size for (piece,) in pieces(numbers)) == numbers.size
    whole = mg.tensor(numbers, requires_grad=True)
    rows = [mg.tensor(row, requires_grad=True) for row in numbers]
    settings = {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1, "nesterov": True, "maximize": True}
    a, b = optim.SGD([whole], **settings), optim.SGD(rows, **settings)
    for _ in range(3):
        whole.grad = mg.tensor(slopes)
        for row, slope in zip(rows, slopes):
            row.grad = mg.tensor(slope)
        a.step(), b.step()
    np.testing.assert_array_equal(whole.detach().numpy(), np.stack([row.detach().numpy() for row in rows]))


def test_memory_that_does_not_lie_in_order() -> None:
    rng = np.random.default_rng(0)
    numbers, slopes = rng.standard_normal((2, 300, 300))
    p = mg.from_numpy(numbers.copy()).T.detach().requires_grad_()
    p.grad = mg.from_numpy(slopes)
    optim.SGD([p], lr=0.5, momentum=0.9, weight_decay=0.1).step()
    np.testing.assert_array_equal(p.detach().numpy(), numbers.T - (slopes + numbers.T * 0.1) * 0.5)


def test_no_step_allocates_once_warm() -> None:
    params = with_grad((300, 300), (300,), (), (1000, 200), dtype="float32")
    optimizer = optim.SGD(params, lr=1e-3, momentum=0.9, weight_decay=1e-4, nesterov=True, maximize=True)
    for _ in range(2):
        optimizer.step()
    tracemalloc.start()
    try:
        for _ in range(5):
            optimizer.step()
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000  # bytes; the largest parameter has 800,000
    assert now < 5_000


def test_scratch_memory_is_one_array_for_all_shapes_of_a_dtype() -> None:
    workspace = Workspace()
    small, large = workspace.scratch(np.zeros((2, 3)), 0), workspace.scratch(np.zeros((5, 5)), 0)
    other, again = workspace.scratch(np.zeros((2, 3)), 1), workspace.scratch(np.zeros((2, 3)), 0)
    assert small.shape == again.shape == (2, 3) and large.shape == (5, 5)
    assert np.shares_memory(again, large) and not np.shares_memory(again, other)
    assert workspace.scratch(np.zeros((2, 3)), 0) is again
    assert workspace.scratch(np.zeros((2, 3), "float32"), 0).dtype == "float32"


def test_a_rate_that_is_a_function_of_the_step_goes_on_where_it_stood() -> None:
    def run(stop: int) -> list[float]:
        p = leaf(1.0, dtype="float64")
        optimizer = optim.SGD([p], lr=lambda step: 0.1 / (step + 1))
        for step in range(8):
            if step == stop:
                saved = pickle.loads(pickle.dumps(optimizer.state_dict()))
                optimizer = optim.SGD([p], lr=lambda step: 0.1 / (step + 1))
                optimizer.load_state_dict(saved)
            p.grad = mg.ones(1, dtype="float64")
            optimizer.step()
        return p.tolist()

    assert run(stop=5) == run(stop=-1) == pytest.approx([1 - sum(0.1 / k for k in range(1, 9))], rel=1e-14)


def test_a_rate_may_be_a_tensor_or_change_between_steps() -> None:
    p = leaf(0.0)
    optimizer = optim.SGD(p, lr=mg.tensor(0.5))
    p.grad = mg.ones(1)
    optimizer.step()
    assert p.tolist() == [-0.5]
    optimizer.param_groups[0]["lr"] = 2
    optimizer.step()
    assert p.tolist() == [-2.5]


def test_a_change_before_backward_is_found_and_named() -> None:
    p = leaf(1.0, 2.0)
    p.grad = mg.ones(2)
    loss = (p * p).sum()
    optim.SGD([p], lr=0.1).step()
    with pytest.raises(mg.GraphError, match=r"was changed in place by `SGD.step` before backward\(\) came to it"):
        loss.backward()


def test_infinite_gradients_pass_without_a_warning() -> None:
    p = leaf(1.0, 2.0)
    p.grad = mg.tensor([math.inf, math.nan])
    optim.SGD([p], lr=0.0, momentum=0.9, weight_decay=0.1).step()
    assert all(math.isnan(x) for x in p.tolist())


def test_a_gradient_that_was_recorded() -> None:
    p = leaf(3.0)
    (p**2).sum().backward(create_graph=True)
    assert p.grad.requires_grad
    optimizer = optim.SGD([p], lr=0.1)
    optimizer.step()
    assert p.tolist() == pytest.approx([2.4]) and p.is_leaf and p.requires_grad
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0.0] and not p.grad.requires_grad


def test_it_trains_on_the_gpu_as_on_the_cpu(cupy: Any) -> None:
    def run(device: str) -> list[Any]:
        p = mg.tensor([[1.0, -2.0], [3.0, 0.5]], device=device, requires_grad=True)
        optimizer = optim.SGD([p], lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01, maximize=True)
        for _ in range(4):
            optimizer.zero_grad()
            (p * p).sum().backward()
            optimizer.step()
        optimizer.load_state_dict(optimizer.state_dict())
        assert optimizer.state[p]["momentum_buffer"].device.type == device
        syncs = cupy.syncs
        optimizer.step()
        assert cupy.syncs == syncs  # nothing waits for the GPU
        return p.detach().cpu().tolist()

    np.testing.assert_allclose(run("cuda"), run("cpu"), rtol=1e-6)


# --- what all have in common -----------------------------------------------------------------------------------------


def test_a_step_returns_what_the_closure_returns_and_lets_it_record() -> None:
    p = leaf(2.0)
    optimizer = optim.SGD([p], lr=0.25)

    def closure() -> mg.Tensor:
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with mg.no_grad():
        assert optimizer.step(closure).item() == 4.0
    assert p.tolist() == [1.0]
    assert optimizer.step() is None


def test_parameters_without_a_gradient_stay() -> None:
    p, frozen = with_grad((3,), (2,))
    frozen.grad = None
    before = values([p, frozen])
    optimizer = optim.SGD([p, frozen], lr=0.1, momentum=0.9, weight_decay=0.5)
    optimizer.step()
    assert values([frozen]) == before[1:] and values([p]) != before[:1]
    assert list(optimizer.state) == [p]


def test_zero_grad_forgets_or_zeroes() -> None:
    p, q = with_grad((2,), (2,))
    q.grad = None
    optimizer, memory = optim.SGD([p, q]), p.grad._array
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0, 0] and p.grad._array is memory and q.grad is None
    optimizer.zero_grad()
    assert p.grad is None


@pytest.mark.parametrize("kind", ["list", "iterator", "one tensor", "one group", "names"])
def test_what_may_be_optimized(kind: str) -> None:
    p, q = leaf(1.0), leaf(2.0)
    given: Any = {"list": [p, q], "iterator": iter([p, q]), "one tensor": p, "one group": {"params": iter([p, q])},
                  "names": [("p", p), ("q", q)]}[kind]  # fmt: skip
    optimizer = optim.SGD(given, lr=0.5)
    assert optimizer.param_groups[0]["params"] == [p, q][: 1 if kind == "one tensor" else 2]
    assert optimizer.param_groups[0].get("param_names") == (["p", "q"] if kind == "names" else None)
    assert optimizer.defaults["lr"] == optimizer.param_groups[0]["lr"] == 0.5


def test_groups_have_their_own_settings_and_more_may_come() -> None:
    p, q, r = with_grad((1,), (1,), (1,))
    group = {"params": [q], "lr": 2.0, "mine": "kept"}
    optimizer = optim.SGD([{"params": p}, group], lr=1.0)
    optimizer.add_param_group({"params": [r], "lr": 3.0})
    expected = [[p.item() - p.grad.item() * lr] for p, lr in ((p, 1.0), (q, 2.0), (r, 3.0))]
    optimizer.step()
    assert values([p, q, r]) == expected
    assert [g["momentum"] for g in optimizer.param_groups] == [0, 0, 0]
    assert optimizer.param_groups[1]["mine"] == "kept" and "momentum" not in group  # the user's dict stays as it is


def test_a_kind_of_one_s_own() -> None:
    class Signs(optim.Optimizer):
        def __init__(self, params: Any, lr: float) -> None:
            super().__init__(params, {"lr": lr})

        def _update(self, p: Any, grad: Any, group: dict[str, Any], lr: float) -> None:
            p._array[...] -= lr * np.sign(grad)

    class Whole(optim.Optimizer):
        @mg.no_grad()
        def step(self, closure: Any = None) -> None:
            for group in self.param_groups:
                for p in group["params"]:
                    p.add_(p.grad, alpha=-group["lr"])

    p = leaf(1.0, 2.0)
    p.grad = mg.tensor([3.0, -4.0])
    Signs([p], lr=0.5).step()
    assert p.tolist() == [0.5, 2.5]
    Whole([p], {"lr": 0.5}).step()
    assert p.tolist() == [-1.0, 4.5]
    assert repr(Signs([p], lr=0.5)) == "Signs (\nParameter Group 0\n    lr: 0.5\n)"
    with pytest.raises(NotImplementedError, match=r"Optimizer: define _update\(p, grad, group, lr\) or step"):
        optim.Optimizer([p], {"lr": 1.0}).step()


# --- saving and restoring --------------------------------------------------------------------------------------------


def descend(params: Any, optimizer: Any, steps: int) -> None:
    for _ in range(steps):
        optimizer.zero_grad()
        quadratic(params, [mg.ones(p.shape, dtype=p.dtype) for p in params]).backward()
        optimizer.step()


def test_ten_steps_equal_five_and_five_after_a_restart() -> None:
    settings = {"lr": 0.01, "momentum": 0.9, "dampening": 0.1, "weight_decay": 0.1}
    through, first = with_grad((3, 2), (2,)), with_grad((3, 2), (2,))
    descend(through, optim.SGD(through, **settings), 10)
    one = optim.SGD(first, **settings)
    descend(first, one, 5)
    saved = pickle.loads(pickle.dumps(one.state_dict()))
    second = [p.detach().clone().requires_grad_() for p in first]
    other = optim.SGD(second, lr=1.0)
    other.load_state_dict(saved)
    assert saved["param_groups"][0]["params"] == [0, 1] and saved["state"].keys() == {0, 1}
    descend(first, one, 5)  # what was loaded is not shared
    descend(second, other, 5)
    assert values(second) == values(through) == values(first)


def test_a_state_is_brought_to_the_parameters_dtype() -> None:
    wide, narrow = with_grad((3,)), with_grad((3,), dtype="float32")
    a, b = optim.SGD(wide, momentum=0.9), optim.SGD(narrow)
    a.step()
    b.load_state_dict(a.state_dict())
    buffer = b.state[narrow[0]]["momentum_buffer"]
    assert buffer.dtype == mg.float32 and buffer.tolist() == narrow[0].grad.tolist()


def test_an_optimizer_can_be_copied_with_its_model() -> None:
    model = nn.Linear(3, 2)
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(mg.ones(1, 3)).sum().backward()
    optimizer.step()
    twin, twins = copy.deepcopy((model, optimizer))
    twins.step()
    assert values(twin.parameters()) != values(model.parameters())
    optimizer.step()
    assert values(twin.parameters()) == values(model.parameters())


def refusals() -> Iterator[Any]:
    p = leaf(1.0, 2.0)
    good = optim.SGD([p], momentum=0.9)
    p.grad = mg.ones(2)
    good.step()
    state = good.state_dict()
    yield 3, r'SGD.load_state_dict: expected a dict with "state" and "param_groups", got int'
    yield {"weight": 1}, r"expected a dict with \"state\" and \"param_groups\", got \['weight'\]"
    two = {**state, "param_groups": state["param_groups"] * 2}
    yield two, r"SGD.load_state_dict: expected groups of \[1\] parameters, got groups of \[1, 1\]"
    shape = {**state, "state": {0: {"momentum_buffer": mg.ones(3)}}}
    yield shape, r"momentum_buffer of parameter 0: expected float32\[2\], got float32\[3\]"
    yield {**state, "param_groups": [{**state["param_groups"][0], "lr": -1}]}, r"SGD: lr: expected a finite number"


@pytest.mark.parametrize(("state", "message"), list(refusals()))
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(state: Any, message: str) -> None:
    p = leaf(1.0, 2.0)
    optimizer = optim.SGD([p], lr=0.5)
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["lr"] == 0.5 and not optimizer.state


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"lr": math.nan}, ValueError, r"SGD: lr: expected a finite number from 0 on, got nan"),
        ({"lr": -0.1}, ValueError, r"SGD: lr: expected a finite number from 0 on, got -0.1"),
        ({"lr": math.inf}, ValueError, r"SGD: lr: expected a finite number from 0 on, got inf"),
        ({"lr": "fast"}, TypeError, r"SGD: lr: expected a number, got 'fast'"),
        ({"lr": None}, TypeError, r"SGD: lr: expected a number, got None"),
        ({"lr": [0.1]}, TypeError, r"SGD: lr: expected a number, got \[0.1\]"),
        ({"momentum": math.nan}, ValueError, r"SGD: momentum: expected a finite number from 0 on, got nan"),
        ({"momentum": -1}, ValueError, r"SGD: momentum: expected a finite number from 0 on, got -1.0"),
        ({"dampening": math.nan}, ValueError, r"SGD: dampening: expected a finite number, got nan"),
        ({"weight_decay": -1e-3}, ValueError, r"SGD: weight_decay: expected a finite number from 0 on, got -0.001"),
        (
            {"nesterov": True},
            ValueError,
            r"SGD: nesterov: expected a momentum above 0 and no dampening",
        ),
        ({"nesterov": True, "momentum": 0.9, "dampening": 0.5}, ValueError, r"got momentum=0.9, dampening=0.5"),
        ({"foreach": True}, ValueError, r"SGD: foreach: minigrad has one implementation and no such switch; leave it"),
        ({"fused": True}, ValueError, r"SGD: fused: minigrad has one implementation"),
        ({"differentiable": True}, ValueError, r"SGD: differentiable: minigrad has one implementation"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        optim.SGD([leaf(1.0)], **settings)
    with pytest.raises(error, match=message):
        optim.SGD([{"params": [leaf(1.0)], **settings}])
    assert optim.SGD([leaf(1.0)], foreach=False, fused=None, differentiable=False).defaults["foreach"] is False


def test_a_rate_that_becomes_nan_is_refused_before_it_does_harm() -> None:
    p = leaf(1.0)
    p.grad = mg.ones(1)
    optimizer = optim.SGD([p], lr=lambda step: 0.5 if step == 0 else math.nan)
    optimizer.step()
    with pytest.raises(ValueError, match=r"SGD: lr\(1\): expected a finite number from 0 on, got nan"):
        optimizer.step()
    optimizer.param_groups[0]["lr"] = math.nan
    with pytest.raises(ValueError, match=r"SGD: lr: expected a finite number from 0 on, got nan"):
        optimizer.step()
    assert p.tolist() == [0.5]


P = leaf(1.0)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ([], ValueError, r"SGD: params: got no parameters; an iterator that was used before is empty"),
        (iter(()), ValueError, r"SGD: params: got no parameters"),
        (3, TypeError, r"SGD: params: expected tensors or groups, got int"),
        (nn.Linear(2, 2), TypeError, r"SGD: params: expected tensors, got Linear; pass its .parameters\(\)"),
        ([1.0], TypeError, r"SGD: params\[0\]: expected a Tensor, got float"),
        ([P, np.ones(2)], TypeError, r"SGD: params\[1\]: expected a Tensor, got ndarray"),
        (
            [P * 2],
            ValueError,
            r"SGD: params\[0\]: expected a leaf tensor, got the result of <MulBackward>; optim",
        ),
        ({"weights": [P]}, TypeError, r"SGD: params\[0\]: expected a Tensor, got str"),
        ([{"weights": [P]}], ValueError, r"SGD: parameter group: expected a \"params\" entry, got \['weights'\]"),
        ([{"params": [P]}, P], TypeError, r"SGD: parameter group: expected a dict, got Tensor"),
        ([{"params": {P}}], TypeError, r"SGD: params: expected an order that stays, got a set; pass a list"),
        ([{"params": P}, {"params": [P]}], ValueError, r"SGD: params\[0\]: this parameter is in group 0 already"),
        ([("p", P), leaf(1.0)], ValueError, r"SGD: params: expected all with a name or none, got 1 of 2 with one"),
        ([{"params": P}, {"params": [("q", leaf(1.0))]}], ValueError, r"expected all groups with names or none"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(params: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        optim.SGD(params)


def test_a_parameter_that_comes_twice_in_a_group_is_warned_of() -> None:
    p = leaf(1.0)
    with pytest.warns(UserWarning, match=r"SGD: a parameter comes more than once in a group"):
        optimizer = optim.SGD([p, p], lr=0.25)
    p.grad = mg.ones(1)
    optimizer.step()
    assert p.tolist() == [0.5]  # as in PyTorch


def test_a_closure_that_is_none() -> None:
    p = leaf(1.0)
    with pytest.raises(TypeError, match=r"SGD.step: closure: expected a function that returns the loss, got Tensor"):
        optim.SGD([p]).step((p * p).sum())  # type: ignore[arg-type]
