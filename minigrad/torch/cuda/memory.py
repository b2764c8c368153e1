"""How much of the GPU's memory is in use: none where there is no GPU."""

from typing import Any

from minigrad.backend import cuda as _backend
from minigrad.torch.cuda.devices import is_available

__all__ = [
    "empty_cache", "max_memory_allocated", "max_memory_cached", "max_memory_reserved", "mem_get_info",
    "memory_allocated", "memory_cached", "memory_reserved", "reset_max_memory_allocated", "reset_peak_memory_stats",
]  # fmt: skip


def memory_allocated(device: Any = None) -> int:
    """Bytes that arrays hold on the current GPU: 0 where there is none."""
    return _backend.pool_bytes()[0] if is_available() else 0


def memory_reserved(device: Any = None) -> int:
    """Bytes that CuPy's pool holds on the current GPU, in use or not."""
    return _backend.pool_bytes()[1] if is_available() else 0


# CuPy's pool keeps what it once got, and counts no peak: what it holds is the most that was in use since the last
# empty_cache(), rounded up to its blocks
max_memory_allocated = max_memory_reserved = max_memory_cached = memory_cached = memory_reserved


def reset_peak_memory_stats(device: Any = None) -> None:
    """Let max_memory_allocated() start anew: gives unused memory back, as `empty_cache`."""
    empty_cache()


reset_max_memory_allocated = reset_peak_memory_stats


def mem_get_info(device: Any = None) -> tuple[int, int]:
    """(free, total) bytes of the current GPU."""
    free, total = _backend.cupy().cuda.runtime.memGetInfo()
    return int(free), int(total)


def empty_cache() -> None:
    """Give memory that CuPy's pool holds unused back to the GPU."""
    if is_available():
        _backend.empty_cache()
