"""How wrong predictions are: classification and regression losses, by PyTorch's names and arguments."""

import warnings
from typing import Any

from minigrad.backend.deferred import known_to_hold
from minigrad.dtypes import floating
from minigrad.engine.composite import composite
from minigrad.engine.messages import describe, warn_user
from minigrad.engine.promotion import cast, widened
from minigrad.engine.tensor import Tensor
from minigrad.errors import DtypeError, ShapeError
from minigrad.ops.api import public, shape_error
from minigrad.ops.array.creation import ones_like
from minigrad.ops.array.shape import movedim, reshape
from minigrad.ops.index.indexing import _place, check_range, pick
from minigrad.ops.nn.activation import log_softmax, relu
from minigrad.ops.pointwise.arithmetic import abs, where
from minigrad.ops.reduce.reductions import mean, sum

__all__ = [
    "cross_entropy", "huber_loss", "l1_loss", "mse_loss", "multi_margin_loss", "nll_loss", "smooth_l1_loss",
]  # fmt: skip


def reduced(op: str, loss: Any, reduction: str) -> Any:
    """The loss of each element as it is, its mean or its sum (`reduction` "none", "mean" or "sum"). ValueError for any
    other reduction, ShapeError for the mean of nothing."""
    if reduction == "mean":
        if not floating(loss._array.dtype):
            raise DtypeError(f"{op}: the mean of integers is undefined; got {describe(loss)}; use .float()")
        return mean(_some(op, loss))
    if reduction == "sum":
        return sum(loss)
    if reduction != "none":
        raise ValueError(f'{op}: reduction: expected "none", "mean" or "sum", got {reduction!r}')
    return loss


def _some(op: str, t: Any) -> Any:
    if t._array.size == 0:
        raise ShapeError(f'{op}: the mean over an empty batch is undefined; got {describe(t)}; use reduction="sum"')
    return t


def _tensors(op: str, **named: Any) -> None:
    for name, t in named.items():
        if not isinstance(t, Tensor):
            raise TypeError(f"{op}: `{name}`: expected a Tensor, got {type(t).__name__}")


def fits(op: str, name: str, t: Any, input: Any) -> None:
    """Raise ShapeError where `t` does not broadcast to the input's shape, or only by widening the input, which is
    never meant: (n,) beside (n, 1) gives (n, n)."""
    given, sizes = tuple(getattr(t, "shape", ())), tuple(input.shape)
    if len(given) > len(sizes) or any(n not in (1, m) for n, m in zip(reversed(given), reversed(sizes))):
        raise ShapeError(f"{op}: `{name}`: expected a shape that broadcasts to the input's, {sizes}, got {describe(t)}")


def reduction_of(op: str, size_average: Any, reduce: Any, reduction: str) -> str:
    """`reduction`, or what its two forerunners say, with a warning: reduce=False is "none", else size_average=False is
    "sum"."""
    if size_average is None and reduce is None:
        return reduction
    old = ("mean" if size_average or size_average is None else "sum") if reduce or reduce is None else "none"
    warn_user(f'{op}: size_average and reduce are deprecated; use reduction="{old}"')
    return old


# --- classification by class scores ----------------------------------------------------------------------------------


@composite()
def softmax_cross_entropy(logits: Any, target: Any, *, ignore_index: int) -> Any:
    """The mean of -log softmax(logits)[class] over the rows whose class is not ignored."""
    logp = log_softmax(logits, 1 if logits.ndim > 1 else 0)
    return _nll("cross_entropy", logp, target, None, ignore_index, "mean")


def _one_at(logits: Any, target: Any) -> Any:
    """The one-hot matrix of the classes, in the logits' dtype."""
    return _place(ones_like(target, dtype=logits.dtype), shape=tuple(logits.shape), index=target)


