"""Proximal steps round an optimizer: the minimiser, by an independent search; exact zeros; and refusals."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.nn.regularizers import L1, L2, ElasticNet, GroupLasso

RNG = np.random.default_rng(0)
KINDS = {
    "L1": L1(0.3), "L2": L2(0.4), "elastic": ElasticNet(0.2, 0.3), "rows": GroupLasso(0.5),
    "columns": GroupLasso(0.5, "columns"), "layer": GroupLasso(1.5, "layer"),
    "all": L1(0.1) + L2(0.2) + GroupLasso(0.4),
}  # fmt: skip


def objective(x: Any, v: Any, s: Any, R: Any) -> float:
    return float(((x - v) ** 2 / (2 * s)).sum()) + R(mg.tensor(x)).item()


@pytest.mark.parametrize("R", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("each", [False, True], ids=["one step", "a step for each element"])
def test_it_is_the_minimiser(R: Any, each: bool) -> None:
    for _ in range(20):
        v = RNG.normal(size=(3, 4)) * RNG.choice([0.1, 1.0, 3.0], (3, 1))
        s = RNG.uniform(0.01, 2, (3, 4)) if each else np.full((3, 4), RNG.uniform(0.01, 2))
        x = mg.tensor(v)
        R.prox_(x, mg.tensor(s) if each else float(s[0, 0]))
        found = x.numpy()
        best = objective(found, v, s, R)
        for size in (1e-1, 1e-3, 1e-5):
            for _ in range(40):  # convex: no neighbour is better
                move = RNG.normal(size=(3, 4)) * size
                assert objective(found + move, v, s, R) >= best - 1e-9
                assert objective(found + move * (found != 0), v, s, R) >= best - 1e-9


def test_equal_steps_are_one_step() -> None:
    for R in KINDS.values():
        v = RNG.normal(size=(3, 4))
        a, b = mg.tensor(v), mg.tensor(v)
        R.prox_(a, 0.7)
        R.prox_(b, mg.full((3, 4), 0.7, dtype=mg.float64))
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("make", [
    lambda ps: optim.SGD(ps, lr=0.05), lambda ps: optim.SGD(ps, lr=0.02, momentum=0.9, nesterov=True),
    lambda ps: optim.Adam(ps, lr=0.02), lambda ps: optim.Adam(ps, lr=0.02, amsgrad=True),
    lambda ps: optim.AdamW(ps, lr=0.02, weight_decay=0.0), lambda ps: optim.Adagrad(ps, lr=0.2),
    lambda ps: optim.RMSprop(ps, lr=0.01), lambda ps: optim.RMSprop(ps, lr=2e-3, momentum=0.8, centered=True),
    lambda ps: optim.Adamax(ps, lr=0.05), lambda ps: optim.NAdam(ps, lr=0.02), lambda ps: optim.RAdam(ps, lr=0.05),
])  # fmt: skip
def test_training_finds_the_lasso_s_zeros(make: Any) -> None:
    """Of six inputs two matter; with L1 the others' weights become exactly zero, whatever the optimizer."""
    mg.manual_seed(0)
    x = mg.randn(200, 6)
    y = x @ mg.tensor([[2.0], [-3.0], [0.0], [0.0], [0.0], [0.0]]) + 0.1 * mg.randn(200, 1)
    model = nn.Linear(6, 1)
    optimizer = optim.Proximal(make(model.parameters()), L1(0.3), model)
    for _ in range(400):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    w = model.weight.tolist()[0]
    assert w[2:] == [0, 0, 0, 0] and 1.5 < w[0] < 2 and -3 < w[1] < -2.5
    assert model.bias.item() != 0  # only the weights are regularized


