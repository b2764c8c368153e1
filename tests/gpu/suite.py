"""The test-suite's GPU tests, with the real CuPy in the place of the stand-in (MINIGRAD_GPU=1; see conftest.py)."""

import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from tests.gpu.place import ROOT, Place
from tests.gpu.report import Found

FILES = {
    "suite-ops": ["executors/test_cuda_ops.py", "executors/test_agreement.py"],
    "suite-layers": ["executors/test_cuda_layers.py", "whole/test_cuda_training.py", "executors/test_cuda_checks.py",
                     "executors/test_cuda_counts.py"],
    "suite-rest": ["executors/test_kernels.py", "methods/test_interop.py", "executors/test_cuda_several.py",
                   "testing/test_lockstep.py",
                   "optim/test_optim_sgd.py", "optim/test_optim_adaptive.py", "optim/test_optim_lbfgs_muon.py"],
}  # fmt: skip


def run(place: Place, part: str) -> Found:
    """One share of them, in a process of its own."""
    found = Found("the test-suite's GPU tests: " + ", ".join(FILES[part]))
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={results}",
                   *(str(ROOT / "tests" / name) for name in FILES[part])]  # fmt: skip
        if place.small:
            command += ["-k", "relu or Linear or Adam or dlpack or pinned"]
        variables = {} if place.pretended else {"MINIGRAD_GPU": "1"}
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, **variables})
        if not results.is_file():
            found.failures.append(f"pytest ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
            return found
        tree = ElementTree.parse(results).getroot()
    outcomes = {"passed": 0, "failed": 0, "skipped": 0}
    for case in tree.iter("testcase"):
        bad = [*case.findall("failure"), *case.findall("error")]
        outcomes["failed" if bad else "skipped" if case.findall("skipped") else "passed"] += 1
        for reason in bad:
            text = re.sub(r"\s+", " ", reason.get("message", ""))[:500]
            found.failures.append(f"{case.get('classname')}::{case.get('name')}: {text}")
    if done.returncode not in (0, 1):
        found.failures.append(f"pytest ended with {done.returncode}: {done.stdout[-2000:]}")
    found.numbers = dict(outcomes)
    found.table("Tests", tuple(outcomes), [tuple(map(str, outcomes.values()))])
    return found
