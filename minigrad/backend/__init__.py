"""Where arrays live: NumPy on the CPU, CuPy on an NVIDIA GPU.

A tensor's backend is decided by the array it holds (`array_module`) and asked for by device (`array_on`).
CuPy is known to one file, `backend/cuda.py`, which is imported when the first GPU is asked for.
"""

from minigrad.backend.arrays import (
    array_module,
    array_on,
    asarray,
    broadcast_view,
    copy_to,
    create,
    from_cuda_interface,
    is_array,
    storage,
    strided,
    to_numpy,
    unrepeated,
    windows,
    wraps_indices,
    writeable,
)
from minigrad.backend.deferred import assert_all, deferred_flag
from minigrad.backend.devices import (
    CPU,
    current_device,
    device,
    device_of,
    get_default_device,
    set_default_device,
    with_index,
)
from minigrad.backend.malloc import keep_memory
from minigrad.backend.namespace import array_function
from minigrad.backend.run import device_guard, ignore_fp_warnings, quiet, run_quiet
from minigrad.backend.scatter import add_at, extreme_at
from minigrad.backend.threads import MIN_PARALLEL, chunked_map, chunks, parallel_for

__all__ = [
    "add_at", "array_function", "array_module", "array_on", "asarray", "assert_all", "broadcast_view", "chunked_map",
    "chunks", "copy_to", "CPU", "create", "current_device", "deferred_flag", "device", "device_guard", "device_of",
    "extreme_at", "from_cuda_interface", "get_default_device", "ignore_fp_warnings", "is_array", "MIN_PARALLEL",
    "parallel_for", "quiet", "run_quiet", "set_default_device", "storage", "strided", "to_numpy", "windows",
    "with_index", "unrepeated", "wraps_indices", "writeable",
]  # fmt: skip


keep_memory()
