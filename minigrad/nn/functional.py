"""Layers and losses as functions, by PyTorch's names (`import minigrad.nn.functional as F`); they are defined in
`minigrad.ops`."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from minigrad.engine.inplace import change_in_place
from minigrad.engine.messages import describe
from minigrad.ops.api import Signature, public
from minigrad.ops.array.creation import arange
from minigrad.ops.array.pad import *
from minigrad.ops.array.shape import reshape
from minigrad.ops.loss.ctc import *
from minigrad.ops.loss.divergence import *
from minigrad.ops.loss.losses import *
from minigrad.ops.loss.margin import *
from minigrad.ops.nn import activation
from minigrad.ops.nn.activation import *
from minigrad.ops.nn.attention import *
from minigrad.ops.nn.conv import *
from minigrad.ops.nn.distance import *
from minigrad.ops.nn.dropout import *
from minigrad.ops.nn.dropout import rrelu
from minigrad.ops.nn.embedding import *
from minigrad.ops.nn.linear import *
from minigrad.ops.nn.norm import *
from minigrad.ops.nn.pooling import *
from minigrad.ops.nn.resize import *
from minigrad.ops.nn.resize import upsample
from minigrad.ops.nn.sampling import *
from minigrad.ops.nn.unpool import *
from minigrad.ops.pointwise.arithmetic import tanh as tanh
from minigrad.ops.reduce.reductions import amax


def _with_inplace(op: Callable[..., Any]) -> Callable[..., Any]:
    """`op` with PyTorch's last argument, `inplace`: True changes the input itself, recorded, and returns it."""
    count, name = inspect.unwrap(op).__code__.co_argcount, f"{op.__name__}_"

    @functools.wraps(op)
    def call(*args: Any, inplace: bool = False, **options: Any) -> Any:
        if len(args) == count + 1:
            *args, inplace = args  # type: ignore[assignment]
        if not inplace:
            return op(*args, **options)
        self = options.pop("input") if "input" in options else args[0]
        return change_in_place(name, op, self, *args[1:], **options)

    call.__signature__ = Signature.of(op, _add_inplace)  # type: ignore[attr-defined]
    return call


def _add_inplace(signature: inspect.Signature) -> inspect.Signature:
    last = inspect.Parameter("inplace", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=False, annotation=bool)
    return signature.replace(parameters=[*signature.parameters.values(), last])


celu, elu, hardsigmoid, hardswish, hardtanh, leaky_relu, mish, relu, relu6, selu, silu, threshold = (
    _with_inplace(getattr(activation, name))
    for name in "celu elu hardsigmoid hardswish hardtanh leaky_relu mish relu relu6 selu silu threshold".split()
)
# PyTorch's names for inplace=True
celu_, elu_, hardtanh_, leaky_relu_, relu_, rrelu_, selu_, threshold_ = (
    functools.partial(op, inplace=True) for op in (celu, elu, hardtanh, leaky_relu, relu, rrelu, selu, threshold)
)
upsample_nearest = functools.partial(upsample, mode="nearest")
upsample_bilinear = functools.partial(upsample, mode="bilinear", align_corners=True)


@public
def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """Class indices (...) to int64 (..., num_classes), 1 at the index and 0 elsewhere. num_classes=-1: the largest
    index + 1.

    Raises TypeError unless the indices are integers, IndexError for a negative one or one from num_classes on,
    ValueError where num_classes=-1 meets an empty tensor.
    """
    if tensor.dtype.kind not in "iu":
        raise TypeError(f"one_hot: expected integer class indices, got {describe(tensor)}")
    if num_classes < 1 and num_classes != -1:
        raise ValueError(f"one_hot: num_classes: expected 1 or more, or -1 to look for the largest, got {num_classes}")
    if num_classes == -1 and not tensor.numel():
        raise ValueError(f"one_hot: num_classes: expected a number for an empty tensor, got -1 and {describe(tensor)}")
    low, high = (int(tensor.min()), int(amax(tensor))) if tensor.numel() else (0, -1)
    classes = high + 1 if num_classes == -1 else num_classes
    if low < 0 or high >= classes:
        expected = "of 0 or more" if low < 0 else f"from 0 to {classes - 1}"
        raise IndexError(f"one_hot: expected classes {expected}, got {low if low < 0 else high}")
    return (reshape(tensor, (*tensor.shape, 1)) == arange(classes, device=tensor.device)).long()
