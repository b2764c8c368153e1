"""Schedules that go up and down: cosines, triangles, one cycle."""

import math
from collections.abc import Callable
from typing import Any

from minigrad.optim import checks
from minigrad.optim.lr_scheduler.base import LRScheduler
from minigrad.optim.optimizer import Optimizer


class CosineAnnealingLR(LRScheduler):
    """lr = eta_min + (base_lr - eta_min) * (1 + cos(pi * t / T_max)) / 2: down until t = T_max, then up, and again.

    After Loshchilov and Hutter 2017, without their restarts.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = checks.integer(self._name, "T_max", T_max)
        self.eta_min = self._number("eta_min", eta_min)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        t, period = self.last_epoch, self.T_max
        if self._is_initial:
            return self._rates()
        if self._step_count == 1 and t > 0:
            return self._closed_form()
        if (t - 1 - period) % (2 * period) == 0:  # the way up begins, where the ratio below is 0 / 0
            rise = (1 - math.cos(math.pi / period)) / 2
            return [lr + (base - self.eta_min) * rise for base, lr in zip(self.base_lrs, self._rates())]
        ratio = (1 + math.cos(math.pi * t / period)) / (1 + math.cos(math.pi * (t - 1) / period))
        return [ratio * (lr - self.eta_min) + self.eta_min for lr in self._rates()]

    def _closed_form(self) -> list[float]:
        height = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """lr = eta_min + (base_lr - eta_min) * (1 + cos(pi * T_cur / T_i)) / 2, where T_cur counts from 0 to T_i = T_0,
    then from 0 again to T_i = T_i * T_mult.

    After Loshchilov and Hutter 2017.
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_0 = self.T_i = checks.integer(self._name, "T_0", T_0)
        self.T_mult = checks.integer(self._name, "T_mult", T_mult)
        self.eta_min = self._number("eta_min", eta_min)
        self.T_cur: float = last_epoch
        if last_epoch >= 0:
            self.T_cur, self.T_i = self._within(last_epoch)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        height = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go on by one, or to `epoch`, which may be a fraction: epoch + batch / batches."""
        if epoch is not None:
            self._number("epoch", epoch, 0)
        if epoch is None and self.last_epoch >= 0:
            epoch, self.T_cur = self.last_epoch + 1, self.T_cur + 1
            if self.T_cur >= self.T_i:
                self.T_cur, self.T_i = self.T_cur % self.T_i, self.T_i * self.T_mult
        else:
            epoch = epoch or 0
            self.T_cur, self.T_i = self._within(epoch)
        self.last_epoch = math.floor(epoch)
        self._set(self.get_lr())

    def _within(self, epoch: float) -> tuple[float, int]:
        """How far `epoch` is in its period, and how long that is."""
        begin, period = 0, self.T_0
        if self.T_mult == 1:
            return epoch % period, period
        while epoch >= begin + period:
            begin, period = begin + period, period * self.T_mult
        return epoch - begin, period


class _WithMomentum(LRScheduler):
    """What the cycles share that move the momentum (or betas[0]) against the rate."""

    def _begin_momentum(self, base: Any, largest: Any, begin: bool) -> tuple[list[float], list[float]]:
        """The two, one for each group; in the groups, too, and the larger set, to begin with."""
        defaults = self.optimizer.defaults
        if "momentum" not in defaults and "betas" not in defaults:
            raise ValueError(
                f"{self._name}: cycle_momentum: expected an optimizer with momentum or betas, got "
                f"{type(self.optimizer).__name__}; pass cycle_momentum=False"
            )
        self.use_beta1 = "betas" in defaults
        lows, highs = self._each("base_momentum", base), self._each("max_momentum", largest)
        if begin:
            self._set_momentum(highs)
            for group, low, high in zip(self.optimizer.param_groups, lows, highs):
                group.update(base_momentum=low, max_momentum=high)
        return lows, highs

    def _set_momentum(self, values: list[float]) -> None:
        for group, value in zip(self.optimizer.param_groups, values):
            if self.use_beta1:
                group["betas"] = (value, *group["betas"][1:])
            else:
                group["momentum"] = value


class CyclicLR(_WithMomentum):
    """lr = base_lr + (max_lr - base_lr) * height * scale: height rises from 0 to 1 in step_size_up steps, and falls in
    step_size_down; the momentum goes the other way, from max_momentum to base_momentum.

    scale, by mode: "triangular" 1; "triangular2" halves in every cycle; "exp_range" gamma ** t; scale_fn, if given,
    of the cycle's number (scale_mode "cycle") or of t ("iterations"). After Smith 2017.
    """

    _functions = ("_scale_fn_custom",)

    def __init__(
        self, optimizer: Optimizer, base_lr: float | list[float], max_lr: float | list[float], step_size_up: int = 2000,
        step_size_down: int | None = None, mode: str = "triangular", gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None, scale_mode: str = "cycle", cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8, max_momentum: float | list[float] = 0.9, last_epoch: int = -1,
    ) -> None:  # fmt: skip
        self._attach(optimizer)
        bases, self.max_lrs = self._each("base_lr", base_lr), self._each("max_lr", max_lr)
        up = checks.integer(self._name, "step_size_up", step_size_up)
        down = up if step_size_down is None else checks.integer(self._name, "step_size_down", step_size_down)
        self.total_size, self.step_ratio = float(up + down), up / (up + down)
        if scale_fn is None and mode not in ("triangular", "triangular2", "exp_range"):
            raise ValueError(
                f"{self._name}: mode: expected 'triangular', 'triangular2' or 'exp_range' (or a scale_fn), got {mode!r}"
            )
        checks.one_of(self._name, "scale_mode", scale_mode, "cycle", "iterations")
        self.mode, self.gamma, self._scale_fn_custom = mode, self._number("gamma", gamma), scale_fn
        if scale_fn is None:
            scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.scale_mode, self.cycle_momentum = scale_mode, cycle_momentum
        if cycle_momentum:
            spans = self._begin_momentum(base_momentum, max_momentum, begin=last_epoch == -1)
            self.base_momentums, self.max_momentums = spans
        if last_epoch == -1:
            for group, base in zip(optimizer.param_groups, bases):
                group["lr"] = base
        super().__init__(optimizer, last_epoch)
        self.base_lrs = bases

    def scale_fn(self, x: float) -> float:
        """The factor of a cycle's number, or of t."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "exp_range":
            return self.gamma**x
        return 0.5 ** (x - 1) if self.mode == "triangular2" else 1.0

    def get_lr(self) -> list[float]:
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            spans = zip(self.base_momentums, self.max_momentums)
            self._set_momentum([high - (high - low) * height * scale for low, high in spans])
        return [low + (high - low) * height * scale for low, high in zip(self.base_lrs, self.max_lrs)]


