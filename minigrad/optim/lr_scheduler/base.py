"""`LRScheduler`: what all schedules of a step size have in common, in PyTorch's shape."""

import copy
import math
import types
import warnings
from collections.abc import Iterable
from typing import Any

from minigrad.optim import checks
from minigrad.optim.optimizer import Optimizer


class LRScheduler:
    """Sets each group's lr: when it is constructed, and at every `step()`, which comes after the optimizer's.

    A subclass defines `get_lr`: the rates of all groups at `self.last_epoch`, often from those before it. Each
    group's first rate is kept in it as "initial_lr", and here in `base_lrs`. last_epoch: -1 to begin; n - 1 to go on
    after n steps with an optimizer whose groups have their "initial_lr" and the rates of then.
    """

    _functions: tuple[str, ...] = ()  # attributes that hold functions: code is not state

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self._attach(optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", self._rate(group))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"{self._name}: last_epoch: to go on at {last_epoch}, expected an 'initial_lr' in "
                    f"param_groups[{i}], got none; load the optimizer's state first"
                )
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._initial_step()

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _attach(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{self._name}: optimizer: expected an Optimizer, got {type(optimizer).__name__}")
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            self._rate(group)

    def _rate(self, group: dict[str, Any]) -> float:
        if callable(group["lr"]):
            raise TypeError(
                f"{self._name}: optimizer: its lr is a function of the step, a schedule already; give it a number"
            )
        return checks.number(self._name, "lr", group["lr"], low=-math.inf)

    def _rates(self) -> list[float]:
        """The rates of all groups as they are."""
        return [self._rate(group) for group in self.optimizer.param_groups]

    def _number(self, name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> float:
        return checks.number(self._name, name, value, low, high)

    def _positive(self, name: str, value: Any, high: float = math.inf) -> float:
        if not (found := self._number(name, value, 0, high)):
            raise ValueError(f"{self._name}: {name}: expected a number above 0, got 0")
        return found

    def _each(self, name: str, value: Any) -> list[float]:
        """One number for each group: the same for all, or as listed."""
        count = len(self.optimizer.param_groups)
        values = value if isinstance(value, (list, tuple)) else [value] * count
        if len(values) != count:
            raise ValueError(f"{self._name}: {name}: expected one for each of {count} groups, got {len(values)}")
        return [self._number(name, v) for v in values]

    # --- stepping -----------------------------------------------------------------------------------------------

    def get_last_lr(self) -> list[float]:
        """The rates this schedule set last, one for each group."""
        return self._last_lr

    def get_lr(self) -> list[float]:
        """The rates at `last_epoch`: for each kind of schedule to define, and for `step` to call."""
        raise NotImplementedError(f"{self._name}: define get_lr()")

    def _closed_form(self) -> list[float]:
        """The rates at `last_epoch` by themselves, whatever they were before."""
        return self.get_lr()

    def _initial_step(self) -> None:
        self._step_count, self._is_initial = 0, True
        try:
            self.step()
        finally:
            self._is_initial = False

    @property
    def _resumes(self) -> bool:
        """Is this the constructor's step, to go on from rates that are there already?"""
        return self._is_initial and self.last_epoch > 0

    def _begin(self) -> None:
        """Begin anew from the rates as they are, as if just constructed: for schedules of schedules."""
        self.last_epoch = -1
        self._initial_step()

    def step(self, epoch: int | None = None) -> None:
        """Go on by one, or to `epoch`. Warns where the optimizer made no step yet: its first rate would go unused."""
        unused = type(self.optimizer).step is Optimizer.step and not self.optimizer._stepped
        if unused and self._step_count == 1 and self.last_epoch >= 0:
            warnings.warn(
                f"{self._name}.step: call optimizer.step() before it, or the first rate of the schedule goes unused",
                stacklevel=2,
            )
        self._step_count += 1
        self._go(epoch)

    def _go(self, epoch: int | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self._set(self.get_lr() if epoch is None else self._closed_form())

    def _set(self, rates: Iterable[float]) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates):
            group["lr"] = rate
        self._last_lr = self._rates()

    # --- saving and restoring -----------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """All attributes but the optimizer; of functions the attributes, if they are objects of a class."""
        state = {k: copy.deepcopy(v) for k, v in self.__dict__.items() if k not in ("optimizer", *self._functions)}
        for name in self._functions:
            found = getattr(self, name)
            state[name] = [_attributes(f) for f in found] if isinstance(found, list) else _attributes(found)
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from such a dict; the optimizer's state is saved and restored by itself. Raises ValueError, and changes
        nothing, where it is another schedule's."""
        ours = self.__dict__.keys() - {"optimizer"}
        if not isinstance(state_dict, dict) or not ours <= state_dict.keys():
            got = sorted(map(str, state_dict)) if isinstance(state_dict, dict) else type(state_dict).__name__
            raise ValueError(f"{self._name}.load_state_dict: expected a dict with {sorted(ours)}, got {got}")
        # PyTorch's own have private ones more, and these
        if extra := [k for k in state_dict if k not in ours | {"verbose", "mode_worse"} and not str(k).startswith("_")]:
            raise ValueError(
                f"{self._name}.load_state_dict: expected a dict with {sorted(ours)}, got another schedule's {extra}"
            )
        for name in ours:
            if name not in self._functions:
                setattr(self, name, copy.deepcopy(state_dict[name]))
                continue
            found, saved = getattr(self, name), state_dict[name]
            for function, entries in zip(*(v if isinstance(v, list) else [v] for v in (found, saved))):
                if entries is not None:
                    function.__dict__.update(copy.deepcopy(entries))


def _attributes(function: Any) -> dict[str, Any] | None:
    if function is None or isinstance(function, (types.FunctionType, types.BuiltinFunctionType)):
        return None
    return dict(getattr(function, "__dict__", {}))
