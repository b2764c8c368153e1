"""What an image data set is here: two splits of pictures and labels, and the names of the classes."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Split(NamedTuple):
    """images: uint8 (N, C, H, W), 0 to 255 unless the data set says otherwise; labels: int64 (N,), from 0."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


class Images(NamedTuple):
    """A data set: what to train on, what to test on, and what the labels are called. Arrays are NumPy's."""

    train: Split
    test: Split
    names: tuple[str, ...]
