"""RandomSearch and RandomLocalSearch: they find what they should, and find the same however they are asked."""

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn, optim
from minigrad.nn import functional as F

BOTH = pytest.mark.parametrize("kind", [optim.RandomSearch, optim.RandomLocalSearch])
SIZE = 0.3


class Problem:
    """Rows of numbers to be classified by X @ W + b, with a penalty on W."""

    def __init__(self, kind: Any, seed: Any = 0, device: str = "cpu", dtype: str = "float64") -> None:
        rng = np.random.default_rng(1)
        self.x = mg.tensor(rng.standard_normal((30, 4)), dtype=dtype, device=device)
        self.y = (self.x[:, :3] + self.x[:, 1:]).argmax(1)
        self.w = mg.zeros(4, 3, dtype=dtype, device=device, requires_grad=True)
        self.b = mg.zeros(3, dtype=dtype, device=device, requires_grad=True)
        self.search = kind([self.w, self.b], SIZE, seed=seed)

    def scores(self, w: Any, b: Any) -> Any:
        return self.x @ w + b.unsqueeze(-2)

    def penalized(self, scores: Any, w: Any = None) -> Any:
        return F.cross_entropy(scores, self.y) + 0.01 * ((self.w if w is None else w) ** 2).sum()

    def loss(self) -> Any:
        return self.penalized(self.scores(self.w, self.b))

    def losses(self, w: Any, b: Any) -> Any:
        return mg.stack([self.penalized(s, v) for s, v in zip(self.scores(w, b), w)])

    @property
    def weights(self) -> list[float]:
        return [*self.w.flatten().tolist(), *self.b.tolist()]


def one_by_one(p: Problem, k: int) -> list[float]:
    return [p.search.step(p.loss).item() for _ in range(k)]


def in_turn(p: Problem, k: int) -> list[float]:
    return p.search.step(p.loss, candidates=k)


def batched(p: Problem, k: int) -> list[float]:
    return p.search.step(batched=p.losses, candidates=k)


def linear(p: Problem, k: int) -> list[float]:
    return p.search.step(p.penalized, linear=p.scores, candidates=k)


WAYS: list[Callable[[Problem, int], list[float]]] = [one_by_one, in_turn, batched, linear]


# --- searching -------------------------------------------------------------------------------------------------------


@BOTH
def test_a_search_keeps_the_best_weights_it_tried(kind: Any) -> None:
    p = Problem(kind)
    start, tried = p.loss().item(), []
    for n in range(1, 101):
        tried.append(p.search.step(p.loss).item())
        assert p.search.best_loss == min(tried) == p.loss().item() and p.search.attempts == n
    assert p.search.best_loss < start - 0.01


def test_a_random_search_draws_with_its_scale_and_never_tries_the_start() -> None:
    p, seen = mg.zeros(1000, requires_grad=True), []

    def loss() -> float:
        seen.append(p.detach().numpy().copy())
        return 1.0

    search = optim.RandomSearch([p], scale=0.5, seed=0)
    search.step(loss), search.step(loss)
    assert all(abs(w.std() - 0.5) < 0.05 and abs(w.mean()) < 0.05 for w in seen)
    assert not np.allclose(*seen)
    assert p.tolist() == seen[0].tolist()  # an equal loss is no better one


def test_a_local_search_tries_the_start_and_then_steps_from_the_best() -> None:
    p, seen, losses = mg.ones(1000, requires_grad=True), [], iter([3.0, 5.0, 2.0, 4.0])

    def loss() -> float:
        seen.append(p.detach().numpy().copy())
        return next(losses)

    search = optim.RandomLocalSearch([p], step_size=0.5, seed=0)
    assert [search.step(loss) for _ in range(4)] == [3.0, 5.0, 2.0, 4.0]
    assert seen[0].tolist() == [1.0] * 1000
    for here, there in ((seen[0], seen[1]), (seen[0], seen[2]), (seen[2], seen[3])):
        assert abs((there - here).std() - 0.5) < 0.05
    assert p.tolist() == seen[2].tolist() and search.best_loss == 2.0


def test_groups_have_sizes_of_their_own() -> None:
    a, b = mg.zeros(1000, requires_grad=True), mg.zeros(1000, requires_grad=True)
    search = optim.RandomSearch([{"params": a}, {"params": b, "scale": 5.0}], scale=0.1, seed=0)
    search.step(lambda: 0.0)
    assert a.std().item() == pytest.approx(0.1, rel=0.1) and b.std().item() == pytest.approx(5.0, rel=0.1)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@BOTH
def test_weights_keep_their_memory_and_dtype(kind: Any, dtype: str) -> None:
    w, number = mg.ones(3, 2, dtype=dtype, requires_grad=True), mg.tensor(1.0, dtype=dtype, requires_grad=True)
    memory = [w._array, number._array]
    search = kind([w, number], 0.1, seed=0)
    for _ in range(20):
        search.step(lambda: ((w - 3) ** 2).sum() + number**2)
    assert w._array is memory[0] and number._array is memory[1]
    assert w.dtype == number.dtype == dtype and w.requires_grad and w.is_leaf


@BOTH
def test_a_whole_module_is_searched(kind: Any) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    x = mg.randn(20, 3)
    y = x.sum(1, keepdim=True)
    search = kind(model.parameters(), 0.5, seed=0)
    before = F.mse_loss(model(x), y).item()
    for _ in range(200):
        search.step(lambda: F.mse_loss(model(x), y))
    assert F.mse_loss(model(x), y).item() == pytest.approx(search.best_loss) and search.best_loss < 0.7 * before


