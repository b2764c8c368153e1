"""Regularizers: their values, their gradients, and proximal steps that are minimisers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn, optim
from minigrad.errors import DtypeError, ShapeError
from minigrad.nn.regularizers import L1, L2, ElasticNet, GroupLasso
from minigrad.testing import tensors

W = np.array([[3.0, -4.0, 0.0], [0.0, 0.0, 0.0], [1.0, 2.0, -2.0]])
RULES = [
    L1(0.3), L2(0.4), ElasticNet(0.2, 0.1), GroupLasso(0.5), GroupLasso(0.5, "columns"), GroupLasso(0.3, scale="sqrt"),
    L1(0.1) + L2(0.2), L2(0.2) + GroupLasso(0.3), L1(0.2) + GroupLasso(0.4), ElasticNet(0.1, 0.3) + GroupLasso(0.2),
]  # fmt: skip


def test_values_by_hand() -> None:
    w = mg.tensor(W)
    assert L1(2.0)(w).item() == 24.0
    assert L2(0.5)(w).item() == 0.5 * 34.0
    assert ElasticNet(1.0, 0.5)(w).item() == 12 + 17
    assert GroupLasso(1.0)(w).item() == 5 + 0 + 3
    assert GroupLasso(1.0, "columns")(w).item() == pytest.approx(math.sqrt(10) + math.sqrt(20) + 2)
    assert GroupLasso(1.0, scale="sqrt")(w).item() == pytest.approx(8 * math.sqrt(3))
    assert (L1(1.0) + L2(1.0) + GroupLasso(1.0))(w).item() == pytest.approx(12 + 34 + 8)


def test_groups_of_a_convolution() -> None:
    w = mg.tensor(np.arange(1.0, 25.0).reshape(2, 3, 2, 2))
    a = w.numpy()
    norms = {
        "filters": [np.linalg.norm(a[i]) for i in range(2)],
        "channels": [np.linalg.norm(a[:, c]) for c in range(3)],
        "columns": [np.linalg.norm(a.reshape(2, 12)[:, j]) for j in range(12)],
    }
    for groups, expected in norms.items():
        assert np.allclose(GroupLasso(1.0, groups).norms(w).numpy(), expected)


def test_gradients_and_zero_groups() -> None:
    w = mg.tensor(W, requires_grad=True)
    GroupLasso(1.0)(w).backward()
    assert np.allclose(w.grad.numpy(), [[0.6, -0.8, 0], [0, 0, 0], [1 / 3, 2 / 3, -2 / 3]])
    w.grad = None
    (L1(1.0) + L2(0.5))(w).backward()
    assert np.allclose(w.grad.numpy(), np.sign(W) + W)


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_second_order_against_differences(rule: nn.regularizers.Regularizer) -> None:
    x = np.random.default_rng(1).standard_normal((3, 4)) + 3
    v = np.random.default_rng(2).standard_normal((3, 4))

    def slope(a: np.ndarray) -> np.ndarray:
        t = mg.tensor(a, requires_grad=True)
        (g,) = mg.autograd.grad(rule(t), t)
        return g.numpy()

    t = mg.tensor(x, requires_grad=True)
    (g,) = mg.autograd.grad(rule(t), t, create_graph=True)
    product = mg.zeros(3, 4) if not g.requires_grad else mg.autograd.grad((g * mg.tensor(v)).sum(), t)[0]
    assert np.allclose(product.numpy(), (slope(x + 1e-6 * v) - slope(x - 1e-6 * v)) / 2e-6, atol=1e-6)


@pytest.mark.parametrize("rule", RULES, ids=repr)
@given(tensors((3, 2), low=-2, high=2), st.floats(0, 3), st.integers(0, 2**32 - 1))
def test_a_proximal_step_is_the_minimiser(rule, v: mg.Tensor, step: float, seed: int) -> None:
    def objective(x: np.ndarray) -> float:
        return 0.5 * float(((x - v.numpy()) ** 2).sum()) + step * rule(mg.tensor(x)).item()

    x = v.clone()
    rule.prox_(x, step)
    best, rng = objective(x.numpy()), np.random.default_rng(seed)
    for scale in (1e-4, 1e-2, 1.0):
        for _ in range(5):
            assert objective(x.numpy() + scale * rng.standard_normal((3, 2))) >= best - 1e-12
    assert objective(v.numpy()) >= best - 1e-12 and objective(np.zeros((3, 2))) >= best - 1e-12


def test_proximal_steps_make_exact_zeros() -> None:
    w = mg.tensor([[0.3, -0.05], [3.0, 4.0]])
    L1(0.1).prox_(w, 1.0)
    assert np.allclose(w.numpy(), [[0.2, 0.0], [2.9, 3.9]]) and w[0, 1].item() == 0.0
    w = mg.tensor([[0.3, -0.4], [3.0, 4.0]])
    GroupLasso(1.0).prox_(w, 1.0)
    assert w.tolist()[0] == [0.0, 0.0] and np.allclose(w.numpy()[1], [2.4, 3.2])


def test_a_module_gives_its_weights_and_names_choose() -> None:
    m = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    weights = [(p.detach() ** 2).sum().item() for p in (m[0].weight, m[2].weight)]
    biases = sum((p.detach() ** 2).sum().item() for p in (m[0].bias, m[2].bias))
    assert L2(1.0)(m).item() == pytest.approx(sum(weights), rel=1e-6)
    assert L2(1.0, parameters="2.*weight")(m).item() == pytest.approx(weights[1], rel=1e-6)
    assert L2(1.0, parameters=["0.weight", "2.weight"])(m).item() == pytest.approx(sum(weights), rel=1e-6)
    assert L2(1.0, parameters=lambda name, p: p.ndim == 1)(m).item() == pytest.approx(biases, rel=1e-6)
    assert L2(1.0)(m[0]).item() == pytest.approx(weights[0], rel=1e-6)
    assert L2(1.0)(m.parameters()).item() == pytest.approx(sum(weights) + biases, rel=1e-6)
    L1(1e9).prox_(m, 1.0)
    assert (m[0].weight == 0).all() and not (m[0].bias == 0).all()


def test_l2_equals_twice_the_weight_decay() -> None:
    ends = []
    for strength, decay in ((0.05, 0.0), (0.0, 0.1)):
        w = mg.tensor(W, requires_grad=True)
        opt = optim.SGD([w], lr=0.1, momentum=0.9, weight_decay=decay)
        for _ in range(20):
            opt.zero_grad()
            ((w * mg.tensor(W.T.copy())).sum() + L2(strength)(w)).backward()
            opt.step()
        ends.append(w.detach().numpy())
    assert np.allclose(*ends, rtol=1e-12)


def test_proximal_gradient_finds_a_sparse_solution() -> None:
    rng = np.random.default_rng(0)
    x, true = rng.standard_normal((60, 8)), np.array([2.0, 0, 0, -3.0, 0, 0, 0, 0])
    a, y = mg.tensor(x), mg.tensor(x @ true)
    w = mg.zeros(8, dtype=mg.float64, requires_grad=True)
    opt, rule = optim.SGD([w], lr=0.1), L1(0.1)
    for _ in range(300):
        opt.zero_grad()
        (((a @ w - y) ** 2).mean() / 2).backward()
        opt.step()
        rule.prox_(w, 0.1)
    assert (w.detach().numpy() != 0).tolist() == (true != 0).tolist()


def test_bad_input_is_refused_in_words() -> None:
    for bad in (-1, float("nan"), float("inf"), "1"):
        with pytest.raises(ValueError, match="L1: strength: expected a finite number of 0 or more, got"):
            L1(bad)
    with pytest.raises(ValueError, match="GroupLasso: groups: expected rows, columns, filters, channels or a function"):
        GroupLasso(1.0, "diagonals")
    with pytest.raises(ValueError, match='GroupLasso: scale: expected None or "sqrt"'):
        GroupLasso(1.0, scale="size")
    with pytest.raises(ShapeError, match=r"GroupLasso: rows need at least 2 dimensions, got float32\[3\]"):
        GroupLasso(1.0)(mg.ones(3))
    with pytest.raises(ShapeError, match=r"GroupLasso: filters need at least 3 dimensions"):
        GroupLasso(1.0, "filters")(mg.ones(3, 3))
    with pytest.raises(DtypeError, match=r"L1\(1.0\): expected floating parameters, got int64\[2\]"):
        L1(1.0)(mg.tensor([1, 2]))
    with pytest.raises(ValueError, match=r"no parameter was chosen of weight, bias; parameters='x'"):
        L1(1.0, parameters="x")(nn.Linear(2, 2))
    with pytest.raises(ValueError, match="prox_: step: expected a finite number of 0 or more, got -1"):
        L1(1.0).prox_(mg.ones(2), -1)
    with pytest.raises(NotImplementedError, match="has no closed form"):
        (GroupLasso(1.0) + GroupLasso(1.0, "columns")).prox_(mg.ones(2, 2), 1.0)
    overlapping = GroupLasso(1.0, lambda w: mg.stack([w[0], w[0]]))
    with pytest.raises(NotImplementedError, match="overlapping groups have no closed form"):
        overlapping.prox_(mg.ones(2, 2), 1.0)
    with pytest.raises(ValueError, match="expected groups to give a view of the parameter, got a copy"):
        GroupLasso(1.0, lambda w: w * 1).prox_(mg.ones(2, 2), 1.0)
    with pytest.raises(TypeError, match="regularizer: parameter 0: expected a Tensor, got float"):
        L1(1.0)([1.0])
