"""The structured-sparsity example on the GPU: its table, with each layer's speed-up measured there."""

import os
import subprocess
import sys
import tempfile

from tests.gpu.place import ROOT, Place
from tests.gpu.report import Found


def run(place: Place) -> Found:
    """Run it as a user would, by the variable alone."""
    found = Found("the structured-sparsity example on the GPU")
    less = ["--train", "64", "--pretrain", "1", "--epochs", "1"] if place.small else []
    paths = [str(ROOT), *([str(ROOT / "tests" / "standin")] if place.pretended else [])]
    environment = {**os.environ, "MINIGRAD_DEVICE": "cuda", "MPLBACKEND": "Agg", "PYTHONPATH": os.pathsep.join(paths)}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(ROOT / "examples" / "structured_sparsity.py"), "--out", folder, *less]
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        found.failures.append(done.stderr[-3000:])
        return found
    found.blocks.append("\n".join(line for line in done.stdout.splitlines() if not line.startswith("figure")))
    return found
