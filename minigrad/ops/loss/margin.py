"""Losses by margins and by distributions: ranking, embeddings, several labels, Gaussian and Poisson likelihoods."""

import math
from typing import Any

from minigrad.backend import assert_all
from minigrad.engine.messages import describe
from minigrad.ops.api import public, shape_error
from minigrad.ops.array.creation import arange, as_tensor
from minigrad.ops.array.shape import unsqueeze
from minigrad.ops.index.indexing import check_range, gather
from minigrad.ops.loss.losses import fits, reduced, reduction_of
from minigrad.ops.nn.activation import logsigmoid, softplus
from minigrad.ops.nn.distance import cosine_similarity, pairwise_distance
from minigrad.ops.pointwise.arithmetic import clamp, exp, log, minimum, where
from minigrad.ops.reduce.scan import cumsum

__all__ = [
    "cosine_embedding_loss", "gaussian_nll_loss", "hinge_embedding_loss", "margin_ranking_loss",
    "multilabel_margin_loss", "multilabel_soft_margin_loss", "poisson_nll_loss", "soft_margin_loss",
    "triplet_margin_loss", "triplet_margin_with_distance_loss",
]  # fmt: skip


def _check(op: str, target: Any, size_average: Any, reduce: Any, reduction: str) -> str:
    """The reduction. `target` must be a tensor: of 1 and -1."""
    if not hasattr(target, "ndim"):
        raise TypeError(f"{op}: `target`: expected a Tensor of 1 and -1, got {describe(target)}")
    return reduction_of(op, size_average, reduce, reduction)


def _one_ndim(op: str, *inputs: Any) -> None:
    """(n,) beside (n, 1) would broadcast to (n, n), which is never meant; (n, 1) beside (1, m), all pairs, may be."""
    if len({t.ndim for t in inputs}) > 1:
        raise shape_error(op, "tensors of one number of dimensions", *inputs)


@public
def margin_ranking_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0.0, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Any:  # fmt: skip
    """max(0, -target (input1 - input2) + margin): input1 is to rank above input2 where target is 1, below where -1."""
    reduction = _check("margin_ranking_loss", target, size_average, reduce, reduction)
    _one_ndim("margin_ranking_loss", input1, input2, target)
    return reduced("margin_ranking_loss", clamp(-target * (input1 - input2) + margin, min=0.0), reduction)


