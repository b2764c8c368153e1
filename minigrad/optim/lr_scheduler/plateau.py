"""`ReduceLROnPlateau`: a smaller learning rate once a metric stops improving."""

import math
from typing import SupportsFloat

from minigrad.optim import checks
from minigrad.optim.lr_scheduler.base import LRScheduler
from minigrad.optim.optimizer import Optimizer


class ReduceLROnPlateau(LRScheduler):
    """lr = max(lr * factor, min_lr) after more than `patience` steps without improvement of the metric.

    Better: lower (mode "min") or higher ("max") than the best by threshold, a share of the best ("rel") or a number
    ("abs"); nan is never. cooldown: how many steps after a reduction do not count. eps: the least reduction made.
    """

    def __init__(
        self, optimizer: Optimizer, mode: str = "min", factor: float = 0.1, patience: int = 10, threshold: float = 1e-4,
        threshold_mode: str = "rel", cooldown: int = 0, min_lr: float | list[float] = 0, eps: float = 1e-8,
    ) -> None:  # fmt: skip
        self._attach(optimizer)
        self.factor = checks.fraction(self._name, "factor", factor)
        self.default_min_lr = None if isinstance(min_lr, (list, tuple)) else min_lr
        self.min_lrs = self._each("min_lr", min_lr)
        self.patience = checks.integer(self._name, "patience", patience, low=0)
        self.cooldown = checks.integer(self._name, "cooldown", cooldown, low=0)
        self.eps, self.threshold = self._number("eps", eps), self._number("threshold", threshold)
        self.mode = checks.one_of(self._name, "mode", mode, "min", "max")
        self.threshold_mode = checks.one_of(self._name, "threshold_mode", threshold_mode, "rel", "abs")
        self.best = math.inf if mode == "min" else -math.inf
        self.last_epoch = self.cooldown_counter = self.num_bad_epochs = 0
        self._last_lr = self._rates()

    def step(self, metrics: SupportsFloat, epoch: int | None = None) -> None:  # type: ignore[override]
        """Count one step, and reduce the rates if it is time. metrics: a number, or a tensor of one."""
        current = checks.loss(f"{self._name}.step: metrics", metrics)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self._is_better(current):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown_counter - 1, 0
        rates = self._rates()
        if self.num_bad_epochs > self.patience:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
            rates = self._reduced(rates)
        self._set(rates)

    @property
    def in_cooldown(self) -> bool:
        """Is a reduction so recent that steps without improvement do not count?"""
        return self.cooldown_counter > 0

    def _reduced(self, rates: list[float]) -> list[float]:
        if len(rates) != len(self.min_lrs):  # groups were added
            self.min_lrs = self._each("min_lr", self.min_lrs if self.default_min_lr is None else self.default_min_lr)
        lower = [max(lr * self.factor, least) for lr, least in zip(rates, self.min_lrs)]
        return [new if lr - new > self.eps else lr for lr, new in zip(rates, lower)]

    def _is_better(self, current: float) -> bool:
        sign = -1 if self.mode == "min" else 1
        share, number = (self.threshold, 0.0) if self.threshold_mode == "rel" else (0.0, self.threshold)
        bound = self.best * (1 + sign * share) + sign * number
        return current < bound if self.mode == "min" else current > bound
