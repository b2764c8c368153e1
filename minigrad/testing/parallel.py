"""Work spread over processes, with a bar."""

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

from tqdm import tqdm

T = TypeVar("T")
R = TypeVar("R")


def spread(function: Callable[[T], R], work: Sequence[T], unit: str, processes: int | None = None) -> list[R]:
    """[function(w) for w in work], in order, by so many processes (default: one for each CPU). `function` must be
    importable: other processes call it by name."""
    count = min(processes or len(os.sched_getaffinity(0)), len(work))
    bar: Any = {"total": len(work), "unit": f" {unit}", "disable": not sys.stderr.isatty(), "leave": False}
    if count <= 1:
        return list(tqdm(map(function, work), **bar))
    with ProcessPoolExecutor(count, get_context("forkserver")) as pool:
        return list(tqdm(pool.map(function, work, chunksize=8), **bar))
