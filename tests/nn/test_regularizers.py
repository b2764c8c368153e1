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
def test_gradients_against_differences(rule: nn.regularizers.Regularizer) -> None:
    x, h = np.random.default_rng(3).standard_normal((3, 4)) + 3, 1e-6
    t = mg.tensor(x, requires_grad=True)
    rule(t).backward()
    for place in np.ndindex(3, 4):
        e = np.zeros((3, 4))
        e[place] = h
        slope = (rule(mg.tensor(x + e)).item() - rule(mg.tensor(x - e)).item()) / (2 * h)
        assert t.grad.numpy()[place] == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("groups, inside", [("filters", (1, 2, 3)), ("channels", (0, 2, 3)), ("columns", (0,))])
def test_groups_against_pytorch(groups: str, inside: tuple[int, ...]) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    w = np.random.default_rng(4).standard_normal((3, 2, 2, 2))
    ours, theirs = mg.tensor(w, requires_grad=True), torch.tensor(w, requires_grad=True)
    GroupLasso(0.3, groups)(ours).backward()
    (0.3 * torch.linalg.vector_norm(theirs, dim=inside).sum()).backward()
    assert np.allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-12)


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


@pytest.mark.parametrize("rule", RULES, ids=repr)
@pytest.mark.parametrize("v", [(1.0, -0.4), (0.1, 0.05), (-2.0, 0.0)])
def test_a_proximal_step_is_the_best_of_a_fine_grid(rule, v: tuple[float, float]) -> None:
    axis = np.linspace(-2, 2, 401)
    grid = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 1, 2)
    lasso = [part for part in rule.parts() if isinstance(part, GroupLasso)]
    penalty = sum(part.l1 * np.abs(grid).sum((1, 2)) + part.l2 * (grid**2).sum((1, 2)) for part in rule.parts())
    for part in lasso:  # one row of two: the row is one group of size 2, each column a group of size 1
        norms = np.sqrt((grid**2).sum((1, 2))) if part.groups == "rows" else np.abs(grid).sum((1, 2))
        penalty = penalty + part.strength * (math.sqrt(2) if part.scale else 1) * norms
    best = grid[np.argmin(0.5 * ((grid - np.array(v)) ** 2).sum((1, 2)) + 0.8 * penalty)]
    x = mg.tensor([v], dtype=mg.float64)
    rule.prox_(x, 0.8)
    assert np.abs(x.numpy() - best).max() <= 0.0101


@given(tensors((3, 2, 2, 2), low=-2, high=2), st.sampled_from(["rows", "columns", "filters", "channels"]))
def test_a_proximal_step_shrinks_each_group_along_itself(v: mg.Tensor, groups: str) -> None:
    rule, x = GroupLasso(0.7, groups), v.clone()
    rule.prox_(x, 1.5)
    before, after = rule.norms(v).numpy(), rule.norms(x).numpy()
    assert np.allclose(after, np.maximum(before - 1.05, 0), atol=1e-12)
    assert ((x.numpy() * v.numpy() >= 0) & (np.abs(x.numpy()) <= np.abs(v.numpy()))).all()


@given(tensors((2, 3), low=-2, high=2), tensors((2, 3), low=-2, high=2), st.sampled_from(RULES))
def test_proximal_steps_bring_points_no_further_apart(a: mg.Tensor, b: mg.Tensor, rule) -> None:
    apart = np.linalg.norm(a.numpy() - b.numpy())
    x, y, still = a.clone(), b.clone(), a.clone()
    rule.prox_(x, 0.9)
    rule.prox_(y, 0.9)
    rule.prox_(still, 0)
    assert np.linalg.norm(x.numpy() - y.numpy()) <= apart + 1e-12 and (still == a).all()


def test_proximal_steps_make_exact_zeros() -> None:
    w = mg.tensor([[0.3, -0.05], [3.0, 4.0]])
    L1(0.1).prox_(w, 1.0)
    assert np.allclose(w.numpy(), [[0.2, 0.0], [2.9, 3.9]]) and w[0, 1].item() == 0.0
    w = mg.tensor([[0.3, -0.4], [3.0, 4.0]])
    GroupLasso(1.0).prox_(w, 1.0)
    assert w.tolist()[0] == [0.0, 0.0] and np.allclose(w.numpy()[1], [2.4, 3.2])


@pytest.mark.parametrize("each", [False, True])
def test_a_group_too_small_to_have_a_norm_becomes_zero(each: bool) -> None:
    """1e-30 squared is 0 in float32; an optimizer's fading momentum leaves such weights."""
    w = mg.tensor([[1e-30, -1e-25], [3.0, 4.0], [1e-45, 0.0]])
    GroupLasso(0.5).prox_(w, mg.ones(3, 2) if each else 1.0)
    assert w.tolist()[0] == w.tolist()[2] == [0, 0] and w.tolist()[1] == pytest.approx([2.7, 3.6])
    still = mg.tensor([[1e-30, -1e-25]])
    GroupLasso(0.0).prox_(still, mg.ones(1, 2) if each else 1.0)
    assert still.all()


def test_lassos_over_the_same_groups_are_one() -> None:
    x, y = mg.tensor(W), mg.tensor(W)
    (GroupLasso(0.3) + GroupLasso(0.2) + GroupLasso(0.1, scale="sqrt")).prox_(x, 2.0)
    GroupLasso(0.5 + 0.1 * math.sqrt(3)).prox_(y, 2.0)
    assert np.allclose(x.numpy(), y.numpy(), rtol=1e-12)


