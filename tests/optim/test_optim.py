"""What all optimizers have in common: parameters and groups, closures, state, and what they refuse."""

import copy
import math
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim


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


def quadratic(params: Any, targets: Any) -> Any:
    return sum(((p - t) ** 2).sum() * (i + 1) for i, (p, t) in enumerate(zip(params, targets)))


# --- stepping --------------------------------------------------------------------------------------------------------


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
        ({"nesterov": True}, ValueError, r"SGD: nesterov: expected a momentum above 0 and no dampening"),
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
        ([P * 2], ValueError, r"SGD: params\[0\]: expected a leaf tensor, got the result of <MulBackward>; optim"),
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
