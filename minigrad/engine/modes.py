"""Whether operations are recorded, on this thread. (`autograd/grad_mode.py` has `no_grad` and its relatives.)"""

import threading
from typing import Any


class _Modes(threading.local):
    grad: Any = True  # False, True, or what watches the recording (see autograd/anomaly.py)
    anomaly: Any = None
    inference = False


modes = _Modes()


def is_grad_enabled() -> bool:
    """Are operations on tensors that require grad recorded on this thread?"""
    return bool(modes.grad)


def is_inference_mode_enabled() -> bool:
    """Is this thread inside `inference_mode()`?"""
    return modes.inference


class recording:
    """`with recording(True):` operations are recorded inside; `recording(False)`: they are not."""

    __slots__ = ("_grad", "_before")

    def __init__(self, grad: bool) -> None:
        self._grad = grad

    def __enter__(self) -> None:
        self._before, modes.grad = modes.grad, self._grad and (modes.anomaly or True)

    def __exit__(self, *exc: object) -> None:
        modes.grad = self._before
