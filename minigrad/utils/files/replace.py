"""Replacing a file atomically: whoever is killed meanwhile leaves the old file or the new one."""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows, where a file that is open cannot be removed
    fcntl = None  # type: ignore[assignment]


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A new file in the same folder, which is synced to disk and renamed to `path` at the end of the block, or removed
    if that raises. What earlier writers of `path`, which were killed, left behind is removed. A device or a pipe is
    written to directly."""
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"save: {path}: there is no folder {target.parent}")
    if target.exists() and not target.is_file() and not target.is_dir():
        with open(target, "wb") as file:
            yield file
        return
    _remove_abandoned(target)
    temporary, new = _locked(target)
    try:
        with new:
            yield new
            new.flush()
            os.fsync(new.fileno())
            os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # sync the folder too: it holds the new name
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _locked(target: Path) -> tuple[Path, IO[bytes]]:
    """A new temporary file beside `target`, locked: the lock goes with the process that holds it."""
    while True:
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
        file: IO[bytes] = open(temporary, "xb")
        with suppress(OSError):  # a file system without locks
            _lock(file)
        if os.name != "posix" or os.fstat(file.fileno()).st_nlink:
            return temporary, file
        file.close()  # another process took it for abandoned, before it was locked


def _lock(file: IO[bytes]) -> None:
    if fcntl is not None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


def _remove_abandoned(target: Path) -> None:
    """Remove the temporary files of `target` that no living process holds a lock on."""
    ours = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{8}}\.tmp")
    for entry in os.scandir(target.parent):
        if ours.fullmatch(entry.name):
            with suppress(OSError), open(entry.path, "rb") as file:
                _lock(file)  # raises where its writer is alive
                os.unlink(entry.path)
