"""Losses as modules: each calls the function of its name in `nn.functional` with the settings it was made with.

`reduction` is of all: "mean" or "sum" of the losses of the elements (or samples), "none" keeps them apart. A wrong one
raises ValueError. PyTorch's older size_average and reduce set it, with a warning.
"""

from typing import Any

from minigrad.engine.messages import warn_user
from minigrad.nn import functional as F
from minigrad.nn.modules.distance import PairwiseDistance
from minigrad.nn.modules.function import FunctionModule
from minigrad.ops.loss.losses import reduction_of


class _Loss(FunctionModule):
    """Checks `reduction`; weights among the settings are buffers, so that they move with the module."""

    reductions: tuple[str, ...] = ("none", "mean", "sum")
    repr_names = ()

    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean", **settings: Any) -> None:
        name = type(self).__name__
        reduction = reduction_of(name, size_average, reduce, reduction)
        if reduction not in self.reductions:
            expected = ", ".join(f'"{word}"' for word in self.reductions)
            raise ValueError(f"{name}: reduction: expected one of {expected}, got {reduction!r}")
        super().__init__(**settings, reduction=reduction)
        for weight in {"weight", "pos_weight"} & settings.keys():
            delattr(self, weight)
            self.register_buffer(weight, settings[weight])


class _UnweightedLoss(_Loss, function=None):
    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> None: ...


class _WeightedLoss(_Loss):
    def __init__(
        self, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean", **settings: Any
    ) -> None:
        super().__init__(size_average, reduce, reduction, **settings, weight=weight)


