"""Writing the pickle of an archive, of protocol 2 and with PyTorch's names, so that PyTorch reads it."""

import importlib
import pickle
import struct
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from copyreg import dispatch_table
from typing import Any

import numpy as np

from minigrad.backend import device, device_of
from minigrad.dtypes import dtype, dtype_named, floating
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Size, Tensor
from minigrad.nn.parameter import Parameter, UninitializedBuffer, UninitializedParameter
from minigrad.utils.files.storages import CLASSES, Written, check_dtype

At = tuple[Any, ...]


def dump(obj: Any, weights_only: bool) -> tuple[bytes, Written]:
    """The pickle of `obj`, and the storages that it names. Raises TypeError, with the path in `obj`, for what cannot be
    saved (weights_only: anything that PyTorch would not read by weights_only=True, or NumPy's arrays)."""
    storages = Written()
    try:
        _Pickler(weights_only, storages, storages.see).whole(obj)  # to see which tensors share memory
        return _Pickler(weights_only, storages).whole(obj), storages
    except RecursionError:
        raise ValueError(
            "save: expected an object that ends, got one that contains itself or is nested too deep"
        ) from None


def path_text(at: At) -> str:
    """The place in the object that is saved."""
    return "obj" + "".join(f"[{k!r}]" for k in at)


