"""Where arrays live: NumPy on the CPU, CuPy on an NVIDIA GPU.

A tensor's backend is decided by the array it holds (`array_module`) and asked for by device (`array_on`).
CuPy is known to one file, `backend/cuda.py`, which is imported when the first GPU is asked for.
"""

from minigrad.backend.arrays import (
    array_module,
    array_on,
    asarray,
    beside,
    copy_to,
    is_array,
    make,
    spread_over,
    storage,
    strided,
    to_numpy,
    windows,
    writeable,
)
from minigrad.backend.deferred import expect, noted
from minigrad.backend.devices import (
    CPU,
    current_device,
    device,
    device_of,
    get_default_device,
    numbered,
    set_default_device,
)
from minigrad.backend.loops import looped, loops
from minigrad.backend.malloc import keep_memory
from minigrad.backend.namespace import kernel
from minigrad.backend.rows import column_sums, sums, sums_of_products
from minigrad.backend.run import home, quiet, quietly, runs, silently
from minigrad.backend.scatter import add_at, extreme_at
from minigrad.backend.select import chosen
from minigrad.backend.threads import LARGE, in_parts, parts, shared

__all__ = [
    "CPU", "LARGE", "add_at", "array_module", "array_on", "asarray", "beside", "chosen", "column_sums", "copy_to",
    "current_device", "device", "device_of", "expect", "extreme_at", "get_default_device", "home", "in_parts",
    "is_array", "kernel", "looped", "loops", "make", "noted", "numbered", "parts", "quiet", "quietly",
    "runs", "set_default_device", "shared", "silently", "spread_over", "storage", "strided", "sums",
    "sums_of_products",
    "to_numpy", "windows", "writeable",
]  # fmt: skip

keep_memory()
