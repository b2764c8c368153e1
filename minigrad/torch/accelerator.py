"""Which accelerator there is, by PyTorch's names: the GPU through CuPy, or none."""

from typing import Any

from minigrad.backend import device
from minigrad.torch import cuda


def is_available() -> bool:
    """Can a GPU be used?"""
    return cuda.is_available()


def device_count() -> int:
    """How many GPUs can be used."""
    return cuda.device_count()


def current_accelerator(check_available: bool = False) -> device | None:
    """device("cuda") where a GPU can be used, else None."""
    return device("cuda") if cuda.is_available() else None


def current_device_index() -> int:
    """The number of the current GPU."""
    return cuda.current_device()


def set_device_index(device: Any) -> None:
    """Make this GPU the current one."""
    cuda.set_device(device)


class device_index(cuda.device):  # noqa: N801
    """`with accelerator.device_index(1):` the current GPU is another one inside."""


def synchronize() -> None:
    """Wait for the GPU, if there is one."""
    cuda.synchronize()


__all__ = [
    "current_accelerator", "current_device_index", "device_count", "device_index", "is_available", "set_device_index",
    "synchronize",
]  # fmt: skip
