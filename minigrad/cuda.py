"""The GPU, by PyTorch's names. Asking whether there is one raises nothing and needs no CuPy."""

from minigrad.backend import device


def is_available() -> bool:
    """Can a GPU be used, now? (CuPy is there, finds a driver, and one allocation succeeds.)"""
    from minigrad.backend import cuda

    return cuda.is_available()


def device_count() -> int:
    """How many GPUs can be used: 0 where none can."""
    from minigrad.backend import cuda

    return cuda.device_count()


__all__ = ["device", "device_count", "is_available"]
