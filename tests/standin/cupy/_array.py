"""`ndarray`: an array on the pretended GPU. It holds a NumPy array and lets nobody else see it."""

import inspect
from types import SimpleNamespace
from typing import Any

import numpy as _np

from cupy import _table
from cupy._counts import counts, launched, synced
from cupy._memory import allocator

NUMBERS = (bool, int, float, complex, _np.generic)


def raw(x: Any, name: str) -> Any:
    """The NumPy array in an argument. Raises TypeError for one that is not on the GPU, ValueError on another GPU."""
    if isinstance(x, ndarray):
        if x.device.id != counts.current:
            raise ValueError(f"{name}: array device = {x.device.id} while current = {counts.current}")
        return x._a
    if isinstance(x, _np.ndarray):
        raise TypeError(f"Unsupported type <class 'numpy.ndarray'> ({name})")
    if isinstance(x, (tuple, list)):
        return type(x)([raw(e, name) for e in x])
    if hasattr(x, "__array_ufunc__") and not isinstance(x, _np.generic):
        raise TypeError(f"Unsupported type {type(x)} ({name})")
    return x


def wrap(x: Any, base: Any = None) -> Any:
    """A NumPy result as one of the GPU's: numbers become 0-d arrays. `base`: what it may be a view of."""
    if isinstance(x, (tuple, list)):
        return tuple(wrap(e, base) for e in x)
    if not isinstance(x, (_np.ndarray, _np.generic)):
        return x
    out = object.__new__(ndarray)
    out._a, out.base, out.device, out._held = _np.asarray(x), None, SimpleNamespace(id=counts.current), 0
    if base is not None and _np.may_share_memory(out._a, base._a):
        out.base = base if base.base is None else base.base
        out.device = base.device
    else:
        allocator.malloc(out._a.nbytes)
        out._held = out._a.nbytes
    return out


def run(name: str, function: Any, cost: float, args: Any, options: Any, first: Any = None) -> Any:
    """Call a NumPy function as the GPU would run it, and count what that costs."""
    out = options.pop("out", None)
    given = raw(tuple(args), name), {k: raw(v, name) for k, v in options.items()}
    if out is not None:
        out = out[0] if isinstance(out, tuple) else out
        given[1]["out"] = raw(out, name)
    with _np.errstate(all="ignore"):
        result = wrap(function(*given[0], **given[1]), first)
    if name == "diagonal":  # NumPy's is read-only
        result._a.flags.writeable = first._a.flags.writeable
    viewed = isinstance(result, ndarray) and result.base is not None
    launched(0 if viewed else max(int(cost), 1 if function is not _np.empty else 0))
    synced(round(cost % 1 * 10))
    return result if out is None else out


class Declared:
    """A declaration of `_table`: binds arguments as CuPy would, TypeError for those it does not know."""

    def __init__(self, text: str) -> None:
        cost, _, declaration = text.partition(" ")
        self.name, _, arguments = declaration.partition("(")
        self.cost = float(cost)
        self.signature = inspect.signature(eval(f"lambda {arguments.removesuffix(')')}: None"))

    def check(self, args: Any, options: Any) -> None:
        try:
            self.signature.bind(*args, **options)
        except TypeError as error:
            raise TypeError(f"{self.name}() {error}") from None


def declared(table: str) -> dict[str, Declared]:
    found = [Declared(line) for line in table.strip().splitlines()]
    return {d.name: d for d in found}


