"""Downloads that resume after an interruption and are renamed to their final name only when complete and verified."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

BLOCK = 1 << 16  # bytes read at a time: 64 KiB, 2,600 steps of the bar for CIFAR-10
TIMEOUT = 60.0  # seconds without a byte, after which the connection counts as broken


def fetch(url: str, path: Path, size: int, md5: str) -> Path:
    """Download `url` to `path` unless it exists; return `path`. `size` (bytes) and `md5` (hexadecimal) are verified.

    Data goes to `path`.part, which is renamed to `path` when size and MD5 sum are right. After an interruption the next
    call resumes there with a range request, or from the start where the server ignores ranges. Not for several
    processes at once: they would corrupt the .part, which the MD5 sum detects. Raises ConnectionError if the network
    fails (the .part is kept), ValueError if the download does not match (the .part is deleted) or an existing `path`
    does not match (it is kept).
    """
    if path.exists():
        if mismatch := _mismatch(path, size, md5):
            raise ValueError(f"download: {path}: {mismatch}; delete it and call again")
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    _append_rest(part, url, size)
    if mismatch := _mismatch(part, size, md5):
        part.unlink()
        raise ValueError(f"download: {url}: {mismatch}; {part} was deleted: call again to start afresh")
    os.replace(part, path)
    return path


def _append_rest(part: Path, url: str, size: int) -> None:
    from tqdm import tqdm  # here: with urllib it takes 75 ms to import, also where nothing is downloaded

    with (
        open(part, "ab") as file,
        tqdm(total=size, initial=file.tell(), unit="B", unit_scale=True, desc=part.stem) as bar,
    ):
        for at, block in _read_blocks(url, part, size):
            if at < file.tell():
                file.truncate(at)  # from the start: the server ignored the range
            file.write(block)
            bar.update(at + len(block) - bar.n)
        file.flush()
        os.fsync(file.fileno())


def _read_blocks(url: str, part: Path, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield (position, block) for what `part` lacks; stops one block past `size`, however much is sent.

    A generator, so that only errors of the network become ConnectionError, not those of writing to disk.
    """
    import http.client
    import urllib.error
    import urllib.request

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
                return  # the server's file is no longer than the part: `fetch` reports the mismatch
        raise ConnectionError(
            f"download: {url}: {error}; {at:,} of {size:,} bytes are kept in {part}: call again to go on from there, "
            f"or save that address as {part.with_suffix('')} by other means"
        ) from error


def _mismatch(path: Path, size: int, md5: str) -> str:
    """How size or MD5 sum differ from what is expected; "" where they match."""
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if (path.stat().st_size, found) == (size, md5):
        return ""
    return f"expected {size:,} bytes with MD5 {md5}, got {path.stat().st_size:,} bytes with {found}"
