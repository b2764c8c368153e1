"""PyTorch's files: zip archives of a pickle (`data.pkl`) and of each storage that it names (`data/0`, `data/1`, ...),
and the older ones, before PyTorch 1.6: a stream of pickles, and then the storages."""

import hashlib
import os
import struct
import sys
import warnings
import zipfile
from collections.abc import Callable
from typing import IO, Any

import numpy as np

from minigrad.backend import copy_to, device_of
from minigrad.utils.files import names, pickler, unpickler
from minigrad.utils.files.storages import Place, Storage, check_content, content

ALIGNMENT = 64  # of a storage within the file, so that it can be mapped into memory
CHUNK = 2**24
MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001  # of the older files
_DAMAGE = (zipfile.BadZipFile, EOFError, NotImplementedError, struct.error)


def write(obj: Any, weights_only: bool) -> Callable[[IO[bytes]], None]:
    """A function that writes the archive of `obj` into a file. Raises TypeError for what cannot be saved."""
    pickled, storages = pickler.dump(obj, weights_only)

    def write_into(file: IO[bytes]) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            _add(archive, "data.pkl", pickled)
            _add(archive, ".format_version", b"1")
            _add(archive, ".storage_alignment", b"%d" % ALIGNMENT)
            _add(archive, "byteorder", sys.byteorder.encode())
            for key, array in enumerate(storages.arrays):
                _add(archive, f"data/{key}", memoryview(content(array)))
            _add(archive, "version", b"3\n")
            sums = ",".join(str(info.CRC) for info in archive.infolist())
            number = int(hashlib.sha256(pickled + sums.encode()).hexdigest(), 16) % 10**40
            _add(archive, ".data/serialization_id", b"%040d" % number)

    return write_into


def _add(archive: zipfile.ZipFile, name: str, data: Any) -> None:
    """A record, whose content begins at a multiple of ALIGNMENT: the header has a field that is as long as it takes."""
    info = zipfile.ZipInfo(f"archive/{name}")
    wide = 20 if len(data) * 1.05 > zipfile.ZIP64_LIMIT else 0  # zipfile's own field for large sizes
    assert archive.fp is not None
    start = archive.fp.tell() + 30 + len(info.filename) + wide + 4
    pad = -start % ALIGNMENT
    info.extra = struct.pack("<2sH", b"FB", pad) + b"Z" * pad
    archive.writestr(info, data)
    info.extra = b""  # not in the directory


def read(file: IO[bytes], place: Place, weights_only: bool) -> Any:
    """What an archive holds. Raises ValueError for one that is damaged or none of PyTorch's."""
    try:
        with zipfile.ZipFile(file) as archive:
            return _Archive(archive, place).object(weights_only)
    except _DAMAGE as error:
        raise ValueError(f"a zip archive that is truncated or damaged: {error}") from None


class _Archive:
    def __init__(self, archive: zipfile.ZipFile, place: Place) -> None:
        self.archive, self.place = archive, place
        self.storages: dict[str, Storage] = {}
        self.entries = {info.filename: info for info in archive.infolist()}
        self.folder = self._check()
        order = f"{self.folder}byteorder"
        self.byteorder = archive.read(order).decode() if order in self.entries else "little"
        if self.byteorder not in ("little", "big"):
            raise ValueError(f"a byte order {self.byteorder!r}")

    def _check(self) -> str:
        """The folder of the records. Nothing is read before it is clear that all together fit into the file."""
        infos = self.archive.infolist()
        pickles = [name for name in self.entries if name.rpartition("/")[2] == "data.pkl" and name.count("/") <= 1]
        if any(name.endswith(("constants.pkl", "/code/")) or "/code/" in name for name in self.entries):
            raise ValueError("a TorchScript program; in PyTorch, save torch.jit.load(file).state_dict()")
        if infos and all(name.endswith(".npy") for name in self.entries):
            raise ValueError("NumPy's arrays; use numpy.load")
        if len(pickles) != 1:
            raise ValueError("a zip archive, but none that torch.save wrote: it has no data.pkl")
        assert self.archive.fp is not None
        size = self.archive.fp.seek(0, os.SEEK_END)
        if len(infos) != len(self.entries) or sum(info.file_size for info in infos) > size:
            raise ValueError("a zip archive whose records overlap")
        if min(info.header_offset for info in infos):
            raise ValueError("more than one archive in a file; read each from its own")
        if any(info.compress_type != zipfile.ZIP_STORED for info in infos):
            raise ValueError("a zip archive that is compressed, as PyTorch writes none; unpack it, and zip it with -0")
        return pickles[0].removesuffix("data.pkl")

    def object(self, weights_only: bool) -> Any:
        """What the pickle describes."""
        return _object(lambda: self.archive.open(f"{self.folder}data.pkl"), self.find, weights_only, 6)

    def find(self, identity: Any) -> Storage:
        """The storage of a persistent id, read when it is first named."""
        kind, key, location, elements = _identity(identity)
        dtype = names.storage_dtype(kind)
        size = elements * (1 if dtype is None else dtype.itemsize)
        if key not in self.storages:
            info = self.entries.get(f"{self.folder}data/{key}")
            if info is None or info.file_size != size:
                found = "is not there" if info is None else f"has {info.file_size} bytes"
                raise ValueError(f"the storage {key} should have {size} bytes, and {found}")
            raw = np.empty(size, np.uint8)
            with self.archive.open(info) as record:
                _fill(record, raw)
                record.read()  # the end, where its checksum is compared
            check_content(raw, dtype, self.byteorder)
            self.storages[key] = Storage(copy_to(raw, self.place(location)), dtype)
        found_storage = self.storages[key]
        if found_storage.raw.size != size:
            raise ValueError(f"the storage {key} has two sizes")
        return Storage(found_storage.raw, dtype)


