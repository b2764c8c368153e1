"""What must hold of values. On the CPU it is looked at at once. On a GPU looking would wait for everything before it,
so it is noted there, in one flag for each complaint, and looked at when something waits anyway: a value is read,
printed, moved to the CPU, or `cuda.synchronize()` is called. The error then comes late, and says so."""

from typing import Any

import numpy as np

_noted: dict[tuple[int, str], tuple[Any, type[Exception]]] = {}


def expect(fine: Any, error: type[Exception], text: str) -> None:
    """Raise error(text) unless all of the bool array (or bool) `fine` holds: now, or on a GPU at the next wait."""
    if isinstance(fine, (bool, np.ndarray, np.generic)):
        if not (fine if isinstance(fine, bool) else fine.all()):
            raise error(text)
        return
    flag = fine.all()
    where = int(fine.device.id)
    known = _noted.get((where, text))
    if known is None:
        _noted[where, text] = flag, error
    else:
        known[0].__iand__(flag)


def look() -> None:
    """Raise for what was noted and did not hold. To be called where the GPU was just waited for."""
    while _noted:
        (where, text), (flag, error) = _noted.popitem()
        if not flag.get():
            _noted.clear()
            raise error(
                f"{text}. (Found on cuda:{where} when it was next waited for: the call that caused it came before)"
            )
