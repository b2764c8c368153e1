"""Checks of values: at once on the CPU, on a GPU at the next synchronization (a value is read, printed or moved to the
CPU, or `cuda.synchronize()` is called), as a check at once would wait for all work before it. There each check sets one
flag for its message, and the error comes later than the call that caused it, and says so."""

from typing import Any

import numpy as np

from minigrad.backend import cuda

_pending: dict[tuple[int, str], tuple[Any, type[Exception]]] = {}
_passed: dict[tuple[int, str], Any] = {}  # flags of kernels that were checked, to be used again


def assert_all(fine: Any, error: type[Exception], text: str) -> None:
    """Raise error(text) unless all of the bool array (or bool) `fine` holds: now, or on a GPU later."""
    if isinstance(fine, (bool, np.ndarray, np.generic)):
        if not (fine if isinstance(fine, bool) else fine.all()):
            raise error(text)
        return
    flag = fine.all().reshape(1)
    known = _pending.setdefault((int(fine.device.id), text), (flag, error))[0]
    if known is not flag:
        known &= flag


def known_to_hold(condition: Any) -> bool:
    """Does all of a bool array hold, as far as can be told without waiting for a GPU? Of an array there: False."""
    return isinstance(condition, np.ndarray) and bool(condition.all())


def deferred_flag(beside: Any, error: type[Exception], text: str) -> Any:
    """The flag of this message on the GPU of the array `beside`, one bool, for a kernel to set to False."""
    key = int(beside.device.id), text
    if key not in _pending:
        flag = _passed.pop(key, None)
        _pending[key] = cuda.cupy().ones((1,), dtype=bool) if flag is None else flag, error
    return _pending[key][0]


def check_deferred() -> None:
    """Raise for a check that failed. To be called after a synchronization."""
    while _pending:
        key, (flag, error) = _pending.popitem()
        if not flag.get():
            _pending.clear()
            raise error(
                f"{key[1]}. (Found on cuda:{key[0]} when it was next waited for: the call that caused it came before)"
            )
        if len(_passed) < 100:
            _passed[key] = flag


def discard_deferred() -> None:
    """Drop all pending checks."""
    _pending.clear()
    _passed.clear()


def synchronize() -> None:
    """Wait for the current GPU, and raise for a check that failed there."""
    cuda.synchronize()
    check_deferred()
