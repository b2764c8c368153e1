"""Data sets: official files are read and verified, downloads survive being cut, nothing is ever half-written."""

import hashlib
import http.server
import io
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minigrad.datasets import cifar, cifar10, digits
from minigrad.datasets.download import fetch

RECORDS = 3


def write_batches(folder: Path) -> None:
    folder.mkdir(parents=True)
    for k, name in enumerate((*cifar.TRAIN, cifar.TEST)):
        rows = np.zeros((RECORDS, cifar.RECORD), np.uint8)
        rows[:, 0] = [k, 9 - k, 0]
        rows[0, 1:] = np.arange(3072) % 251
        (folder / name).write_bytes(rows.tobytes())
    (folder / cifar.NAMES).write_text("\n".join(cifar.CLASSES) + "\n")


class Server(http.server.BaseHTTPRequestHandler):
    content = b""
    ranges = True
    cut_at: int | None = None
    pause = 0.0
    requests: list[str | None] = []

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        Server.requests.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.ranges else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(self.content) - start))
        self.end_headers()
        body = self.content[start : self.cut_at] if self.cut_at else self.content[start:]
        Server.cut_at = None
        try:
            for at in range(0, len(body), 4096):
                self.wfile.write(body[at : at + 4096])
                time.sleep(self.pause)
        except OSError:  # the client was killed: that is the test
            pass

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Server.ranges, Server.cut_at, Server.pause, Server.requests = True, None, 0.0, []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/cifar.tar.gz"
        server.shutdown()
        thread.join()


@pytest.fixture
def archive(tmp_path: Path) -> tuple[int, str]:
    """A small archive in the official layout, served as Server.content: its size and MD5."""
    write_batches(tmp_path / "source" / cifar.FOLDER)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        tar.add(tmp_path / "source" / cifar.FOLDER, cifar.FOLDER)
        stranger = tarfile.TarInfo("../outside.txt")
        tar.addfile(stranger, io.BytesIO())
    Server.content = buffer.getvalue()
    return len(Server.content), hashlib.md5(Server.content).hexdigest()


def test_the_official_layout_is_read(tmp_path: Path) -> None:
    write_batches(tmp_path / cifar.FOLDER)
    data = cifar.read(tmp_path, False, RECORDS)
    assert data.train.images.shape == (15, 3, 32, 32) and data.train.images.dtype == np.uint8
    assert data.train.labels.tolist() == [0, 9, 0, 1, 8, 0, 2, 7, 0, 3, 6, 0, 4, 5, 0]
    assert data.test.labels.tolist() == [5, 4, 0] and data.train.labels.dtype == np.int64
    assert data.train.images[0].ravel()[:3].tolist() == [0, 1, 2]
    assert data.train.images[0, 1, 0, 0] == 1024 % 251  # the green plane comes second
    assert data.names[3] == "cat"


def test_errors_name_the_file_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"cifar10: there is no folder .*; pass download=True"):
        cifar10(tmp_path)
    folder = tmp_path / cifar.FOLDER
    write_batches(folder)
    file = folder / "data_batch_2.bin"
    whole = file.read_bytes()
    file.write_bytes(whole[:-5])
    with pytest.raises(ValueError, match=r"data_batch_2.bin is truncated: expected 9,219 bytes, found 9,214; delete"):
        cifar.read(tmp_path, False, RECORDS)
    file.write_bytes(whole + b"x")
    with pytest.raises(ValueError, match="data_batch_2.bin is too long: expected 9,219 bytes, found 9,220"):
        cifar.read(tmp_path, False, RECORDS)
    file.write_bytes(b"\x0b" + whole[1:])
    with pytest.raises(ValueError, match="is not a CIFAR-10 file: record 0 has the label 11, expected 0 to 9"):
        cifar.read(tmp_path, False, RECORDS)
    file.unlink()
    with pytest.raises(FileNotFoundError, match=r"data_batch_2.bin is missing; delete .* and pass download=True"):
        cifar.read(tmp_path, False, RECORDS)


