"""Schedules of schedules: one after the other, or all at once."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from minigrad.optim.lr_scheduler.base import LRScheduler
from minigrad.optim.lr_scheduler.plateau import ReduceLROnPlateau
from minigrad.optim.optimizer import Optimizer


class _Combined(LRScheduler):
    """What both share: schedules of one optimizer."""

    def _take(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None) -> None:
        if not isinstance(schedulers, (list, tuple)) or not schedulers:
            raise ValueError(f"{self._name}: schedulers: expected a list with at least one, got {schedulers!r}")
        for i, scheduler in enumerate(schedulers):
            if not isinstance(scheduler, LRScheduler):
                raise TypeError(f"{self._name}: schedulers[{i}]: expected a scheduler, got {type(scheduler).__name__}")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(
                    f"{self._name}: schedulers[{i}]: got a ReduceLROnPlateau, whose step needs a metric; step it alone"
                )
            optimizer = optimizer or scheduler.optimizer
            if scheduler.optimizer is not optimizer:
                raise ValueError(f"{self._name}: schedulers[{i}]: expected one of the same optimizer, got another's")
        assert optimizer is not None
        self._attach(optimizer)
        self._schedulers = list(schedulers)

    def _go(self, epoch: int | None = None) -> None:
        """Begin from the first rates: what a SequentialLR asks of each schedule."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        self._begin()

    def _repeat(self, steps: int) -> None:
        """Begin, and make these steps anew. They need no warning that the optimizer made none."""
        self._go()
        stepped, self.optimizer._stepped = self.optimizer._stepped, True
        for _ in range(steps):
            self.step()
        self.optimizer._stepped = stepped

    def state_dict(self) -> dict[str, Any]:
        """All attributes but the optimizer, and of the schedulers their state_dicts."""
        own = {k: v for k, v in self.__dict__.items() if k not in ("optimizer", "_schedulers")}
        return {**own, "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from such a dict. Raises ValueError where it is of other schedules."""
        found = state_dict.get("_schedulers") if isinstance(state_dict, dict) else None
        if not isinstance(found, list) or len(found) != len(self._schedulers):
            raise ValueError(
                f"{self._name}.load_state_dict: expected the states of {len(self._schedulers)} schedulers, got "
                f"{len(found) if isinstance(found, list) else 'none'}"
            )
        for scheduler, state in zip(self._schedulers, found):
            scheduler.load_state_dict(state)
        self.__dict__.update({k: v for k, v in state_dict.items() if k in self.__dict__ and k != "_schedulers"})


class SequentialLR(_Combined):
    """One schedule after the other: the second from step milestones[0] on, and so on, each from its own beginning.

    last_epoch: n - 1 to go on after n steps, which are repeated from the groups' "initial_lr" on; the schedules are
    then given as they were at first, and the rates that the groups have do not matter.
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        self._take(schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"{self._name}: milestones: expected {len(schedulers) - 1}, one less than schedulers, got "
                f"{len(milestones)}"
            )
        self._milestones = list(milestones)
        self._repeat(last_epoch + 1)

    def _begin(self) -> None:
        self.last_epoch = 0
        first = self._schedulers[bisect_right(self._milestones, 0)]
        first._begin()
        self._last_lr = first.get_last_lr()

    def step(self, epoch: int | None = None) -> None:
        """Go on by one."""
        _check_no_epoch(self._name, epoch)
        self.last_epoch += 1
        i = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[i]
        if i and self._milestones[i - 1] == self.last_epoch:
            scheduler._go(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


class ChainedScheduler(_Combined):
    """All schedules at once: each changes the rates that the one before it left, or sets its own in their place (by a
    function, a cycle, restarts, a SequentialLR at a milestone).

    Where one is a SequentialLR, which begins from the groups' "initial_lr", all begin anew from there.
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        self._take(schedulers, optimizer)
        if _holds_sequence(self):
            self._repeat(_steps_made(self))
        self._last_lr = self._rates()

    def _begin(self) -> None:
        for scheduler in self._schedulers:
            scheduler._begin()
        self._last_lr = self._rates()

    def step(self, epoch: int | None = None) -> None:
        """Let each go on by one."""
        _check_no_epoch(self._name, epoch)
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self._rates()


def _holds_sequence(scheduler: LRScheduler) -> bool:
    parts = getattr(scheduler, "_schedulers", ())
    return isinstance(scheduler, SequentialLR) or any(map(_holds_sequence, parts))


def _steps_made(scheduler: LRScheduler) -> int:
    if isinstance(scheduler, ChainedScheduler):
        return max(map(_steps_made, scheduler._schedulers))
    return scheduler.last_epoch


def _check_no_epoch(op: str, epoch: Any) -> None:
    if epoch is not None:
        raise TypeError(f"{op}.step: epoch: expected None (a step goes on by one), got {epoch!r}")