@pytest.mark.parametrize("make", [
    lambda ps: optim.SGD(ps, lr=0.1), lambda ps: optim.SGD(ps, lr=0.02, momentum=0.9),
    lambda ps: optim.SGD(ps, lr=0.02, momentum=0.8, nesterov=True), lambda ps: optim.Adagrad(ps, lr=0.3),
    lambda ps: optim.SGD(ps, lr=0.05, momentum=0.5, dampening=0.3),
    lambda ps: optim.Adam(ps, lr=lambda step: 0.1 / (1 + step / 50)),
    lambda ps: optim.RMSprop(ps, lr=lambda step: 0.02 / (1 + step / 50), momentum=0.8),
    lambda ps: optim.Adamax(ps, lr=lambda step: 0.1 / (1 + step / 50)),
    lambda ps: optim.NAdam(ps, lr=lambda step: 0.1 / (1 + step / 50)),
    lambda ps: optim.RAdam(ps, lr=lambda step: 0.1 / (1 + step / 50)),
])  # fmt: skip
def test_it_comes_to_rest_where_loss_and_penalty_are_least(make: Any) -> None:
    """There every gradient is -strength * sign(w), or within the strength where w is zero."""
    x = mg.tensor(RNG.normal(size=(50, 5)))
    y = x @ mg.tensor([1.0, -2.0, 0.5, 0.0, 0.1], dtype=mg.float64)
    w = mg.ones(5, dtype=mg.float64, requires_grad=True)
    optimizer = optim.Proximal(make([w]), L1(0.3))
    for _ in range(3000):
        optimizer.zero_grad()
        (((x @ w - y) ** 2).mean() / 2).backward()
        optimizer.step()
    g, found = w.grad.numpy(), w.detach().numpy()
    np.testing.assert_allclose(g[found != 0], -0.3 * np.sign(found[found != 0]), atol=2e-3)
    assert (abs(g[found == 0]) <= 0.3 + 2e-3).all() and 1 <= (found == 0).sum() <= 3


def test_whole_rows_vanish_under_adam() -> None:
    mg.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 1))
    x = mg.randn(100, 5)
    y = x[:, :1]
    optimizer = optim.Proximal(optim.Adam(model.parameters(), lr=0.01), GroupLasso(0.02), model)
    for _ in range(300):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    norms = GroupLasso(1.0).norms(model[0].weight.detach()).numpy()
    assert (norms == 0).sum() >= 2 and (norms > 0).any()


def test_the_rest_is_the_optimizer_s() -> None:
    w = mg.ones(2, requires_grad=True)
    optimizer = optim.Proximal(optim.SGD([w], lr=lambda step: 0.5 / (step + 1)), L1(1.0))
    calls = []

    def closure() -> Any:
        calls.append(1)
        optimizer.zero_grad()
        loss = (w * w).sum() / 2
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 1 and len(calls) == 1
    assert w.tolist() == [0, 0]  # 1 - 0.5 * 1, then 0.5 less
    assert optimizer.param_groups[0]["steps"] == 1 and "Proximal(SGD" in repr(optimizer)
    frozen = mg.ones(2, requires_grad=True)
    idle = optim.Proximal(optim.SGD([frozen], lr=0.5), L1(1.0))
    idle.step()
    assert frozen.tolist() == [1, 1]  # no gradient, no step of either kind


def test_refusals_in_words() -> None:
    w = mg.ones(3, 3, requires_grad=True)
    with pytest.raises(NotImplementedError, match="Proximal: LBFGS moves by no step size for each element"):
        optim.Proximal(optim.LBFGS([w]), L1(1.0))
    with pytest.raises(NotImplementedError, match="overlapping groups have no closed form"):
        optim.Proximal(optim.SGD([w], lr=1.0), GroupLasso(1.0, lambda t: t.as_strided((2, 2), (1, 1))))
    both = [GroupLasso(1.0), GroupLasso(1.0, "columns")]
    with pytest.raises(NotImplementedError, match=r"no closed form; .* or optim.Proximal\(optimizer, \[one, other\]\)"):
        optim.Proximal(optim.SGD([w], lr=1.0), both[0] + both[1])
    for kind in (optim.Adadelta, optim.Rprop, optim.ASGD, optim.Muon):
        with pytest.raises(NotImplementedError, match=f"Proximal: {kind.__name__} moves by no step size"):
            optim.Proximal(kind([w]), L1(1.0))
    with pytest.raises(ValueError, match="expected a parameter of the optimizer's among those it chooses"):
        optim.Proximal(optim.SGD([w], lr=1.0), L1(1.0), nn.Linear(2, 2))
    assert (w == 1).all()
    with pytest.raises(TypeError, match="Proximal: regularizer: expected a Regularizer or a list, got float"):
        optim.Proximal(optim.SGD([w], lr=1.0), 0.5)
    with pytest.raises(ValueError, match="prox_: step: expected a finite number of 0 or more, or one for each element"):
        L1(1.0).prox_(w, mg.ones(2))
    with pytest.raises(ValueError, match="prox_: step: expected one for each of 1 parameters, got 2"):
        L1(1.0).prox_(w, [1.0, 2.0])


