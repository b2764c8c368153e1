"""The searches where something is amiss: closures that do more than they should, or fail, and calls without sense."""

import math
from typing import Any

import pytest

import minigrad as mg
from minigrad import optim
from tests.optim.test_optim_search import BOTH, Problem, one_by_one

# --- closures that do more, or fail ----------------------------------------------------------------------------------


@BOTH
def test_a_closure_may_call_backward_and_gradients_stay_as_they_were(kind: Any) -> None:
    plain, p = Problem(kind), Problem(kind)
    mine = p.w.grad = mg.ones_like(p.w)

    def loss() -> Any:
        found = p.loss()
        found.backward()
        assert p.b.grad is not None
        return found

    with mg.no_grad():
        assert [p.search.step(loss).item() for _ in range(10)] == one_by_one(plain, 10)
    assert p.w.grad is mine and mine.tolist() == mg.ones(4, 3).tolist() and p.b.grad is None


@BOTH
def test_nan_is_never_the_best(kind: Any) -> None:
    p = mg.tensor([1.0, 2.0], requires_grad=True)
    search = kind([p], 0.1, seed=0)
    assert math.isnan(search.step(lambda: math.nan))
    assert all(math.isnan(loss) for loss in search.step(batched=lambda q: mg.full((3,), math.nan), candidates=3))
    assert search.best_loss == math.inf and search.attempts == 4 and p.tolist() == [1.0, 2.0]
    search.step(lambda: (p * p).sum())
    best = p.tolist()
    search.step(lambda: mg.tensor(math.nan))
    assert p.tolist() == best and search.best_loss == pytest.approx(sum(x * x for x in best))


@BOTH
@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_where_a_closure_raises_the_best_weights_and_the_gradients_come_back(kind: Any, error: Any) -> None:
    p, calm = Problem(kind), Problem(kind)
    one_by_one(p, 10), one_by_one(calm, 10)
    mine, calls = mg.ones_like(p.w), iter(range(100))
    p.w.grad = mine

    def loss() -> Any:
        found = p.loss()
        found.backward()
        if next(calls) == 4:
            raise error
        return found

    with pytest.raises(error):
        p.search.step(loss, candidates=20)
    one_by_one(calm, 4)
    assert p.weights == calm.weights and p.loss().item() == p.search.best_loss and p.search.attempts == 14
    assert p.w.grad is mine and mine.tolist() == mg.ones(4, 3).tolist()
    assert one_by_one(p, 5) == one_by_one(calm, 5)  # the attempt that failed is made again


@BOTH
def test_weights_changed_under_a_graph_are_found(kind: Any) -> None:
    p = Problem(kind)
    loss = p.loss()
    p.search.step(p.loss)
    with pytest.raises(mg.GraphError, match=rf"was changed in place by `{kind.__name__}.step`"):
        loss.backward()


# --- what is refused -------------------------------------------------------------------------------------------------


def test_a_call_without_what_it_needs_is_refused() -> None:
    p = Problem(optim.RandomSearch)
    refused: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({}, TypeError, r"RandomSearch.step: expected a closure that returns the loss \(or batched=\), got none"),
        ({"closure": 3.0}, TypeError, r"step: closure: expected a function that returns the loss, got float"),
        ({"closure": p.loss, "batched": p.losses}, TypeError, r"batched: it gives the losses by itself; leave out"),
        ({"batched": p.losses}, TypeError, r"candidates: say how many to evaluate at once, such as candidates=16"),
        ({"closure": p.loss, "candidates": 0}, ValueError, r"candidates: expected an integer from 1 on, got 0"),
        ({"closure": p.loss, "candidates": 1.5}, ValueError, r"candidates: expected an integer from 1 on, got 1.5"),
    ]
    for arguments, error, message in refused:
        with pytest.raises(error, match=message):
            p.search.step(**arguments)
    assert p.search.attempts == 0 and p.weights == [0.0] * 15


@pytest.mark.parametrize(
    ("result", "error", "message"),
    [
        (None, TypeError, r"RandomSearch.step: closure: expected the loss, a number or a tensor of one, got None"),
        (mg.ones(3), mg.ShapeError, r"a number or a tensor of one, got float32\[3\]; reduce it by .mean\(\) or"),
    ],
)
def test_a_closure_that_gives_no_loss_is_refused(result: Any, error: type[Exception], message: str) -> None:
    p = Problem(optim.RandomSearch)
    with pytest.raises(error, match=message):
        p.search.step(lambda: result)
    assert p.search.attempts == 0 and p.weights == [0.0] * 15


@pytest.mark.parametrize(
    ("result", "error", "message"),
    [
        (mg.ones(2), mg.ShapeError, r"step: batched: expected 3 losses, one for each candidate, got float32\[2\]"),
        (mg.ones(()), mg.ShapeError, r"step: batched: expected 3 losses, one for each candidate, got float32\[\]"),
        ([1.0], mg.ShapeError, r"step: batched: expected 3 losses, one for each candidate, got list of 1"),
        (None, mg.ShapeError, r"step: batched: expected 3 losses, one for each candidate, got None"),
        (mg.ones(3, 2), mg.ShapeError, r"step: batched: expected the loss, a number or a tensor of one, got"),
    ],
)
def test_batched_results_that_are_no_losses_are_refused(result: Any, error: type[Exception], message: str) -> None:
    p = Problem(optim.RandomSearch)
    with pytest.raises(error, match=message):
        p.search.step(batched=lambda w, b: result, candidates=3)
    assert p.search.attempts == 0 and p.weights == [0.0] * 15


@BOTH
def test_a_model_that_is_not_linear_is_found_out(kind: Any) -> None:
    p = Problem(kind)
    for outputs, error, message in (
        (lambda w, b: p.x @ w[0], mg.ShapeError, r"linear: expected outputs with a leading axis of 3, got float64"),
        (lambda w, b: p.scores(w, b).tanh(), ValueError, r"linear: expected outputs linear in the parameters, f\(a"),
        (lambda w, b: p.scores(w, b) + 1, ValueError, r"Add a constant in the closure; for a model that is not linear"),
    ):
        with pytest.raises(error, match=message):
            p.search.step(p.penalized, linear=outputs, candidates=4)
    assert p.search.attempts == 0 and p.weights == [0.0] * 15


@BOTH
def test_settings_that_make_no_sense_are_refused(kind: Any) -> None:
    p, name = mg.ones(2, requires_grad=True), kind._size
    for size in (math.nan, -1.0):
        with pytest.raises(ValueError, match=rf"{kind.__name__}: {name}: expected a finite number from 0 on, got"):
            kind([p], size)
    for seed in ("1", 1.5, True):
        with pytest.raises(TypeError, match=rf"{kind.__name__}: seed: expected an integer, a Generator or None, got"):
            kind([p], seed=seed)
    with pytest.raises(TypeError, match=rf"{kind.__name__}: params\[0\]: expected a floating tensor, got int64\[2\]"):
        kind([mg.tensor([1, 2])])
    with pytest.raises(ValueError, match=rf"{kind.__name__}: params: got no parameters"):
        kind([])