@public
def cross_entropy(
    input: Any, target: Any, weight: Any = None, size_average: Any = None, ignore_index: int = -100, reduce: Any = None,
    reduction: str = "mean", label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
    """-log softmax(input)[class]: how surprised the scores `input` are by the true classes.

    input: (N, C), (C,) or (N, C, d1, ...) of any real scores. target: class indices (N,), (), (N, d1, ...), or
    probabilities in input's shape. weight: (C,), a factor for each class; the mean divides by the weights' sum. Targets
    equal to ignore_index count for nothing. label_smoothing e mixes the target with e times the uniform distribution.
    Computed from log_softmax: finite at any logits. Raises ShapeError, DtypeError, IndexError (class out of range).
    """
    reduction = reduction_of("cross_entropy", size_average, reduce, reduction)
    _tensors("cross_entropy", input=input, target=target)
    if not 0.0 <= label_smoothing <= 1.0:
        raise ValueError(f"cross_entropy: label_smoothing: expected a number in [0, 1], got {label_smoothing}")
    if input._array.ndim == 0:
        raise ShapeError(f"cross_entropy: `input`: expected scores with a class dimension, got {describe(input)}")
    kind = target._array.dtype
    if kind.kind not in "iu" and floating(kind):
        if ignore_index >= 0:
            raise ValueError(f"cross_entropy: ignore_index: probabilities have no class to ignore, got {ignore_index}")
        return _soft_cross_entropy(input, target, weight, reduction, label_smoothing)
    if weight is None and reduction == "mean" and not label_smoothing:
        return softmax_cross_entropy(input, target, ignore_index=ignore_index)
    logp = log_softmax(input, 1 if input.ndim > 1 else 0)
    return _nll("cross_entropy", logp, target, weight, ignore_index, reduction, label_smoothing)


def _soft_cross_entropy(input: Any, target: Any, weight: Any, reduction: str, smoothing: float) -> Any:
    if tuple(input.shape) != tuple(target.shape):
        wanted = "class probabilities of the input's shape (class indices are integers)"
        raise shape_error("cross_entropy: `target`", wanted, input, target)
    dim = 1 if input.ndim > 1 else 0
    classes = input.shape[dim]
    if smoothing:
        target = target * (1 - smoothing) + smoothing / classes
    logp = log_softmax(input, dim)
    if weight is not None:
        shape = [1] * input.ndim
        shape[dim] = -1
        logp = logp * reshape(_class_weight("cross_entropy", weight, input, classes), shape)
    each = -sum(logp * target, dim)
    # PyTorch divides by the batch alone here, whatever the weights
    return reduced("cross_entropy", each, reduction)


def _class_weight(op: str, weight: Any, scores: Any, classes: int) -> Any:
    if not isinstance(weight, Tensor) or tuple(weight.shape) != (classes,):
        raise shape_error(f"{op}: `weight`", f"one number for each of {classes} classes", weight)
    if weight.dtype != scores.dtype:
        raise DtypeError(f"{op}: `weight`: expected {scores.dtype} like the input, got {describe(weight)}; use .to()")
    return weight


@public
def nll_loss(
    input: Any, target: Any, weight: Any = None, size_average: Any = None, ignore_index: int = -100, reduce: Any = None,
    reduction: str = "mean",
) -> Any:  # fmt: skip
    """-input[class]: the negative log-likelihood, given log-probabilities. Arguments as cross_entropy's."""
    reduction = reduction_of("nll_loss", size_average, reduce, reduction)
    _tensors("nll_loss", input=input, target=target)
    return _nll("nll_loss", input, target, weight, ignore_index, reduction)


def _nll(
    op: str, logp: Any, target: Any, weight: Any, ignore_index: int, reduction: str, smoothing: float = 0.0
) -> Any:
    """nll_loss, under the name of the op that calls it; smoothing mixes in the loss of the uniform distribution."""
    rows, classes = _rows(op, logp, target)
    w = None if weight is None else _class_weight(op, weight, logp, classes)
    flat = reshape(target, -1)
    counted = flat != ignore_index
    all_count = known_to_hold(counted._array)
    safe = flat if all_count else where(counted, flat, 0)
    check_range(op, safe, classes, "classes", rows)
    each, spread = -pick(rows, safe), -mean(rows if w is None else rows * w, 1) if smoothing else 0.0
    if w is not None:
        w = w[safe]
        each = each * w
    each = (1 - smoothing) * each + smoothing * spread if smoothing else each
    if not all_count:
        w = cast(counted, logp.dtype) if w is None else where(counted, w, 0.0)
        each = where(counted, each, 0.0)
    if reduction == "mean" and w is not None:
        return _weighted_mean(op, each, w)
    return reduced(op, each if reduction != "none" else reshape(each, tuple(target.shape)), reduction)


def _rows(op: str, input: Any, target: Any) -> tuple[Any, int]:
    """Scores (C,), (N, C) or (N, C, d1, ...) as one row for each target, with the number of classes."""
    if input.ndim == 0 or target.dtype.kind not in "iu":
        found = f"got input {describe(input)} and target {describe(target)}"
        raise DtypeError(f"{op}: `target`: expected integer class indices (and scores with a class dimension), {found}")
    at = 1 if input.ndim > 1 else 0
    sizes = tuple(input.shape)
    expected = (*sizes[:at], *sizes[at + 1 :])
    if tuple(target.shape) != expected and not (input.ndim == 1 and tuple(target.shape) == (1,)):
        raise shape_error(f"{op}: `target`", f"one class for each row of the input, shape {expected}", target, input)
    return reshape(movedim(input, at, -1), (-1, sizes[at])), sizes[at]


@public
def multi_margin_loss(
    input: Any, target: Any, p: int = 1, margin: float = 1.0, weight: Any = None, size_average: Any = None,
    reduce: Any = None, reduction: str = "mean",
) -> Any:  # fmt: skip
    """sum over the wrong classes j of max(0, margin - input[class] + input[j])^p / C: the multi-class hinge (SVM) loss.

    input: (N, C) or (C,); p: 1 or 2. PyTorch's divides by the number of classes C; CS231n's hinge is C times this one.
    Gradient 0 where a margin is just met.
    """
    reduction = reduction_of("multi_margin_loss", size_average, reduce, reduction)
    _tensors("multi_margin_loss", input=input, target=target)
    if p not in (1, 2):
        raise ValueError(f"multi_margin_loss: p: expected 1 or 2, got {p}")
    rows, classes = _rows("multi_margin_loss", input, target)
    if input.ndim > 2:
        raise ShapeError(f"multi_margin_loss: expected scores (N, C) or (C,), got {describe(input)}")
    flat = reshape(target, -1)
    check_range("multi_margin_loss", flat, classes, "classes", rows)
    true = pick(rows, flat)
    short = relu(margin - reshape(true, (-1, 1)) + rows) * (1 - _one_at(rows, flat._array))
    if p == 2:
        short = short * short
    if weight is not None:
        short = short * reshape(_class_weight("multi_margin_loss", weight, input, classes)[flat], (-1, 1))
    each = mean(short, 1)
    return reduced("multi_margin_loss", each if reduction != "none" else reshape(each, tuple(target.shape)), reduction)


# --- regression ----------------------------------------------------------------------------------------------------


def _difference(op: str, input: Any, target: Any) -> Any:
    """input - target; with a warning where they broadcast, which is seldom meant: (n,) with (n, 1) gives (n, n)."""
    _tensors(op, input=input, target=target)
    if input._array.shape == target._array.shape:
        return input - target
    said = f"{op}: expected input and target of one shape, got {describe(input)} and {describe(target)}"
    try:
        d = input - target
    except ShapeError:
        raise ShapeError(f"{said}, which do not broadcast either") from None
    warnings.warn(
        f"{said}, which are broadcast; use .view_as() or .expand_as() if that is meant", UserWarning, stacklevel=4
    )
    return d


def _weighed(op: str, each: Any, weight: Any, input: Any, reduction: str) -> Any:
    """The reduced loss; with a weight for each element, the mean divides by the sum of the weights."""
    if weight is None:
        return reduced(op, each, reduction)
    _element_weight(op, weight, input)
    weighed = each * weight
    return _weighted_mean(op, weighed, weight) if reduction == "mean" else reduced(op, weighed, reduction)


def _weighted_mean(op: str, weighed: Any, weight: Any) -> Any:
    return cast(sum(widened(_some(op, weighed))) / sum(widened(weight)), weighed.dtype)


def _element_weight(op: str, weight: Any, input: Any) -> None:
    if not isinstance(weight, Tensor) or tuple(weight.shape) != tuple(input.shape):
        raise shape_error(f"{op}: `weight`", f"a number for each element of {describe(input)}", weight)


@public
def l1_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean", weight: Any = None
) -> Any:
    """|input - target|: the absolute error. The lecture's MAE is reduction="sum". Gradient 0 where they are equal."""
    reduction = reduction_of("l1_loss", size_average, reduce, reduction)
    return _weighed("l1_loss", abs(_difference("l1_loss", input, target)), weight, input, reduction)


