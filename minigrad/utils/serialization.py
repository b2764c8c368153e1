"""`save` and `load`: tensors and the Python containers around them, in safetensors files. Loading one runs no code.

A file holds the tensors under readable names ("model.weight"), so that other programs can read it, and the structure
around them as JSON in its metadata. `_encode` has the format.
"""

import json
import math
import os
import pickle
import secrets
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as serialize

from minigrad.backend import CPU, device, device_of, to_numpy
from minigrad.dtypes import floating
from minigrad.engine.messages import describe
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Size, Tensor
from minigrad.ops.array.creation import tensor

__all__ = ["load", "save"]

PathLike = str | os.PathLike[str]
KEY, VERSION = "minigrad", 1
_OTHER_FORMATS = (
    (b"PK\x03\x04", "a zip archive, as torch.save writes (a pickle in it)", "in PyTorch, save it by safetensors.torch"),
    (b"\x93NUMPY", "a NumPy file", "use numpy.load"),
    (b"\x89HDF", "an HDF5 file", "read it with h5py"),
    (b"\x1f\x8b", "a gzip file", "unpack it first"),
)


def save(obj: Any, path: PathLike, *, unsafe_pickle: bool = False) -> None:
    """Save tensors, NumPy arrays, numbers, strings, bools, None, and dicts (keys: strings, integers), lists and tuples
    of them. The file is replaced atomically: written to a temporary file, synced to disk, then renamed.

    Tensors with the same memory, shape and strides (tied weights) are saved once, and share memory again when loaded;
    views that merely overlap are each saved in full. Only values are saved, no graph: loaded tensors require no grad.
    unsafe_pickle=True pickles `obj`, whatever it is; only for files that nobody else will load.
    Raises TypeError, with the path in `obj`, for what cannot be saved; ValueError for an object that contains itself.
    """
    _check_path("save", path)
    if unsafe_pickle:
        replace_file(path, pickle.dumps(obj))
        return
    arrays: dict[str, Any] = {}
    try:
        structure = _encode(obj, (), arrays, {})
    except RecursionError:
        raise ValueError("save: expected an object that ends, got one that contains itself") from None
    metadata = {KEY: json.dumps({"version": VERSION, "object": structure}, separators=(",", ":"))}
    replace_file(path, serialize(arrays, metadata))


def load(
    path: PathLike, map_location: str | device | None = None, *, weights_only: bool | None = None,
    unsafe_pickle: bool = False,
) -> Any:  # fmt: skip
    """Load what `save` saved, or of any other safetensors file (a PyTorch state_dict) a dict of its tensors.

    map_location: the device for all tensors; None: the device each was saved from. weights_only is PyTorch's and has no
    effect: loading runs no code. unsafe_pickle=True loads a pickle, which can run any code.
    Raises FileNotFoundError, or ValueError for a file of another format, which it names, or one that is damaged.
    """
    _check_path("load", path)
    if map_location is not None and not isinstance(map_location, (str, device)):
        raise TypeError(f'load: map_location: expected a device such as "cpu", got {type(map_location).__name__}')
    target = None if map_location is None else device(map_location)
    path = Path(path)
    with open(path, "rb") as file:
        head = file.read(8)
        if unsafe_pickle and head[:1] == b"\x80":
            file.seek(0)
            return pickle.load(file)
    _check_header(path, head)
    try:
        with safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: _array(path, file, name) for name in file.keys()}
    except SafetensorError as error:
        raise ValueError(f"load: {path}: not a complete safetensors file: {error}") from None
    if KEY not in metadata:
        return {name: tensor(array, device=target) for name, array in arrays.items()}
    try:
        content = json.loads(metadata[KEY])
        if content["version"] > VERSION:
            raise ValueError(f"load: {path}: expected format {VERSION} or older, got {content['version']}: upgrade")
        return _decode(content["object"], arrays, target, {})
    except (KeyError, TypeError, IndexError, json.JSONDecodeError) as error:
        raise ValueError(f"load: {path}: its structure and its tensors do not fit: {error!r}") from error


def replace_file(path: PathLike, content: bytes) -> None:
    """Replace the file atomically: write a temporary file in the same folder, sync it to disk, rename it to `path`."""
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"save: {path}: there is no folder {target.parent}")
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    if os.name == "posix":  # sync the folder too: it holds the new name
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


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
                raise TypeError(f"save: {_path_text(at)}: expected keys that are strings or integers, got {key!r}")
        return {"dict": [[k, _encode(v, (*at, k), arrays, seen)] for k, v in obj.items()]}
    if type(obj) in (list, tuple, Size):
        entries = [_encode(v, (*at, i), arrays, seen) for i, v in enumerate(obj)]
        return entries if type(obj) is list else {"tuple": entries}
    advice = "save obj.state_dict(), which only holds tensors" if hasattr(obj, "state_dict") else "leave it out"
    raise TypeError(
        f"save: {_path_text(at)}: expected tensors, arrays, numbers, strings, bools, None, and dicts, lists and tuples "
        f"of them, got {type(obj).__name__}; {advice}. Other objects can only be pickled, and reading a pickle runs "
        f"whatever code is in the file: if nobody else will ever read it, pass unsafe_pickle=True to save and to load"
    )


