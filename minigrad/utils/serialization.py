"""`save` and `load`: PyTorch's files, and safetensors files. Loading one runs no code, unless that is asked for.

`minigrad/utils/files/` has the formats.
"""

import io
import os
import pickle
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from minigrad.errors import DeviceError
from minigrad.utils.files import archive, names, safe_tensors
from minigrad.utils.files.names import UnpicklingError
from minigrad.utils.files.replace import replacing
from minigrad.utils.files.storages import Place, placement

__all__ = ["add_safe_globals", "clear_safe_globals", "get_safe_globals", "load", "safe_globals", "save"]

PathLike = str | os.PathLike[str]
File = PathLike | IO[bytes]
SUFFIX = ".safetensors"
_OTHER_FORMATS = (
    (b"\x93NUMPY", "a NumPy file", "use numpy.load"),
    (b"\x89HDF", "an HDF5 file", "read it with h5py"),
    (b"\x1f\x8b", "a gzip file", "unpack it first"),
)


def save(
    obj: Any, f: File, pickle_module: Any = pickle, pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True, *, weights_only: bool = True, unsafe_pickle: bool = False,
) -> None:  # fmt: skip
    """Save tensors, NumPy arrays, numbers, strings, bytes, bools, None, and dicts, lists, tuples and sets of them, in a
    file of that name or an open one: in PyTorch's zip format, which `torch.load` reads by weights_only=True (all but
    NumPy's arrays), or, where the name ends in ".safetensors", in that format. A file is replaced atomically: written
    under another name, synced to disk, then renamed.

    Tensors that share memory share it when loaded. Only values and requires_grad are saved, no graph. In safetensors
    files all require no grad, a view is saved in full unless it has shape and strides of another tensor (tied weights),
    and keys are strings or integers. weights_only=False saves any object that can be pickled, as a whole module is;
    `load` needs weights_only=False then. pickle_module and pickle_protocol have no effect.
    Raises TypeError, with the path in `obj`, for what cannot be saved; ValueError for an object that contains itself.
    """
    _check_file("save", f, "write")
    if unsafe_pickle:
        warnings.warn("save: unsafe_pickle=True is now weights_only=False", FutureWarning, stacklevel=2)
    write = writer(obj, weights_only and not unsafe_pickle, isinstance(f, (str, os.PathLike)) and _is_safe(f))
    if isinstance(f, (str, os.PathLike)):
        replace_file(f, write)
    else:
        write(f)


def writer(obj: Any, weights_only: bool = True, safe: bool = True) -> Callable[[IO[bytes]], None]:
    """A function that writes the object into a file, in the safetensors format or PyTorch's."""
    return safe_tensors.write(obj) if safe and weights_only else archive.write(obj, weights_only)


def replace_file(path: PathLike, write: Callable[[IO[bytes]], None]) -> None:
    """Replace a file atomically by what the function writes."""
    with replacing(path) as file:
        write(file)


def load(
    f: File, map_location: Any = None, pickle_module: Any = None, *, weights_only: bool | None = None,
    mmap: bool | None = None, unsafe_pickle: bool = False, **pickle_load_args: Any,
) -> Any:  # fmt: skip
    """Load a file that `save` or `torch.save` wrote, or of any safetensors file a dict of its tensors; f: its name, or
    a file that is open for reading bytes.

    map_location: the device for all tensors, a dict from the device they were saved from, or a function of the storage
    and that device's name, as in PyTorch; None: the device each was saved from. No code is run, whatever is in the
    file: a pickle may contain a closed list of names, and those of `add_safe_globals`. weights_only=False also loads
    other pickles, such as whole modules: this runs whatever code is in the file, and warns where it does. mmap,
    pickle_module and encoding= have no effect.
    Raises FileNotFoundError; UnpicklingError, a ValueError, for a name that is not on the list; ValueError for a file
    of another format, which it names, or one that is damaged.
    """
    _check_file("load", f, "read")
    if unknown := pickle_load_args.keys() - {"encoding", "errors", "fix_imports"}:
        raise TypeError(f"load: expected PyTorch's arguments, got {min(unknown)}=")
    if unsafe_pickle:
        warnings.warn("load: unsafe_pickle=True is now weights_only=False", FutureWarning, stacklevel=2)
    place = placement(map_location)
    only = weights_only is not False and not unsafe_pickle
    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:
            return _read(os.fspath(f), file, place, only)
    return _read(f"<{type(f).__name__}>", f, place, only)