@public
def mse_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean", weight: Any = None
) -> Any:
    """(input - target)^2: the squared error."""
    reduction = reduction_of("mse_loss", size_average, reduce, reduction)
    d = _difference("mse_loss", input, target)
    return _weighed("mse_loss", d * d, weight, input, reduction)


@public
def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> Any:
    """d^2 / 2 for |d| <= delta, else delta (|d| - delta / 2), with d = input - target.

    A weight multiplies each element's loss; the mean is over the elements, as in PyTorch.
    """
    if not delta > 0:
        raise ValueError(f"huber_loss: delta: expected a positive number, got {delta}")
    d = _difference("huber_loss", input, target)
    size = abs(d)
    each = where(size <= delta, d * d * 0.5, delta * (size - 0.5 * delta))
    if weight is not None:
        _element_weight("huber_loss", weight, input)
        each = each * weight
    return reduced("huber_loss", each, reduction)


@public
def smooth_l1_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean", beta: float = 1.0
) -> Any:
    """d^2 / (2 beta) for |d| < beta, else |d| - beta / 2: Huber's loss over beta; beta = 0 is the L1 loss."""
    reduction = reduction_of("smooth_l1_loss", size_average, reduce, reduction)
    if not beta >= 0:
        raise ValueError(f"smooth_l1_loss: beta: expected 0 or more, got {beta}")
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    d = _difference("smooth_l1_loss", input, target)
    size = abs(d)
    return reduced("smooth_l1_loss", where(size < beta, d * d * (0.5 / beta), size - 0.5 * beta), reduction)
