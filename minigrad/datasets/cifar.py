"""CIFAR-10, from its official binary files. No pickle is read."""

import os
import tarfile
import tempfile
from pathlib import Path

import numpy as np

from minigrad.datasets.download import fetch
from minigrad.datasets.images import Images, Split

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
SIZE, MD5 = 170_052_171, "c32a1d4ab5d03f1284b67883e8d87530"
FOLDER = "cifar-10-batches-bin"
TRAIN, TEST, NAMES = tuple(f"data_batch_{k}.bin" for k in range(1, 6)), "test_batch.bin", "batches.meta.txt"
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
RECORDS, RECORD = 10_000, 1 + 3 * 32 * 32  # of each file; bytes of each record: the label, then red, green, blue


def cifar10(root: str | os.PathLike[str], download: bool = False) -> Images:
    """50,000 + 10,000 colour pictures of 32 x 32 in ten classes, from `root`/cifar-10-batches-bin.

    images: uint8 (N, 3, 32, 32), rows from the top; labels: int64. `download=True` fetches the official archive
    (170 MB) where the folder is missing: resumed after an interruption, verified, and unpacked under another name, so
    that a half-written folder never has this one. Raises FileNotFoundError for what is missing, ValueError for files
    that are truncated or not CIFAR-10's.
    Source: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
    """
    return read(Path(root), download, RECORDS)


def read(root: Path, download: bool, records: int, url: str = URL, size: int = SIZE, md5: str = MD5) -> Images:
    """`cifar10` with everything that a test wants to make small."""
    folder = root / FOLDER
    if download and not folder.exists():
        archive = fetch(url, root / url.rpartition("/")[2], size, md5)
        _unpack(archive, folder)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"cifar10: there is no folder {folder}; pass download=True to fetch it (170 MB), or the `root` that has it"
        )
    parts = [_batch(folder / name, records) for name in TRAIN]
    train = Split(np.concatenate([p.images for p in parts]), np.concatenate([p.labels for p in parts]))
    return Images(train, _batch(folder / TEST, records), CLASSES)


def _batch(path: Path, records: int) -> Split:
    if not path.is_file():
        raise FileNotFoundError(f"cifar10: {path} is missing; delete {path.parent} and pass download=True")
    wanted, found = records * RECORD, path.stat().st_size
    if found != wanted:
        raise ValueError(
            f"cifar10: {path} is {'truncated' if found < wanted else 'too long'}: expected {wanted:,} bytes, found "
            f"{found:,}; delete {path.parent} and pass download=True"
        )
    rows = np.fromfile(path, dtype=np.uint8).reshape(records, RECORD)
    labels = rows[:, 0].astype(np.int64)
    if labels.max() > 9:
        raise ValueError(
            f"cifar10: {path} is not a CIFAR-10 file: record {int(labels.argmax())} has the label {labels.max()}, "
            f"expected 0 to 9; delete {path.parent} and pass download=True"
        )
    return Split(rows[:, 1:].reshape(records, 3, 32, 32), labels)


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack the files that belong to the data set, under another name until all of them are there."""
    with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=folder.parent) as temporary:
        made = Path(temporary) / FOLDER
        made.mkdir()
        with tarfile.open(archive) as tar:
            for name in (*TRAIN, TEST, NAMES):
                try:
                    member = tar.extractfile(f"{FOLDER}/{name}")
                except KeyError:
                    member = None
                if member is None:
                    raise ValueError(f"cifar10: {archive} has no file {FOLDER}/{name}: not the official archive")
                with open(made / name, "wb") as file:
                    while block := member.read(1 << 20):
                        file.write(block)
                    file.flush()
                    os.fsync(file.fileno())
        made.rename(folder)
