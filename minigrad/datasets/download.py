"""Downloads that can be interrupted: resumed, verified, and under their own name only when whole."""

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

BLOCK = 1 << 16  # bytes read at a time: 64 KiB, 2,600 steps of the bar for CIFAR-10
TIMEOUT = 60.0  # seconds without a byte, after which the connection counts as broken


def fetch(url: str, path: Path, size: int, md5: str) -> Path:
    """`path`, holding the `size` bytes behind `url` whose MD5 sum is `md5` (hexadecimal): fetched unless it is there.

    What has come so far waits in `path`.part, from where the next call goes on, if the server can (else from the
    start). Only when size and sum are right does it get the name `path`. One process at a time: two that write one
    .part spoil it, which the sum finds. Raises ConnectionError if the network fails, which leaves the .part; ValueError
    if what came is something else, which deletes it, or if `path` itself is something else, which is left alone.
    """
    if path.exists():
        if fault := _fault(path, size, md5):
            raise ValueError(f"download: {path}: {fault}; delete it and call again")
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    _extend(part, url, size)
    if fault := _fault(part, size, md5):
        part.unlink()
        raise ValueError(f"download: {url}: {fault}; {part} was deleted: call again to start afresh")
    os.replace(part, path)
    return path


def _extend(part: Path, url: str, size: int) -> None:
    with (
        open(part, "ab") as file,
        tqdm(total=size, initial=file.tell(), unit="B", unit_scale=True, desc=part.stem) as bar,
    ):
        for at, block in _blocks(url, part, size):
            if at < file.tell():
                file.truncate(at)  # from the start after all: the server does not serve ranges
            file.write(block)
            bar.update(at + len(block) - bar.n)
        file.flush()
        os.fsync(file.fileno())


def _blocks(url: str, part: Path, size: int) -> Iterator[tuple[int, bytes]]:
    """Each block that `part` lacks and the position it belongs at; nothing much past `size`, whatever is sent.

    A generator, so that the errors it turns into ConnectionError are the network's, never those of the disk.
    """
    at = part.stat().st_size
    if at >= size:
        return
    request = urllib.request.Request(url, headers={"Range": f"bytes={at}-"} if at else {})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            if response.status != http.client.PARTIAL_CONTENT:
                at = 0
            while at <= size and (block := response.read(BLOCK)):
                yield at, block
                at += len(block)
        if at < size:
            raise ConnectionError("the connection ended early")
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
            if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                return  # the server's file is no longer than the part: not the one expected, as `fetch` will say
        raise ConnectionError(
            f"download: {url}: {error}; {at:,} of {size:,} bytes are kept in {part}: call again to go on from there, "
            f"or save that address as {part.with_suffix('')} by other means"
        ) from error


def _fault(path: Path, size: int, md5: str) -> str:
    """What is wrong with the file, or nothing."""
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if (path.stat().st_size, found) == (size, md5):
        return ""
    return f"expected {size:,} bytes with MD5 {md5}, got {path.stat().st_size:,} bytes with {found}"