@public
def hinge_embedding_loss(
    input: Any, target: Any, margin: float = 1.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """A distance `input` where target is 1, max(0, margin - input) where it is -1 (elsewhere both, as in PyTorch)."""
    reduction = _check("hinge_embedding_loss", target, size_average, reduce, reduction)
    each = where(target != -1, input, 0.0) + where(target != 1, clamp(margin - input, min=0.0), 0.0)
    return reduced("hinge_embedding_loss", each, reduction)


@public
def soft_margin_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """log(1 + exp(-target * input)), target 1 or -1: the logistic loss."""
    reduction = _check("soft_margin_loss", target, size_average, reduce, reduction)
    fits("soft_margin_loss", "target", target, input)
    return reduced("soft_margin_loss", softplus(-target * input), reduction)


@public
def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0.0, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Any:  # fmt: skip
    """1 - cos(input1, input2) where target is 1, max(0, cos - margin) where it is -1; vectors (d,) or rows (n, d)."""
    reduction = _check("cosine_embedding_loss", target, size_average, reduce, reduction)
    one = input1.ndim == input2.ndim == target.ndim + 1
    if not one or input1.ndim not in (1, 2) or input1.shape[-1] != input2.shape[-1]:
        wanted = "inputs (d,) or (n, d) with a target () or (n,)"
        raise shape_error("cosine_embedding_loss", wanted, input1, input2, target)
    cosine = cosine_similarity(input1, input2, dim=-1, eps=1e-8)
    each = where(target == 1, 1 - cosine, where(target == -1, clamp(cosine - margin, min=0.0), 0.0))
    return reduced("cosine_embedding_loss", each, reduction)


@public
def triplet_margin_loss(
    anchor: Any, positive: Any, negative: Any, margin: float = 1.0, p: float = 2, eps: float = 1e-6,
    swap: bool = False, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
) -> Any:  # fmt: skip
    """max(0, |anchor - positive|_p - |anchor - negative|_p + margin). swap: the nearer of anchor and positive counts as
    the negative's distance (Balntas et al., BMVC 2016)."""
    reduction = reduction_of("triplet_margin_loss", size_average, reduce, reduction)

    def distance(a: Any, b: Any) -> Any:
        return pairwise_distance(a, b, p, eps)

    return _triplet("triplet_margin_loss", distance, anchor, positive, negative, margin, swap, reduction)


@public
def triplet_margin_with_distance_loss(
    anchor: Any, positive: Any, negative: Any, *, distance_function: Any = None, margin: float = 1.0,
    swap: bool = False, reduction: str = "mean",
) -> Any:  # fmt: skip
    """triplet_margin_loss with any distance of two batches of vectors; None: the Euclidean one."""
    distance = pairwise_distance if distance_function is None else distance_function
    return _triplet("triplet_margin_with_distance_loss", distance, anchor, positive, negative, margin, swap, reduction)


def _triplet(op: str, distance: Any, anchor: Any, positive: Any, negative: Any, margin: float, swap: bool,
             reduction: str) -> Any:  # fmt: skip
    if not margin > 0:
        raise ValueError(f"{op}: margin: expected a number above 0, got {margin}")
    _one_ndim(op, anchor, positive, negative)
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return reduced(op, clamp(near - far + margin, min=0.0), reduction)


# --- several labels at once -------------------------------------------------------------------------------------------


@public
def multilabel_margin_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """sum over labels y and other classes i of max(0, 1 - (input_y - input_i)) / C: (C,) or (N, C), where `target`, of
    the same shape, lists the labels' numbers up to the first -1."""
    op = "multilabel_margin_loss"
    reduction = reduction_of(op, size_average, reduce, reduction)
    target = as_tensor(target)
    if input.ndim not in (1, 2) or tuple(target.shape) != tuple(input.shape) or target.dtype.kind not in "iu":
        raise shape_error(op, "scores (C,) or (N, C) and class numbers of that shape", input, target)
    listed = cumsum((target == -1).long(), -1) == 0
    labels = where(listed, target, 0)
    check_range(op, labels, int(input.shape[-1]), "classes", input)
    scores, others = unsqueeze(gather(input, -1, labels), -1), unsqueeze(input, -2)
    is_label = (unsqueeze(listed, -1) & (unsqueeze(labels, -1) == arange(input.shape[-1], device=input.device))).any(-2)
    counted = unsqueeze(listed, -1) & ~unsqueeze(is_label, -2)
    each = where(counted, clamp(1 - (scores - others), min=0.0), 0.0).sum(-2).mean(-1)
    return reduced(op, each, reduction)


@public
def multilabel_soft_margin_loss(
    input: Any, target: Any, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """-mean over classes of (y log sigmoid(x) + (1 - y) log sigmoid(-x)) * weight: (..., C), y in [0, 1]."""
    op = "multilabel_soft_margin_loss"
    reduction = _check(op, target, size_average, reduce, reduction)
    if tuple(target.shape) != tuple(input.shape) or not input.ndim:
        raise shape_error(op, "scores (..., C) and targets of that shape", input, target)
    if weight is not None:
        fits(op, "weight", weight, input)
    each = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    return reduced(op, (each if weight is None else each * weight).mean(-1), reduction)


@public
def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Any:
    """(log v + (input - target)^2 / v) / 2, v = max(var, eps), not differentiated there; full adds log(2 pi) / 2.

    var: a number, or a tensor of the input's shape, of that with one size 1, or of that without the last dimension.
    Raises ValueError for a negative variance, ShapeError for another shape.
    """
    variance = _variances(var, input)
    assert_all(~(variance._array < 0), ValueError, "gaussian_nll_loss: `var`: expected variances of 0 or more")
    raised = variance + (clamp(variance, min=eps) - variance).detach()
    each = 0.5 * (log(raised) + (input - target) ** 2 / raised)
    return reduced("gaussian_nll_loss", each + 0.5 * math.log(2 * math.pi) if full else each, reduction)


def _variances(var: Any, input: Any) -> Any:
    """`var` so that it broadcasts to the input from the batch's side: one variance for each of its last dimension."""
    if not hasattr(var, "ndim"):
        return input.detach() * 0 + var
    given, sizes = tuple(var.shape), tuple(input.shape)
    if given == sizes[:-1] != sizes:
        return unsqueeze(var, -1)
    if len(given) != len(sizes) or [n for n, m in zip(given, sizes) if n != m] not in ([], [1]):
        wanted = f"a `var` of shape {sizes}, of that with one size 1, or {sizes[:-1]}"
        raise shape_error("gaussian_nll_loss", wanted, input, var)
    return var


@public
def poisson_nll_loss(
    input: Any, target: Any, log_input: bool = True, full: bool = False, size_average: Any = None, eps: float = 1e-8,
    reduce: Any = None, reduction: str = "mean",
) -> Any:  # fmt: skip
    """exp(input) - target * input, or input - target * log(input + eps) if not log_input; full adds Stirling's
    approximation of log(target!) where target > 1."""
    reduction = reduction_of("poisson_nll_loss", size_average, reduce, reduction)
    each = exp(input) - target * input if log_input else input - target * log(input + eps)
    if full:
        safe = where(target > 1, target, 1.0)
        each = each + where(target > 1, safe * log(safe) - safe + 0.5 * log(2 * math.pi * safe), 0.0)
    return reduced("poisson_nll_loss", each, reduction)
