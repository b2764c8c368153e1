"""oneDNN's C interface: memory descriptors, compiled primitives, and *plans*, which run one on NumPy arrays.

https://uxlfoundation.github.io/oneDNN/ has the functions; the numbers below are those of its `dnnl_types.h`.
"""

import threading
from collections.abc import Callable
from ctypes import POINTER, Structure, byref, c_char_p, c_float, c_int, c_int64, c_size_t, c_uint, c_void_p
from functools import lru_cache, wraps
from math import prod
from typing import Any

import numpy as np

from minigrad.backend import threads
from minigrad.executors.onednn.library import library

Ints = tuple[int, ...]

# arguments of a primitive
SRC, DST, WEIGHTS, BIAS = 1, 17, 33, 41
DIFF_SRC, DIFF_DST, DIFF_WEIGHTS, DIFF_BIAS = 129, 145, 161, 169
MEAN, VARIANCE, SCALE, SHIFT, DIFF_SCALE, DIFF_SHIFT = 49, 50, 51, 52, 255, 256
FORWARD, BACKWARD = 64, 128  # kinds of propagation
CONVOLUTION_DIRECT = 1  # algorithm
_F32, _ANY, _CPU, _IN_ORDER = 3, 1, 1, 1
_IMPLEMENTATION, _ARGUMENT = 8, 255  # what a compiled primitive is asked for
_UNIMPLEMENTED, _INVALID = 3, 2
_STATUS = {1: "out of memory", 2: "invalid arguments", 3: "unimplemented", 5: "runtime error", 6: "not required"}

MOST_DIMS = 12
MOST_ELEMENTS = 2**31 - 1  # of an array: its kernels count in 32 bits
PLANS = 256  # kept by each thread, and compiled code kept by oneDNN

Dims = c_int64 * MOST_DIMS


class Argument(Structure):
    """`dnnl_exec_arg_t`."""

    _fields_ = [("arg", c_int), ("memory", c_void_p)]


class OneDNNError(RuntimeError):
    """A function of oneDNN that failed: its name, the status, and what it was called for."""


class Unsupported(Exception):
    """oneDNN has no fast way to do this: another executor is to do it."""


dnnl = library()
if dnnl.reason:
    raise ImportError(f"oneDNN cannot be used here: {dnnl.reason}")
_P = c_void_p
_SIGNATURES: dict[str, Any] = {
    "dnnl_memory_desc_create_with_strides": [POINTER(_P), c_int, Dims, c_int, Dims],
    "dnnl_memory_desc_create_with_tag": [POINTER(_P), c_int, Dims, c_int, c_int],
    "dnnl_memory_desc_equal": [_P, _P],
    "dnnl_memory_create": [POINTER(_P), _P, _P, _P],
    "dnnl_memory_set_data_handle": [_P, _P],
    "dnnl_reorder_primitive_desc_create": [POINTER(_P), _P, _P, _P, _P, _P],
    "dnnl_primitive_create": [POINTER(_P), _P],
    "dnnl_primitive_execute": [_P, _P, c_int, _P],
    "dnnl_primitive_desc_query": [_P, c_int, c_int, _P],
    "dnnl_engine_create": [POINTER(_P), c_int, c_size_t],
    "dnnl_stream_create": [POINTER(_P), _P, c_uint],
}
for _name, _types in _SIGNATURES.items():
    getattr(dnnl.run, _name).argtypes = getattr(dnnl.quick, _name).argtypes = _types
dnnl.run.dnnl_memory_desc_get_size.argtypes, dnnl.run.dnnl_memory_desc_get_size.restype = [_P], c_size_t
dnnl.run.dnnl_primitive_desc_query_md.argtypes, dnnl.run.dnnl_primitive_desc_query_md.restype = [_P, c_int, c_int], _P
_set_handle, _execute = dnnl.quick.dnnl_memory_set_data_handle, dnnl.run.dnnl_primitive_execute


class Handle:
    """An object of oneDNN's, destroyed with this one."""

    __slots__ = ("_as_parameter_", "kind")

    def __init__(self, kind: str, create: str, *args: Any) -> None:
        self.kind, made = kind, c_void_p()
        self._as_parameter_ = None
        status = getattr(dnnl.run, create)(byref(made), *args)
        if status in (_UNIMPLEMENTED, _INVALID) and create.endswith("primitive_desc_create"):
            raise Unsupported(create)
        if status:
            raise OneDNNError(f"{create}: {_STATUS.get(status, status)}")
        self._as_parameter_ = made

    def __del__(self, library: Any = dnnl.quick) -> None:  # at the end of the process modules are gone before this
        if self._as_parameter_ is not None:
            getattr(library, f"dnnl_{self.kind}_destroy")(self._as_parameter_)


threads.hold_blas()
dnnl.run.dnnl_set_primitive_cache_capacity(c_int(PLANS))
engine = Handle("engine", "dnnl_engine_create", _CPU, 0)


def has_avx512() -> bool:
    """May oneDNN use AVX-512 here (the bit that all its kinds share)?"""
    return bool(dnnl.run.dnnl_get_effective_cpu_isa() & 0x20)


def described(shape: Ints, strides: Ints | None = None) -> Handle:
    """A float32 array of a shape: in C order, or with these strides, in elements."""
    if strides is None:
        strides = tuple(prod(shape[i + 1 :]) for i in range(len(shape)))
    create = "dnnl_memory_desc_create_with_strides"
    return Handle("memory_desc", create, len(shape), Dims(*shape), _F32, Dims(*strides))


def in_any_layout(shape: Ints) -> Handle:
    """A float32 array whose layout is oneDNN's choice."""
    return Handle("memory_desc", "dnnl_memory_desc_create_with_tag", len(shape), Dims(*shape), _F32, _ANY)


