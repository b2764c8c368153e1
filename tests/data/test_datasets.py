"""Datasets: official files are read and verified, interrupted downloads resume, no incomplete file is left."""

import hashlib
import http.server
import io
import re
import signal
import socket
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

import minigrad
from minigrad.datasets import cifar, cifar10, digits
from minigrad.datasets.download import BLOCK, fetch

RECORDS = 3
PADDING = np.random.default_rng(0).bytes(7 * BLOCK)  # does not compress: a download is several blocks long


# --- a small archive, and a server that can fail ---------------------------------------------------------------------


def write_batches(folder: Path) -> None:
    folder.mkdir(parents=True)
    for k, name in enumerate((*cifar.TRAIN, cifar.TEST)):
        rows = np.zeros((RECORDS, cifar.RECORD), np.uint8)
        rows[:, 0] = [k, 9 - k, 0]
        rows[0, 1:] = np.arange(3072) % 251
        (folder / name).write_bytes(rows.tobytes())
    (folder / cifar.NAMES).write_text("\n".join(cifar.CLASSES) + "\n")


def tar_gz(*members: tuple[str | tarfile.TarInfo, bytes], folder: Path | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in members:
            member = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        if folder:
            tar.add(folder, cifar.FOLDER)
    return buffer.getvalue()


def facts(content: bytes) -> tuple[int, str]:
    return len(content), hashlib.md5(content).hexdigest()


class Server(http.server.BaseHTTPRequestHandler):
    """Serves `content` under one name; can ignore ranges, and cut one answer short or leave its client waiting."""

    content: bytes
    ranges: bool
    cut_at: int | None
    wait_at: int | None
    go_on: threading.Event
    requests: list[str | None]

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        Server.requests.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.ranges else 0
        if self.path != "/cifar.tar.gz" or start >= len(self.content):
            self.send_error(404 if start < len(self.content) else 416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(self.content) - start))
        self.end_headers()
        (cut, Server.cut_at), (wait, Server.wait_at) = (self.cut_at, None), (self.wait_at, None)
        try:
            self.wfile.write(self.content[start : cut or wait])
            if wait:
                self.go_on.wait(30)
        except OSError:  # the client was killed, or has had enough: that is the test
            pass

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    Server.content, Server.ranges, Server.cut_at, Server.wait_at = b"", True, None, None
    Server.go_on, Server.requests = threading.Event(), []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/cifar.tar.gz"
        Server.go_on.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def archive(tmp_path: Path, url: str) -> tuple[int, str]:
    """What the server then serves, in the official layout among other files: its size and MD5."""
    write_batches(tmp_path / "source" / cifar.FOLDER)
    outside = (tmp_path / "outside.txt").as_posix()
    others = (("../outside.txt", b"x"), (outside, b"x"), (f"{cifar.FOLDER}/readme.html", PADDING))
    Server.content = tar_gz(*others, folder=tmp_path / "source" / cifar.FOLDER)
    return facts(Server.content)


def python(code: str) -> subprocess.Popen[bytes]:
    """Another process, where `minigrad` is its folder alone: the datasets need no more of it, and start sooner."""
    alone = "import sys, types; package = sys.modules['minigrad'] = types.ModuleType('minigrad'); "
    alone += f"package.__path__ = {list(minigrad.__path__)!r}\n"
    return subprocess.Popen([sys.executable, "-c", alone + code], stderr=subprocess.DEVNULL)


def reading(root: Path, url: str, archive: tuple[int, str]) -> str:
    """The code of another process that downloads, unpacks and reads."""
    return (
        "from pathlib import Path; from minigrad.datasets import cifar; "
        f"cifar.read(Path({str(root)!r}), True, {RECORDS}, {url!r}, *{archive!r})"
    )


# --- the files -------------------------------------------------------------------------------------------------------


def test_the_official_layout_is_read(tmp_path: Path) -> None:
    write_batches(tmp_path / cifar.FOLDER)
    data = cifar.read(tmp_path, False, RECORDS)
    assert data.train.images.shape == (15, 3, 32, 32) and data.test.images.shape == (3, 3, 32, 32)
    assert data.train.images.dtype == data.test.images.dtype == np.uint8
    assert data.train.labels.tolist() == [0, 9, 0, 1, 8, 0, 2, 7, 0, 3, 6, 0, 4, 5, 0]
    assert data.test.labels.tolist() == [5, 4, 0] and data.train.labels.dtype == np.int64
    assert data.train.images[0, 0, 0, :3].tolist() == [0, 1, 2]
    assert data.train.images[0, 0, 1, 0] == 32  # the second row
    assert data.train.images[0, 1, 0, 0] == 1024 % 251  # the green plane comes second
    assert data.names[3] == "cat"


def test_the_names_do_not_depend_on_a_file(tmp_path: Path) -> None:
    write_batches(tmp_path / cifar.FOLDER)
    (tmp_path / cifar.FOLDER / cifar.NAMES).unlink()
    assert cifar.read(tmp_path, False, RECORDS).names == cifar.CLASSES