@pytest.mark.parametrize("groups", ["rows", "columns", "filters", "channels"])
def test_a_proximal_step_of_a_weight_that_is_not_contiguous(groups: str) -> None:
    w = np.random.default_rng(5).standard_normal((3, 4, 2, 2))
    x, y = mg.tensor(w), mg.tensor(w.transpose(1, 0, 3, 2).copy()).permute(1, 0, 3, 2)
    for t in (x, y):
        GroupLasso(0.6, groups).prox_(t, 1.0)
    assert not y.is_contiguous() and (x == y).all()


def test_groups_of_a_function() -> None:
    halves = GroupLasso(1.0, lambda w: w.view(2, -1))
    w = mg.tensor([3.0, 4.0, 0.3, 0.4])
    assert halves(w).item() == pytest.approx(5.5) and halves.norms(w).tolist() == pytest.approx([5.0, 0.5])
    halves.prox_(w, 1.0)
    assert w.tolist() == pytest.approx([2.4, 3.2, 0.0, 0.0])


def test_filters_of_a_module_are_those_of_its_convolutions() -> None:
    m = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    m.kernel = nn.Parameter(mg.ones(2, 1, 2, 2))
    assert GroupLasso(1.0, "filters")(m).item() == 4.0
    with pytest.raises(ShapeError, match=r"GroupLasso: filters need at least 3 dimensions, got float32\[3, 2\]"):
        GroupLasso(1.0, "filters", parameters="*weight")(m)
    with pytest.raises(ValueError, match="no parameter was selected from weight, bias; .* with 3 or more dimensions"):
        GroupLasso(1.0, "channels")(nn.Linear(2, 3))


def test_an_error_leaves_every_parameter_as_it_was() -> None:
    m = nn.Linear(2, 3)
    before = {k: v.clone() for k, v in m.state_dict().items()}
    with pytest.raises(ShapeError, match="rows need at least 2 dimensions"):
        (L2(1.0) + GroupLasso(1.0, parameters="*")).prox_(m, 1.0)
    with pytest.raises(ValueError, match="expected groups to give a view"):
        (L1(1.0) + GroupLasso(1.0, lambda w: w * 1)).prox_(m, 1.0)
    assert all((v == before[k]).all() for k, v in m.state_dict().items())


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
    with pytest.raises(ValueError, match="GroupLasso: groups: expected rows, columns, .* layer or a function"):
        GroupLasso(1.0, "diagonals")
    with pytest.raises(ValueError, match='GroupLasso: scale: expected None or "sqrt"'):
        GroupLasso(1.0, scale="size")
    with pytest.raises(ShapeError, match=r"GroupLasso: rows need at least 2 dimensions, got float32\[3\]"):
        GroupLasso(1.0)(mg.ones(3))
    with pytest.raises(ShapeError, match=r"GroupLasso: filters need at least 3 dimensions"):
        GroupLasso(1.0, "filters")(mg.ones(3, 3))
    with pytest.raises(DtypeError, match=r"L1\(1.0\): expected floating parameters, got int64\[2\]"):
        L1(1.0)(mg.tensor([1, 2]))
    with pytest.raises(ValueError, match=r"no parameter was selected from weight, bias; parameters='x'"):
        L1(1.0, parameters="x")(nn.Linear(2, 2))
    with pytest.raises(ValueError, match="prox_: step: expected a finite number .* got -1"):
        L1(1.0).prox_(mg.ones(2), -1)
    with pytest.raises(NotImplementedError, match="has no closed form"):
        (GroupLasso(1.0) + GroupLasso(1.0, "columns")).prox_(mg.ones(2, 2), 1.0)
    overlapping = GroupLasso(1.0, lambda w: mg.stack([w[0], w[0]]))
    with pytest.raises(NotImplementedError, match="overlapping groups have no closed form"):
        overlapping.prox_(mg.ones(2, 2), 1.0)
    with pytest.raises(ValueError, match="expected groups to give a view of the parameter, got a copy"):
        GroupLasso(1.0, lambda w: w * 1).prox_(mg.ones(2, 2), 1.0)
    with pytest.raises(ValueError, match="prox_: step: expected a finite number .* got 'big'"):
        L1(1.0).prox_(mg.ones(2), "big")
    with pytest.raises(ShapeError, match="expected a tensor with the groups along dimension 0, got float32"):
        GroupLasso(1.0, lambda w: w.sum())(mg.ones(2))
    with pytest.raises(NotImplementedError, match="Own.*: no proximal step is known; use the penalty's gradient"):
        type("Own", (nn.regularizers.Regularizer,), {})().prox_(mg.ones(2), 1.0)
    with pytest.raises(TypeError, match="regularizer: expected a Tensor, several, or a Module, got int"):
        L1(1.0)(3)
    with pytest.raises(TypeError, match="regularizer: parameter 0: expected a Tensor, got float"):
        L1(1.0)([1.0])


def test_a_layer_is_one_group() -> None:
    w = mg.tensor([[3.0, 0.0], [0.0, 4.0]])
    rule = GroupLasso(1.0, "layer")
    assert rule(w).item() == 5 and rule.norms(w).tolist() == [5]
    rule.prox_(w, 2.5)
    assert w.tolist() == [[1.5, 0], [0, 2]]
    rule.prox_(w, 5.0)
    assert not w.any()
