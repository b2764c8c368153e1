"""CIFAR-10, from its official binary files. No pickle is read."""

import os
import shutil
import tarfile
import tempfile
from pathlib import Path

import numpy as np

from minigrad.datasets.images import Images, Split

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
SIZE, MD5 = 170_052_171, "c32a1d4ab5d03f1284b67883e8d87530"
FOLDER = "cifar-10-batches-bin"
TRAIN, TEST, NAMES = tuple(f"data_batch_{k}.bin" for k in range(1, 6)), "test_batch.bin", "batches.meta.txt"
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
RECORDS, RECORD = 10_000, 1 + 3 * 32 * 32  # of each file; bytes of each record: the label, then red, green, blue


def cifar10(root: str | os.PathLike[str], download: bool = False) -> Images:
    """50,000 + 10,000 colour pictures of 32 x 32 in ten classes, from `root`/cifar-10-batches-bin.

    images: uint8 (N, 3, 32, 32), red, green, blue, rows from the top, 0 (dark) to 255; labels: int64 (N,), 0 to 9.
    `download=True` fetches the official archive (170 MB) where the folder is missing: resumed after an interruption,
    verified, and unpacked under another name, so that a half-written folder never has this one (a kill can leave one
    named .unpacking-*, which may be deleted). Raises FileNotFoundError for what is missing, ValueError for files that
    are truncated or not CIFAR-10's, ConnectionError if the network fails.
    Source: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
    """
    return read(Path(root).expanduser(), download, RECORDS)


def read(root: Path, download: bool, records: int, url: str = URL, size: int = SIZE, md5: str = MD5) -> Images:
    """`cifar10` with everything that a test wants to make small."""
    folder = root / FOLDER
    if download and not folder.exists():
        from minigrad.datasets.download import fetch  # here: urllib and tqdm take 75 ms to import

        _unpack(fetch(url, root / url.rpartition("/")[2], size, md5), folder)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"cifar10: there is no folder {folder}; pass download=True to fetch it (170 MB), or the `root` that has it"
        )
    for name in (*TRAIN, TEST):
        _check_size(folder / name, records * RECORD)
    parts = [_batch(folder / name) for name in TRAIN]
    train = Split(np.concatenate([p.images for p in parts]), np.concatenate([p.labels for p in parts]))
    return Images(train, _batch(folder / TEST), CLASSES)


def _check_size(path: Path, wanted: int) -> None:
    again = f"delete {path.parent} and pass download=True"
    if not path.is_file():
        raise FileNotFoundError(f"cifar10: {path} is missing: expected {wanted:,} bytes, found no file; {again}")
    if (found := path.stat().st_size) != wanted:
        fault = "truncated" if found < wanted else "too long"
        raise ValueError(f"cifar10: {path} is {fault}: expected {wanted:,} bytes, found {found:,}; {again}")


def _batch(path: Path) -> Split:
    rows = np.fromfile(path, dtype=np.uint8).reshape(-1, RECORD)
    labels = rows[:, 0].astype(np.int64)
    if labels.max() > 9:
        worst = labels.argmax()
        raise ValueError(
            f"cifar10: {path} is not a CIFAR-10 file: record {worst} has the label {labels[worst]}, expected 0 to 9; "
            f"delete {path.parent} and pass download=True"
        )
    return Split(rows[:, 1:].reshape(-1, 3, 32, 32), labels)


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack the files that belong to the data set, and no others, under another name until all of them are there.

    Only the contents of plain files are taken, to paths made here: no member's name, link or mode is followed.
    """
    wanted = {f"{FOLDER}/{name}": name for name in (*TRAIN, TEST, NAMES)}
    with (
        tempfile.TemporaryDirectory(prefix=".unpacking-", dir=folder.parent) as temporary,
        tarfile.open(archive, "r|gz") as tar,  # as a stream: one pass, where going back decompresses all again
    ):
        made = Path(temporary) / FOLDER
        made.mkdir()
        for member in tar:
            if member.isfile() and member.name in wanted and (source := tar.extractfile(member)):
                with open(made / wanted.pop(member.name), "wb") as file:
                    shutil.copyfileobj(source, file)
                    file.flush()
                    os.fsync(file.fileno())
        if wanted:
            raise ValueError(f"cifar10: {archive} has no file {min(wanted)}: not the official archive; delete it")
        made.rename(folder)
