"""The benchmarks run. What they measure is no matter here: a build does not fail on a time."""

import json
import subprocess
import sys
from pathlib import Path


def test_overhead_runs_and_prints_its_table(tmp_path: Path) -> None:
    script = Path(__file__).parent / "benchmarks" / "overhead.py"
    command = [sys.executable, str(script), "--quick", "--turns", "1", "--json", str(tmp_path / "figures.json")]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout
    assert "forward + backward, an op" in output and "classifier step" in output
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["minigrad"]["add"] > 0 and figures["numpy"]["classifier step"] > 0