def test_a_missing_folder_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError, match=r"cifar10: there is no folder .*; pass download=True .* or the `root`"):
        cifar10(str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=re.escape(str(tmp_path / "data" / cifar.FOLDER))):
        cifar10("~/data")


def test_errors_name_the_file_and_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / cifar.FOLDER
    write_batches(folder)
    file = folder / "data_batch_2.bin"
    whole = file.read_bytes()
    again = re.escape(f"delete {folder} and pass download=True")
    file.write_bytes(whole[:-5])
    with pytest.raises(ValueError, match=f"batch_2.bin is truncated: expected 9,219 bytes, found 9,214; {again}"):
        cifar.read(tmp_path, False, RECORDS)
    file.write_bytes(whole + b"x")
    with pytest.raises(ValueError, match=f"batch_2.bin is too long: expected 9,219 bytes, found 9,220; {again}"):
        cifar.read(tmp_path, False, RECORDS)
    file.write_bytes(whole[: cifar.RECORD] + b"\x0b" + whole[cifar.RECORD + 1 :])
    with pytest.raises(ValueError, match=f"not a CIFAR-10 file: record 1 has the label 11, expected 0 to 9; {again}"):
        cifar.read(tmp_path, False, RECORDS)
    file.unlink()
    with pytest.raises(FileNotFoundError, match=f"missing: expected 9,219 bytes, found no file; {again}"):
        cifar.read(tmp_path, True, RECORDS)  # what is there is left to its owner


# --- the download ----------------------------------------------------------------------------------------------------


def test_download_unpack_and_read(tmp_path: Path, url: str, archive: tuple[int, str]) -> None:
    root = tmp_path / "data"
    data = cifar.read(root, True, RECORDS, url, *archive)
    assert len(data.train.labels) == 15
    assert sorted(p.name for p in root.iterdir()) == ["cifar-10-batches-bin", "cifar.tar.gz"]
    assert sorted(p.name for p in (root / cifar.FOLDER).iterdir()) == [cifar.NAMES, *cifar.TRAIN, cifar.TEST]
    assert not (tmp_path / "outside.txt").exists()
    cifar.read(root, True, RECORDS, url, *archive)
    assert len(Server.requests) == 1  # it was there already


@pytest.mark.parametrize("ranges", [True, False])
def test_a_cut_connection_is_resumed(tmp_path: Path, url: str, archive: tuple[int, str], ranges: bool) -> None:
    Server.ranges, Server.cut_at = ranges, 100
    path = tmp_path / "cifar.tar.gz"
    kept = rf"ended early; 100 of {archive[0]:,} bytes are kept in .*\.part: call again .* or save that address as "
    with pytest.raises(ConnectionError, match=kept + re.escape(str(path)) + " "):
        fetch(url, path, *archive)
    assert not path.exists()
    assert fetch(url, path, *archive).read_bytes() == Server.content
    assert Server.requests == [None, "bytes=100-"]


def test_a_server_that_is_not_there_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))  # ours, but nobody listens
        url = f"http://127.0.0.1:{unheard.getsockname()[1]}/x"
        with pytest.raises(ConnectionError, match=rf"download: {url}: .*refused.*0 of 5 bytes are kept"):
            fetch(url, tmp_path / "x", 5, "")


def test_a_page_that_is_not_there_keeps_what_came(tmp_path: Path, url: str, archive: tuple[int, str]) -> None:
    part = tmp_path / "x.part"
    part.write_bytes(b"12345")
    with pytest.raises(ConnectionError, match=r"HTTP Error 404: Not Found; 5 of .* bytes are kept"):
        fetch(url + ".old", tmp_path / "x", *archive)
    assert part.read_bytes() == b"12345"