def test_a_step_size_is_asked_for_once_a_step() -> None:
    w, asked = mg.ones(2, requires_grad=True), []
    optimizer = optim.Proximal(optim.SGD([w], lr=lambda step: asked.append(step) or 0.1), L1(0.1))
    for _ in range(3):
        optimizer.zero_grad()
        w.sum().backward()
        optimizer.step()
    assert asked == [0, 1, 2]


def test_a_list_takes_turns_and_leaves_zero_what_either_made_so() -> None:
    """Rows and columns overlap. Where their turns come to rest is off from the sum's minimum by the order of lr."""
    small = np.array([0.05, 0.05, 1, 1, 1, 1, 1])
    target = mg.tensor(np.random.default_rng(0).normal(size=(6, 7)) * small * small[:6, None])
    turns = [GroupLasso(0.3), GroupLasso(0.4, "columns")]
    rest = []
    for lr in (0.4, 0.04, 0.004):
        w = mg.zeros(6, 7, dtype=mg.float64, requires_grad=True)
        optimizer = optim.Proximal(optim.SGD([w], lr=lr), turns)
        for _ in range(int(8 / lr)):
            optimizer.zero_grad()
            (((w - target) ** 2).sum() / 2).backward()
            optimizer.step()
        found = w.detach().numpy()
        rows, columns = found.any(1), found.any(0)
        assert not rows.all() and not columns.all() and ((found != 0) == np.outer(rows, columns)).all()
        rest.append(found)
    far, near = (np.linalg.norm(found - rest[-1]) for found in rest[:2])
    assert 0 < near < 0.15 * far

    live = mg.tensor(rest[-1], requires_grad=True)
    (((live - target) ** 2).sum() / 2 + turns[0](live) + turns[1](live)).backward()
    assert abs(live.grad.numpy()[rest[-1] != 0]).max() < 0.01  # the sum's own condition


def test_of_a_sum_each_part_keeps_to_what_it_chooses() -> None:
    model = nn.Linear(3, 3)
    with mg.no_grad():
        model.bias.fill_(0.5)
    optimizer = optim.Proximal(optim.SGD(model.parameters(), lr=0.1), L1(1e3) + L2(1.0, parameters="bias"), model)
    (model.weight.sum() + 0 * model.bias.sum()).backward()
    optimizer.step()
    assert not model.weight.any() and model.bias.tolist() == pytest.approx([0.5 / 1.2] * 3)


def test_only_what_has_a_gradient_moves() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    before = model[1].weight.clone()
    optimizer = optim.Proximal(optim.Adam(model.parameters(), lr=0.1), L1(1e3), model)
    model[0](mg.ones(1, 2)).sum().backward()
    optimizer.step()
    assert not model[0].weight.any() and (model[1].weight == before).all()


def test_depth_a_branch_dies_whole_and_the_shortcut_goes_on() -> None:
    """y = x + 0.01 B(x): of two residual branches one has nothing to do; as one group each, it vanishes."""
    mg.manual_seed(0)
    branches = nn.ModuleList([nn.Conv2d(2, 2, 3, padding=1, bias=False) for _ in range(2)])
    x = mg.randn(32, 2, 6, 6)
    wanted = x + nn.functional.conv2d(x, mg.randn(2, 2, 3, 3), padding=1)
    sgd = optim.SGD(branches.parameters(), lr=0.02, momentum=0.9)
    optimizer = optim.Proximal(sgd, GroupLasso(0.1, "layer"), branches)

    def forward(x: Any, held: float = 1.0) -> Any:
        return x + branches[0](x) + held * branches[1](x.abs())

    for _ in range(200):
        optimizer.zero_grad()
        nn.functional.mse_loss(forward(x), wanted).backward()
        optimizer.step()
    assert branches[0].weight.all() and not branches[1].weight.any()
    assert (forward(x) - wanted).abs().mean().item() < 0.3 and (forward(x) == forward(x, held=0.0)).all()
