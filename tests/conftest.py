"""Every test starts from the same random numbers, and the summary says whether PyTorch was there to compare with."""

import os
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

import minigrad as mg

settings.register_profile("ci", deadline=None, derandomize=True, max_examples=25)
settings.register_profile("quick", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "quick"))


@pytest.fixture(autouse=True)
def same_numbers() -> None:
    np.random.seed(0)
    mg.manual_seed(0)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = [str(report.longrepr[-1]) if isinstance(report.longrepr, (tuple, list)) else "" for report in skipped]
    wanting = sum("torch" in reason.lower() for reason in reasons)
    try:
        oracle = f"PyTorch {version('torch')} was there to compare with"
    except PackageNotFoundError:
        oracle = "PyTorch is not installed"
    terminalreporter.write_line(f"{oracle}: {wanting} comparisons with it were skipped")
