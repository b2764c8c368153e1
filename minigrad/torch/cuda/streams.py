"""Waiting for the GPU; its events and streams."""

from typing import Any

from minigrad.backend import cuda as _backend
from minigrad.backend.deferred import look
from minigrad.torch.cuda.devices import device as _current
from minigrad.torch.cuda.devices import is_available

__all__ = ["Event", "Stream", "stream", "synchronize"]


def synchronize(device: object = None) -> None:
    """Wait until the GPU has done all it was given; nothing to wait for where there is none."""
    if is_available():
        _backend.synchronize()


class Event:
    """A mark in the work given to the GPU: `record()`, then `elapsed_time(later)` in ms once both are done."""

    def __init__(self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False) -> None:
        self._event = _backend.cupy().cuda.Event(block=blocking, disable_timing=not enable_timing)

    def record(self, stream: "Stream | None" = None) -> None:
        """Mark what has been given so far."""
        self._event.record(None if stream is None else stream._stream)

    def synchronize(self) -> None:
        """Wait until the GPU has come to the mark."""
        self._event.synchronize()
        look()

    def query(self) -> bool:
        """Has it?"""
        return bool(self._event.done)

    def elapsed_time(self, end_event: "Event") -> float:
        """Milliseconds from this mark to another."""
        return float(_backend.cupy().cuda.get_elapsed_time(self._event, end_event._event))


class Stream:
    """Work for the GPU that runs in its own order: `with cuda.stream(s):` what is given inside belongs to it."""

    def __init__(self, device: Any = None, priority: int = 0) -> None:
        with _current(device):
            self._stream = _backend.cupy().cuda.Stream(non_blocking=True)

    def synchronize(self) -> None:
        """Wait until it is done."""
        self._stream.synchronize()
        look()

    def wait_stream(self, stream: "Stream") -> None:
        """Begin what comes only when the other has done what it was given so far."""
        self._stream.wait_event(stream._stream.record())

    def __enter__(self) -> "Stream":
        self._stream.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stream.__exit__(*error)


def stream(stream: Stream) -> Stream:
    """`with cuda.stream(s):` what is given to the GPU inside belongs to `s`."""
    return stream
