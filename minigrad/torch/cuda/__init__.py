"""The GPU, by PyTorch's names. Asking whether there is one raises nothing and needs no CuPy; neither does asking how
much memory is in use, which is none where there is none."""

from typing import Any

from minigrad._lazy import lazy_imports
from minigrad.backend import cuda as _backend
from minigrad.backend import device as _device
from minigrad.backend.deferred import check_deferred as _check_deferred
from minigrad.backend.deferred import synchronize as _synchronize
from minigrad.backend.devices import current_device as _placed
from minigrad.errors import DeviceError, OutOfMemoryError
from minigrad.methods.tensor_types import KINDS, tensor_type
from minigrad.ops import random as _random

__all__ = [
    "Event", "OutOfMemoryError", "Stream", "current_device", "device", "device_count", "empty_cache",
    "get_device_capability", "get_device_name", "get_device_properties", "init", "is_available", "is_initialized",
    "manual_seed", "manual_seed_all", "max_memory_allocated", "max_memory_cached", "max_memory_reserved",
    "mem_get_info", "memory_allocated", "memory_cached", "memory_reserved", "reset_max_memory_allocated",
    "reset_peak_memory_stats", "set_device", "stream", "synchronize",
]  # fmt: skip
_lazy, __dir__ = lazy_imports(__name__, "amp")
device_type = "cuda"


def is_available() -> bool:
    """Can a GPU be used, now? (CuPy is there, finds a driver, and one allocation succeeds.)"""
    return bool(_backend.is_available())


def device_count() -> int:
    """How many GPUs can be used: 0 where none can."""
    return int(_backend.device_count())


def is_initialized() -> bool:
    """As `is_available`."""
    return is_available()


def init() -> None:
    """Look for the GPU now. DeviceError where there is none."""
    _backend.cupy()


def _number(where: Any) -> int | None:
    """The index of a GPU; None for the current one."""
    if where is None or isinstance(where, int):
        return where
    given = where if isinstance(where, _device) else _device(where)
    if given.type != "cuda":
        raise DeviceError(f'cuda: expected a GPU such as "cuda:0", got {str(given)!r}')
    return given.index


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


# --- waiting, streams -------------------------------------------------------------------------------------------------


def synchronize(device: object = None) -> None:
    """Wait until the GPU has finished its work; without a GPU, return at once."""
    if is_available():
        _synchronize()


class Event:
    """A point in a stream of GPU work: `record()`, then `elapsed_time(later)` in ms once both are reached."""

    def __init__(self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False) -> None:
        self._event = _backend.cupy().cuda.Event(block=blocking, disable_timing=not enable_timing)

    def record(self, stream: "Stream | None" = None) -> None:
        """Record the event after the work submitted so far."""
        self._event.record(None if stream is None else stream._stream)

    def synchronize(self) -> None:
        """Wait until the GPU has reached the event."""
        self._event.synchronize()
        _check_deferred()

    def query(self) -> bool:
        """Has the GPU reached the event?"""
        return bool(self._event.done)

    def elapsed_time(self, end_event: "Event") -> float:
        """Milliseconds from this event to another."""
        return float(_backend.cupy().cuda.get_elapsed_time(self._event, end_event._event))


class Stream:
    """A queue of GPU work, in order: work submitted in `with cuda.stream(s):` belongs to it."""

    def __init__(self, device: Any = None, priority: int = 0) -> None:
        with globals()["device"](device):
            self._stream = _backend.cupy().cuda.Stream(non_blocking=True)

    def synchronize(self) -> None:
        """Wait until its work is finished."""
        self._stream.synchronize()
        _check_deferred()

    def wait_stream(self, stream: "Stream") -> None:
        """Work submitted from here on waits for the work submitted to the other stream so far."""
        self._stream.wait_event(stream._stream.record())

    def __enter__(self) -> "Stream":
        self._stream.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stream.__exit__(*error)


def stream(stream: Stream) -> Stream:
    """`with cuda.stream(s):` work submitted inside belongs to `s`."""
    return stream


# --- memory, random numbers -------------------------------------------------------------------------------------------


def memory_allocated(device: Any = None) -> int:
    """Bytes that arrays hold on the current GPU: 0 where there is none."""
    return _backend.pool_bytes()[0] if is_available() else 0


def memory_reserved(device: Any = None) -> int:
    """Bytes that CuPy's pool holds on the current GPU, in use or not."""
    return _backend.pool_bytes()[1] if is_available() else 0


# CuPy's pool keeps what it once got, and counts no peak: what it holds is the most that was in use since the last
# empty_cache(), rounded up to its blocks
max_memory_allocated = max_memory_reserved = max_memory_cached = memory_cached = memory_reserved


def reset_peak_memory_stats(device: Any = None) -> None:
    """Restart max_memory_allocated(): frees unused memory, as `empty_cache` does."""
    empty_cache()


reset_max_memory_allocated = reset_peak_memory_stats


def mem_get_info(device: Any = None) -> tuple[int, int]:
    """(free, total) bytes of the current GPU."""
    free, total = _backend.cupy().cuda.runtime.memGetInfo()
    return int(free), int(total)


def empty_cache() -> None:
    """Free the unused memory of CuPy's pool."""
    if is_available():
        _backend.empty_cache()


def manual_seed(seed: int) -> None:
    """Seed the default generator: one serves all devices, with the same numbers on each."""
    _random.manual_seed(seed)


manual_seed_all = manual_seed


def __getattr__(name: str) -> Any:
    """`cuda.amp`, and `cuda.FloatTensor` and its like."""
    if name in KINDS:
        return tensor_type(name, KINDS[name], "cuda")
    return is_initialized() if name == "_initialized" else _lazy(name)
