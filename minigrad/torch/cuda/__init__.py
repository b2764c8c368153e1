"""The GPU, by PyTorch's names. Asking whether there is one raises nothing and needs no CuPy; neither does asking how
much memory is in use, which is none where there is none."""

from typing import Any

from minigrad._lazy import lazy_imports
from minigrad.errors import OutOfMemoryError
from minigrad.methods.tensor_types import KINDS, tensor_type
from minigrad.ops import random as _random
from minigrad.torch.cuda.devices import *
from minigrad.torch.cuda.memory import *
from minigrad.torch.cuda.streams import *

__all__ = [
    "Event", "OutOfMemoryError", "Stream", "current_device", "device", "device_count", "empty_cache",
    "get_device_capability", "get_device_name", "get_device_properties", "init", "is_available", "is_initialized",
    "manual_seed", "manual_seed_all", "max_memory_allocated", "max_memory_cached", "max_memory_reserved",
    "mem_get_info", "memory_allocated", "memory_cached", "memory_reserved", "reset_max_memory_allocated",
    "reset_peak_memory_stats", "set_device", "stream", "synchronize",
]  # fmt: skip
_lazy, __dir__ = lazy_imports(__name__, "amp")
device_type = "cuda"


def manual_seed(seed: int) -> None:
    """Start the default generator from `seed`: there is one for all devices, with the same numbers on each."""
    _random.manual_seed(seed)


manual_seed_all = manual_seed


def __getattr__(name: str) -> Any:
    """`cuda.amp`, and `cuda.FloatTensor` and its like."""
    if name in KINDS:
        return tensor_type(name, KINDS[name], "cuda")
    return is_initialized() if name == "_initialized" else _lazy(name)