# --- the same, however asked -----------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("way", WAYS[1:])
def test_many_at_once_find_what_one_by_one_finds(kind: Any, way: Any) -> None:
    single, many = Problem(kind), Problem(kind)
    expected = one_by_one(single, 60)
    found = [loss for k in (1, 16, 3, 40) for loss in way(many, k)]
    assert found == pytest.approx(expected, rel=1e-12)
    assert many.weights == pytest.approx(single.weights, rel=1e-12)
    assert many.search.attempts == single.search.attempts == 60
    assert many.search.best_loss == pytest.approx(single.search.best_loss, rel=1e-12)


@given(st.integers(0, 2**63), st.lists(st.tuples(st.sampled_from(WAYS), st.integers(1, 9)), min_size=1, max_size=5))
def test_ways_may_be_mixed(seed: int, plan: list[Any]) -> None:
    for kind in (optim.RandomSearch, optim.RandomLocalSearch):
        single, mixed = Problem(kind, seed), Problem(kind, seed)
        one_by_one(single, sum(k for _, k in plan))
        for way, k in plan:
            way(mixed, k)
        assert mixed.weights == pytest.approx(single.weights, rel=1e-10)


def test_a_seed_a_generator_or_the_default_one_decide_the_draws() -> None:
    def run(seed: Any) -> list[float]:
        p = Problem(optim.RandomSearch, seed)
        one_by_one(p, 3)
        return p.weights

    assert run(7) == run(7) == run(np.int64(7)) != run(8)
    assert run(mg.Generator().manual_seed(7)) == run(mg.Generator().manual_seed(7)) != run(7)
    mg.manual_seed(5)
    first, second = run(None), run(None)
    mg.manual_seed(5)
    assert run(None) == first != second


def test_batched_losses_may_come_as_a_list() -> None:
    p = Problem(optim.RandomSearch)
    found = p.search.step(batched=lambda w, b: [x.item() for x in p.losses(w, b)], candidates=5)
    assert found == pytest.approx(one_by_one(Problem(optim.RandomSearch), 5), rel=1e-12)


def test_linear_outputs_are_those_of_the_weights_in_place() -> None:
    p, gaps = Problem(optim.RandomLocalSearch), []

    def loss(scores: Any) -> Any:
        gaps.append((scores - p.scores(p.w, p.b)).abs().max().item())
        return p.penalized(scores)

    for _ in range(3):
        p.search.step(loss, linear=p.scores, candidates=20)
    assert len(gaps) == 60 and max(gaps) < 1e-13


@BOTH
def test_parameters_and_outputs_that_are_single_numbers(kind: Any) -> None:
    def found(**way: Any) -> float:
        a, b = mg.tensor(0.0, requires_grad=True), mg.tensor(1.0, requires_grad=True)
        search = kind([a, b], 0.5, seed=0)
        for _ in range(5):
            search.step(candidates=8, **(way or {"closure": lambda: (2 * a - b - 4) ** 2}))
        assert (2 * a - b - 4).item() ** 2 == pytest.approx(search.best_loss, abs=1e-4)
        return search.best_loss

    expected = found()
    assert found(batched=lambda a, b: (2 * a - b - 4) ** 2) == pytest.approx(expected, abs=1e-5)
    assert found(closure=lambda out: (out - 4) ** 2, linear=lambda a, b: 2 * a - b) == pytest.approx(expected, abs=1e-5)


@BOTH
def test_one_product_serves_all_candidates(kind: Any) -> None:
    p, calls = Problem(kind), []

    def scores(w: Any, b: Any) -> Any:
        calls.append(len(w))
        return p.scores(w, b)

    for _ in range(3):
        p.search.step(p.penalized, linear=scores, candidates=20)
    own = 1 if kind is optim.RandomLocalSearch else 0  # the outputs of the best weights so far
    assert calls == [3, 20 + own, 20 + own, 20 + own]  # first of all f(a), f(b), f(a + b) are compared


@BOTH
def test_it_searches_on_the_gpu_as_on_the_cpu(kind: Any, cupy: Any) -> None:
    here, there = Problem(kind), Problem(kind, device="cuda")
    for way in WAYS:
        assert way(there, 5) == pytest.approx(way(here, 5), rel=1e-10)
    assert there.w.device.type == "cuda" and there.weights == pytest.approx(here.weights, rel=1e-10)


# --- saving and restoring --------------------------------------------------------------------------------------------


@BOTH
def test_a_search_resumes_exactly(kind: Any) -> None:
    through, first, second = Problem(kind, 3), Problem(kind, 3), Problem(kind, 99)
    one_by_one(through, 50)
    one_by_one(first, 20)
    second.search.load_state_dict(pickle.loads(pickle.dumps(first.search.state_dict())))
    with mg.no_grad():
        second.w.copy_(first.w), second.b.copy_(first.b)
    assert (second.search.attempts, second.search.best_loss) == (20, first.search.best_loss)
    one_by_one(second, 30)
    assert second.weights == through.weights
    assert second.search.state_dict() == through.search.state_dict()


def test_a_state_is_plain_numbers() -> None:
    p = Problem(optim.RandomSearch, 3)
    one_by_one(p, 2)
    assert p.search.state_dict() == {
        "state": {"search": {"seed": 3, "attempts": 2, "best_loss": p.search.best_loss}},
        "param_groups": [{"params": [0, 1], "scale": SIZE}],
    }


def test_another_optimizer_s_state_is_refused() -> None:
    p = Problem(optim.RandomSearch)
    with pytest.raises(ValueError, match=r"RandomSearch.load_state_dict: .*: expected scale, got another optim"):
        p.search.load_state_dict(optim.SGD([p.w, p.b]).state_dict())
    with pytest.raises(ValueError, match=r'RandomSearch.load_state_dict: expected a dict with "state" and'):
        p.search.load_state_dict([])  # type: ignore[arg-type]