class ndarray:
    """An array on the pretended GPU."""

    __array_priority__ = 100
    __slots__ = ("__weakref__", "_a", "_held", "base", "device")
    __hash__ = None  # type: ignore[assignment]
    __contains__ = None  # CuPy's would compare, and wait, element by element

    def __del__(self) -> None:
        allocator.pool._free(self._held)

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, self.device.id

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: Any = None
    ) -> Any:  # the CPU's, which `from_dlpack` here knows
        return self._a.__dlpack__(max_version=max_version)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {**self._a.__array_interface__, "version": 3, "stream": 1}

    def __array__(self, *args: Any, **options: Any) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()`")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if any(isinstance(x, _np.ndarray) for x in inputs):
            raise TypeError("Unsupported type <class 'numpy.ndarray'>")
        if method != "__call__" or any(not isinstance(x, (ndarray, *NUMBERS)) for x in inputs):
            return NotImplemented
        if not isinstance(inputs[0], _np.generic):
            raise TypeError(f"numpy.{ufunc.__name__} of a CuPy array: say {ufunc.__name__} of its own library")
        return run(ufunc.__name__, ufunc, 1, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        raise TypeError(f"numpy.{function.__name__} of a CuPy array: say {function.__name__} of its own library")

    # --- to the host ------------------------------------------------------------------------------------------

    def get(self, stream: Any = None, order: str = "C", out: Any = None, blocking: bool = True) -> Any:
        synced(1 if self._a.size else 0)
        launched(0 if self._a.flags.c_contiguous or order != "C" else 1)
        return self._a.copy(order)

    def item(self) -> Any:
        return self.get().item()

    def tolist(self) -> Any:
        return self.get().tolist()

    def tobytes(self, order: str = "C") -> bytes:
        return self.get().tobytes(order)

    def __bool__(self) -> bool:
        return bool(self.get())

    def __int__(self) -> int:
        return int(self.get())

    def __float__(self) -> float:
        return float(self.get())

    def __complex__(self) -> complex:
        return complex(self.get())

    def __format__(self, spec: str) -> str:
        return format(self.get(), spec)

    def __repr__(self) -> str:
        return repr(self.get())

    def __str__(self) -> str:
        return str(self.get())

    def __reduce__(self) -> Any:
        import cupy

        return cupy.array, (self.get(),)

    # --- copies on the device -----------------------------------------------------------------------------------

    def copy(self, order: str = "C") -> "ndarray":  # on the current GPU, wherever this one is
        launched()
        return wrap(self._a.copy(order))

    def __copy__(self) -> "ndarray":
        return self.copy()

    def __deepcopy__(self, memo: Any) -> "ndarray":
        return self.copy()

    def set(self, arr: Any, stream: Any = None) -> None:
        if not isinstance(arr, _np.ndarray) or (arr.shape, arr.dtype) != (self.shape, self.dtype):
            raise TypeError("Only numpy.ndarray of the same shape and dtype can be set to cupy.ndarray")
        counts.uploads += 1
        self._a[...] = arr

    def fill(self, value: Any) -> None:
        if isinstance(value, _np.ndarray):
            raise TypeError("Unsupported type <class 'numpy.ndarray'> (fill)")
        launched()
        self._a.fill(raw(value, "fill"))

    def astype(
        self, dtype: Any, order: str = "K", casting: Any = None, subok: Any = None, copy: bool = True
    ) -> "ndarray":
        if not copy and self.dtype == dtype:
            return self
        return run("astype", self._a.astype, 1, (dtype,), {})

    def view(self, dtype: Any = None, type: Any = None) -> "ndarray":
        return wrap(self._a.view() if dtype is None else self._a.view(dtype), self)

    # --- elements -----------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._a)

    def __iter__(self) -> Any:
        if not self._a.ndim:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self._a)))

    def __getitem__(self, index: Any) -> "ndarray":
        place, cost, arrays = indexed(index, self)
        out = wrap(self._a[place], None if arrays else self)
        launched(cost)
        return out

    def __setitem__(self, index: Any, value: Any) -> None:
        if not isinstance(value, (ndarray, *NUMBERS)):
            raise TypeError(f"Unsupported type {type(value)} (setitem)")
        place, cost, arrays = indexed(index, self)
        counts.uploads += bool(arrays and not isinstance(value, ndarray))
        value = raw(value, "setitem")
        with _np.errstate(all="ignore"):
            target = self._a[place] if not arrays else None
            same = isinstance(value, _np.ndarray) and target is not None and same_memory(target, value)
            if not same:
                self._a[place] = value
        launched(max(cost, 0 if same else 1))

    # --- what it is ---------------------------------------------------------------------------------------------

    @property
    def T(self) -> "ndarray":
        return wrap(self._a.T, self)

    @property
    def mT(self) -> "ndarray":
        return wrap(self._a.mT, self)

    @property
    def data(self) -> Any:
        return SimpleNamespace(ptr=self._a.ctypes.data, device=self.device)

    @property
    def flags(self) -> Any:
        flags = self._a.flags
        return SimpleNamespace(c_contiguous=flags.c_contiguous, f_contiguous=flags.f_contiguous, owndata=flags.owndata)

    def _set_shape_and_strides(self, shape: Any, strides: Any, update_c: bool, update_f: bool) -> None:
        self._a = _np.lib.stride_tricks.as_strided(self._a, shape, strides)


def same_memory(a: Any, b: Any) -> bool:
    return (a.ctypes.data, a.shape, a.strides) == (b.ctypes.data, b.shape, b.strides)


def indexed(index: Any, array: ndarray) -> tuple[Any, int, int]:
    """An index as NumPy's, its launches, and how many arrays are in it. Out of range it raises, unless told to wrap.

    Lists and NumPy arrays, which CuPy would upload at each use, are refused. A mask waits: how many are True?
    """
    parts = index if isinstance(index, tuple) else (index,)
    out, arrays, masks = [], 0, 0
    for part in parts:
        if isinstance(part, ndarray):
            if part.dtype.kind not in "biu":
                raise IndexError(f"arrays used as indices must be of integer or boolean type, got {part.dtype}")
            arrays, masks = arrays + 1, masks + (part.dtype.kind == "b")
            out.append(raw(part, "index"))
        elif part is None or part is Ellipsis or isinstance(part, slice):
            out.append(part)
        elif isinstance(part, (int, _np.integer)) and not isinstance(part, bool):
            out.append(int(part))
        else:
            raise TypeError(f"Unsupported type {type(part)} (index)")
    raw(array, "getitem")
    synced(masks)
    if counts.wraps:
        out = wrapped(out, array._a.shape)
    if not arrays and not any(part is Ellipsis for part in out):
        index, out = (), [*out, Ellipsis]  # a single element is a 0-d view
    cost = 0 if not arrays else 2 if arrays == masks == 1 else 1 if arrays == 1 else arrays + 2
    return tuple(out) if isinstance(index, tuple) else out[0], cost, arrays


def wrapped(parts: list[Any], shape: tuple[int, ...]) -> list[Any]:
    """The parts of an index with their integer arrays modulo the sizes of the dimensions they stand for."""
    kinds = [part.dtype.kind if isinstance(part, _np.ndarray) else "" for part in parts]
    taken = [p.ndim if kind == "b" else int(p is not None and p is not ...) for p, kind in zip(parts, kinds)]
    out, dim = [], 0
    for part, kind, n in zip(parts, kinds, taken):
        integers = kind in ("i", "u") and shape[dim]
        out.append(part % shape[dim] if integers else part)
        dim += len(shape) - sum(taken) if part is ... else n
    return out


def _method(declaration: Declared) -> Any:
    name = declaration.name

    def call(self: ndarray, *args: Any, **options: Any) -> Any:
        declaration.check(args, options)
        return method_results(name, self, args, options, declaration.cost)

    call.__name__ = name
    return call


def method_results(name: str, self: ndarray, args: Any, options: Any, cost: float) -> Any:
    from cupy._functions import refuse

    refuse(name, (self, *args), options)
    return run(name, getattr(raw(self, name), name), cost, args, options, self)


def _operator(name: str, ufunc: str) -> Any:
    def call(self: ndarray, *others: Any) -> Any:
        if all(isinstance(x, (ndarray, *NUMBERS)) for x in others):
            return run(ufunc, getattr(raw(self, ufunc), name), 1, others, {})
        (other,) = others
        if isinstance(other, _np.ndarray):
            raise TypeError(f"Unsupported type <class 'numpy.ndarray'> ({ufunc})")
        if not hasattr(other, "__array_ufunc__"):
            return NotImplemented if not name.startswith(("__eq", "__ne")) else raw_refused(other, ufunc)
        pair = (other, self) if name.startswith("__r") and name not in ("__round__", "__rshift__") else (self, other)
        return getattr(_np, ufunc)(*pair)

    return call


def raw_refused(x: Any, name: str) -> Any:
    raise TypeError(f"Unsupported type {type(x)} ({name})")


def _in_place(name: str) -> Any:
    def call(self: ndarray, other: Any) -> Any:
        if not isinstance(other, (ndarray, *NUMBERS)):
            raw_refused(other, name)
        with _np.errstate(all="ignore"):
            getattr(raw(self, name), name)(raw(other, name))
        launched()
        return self

    return call


_OPERATORS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "power", "matmul": "matmul", "and": "bitwise_and", "or": "bitwise_or",
    "xor": "bitwise_xor", "lshift": "left_shift", "rshift": "right_shift",
}  # fmt: skip
_COMPARISONS = {"eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater",
                "ge": "greater_equal"}  # fmt: skip
for _short, _ufunc in _OPERATORS.items():
    setattr(ndarray, f"__{_short}__", _operator(f"__{_short}__", _ufunc))
    setattr(ndarray, f"__r{_short}__", _operator(f"__r{_short}__", _ufunc))
    if _short != "matmul":  # CuPy has no `@=`
        setattr(ndarray, f"__i{_short}__", _in_place(f"__i{_short}__"))
for _short, _ufunc in {**_COMPARISONS, "neg": "negative", "abs": "absolute", "invert": "invert",
                       "pos": "positive"}.items():  # fmt: skip
    setattr(ndarray, f"__{_short}__", _operator(f"__{_short}__", _ufunc))
for _short in ("shape", "dtype", "ndim", "size", "itemsize", "nbytes", "strides"):
    setattr(ndarray, _short, property(lambda self, n=_short: getattr(self._a, n)))
for _short in ("real", "imag"):
    setattr(ndarray, _short, property(lambda self, n=_short: wrap(getattr(self._a, n), self)))
for _declaration in (d for name, d in declared(_table.METHODS).items() if name not in vars(ndarray)):
    setattr(ndarray, _declaration.name, _method(_declaration))
