"""Losses as modules: each calls the function of its name in `nn.functional` with the settings it was made with."""

from typing import Any

from minigrad.nn import functional as F
from minigrad.nn.modules.module import Module
from minigrad.ops.loss.losses import _modern


class _Loss(Module):
    """Keeps a loss function's settings; weights among them are buffers, so that they move with the module."""

    function: Any = None
    reductions: tuple[str, ...] = ("none", "mean", "sum")

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        name = type(self).__name__
        _modern(name, settings.pop("size_average", None), settings.pop("reduce", None))
        if settings["reduction"] not in self.reductions:
            expected = ", ".join(f'"{word}"' for word in self.reductions)
            raise ValueError(f"{name}: reduction: expected one of {expected}, got {settings['reduction']!r}")
        self._settings = list(settings)
        for name, value in settings.items():
            if name in ("weight", "pos_weight"):
                self.register_buffer(name, value)
            else:
                setattr(self, name, value)

    def forward(self, *inputs: Any) -> Any:
        """The loss of a prediction, given (input, target) or what the function takes."""
        return type(self).function(*inputs, **{name: getattr(self, name) for name in self._settings})


class CrossEntropyLoss(_Loss):
    """-log softmax(input)[class]: see functional.cross_entropy."""

    function = staticmethod(F.cross_entropy)

    def __init__(
        self, weight: Any = None, size_average: Any = None, ignore_index: int = -100, reduce: Any = None,
        reduction: str = "mean", label_smoothing: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(weight=weight, size_average=size_average, ignore_index=ignore_index, reduce=reduce,
                         reduction=reduction, label_smoothing=label_smoothing)  # fmt: skip


class NLLLoss(_Loss):
    """-input[class]: see functional.nll_loss."""

    function = staticmethod(F.nll_loss)

    def __init__(
        self, weight: Any = None, size_average: Any = None, ignore_index: int = -100, reduce: Any = None,
        reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(weight=weight, size_average=size_average, ignore_index=ignore_index, reduce=reduce,
                         reduction=reduction)  # fmt: skip


class MultiMarginLoss(_Loss):
    """The multi-class hinge: see functional.multi_margin_loss."""

    function = staticmethod(F.multi_margin_loss)

    def __init__(
        self, p: int = 1, margin: float = 1.0, weight: Any = None, size_average: Any = None, reduce: Any = None,
        reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(p=p, margin=margin, weight=weight, size_average=size_average, reduce=reduce,
                         reduction=reduction)  # fmt: skip


class _Simple(_Loss):
    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> None:
        super().__init__(size_average=size_average, reduce=reduce, reduction=reduction)


class L1Loss(_Simple):
    """|input - target|; the lecture's MAE is reduction="sum"."""

    function = staticmethod(F.l1_loss)


class MSELoss(_Simple):
    """(input - target)^2."""

    function = staticmethod(F.mse_loss)


class HuberLoss(_Loss):
    """See functional.huber_loss."""

    function = staticmethod(F.huber_loss)

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction, delta=delta)


class SmoothL1Loss(_Loss):
    """See functional.smooth_l1_loss."""

    function = staticmethod(F.smooth_l1_loss)

    def __init__(
        self, size_average: Any = None, reduce: Any = None, reduction: str = "mean", beta: float = 1.0
    ) -> None:
        super().__init__(size_average=size_average, reduce=reduce, reduction=reduction, beta=beta)


class BCELoss(_Loss):
    """See functional.binary_cross_entropy."""

    function = staticmethod(F.binary_cross_entropy)

    def __init__(
        self, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(weight=weight, size_average=size_average, reduce=reduce, reduction=reduction)


class BCEWithLogitsLoss(_Loss):
    """See functional.binary_cross_entropy_with_logits."""

    function = staticmethod(F.binary_cross_entropy_with_logits)

    def __init__(
        self, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
        pos_weight: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(weight=weight, size_average=size_average, reduce=reduce, reduction=reduction,
                         pos_weight=pos_weight)  # fmt: skip


class KLDivLoss(_Loss):
    """See functional.kl_div."""

    function = staticmethod(F.kl_div)
    reductions = ("none", "mean", "sum", "batchmean")

    def __init__(
        self, size_average: Any = None, reduce: Any = None, reduction: str = "mean", log_target: bool = False
    ) -> None:
        super().__init__(size_average=size_average, reduce=reduce, reduction=reduction, log_target=log_target)