def test_a_full_disk_is_not_called_a_network_failure(tmp_path: Path, url: str, archive: tuple[int, str]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    (tmp_path / "x.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as raised:
        fetch(url, tmp_path / "x", *archive)
    assert not isinstance(raised.value, ConnectionError)


def test_a_wrong_checksum_deletes_the_part(tmp_path: Path, url: str, archive: tuple[int, str]) -> None:
    path = tmp_path / "cifar.tar.gz"
    expected = rf"expected {archive[0]:,} bytes with MD5 0000, got {archive[0]:,} bytes with {archive[1]}"
    with pytest.raises(ValueError, match=expected + r"; .*\.part was deleted: call again to start afresh"):
        fetch(url, path, archive[0], "0000")
    assert list(tmp_path.glob("cifar.tar.gz*")) == []


def test_a_wrong_file_under_the_final_name_is_left_to_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "cifar.tar.gz"
    path.write_bytes(b"123")
    with pytest.raises(ValueError, match=r"cifar.tar.gz: expected 5 bytes with MD5 0000, got 3 .*; delete it and call"):
        fetch("http://127.0.0.1/", path, 5, "0000")
    assert path.read_bytes() == b"123"


@pytest.mark.parametrize("kept", [0, 100])
def test_an_endless_answer_is_not_read_to_its_end(tmp_path: Path, url: str, kept: int) -> None:
    Server.content = PADDING
    (tmp_path / "x.part").write_bytes(PADDING[:kept])
    with pytest.raises(ValueError, match=rf"expected 200 bytes with MD5 0, got {BLOCK + kept:,} bytes"):
        fetch(url, tmp_path / "x", 200, "0")
    assert not list(tmp_path.iterdir())


def test_a_part_longer_than_what_is_served_is_deleted(tmp_path: Path, url: str) -> None:
    Server.content = b"12345"
    (tmp_path / "x.part").write_bytes(b"1234567")
    with pytest.raises(ValueError, match=r"expected 9 bytes with MD5 0, got 7 bytes with .* was deleted"):
        fetch(url, tmp_path / "x", 9, "0")
    assert Server.requests == ["bytes=7-"] and not list(tmp_path.iterdir())


# --- kills and strange archives --------------------------------------------------------------------------------------


def test_a_killed_download_is_resumed(tmp_path: Path, url: str, archive: tuple[int, str]) -> None:
    Server.wait_at = 6 * BLOCK
    root = tmp_path / "data"
    part = root / "cifar.tar.gz.part"
    child = python(reading(root, url, archive))
    deadline = time.monotonic() + 30
    while not (part.exists() and part.stat().st_size) and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    child.kill()
    assert child.wait() == -signal.SIGKILL
    kept = part.stat().st_size
    assert 0 < kept <= 6 * BLOCK < archive[0]
    assert list(root.iterdir()) == [part]
    assert len(cifar.read(root, True, RECORDS, url, *archive).train.labels) == 15
    assert Server.requests == [None, f"bytes={kept}-"]


@pytest.mark.parametrize("syncs", [1, 4, 8], ids=["before the rename", "between two files", "with all files written"])
def test_a_kill_while_unpacking_leaves_no_folder(
    tmp_path: Path, url: str, archive: tuple[int, str], syncs: int
) -> None:
    root = tmp_path / "data"
    fatal = "import os, itertools; count = itertools.count(1); "
    fatal += f"os.fsync = lambda file: next(count) == {syncs} and os.kill(os.getpid(), {int(signal.SIGKILL)}); "
    assert python(fatal + reading(root, url, archive)).wait() == -signal.SIGKILL
    assert not (root / cifar.FOLDER).exists()
    assert len(list(root.glob(".unpacking-*/*/*.*"))) == syncs - 1
    assert len(cifar.read(root, True, RECORDS, url, *archive).train.labels) == 15
    assert Server.requests == [None]  # all of the archive was there


def test_a_strange_archive_leaves_no_folder(tmp_path: Path, url: str) -> None:
    link = tarfile.TarInfo(f"{cifar.FOLDER}/data_batch_1.bin")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    others = [(f"{cifar.FOLDER}/{name}", b"") for name in (*cifar.TRAIN[1:], cifar.TEST, cifar.NAMES)]
    Server.content = tar_gz((link, b""), *others)
    with pytest.raises(
        ValueError, match="has no file cifar-10-batches-bin/data_batch_1.bin: not the official archive; delete it"
    ):
        cifar.read(tmp_path, True, RECORDS, url, *facts(Server.content))
    assert [p.name for p in tmp_path.iterdir()] == ["cifar.tar.gz"]


# --- digits, and what is imported ------------------------------------------------------------------------------------


def test_digits_are_split_by_seed() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn carries the digits")
    data = digits()
    assert data.train.images.shape == (1438, 1, 8, 8) and data.test.images.shape == (359, 1, 8, 8)
    assert data.train.images.dtype == np.uint8 and data.train.images.max() == 16
    assert data.train.labels.dtype == data.test.labels.dtype == np.int64
    assert sorted(set(data.test.labels.tolist())) == list(range(10)) and data.names == tuple("0123456789")
    again, other = digits(), digits(seed=1)
    assert (again.train.images == data.train.images).all() and (again.test.labels == data.test.labels).all()
    assert (other.test.labels != data.test.labels).any()


def test_every_digit_is_in_one_part() -> None:
    source = pytest.importorskip("sklearn.datasets", reason="scikit-learn carries the digits").load_digits()
    parts = digits(test_fraction=0.5, seed=3)
    split = [(x.tobytes(), y) for part in (parts.train, parts.test) for x, y in zip(part.images, part.labels.tolist())]
    whole = [(x.astype(np.uint8).tobytes(), y) for x, y in zip(source.images, source.target.tolist())]
    assert sorted(split) == sorted(whole)


@pytest.mark.parametrize("fraction", [1.5, 0.0, -1.0, float("nan"), 0.9999, 0.0001])
def test_digits_in_two_parts_or_an_error(fraction: float) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn carries the digits")
    with pytest.raises(ValueError, match=f"test_fraction: expected a number between 0 and 1 .* got {fraction}"):
        digits(fraction)


def test_digits_without_scikit_learn_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=r"scikit-learn, .* from a checkout, run `pip install -e \"\.\[examples\]\"`"):
        digits()


def test_the_package_stands_alone_and_imports_little() -> None:
    code = """
import minigrad.datasets
assert not {"sklearn", "tqdm", "urllib.request"} & set(sys.modules)
import minigrad.datasets.download
assert all(name.startswith("minigrad.datasets") for name in sys.modules if name.startswith("minigrad."))
"""
    assert python(code).wait() == 0
