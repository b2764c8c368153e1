"""The names that a pickle may contain, a closed list, and what is made where one is called. Nothing here runs code
that comes from the file, or sets what an argument asks for without looking at it."""

import pickle
from collections import Counter, OrderedDict
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.backend import device
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Size, Tensor
from minigrad.nn.parameter import Parameter
from minigrad.utils.files.storages import CLASSES, UNTYPED, Storage


class UnpicklingError(pickle.UnpicklingError, ValueError):
    """A pickle holds a name that is not on the list."""


class Name:
    """A name of the list, where a pickle has a class or function. It can only be called."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


safe: dict[str, Any] = {}  # by name, the classes and functions that the user said are safe


def lookup(name: str) -> Any:
    """What a name in a pickle stands for: a dtype, or a Name. Raises UnpicklingError for what is not on the list."""
    module, _, last = name.rpartition(".")
    if module == "torch" and last in _DTYPES:
        return getattr(dtypes, last, None) if last not in UNTYPED else np.dtype(last)
    if name in CALLS or name in _CLASSES or name in safe:
        return Name(name)
    raise refused(name)


def refused(name: str) -> UnpicklingError:
    """The error for such a name."""
    module, _, last = name.rpartition(".")
    key = next((key for key in _ADVICE if last.startswith(key) and module.startswith("torch")), None)
    if key is not None:
        return UnpicklingError(f"{name}: {_ADVICE[key]}")
    if module.startswith("torch"):
        advice = "PyTorch's modules and other objects are not minigrad's: in PyTorch, save model.state_dict()"
    else:
        advice = "save a state_dict(), or plain values in its place"
    return UnpicklingError(f"{name} is not among the names that are read without running code; {advice}")


def storage_dtype(kind: Any) -> Any:
    """The dtype of a storage class' elements; None for a storage of bytes."""
    found = _CLASSES.get(kind.name) if isinstance(kind, Name) else None
    if found is None:
        raise ValueError("a storage has no class")
    try:
        return None if found == "bytes" else np.dtype(dtypes.dtype_named("load", found))
    except TypeError as error:  # bfloat16, which NumPy only has by another package
        raise UnpicklingError(f"{kind.name}: {error}; in PyTorch, save t.float()") from None


def call(function: Any, args: Any) -> Any:
    """The result of calling a name of the list."""
    if function in CALLS.values():  # where Python's own unpickler has looked it up
        return function(*args)
    if not isinstance(function, Name) or type(args) is not tuple:
        raise ValueError("something is called that has no name")
    if function.name in safe:
        return safe[function.name](*args)
    if function.name not in CALLS:
        raise ValueError(f"{function.name} is called")
    return CALLS[function.name](*args)


def check_key(key: Any, depth: int = 0) -> Any:
    """A key of a dict or element of a set. Raises ValueError for others than plain values, and tuples of them."""
    if type(key) is tuple and depth < 16:
        for part in key:
            check_key(part, depth + 1)
    elif not isinstance(key, (str, int, float, complex, bytes, type(None), np.dtype, dtypes.dtype, device, np.generic)):
        raise ValueError(f"a dict or set has {type(key).__name__} as a key")
    return key


# --- what is called -------------------------------------------------------------------------------------------------


def _expect(value: Any, *kinds: type) -> Any:
    if type(value) not in kinds:
        raise ValueError(f"expected {kinds[0].__name__}, got {type(value).__name__}")
    return value


def _tensor(storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any = False, hooks: Any = None,
            metadata: Any = None) -> Tensor:  # fmt: skip
    return _rebuilt(storage, offset, size, stride, requires_grad, None)


def _tensor_with_dtype(storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any, hooks: Any, dtype: Any,
                       metadata: Any = None) -> Tensor:  # fmt: skip
    return _rebuilt(storage, offset, size, stride, requires_grad, np.dtype(dtype))


def _rebuilt(storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any, dtype: Any) -> Tensor:
    made = wrap(_expect(storage, Storage).view(offset, _expect(size, tuple, Size), _expect(stride, tuple, Size), dtype))
    if _expect(requires_grad, bool):
        made.requires_grad = True
    return made


def _parameter(data: Any, requires_grad: Any = True, hooks: Any = None, state: Any = None) -> Parameter:
    made = Parameter(data, _expect(requires_grad, bool))
    return _with_attributes(made, state)


def _with_attributes(made: Tensor, state: Any) -> Any:
    """The tensor with its attributes; none of them may hide one of the class."""
    if isinstance(state, tuple):
        state = state[0]
    for name, value in _expect({} if state is None else state, dict, OrderedDict).items():
        if hasattr(type(made), _expect(name, str)):
            raise ValueError(f"a tensor has an attribute {name!r}")
        setattr(made, name, value)
    return made


def _from_type(function: Any, kind: Any, args: Any, state: Any) -> Any:
    if not isinstance(kind, Name) or kind.name not in _TENSOR_CLASSES:
        raise ValueError("a tensor of an unknown class")
    made = call(function, args)
    if not isinstance(made, Tensor):
        raise ValueError("a tensor is none")
    return _with_attributes(made, state)


def _ordered(pairs: Any = ()) -> Any:
    return OrderedDict((check_key(key), value) for key, value in _expect(pairs, tuple, list))


def _encoded(text: Any, encoding: Any = "utf-8") -> bytes:
    if encoding not in ("latin1", "latin-1", "utf-8", "utf8", "ascii"):
        raise ValueError(f"bytes in the encoding {encoding!r}")
    return bytes(_expect(text, str).encode(encoding))


def _bytearray(value: Any = b"", encoding: Any = None) -> bytearray:
    return bytearray(_expect(value, bytes) if encoding is None else _encoded(value, encoding))