def primitive_desc(name: str, *args: Any) -> Handle:
    """What is to be compiled: `name` is that of the function which describes it, without what all names have."""
    converted = [c_float(a) if isinstance(a, float) else Dims(*a) if isinstance(a, tuple) else a for a in args]
    return Handle("primitive_desc", f"dnnl_{name}_primitive_desc_create", *converted)


def are_float32(*arrays: Any) -> bool:
    """Are these aligned NumPy arrays of float32, not empty, and small enough to be counted in 32 bits?"""
    for a in arrays:
        if a.__class__ is not np.ndarray or a.dtype.char != "f" or not a.flags.aligned:
            return False
        if not 0 < a.size <= MOST_ELEMENTS or a.ndim > MOST_DIMS:
            return False
    return True


def address_of(array: np.ndarray[Any, Any]) -> int:
    """Where its elements begin: the first field of NumPy's struct, read in a fifth of the time that `.ctypes` takes."""
    return _pointer_at(id(array) + _HEADER).value or 0


_pointer_at, _HEADER = c_void_p.from_address, object.__basicsize__
_sample = np.empty(1)
if address_of(_sample) != _sample.ctypes.data:  # another implementation of Python or of NumPy

    def address_of(array: np.ndarray[Any, Any]) -> int:  # noqa: F811
        """Where its elements begin."""
        return array.ctypes.data


def in_order(*arrays: Any) -> list[Any]:
    """In C order: copies of those that are not."""
    return [np.ascontiguousarray(a) for a in arrays]


class Plan:
    """A compiled primitive, with what brings its arguments into its layouts and back.

    inputs, outputs: the number of each argument, and how the caller's array lies. Called with arrays in this order.
    hint: the forward that a backward is described with. shape: of the (first) result.
    """

    __slots__ = ("shape", "_memories", "_sizes", "_steps", "_stream", "_held")

    def __init__(
        self, desc: Handle, inputs: dict[int, Any], outputs: dict[int, Any], hint: Any = None, shape: Ints = ()
    ) -> None:
        self.shape = shape
        name = c_char_p()
        dnnl.run.dnnl_primitive_desc_query(desc, _IMPLEMENTATION, 0, byref(name))
        if (name.value or b"ref").startswith(b"ref"):
            raise Unsupported("only a reference implementation")
        primitive = Handle("primitive", "dnnl_primitive_create", desc)
        self._held, self._memories, self._sizes = [desc, hint, inputs, outputs, primitive, _local.stream], [], []
        self._stream = _local.stream._as_parameter_
        arguments, before, after = [], [], []
        for arg, given in (*inputs.items(), *outputs.items()):
            inner = dnnl.run.dnnl_primitive_desc_query_md(desc, _ARGUMENT, arg)
            memory = self._memory(given)
            self._memories.append(memory._as_parameter_)
            if not dnnl.run.dnnl_memory_desc_equal(given, inner):
                own = self._memory(inner)
                self._sizes.append((own._as_parameter_, dnnl.run.dnnl_memory_desc_get_size(inner)))
                if arg in inputs:
                    before.append(self._reorder(given, memory, inner, own))
                else:
                    after.append(self._reorder(inner, own, given, memory))
                memory = own
            arguments.append(Argument(arg, memory._as_parameter_))
        step = primitive._as_parameter_, len(arguments), (Argument * len(arguments))(*arguments)
        self._steps = (*before, step, *after)

    def _memory(self, desc: Any) -> Handle:
        made = Handle("memory", "dnnl_memory_create", desc, engine, None)
        self._held.append(made)
        return made

    def _reorder(self, desc: Any, source: Handle, to_desc: Any, target: Handle) -> tuple[Any, int, Any]:
        described = primitive_desc("reorder", desc, engine, to_desc, engine, None)
        reorder = Handle("primitive", "dnnl_primitive_create", described)
        self._held.append(reorder)
        arguments = Argument(SRC, source._as_parameter_), Argument(DST, target._as_parameter_)
        return reorder._as_parameter_, 2, (Argument * 2)(*arguments)

    def __call__(self, *arrays: Any) -> None:
        for memory, array in zip(self._memories, arrays):
            _set_handle(memory, address_of(array))
        buffers = []
        for memory, size in self._sizes:
            buffer = np.empty(size + 64, np.uint8)
            address = address_of(buffer)
            _set_handle(memory, address + -address % 64)
            buffers.append(buffer)
        for primitive, count, arguments in self._steps:
            if status := _execute(primitive, self._stream, count, arguments):
                shapes = ", ".join(str(list(a.shape)) for a in arrays)
                raise OneDNNError(f"dnnl_primitive_execute: {_STATUS.get(status, status)}, for arrays of {shapes}")


def _build(build: Callable[..., Plan], *key: Any) -> Plan | None:
    try:
        return build(*key)
    except Unsupported:
        return None


class _Local(threading.local):
    """A thread's plans: their memory objects and oneDNN's scratch memory serve one call at a time."""

    def __init__(self) -> None:
        self.threads, self.find = 0, lru_cache(PLANS)(_build)
        self.stream = Handle("stream", "dnnl_stream_create", engine, _IN_ORDER)


_local = _Local()


def plan(build: Callable[..., Plan]) -> Callable[..., Plan | None]:
    """The plan that `build` makes for its (hashable) arguments, made once by each thread, for as many threads as there
    are; None where oneDNN has none, and among the parts of a larger operation."""

    @wraps(build)
    def find(*key: Any) -> Plan | None:
        if threads.here.busy:
            return None
        team = 1 if threads.forked else threads.count or threads.get_num_threads()
        if team != _local.threads:
            dnnl.set_num_threads(team)
            _local.threads, _local.find = team, lru_cache(PLANS)(_build)
        return _local.find(build, *key)

    return find
