"""safetensors files: tensors under readable names ("model.weight"), so that other programs can read them, and the
structure around them as JSON in the metadata. `_encode` has the format."""

import json
import math
import os
from collections.abc import Callable
from importlib.util import find_spec
from typing import IO, Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as serialize

from minigrad.backend import CPU, device_of, to_numpy
from minigrad.dtypes import floating
from minigrad.engine.messages import describe
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Size, Tensor
from minigrad.ops.array.creation import tensor
from minigrad.utils.files.pickler import path_text
from minigrad.utils.files.storages import Place

KEY, VERSION = "minigrad", 1


def write(obj: Any) -> Callable[[IO[bytes]], None]:
    """A function that writes the object into a file. Raises TypeError, with the path in `obj`, for what cannot be
    saved, ValueError for an object that contains itself."""
    arrays: dict[str, Any] = {}
    try:
        structure = _encode(obj, (), arrays, {})
    except RecursionError:
        raise ValueError("save: expected an object that ends, got one that contains itself") from None
    metadata = {KEY: json.dumps({"version": VERSION, "object": structure}, separators=(",", ":"))}

    def write_into(file: IO[bytes]) -> None:
        file.write(serialize(arrays, metadata))

    return write_into


def read(path: str, place: Place) -> Any:
    """What a safetensors file holds; of one that is not minigrad's, a dict of its tensors. Raises ValueError for one
    that is damaged, or none."""
    with open(path, "rb") as file:
        _check_header(file, os.path.getsize(path))
    try:
        with safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: _array(file, name) for name in file.keys()}
    except SafetensorError as error:
        raise ValueError(f"not a complete safetensors file: {error}") from None
    if KEY not in metadata:
        return {name: tensor(array, device=place("cpu")) for name, array in arrays.items()}
    try:
        content = json.loads(metadata[KEY])
        if content["version"] > VERSION:
            raise ValueError(f"expected format {VERSION} or older, got {content['version']}: upgrade")
        return _decode(content["object"], arrays, place, {})
    except (KeyError, TypeError, IndexError, json.JSONDecodeError) as error:
        raise ValueError(f"its structure and its tensors do not fit: {error!r}") from error


# --- objects as JSON ------------------------------------------------------------------------------------------------
# None, bools, integers, finite floats, strings and lists are themselves. All else is a dict with one key:
# {"dict": [[key, value], ...]}, {"tuple": [...]}, {"float": "nan"}, {"tensor": [name, device, complex dtype]},
# {"array": ...} and {"scalar": ...} (NumPy's) likewise.


def _encode(obj: Any, at: tuple[Any, ...], arrays: dict[str, Any], seen: dict[Any, str]) -> Any:
    if obj is None or type(obj) in (bool, int, str):
        return obj
    if type(obj) is float:
        return obj if math.isfinite(obj) else {"float": repr(obj)}
    if isinstance(obj, Tensor):
        return {"tensor": _add_array(obj._array, at, arrays, seen)}
    if isinstance(obj, (np.ndarray, np.generic)) and (obj.dtype.kind in "biuc" or floating(obj.dtype)):
        return {"array" if isinstance(obj, np.ndarray) else "scalar": _add_array(obj, at, arrays, seen)}
    if isinstance(obj, dict):
        for key in obj:
            if type(key) not in (str, int):
                raise TypeError(f"save: {path_text(at)}: expected keys that are strings or integers, got {key!r}")
        return {"dict": [[k, _encode(v, (*at, k), arrays, seen)] for k, v in obj.items()]}
    if type(obj) in (list, tuple, Size):
        entries = [_encode(v, (*at, i), arrays, seen) for i, v in enumerate(obj)]
        return entries if type(obj) is list else {"tuple": entries}
    advice = "save obj.state_dict(), which only holds tensors" if hasattr(obj, "state_dict") else "leave it out"
    raise TypeError(
        f"save: {path_text(at)}: expected tensors, arrays, numbers, strings, bools, None, and dicts, lists and tuples "
        f"of them, got {type(obj).__name__}; {advice}. Other objects can be saved by weights_only=False, and loaded "
        f"only by weights_only=False, which runs whatever code is in the file"
    )


