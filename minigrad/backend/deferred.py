"""What must hold of values. On the CPU it is looked at at once. On a GPU looking would wait for everything before it,
so it is noted there, in one flag for each complaint, and looked at when something waits anyway: a value is read,
printed, moved to the CPU, or `cuda.synchronize()` is called. The error then comes late, and says so."""

from typing import Any

import numpy as np

from minigrad.backend import cuda

_pending: dict[tuple[int, str], tuple[Any, type[Exception]]] = {}
_passed: dict[tuple[int, str], Any] = {}  # flags of kernels that were looked at, and need not be made again


def assert_all(fine: Any, error: type[Exception], text: str) -> None:
    """Raise error(text) unless all of the bool array (or bool) `fine` holds: now, or on a GPU at the next wait."""
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
    """The flag of this complaint on the GPU of the array `beside`, one bool, for a kernel to set to False."""
    key = int(beside.device.id), text
    if key not in _pending:
        flag = _passed.pop(key, None)
        _pending[key] = cuda.cupy().ones((1,), dtype=bool) if flag is None else flag, error
    return _pending[key][0]


def check_deferred() -> None:
    """Raise for what was noted and did not hold. To be called where the GPU was just waited for."""
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
    """Let go of what was noted, unseen."""
    _pending.clear()
    _passed.clear()


def synchronize() -> None:
    """Wait for the current GPU, and raise for what did not hold there."""
    cuda.synchronize()
    check_deferred()
