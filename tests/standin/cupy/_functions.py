"""The functions of `_table`, each NumPy's own behind CuPy's declaration and refusals."""

import warnings
from types import SimpleNamespace
from typing import Any

import numpy as _np

from cupy import _table
from cupy._array import NUMBERS, Declared, declared, indexed, ndarray, raw, run, wrap
from cupy._counts import counts, launched, synced

Options = dict[str, Any]


class ufunc:
    """An element-wise function. Takes arrays of the GPU and numbers; no lists, no `where=`."""

    def __init__(self, name: str) -> None:
        self.__name__ = name
        self._function = getattr(_np, name)
        if name in _table.ATOMIC:
            self.at = self._at

    def __call__(self, *args: Any, out: Any = None, casting: str = "same_kind", dtype: Any = None) -> Any:
        for x in args:
            if not isinstance(x, (ndarray, *NUMBERS)):
                raise TypeError(f"Unsupported type {type(x)} ({self.__name__})")
        options = {} if dtype is None else {"dtype": dtype}
        if len(args) > (nin := getattr(self._function, "nin", 1)):
            args, out = args[:nin], args[nin]
        if out is not None and not isinstance(out, (ndarray, tuple)):
            raise TypeError(f"Unsupported type {type(out)} ({self.__name__})")
        result = run(self.__name__, self._function, 1, args, {**options, **({} if out is None else {"out": out})})
        if self.__name__ == "sinc":  # a kernel here, several functions in NumPy
            floats = next((x.dtype for x in args if isinstance(x, ndarray) and x.dtype.kind == "f"), result.dtype)
            return wrap(result._a.astype(floats, copy=False))
        return result

    def _at(self, a: Any, indices: Any, b: Any = None) -> None:
        place, cost, arrays = indexed(indices, a)
        if arrays and a.dtype.name not in _table.ATOMIC[self.__name__].split():
            raise TypeError(f"scatter_{self.__name__} only supports {_table.ATOMIC[self.__name__]}, got {a.dtype}")
        counts.uploads += not isinstance(b, ndarray)
        self._function.at(raw(a, "at"), place, raw(b, "at"))
        launched(cost or 1)


def refuse(name: str, args: Any, options: Options) -> None:
    """What CuPy refuses though its declaration has a place for it."""
    if name == "repeat" and any(isinstance(x, ndarray) for x in (*args[1:], *options.values())):
        raise ValueError("cupy.ndarray cannot be specified as `repeats` argument.")
    if name in ("argsort", "sort") and (options.get("kind") or "stable") != "stable":
        raise ValueError("kind must be None or 'stable'")
    if name == "searchsorted" and args[0].ndim != 1:
        raise ValueError("object too deep for desired array")
    if name in ("nonzero", "argwhere") and not args[0].ndim:
        warnings.warn("calling nonzero on 0d arrays is deprecated", DeprecationWarning, stacklevel=4)
    if name == "where" and (len(args) + len(options)) == 3 and not isinstance(args[0], ndarray):
        raise TypeError(f"Unsupported type {type(args[0])} (where)")
    lists = name in ("concatenate", "stack")
    if any(isinstance(x, (list, _np.ndarray)) for x in (args[1:] if lists else args[:1])):
        raise TypeError(f"{name}: expected cupy.ndarray, got {type(args[0])}")


def named(call: Any, declaration: Declared) -> Any:
    call.__name__, call.__signature__ = declaration.name, declaration.signature
    return call


def of_arrays(declaration: Declared, function: Any) -> Any:
    """A function that takes arrays of the GPU."""
    name, cost = declaration.name, declaration.cost

    def call(*args: Any, **options: Any) -> Any:
        declaration.check(args, options)
        refuse(name, args, options)
        if not any(isinstance(x, ndarray) for x in flat((*args, *options.values()))):
            raise TypeError(f"{name}: expected cupy.ndarray, got {type(args[0])}")
        if name == "where" and len(args) + len(options) == 1:
            return nonzero(*args)
        if name == "copyto" and options.get("where", 0) is None:
            del options["where"]
        first = args[0] if args and isinstance(args[0], ndarray) else None
        result = run(name, function, cost, args, dict(options), first)
        if isinstance(result, (bool, _np.bool_)):  # allclose, array_equal: 0-d arrays here, which to ask waits
            return wrap(_np.asarray(result))
        return args[0] if name == "ascontiguousarray" and getattr(result, "base", None) is not None else result

    return named(call, declaration)


def flat(values: Any) -> Any:
    for x in values:
        if isinstance(x, (tuple, list)):
            yield from flat(x)
        else:
            yield x


def maker(declaration: Declared, function: Any) -> Any:
    """A function that makes an array."""
    name, cost = declaration.name, int(declaration.cost)

    def call(*args: Any, **options: Any) -> Any:
        declaration.check(args, options)
        given = raw(tuple(args), name), {k: raw(v, name) for k, v in options.items()}
        if any(isinstance(x, _np.ndarray) and x.ndim for x in given[0][1:]):
            raise TypeError(f"{name}: expected numbers")
        launched(cost)
        return wrap(function(*given[0], **given[1]))

    return named(call, declaration)


