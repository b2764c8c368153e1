"""Devices and memory pools of the pretended GPUs."""

from types import SimpleNamespace
from typing import Any

from cupy._counts import counts, synced


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


runtime = SimpleNamespace(
    getDeviceCount=lambda: counts.devices,
    getDevice=lambda: counts.current,
    deviceSynchronize=lambda: Device().synchronize(),
)
