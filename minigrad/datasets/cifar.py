"""CIFAR-10, from its official binary files. No pickle is read."""

import os
import shutil
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
    """50,000 + 10,000 color images of 32 x 32 pixels in ten classes, from `root`/cifar-10-batches-bin.

    images: uint8 (N, 3, 32, 32), channels red, green, blue, 0 to 255; labels: int64 (N,), 0 to 9.
    `download=True` fetches the official archive (170 MB) where the folder is missing: resumed after an interruption,
    verified, and unpacked into a temporary folder that is renamed when complete. (A killed process can leave a folder
    .unpacking-*, which may be deleted.) Raises FileNotFoundError for what is missing, ValueError for files that
    are truncated or not CIFAR-10's, ConnectionError if the network fails.
    Source: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
    """
    return read(Path(root).expanduser(), download, RECORDS)


def read(root: Path, download: bool, records: int, url: str = URL, size: int = SIZE, md5: str = MD5) -> Images:
    """`cifar10` with the archive's address, size and MD5 sum, and the number of records in a file, as parameters."""
    folder = root / FOLDER
    if download and not folder.exists():
        _unpack(fetch(url, root / url.rpartition("/")[2], size, md5), folder)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"cifar10: there is no folder {folder}; pass download=True to fetch it (170 MB), or the `root` that has it"
        )
    for name in (*TRAIN, TEST):
        _check_size(folder / name, records * RECORD)
    parts = [_read_batch(folder / name) for name in TRAIN]
    train = Split(np.concatenate([p.images for p in parts]), np.concatenate([p.labels for p in parts]))
    return Images(train, _read_batch(folder / TEST), CLASSES)


def _check_size(path: Path, expected: int) -> None:
    advice = f"delete {path.parent} and pass download=True"
    if not path.is_file():
        raise FileNotFoundError(f"cifar10: {path} is missing: expected {expected:,} bytes, found no file; {advice}")
    if (found := path.stat().st_size) != expected:
        fault = "truncated" if found < expected else "too long"
        raise ValueError(f"cifar10: {path} is {fault}: expected {expected:,} bytes, found {found:,}; {advice}")


def _read_batch(path: Path) -> Split:
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
    """Unpack the dataset's files, and no others, into a temporary folder that is renamed when complete.

    Only the contents of regular files are extracted, to paths of our own: no member's path, link or mode is used.
    """
    wanted = {f"{FOLDER}/{name}": name for name in (*TRAIN, TEST, NAMES)}
    with (
        tempfile.TemporaryDirectory(prefix=".unpacking-", dir=folder.parent) as temporary,
        tarfile.open(archive, "r|gz") as tar,  # as a stream: seeking back would decompress it all again
    ):
        folder_inside = Path(temporary) / FOLDER
        folder_inside.mkdir()
        for member in tar:
            if member.isfile() and member.name in wanted and (source := tar.extractfile(member)):
                with open(folder_inside / wanted.pop(member.name), "wb") as file:
                    shutil.copyfileobj(source, file)
                    file.flush()
                    os.fsync(file.fileno())
        if wanted:
            raise ValueError(f"cifar10: {archive} has no file {min(wanted)}: not the official archive; delete it")
        folder_inside.rename(folder)
