"""A strict stand-in for CuPy over NumPy, so that a machine without a GPU can run what is meant for one.

It refuses what CuPy refuses: implicit conversion to NumPy, mixing with NumPy arrays, lists where arrays are due, names
and keywords that CuPy lacks. Where CuPy would silently do the wrong thing (an index out of range wraps) it raises.
Results are arrays, 0-d ones too. `syncs` counts the copies to the host, `launches` the kernels.
"""

from types import SimpleNamespace
from typing import Any

import numpy as _np

syncs = 0
launches = 0
_DEVICES = 2
_current = 0


def _unwrap(x: Any, name: str = "") -> Any:
    if isinstance(x, ndarray):
        return x._a
    if isinstance(x, _np.ndarray):
        raise TypeError(f"Unsupported type <class 'numpy.ndarray'> ({name})")
    if isinstance(x, tuple):
        return tuple(_unwrap(i, name) for i in x)
    if isinstance(x, list):
        return [_unwrap(i, name) for i in x]
    return x


def _wrap(x: Any, base: Any = None) -> Any:
    if isinstance(x, tuple):
        return tuple(_wrap(i, base) for i in x)
    if isinstance(x, list):
        return [_wrap(i, base) for i in x]
    if isinstance(x, (_np.ndarray, _np.generic)):
        out = object.__new__(ndarray)
        out._a, out.device = _np.asarray(x), SimpleNamespace(id=_current)
        root = base if base is None or base.base is None else base.base
        out.base = root if root is not None and _np.shares_memory(out._a, root._a) else None
        return out
    return x


def _launch(function: Any, *args: Any, **options: Any) -> Any:
    global launches
    launches += 1
    name = getattr(function, "__name__", "")
    with _np.errstate(all="ignore"):
        return _wrap(function(*_unwrap(args, name), **{k: _unwrap(v, name) for k, v in options.items()}))


