"""Which GPUs there are, and which of them is the current one."""

from typing import Any

from minigrad.backend import cuda as _backend
from minigrad.backend import device as _device
from minigrad.backend.devices import current_device as _placed
from minigrad.errors import DeviceError

__all__ = [
    "current_device", "device", "device_count", "get_device_capability", "get_device_name", "get_device_properties",
    "init", "is_available", "is_initialized", "set_device",
]  # fmt: skip


def is_available() -> bool:
    """Can a GPU be used, now? (CuPy is there, finds a driver, and one allocation succeeds.)"""
    return bool(_backend.is_available())


def device_count() -> int:
    """How many GPUs can be used: 0 where none can."""
    return int(_backend.device_count())


def is_initialized() -> bool:
    """Has a GPU been asked for, and found?"""
    return is_available()


def init() -> None:
    """Look for the GPU now. DeviceError where there is none."""
    _backend.cupy()


def _number(where: Any) -> int | None:
    """The number of the GPU that is meant; None for the current one."""
    if where is None or isinstance(where, int):
        return where
    place = where if isinstance(where, _device) else _device(where)
    if place.type != "cuda":
        raise DeviceError(f'cuda: expected a GPU such as "cuda:0", got {str(place)!r}')
    return place.index


def current_device() -> int:
    """The number of the current GPU."""
    return int(_backend.cupy().cuda.Device().id)


def set_device(device: Any) -> None:
    """Make this GPU (a number, or "cuda:1") the current one."""
    number = _number(device)
    if number is not None:
        _placed(f"cuda:{number}")  # DeviceError unless it is there
        _backend.cupy().cuda.Device(number).use()


class device:  # noqa: N801
    """`with cuda.device(1):` the current GPU is another one inside. None: as it is."""

    def __init__(self, device: Any) -> None:
        self.idx = _number(device)

    def __enter__(self) -> "device":
        self._before = None if self.idx is None else current_device()
        set_device(self.idx)
        return self

    def __exit__(self, *error: Any) -> None:
        set_device(self._before)


def get_device_properties(device: Any = None) -> Any:
    """name, total_memory (bytes), multi_processor_count, major and minor of a GPU."""
    number = _number(device)
    return _backend.properties(current_device() if number is None else number)


def get_device_name(device: Any = None) -> str:
    """What the GPU is called."""
    return str(get_device_properties(device).name)


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """Its compute capability: (9, 0) of an H100."""
    found = get_device_properties(device)
    return found.major, found.minor