class OneCycleLR(_WithMomentum):
    """One cycle in total_steps (or epochs * steps_per_epoch): lr from max_lr / div_factor up to max_lr in pct_start of
    them, then down to max_lr / div_factor / final_div_factor; the momentum from max_momentum to base_momentum and back.

    anneal_strategy: "cos" or "linear". three_phase: down to the first rate in as many steps as up, and from there in
    the rest. After Smith and Topin 2018.
    """

    def __init__(
        self, optimizer: Optimizer, max_lr: float | list[float], total_steps: int | None = None,
        epochs: int | None = None, steps_per_epoch: int | None = None, pct_start: float = 0.3,
        anneal_strategy: str = "cos", cycle_momentum: bool = True, base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95, div_factor: float = 25.0, final_div_factor: float = 1e4,
        three_phase: bool = False, last_epoch: int = -1,
    ) -> None:  # fmt: skip
        self._attach(optimizer)
        if total_steps is None and (epochs is None or steps_per_epoch is None):
            raise ValueError(f"{self._name}: total_steps: expected it, or epochs and steps_per_epoch, got neither")
        self.total_steps = (
            checks.integer(self._name, "epochs", epochs)
            * checks.integer(self._name, "steps_per_epoch", steps_per_epoch)
            if total_steps is None
            else checks.integer(self._name, "total_steps", total_steps)
        )
        up = self._number("pct_start", pct_start, 0, 1) * self.total_steps
        self._anneal_func_type = checks.one_of(self._name, "anneal_strategy", anneal_strategy, "cos", "linear")
        rates, momenta = ("initial_lr", "max_lr"), ("max_momentum", "base_momentum")
        if three_phase:
            between = _phase(2 * up - 2, rates[::-1], momenta[::-1])
            last = _phase(self.total_steps - 1, ("initial_lr", "min_lr"), ("max_momentum", "max_momentum"))
            self._schedule_phases = [_phase(up - 1, rates, momenta), between, last]
        else:
            last = _phase(self.total_steps - 1, ("max_lr", "min_lr"), momenta[::-1])
            self._schedule_phases = [_phase(up - 1, rates, momenta), last]
        if last_epoch == -1:
            for group, largest in zip(optimizer.param_groups, self._each("max_lr", max_lr)):
                first = largest / self._positive("div_factor", div_factor)
                least = first / self._positive("final_div_factor", final_div_factor)
                group.update(initial_lr=first, max_lr=largest, min_lr=least)
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._begin_momentum(base_momentum, max_momentum, begin=last_epoch == -1)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"{self._name}.step: expected up to total_steps={self.total_steps} steps, got step {self.last_epoch}"
            )
        begin = 0.0
        for phase in self._schedule_phases:
            if self.last_epoch <= phase["end_step"]:
                break
            begin = phase["end_step"]
        else:  # one step more than the last is let through, as in PyTorch
            begin = self._schedule_phases[-2]["end_step"]
        length = phase["end_step"] - begin
        share = (self.last_epoch - begin) / length if length else 1.0
        if self.cycle_momentum:
            self._set_momentum(self._between(phase["start_momentum"], phase["end_momentum"], share))
        return self._between(phase["start_lr"], phase["end_lr"], share)

    def _between(self, start: str, end: str, share: float) -> list[float]:
        """For each group, the value between two of its entries, at this share of the phase."""
        if self._anneal_func_type == "linear":
            return [(group[end] - group[start]) * share + group[start] for group in self.optimizer.param_groups]
        left = 1 + math.cos(math.pi * share)
        return [group[end] + (group[start] - group[end]) / 2 * left for group in self.optimizer.param_groups]


def _phase(end: float, rates: tuple[str, str], momenta: tuple[str, str]) -> dict[str, Any]:
    names = ("start_lr", "end_lr", "start_momentum", "end_momentum")
    return {"end_step": end, **dict(zip(names, rates + momenta))}
