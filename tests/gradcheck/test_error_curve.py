"""The error of numerical gradients by step: a V, as a table and a figure."""

import numpy as np
import pytest

import minigrad
from minigrad.gradcheck import error_curve
from minigrad.gradcheck.__main__ import main


def test_the_error_curve_is_a_v():
    x = minigrad.tensor([0.5, 1.0], dtype=minigrad.float64)
    curve = error_curve(lambda t: (t.sin() * t.exp()).sum(), x)
    forward, central = curve.best("forward"), curve.best("central")
    assert 1e-10 < forward[0] < 1e-6 and 1e-7 < central[0] < 1e-3 and central[1] < forward[1] / 100
    errors = curve.errors["forward"]
    assert errors[0] > 1e3 * forward[1] and errors[-3] > 1e3 * forward[1]
    assert curve.table().splitlines()[0].split() == ["h", "forward", "central", "richardson"]
    with pytest.raises(TypeError, match="x: expected a Tensor, got ndarray"):
        error_curve(lambda t: t.sum(), np.ones(2))


def test_the_figure_is_saved(tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="draws the curve")
    assert main(["--teach", "--figure", str(tmp_path / "v.png")]) == 0
    assert (tmp_path / "v.png").stat().st_size > 5000 and "best h" in capsys.readouterr().out