def _bytes() -> bytes:
    return b""


def _complex(real: Any, imaginary: Any) -> complex:
    return complex(_expect(real, float, int), _expect(imaginary, float, int))


def _set(elements: Any = ()) -> set[Any]:
    return {check_key(element) for element in _expect(elements, list, tuple)}


def _frozenset(elements: Any = ()) -> frozenset[Any]:
    return frozenset(_set(elements))


def _counter(counts: Any) -> Any:
    return Counter(_expect(counts, dict))


def _size(sizes: Any = ()) -> Size:
    return Size(_expect(n, int) for n in _expect(sizes, tuple, list))


def _device(kind: Any, index: Any = None) -> device:
    return device(_expect(kind, str), index if index is None else _expect(index, int))


def _dtype(name: Any, align: Any = False, copy: Any = True) -> Any:
    found = np.dtype(_expect(name, str)) if name.isalnum() else None
    if found is None or found.kind not in "biufc":
        raise UnpicklingError(f"numpy.dtype({name!r}) is not among those that are read without running code")
    return np.dtype(found, copy=True)  # its byte order comes later


def _array(kind: Any, shape: Any, code: Any) -> Any:
    if not isinstance(kind, Name) or kind.name != "numpy.ndarray":
        raise ValueError("a NumPy array of an unknown class")
    return np.empty(0, "b")  # what it holds comes later


def _array_of(content: Any, dtype: Any, shape: Any, order: Any) -> Any:
    made = np.empty(0, "b")
    build(made, (1, shape, dtype, order == "F", bytes(_expect(content, bytes, bytearray))))
    return made


def _scalar(dtype: Any, content: Any) -> Any:
    if not isinstance(dtype, np.dtype) or dtype.kind not in "biufc" or len(_expect(content, bytes)) != dtype.itemsize:
        raise ValueError("a NumPy number that is none")
    return np.frombuffer(content, dtype)[0]


# --- what an object is told after it is made ------------------------------------------------------------------------


def build(obj: Any, state: Any) -> None:
    """Give an object its state. Raises ValueError for an object that has none, or a state that is not one of its."""
    if type(obj) is OrderedDict:
        for name, value in _expect(state, dict).items():
            if hasattr(OrderedDict, _expect(name, str)):
                raise ValueError(f"an OrderedDict has an attribute {name!r}")
            setattr(obj, name, value)
    elif isinstance(obj, np.dtype) and obj.kind in "biufc":
        version, order, *rest = _expect(state, tuple)
        if version not in (3, 4) or order not in ("<", ">", "|", "=") or rest[:5] != [None, None, None, -1, -1]:
            raise ValueError("a NumPy dtype that is none")
        obj.__setstate__((3, order, None, None, None, -1, -1, 0))  # type: ignore[attr-defined]
    elif type(obj) is np.ndarray and not obj.size:
        _, shape, dtype, fortran, content = _expect(state, tuple)
        fits = all(_expect(n, int) >= 0 for n in _expect(shape, tuple)) and isinstance(dtype, np.dtype)
        if not fits or dtype.kind not in "biufc" or len(_expect(content, bytes)) != prod(shape) * dtype.itemsize:
            raise ValueError("a NumPy array that is none")
        obj.__setstate__((1, shape, dtype, bool(fortran), content))  # type: ignore[arg-type]
    elif any(type(obj) is made for made in safe.values()):
        own = getattr(obj, "__setstate__", None)
        if own is not None:
            own(state)
        else:
            obj.__dict__.update(state)
    else:
        raise ValueError(f"a state for {type(obj).__name__}")


CALLS: dict[str, Callable[..., Any]] = {
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_with_dtype,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch.nn.parameter.Parameter": _parameter,
    "torch._tensor._rebuild_from_type_v2": _from_type,
    "torch.Size": _size,
    "torch.device": _device,
    "collections.OrderedDict": _ordered,
    "collections.Counter": _counter,
    "builtins.set": _set,
    "builtins.frozenset": _frozenset,
    "builtins.bytearray": _bytearray,
    "builtins.bytes": _bytes,
    "builtins.complex": _complex,
    "_codecs.encode": _encoded,
    "numpy.dtype": _dtype,
}
for _home in ("numpy.core.multiarray", "numpy._core.multiarray"):
    CALLS[f"{_home}._reconstruct"], CALLS[f"{_home}.scalar"] = _array, _scalar
for _home in ("numpy.core.numeric", "numpy._core.numeric"):
    CALLS[f"{_home}._frombuffer"] = _array_of
_TENSOR_CLASSES = {"torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer"}
# classes that only occur as arguments, with the dtype of those that are storages
_CLASSES = {
    **{f"torch.{name}": dtype for dtype, name in CLASSES.items()},
    "torch.storage.UntypedStorage": "bytes",
    **dict.fromkeys([*_TENSOR_CLASSES, "numpy.ndarray"]),
}
_DTYPES = {*CLASSES, *UNTYPED}
_ADVICE = {
    "_rebuild_sparse": "every tensor here is dense; in PyTorch, save t.to_dense()",
    "_rebuild_qtensor": "no tensor here is quantized; in PyTorch, save t.dequantize()",
    "_rebuild_nested": "there are no nested tensors here; in PyTorch, save t.to_padded_tensor(0)",
    "_rebuild_meta": "a tensor without values; in PyTorch, save it after it has some",
    "_rebuild_device_tensor": "a tensor of another kind of device; in PyTorch, save t.cpu()",
    "float8": "there is no such dtype here; in PyTorch, save t.float()",
    "complex32": "there is no such dtype here; in PyTorch, save t.to(torch.complex64)",
    "q": "there are no quantized dtypes here",
    "Q": "no tensor here is quantized; in PyTorch, save t.dequantize()",
}
