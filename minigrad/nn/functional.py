"""The operations of layers, by PyTorch's names (`import minigrad.nn.functional as F`): thin over `minigrad.ops`."""

from typing import Any

from minigrad.engine.explain import describe
from minigrad.ops.activation import *
from minigrad.ops.activation import logsigmoid, relu, softplus
from minigrad.ops.attention import *
from minigrad.ops.conv import *
from minigrad.ops.creation import arange, empty_like
from minigrad.ops.distance import *
from minigrad.ops.elementwise import tanh
from minigrad.ops.linear import linear
from minigrad.ops.loss import *
from minigrad.ops.margin import *
from minigrad.ops.norm import *
from minigrad.ops.pad import *
from minigrad.ops.pool import *
from minigrad.ops.reduce import amax
from minigrad.ops.resize import *
from minigrad.ops.shape import reshape
from minigrad.random import bernoulli_, default_generator

__all__ = ["dropout", "linear", "logsigmoid", "one_hot", "relu", "softplus", "tanh"]


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Each element is 0 with probability p, and the others are divided by 1 - p; the input itself if not training.

    Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting, JMLR 2014.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p: expected a probability, got {p}")
    if not training or p == 0:
        return input
    mask = bernoulli_(empty_like(input), 1 - p, generator=default_generator)
    if p < 1:
        mask = mask * (1 / (1 - p))
    return input.mul_(mask) if inplace else input * mask


def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """int64 (..., num_classes) with a 1 at each class index; num_classes -1: the largest index + 1."""
    if tensor.dtype.kind not in "iu":
        raise TypeError(f"one_hot: expected integer class indices, got {describe(tensor)}")
    low, high = (int(tensor.min()), int(amax(tensor))) if tensor.numel() else (0, -1)
    classes = high + 1 if num_classes == -1 else num_classes
    if low < 0 or high >= classes:
        raise IndexError(f"one_hot: expected classes from 0 to {classes - 1}, got {low if low < 0 else high}")
    return (reshape(tensor, (*tensor.shape, 1)) == arange(classes, device=tensor.device)).long()
