"""The GPU, by PyTorch's names. Asking whether there is one raises nothing and needs no CuPy."""

from typing import Any

from minigrad.backend import device


def is_available() -> bool:
    """Can a GPU be used, now? (CuPy is there, finds a driver, and one allocation succeeds.)"""
    from minigrad.backend import cuda

    return cuda.is_available()


def device_count() -> int:
    """How many GPUs can be used: 0 where none can."""
    from minigrad.backend import cuda

    return cuda.device_count()


def synchronize(device: object = None) -> None:
    """Wait until the GPU has done all it was given; nothing to wait for where there is none."""
    if is_available():
        from minigrad.backend import cuda

        cuda.synchronize()


def manual_seed(seed: int) -> None:
    """Start the default generator from `seed`: there is one for all devices, and numbers are drawn on the CPU."""
    from minigrad import random

    random.manual_seed(seed)


manual_seed_all = manual_seed


def empty_cache() -> None:
    """Give memory that CuPy's pool holds unused back to the GPU."""
    if is_available():
        from minigrad.backend import cuda

        cuda.empty_cache()


__all__ = ["device", "device_count", "empty_cache", "is_available", "manual_seed", "manual_seed_all", "synchronize"]


def __getattr__(name: str) -> Any:
    """`cuda.FloatTensor` and its kin: PyTorch's old spellings."""
    from minigrad.legacy import KINDS, typed

    if name in KINDS:
        return typed(name, KINDS[name], "cuda")
    raise AttributeError(f"module 'minigrad.cuda' has no attribute {name!r}")
