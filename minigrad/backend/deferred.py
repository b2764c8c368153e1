"""What must hold of values. On the CPU it is looked at at once. On a GPU looking would wait for everything before it,
so it is noted there, in one flag for each complaint, and looked at when something waits anyway: a value is read,
printed, moved to the CPU, or `cuda.synchronize()` is called. The error then comes late, and says so."""

from typing import Any

import numpy as np

_noted: dict[tuple[int, str], tuple[Any, type[Exception]]] = {}
_fine: dict[tuple[int, str], Any] = {}  # flags of kernels that were looked at, and need not be made again


def expect(fine: Any, error: type[Exception], text: str) -> None:
    """Raise error(text) unless all of the bool array (or bool) `fine` holds: now, or on a GPU at the next wait."""
    if isinstance(fine, (bool, np.ndarray, np.generic)):
        if not (fine if isinstance(fine, bool) else fine.all()):
            raise error(text)
        return
    flag = fine.all().reshape(1)
    known = _noted.setdefault((int(fine.device.id), text), (flag, error))[0]
    if known is not flag:
        known &= flag


def noted(beside: Any, error: type[Exception], text: str) -> Any:
    """The flag of this complaint on the GPU of the array `beside`, one bool, for a kernel to set to False."""
    from minigrad.backend import cuda

    key = int(beside.device.id), text
    if key not in _noted:
        flag = _fine.pop(key, None)
        _noted[key] = cuda.cupy().ones((1,), dtype=bool) if flag is None else flag, error
    return _noted[key][0]


def look() -> None:
    """Raise for what was noted and did not hold. To be called where the GPU was just waited for."""
    while _noted:
        key, (flag, error) = _noted.popitem()
        if not flag.get():
            _noted.clear()
            raise error(
                f"{key[1]}. (Found on cuda:{key[0]} when it was next waited for: the call that caused it came before)"
            )
        if len(_fine) < 100:
            _fine[key] = flag


def forget() -> None:
    """Let go of what was noted, unseen."""
    _noted.clear()
    _fine.clear()
