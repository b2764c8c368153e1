"""The benchmarks run, and compare what they time. How fast it is is no matter here: a build does not fail on a time."""

import importlib
import importlib.util
import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
WORKLOADS = "linear mlp cnn conv-bn gpt lstm overhead op.add depth.10 width.64 adam dataloader".split()
WORKLOADS += ["search", "gradcheck", "import"]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("tests.benchmarks.__main__")


def test_every_workload_runs_and_gives_its_figures(tmp_path: Path) -> None:
    """A row for each, and a JSON of positive times and equal results; PyTorch beside, where it is there."""
    file = tmp_path / "figures.json"
    arguments = ["-m", "tests.benchmarks", "--small", "--json", str(file), "--only", *WORKLOADS]
    run = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, check=True, capture_output=True, text=True, timeout=120
    )
    table, found = run.stdout.splitlines(), json.loads(file.read_text())
    assert set(found["rows"]) == set(WORKLOADS) and len(table) == 2 + len(WORKLOADS)
    assert len({line.count("|") for line in table}) == 1, "the rows have as many cells as the head"
    assert found["threads"] == 1 and found["versions"]["numpy"] == np.__version__ and found["cpu"]
    for name, row in found["rows"].items():
        assert all(seconds > 0 for seconds in row["seconds"].values()), name
        assert row["differs"] == [] and np.isfinite(row["losses"]["minigrad"]).all(), name
        if importlib.util.find_spec("torch") and name not in ("search", "gradcheck"):
            assert row["ratio"] > 0 and "torch" in row["seconds"], name


def test_overhead_is_a_part_of_it(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(command, "main", asked.append)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "argv", ["overhead.py", "--turns", "3"])
    with pytest.raises(SystemExit):
        runpy.run_path(str(ROOT / "tests" / "benchmarks" / "overhead.py"), run_name="__main__")
    assert asked == [["--only", "op", "overhead", "linear", "--turns", "3"]]
    assert set(command.chosen(asked[0][1:4])) >= {"op.add", "op.reshape", "overhead", "linear"}


def test_a_wrong_answer_does_not_count(command: Any) -> None:
    right = [np.array(2.0), np.array([1.0, 1000.0])]
    wrong = [np.array(2.0), np.array([2.0, 1000.0])]
    assert command.differing({"torch": right, "minigrad": right}) == []
    assert command.differing({"minigrad": wrong, "torch": right, "numpy": right}) == ["minigrad"]
    assert command.differing({"minigrad": [right[0] * np.nan], "torch": right[:1]}) == ["minigrad"]
    assert command.differing({"minigrad": [np.ones((2, 1))], "torch": [np.ones(2)]}) == ["minigrad"]
    row = {"title": "t", "goal": 0.5, "seconds": {"minigrad": 2e-6}, "peak_bytes": {}, "differs": ["minigrad"]}
    assert command.line("mlp", row) == "| `mlp` t | 2 µs | – | – | – | results differ: minigrad | 0.5 | – | – |"


def test_numbers_are_printed_with_units(command: Any) -> None:
    assert [command.duration(t) for t in (1.234e-7, 5.678e-4, 0.0123, 2.0, 1234.5, None)] == [
        "0.123 µs", "568 µs", "12.3 ms", "2 s", "1234 s", "–",
    ]  # fmt: skip
    assert [command.megabytes(b) for b in (123_456_789.0, 5_000.0, float("nan"), None)] == ["123 MB", "–", "–", "–"]
    assert command.quartiles([1.0]) == [1.0, 1.0] and command.quartiles([1.0, 2.0, 3.0]) == [1.5, 2.5]


def test_an_unknown_name_is_answered_with_the_known_ones(command: Any) -> None:
    assert command.chosen(["depth", "mlp"])[0] == "mlp" and len(command.chosen(["depth"])) == 5
    with pytest.raises(SystemExit, match="--only: there is no resnetto; there are linear, mlp, .*depth"):
        command.main(["--only", "resnetto"])