def test_download_unpack_and_read(tmp_path: Path, url: str, archive: tuple[int, str]) -> None:
    root = tmp_path / "data"
    data = cifar.read(root, True, RECORDS, url, *archive)
    assert len(data.train.labels) == 15
    assert sorted(p.name for p in root.iterdir()) == ["cifar-10-batches-bin", "cifar.tar.gz"]
    assert not (tmp_path / "outside.txt").exists()
    cifar.read(root, True, RECORDS, url, *archive)
    assert len(Server.requests) == 1  # it was there already


@pytest.mark.parametrize("ranges", [True, False])
def test_a_cut_connection_is_resumed(tmp_path: Path, url: str, archive: tuple[int, str], ranges: bool) -> None:
    Server.ranges, Server.cut_at = ranges, 100
    path = tmp_path / "cifar.tar.gz"
    with pytest.raises(ConnectionError, match=rf"100 of {archive[0]:,} bytes are kept in .*\.part: call again"):
        fetch(url, path, *archive)
    assert not path.exists()
    assert fetch(url, path, *archive).read_bytes() == Server.content
    assert Server.requests == [None, "bytes=100-"]


def test_a_server_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError, match=r"download: http://127.0.0.1:9/x: .*0 of 5 bytes are kept"):
        fetch("http://127.0.0.1:9/x", tmp_path / "x", 5, "")


def test_a_wrong_checksum_deletes_the_file(tmp_path: Path, url: str, archive: tuple[int, str]) -> None:
    path = tmp_path / "cifar.tar.gz"
    with pytest.raises(ValueError, match=r"expected .* bytes with MD5 0000, got .*; the file was deleted, call again"):
        fetch(url, path, archive[0], "0000")
    assert list(tmp_path.glob("cifar.tar.gz*")) == []


def test_an_archive_without_the_files_leaves_no_folder(tmp_path: Path, url: str) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("readme"), io.BytesIO())
    Server.content = buffer.getvalue()
    with pytest.raises(ValueError, match="has no file cifar-10-batches-bin/data_batch_1.bin: not the official archive"):
        cifar.read(tmp_path, True, RECORDS, url, len(Server.content), hashlib.md5(Server.content).hexdigest())
    assert [p.name for p in tmp_path.iterdir()] == ["cifar.tar.gz"]


def test_a_killed_download_is_resumed(tmp_path: Path, url: str, archive: tuple[int, str]) -> None:
    Server.content = Server.content + os.urandom(400_000)
    size, md5, Server.pause = len(Server.content), hashlib.md5(Server.content).hexdigest(), 0.02
    path = tmp_path / "cifar.tar.gz"
    call = f"fetch({url!r}, Path({str(path)!r}), {size}, {md5!r})"
    code = f"from pathlib import Path; from minigrad.datasets.download import fetch; {call}"
    child = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    part = path.with_name("cifar.tar.gz.part")
    deadline = time.monotonic() + 30
    while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    kept = part.stat().st_size
    assert 0 < kept < size and not path.exists()
    Server.pause = 0.0
    assert fetch(url, path, size, md5).read_bytes() == Server.content
    assert Server.requests[-1] == f"bytes={kept}-"


def test_digits_are_split_by_seed() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn carries the digits")
    data = digits()
    assert data.train.images.shape == (1438, 1, 8, 8) and data.test.images.shape == (359, 1, 8, 8)
    assert data.train.images.dtype == np.uint8 and data.train.images.max() == 16
    assert sorted(set(data.test.labels.tolist())) == list(range(10)) and len(data.names) == 10
    again, other = digits(), digits(seed=1)
    assert (again.train.images == data.train.images).all()
    assert (other.test.labels != data.test.labels).any()
    with pytest.raises(ValueError, match="test_fraction: expected a number between 0 and 1, got 1.5"):
        digits(1.5)


def test_digits_without_scikit_learn_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=r"scikit-learn, .* `pip install -e \"\.\[examples\]\"`"):
        digits()
