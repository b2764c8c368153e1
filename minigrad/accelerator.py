"""Which accelerator there is, by PyTorch's names: the GPU through CuPy, or none."""

from minigrad import cuda
from minigrad.backend import device


def is_available() -> bool:
    """Can a GPU be used?"""
    return cuda.is_available()


def device_count() -> int:
    """How many GPUs can be used."""
    return cuda.device_count()


def current_accelerator(check_available: bool = False) -> device | None:
    """device("cuda") where a GPU can be used, else None."""
    return device("cuda") if cuda.is_available() else None


def synchronize() -> None:
    """Wait for the GPU, if there is one."""
    cuda.synchronize()


__all__ = ["current_accelerator", "device_count", "is_available", "synchronize"]
