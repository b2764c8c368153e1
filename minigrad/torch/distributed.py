"""`torch.distributed` by name, so that scripts can ask: training runs in one process, the first and the last."""

from typing import Any

from minigrad.torch.inert import no

__all__ = ["barrier", "get_rank", "get_world_size", "is_available", "is_initialized"]


is_available = is_initialized = no


def get_rank(group: Any = None) -> int:
    """0: the rank of the only process."""
    return 0


def get_world_size(group: Any = None) -> int:
    """1."""
    return 1


def barrier(*args: Any, **options: Any) -> None:
    """Nothing to do: there is one process."""


class _Elsewhere:
    """Something between processes: it can be named, as imports and default arguments do, and not be called."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Elsewhere(f"{self._name}.{name}")

    def __call__(self, *args: Any, **options: Any) -> Any:
        raise NotImplementedError(
            f"{self._name}: training runs in one process; scripts that ask is_initialized() first go on without it"
        )


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module 'minigrad.distributed' has no attribute {name!r}")
    return _Elsewhere(f"distributed.{name}")
