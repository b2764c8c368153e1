"""A bridge while families move to executions."""

from typing import Any


def loops(*arrays: Any) -> Any:
    """None."""
    return None


def looped(name: str) -> Any:
    """Unchanged."""
    return lambda plain: plain


def used(array: Any) -> bool:
    """Never."""
    return False


def on_gpu(kernels: Any) -> Any:
    """Unchanged."""
    return lambda plain: plain