class _Pickler:
    def __init__(self, weights_only: bool, storages: Written, see: Callable[[Any], None] | None = None) -> None:
        self.weights_only, self.storages, self.see = weights_only, storages, see
        self.out = bytearray(pickle.PROTO + b"\x02")
        self.memo: dict[Any, int] = {}
        self.alive: list[Any] = []  # an id is an object's own while that lives

    def whole(self, obj: Any) -> bytes:
        """The complete pickle."""
        self.write(obj, ())
        return bytes(self.out + pickle.STOP)

    def write(self, obj: Any, at: At) -> None:
        """Write an object, or a reference to where it was written before."""
        if not self.recall(id(obj)):
            kind = type(obj)
            writer = _WRITERS.get(kind)
            if writer is not None:
                writer(self, obj, at)
            elif isinstance(obj, Tensor):
                self.tensor(obj, at)
            elif isinstance(obj, dtype):
                self.name("torch", dtype_named("save", obj).name)
            elif isinstance(obj, (np.ndarray, np.generic)) and (obj.dtype.kind in "biuc" or floating(obj.dtype)):
                self.array(obj, at)
            elif self.weights_only:
                raise TypeError(self.refusal(obj, at))
            else:
                self.reduce(obj, at)

    def refusal(self, obj: Any, at: At) -> str:
        """The error's text."""
        advice = "save obj.state_dict(), which only holds tensors" if hasattr(obj, "state_dict") else "leave it out"
        return (
            f"save: {path_text(at)}: expected tensors, arrays, numbers, strings, bytes, bools, None, and dicts, lists, "
            f"tuples and sets of them, got {type(obj).__name__}; {advice}. Other objects can be saved by "
            f"weights_only=False, and loaded only by weights_only=False, which runs whatever code is in the file"
        )

    def recall(self, mark: Any) -> bool:
        """Write a reference to what was memorized by this mark, if anything was."""
        number = self.memo.get(mark)
        if number is not None:
            self.out += (
                pickle.BINGET + bytes((number,)) if number < 256 else pickle.LONG_BINGET + struct.pack("<I", number)
            )
        return number is not None

    def memorize(self, mark: Any, obj: Any = None) -> None:
        """Number what was just written."""
        number = self.memo[mark] = len(self.memo)
        self.alive.append(obj)
        self.out += _numbered(pickle.BINPUT, pickle.LONG_BINPUT, number)

    # --- plain values -------------------------------------------------------------------------------------------------

    def number(self, obj: int, at: At) -> None:
        """An integer, in the least room."""
        if 0 <= obj < 256:
            self.out += pickle.BININT1 + bytes((obj,))
        elif -(2**31) <= obj < 2**31:
            self.out += pickle.BININT + struct.pack("<i", obj)
        else:
            digits = pickle.encode_long(obj)
            long = len(digits) > 255
            self.out += pickle.LONG4 + struct.pack("<i", len(digits)) if long else pickle.LONG1 + bytes((len(digits),))
            self.out += digits

    def text(self, obj: str, at: At = ()) -> None:
        """A string: equal ones once."""
        if not self.recall(obj):
            encoded = obj.encode("utf-8", "surrogatepass")
            self.out += pickle.BINUNICODE + struct.pack("<I", len(encoded)) + encoded
            self.memorize(obj)

    def name(self, module: str, name: str) -> None:
        """A class or function, by its name."""
        if not self.recall((module, name)):
            self.out += pickle.GLOBAL + f"{module}\n{name}\n".encode()
            self.memorize((module, name))

    def call(self, module: str, name: str, args: Iterable[Any], at: At) -> None:
        """What a function of that name gives for these arguments."""
        self.name(module, name)
        self.items(args, at)
        self.out += pickle.TUPLE + pickle.REDUCE

    def items(self, obj: Iterable[Any], at: At) -> None:
        """A mark and, one after the other, some objects."""
        self.out += pickle.MARK
        for i, value in enumerate(obj):
            self.write(value, (*at, i))

    # --- containers ---------------------------------------------------------------------------------------------------

    def write_list(self, obj: Any, at: At) -> None:
        """A list, which may contain itself."""
        self.out += pickle.EMPTY_LIST
        self.memorize(id(obj), obj)
        self.items(obj, at)
        self.out += pickle.APPENDS

    def write_tuple(self, obj: Any, at: At) -> None:
        """A tuple."""
        if obj:
            self.items(obj, at)
            if id(obj) in self.memo:  # by way of a list it contains itself, and is complete already
                self.out += pickle.POP_MARK
                self.recall(id(obj))
            else:
                self.out += pickle.TUPLE
                self.memorize(id(obj), obj)
        else:
            self.out += pickle.EMPTY_TUPLE

    def write_dict(self, obj: Any, at: At) -> None:
        """A dict; of an OrderedDict also its attributes, as a state_dict has `_metadata`."""
        if type(obj) is dict:
            self.out += pickle.EMPTY_DICT
        else:
            self.call("collections", "OrderedDict", (), at)
        self.memorize(id(obj), obj)
        self.pairs(obj.items(), at)
        if own := getattr(obj, "__dict__", None):
            self.write_dict(own, (*at, "__dict__"))
            self.out += pickle.BUILD

    def pairs(self, items: Iterable[tuple[Any, Any]], at: At) -> None:
        """Keys and values, into the dict that was just written."""
        self.out += pickle.MARK
        for key, value in items:
            self.write(key, at)
            self.write(value, (*at, key))
        self.out += pickle.SETITEMS

    def made(self, module: str, name: str, obj: Any, at: At, *args: Any) -> None:
        """An object that is what a call gives."""
        self.call(module, name, args, at)
        self.memorize(id(obj), obj)

    # --- tensors and arrays -------------------------------------------------------------------------------------------

    def tensor(self, obj: Tensor, at: At) -> None:
        """A tensor: a call on its storage. A Parameter around it, and attributes of its own, as PyTorch has them."""
        if isinstance(obj, (UninitializedParameter, UninitializedBuffer)):
            raise TypeError(f"save: {path_text(at)}: its shape is not known yet; run the model once on an input")
        own = getattr(obj, "__dict__", None)
        if isinstance(obj, Parameter):
            inner = wrap_plain(obj)
            self.alive.append(inner)
            extra = (own,) if own else ()
            rebuild = "_rebuild_parameter_with_state" if own else "_rebuild_parameter"
            self.call("torch._utils", rebuild, (inner, obj.requires_grad, OrderedDict(), *extra), at)
        elif own:
            self.name("torch._tensor", "_rebuild_from_type_v2")
            self.out += pickle.MARK
            rebuild, wide = self.rebuilder(obj, at)
            self.name("torch._utils", rebuild)
            self.name("torch", "Tensor")
            self.arguments(obj, wide)
            self.write(own, at)
            self.out += pickle.TUPLE + pickle.REDUCE
        else:
            rebuild, wide = self.rebuilder(obj, at)
            self.name("torch._utils", rebuild)
            self.arguments(obj, wide)
            self.out += pickle.REDUCE
        self.memorize(id(obj), obj)

    def rebuilder(self, obj: Tensor, at: At) -> tuple[str, bool]:
        """The function of PyTorch's that makes such a tensor; is it the one that is told the dtype?"""
        check_dtype(obj._array, path_text(at))
        wide = obj._array.dtype.name not in CLASSES
        return f"_rebuild_tensor_v{3 if wide else 2}", wide

    def arguments(self, obj: Tensor, wide: bool) -> None:
        """(storage, offset, size, stride, requires_grad, hooks), and the dtype where it does not follow."""
        array = obj._array
        if self.see is not None:
            self.see(array)
            key, size, offset, strides = 0, 0, 0, [0] * array.ndim
        else:
            key, size, offset, strides = self.storages.locate(array)
        self.out += pickle.MARK * 2
        self.text("storage")
        if wide:
            self.name("torch.storage", "UntypedStorage")
        else:
            self.name("torch", CLASSES[array.dtype.name])
        self.text(str(key))
        self.text(str(device_of(array)))
        self.number(size * array.itemsize if wide else size, ())
        self.out += pickle.TUPLE + pickle.BINPERSID
        for value in (offset, tuple(array.shape), tuple(strides), obj.requires_grad):
            self.write(value, ())
        self.call("collections", "OrderedDict", (), ())
        if wide:
            self.name("torch", array.dtype.name)
        self.out += pickle.TUPLE

    def array(self, obj: Any, at: At) -> None:
        """NumPy's array or number, as NumPy pickles it."""
        kind = obj.dtype.newbyteorder("=")
        if kind.itemsize > 16 or (kind.kind == "f" and kind.itemsize > 8) or floating(kind) and kind.kind != "f":
            raise TypeError(f"save: {path_text(at)}: expected numbers of at most 64 bits, got {kind}; convert it first")
        if isinstance(obj, np.generic):
            self.name("numpy._core.multiarray", "scalar")
            self.out += pickle.MARK
            self.numpy_dtype(kind)
            self.write_bytes(obj.tobytes(), at)
            self.out += pickle.TUPLE + pickle.REDUCE
        else:
            self.name("numpy._core.multiarray", "_reconstruct")
            self.out += pickle.MARK
            self.name("numpy", "ndarray")
            self.write((0,), at)
            self.write_bytes(b"b", at)
            self.out += pickle.TUPLE + pickle.REDUCE
            self.memorize(id(obj), obj)
            self.out += pickle.MARK
            self.number(1, at)
            self.write(obj.shape, at)
            self.numpy_dtype(kind)
            self.write(False, at)
            self.write_bytes(obj.astype(kind, copy=False).tobytes(), at)
            self.out += pickle.TUPLE + pickle.BUILD

    def numpy_dtype(self, kind: Any) -> None:
        """NumPy's dtype object."""
        self.call("numpy", "dtype", (kind.str[1:], False, True), ())
        order = kind.str[0]
        self.write((3, order, None, None, None, -1, -1, 0), ())
        self.out += pickle.BUILD

    def write_bytes(self, obj: bytes, at: At) -> None:
        """Bytes, which protocol 2 has no word for, as the encoding of a text."""
        self.call("_codecs", "encode", (obj.decode("latin1"), "latin1"), at)

    # --- anything else ------------------------------------------------------------------------------------------------

    def reduce(self, obj: Any, at: At) -> None:
        """An object by its `__reduce_ex__`; classes and functions by their names."""
        if isinstance(obj, type) or callable(obj) and hasattr(obj, "__qualname__"):
            return self.reference(obj, obj.__qualname__, at)
        special = dispatch_table.get(type(obj))
        found = special(obj) if special else obj.__reduce_ex__(2)
        if isinstance(found, str):
            return self.reference(obj, found, at)
        function, args, state, entries, pairs = (*found, None, None, None)[:5]
        if getattr(function, "__name__", "") == "__newobj__":
            function, args, build = args[0], args[1:], pickle.NEWOBJ
        else:
            build = pickle.REDUCE
        self.write(function, at)
        self.items(args, at)
        self.out += pickle.TUPLE + build
        self.memorize(id(obj), obj)
        if entries is not None:
            self.items(entries, at)
            self.out += pickle.APPENDS
        if pairs is not None:
            self.pairs(pairs, at)
        if state is not None:
            self.alive.append(state)
            self.write(state, (*at, "__dict__"))
            self.out += pickle.BUILD

    def reference(self, obj: Any, name: str, at: At) -> None:
        """A class, function or constant, if its module has it by that name."""
        module = getattr(obj, "__module__", None) or "builtins"
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is not obj:
            raise TypeError(f"save: {path_text(at)}: {module} has no such thing as {name}; define it at top level")
        self.name(module, name)