class ndarray:
    """An array on the pretended GPU."""

    __array_priority__ = 100
    __slots__ = ("__weakref__", "_a", "base", "device")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, shape: Any, dtype: Any = float) -> None:
        self._a, self.base, self.device = _np.empty(shape, dtype), None, SimpleNamespace(id=_current)

    def __array__(self, *args: Any, **options: Any) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()`")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or "where" in options:
            raise TypeError(f"{ufunc.__name__}: {method} or `where` is not supported")
        out = options.pop("out", None)
        result = _launch(ufunc, *inputs, **options)
        if out is not None:
            out[0]._a[...] = result._a
            return out[0]
        return result

    def get(self) -> Any:
        global syncs
        syncs += 1
        return self._a.copy()

    def item(self) -> Any:
        return self.get().item()

    def tolist(self) -> Any:
        return self.get().tolist()

    def __bool__(self) -> bool:
        return bool(self.get())

    def __int__(self) -> int:
        return int(self.get())

    def __float__(self) -> float:
        return float(self.get())

    def __len__(self) -> int:
        return len(self._a)

    def __getitem__(self, index: Any) -> Any:
        global syncs
        parts = index if isinstance(index, tuple) else (index,)
        syncs += any(isinstance(p, ndarray) and p.dtype == bool for p in parts)
        return _wrap(self._a[_unwrap(index, "getitem")], self)

    def __setitem__(self, index: Any, value: Any) -> None:
        global launches
        launches += 1
        self._a[_unwrap(index, "setitem")] = _unwrap(value, "setitem")

    def reshape(self, *shape: Any) -> Any:
        return _wrap(self._a.reshape(*shape), self)

    def transpose(self, *dims: Any) -> Any:
        return _wrap(self._a.transpose(*dims), self)

    def swapaxes(self, a: int, b: int) -> Any:
        return _wrap(self._a.swapaxes(a, b), self)

    def squeeze(self, axis: Any = None) -> Any:
        return _wrap(self._a.squeeze(axis), self)

    def view(self, dtype: Any = None) -> Any:
        return _wrap(self._a.view() if dtype is None else self._a.view(dtype), self)

    @property
    def T(self) -> Any:
        return _wrap(self._a.T, self)

    @property
    def data(self) -> Any:
        return SimpleNamespace(ptr=self._a.ctypes.data)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        return self if not copy and self.dtype == dtype else _launch(self._a.astype, dtype)


def _method(name: str, keywords: tuple[str, ...]) -> Any:
    def call(self: ndarray, *args: Any, **options: Any) -> Any:
        unknown = options.keys() - set(keywords)
        if unknown:
            raise TypeError(f"{name}() got an unexpected keyword argument {sorted(unknown)[0]!r}")
        return _launch(getattr(self._a, name), *args, **options)

    return call


for _name in ("sum", "mean", "prod", "cumsum", "cumprod"):
    setattr(ndarray, _name, _method(_name, ("axis", "dtype", "out", "keepdims")))
for _name in ("max", "min", "any", "all", "argmax", "argmin"):
    setattr(ndarray, _name, _method(_name, ("axis", "out", "keepdims")))
for _name in ("copy", "fill", "argsort", "ravel", "repeat", "round", "take", "clip", "dot", "conj"):
    setattr(ndarray, _name, _method(_name, ()))
for _name in ("shape", "dtype", "ndim", "size", "itemsize", "nbytes", "strides", "flags"):
    setattr(ndarray, _name, property(lambda self, n=_name: getattr(self._a, n)))


def _operator(name: str) -> Any:
    def call(self: ndarray, *others: Any) -> Any:
        if any(isinstance(x, (list, str)) or x is None for x in others):
            return NotImplemented
        if any(not isinstance(x, (ndarray, int, float, complex, _np.generic, _np.ndarray)) for x in others):
            return NotImplemented
        return _launch(getattr(self._a, name), *others)

    return call


for _name in (
    "add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow matmul rmatmul and rand or ror "
    "xor rxor eq ne lt le gt ge neg abs invert"
).split():
    setattr(ndarray, f"__{_name}__", _operator(f"__{_name}__"))


def _in_place(name: str) -> Any:
    def call(self: ndarray, other: Any) -> Any:
        _launch(getattr(self._a, name), other)
        return self

    return call


for _name in "iadd isub imul itruediv ifloordiv ipow iand ior ixor".split():
    setattr(ndarray, f"__{_name}__", _in_place(f"__{_name}__"))


def array(data: Any, dtype: Any = None, copy: bool = True, order: str = "K") -> Any:
    return _wrap(_np.array(data._a if isinstance(data, ndarray) else data, dtype=dtype))


def asarray(data: Any, dtype: Any = None) -> Any:
    return data if isinstance(data, ndarray) and dtype in (None, data.dtype) else array(data, dtype)


def broadcast_to(x: Any, shape: Any) -> Any:
    return _wrap(_np.broadcast_to(_unwrap(x), shape), x)


def is_available() -> bool:
    return True


class _Device:
    def __init__(self, number: Any = None) -> None:
        self.id = _current if number is None else number

    def __enter__(self) -> Any:
        global _current
        self._outer, _current = _current, self.id
        return self

    def __exit__(self, *exc: Any) -> None:
        global _current
        _current = self._outer


cuda = SimpleNamespace(
    Device=_Device, runtime=SimpleNamespace(getDeviceCount=lambda: _DEVICES, getDevice=lambda: _current)
)


class _Add:
    def __call__(self, *args: Any, **options: Any) -> Any:
        return _launch(_np.add, *args, **options)

    def at(self, x: Any, index: Any, value: Any) -> None:
        _np.add.at(x._a, _unwrap(index), _unwrap(value))


add = _Add()
_CREATE = "zeros ones empty full arange linspace eye ogrid".split()
_FUNCTIONS = set(
    "zeros ones empty full arange linspace eye zeros_like ones_like empty_like full_like exp exp2 expm1 log log2 log10 "
    "log1p sqrt sin cos tan sinh cosh tanh arcsin arccos arctan arctan2 arcsinh arccosh arctanh floor ceil trunc rint "
    "sign maximum minimum where clip isnan isinf isfinite logical_and logical_or logical_xor logical_not concatenate "
    "flip argmax argmin abs absolute square matmul prod cumsum cumprod triu tril einsum roll stack take_along_axis "
    "put_along_axis sort argsort count_nonzero nonzero multiply subtract divide power negative copysign fmod remainder "
    "floor_divide logaddexp pad tensordot diag diagonal moveaxis nan_to_num".split()
)


def __getattr__(name: str) -> Any:
    if name == "ogrid":
        return SimpleNamespace(__getitem__=None) if False else _Ogrid()
    if name not in _FUNCTIONS:
        raise AttributeError(f"module 'cupy' has no attribute {name!r} (the stand-in knows only what minigrad may use)")
    function = getattr(_np, name)

    def call(*args: Any, **options: Any) -> Any:
        if "where" in options or "initial" in options:
            raise TypeError(f"{name}() got an unexpected keyword argument")
        if isinstance(function, _np.ufunc) and any(isinstance(a, list) for a in args):
            raise TypeError(f"Unsupported type <class 'list'> ({name})")
        return _launch(function, *args, **options)

    call.__name__ = name
    return call


class _Ogrid:
    def __getitem__(self, index: Any) -> Any:
        return _wrap(list(_np.ogrid[index]) if isinstance(index, tuple) else _np.ogrid[index])
