"""Devices and memory pools of the pretended GPUs."""

import time
from types import SimpleNamespace
from typing import Any

from cupy._counts import counts, synced
from cupy._memory import OutOfMemoryError, Pool, allocator


class Device:
    """`with Device(1):` new arrays are born there."""

    def __init__(self, device: Any = None) -> None:
        self.id = counts.current if device is None else device
        self._outer: list[int] = []

    def use(self) -> "Device":
        counts.current = self.id
        return self

    def synchronize(self) -> None:
        synced()

    def __int__(self) -> int:
        return self.id

    def __enter__(self) -> "Device":
        self._outer.append(counts.current)
        counts.current = self.id
        return self

    def __exit__(self, *exc: Any) -> None:
        counts.current = self._outer.pop()


class Event:
    """A mark in a stream. All that came before it is done: the pretended GPU does what it is given at once."""

    done = True

    def __init__(self, block: bool = False, disable_timing: bool = False, interprocess: bool = False) -> None:
        self._timed, self._when = not disable_timing, 0

    def record(self, stream: Any = None) -> None:
        if stream is not None and not isinstance(stream, Stream):
            raise TypeError(f"expected a Stream, got {type(stream)}")
        self._when = time.perf_counter_ns()

    def synchronize(self) -> None:
        synced()


class Stream:
    """Work in an order of its own."""

    done = True

    def __init__(
        self, null: bool = False, non_blocking: bool = False, ptds: bool = False, priority: Any = None
    ) -> None:
        self._outer: list[Any] = []

    def record(self, event: Any = None) -> Event:
        event = event or Event()
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        if not isinstance(event, Event):
            raise TypeError(f"expected an Event, got {type(event)}")

    def synchronize(self) -> None:
        synced()

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *exc: Any) -> None:
        return None


def get_elapsed_time(start_event: Event, end_event: Event) -> float:
    """Milliseconds of the host's clock."""
    if not (start_event._timed and end_event._timed):
        raise ValueError("cudaErrorInvalidResourceHandle: an event without timing")
    return (end_event._when - start_event._when) / 1e6


def properties(device: int) -> dict[str, Any]:
    return {"name": b"a pretended GPU", "totalGlobalMem": 2**33, "major": 9, "minor": 0, "multiProcessorCount": 4}


memory = SimpleNamespace(OutOfMemoryError=OutOfMemoryError, MemoryPool=Pool)


def get_allocator() -> Any:
    return allocator.malloc


def set_allocator(allocator_: Any = None) -> None:
    allocator.malloc = allocator_ or allocator.pool.malloc


pinned_ranges: list[tuple[int, int]] = []


def attributes(ptr: int) -> Any:
    """Type 1: pinned memory of the host; 0: memory that CUDA does not know."""
    return SimpleNamespace(type=int(any(start <= ptr < end for start, end in pinned_ranges)))


runtime = SimpleNamespace(
    pointerGetAttributes=attributes,
    getDeviceProperties=properties,
    memGetInfo=lambda: (2**32, 2**33),
    getDeviceCount=lambda: counts.devices,
    getDevice=lambda: counts.current,
    deviceSynchronize=lambda: Device().synchronize(),
)
