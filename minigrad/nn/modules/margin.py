"""Losses by margins and likelihoods as modules; some take more than a prediction and a target."""

from typing import Any

from minigrad.nn import functional as F
from minigrad.nn.modules.layers import PairwiseDistance
from minigrad.nn.modules.loss import _Loss, _Simple


class _Margin(_Loss):
    def __init__(
        self, margin: float, size_average: Any = None, reduce: Any = None, reduction: str = "mean", **settings: Any
    ) -> None:
        super().__init__(margin=margin, size_average=size_average, reduce=reduce, reduction=reduction, **settings)


class MarginRankingLoss(_Margin):
    """(input1, input2, target): see functional.margin_ranking_loss."""

    function = staticmethod(F.margin_ranking_loss)

    def __init__(
        self, margin: float = 0.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(margin, size_average, reduce, reduction)


class HingeEmbeddingLoss(_Margin):
    """(input, target): see functional.hinge_embedding_loss."""

    function = staticmethod(F.hinge_embedding_loss)

    def __init__(
        self, margin: float = 1.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(margin, size_average, reduce, reduction)


class CosineEmbeddingLoss(_Margin):
    """(input1, input2, target): see functional.cosine_embedding_loss."""

    function = staticmethod(F.cosine_embedding_loss)

    def __init__(
        self, margin: float = 0.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(margin, size_average, reduce, reduction)


class TripletMarginLoss(_Margin):
    """(anchor, positive, negative): see functional.triplet_margin_loss."""

    function = staticmethod(F.triplet_margin_loss)

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, size_average: Any = None,
        reduce: Any = None, reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(margin, size_average, reduce, reduction, p=p, eps=eps, swap=swap)


class TripletMarginWithDistanceLoss(_Loss):
    """(anchor, positive, negative): see functional.triplet_margin_with_distance_loss."""

    function = staticmethod(F.triplet_margin_with_distance_loss)

    def __init__(
        self, *, distance_function: Any = None, margin: float = 1.0, swap: bool = False, reduction: str = "mean"
    ) -> None:
        distance = PairwiseDistance() if distance_function is None else distance_function
        super().__init__(distance_function=distance, margin=margin, swap=swap, reduction=reduction)


class SoftMarginLoss(_Simple):
    """(input, target): see functional.soft_margin_loss."""

    function = staticmethod(F.soft_margin_loss)


class MultiLabelMarginLoss(_Simple):
    """(input, target): see functional.multilabel_margin_loss."""

    function = staticmethod(F.multilabel_margin_loss)


class MultiLabelSoftMarginLoss(_Loss):
    """(input, target): see functional.multilabel_soft_margin_loss."""

    function = staticmethod(F.multilabel_soft_margin_loss)

    def __init__(
        self, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(weight=weight, size_average=size_average, reduce=reduce, reduction=reduction)


class CTCLoss(_Loss):
    """(log_probs, targets, input_lengths, target_lengths): see functional.ctc_loss."""

    function = staticmethod(F.ctc_loss)

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(blank=blank, reduction=reduction, zero_infinity=zero_infinity)


class GaussianNLLLoss(_Loss):
    """(input, target, var): see functional.gaussian_nll_loss."""

    function = staticmethod(F.gaussian_nll_loss)

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(full=full, eps=eps, reduction=reduction)


class PoissonNLLLoss(_Loss):
    """(input, target): see functional.poisson_nll_loss."""

    function = staticmethod(F.poisson_nll_loss)

    def __init__(
        self, log_input: bool = True, full: bool = False, size_average: Any = None, eps: float = 1e-8,
        reduce: Any = None, reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(log_input=log_input, full=full, size_average=size_average, eps=eps, reduce=reduce,
                         reduction=reduction)  # fmt: skip