def _add_array(array: Any, at: tuple[Any, ...], arrays: dict[str, Any], seen: dict[Any, str]) -> list[Any]:
    """Add the array to `arrays`, unless one with the same memory is there. Returns [name, device, complex dtype]."""
    if array.dtype == np.longdouble and array.dtype.itemsize > 8 or array.dtype.itemsize > 16:
        raise TypeError(f"save: {path_text(at)}: no safetensors file can hold {describe(array)}; convert it to float64")
    where = device_of(array) if not isinstance(array, np.generic) else CPU
    kind = array.dtype.name if array.dtype.kind == "c" else None
    key = _memory_key(array)
    if key is None or key not in seen:
        name = stem = ".".join(map(str, at)) or "tensor"
        number = 1
        while name in arrays or name == "__metadata__":
            number += 1
            name = f"{stem}#{number}"
        plain = np.asarray(to_numpy(array))
        plain = plain.astype(plain.dtype.newbyteorder("="), order="C", copy=False)
        arrays[name] = plain[..., None].view(plain.real.dtype) if kind else plain  # complex: pairs (real, imaginary)
        seen[key or (name,)] = name
    else:
        name = seen[key]
    return [name, str(where), kind]


def _memory_key(array: Any) -> Any:
    """Equal for arrays that have the same memory, shape, strides and dtype; None for scalars and empty arrays."""
    if isinstance(array, np.generic) or not array.size:
        return None
    address = array.__array_interface__["data"][0] if isinstance(array, np.ndarray) else array.data.ptr
    return address, array.shape, array.strides, array.dtype.str, str(device_of(array))


def _decode(code: Any, arrays: dict[str, Any], place: Place, loaded: dict[str, Any]) -> Any:
    if isinstance(code, list):
        return [_decode(c, arrays, place, loaded) for c in code]
    if not isinstance(code, dict):
        return code
    ((kind, content),) = code.items()
    if kind == "dict":
        return {k: _decode(v, arrays, place, loaded) for k, v in content}
    if kind == "tuple":
        return tuple(_decode(c, arrays, place, loaded) for c in content)
    if kind == "float":
        return float(content)
    name, where, dtype = content
    key = f"{kind} {name}"
    if key not in loaded:
        array = arrays[name] if dtype is None else arrays[name].view(dtype)[..., 0]
        loaded[key] = tensor(array, device=place(where)) if kind == "tensor" else array
    if kind == "tensor":
        return wrap(loaded[key]._array)  # a new tensor, which may share memory with others
    return loaded[key][()] if kind == "scalar" else loaded[key]


# --- files ----------------------------------------------------------------------------------------------------------


def _check_header(file: IO[bytes], size: int) -> None:
    """Raise ValueError for what is no complete safetensors file."""
    head = file.read(8)
    length = int.from_bytes(head, "little")
    start = file.read(1)
    if len(head) < 8 or start not in (b"", b"{"):
        raise ValueError(
            f"expected a file of save's, of PyTorch's or a safetensors file, got something else ({size:,} bytes)"
        )
    if 8 + length > size:
        raise ValueError(f"truncated in its header: expected {8 + length:,} bytes, found {size:,}")
    file.seek(8)
    try:
        header = json.loads(file.read(length))
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise ValueError("expected a safetensors file, but its header is not one") from None
    whole = 8 + length + max(ends, default=0)
    if whole != size:
        fault = "truncated" if size < whole else "too long"
        raise ValueError(f"{fault}: expected {whole:,} bytes, found {size:,}")


def _array(file: Any, name: str) -> Any:
    kind = file.get_slice(name).get_dtype()
    if kind not in _DTYPES or kind == "BF16" and not find_spec("ml_dtypes"):
        hint = "install ml_dtypes, or " if kind == "BF16" else ""
        raise ValueError(f"{name}: no minigrad dtype is {kind}; {hint}convert it before saving, in PyTorch by .float()")
    return file.get_tensor(name)


_DTYPES = {"BOOL", "U8", "I8", "U16", "I16", "U32", "I32", "U64", "I64", "F16", "BF16", "F32", "F64", "C64"}
