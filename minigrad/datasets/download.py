"""Downloads that can be interrupted: resumed, verified, and under their own name only when whole."""

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tqdm import tqdm


def fetch(url: str, path: Path, size: int, md5: str) -> Path:
    """`path`, holding the `size` bytes behind `url` with that MD5 sum: fetched unless it is there.

    What has come so far waits in `path`.part and is continued from (where the server can). Raises ConnectionError if
    the connection breaks, which leaves that file for the next try; ValueError if what came is something else, which
    deletes it.
    """
    if path.exists():
        _verify(path, size, md5, url)
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    if not part.exists() or part.stat().st_size != size:
        _continue(url, part, size)
    _verify(part, size, md5, url)
    os.replace(part, path)
    return path


def _continue(url: str, part: Path, size: int) -> None:
    have = part.stat().st_size if part.exists() else 0
    if have > size:
        part.unlink()
        have = 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            resumed = response.status == http.client.PARTIAL_CONTENT
            _save(response, part, "ab" if resumed else "wb", have if resumed else 0, size)
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        have = part.stat().st_size if part.exists() else 0
        raise ConnectionError(
            f"download: {url}: {error}; {have:,} of {size:,} bytes are kept in {part}: call again to go on from there"
        ) from error
    if (have := part.stat().st_size) < size:
        raise ConnectionError(
            f"download: {url}: the connection ended early; {have:,} of {size:,} bytes are kept in {part}: call again to "
            f"go on from there"
        )


def _save(response: Any, part: Path, mode: str, start: int, size: int) -> None:
    bar = tqdm(total=size, initial=start, unit="B", unit_scale=True, desc=part.name.removesuffix(".part"))
    with open(part, mode) as file, bar:
        while block := response.read(1 << 16):
            file.write(block)
            bar.update(len(block))
        file.flush()
        os.fsync(file.fileno())


def _verify(path: Path, size: int, md5: str, url: str) -> None:
    found = path.stat().st_size
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if (found, digest) != (size, md5):
        path.unlink()
        raise ValueError(
            f"download: {url}: expected {size:,} bytes with MD5 {md5}, got {found:,} bytes with {digest}; the file was "
            f"deleted, call again"
        )
