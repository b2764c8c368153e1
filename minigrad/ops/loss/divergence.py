"""How far one distribution is from another: binary cross-entropy and the Kullback-Leibler divergence."""

from typing import Any

from minigrad.backend import array_module, assert_all
from minigrad.dtypes import finfo, floating
from minigrad.engine.dispatch import primitive
from minigrad.engine.messages import describe
from minigrad.engine.promotion import cast, promoted, widened
from minigrad.errors import DtypeError
from minigrad.ops.api import shape_error
from minigrad.ops.loss.losses import _some, _tensors, fits, reduced, reduction_of
from minigrad.ops.nn.activation import softplus
from minigrad.ops.pointwise.arithmetic import clamp, exp, log, where
from minigrad.ops.reduce.reductions import sum

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div"]


def _same_shape(op: str, input: Any, target: Any) -> None:
    _tensors(op, input=input, target=target)
    if input._array.shape != target._array.shape:
        raise shape_error(op, "input and target of one shape", input, target)


def _held_log(x: Any) -> Any:
    return clamp(log(x), min=-100.0)


@primitive(
    name="binary_cross_entropy",
    elementwise=True,
    input=lambda g, input, target, floor: g * ((input - target) / clamp(input * (1 - input), min=floor)),
    target=lambda g, input: g * (_held_log(1 - input) - _held_log(input)),
)
def _binary_cross_entropy(input: Any, target: Any, *, floor: float) -> Any:
    xp = array_module(input)
    return (target - 1) * xp.maximum(xp.log1p(-input), -100) - target * xp.maximum(xp.log(input), -100)


def binary_cross_entropy(
    input: Any, target: Any, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """-(y log p + (1 - y) log(1 - p)) for probabilities p = input, y = target; logarithms are held above -100.

    A primitive for stability: the gradient is (p - y) / max(p (1 - p), 1e-12), as in PyTorch, where composed ones are
    0 * inf at p = 0 and 1, which a sigmoid in float32 reaches. (In float16, where 1e-12 is 0, its smallest normal
    number stands for it.) Raises ValueError for p outside [0, 1].
    """
    op = "binary_cross_entropy"
    reduction = reduction_of(op, size_average, reduce, reduction)
    _same_shape(op, input, target)
    if not floating(input.dtype) or not floating(target.dtype):
        raise DtypeError(f"{op}: expected floating input and target, got {describe(input)} and {describe(target)}")
    inside = (input._array >= 0) & (input._array <= 1)
    assert_all(inside, ValueError, f"{op}: `input`: expected probabilities in [0, 1]; use the _with_logits form")
    p, y = promoted(input, target)
    each = _binary_cross_entropy(p, y, floor=max(1e-12, float(finfo(p.dtype).tiny)))
    return reduced(op, _weighted(op, each, weight), reduction)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:  # fmt: skip
    """binary_cross_entropy of sigmoid(input) as (1 - y) x + softplus(-x): finite at any logits. pos_weight multiplies
    y's term."""
    op = "binary_cross_entropy_with_logits"
    reduction = reduction_of(op, size_average, reduce, reduction)
    _same_shape(op, input, target)
    if pos_weight is not None:
        fits(op, "pos_weight", pos_weight, input)
    share = softplus(-input) if pos_weight is None else softplus(-input) * ((pos_weight - 1) * target + 1)
    each = (1 - target) * input + share
    return reduced(op, _weighted(op, each, weight), reduction)


def _weighted(op: str, each: Any, weight: Any) -> Any:
    if weight is None:
        return each
    fits(op, "weight", weight, each)
    return each * weight


def kl_div(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
    log_target: bool = False,
) -> Any:  # fmt: skip
    """target (log target - input), with input log-probabilities: the Kullback-Leibler divergence, 0 where target is 0.

    reduction="batchmean" divides the sum by the batch size, which is the divergence proper.
    """
    reduction = reduction_of("kl_div", size_average, reduce, reduction)
    _tensors("kl_div", input=input, target=target)
    if log_target:
        each = exp(target) * (target - input)
    else:
        nothing = target == 0
        each = where(nothing & (input == input), 0.0, target * (log(where(nothing, 1.0, target)) - input))
    if reduction == "batchmean":
        return cast(sum(widened(each)) / _some("kl_div", each).shape[0], each.dtype)
    return reduced("kl_div", each, reduction)