class _OnlyWeightedLoss(_WeightedLoss, function=None):
    def __init__(
        self, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None: ...


class _MarginLoss(_Loss, function=None):
    def __init__(
        self, margin: float = 0.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None: ...


# --- classes --------------------------------------------------------------------------------------------------------


class CrossEntropyLoss(_WeightedLoss, function=F.cross_entropy):
    """-log softmax(input)[target]: logits (N, C), (C,) or (N, C, d1, ...); integer classes (N,), (), (N, d1, ...), or
    probabilities of the logits' shape.

    weight (C,): a factor for each class. ignore_index: targets that count for nothing. label_smoothing: how much of the
    target is spread evenly over all classes.
    """

    def __init__(
        self, weight: Any = None, size_average: Any = None, ignore_index: int = -100, reduce: Any = None,
        reduction: str = "mean", label_smoothing: float = 0.0,
    ) -> None: ...  # fmt: skip


class NLLLoss(_WeightedLoss, function=F.nll_loss):
    """-input[target], the negative log-likelihood of classes, for log-probabilities (N, C), (C,) or (N, C, d1, ...).

    weight and ignore_index: see CrossEntropyLoss.
    """

    def __init__(
        self, weight: Any = None, size_average: Any = None, ignore_index: int = -100, reduce: Any = None,
        reduction: str = "mean",
    ) -> None: ...  # fmt: skip


class NLLLoss2d(NLLLoss):
    """NLLLoss under its old name for images, with a warning."""

    def __init__(
        self, weight: Any = None, size_average: Any = None, ignore_index: int = -100, reduce: Any = None,
        reduction: str = "mean",
    ) -> None:  # fmt: skip
        warn_user("NLLLoss2d: deprecated; NLLLoss takes images, too", FutureWarning)
        super().__init__(weight, size_average, ignore_index, reduce, reduction)


class MultiMarginLoss(_WeightedLoss, function=F.multi_margin_loss):
    """The multi-class hinge (SVM) loss, sum over classes j other than the target of
    max(0, margin - input[target] + input[j])^p / C, for scores (N, C) and classes (N,)."""

    def __init__(
        self, p: int = 1, margin: float = 1.0, weight: Any = None, size_average: Any = None, reduce: Any = None,
        reduction: str = "mean",
    ) -> None: ...  # fmt: skip


class MultiLabelMarginLoss(_UnweightedLoss, function=F.multilabel_margin_loss):
    """The multi-class hinge loss for several classes at once: (N, C) scores and, in each row of the target, class
    indices up to the first -1."""


class MultiLabelSoftMarginLoss(_OnlyWeightedLoss, function=F.multilabel_soft_margin_loss):
    """The mean over classes of binary cross-entropy, for logits and targets in [0, 1], both (..., C)."""


class CTCLoss(_Loss, function=F.ctc_loss):
    """Connectionist temporal classification, forward(log_probs, targets, input_lengths, target_lengths): -log of the
    probability of all alignments of log_probs (T, N, C) with the targets.

    blank: the index of the blank label. zero_infinity: infinite losses (targets too long) become 0.
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None: ...


# --- distances of numbers -------------------------------------------------------------------------------------------


class L1Loss(_UnweightedLoss, function=F.l1_loss):
    """|input - target|, for tensors of one shape; reduction="sum" is the lecture's MAE."""


class MSELoss(_UnweightedLoss, function=F.mse_loss):
    """(input - target)^2, for tensors of one shape."""


class HuberLoss(_Loss, function=F.huber_loss):
    """d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2), with d = input - target."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None: ...


class SmoothL1Loss(_Loss, function=F.smooth_l1_loss):
    """d^2 / (2 beta) where |d| < beta, else |d| - beta / 2, with d = input - target."""

    def __init__(
        self, size_average: Any = None, reduce: Any = None, reduction: str = "mean", beta: float = 1.0
    ) -> None: ...


# --- likelihoods ----------------------------------------------------------------------------------------------------


class BCELoss(_OnlyWeightedLoss, function=F.binary_cross_entropy):
    """-(y log p + (1 - y) log(1 - p)), for probabilities p = input and targets y in [0, 1] of one shape."""


class BCEWithLogitsLoss(_Loss, function=F.binary_cross_entropy_with_logits):
    """BCELoss of sigmoid(input), finite at any logits; pos_weight is a factor for the term of y = 1."""

    def __init__(
        self, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
        pos_weight: Any = None,
    ) -> None: ...  # fmt: skip


class KLDivLoss(_Loss, function=F.kl_div):
    """target (log target - input), the Kullback-Leibler divergence, for log-probabilities `input` and probabilities
    `target` (log_target=True: log-probabilities, too).

    reduction="batchmean" divides the sum by N, which is the divergence's definition.
    """

    reductions = ("none", "mean", "sum", "batchmean")

    def __init__(
        self, size_average: Any = None, reduce: Any = None, reduction: str = "mean", log_target: bool = False
    ) -> None: ...


class GaussianNLLLoss(_Loss, function=F.gaussian_nll_loss):
    """(log v + (input - target)^2 / v) / 2 with v = max(var, eps), forward(input, target, var)."""

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None: ...


class PoissonNLLLoss(_Loss, function=F.poisson_nll_loss):
    """exp(input) - target * input, for the log of a Poisson distribution's mean (log_input=False: the mean)."""

    def __init__(
        self, log_input: bool = True, full: bool = False, size_average: Any = None, eps: float = 1e-8,
        reduce: Any = None, reduction: str = "mean",
    ) -> None: ...  # fmt: skip


# --- margins; targets are 1 and -1 ----------------------------------------------------------------------------------


class SoftMarginLoss(_UnweightedLoss, function=F.soft_margin_loss):
    """log(1 + exp(-target * input)), the logistic loss."""


class MarginRankingLoss(_MarginLoss, function=F.margin_ranking_loss):
    """max(0, -target (input1 - input2) + margin), forward(input1, input2, target)."""


class HingeEmbeddingLoss(_MarginLoss, function=F.hinge_embedding_loss):
    """The distance `input` where target is 1, max(0, margin - input) where it is -1."""

    def __init__(
        self, margin: float = 1.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None: ...


class CosineEmbeddingLoss(_MarginLoss, function=F.cosine_embedding_loss):
    """1 - cos(input1, input2) where target is 1, max(0, cos - margin) where it is -1,
    forward(input1, input2, target)."""


class TripletMarginLoss(_Loss, function=F.triplet_margin_loss):
    """max(0, |anchor - positive|_p - |anchor - negative|_p + margin), forward(anchor, positive, negative)."""

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, size_average: Any = None,
        reduce: Any = None, reduction: str = "mean",
    ) -> None: ...  # fmt: skip


class TripletMarginWithDistanceLoss(_Loss, function=F.triplet_margin_with_distance_loss):
    """TripletMarginLoss with any distance_function of two batches of vectors (None: PairwiseDistance())."""

    def __init__(
        self, *, distance_function: Any = None, margin: float = 1.0, swap: bool = False, reduction: str = "mean"
    ) -> None:
        distance = PairwiseDistance() if distance_function is None else distance_function
        super().__init__(distance_function=distance, margin=margin, swap=swap, reduction=reduction)


__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CTCLoss", "CosineEmbeddingLoss", "CrossEntropyLoss", "GaussianNLLLoss",
    "HingeEmbeddingLoss", "HuberLoss", "KLDivLoss", "L1Loss", "MSELoss", "MarginRankingLoss", "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss", "MultiMarginLoss", "NLLLoss", "NLLLoss2d", "PoissonNLLLoss", "SmoothL1Loss",
    "SoftMarginLoss", "TripletMarginLoss", "TripletMarginWithDistanceLoss",
]  # fmt: skip