def _numbered(short: bytes, long: bytes, number: int) -> bytes:
    """An instruction about what has that number."""
    return short + bytes((number,)) if number < 256 else long + struct.pack("<I", number)


def wrap_plain(obj: Tensor) -> Tensor:
    """A tensor on the same memory that requires no gradient."""
    return wrap(obj._array)


_WRITERS: dict[type, Callable[[_Pickler, Any, At], None]] = {
    type(None): lambda p, obj, at: p.out.extend(pickle.NONE),
    bool: lambda p, obj, at: p.out.extend(pickle.NEWTRUE if obj else pickle.NEWFALSE),
    int: _Pickler.number,
    float: lambda p, obj, at: p.out.extend(pickle.BINFLOAT + struct.pack(">d", obj)),
    str: _Pickler.text,
    bytes: _Pickler.write_bytes,
    bytearray: lambda p, obj, at: p.made("builtins", "bytearray", obj, at, bytes(obj)),
    complex: lambda p, obj, at: p.made("builtins", "complex", obj, at, obj.real, obj.imag),
    list: _Pickler.write_list,
    tuple: _Pickler.write_tuple,
    Size: lambda p, obj, at: p.made("torch", "Size", obj, at, tuple(obj)),
    dict: _Pickler.write_dict,
    OrderedDict: _Pickler.write_dict,
    Counter: lambda p, obj, at: p.made("collections", "Counter", obj, at, dict(obj)),
    set: lambda p, obj, at: p.made("builtins", "set", obj, at, list(obj)),
    device: lambda p, obj, at: p.made("torch", "device", obj, at, str(obj)),
}