def _identity(identity: Any) -> tuple[Any, str, str, int]:
    """Class, key, device and number of elements of a storage."""
    if type(identity) is not tuple or len(identity) not in (5, 6) or identity[0] != "storage":
        raise ValueError("a persistent id that is none of a storage's")
    _, kind, key, location, elements = identity[:5]
    if type(key) is not str or type(location) is not str or type(elements) is not int or not 0 <= elements < 2**60:
        raise ValueError("a persistent id that is none of a storage's")
    return kind, key, location, elements


def _fill(file: IO[bytes], raw: Any) -> None:
    """Read as many bytes as the array has."""
    view, at = memoryview(raw), 0
    while at < raw.size:
        part = file.read(min(CHUNK, raw.size - at))
        if not part:
            raise ValueError("truncated: a storage ends early")
        view[at : at + len(part)] = part
        at += len(part)


def _object(open_pickle: Callable[[], IO[bytes]], find: unpickler.Find, weights_only: bool, level: int = 5) -> Any:
    """The object of a pickle: without running code if that is possible; else, where it is allowed, with a warning."""
    try:
        return unpickler.load(open_pickle(), find)
    except ValueError as error:
        if weights_only and isinstance(error, names.UnpicklingError):
            raise names.UnpicklingError(
                f"{error}. Where you trust whoever wrote the file, weights_only=False loads it, which runs whatever "
                f"code is in it"
            ) from None
        if weights_only:
            raise
        warnings.warn(f"load: weights_only=False runs whatever code is in the file: {error}", UserWarning, level)
        return unpickler.CodeUnpickler(open_pickle(), find).load()


# --- files before PyTorch 1.6, and plain pickles --------------------------------------------------------------------


def read_stream(file: IO[bytes], place: Place, weights_only: bool) -> Any:
    """What an older file of PyTorch's holds, or a plain pickle."""
    start = file.tell()
    size = file.seek(0, os.SEEK_END) - start

    def opened() -> IO[bytes]:
        file.seek(begin)
        return file

    begin = start
    first = _object(opened, _no_storage, weights_only)
    if type(first) is not int or first != MAGIC:
        return first
    if unpickler.load(file, _no_storage) != PROTOCOL:
        raise ValueError(f"a file of PyTorch's of another protocol than {PROTOCOL}")
    system = unpickler.load(file, _no_storage)
    order = "little" if not isinstance(system, dict) or system.get("little_endian", True) else "big"
    storages: dict[str, tuple[Any, Storage, Any]] = {}
    total = 0

    def find(identity: Any) -> Storage:
        nonlocal total
        kind, key, location, elements = _identity(identity)
        if len(identity) == 6 and identity[5] is not None:
            raise ValueError("a view of a storage; save it anew by a PyTorch of today")
        if key not in storages:
            dtype = names.storage_dtype(kind)
            total += elements * dtype.itemsize
            if total > size:
                raise ValueError("truncated: its storages are larger than it is")
            raw = np.zeros(elements * dtype.itemsize, np.uint8)
            storages[key] = raw, Storage(copy_to(raw, place(location)), dtype), dtype
        return storages[key][1]

    begin = file.tell()
    result = _object(opened, find, weights_only)
    for key in unpickler.load(file, _no_storage):
        if key not in storages:
            raise ValueError(f"a storage {key!r} that no tensor has")
        raw, storage, dtype = storages[key]
        count = file.read(8)
        if len(count) < 8 or int.from_bytes(count, order) * dtype.itemsize != raw.size:  # type: ignore[arg-type]
            raise ValueError("truncated: a storage ends early")
        _fill(file, raw)
        check_content(raw, dtype, order)
        if storage.raw is not raw:
            storage.raw[...] = copy_to(raw, device_of(storage.raw))
    return result


def _no_storage(identity: Any) -> Any:
    raise ValueError("a plain pickle has no storages")
