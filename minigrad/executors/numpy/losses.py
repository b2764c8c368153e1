"""The softmax classifier's loss in a few passes, from what its forward pass found its gradient."""

from typing import Any

import numpy as np

from minigrad.engine.executions import execution
from minigrad.executors.numpy.activation import FEW
from minigrad.ops.index.indexing import check_range
from minigrad.ops.loss.losses import softmax_cross_entropy

ndarray = np.ndarray


def is_batch(logits: Any, target: Any, *, ignore_index: int) -> bool:
    """A matrix of float32 or float64, not empty, and an integer for each of its rows."""
    return (
        logits.ndim == 2 and logits.dtype.char in "fd" and logits.size > 0
        and target.__class__ is ndarray and target.dtype.kind in "iu" and target.shape == logits.shape[:1]
    )  # fmt: skip


def _ignored(target: Any, classes: int, ignore_index: int) -> Any:
    """Which rows do not count, None where all do. IndexError where one that counts has a class out of range."""
    if ignore_index < 0 and int(target.view(f"u{target.itemsize}").max()) < classes:  # -1 is the largest
        return None
    ignored = target == ignore_index
    check_range("cross_entropy", target[~ignored], classes, "classes", target)
    return ignored


def backward(g: Any, needed: Any, residuals: Any, logits: Any, target: Any, *, ignore_index: int) -> tuple[Any, None]:
    """(softmax - one-hot) * g / the number of rows that count; 0 in those that do not."""
    largest, total, ignored = residuals
    z = logits - largest
    np.exp(z, out=z)
    if ignored is None:
        share = g / len(target)
        z *= share / total
        z[np.arange(len(target)), target] -= share
        return z, None
    counted = np.flatnonzero(~ignored)
    share = g / len(counted)
    z *= share / total
    z[counted, target[counted]] -= share
    z[ignored] = 0
    return z, None


@execution(softmax_cross_entropy, "numpy", is_batch, backward)
def forward(logits: Any, target: Any, *, ignore_index: int) -> tuple[Any, tuple[Any, Any, Any]]:
    """The mean over the rows that count; of each row the largest logit and the sum of exp(x - largest), and which rows
    do not count. Few classes are laid out class by class: NumPy works through a short row slowly."""
    ignored = _ignored(target, logits.shape[1], ignore_index)
    z = logits.copy("F" if logits.shape[1] <= FEW else "C")
    largest = np.maximum.reduce(z, 1)[:, None]
    z -= largest
    picked = z[np.arange(len(z)), target if ignored is None else np.where(ignored, 0, target)]
    total = np.add.reduce(np.exp(z, z), 1)
    each = np.log(total) - picked
    each = each if ignored is None else each[~ignored]
    return np.asarray(np.add.reduce(each) / len(each)), (largest, total[:, None], ignored)
