"""`python -m minigrad.ops NAME`: one operation whole."""

from importlib.util import find_spec

import pytest

from minigrad.engine.executions import only
from minigrad.ops.__main__ import main
from minigrad.testing.opinfo.show import show


@pytest.mark.parametrize(
    "name, parts",
    [
        ("exp", ["Primitive exp", "own function `exp`", "lambda g, out: g * out", "none; it is done as it is defined"]),
        ("relu", ["max(x, 0)", "where(out > 0, g, 0.0)", "executors/cupy/activation.py"]),
        ("layer_norm", ["Public function, ops/nn/norm.py", "Composite standardize", "executors/numpy/norm.py"]),
        ("conv", ["Primitive conv", "Its VJP for `weight`", "executors/numpy/conv.py"]),
        ("softmax_cross_entropy", ["Composite softmax_cross_entropy", "executors/numpy/losses.py"]),
    ],
)
def test_an_operation_is_shown_whole(name: str, parts: list[str]) -> None:
    text = "\n".join(show(name, prove=False))
    assert all(part in text for part in parts), text


def test_it_says_which_executions_are_in_use() -> None:
    assert "numpy  in use here" in "\n".join(show("layer_norm", prove=False))
    with only("numba"):
        text = "\n".join(show("layer_norm", prove=False))
        assert "numpy  not in use here" in text
        assert ("numba  in use here" in text) == (find_spec("numba") is not None)


def test_samples_are_proven(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sigmoid"]) == 0
    out = capsys.readouterr().out
    assert "pass         order 1  3x4" in out and "pass         order 2  3x4" in out


def test_a_name_that_nothing_has_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["layer_nor"]) == 2
    assert "there is no operation 'layer_nor'; there are layer_norm" in capsys.readouterr().err
