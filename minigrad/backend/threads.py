"""Threads: NumPy's functions let others run meanwhile, so that the parts of a large array are done side by side.

NumPy's BLAS has threads of its own for a large product of matrices. While parts are at work each of their products is
done by one thread: small ones gain nothing from more, and wait for each other (a convolution of 64 pictures
(32, 16, 16) by 64 filters of 3 x 3 takes 4.0 ms with a thread for each half of the batch, 6.7 with two a product).
"""

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

# in elements: a quarter of a MB of float32, so that a part and what is made on the way stay in the cache
GRAIN_SIZE = 65536
MIN_PARALLEL = 4 * GRAIN_SIZE  # from here on an element-wise operation is worth cutting up
SPIN = 0.03  # seconds for which OpenBLAS' threads keep a processor each after a product that they shared
CONSTANTS = {bool, float, int, str, type(None)}

_here = threading.local()  # .busy: this thread is at work on parts already
_lock = threading.Lock()
_threads: int | None = None  # None: not asked for yet
_pool: Any = None
_spinning = 0.0  # until then threads of BLAS are expected to wait busily
_alone = 0  # how many calls want BLAS to use one thread
_blas: "list[tuple[Any, int]] | None" = None  # NumPy's BLAS, and how many threads it has otherwise


def get_num_threads() -> int:
    """How many threads work on one operation: OMP_NUM_THREADS, OPENBLAS_NUM_THREADS, or the processors there are."""
    global _threads
    if _threads is None:
        named = os.environ.get("OMP_NUM_THREADS") or os.environ.get("OPENBLAS_NUM_THREADS")
        allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        _threads = max(1, int(named)) if named and named.isdecimal() else allowed
    return _threads


def set_num_threads(n: int) -> None:
    """Let `n` threads work on one operation, those of NumPy's BLAS too. Results do not depend on it beyond what BLAS
    does with them."""
    global _threads, _pool, _blas
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise ValueError(f"set_num_threads: expected a positive number of threads, got {n!r}")
    with _lock:
        _threads, _pool = n, None  # the helpers end when the last of their work is done
        _blas = [(library, n) for library, _ in _libraries()]
        if not _alone:
            _give_blas(None)


def parallel_for(work: Callable[[int], Any], count: int) -> None:
    """`work(0)`, ..., `work(count - 1)`, each by whichever thread is free; what one of them raises is raised. While
    BLAS keeps the processors busy this thread does it alone: see `note_blas_spin`."""
    helpers = min(get_num_threads(), count) - 1
    if helpers < 1 or getattr(_here, "busy", False) or time.monotonic() < _spinning:
        for k in range(count):
            work(k)
        return
    left = deque(range(count))

    def some() -> None:
        _here.busy = True
        try:
            while True:
                try:
                    k = left.popleft()
                except IndexError:
                    return
                work(k)
        finally:
            _here.busy = False

    _alone_with_blas(1)
    try:
        others: list[Any] = []
        try:
            with contextlib.suppress(RuntimeError):  # while Python ends there are no more helpers: this thread does it
                pool = _workers()
                others += (pool.submit(some) for _ in range(helpers))
            some()
        finally:
            errors = [future.exception() for future in others]
        for error in filter(None, errors):
            raise error
    finally:
        _alone_with_blas(-1)


def chunks(count: int, size: int) -> list[slice]:
    """`count` things of `size` elements each, as slices of about GRAIN_SIZE elements."""
    step = max(1, GRAIN_SIZE // max(1, size))
    return [slice(i, min(i + step, count)) for i in range(0, count, step)]


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


def note_blas_spin() -> None:
    """Called after a product in which BLAS' own threads had a share. They go on spinning for a while, in wait for the
    next, and whoever wants their processors meanwhile gets half of them: parts are then best done by this thread alone
    (a small GPT's step takes 0.96 of the time)."""
    global _spinning
    _spinning = time.monotonic() + SPIN


def single_threaded(function: Callable[..., Any], *args: Any) -> Any:
    """`function(*args)`, with one thread for its products."""
    _alone_with_blas(1)
    try:
        return function(*args)
    finally:
        _alone_with_blas(-1)


def _workers() -> Any:
    """The helpers, started on first use: whoever never has large arrays has no threads."""
    global _pool
    with _lock:
        if _pool is None:
            from concurrent.futures import ThreadPoolExecutor

            # NumPy's settings are a thread's own: no warnings here either
            _pool = ThreadPoolExecutor(max(1, get_num_threads() - 1), "minigrad", np.seterr, ("ignore",))
        return _pool


def _alone_with_blas(step: int) -> None:
    """One more or one less that wants BLAS to use one thread: the first and the last change it."""
    global _alone
    with _lock:
        before, _alone = _alone, _alone + step
        if not before or not _alone:
            _give_blas(1 if _alone else None)


def _give_blas(n: int | None) -> None:
    """So many threads, or those it has otherwise."""
    for library, usual in _libraries():
        library.set_num_threads(n or usual)


def _libraries() -> "list[tuple[Any, int]]":
    global _blas
    if _blas is None:
        from threadpoolctl import ThreadpoolController

        found = ThreadpoolController().select(user_api="blas").lib_controllers
        _blas = [(library, library.num_threads) for library in found]
    return _blas


def _forget() -> None:
    """In a forked process: the threads stayed behind, and locks may be held by them."""
    global _lock, _pool, _alone
    _lock, _pool, _alone = threading.Lock(), None, 0
    _here.busy = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
