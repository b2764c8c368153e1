"""The only file that knows CuPy, which it imports when the first GPU is asked for; it tells why one cannot be had."""

import functools
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

from minigrad.errors import DeviceError, OutOfMemoryError

_INSTALL = (
    'install CuPy into this environment: `pip install "cupy-cuda13x[ctk]"` for a driver of CUDA 13, '
    '`pip install "cupy-cuda12x[ctk]"` for CUDA 12'
)

WHEN_FOUND: list[Callable[[int], None]] = []  # called with the number of GPUs once CuPy has been imported


@functools.cache
def cupy() -> ModuleType:
    """The cupy module, once one probe allocation has succeeded. Raises DeviceError with the reason and the way out.

    `import cupy` succeeds on a machine without a driver, so the import alone proves nothing.
    """
    try:
        import cupy as module  # type: ignore[import-not-found, unused-ignore]
    except ImportError as error:
        raise DeviceError(f'device "cuda": CuPy cannot be imported ({error}); {_INSTALL}') from None
    try:
        if not module.is_available():
            raise RuntimeError("CuPy finds no usable GPU")
        module.zeros(1).get()
    except Exception as error:  # CuPy raises its own classes here, one per CUDA library
        raise DeviceError(
            f'device "cuda": no GPU can be used ({type(error).__name__}: {error}); '
            f'check `nvidia-smi`, then {_INSTALL}. On a machine without a GPU use device="cpu"'
        ) from None
    allocator = module.cuda.get_allocator()
    if getattr(allocator, "func", None) is not _allocate:
        module.cuda.set_allocator(functools.partial(_allocate, module, allocator))
    count = int(module.cuda.runtime.getDeviceCount())
    for notify in WHEN_FOUND:
        notify(count)
    found: ModuleType = module
    return found


def _allocate(module: Any, allocator: Any, size: int) -> Any:
    """Memory from the allocator that was there: CuPy's pool, or the user's. OutOfMemoryError where there is none."""
    try:
        return allocator(size)
    except module.cuda.memory.OutOfMemoryError:
        held, pool = pool_bytes()
        free, total = module.cuda.runtime.memGetInfo()
    raise OutOfMemoryError(
        f"cuda:{module.cuda.Device().id}: out of memory: asked for {_size(size)}, where arrays hold {_size(held)}, "
        f"CuPy's pool {_size(pool)}, and {_size(free)} of {_size(total)} are free. Smaller batches take less, and so "
        f"do no_grad() where nothing is trained and `del` of what is no longer needed; cuda.empty_cache() gives back "
        f"what the pool holds unused"
    )


def _size(n: int) -> str:
    return f"{n / 2**30:.2f} GiB" if n >= 2**30 else f"{n / 2**20:.2f} MiB" if n >= 2**20 else f"{n} bytes"


def is_available() -> bool:
    """Can a GPU be used, now?"""
    try:
        cupy()
    except DeviceError:
        return False
    return True


def device_count() -> int:
    """How many GPUs can be used: 0 where none can."""
    return int(cupy().cuda.runtime.getDeviceCount()) if is_available() else 0


def require(where: Any) -> None:
    """Raise DeviceError unless `where` is available."""
    cupy()
    count = device_count()
    if where.index is not None and where.index >= count:
        raise DeviceError(f'device "{where}": there are {count} GPUs here, numbered from 0')


def use(where: Any) -> Any:
    """`with use(device):` new CuPy arrays are created on that GPU."""
    module = cupy()
    return module.cuda.Device(where.index) if where.index is not None else module.cuda.Device()


def strided(array: Any, shape: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    """A view of that shape with those strides. (as_strided's does not know whose memory it looks at.)"""
    view = array.view()
    view._set_shape_and_strides(shape, strides, True, True)
    return view


def synchronize() -> None:
    """Wait for the current GPU. (`deferred.synchronize` raises what was found out meanwhile, too.)"""
    cupy().cuda.Device().synchronize()


def empty_cache() -> None:
    """Give unused memory of CuPy's pools back."""
    module = cupy()
    module.get_default_memory_pool().free_all_blocks()
    module.get_default_pinned_memory_pool().free_all_blocks()


def properties(number: int) -> Any:
    """Name, memory and capability of a GPU."""
    found = cupy().cuda.runtime.getDeviceProperties(number)
    return SimpleNamespace(
        name=found["name"].decode(), total_memory=int(found["totalGlobalMem"]), major=int(found["major"]),
        minor=int(found["minor"]), multi_processor_count=int(found["multiProcessorCount"]),
    )  # fmt: skip


def pool_bytes() -> tuple[int, int]:
    """Bytes in use and held by CuPy's memory pool, on the current GPU."""
    pool = cupy().get_default_memory_pool()
    return int(pool.used_bytes()), int(pool.total_bytes())
