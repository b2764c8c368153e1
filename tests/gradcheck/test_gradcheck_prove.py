"""The seeded bugs: enough of them, a sample caught here, all of them by `python -m minigrad.gradcheck --prove`."""

from dataclasses import replace

import numpy as np
import pytest

import minigrad
from minigrad.gradcheck import error_curve
from minigrad.gradcheck.__main__ import main
from minigrad.testing.mutants import BUGS, LARGE, SMALL
from minigrad.testing.mutation_score import prove, score
from minigrad.testing.op_coverage import cases, check_registry, check_sample, unproven
from minigrad.testing.opinfo import table


def test_the_library_is_large_and_varied():
    assert len(BUGS) >= 60 and len({b.name for b in BUGS}) == len(BUGS)
    assert len({b.kind for b in BUGS}) >= 25 and len({b.family for b in BUGS}) >= 8


def test_bugs_are_caught_and_no_twin_failed_on_small_inputs():
    result = score("minigrad gradcheck", BUGS[::5], [0], SMALL)
    assert (result.missed, result.false) == ([], [])


def test_some_bugs_on_large_inputs():
    result = score("minigrad gradcheck", BUGS[3::40], [1], LARGE)
    assert (result.missed, result.false) == ([], [])


def test_pytorchs_checker_misses_some():
    pytest.importorskip("torch", reason="the comparison with PyTorch's checker")
    bugs = [b for b in BUGS if b.kind in ("factor near 1", "precision", "tiny scale", "near 0", "missing factor n")]
    result = score("torch gradcheck", bugs, [0], SMALL)
    assert result.false == [] and 5 <= len(result.missed) < len(bugs)
    assert score("minigrad gradcheck", bugs, [0], SMALL).missed == []


def test_prove_prints_scores_and_says_what_was_missed():
    lines = []
    assert prove(1, "5e-6", against=False, show=lines.append)
    assert "proven" in lines[-1] and "caught     1 of     1 bugs" in "\n".join(lines)


def test_command_line(capsys, tmp_path):
    assert main(["--prove", "--seeds", "1", "--only", "hypot", "--no-torch"]) == 0
    assert "1 seeded bugs" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main([])


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


# --- the checker on minigrad's own operations -------------------------------------------------------------------------


def test_every_operation_is_proven_by_the_checker():
    verdicts = check_registry([case for case in cases() if case[2] == 1 or case[1] == 0])  # 2nd order: one sample
    assert unproven(verdicts) == []
    assert {v.name for v in verdicts} == {row.name for row in table().values() if row.order}


def test_a_sample_in_full_mode_and_what_an_unproven_one_says(monkeypatch, capsys):
    row = table()["exp"]
    assert check_sample(row, row.samples[0], fast=False).outcome == "pass"
    wrong = replace(row, call=lambda x: x.exp().detach() * x)
    verdict = check_sample(wrong, row.samples[0])
    assert verdict.outcome == "fail"
    assert unproven([verdict])[0].startswith("exp(3x4), order 1: gradcheck: fail")
    empty = check_sample(row, row.samples[2])
    assert empty.outcome == "vacuous" and unproven([empty]) == ["exp: none of its samples has a gradient to check"]
    assert main(["--registry", "--only", "cosh", "--processes", "1"]) == 0
    assert "2 operations on 6 samples and orders in" in capsys.readouterr().out
