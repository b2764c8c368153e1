"""MNIST and Fashion-MNIST, from their official IDX files."""

import gzip
import math
import os
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minigrad.datasets.download import fetch
from minigrad.datasets.images import Images, Split


class File(NamedTuple):
    """A file: its name, size in bytes and MD5 sum."""

    name: str
    size: int
    md5: str


NAMES = (
    "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)  # fmt: skip
MNIST_URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"
MNIST = tuple(map(File, NAMES, (9_912_422, 28_881, 1_648_877, 4_542), (
    "f68b3c2dcbeaaa9fbdd348bbdeb94873", "d53e105ee54ea40749a09fcbcd1e9432",
    "9fb629c4189551a2d022fa330f9573f3", "ec29112dd5afa0611ce80d1b7f02629c",
)))  # fmt: skip
FASHION_URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"  # serves no https; the sums are checked
FASHION = tuple(map(File, NAMES, (26_421_880, 29_515, 4_422_102, 5_148), (
    "8d4fb7e6c68d591d4c3dfef9ec88bf0d", "25c81989df183df01b3e8a0aad5dffbe",
    "bef4ecab320f06d8554ea6380940ec79", "bb300cfdad3c16e7a12a480ee83cd310",
)))  # fmt: skip
FASHION_CLASSES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


def mnist(root: str | os.PathLike[str], download: bool = False) -> Images:
    """60,000 + 10,000 images of handwritten digits, 28 x 28 pixels, from the four .gz files in `root`/mnist.

    images: uint8 (N, 1, 28, 28), 0 (background) to 255; labels: int64 (N,), 0 to 9.
    `download=True` downloads the missing files (12 MB), resumed after an interruption and verified. Raises
    FileNotFoundError for what is missing, ValueError for files that are truncated or not MNIST's, ConnectionError if
    the network fails.
    Source: Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits, 1998.
    """
    return read("mnist", Path(root).expanduser() / "mnist", download, MNIST_URL, MNIST, tuple(map(str, range(10))))


def fashion_mnist(root: str | os.PathLike[str], download: bool = False) -> Images:
    """60,000 + 10,000 images of clothing in ten classes, from `root`/fashion-mnist (31 MB). All else is as in `mnist`.

    Source: H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST, 2017 (arXiv:1708.07747).
    """
    return read(
        "fashion_mnist", Path(root).expanduser() / "fashion-mnist", download, FASHION_URL, FASHION, FASHION_CLASSES
    )


def read(op: str, folder: Path, download: bool, url: str, files: tuple[File, ...], names: tuple[str, ...]) -> Images:
    """`mnist` and `fashion_mnist`, with the folder, address, files and class names as parameters."""
    for file in files:
        if not download and not (folder / file.name).is_file():
            megabytes = sum(f.size for f in files) / 1e6
            raise FileNotFoundError(
                f"{op}: {folder / file.name} is missing: expected {file.size:,} bytes, found no file; pass "
                f"download=True to fetch it (all files: {megabytes:.0f} MB), or the `root` that has it"
            )
    train_x, train_y, test_x, test_y = (fetch(url + f.name, folder / f.name, f.size, f.md5) for f in files)
    return Images(_read_split(op, train_x, train_y), _read_split(op, test_x, test_y), names)


def _read_split(op: str, images: Path, labels: Path) -> Split:
    x, y = _read_idx(op, images, 3), _read_idx(op, labels, 1)
    if len(x) != len(y):
        raise ValueError(f"{op}: {labels}: expected a label for each of the {len(x):,} images, got {len(y):,}")
    return Split(x[:, None], y.astype(np.int64))


def _read_idx(op: str, path: Path, ndim: int) -> NDArray[np.uint8]:
    """Read an IDX file of uint8: bytes 0, 0, 8 (dtype), ndim, then the sizes as big-endian uint32, the data."""
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(
            f"{op}: {path} is not a complete gzip file: {error}; delete it and pass download=True"
        ) from None
    start = 4 + 4 * ndim
    sizes = [int.from_bytes(content[i : i + 4], "big") for i in range(4, start, 4)]
    if content[:4] != bytes((0, 0, 8, ndim)) or len(content) != start + math.prod(sizes):
        raise ValueError(
            f"{op}: {path} is not an IDX file of {ndim} dimensions: it begins with {content[:4].hex(' ')} and has "
            f"{len(content):,} bytes; delete it and pass download=True"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(sizes).copy()
