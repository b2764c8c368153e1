"""Threads: one pool for all of the framework's work, and one thread for NumPy's BLAS.

NumPy's functions and compiled loops let other threads run meanwhile, so that the parts of a large array are done side
by side. Products of matrices are cut into parts too: BLAS' own threads would go on spinning for 30 ms after each
product, so it works with one from the first large operation on (also in NumPy code outside;
`threadpoolctl.threadpool_limits(n)` gives it more for a while).
"""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from minigrad.backend.openmp import run_in_team

# in elements: a quarter of a MB of float32, so that a part and what is made on the way stay in the cache
GRAIN_SIZE = 65536
MIN_PARALLEL = 4 * GRAIN_SIZE  # from here on an element-wise operation is worth cutting up
MIN_TEAM = 2**20  # and from here on by several threads
CONSTANTS = {bool, float, int, str, type(None)}


class _Here(threading.local):
    busy = False  # is this thread at work on a part of something?


here = _Here()
count = 0  # of threads; 0: not looked up yet
_held = False  # does BLAS work with one thread?
forked = False  # is this a forked process, which the threads of its parent's OpenMP did not come along to?


def get_num_threads() -> int:
    """How many threads work on one operation: OMP_NUM_THREADS, OPENBLAS_NUM_THREADS, or the processors there are."""
    global count
    if not count:
        named = os.environ.get("OMP_NUM_THREADS") or os.environ.get("OPENBLAS_NUM_THREADS")
        allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        count = max(1, int(named)) if named and named.isdecimal() else allowed
    return count


def set_num_threads(n: int) -> None:
    """Let `n` threads work on one operation; NumPy's BLAS is left with one. Results do not depend on it beyond the last
    bits of products."""
    global count
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise ValueError(f"set_num_threads: expected a positive number of threads, got {n!r}")
    hold_blas()
    count = n


def parallel_for(work: Callable[[int], Any], parts: int, elements: int = MIN_TEAM) -> None:
    """`work(0)`, ..., `work(parts - 1)`, each by whichever thread is free; what one of them raises is raised. Of fewer
    elements than MIN_TEAM this thread does it alone: to gather a team, and to hand Python's lock on, takes 0.1 ms."""
    team = min(get_num_threads(), parts)
    if team < 2 or here.busy or elements < MIN_TEAM:
        for k in range(parts):
            work(k)
        return
    left = iter(range(parts))
    errors: list[BaseException] = []

    def some() -> None:
        here.busy = True
        try:
            with np.errstate(all="ignore"):  # NumPy's settings are a thread's own
                for k in left:
                    if errors:
                        break
                    work(k)
        except BaseException as error:
            errors.append(error)
        finally:
            here.busy = False

    hold_blas()
    if forked or not run_in_team(some, team):
        _by_python(some, team)
    for error in errors:
        raise error


def _by_python(some: Callable[[], None], team: int) -> None:
    """`some()` by each of a team of Python's threads."""
    others = [threading.Thread(target=some) for _ in range(team - 1)]
    with suppress(RuntimeError):  # while Python ends there are no more: this thread does it
        for thread in others:
            thread.start()
    some()
    for thread in filter(threading.Thread.is_alive, others):
        thread.join()


def chunks(n: int, size: int) -> list[slice]:
    """`n` things of `size` elements each, as slices of about GRAIN_SIZE elements."""
    step = max(1, GRAIN_SIZE // max(1, size))
    return [slice(i, min(i + step, n)) for i in range(0, n, step)]


def chunked_map(function: Callable[..., Any], *operands: Any) -> Any:
    """An element-wise function of arrays of one shape (the first is one) and numbers, part by part where they are
    large: what it makes on the way stays in the cache, and all threads have work."""
    first = operands[0]
    cut = [type(a) not in CONSTANTS for a in operands]
    if first.size < MIN_PARALLEL or not all(
        type(a) is np.ndarray and a.shape == first.shape and a.flags.c_contiguous
        for a, is_cut in zip(operands, cut) if is_cut
    ):  # fmt: skip
        return function(*operands)
    flat, some = [a.reshape(-1) if is_cut else a for a, is_cut in zip(operands, cut)], chunks(first.size, 1)

    def made(part: slice) -> Any:
        return function(*(a[part] if is_cut else a for a, is_cut in zip(flat, cut)))

    start = made(some[0])
    out = np.empty(first.shape, start.dtype)
    into = out.reshape(-1)
    into[some[0]] = start

    def work(i: int) -> None:
        into[some[i + 1]] = made(some[i + 1])

    parallel_for(work, len(some) - 1, first.size)
    return out


def hold_blas() -> None:
    """From now on NumPy's BLAS works with one thread: see above."""
    global _held
    if not _held:
        from threadpoolctl import ThreadpoolController

        for library in ThreadpoolController().select(user_api="blas").lib_controllers:
            library.set_num_threads(1)
        _held = True


def _forget() -> None:
    """In a forked process: the threads stayed behind."""
    global forked
    forked, here.busy = True, False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
