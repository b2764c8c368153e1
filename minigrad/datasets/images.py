"""The form of an image dataset: a training and a test split of images and labels, and the names of the classes."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Split(NamedTuple):
    """images: uint8 (N, C, H, W), 0 to 255 unless the dataset says otherwise; labels: int64 (N,), class indices."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


class Images(NamedTuple):
    """An image dataset of NumPy arrays: training split, test split, and the class names, which labels index."""

    train: Split
    test: Split
    names: tuple[str, ...]
