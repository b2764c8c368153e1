"""Every test starts from the same random numbers, and the summary says whether PyTorch was there to compare with."""

import importlib.util
import os
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

import minigrad as mg

settings.register_profile("quick", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(autouse=True)
def same_numbers() -> None:
    np.random.seed(0)
    mg.manual_seed(0)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    wanting = sum("PyTorch" in str(report.longrepr) for report in skipped)
    if importlib.util.find_spec("torch") is None:
        terminalreporter.write_line(f"PyTorch is not installed: {wanting} comparisons with it were skipped")
    else:
        terminalreporter.write_line("PyTorch is installed: everything was compared with it")
