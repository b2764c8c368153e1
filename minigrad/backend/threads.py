"""Threads: one pool for all of the framework's work, and NumPy's BLAS on one thread while they are at it.

NumPy's functions and compiled loops let other threads run meanwhile, so that the parts of a large array are done side
by side. Products of matrices are cut into parts too: BLAS' own threads would spin for 30 ms after each product.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

import numpy as np

from minigrad.backend.openmp import run_in_team

# in elements: a quarter of a MB of float32, so that a part and what is made on the way stay in the cache
GRAIN_SIZE = 65536
MIN_PARALLEL = 4 * GRAIN_SIZE  # from here on an element-wise operation is worth cutting up
CONSTANTS = {bool, float, int, str, type(None)}


class _Here(threading.local):
    busy = False  # is this thread at work on a part of something?


here = _Here()
_lock = threading.Lock()
count = 0  # of threads; 0: not looked up yet
_alone = 0  # how many calls want BLAS to use one thread
_blas: "list[tuple[Any, int]] | None" = None  # NumPy's BLAS, and how many threads it has otherwise
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
    """Let `n` threads work on one operation, those of NumPy's BLAS too. Results do not depend on it beyond what BLAS
    does with them."""
    global count, _blas
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise ValueError(f"set_num_threads: expected a positive number of threads, got {n!r}")
    with _lock:
        count, _blas = n, [(library, n) for library, _ in _libraries()]
        for library, _ in () if _alone else _blas:
            library.set_num_threads(n)


def parallel_for(work: Callable[[int], Any], parts: int) -> None:
    """`work(0)`, ..., `work(parts - 1)`, each by whichever thread is free; what one of them raises is raised."""
    team = min(get_num_threads(), parts)
    if team < 2 or here.busy:
        with nullcontext() if here.busy or get_num_threads() == 1 else one_blas_thread():
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

    with one_blas_thread():
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

    parallel_for(work, len(some) - 1)
    return out


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Each product within the block is done by one thread of NumPy's BLAS."""
    _hold_blas(1)
    try:
        yield
    finally:
        _hold_blas(-1)


def _hold_blas(step: int) -> None:
    """One more or one less that wants BLAS to use one thread: the first and the last change it."""
    global _alone
    with _lock:
        before, _alone = _alone, _alone + step
        if not before or not _alone:
            for library, usual in _libraries():
                library.set_num_threads(1 if _alone else usual)


def _libraries() -> "list[tuple[Any, int]]":
    global _blas
    if _blas is None:
        from threadpoolctl import ThreadpoolController

        _blas = [(b, b.num_threads) for b in ThreadpoolController().select(user_api="blas").lib_controllers]
    return _blas


def _forget() -> None:
    """In a forked process: the threads stayed behind, and locks may be held by them."""
    global _lock, _alone, forked
    _lock, _alone, forked = threading.Lock(), 0, True
    here.busy = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
