"""Losses by margins and by distributions: ranking, embeddings, Gaussian and Poisson likelihoods."""

import math
from typing import Any

from minigrad.engine.explain import describe
from minigrad.errors import ShapeError
from minigrad.ops.distance import cosine_similarity, pairwise_distance
from minigrad.ops.elementwise import clamp, exp, log, minimum, where
from minigrad.ops.loss import _modern, reduced
from minigrad.ops.public import public

__all__ = [
    "cosine_embedding_loss", "gaussian_nll_loss", "hinge_embedding_loss", "margin_ranking_loss", "poisson_nll_loss",
    "soft_margin_loss", "triplet_margin_loss",
]  # fmt: skip


def _signs(op: str, target: Any) -> None:
    """`target` must be a tensor: of 1 and -1."""
    if not hasattr(target, "ndim"):
        raise TypeError(f"{op}: `target`: expected a Tensor of 1 and -1, got {describe(target)}")


@public
def margin_ranking_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0.0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """max(0, -target (input1 - input2) + margin): input1 is to rank above input2 where target is 1, below where -1."""
    _modern("margin_ranking_loss", size_average, reduce)
    _signs("margin_ranking_loss", target)
    return reduced("margin_ranking_loss", clamp(-target * (input1 - input2) + margin, min=0.0), reduction)


@public
def hinge_embedding_loss(
    input: Any, target: Any, margin: float = 1.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """A distance `input` where target is 1, max(0, margin - input) where it is -1 (elsewhere both, as in PyTorch)."""
    _modern("hinge_embedding_loss", size_average, reduce)
    _signs("hinge_embedding_loss", target)
    each = where(target != -1, input, 0.0) + where(target != 1, clamp(margin - input, min=0.0), 0.0)
    return reduced("hinge_embedding_loss", each, reduction)


@public
def soft_margin_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """log(1 + exp(-target * input)), target 1 or -1: the logistic loss."""
    _modern("soft_margin_loss", size_average, reduce)
    from minigrad.ops.activation import softplus

    _signs("soft_margin_loss", target)
    return reduced("soft_margin_loss", softplus(-target * input), reduction)


@public
def cosine_embedding_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0.0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """1 - cos(input1, input2) where target is 1, max(0, cos - margin) where it is -1; vectors (d,) or rows (n, d)."""
    _modern("cosine_embedding_loss", size_average, reduce)
    _signs("cosine_embedding_loss", target)
    if input1.ndim not in (1, 2) or tuple(target.shape) != tuple(input1.shape)[:-1]:
        raise ShapeError(
            f"cosine_embedding_loss: expected inputs (d,) or (n, d) with a target () or (n,), got "
            f"{describe(input1)} and {describe(target)}"
        )
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
    _modern("triplet_margin_loss", size_average, reduce)
    if not margin > 0:
        raise ValueError(f"triplet_margin_loss: margin: expected a number above 0, got {margin}")
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduced("triplet_margin_loss", clamp(near - far + margin, min=0.0), reduction)


@public
def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Any:
    """(log v + (input - target)^2 / v) / 2, v = max(var, eps), not differentiated there; full adds log(2 pi) / 2.

    Raises ValueError for a negative variance.
    """
    variance = var if hasattr(var, "ndim") else input.detach() * 0 + var
    if bool((variance < 0).any()):
        raise ValueError("gaussian_nll_loss: `var`: expected variances of 0 or more, got a negative one")
    raised = variance + (clamp(variance, min=eps) - variance).detach()
    each = 0.5 * (log(raised) + (input - target) ** 2 / raised)
    return reduced("gaussian_nll_loss", each + 0.5 * math.log(2 * math.pi) if full else each, reduction)


@public
def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    size_average: Any = None,
    eps: float = 1e-8,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """exp(input) - target * input, or input - target * log(input + eps) if not log_input; full adds Stirling's
    approximation of log(target!) where target > 1."""
    _modern("poisson_nll_loss", size_average, reduce)
    each = exp(input) - target * input if log_input else input - target * log(input + eps)
    if full:
        safe = where(target > 1, target, 1.0)
        each = each + where(target > 1, safe * log(safe) - safe + 0.5 * log(2 * math.pi * safe), 0.0)
    return reduced("poisson_nll_loss", each, reduction)
