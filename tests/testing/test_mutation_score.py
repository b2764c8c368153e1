"""The mutants: enough of them, a sample caught here, all of them by `python -m minigrad.gradcheck --prove`."""

import pytest

from minigrad.gradcheck.__main__ import main
from minigrad.testing.mutants import LARGE, MUTANTS, SMALL
from minigrad.testing.mutation_score import mutation_score, score


def test_the_library_is_large_and_varied():
    assert len(MUTANTS) >= 60 and len({b.name for b in MUTANTS}) == len(MUTANTS)
    assert len({b.kind for b in MUTANTS}) >= 25 and len({b.family for b in MUTANTS}) >= 8


def test_mutants_are_caught_and_no_original_failed_on_small_inputs():
    result = score("minigrad gradcheck", MUTANTS[::5], [0], SMALL)
    assert (result.missed, result.false) == ([], [])


def test_some_mutants_on_large_inputs():
    result = score("minigrad gradcheck", MUTANTS[3::40], [1], LARGE)
    assert (result.missed, result.false) == ([], [])


def test_pytorchs_checker_misses_some():
    pytest.importorskip("torch", reason="the comparison with PyTorch's checker")
    mutants = [
        b for b in MUTANTS if b.kind in ("factor near 1", "precision", "tiny scale", "near 0", "missing factor n")
    ]
    result = score("torch gradcheck", mutants, [0], SMALL)
    assert result.false == [] and 5 <= len(result.missed) < len(mutants)
    assert score("minigrad gradcheck", mutants, [0], SMALL).missed == []


def test_the_score_is_printed_with_what_was_missed():
    lines = []
    assert mutation_score(1, "5e-6", against=False, show=lines.append)
    assert lines[-1].strip().startswith("passed") and "caught     1 of     1 mutants" in "\n".join(lines)


def test_command_line(capsys, tmp_path):
    assert main(["--prove", "--seeds", "1", "--only", "hypot", "--no-torch"]) == 0
    assert "1 mutants" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main([])


@pytest.mark.parametrize("arguments", [["--prove"], ["--registry"], ["--prove", "--registry"]])
def test_a_check_of_nothing_is_an_error(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main([*arguments, "--only", "no such thing"])
    assert "--only: expected a part of" in capsys.readouterr().err
