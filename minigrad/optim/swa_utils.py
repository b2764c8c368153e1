"""Averages of the weights that training passes: `AveragedModel`, its schedule `SWALR`, and `update_bn`."""

import copy
import math
from collections.abc import Callable, Iterable
from typing import Any

from minigrad.autograd.grad_mode import no_grad
from minigrad.engine.messages import describe
from minigrad.engine.tensor import Tensor
from minigrad.errors import ShapeError
from minigrad.nn import Module
from minigrad.ops.array.creation import tensor
from minigrad.optim import checks
from minigrad.optim.lr_scheduler import LRScheduler
from minigrad.optim.optimizer import Optimizer

Average = Callable[[Tensor, Tensor, Any], Tensor]
ManyAverages = Callable[[list[Tensor], list[Tensor], Any], Any]


def get_swa_avg_fn() -> Average:
    """The plain mean: average + (current - average) / (n + 1), after n that were averaged."""
    return lambda average, current, n: average + (current - average) / (n + 1)


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """The exponential moving average: decay * average + (1 - decay) * current."""
    share = 1 - checks.number("get_ema_avg_fn", "decay", decay, high=1)
    return lambda average, current, n: average + (current - average) * share


def get_swa_multi_avg_fn() -> ManyAverages:
    """The plain mean of several tensors, in place."""
    return _in_place(lambda n: 1 / (int(n) + 1))


def get_ema_multi_avg_fn(decay: float = 0.999) -> ManyAverages:
    """The exponential moving average of several tensors, in place."""
    share = 1 - checks.number("get_ema_multi_avg_fn", "decay", decay, high=1)
    return _in_place(lambda n: share)


class AveragedModel(Module):
    """A copy of a model with the averages of its parameters, as of all calls of `update_parameters`.

    The first call copies the parameters; from then on avg_fn(average, current, n) gives the new average, or
    multi_avg_fn(averages, currents, n) changes all in place; left out, it is the plain mean (stochastic weight
    averaging, Izmailov et al. 2018). Buffers are copied, under use_buffers averaged, too. device: where averages are.
    """

    n_averaged: Tensor

    def __init__(
        self, model: Module, device: Any = None, avg_fn: Average | None = None,
        multi_avg_fn: ManyAverages | None = None, use_buffers: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise ValueError("AveragedModel: avg_fn: expected it or multi_avg_fn, got both")
        if not isinstance(model, Module):
            raise TypeError(f"AveragedModel: model: expected a Module, got {type(model).__name__}")
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module.to(device)
        self.register_buffer("n_averaged", tensor(0))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args: Any, **options: Any) -> Any:
        """What the model with the averages gives."""
        return self.module(*args, **options)

    @no_grad()
    def update_parameters(self, model: Module) -> None:
        """Update the averages with the parameters of `model`. Raises ShapeError where they are not the copy's."""
        averages, currents = _pairs(self.module, model, buffers=False)
        kept, given = _pairs(self.module, model, buffers=True)
        n = self.n_averaged.clone()
        if self.use_buffers:
            averages, currents, kept, given = averages + kept, currents + given, [], []
        if n.item() == 0:
            kept, given = kept + averages, given + currents
        elif self.avg_fn is None:
            (self.multi_avg_fn or get_swa_multi_avg_fn())(averages, currents, n)
        else:
            for average, current in zip(averages, currents):
                average.copy_(self.avg_fn(average, current, n.to(average.device)))
        for buffer, current in zip(kept, given):
            buffer.copy_(current)
        self.n_averaged += 1


def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Recompute the running statistics of a model's batch normalization, as means over the batches of the loader.

    It does so for modules with reset_running_stats() and a momentum; without any, it does nothing. A batch is a
    tensor, or a tuple or list that begins with one. device: where batches are moved to.
    """
    momenta = {m: m.momentum for m in model.modules() if hasattr(m, "reset_running_stats") and hasattr(m, "momentum")}
    if not momenta:
        return
    training = model.training
    try:
        model.train()
        for module in momenta:
            module.reset_running_stats()
            module.momentum = None  # the plain mean
        with no_grad():
            for batch in loader:
                inputs = batch[0] if isinstance(batch, (tuple, list)) else batch
                model(inputs if device is None else inputs.to(device))
    finally:
        for module, momentum in momenta.items():
            module.momentum = momentum
        model.train(training)


class SWALR(LRScheduler):
    """Anneals lr to swa_lr in anneal_epochs steps, and keeps it there: the schedule for averages of weights.

    swa_lr: one, or one for each group. anneal_strategy: "cos" or "linear". Its first step
    overrides the schedule so far.
    """

    def __init__(
        self, optimizer: Optimizer, swa_lr: float | list[float], anneal_epochs: int = 10, anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        self._attach(optimizer)
        self._anneal_strategy = checks.one_of(self._name, "anneal_strategy", anneal_strategy, "cos", "linear")
        self.anneal_epochs = checks.integer(self._name, "anneal_epochs", anneal_epochs, low=0)
        for group, rate in zip(optimizer.param_groups, self._each("swa_lr", swa_lr)):
            group["swa_lr"] = rate
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self._resumes:
            return self._rates()
        step = self.last_epoch if self.anneal_epochs else max(1, self.last_epoch)
        before, now = self._share(step - 1), self._share(step)
        rates = []
        for group, lr in zip(self.optimizer.param_groups, self._rates()):
            goal = group["swa_lr"]
            start = goal if before == 1 else (lr - before * goal) / (1 - before)  # the rate before annealing
            rates.append(goal * now + start * (1 - now))
        return rates

    def _share(self, step: int) -> float:
        """The progress of the annealing, from 0 to 1."""
        t = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return t if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2


def _in_place(share: Callable[[Any], float]) -> ManyAverages:
    @no_grad()
    def update(averages: list[Tensor], currents: list[Tensor], n: Any) -> None:
        for average, current in zip(averages, currents):
            average.copy_(average + (current - average) * share(n))

    return update


def _pairs(ours: Module, theirs: Module, buffers: bool) -> tuple[list[Tensor], list[Tensor]]:
    """The tensors of both; theirs on the devices of ours."""
    named = [dict(m.named_buffers() if buffers else m.named_parameters()) for m in (ours, theirs)]
    op = "AveragedModel.update_parameters"
    if named[0].keys() != named[1].keys():
        raise ValueError(f"{op}: model: expected {sorted(named[0])}, got {sorted(named[1])}")
    for name, mine in named[0].items():
        if mine.shape != named[1][name].shape:
            raise ShapeError(f"{op}: {name}: expected {describe(mine)}, got {describe(named[1][name])}")
    averages = [t.detach() for t in named[0].values()]
    return averages, [t.detach().to(a.device) for a, t in zip(averages, named[1].values())]