def _read(name: str, file: Any, place: Place, weights_only: bool) -> Any:
    """What the file holds, by the format that its first bytes say."""
    if not (isinstance(file, io.BytesIO) or hasattr(file, "seekable") and file.seekable()) or file.tell():
        rest = file.read()
        if not isinstance(rest, bytes):
            raise TypeError(
                f"load: f: expected a file that is open for reading bytes, got one of {type(rest).__name__}"
            )
        file = io.BytesIO(rest)
    head = file.read(8)
    if not isinstance(head, bytes):
        raise TypeError(f"load: f: expected a file that is open for reading bytes, got one of {type(head).__name__}")
    file.seek(0)
    try:
        if not head:
            raise ValueError("the file is empty")
        for magic, what, advice in _OTHER_FORMATS:
            if head.startswith(magic):
                raise ValueError(f"expected a file of save's, of PyTorch's or a safetensors file, got {what}; {advice}")
        if head.startswith(b"PK"):
            return archive.read(file, place, weights_only)
        if head[:1] == b"\x80" and int.from_bytes(head, "little") > file.seek(0, os.SEEK_END):
            file.seek(0)
            return archive.read_stream(file, place, weights_only)
        file.seek(0)
        return _read_safe(name, file, place)
    except DeviceError:
        raise
    except UnpicklingError as error:
        raise UnpicklingError(f"load: {name}: {error}") from None
    except ValueError as error:
        raise ValueError(f"load: {name}: {error}") from error.__cause__


def _read_safe(name: str, file: IO[bytes], place: Place) -> Any:
    """A safetensors file: the library reads it by its name."""
    if os.path.isfile(name):
        return safe_tensors.read(name, place)
    with tempfile.NamedTemporaryFile(suffix=SUFFIX) as copy:
        copy.write(file.read())
        copy.flush()
        return safe_tensors.read(copy.name, place)


# --- what the user says is safe -------------------------------------------------------------------------------------


def add_safe_globals(safe_globals: Iterable[Any]) -> None:
    """Let `load` use these classes and functions where a pickle names them; a pair (class, "module.name") gives the
    name. A pickle may call them with any arguments."""
    for item in safe_globals:
        made, name = item if isinstance(item, tuple) else (item, f"{item.__module__}.{item.__qualname__}")
        names.safe[name] = made


def get_safe_globals() -> list[Any]:
    """What was added."""
    return list(names.safe.values())


def clear_safe_globals() -> None:
    """Forget what was added."""
    names.safe.clear()


@contextmanager
def safe_globals(safe_globals: Iterable[Any]) -> Iterator[None]:
    """`add_safe_globals` within a block."""
    before = dict(names.safe)
    add_safe_globals(safe_globals)
    try:
        yield
    finally:
        names.safe.clear()
        names.safe.update(before)


def _is_safe(path: PathLike) -> bool:
    return os.fspath(path).lower().endswith(SUFFIX)


def _check_file(op: str, f: Any, method: str) -> None:
    if not isinstance(f, (str, os.PathLike)) and not hasattr(f, method):
        raise TypeError(f"{op}: f: expected the name of a file, or one that is open for bytes, got {type(f).__name__}")
    if isinstance(f, io.TextIOBase):
        raise TypeError(
            f'{op}: f: expected a file that is open for bytes, got a text file; open it by mode "{method[0]}b"'
        )
