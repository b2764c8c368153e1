"""MNIST's and Fashion-MNIST's files: read, verified, fetched; bad ones named."""

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from minigrad.datasets import fashion_mnist, mnist
from minigrad.datasets.images import Images
from minigrad.datasets.mnist import FASHION, FASHION_CLASSES, MNIST, NAMES, File, read


def idx(array: np.ndarray) -> bytes:
    head = bytes((0, 0, 8, array.ndim)) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return gzip.compress(head + array.tobytes(), mtime=0)


def contents(labels: int = 3) -> list[bytes]:
    images = np.arange(3 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(3, 28, 28)
    return [idx(x) for x in (images, np.arange(labels, dtype=np.uint8), images[:2], np.array([9, 8], np.uint8))]


def put(folder: Path, parts: list[bytes]) -> tuple[File, ...]:
    folder.mkdir()
    for name, part in zip(NAMES, parts):
        (folder / name).write_bytes(part)
    return tuple(File(name, len(part), hashlib.md5(part).hexdigest()) for name, part in zip(NAMES, parts))


def read_small(folder: Path, files: tuple[File, ...], download: bool = False, url: str = "") -> Images:
    return read("mnist", folder, download, url, files, FASHION_CLASSES)


def test_images_and_labels(tmp_path: Path) -> None:
    data = read_small(tmp_path / "m", put(tmp_path / "m", contents()))
    assert data.train.images.shape == (3, 1, 28, 28) and data.train.images.dtype == np.uint8
    assert data.train.images[0, 0, 1, :3].tolist() == [28, 29, 30] and data.train.images.flags.writeable
    assert data.test.labels.tolist() == [9, 8] and data.train.labels.dtype == np.int64 and data.names[9] == "ankle boot"


def test_what_is_missing_is_fetched_on_request(tmp_path: Path) -> None:
    files = put(tmp_path / "server", contents())
    with pytest.raises(FileNotFoundError, match="mnist: .*train-images.* is missing: .* pass download=True"):
        read_small(tmp_path / "m", files)
    data = read_small(tmp_path / "m", files, True, (tmp_path / "server").as_uri() + "/")
    assert len(data.train.labels) == 3 and sorted(p.name for p in (tmp_path / "m").iterdir()) == sorted(NAMES)


def test_files_that_are_truncated_or_something_else(tmp_path: Path) -> None:
    files = put(tmp_path / "a", contents())
    (tmp_path / "a" / NAMES[0]).write_bytes(contents()[0][:-5])
    with pytest.raises(ValueError, match="train-images.*expected .* bytes with MD5 .*, got .*; delete it"):
        read_small(tmp_path / "a", files)
    parts = contents()
    files = put(tmp_path / "b", [parts[1], *parts[1:]])
    with pytest.raises(ValueError, match="is not an IDX file of 3 dimensions: it begins with 00 00 08 01"):
        read_small(tmp_path / "b", files)
    files = put(tmp_path / "c", [b"text", *parts[1:]])
    with pytest.raises(ValueError, match="is not a complete gzip file"):
        read_small(tmp_path / "c", files)
    files = put(tmp_path / "d", contents(labels=2))
    with pytest.raises(ValueError, match="expected a label for each of the 3 images, got 2"):
        read_small(tmp_path / "d", files)


def test_the_named_ones_look_in_their_folders(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"mnist: .*/mnist/train-images-idx3-ubyte.gz .*12 MB"):
        mnist(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"fashion_mnist: .*/fashion-mnist/train-images.*31 MB"):
        fashion_mnist(tmp_path)
    assert {len(f.md5) for f in (*MNIST, *FASHION)} == {32} and len({f.md5 for f in (*MNIST, *FASHION)}) == 8
