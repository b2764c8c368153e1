"""Arrays of either backend: making, moving, telling apart."""

from types import ModuleType
from typing import Any

import numpy as np

from minigrad.backend import cuda, pinned
from minigrad.backend.deferred import check_deferred
from minigrad.backend.devices import current_device, device, device_of, with_index
from minigrad.backend.run import ignore_fp_warnings
from minigrad.dtypes import dtype_named


def is_array(x: Any) -> bool:
    """Is `x` an array of NumPy or of CuPy?"""
    return isinstance(x, np.ndarray) or type(x).__module__.partition(".")[0] == "cupy" and hasattr(x, "device")


def from_cuda_interface(x: Any) -> Any:
    """What another library holds on a GPU (`__cuda_array_interface__`) as an array on the same memory; all else as it
    is."""
    if is_array(x) or not hasattr(x, "__cuda_array_interface__"):
        return x
    return cuda.cupy().asarray(x)


def array_module(x: Any) -> ModuleType:
    """The module (`numpy` or `cupy`) whose functions work on the array `x`: the `xp` of the Array API."""
    if isinstance(x, (np.ndarray, np.generic)):
        return np
    if not hasattr(x, "dtype"):
        raise TypeError(f"expected an array, got {type(x).__name__}")
    return cuda.cupy()


def wraps_indices(array: Any) -> bool:
    """Does its library take indices out of range modulo the size, as CuPy does, instead of raising IndexError?"""
    return not isinstance(array, (np.ndarray, np.generic))


def asarray(x: Any) -> Any:
    """A NumPy scalar as the 0-d array it stands for; arrays as they are."""
    return np.asarray(x) if isinstance(x, np.generic) else x


def create(where: str | int | device | None, maker: str, *args: Any, **options: Any) -> Any:
    """A new array from the array function `maker` ("zeros", "arange", ...), on a device (None: the default one)."""
    place = current_device(where)
    if options.get("dtype") is not None:
        options["dtype"] = dtype_named(maker, options["dtype"])
    if place.type == "cpu":
        return ignore_fp_warnings(getattr(np, maker), *args, **options)
    with cuda.use(place):
        return getattr(cuda.cupy(), maker)(*args, **options)


def array_on(where: str | int | device | None, data: Any, dtype: Any = None) -> Any:
    """A new array with the contents of `data` (array, nested lists or number) on a device, in `dtype` if given."""
    place = current_device(where)
    if is_array(data) and (place.type == "cpu" or not isinstance(data, np.ndarray)):
        data = copy_to(data, place)
    return create(where, "array", data, dtype=dtype)


def copy_to(array: Any, where: device) -> Any:
    """`array` itself if it is on `where` already, else a copy of it there."""
    if where.type == "cpu":
        return to_numpy(array)
    if device_of(array) == with_index(where):
        return array
    if isinstance(array, np.ndarray):
        return _uploaded(array, where)
    with cuda.use(where):  # a copy is made on the current GPU, wherever the array is
        return array.copy()


def _uploaded(array: Any, where: device) -> Any:
    """A copy on a GPU. (CuPy's own copies large arrays to pinned memory first; what is there already need not be.)"""
    if array.flags.c_contiguous and pinned.is_pinned(array):
        with cuda.use(where):
            return pinned.upload(array)
    return create(where, "array", array)


def to_numpy(array: Any) -> Any:
    """The array on the CPU: itself if it is there, else a copy (which waits for the GPU, and so looks at what was
    expected of it)."""
    if isinstance(array, (np.ndarray, np.generic)):
        return array
    found = array.get()
    check_deferred()
    return found


def storage(array: Any) -> Any:
    """The array that owns the memory `array` looks at (itself, unless it is a view)."""
    kind = type(array)
    while array.base is not None and isinstance(array.base, kind):
        array = array.base
    return array


def strided(array: Any, shape: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    """A view of the array from its first element on, of that shape and with those strides (in bytes)."""
    if not isinstance(array, np.ndarray):
        return cuda.strided(array, shape, strides)
    root = storage(array)
    try:  # unlike as_strided's, this view knows its base
        view: Any = np.ndarray(shape, array.dtype, root, array.ctypes.data - root.ctypes.data, strides)
    except ValueError:  # the memory's owner is not contiguous, or empty
        view = np.lib.stride_tricks.as_strided(array, shape, strides)
    if not array.flags.writeable:
        view.flags.writeable = False
    return view


def windows(array: Any, sizes: tuple[int, ...], dims: tuple[int, ...]) -> Any:
    """Every window of these sizes on these dimensions, in new last dimensions: a view. (CuPy's sliding_window_view
    waits for the GPU at each dimension, NumPy's takes 16 us where this takes 4.)"""
    shape = list(array.shape)
    for dim, size in zip(dims, sizes):
        shape[dim] -= size - 1
    return strided(array, (*shape, *sizes), (*array.strides, *(array.strides[dim] for dim in dims)))


def writeable(array: Any) -> bool:
    """May it be written to? Not where elements share memory (CuPy would let it happen), nor where NumPy says no."""
    if isinstance(array, np.ndarray):
        return array.flags.writeable
    return all(step or size == 1 for step, size in zip(array.strides, array.shape)) or not array.size


def unrepeated(array: Any) -> Any:
    """Of elements that share memory each once, in a view that may be written to: sizes of 1 where a step is 0."""
    root, shape = storage(array), tuple(1 if not step else size for size, step in zip(array.shape, array.strides))
    if not isinstance(array, np.ndarray):
        return array[tuple(slice(n) for n in shape)]
    view = strided(array, shape, array.strides)
    view.flags.writeable = root.flags.writeable  # NumPy allows it where the memory's owner is
    return view


def broadcast_view(array: Any, shape: tuple[int, ...]) -> Any:
    """`array` repeated to `shape` without a copy, read-only. (`numpy.broadcast_to` takes 3 us for the commonest case,
    one number; this takes 0.4.)"""
    if type(array) is np.ndarray and not array.ndim:
        out = np.ndarray(shape, array.dtype, array, strides=(0,) * len(shape))
        out.flags.writeable = False
        return out
    return array_module(array).broadcast_to(array, shape)


_add_reduce: Any = np.add.reduce


def reduce_sum(x: Any, dim: Any, dtype: Any, keepdim: bool) -> Any:
    """x.sum(dim, dtype, keepdims=keepdim); NumPy's own method comes to the same 0.2 us later. Halves are added up in
    float32: NumPy adds columns in halves, of which 2,048 + 1 is 2,048."""
    if x.__class__ is not np.ndarray:
        return x.sum(dim, dtype, None, keepdim)
    if dtype is None and x.dtype.char == "e":
        return _add_reduce(x, dim, np.float32, None, keepdim).astype(x.dtype)
    return _add_reduce(x, dim, dtype, None, keepdim)
