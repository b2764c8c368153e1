"""What a workload is, and the register of them all.

A workload is one function `build(lib, small)`, written once against a handle `lib`, which is `torch` or `minigrad`:
both run the same code from the same seeded NumPy numbers. It returns `step`, a function without arguments whose every
call is timed and whose first results, arrays or numbers, are compared between the frameworks. `small` asks for a size
at which only one thing can be seen, that it runs. What NumPy and JAX do beside it is written by hand, in byhand.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Step = Callable[[], Any]
Build = Callable[[Any, bool], Step]


class Seconds(float):
    """What a step returns that was timed elsewhere, in a process of its own."""


@dataclass
class Workload:
    """A row of the table."""

    title: str
    builds: dict[str, Build] = field(default_factory=dict)  # by framework: each gets that framework's module
    goal: float | None = None  # for the ratio of minigrad's time to that of `against`
    against: str = "torch"
    per: float = 1  # a step's time is divided by this: operations in a chain
    slow: bool = False  # takes seconds: few turns


WORKLOADS: dict[str, Workload] = {}


def workload(name: str, title: str, frameworks: tuple[str, ...] = ("minigrad", "torch"), **options: Any) -> Any:
    """Register a function as the workload `name`; names with a dot belong to a group."""

    def register(build: Build) -> Build:
        WORKLOADS[name] = Workload(title, dict.fromkeys(frameworks, build), **options)
        return build

    return register


def beside(name: str, framework: str) -> Any:
    """Register a function as what `framework` does for the workload `name`."""

    def register(build: Build) -> Build:
        WORKLOADS[name].builds[framework] = build
        return build

    return register


def numbers(*shape: int, seed: int = 0) -> Any:
    """Standard normal float32 numbers, the same for everyone."""
    return np.random.default_rng(seed).standard_normal(shape, dtype="float32")


def classes(*shape: int, below: int = 10, seed: int = 1) -> Any:
    """Integers in [0, below), the same for everyone."""
    return np.random.default_rng(seed).integers(0, below, shape)
