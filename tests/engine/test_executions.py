"""How an execution is chosen: by executor, by array, by the variable MINIGRAD_EXECUTORS."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.engine.composite import COMPOSITES, composite
from minigrad.engine.executions import VARIABLE, forget_choices, is_enabled, only, register, select
from minigrad.engine.primitive import REGISTRY
from minigrad.ops.array.shape import sum_to
from minigrad.ops.nn.norm import _standardize

OP = _standardize.primitive  # type: ignore[attr-defined]
X = np.ones((4, 8), "float32")
SETTINGS: dict[str, Any] = {"dims": (1,), "eps": 1e-5, "by_channel": False}


@pytest.fixture
def variable(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def set_to(value: str) -> None:
        monkeypatch.setenv(VARIABLE, value)
        forget_choices()

    yield set_to
    monkeypatch.undo()
    forget_choices()


def chosen() -> str:
    found = select(OP, (X, None, None), SETTINGS)
    return "definition" if found is None else found.executor


def test_the_variable_chooses_the_executors(variable: Any) -> None:
    assert chosen() == "numpy"
    variable("reference")
    assert chosen() == "definition"
    variable("numba, numpy")
    assert chosen() == "numpy" and is_enabled("numba") and not is_enabled("cupy")
    variable("cupy")
    assert chosen() == "definition"


def test_a_name_that_is_no_executor_s_is_refused(variable: Any) -> None:
    variable("numpy,onedn")
    said = (
        "the variable MINIGRAD_EXECUTORS is 'numpy,onedn': expected names among numba, onednn, numpy, cupy, or "
        "`reference` for none of them, got onedn"
    )
    with pytest.raises(ValueError, match=said):
        chosen()


def test_only_holds_within_its_block_and_nests() -> None:
    with only():
        assert chosen() == "definition"
        with only("numpy"):
            assert chosen() == "numpy"
        assert chosen() == "definition"
    assert chosen() == "numpy"


def test_what_nothing_takes_is_done_as_defined() -> None:
    assert select(OP, (X.astype("int64"), None, None), SETTINGS) is None
    few = sum_to.primitive  # type: ignore[attr-defined]
    assert select(few, (X,), {"shape": (8,)}) is None


def test_the_node_keeps_the_choice_for_the_backward_pass() -> None:
    calls: list[str] = []

    @composite("test_keeps_the_choice")
    def op(x: Any) -> Any:
        return x * 2.0

    def backward(g: Any, needed: Any, residuals: Any, x: Any) -> Any:
        calls.append("backward")
        return (g * 2.0,)

    try:
        register(op, "numpy", lambda x: True, lambda x: (x * 2.0, ()), backward)
        op.primitive.loaded.add("numpy")  # type: ignore[attr-defined]
        x = mg.ones(3, requires_grad=True)
        y = op(x)
        with only():
            y.sum().backward()
        assert calls == ["backward"] and x.grad is not None and x.grad.tolist() == [2.0, 2.0, 2.0]
    finally:
        del COMPOSITES["test_keeps_the_choice"]


def test_small_arrays_import_no_numba() -> None:
    code = (
        "import sys, minigrad as mg, minigrad.nn.functional as F\n"
        "x = mg.randn(32, 32, requires_grad=True)\n"
        "F.layer_norm(F.gelu(x), (32,)).sum().backward()\n"
        "print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "False", done.stderr


def test_composites_and_primitives_have_different_names() -> None:
    assert not COMPOSITES.keys() & REGISTRY.keys()
