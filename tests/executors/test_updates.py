"""Every execution of an optimizer's step equals the formula that defines it, and is the one that is chosen."""

import inspect
import itertools
import math
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.engine.executions import MIN_LARGE, load_all, only, select
from minigrad.ops.update import UPDATES, Update
from minigrad.ops.workspace import Workspace

SCALARS: dict[str, tuple[Any, ...]] = {  # two choices, or one
    "lr": (0.1,), "step_size": (0.1,), "eps": (1e-3,), "momentum": (0.9,), "one_minus_dampening": (1.0, 0.7),
    "nesterov": (False, True), "first": (False, True), "one_minus_beta1": (0.1, 1.0), "one_minus_beta2": (0.01, 1.0),
    "beta2": (0.99,), "size_g": (0.02,), "size_m": (0.08,), "rect": (0.0, 0.5), "one_minus_rho": (0.1,),
    "one_minus_alpha": (0.05,), "eta_minus": (0.5,), "eta_plus": (1.2,), "min_step": (0.5,), "max_step": (1.1,),
    "keep": (0.99,), "eta": (0.1,), "mu": (1.0, 0.25),
}  # fmt: skip
STARTS = [(False, 0.0, 1.0), (True, 0.1, 1.0), (False, 0.0, 0.9)]  # maximize, weight_decay, shrink
SIGNED = {"m", "b", "before"}  # arrays that may hold any numbers; the others, squares and sizes, are above 0
NEAR = {"float16": 4e-3, "float32": 2e-5, "float64": 1e-12}


def cases(update: Update) -> Any:
    """The names of the arrays that are there (None for an absent one), and scalars, in all combinations."""
    parameters = list(inspect.signature(update.formula).parameters.values())
    names = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.name != "scratch"]
    arrays = [[p.name] + [None] * (p.default is None) for p in parameters[2:] if p.kind is not p.KEYWORD_ONLY]
    for state in itertools.product(*arrays):
        for values in itertools.product(*(SCALARS[name] for name in names)):
            yield state, dict(zip(names, values))


def drawn(state: Any, shape: Any, dtype: str) -> list[Any]:
    rng = np.random.default_rng(0)
    p, g, *held = rng.standard_normal((2 + len(state), *shape))
    average = [None if name is None else a if name in SIGNED else 0.1 + a * a for name, a in zip(state, held)]
    if "average" in state and len(state) > 1:
        average[state.index("average")] = held[state.index("average")] * 0.1  # its square is below that of `square`
    return [a if a is None else a.astype(dtype) for a in (p, g, *average)]


def check(update: Update, executor: str, shape: Any, dtype: str, place: Any) -> None:
    """Changes by the chosen execution, which is one of this executor's, and by the formula."""
    reached = set()
    for (state, scalars), start in itertools.product(cases(update), STARTS):
        ours = [a if a is None else place(a) for a in drawn(state, shape, dtype)]
        theirs = [a if a is None else a.copy() for a in drawn(state, shape, dtype)]
        chosen = select(update, ours, {})
        if chosen is None:
            continue
        reached.add(chosen)
        chosen.forward(ours, scalars, *start)
        with np.errstate(all="ignore"):
            update.by_formula(Workspace(), theirs, scalars, *start)
        for a, b in zip(ours, theirs):
            if b is not None:
                assert a.dtype == b.dtype and a.shape == b.shape
                a = a if isinstance(a, np.ndarray) else a.get()
                np.testing.assert_allclose(a, b, NEAR[dtype], NEAR[dtype], err_msg=f"{state} {scalars} {start}")
    assert reached == {e for e in load_all(update) if e.executor == executor}


@pytest.mark.skipif(find_spec("numba") is None, reason="Numba is not installed (the extra fast)")
@pytest.mark.parametrize("name", UPDATES)
def test_loops_do_what_the_formula_says(name: str) -> None:
    check(UPDATES[name], "numba", (MIN_LARGE // 100 + 1, 100), "float32", np.ndarray.copy)


@pytest.mark.parametrize("dtype", NEAR)
@pytest.mark.parametrize("name", UPDATES)
def test_kernels_do_what_the_formula_says(name: str, dtype: str, cupy: Any) -> None:
    check(UPDATES[name], "cupy", (5, 3), dtype, cupy.asarray)
    assert any(e.executor == "cupy" for e in UPDATES[name].executions)


@pytest.mark.skipif(find_spec("numba") is None, reason="Numba is not installed (the extra fast)")
def test_loops_are_chosen_for_large_contiguous_float32() -> None:
    large = np.zeros((MIN_LARGE, 2), "float32")
    adam, fits = UPDATES["adam"], [large] * 4
    assert select(adam, fits, {}) is not None and select(UPDATES["momentum"], fits[:3], {}) is not None
    others = (large[:9], large.astype("float64"), large[:, 0], large[::2])
    assert all(select(adam, [a] * 4, {}) is None for a in others)
    assert select(adam, [*fits, large], {}) is None  # amsgrad has no loop
    with only("numpy"):
        assert select(adam, fits, {}) is None


def test_kernels_can_be_turned_off(cupy: Any) -> None:
    x = cupy.asarray(np.ones(3, "float32"))
    assert select(UPDATES["sgd"], [x, x], {}) is not None
    with only():
        assert select(UPDATES["sgd"], [x, x], {}) is None


def test_without_weight_decay_an_infinite_parameter_stays_infinite(cupy: Any) -> None:
    p = mg.tensor([-math.inf, 1.0], device="cuda", requires_grad=True)
    p.grad = mg.zeros(2, device="cuda")
    mg.optim.SGD([p], lr=0.1).step()
    assert p.tolist() == [-math.inf, 1.0]