def _add_array(array: Any, at: tuple[Any, ...], arrays: dict[str, Any], seen: dict[Any, str]) -> list[Any]:
    """Add the array to `arrays`, unless one with the same memory is there. Returns [name, device, complex dtype]."""
    if array.dtype == np.longdouble and array.dtype.itemsize > 8 or array.dtype.itemsize > 16:
        raise TypeError(
            f"save: {_path_text(at)}: no safetensors file can hold {describe(array)}; convert it to float64"
        )
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


def _path_text(at: tuple[Any, ...]) -> str:
    return "obj" + "".join(f"[{k!r}]" for k in at)


def _decode(code: Any, arrays: dict[str, Any], target: device | None, loaded: dict[str, Any]) -> Any:
    if isinstance(code, list):
        return [_decode(c, arrays, target, loaded) for c in code]
    if not isinstance(code, dict):
        return code
    ((kind, content),) = code.items()
    if kind == "dict":
        return {k: _decode(v, arrays, target, loaded) for k, v in content}
    if kind == "tuple":
        return tuple(_decode(c, arrays, target, loaded) for c in content)
    if kind == "float":
        return float(content)
    name, where, dtype = content
    key = f"{kind} {name}"
    if key not in loaded:
        array = arrays[name] if dtype is None else arrays[name].view(dtype)[..., 0]
        loaded[key] = tensor(array, device=target or device(where)) if kind == "tensor" else array
    if kind == "tensor":
        return wrap(loaded[key]._array)  # a new tensor, which may share memory with others
    return loaded[key][()] if kind == "scalar" else loaded[key]


# --- files ----------------------------------------------------------------------------------------------------------


def _check_path(op: str, path: Any) -> None:
    if not isinstance(path, (str, os.PathLike)):
        hint = "; for an open file or a buffer, use a file in a temporary folder" if hasattr(path, "read") else ""
        raise TypeError(f"{op}: path: expected the name of a file, got {type(path).__name__}{hint}")


def _check_header(path: Path, head: bytes) -> None:
    """Raise ValueError for what is no complete safetensors file; other formats are known by their first bytes."""
    size = path.stat().st_size
    if not size:
        raise ValueError(f"load: {path}: the file is empty")
    for magic, what, advice in _OTHER_FORMATS:
        if head.startswith(magic):
            raise ValueError(f"load: {path}: expected a safetensors file, got {what}; {advice}")
    length = int.from_bytes(head, "little")
    if head[:1] == b"\x80" and length > size:
        raise ValueError(
            f"load: {path}: expected a safetensors file, got a pickle, and reading one runs whatever code is in it; "
            f"if you wrote it yourself, pass unsafe_pickle=True"
        )
    with open(path, "rb") as file:
        file.seek(8)
        start = file.read(1)
        if len(head) < 8 or start not in (b"", b"{"):
            raise ValueError(f"load: {path}: expected a safetensors file, got something else ({size:,} bytes)")
        if 8 + length > size:
            raise ValueError(f"load: {path}: truncated in its header: expected {8 + length:,} bytes, found {size:,}")
        file.seek(8)
        try:
            header = json.loads(file.read(length))
            ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            raise ValueError(f"load: {path}: expected a safetensors file, but its header is not one") from None
    expected = 8 + length + max(ends, default=0)
    if expected != size:
        fault = "truncated" if size < expected else "too long"
        raise ValueError(f"load: {path}: {fault}: expected {expected:,} bytes, found {size:,}")


def _array(path: Path, file: Any, name: str) -> Any:
    kind = file.get_slice(name).get_dtype()
    if kind not in _DTYPES or kind == "BF16" and not find_spec("ml_dtypes"):
        hint = "install ml_dtypes, or " if kind == "BF16" else ""
        raise ValueError(
            f"load: {path}: {name}: no minigrad dtype is {kind}; {hint}convert it before saving, in PyTorch by .float()"
        )
    return file.get_tensor(name)


_DTYPES = {"BOOL", "U8", "I8", "U16", "I16", "U32", "I32", "U64", "I64", "F16", "BF16", "F32", "F64", "C64"}