def plain(declaration: Declared, function: Any) -> Any:
    def call(*args: Any, **options: Any) -> Any:
        declaration.check(args, options)
        return function(*[x._a if isinstance(x, ndarray) else x for x in args], **options)

    return named(call, declaration)


def solving(declaration: Declared, function: Any) -> Any:
    """A function of linear algebra. Where it fails CuPy gives garbage, unless asked to look (which waits)."""
    name = declaration.name

    def call(*args: Any, **options: Any) -> Any:
        declaration.check(args, options)
        if any(isinstance(x, ndarray) and x.dtype == "float16" for x in args):
            raise TypeError("float16 is unsupported in linalg")
        watched = counts.linalg == "raise"
        synced(watched)
        try:
            return run(name, function, 1, args, dict(options))
        except _np.linalg.LinAlgError as error:
            if watched:
                raise
            raise RuntimeError(f"{name}: CuPy gives garbage here, silently ({error})") from None

    return named(call, declaration)


ufuncs: Options = {name: ufunc(name) for name in _table.UFUNCS.split()}
nonzero: Any = of_arrays(declared(_table.FUNCTIONS)["nonzero"], _np.nonzero)


def _broadcast_to(array: _np.ndarray, shape: Any) -> _np.ndarray:
    """CuPy's arrays are never read-only."""
    view = _np.broadcast_to(array, shape)
    return _np.lib.stride_tricks.as_strided(array, view.shape, view.strides)


own = {"broadcast_to": _broadcast_to}
functions: Options = {n: of_arrays(d, own.get(n) or getattr(_np, n)) for n, d in declared(_table.FUNCTIONS).items()}
makers: Options = {n: maker(d, getattr(_np, n)) for n, d in declared(_table.MAKERS).items()}
hosts: Options = {
    d.name: plain(d, getattr(_np, d.name)) for d in (Declared(f"0 {t}") for t in _table.PLAIN.strip().splitlines())
}
linalg: Options = {n: solving(d, getattr(_np.linalg, n)) for n, d in declared(_table.LINALG).items()}


def array(
    obj: Any, dtype: Any = None, copy: bool = True, order: str = "K", subok: bool = False, ndmin: int = 0, *,
    blocking: bool = False,
) -> Any:  # fmt: skip
    """A copy on the GPU, of whatever NumPy can make an array of."""
    if isinstance(obj, ndarray):
        return run("array", lambda x: _np.array(x, dtype=dtype, order=order, ndmin=ndmin), 1, (obj,), {})
    if isinstance(obj, (list, tuple)) and any(isinstance(x, ndarray) for x in flat(obj)):
        obj = raw(obj, "array")
    counts.uploads += 1
    made = _np.array(obj, dtype=dtype, ndmin=ndmin)
    if made.dtype.kind not in "biufc":
        raise ValueError(f"Unsupported dtype {made.dtype}")
    return wrap(made)


def asarray(a: Any, dtype: Any = None, order: Any = None, *, copy: Any = None, blocking: bool = False) -> Any:
    """`a` itself if it is an array of the GPU and of that dtype, else a copy there; what has
    `__cuda_array_interface__` is looked at where it is."""
    if not isinstance(a, ndarray) and hasattr(a, "__cuda_array_interface__"):
        given = {k: v for k, v in a.__cuda_array_interface__.items() if k != "stream"}
        return wrap(_np.asarray(SimpleNamespace(__array_interface__=given, owner=a)))
    return a if isinstance(a, ndarray) and dtype in (None, a.dtype) else array(a, dtype)


def from_dlpack(array: Any, *, device: Any = None, copy: Any = None) -> Any:
    """An array on the memory of another that says it is on a GPU."""
    kind, number = array.__dlpack_device__()
    if kind != 2:
        raise ValueError(f"Unsupported array on device type {kind}")
    made = wrap(_np.from_dlpack(_Said(array)))
    made.device = SimpleNamespace(id=number)
    return made


class _Said:
    """An array of the pretended GPU as what its memory really is."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(max_version=options.get("max_version"))


class ogrid:
    """`ogrid[:2, :3]`: arange for each dimension, in shapes that broadcast."""

    def __getitem__(self, index: Any) -> Any:
        made = _np.ogrid[index]
        launched(len(made) if isinstance(made, tuple) else 1)
        return list(wrap(made)) if isinstance(made, tuple) else wrap(made)


def sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Any:
    """CuPy's puts the window's sizes on the GPU, and looks at each of them: a wait for each dimension."""
    if writeable:
        raise NotImplementedError("Writeable views are not supported.")
    sizes = (window_shape,) if isinstance(window_shape, int) else tuple(window_shape)
    counts.uploads += 1
    launched(len(sizes))
    synced(len(sizes))
    return wrap(_np.lib.stride_tricks.sliding_window_view(raw(x, "sliding_window_view"), sizes, axis))


def as_strided(x: Any, shape: Any = None, strides: Any = None) -> Any:
    """CuPy's has no base: nothing tells that it is a view."""
    return wrap(_np.lib.stride_tricks.as_strided(raw(x, "as_strided"), shape, strides))
