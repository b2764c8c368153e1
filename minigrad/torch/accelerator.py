"""Which accelerator there is, by PyTorch's names: the GPU through CuPy, or none."""

from minigrad.backend import device
from minigrad.torch.cuda import current_device as current_device_index
from minigrad.torch.cuda import device as device_index
from minigrad.torch.cuda import device_count, is_available, synchronize
from minigrad.torch.cuda import set_device as set_device_index

__all__ = [
    "current_accelerator", "current_device_index", "device_count", "device_index", "is_available", "set_device_index",
    "synchronize",
]  # fmt: skip


def current_accelerator(check_available: bool = False) -> device | None:
    """device("cuda") where a GPU can be used, else None."""
    return device("cuda") if is_available() else None
