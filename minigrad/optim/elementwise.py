"""`ElementwiseOptimizer`: what optimizers share that change each element by a formula of its own."""

import math
from typing import Any, ClassVar

from minigrad.backend import array_module
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.ops.update import Update
from minigrad.optim import checks
from minigrad.optim.optimizer import Optimizer

Group = dict[str, Any]
State = dict[str, Any]
UNINITIALIZED = math.nan  # the initial value of an array that the first step overwrites


class ElementwiseOptimizer(Optimizer):
    """An optimizer of this kind names the formula of its step (`_formula`), the arrays that it keeps for a parameter
    (`_arrays`, or `_initial_state`) and the scalars of a step (`_scalars`). state[p]["step"] counts the steps from 1.

    The settings maximize, weight_decay and decoupled_weight_decay mean the same for all formulas, see ops/update.py.
    """

    _formula: Update
    _numbers: ClassVar[tuple[str, ...]] = ()  # settings that are finite numbers from 0 on, besides weight_decay
    _arrays: ClassVar[dict[str, float | None]] = {}
    _counts_steps = True

    def _initial_state(self, group: Group, lr: float) -> dict[str, float | None]:
        """The names in `state` of the formula's arrays, in its order, with the values they are filled with at first;
        None: the formula goes without this array."""
        return self._arrays

    def _scalars(self, group: Group, state: State, lr: float) -> dict[str, Any]:
        """The scalars of the formula for a parameter's next step; state["step"] is its number."""
        raise NotImplementedError(f"{self._name}: define _scalars(group, state, lr)")

    def _check(self, group: Group) -> None:
        checks.learning_rate(self._name, group)
        for name in ("weight_decay", *self._numbers):
            if name in group:
                checks.number(self._name, name, group[name])
        checks.unsupported(self._name, group, "foreach", "capturable", "differentiable", "fused")

    def _begin_group(self, group: Group, lr: float) -> None:
        # (formula, initial state, maximize, weight_decay, shrink) of all parameters of the group
        decay, shrink = float(group.get("weight_decay", 0)), 1.0
        if decay and group.get("decoupled_weight_decay"):
            decay, shrink = 0.0, 1 - lr * decay
        self._plan = self._formula, self._initial_state(group, lr), bool(group["maximize"]), decay, shrink

    def _update(self, p: Tensor, grad: Any, group: Group, lr: float) -> None:
        formula, initial, maximize, decay, shrink = self._plan
        state = self.state[p] if initial else {}
        if self._counts_steps:
            state["step"] = int(state.get("step", 0)) + 1
        scalars = self._scalars(group, state, lr)
        arrays = [p._array, grad]
        for name, value in initial.items():
            if value is not None and state.get(name) is None:
                xp = array_module(p._array)
                new = xp.empty_like(p._array) if math.isnan(value) else xp.full_like(p._array, value)
                state[name] = wrap(new)
            arrays.append(None if value is None else state[name]._array)
        formula(self._workspace, arrays, scalars, maximize, decay, shrink)


def over_root(step_size: float, square: Any, eps: float) -> Any:
    """step_size / (sqrt(square) + eps): the step size of each element, as a raw array."""
    return step_size / (array_module(square).sqrt(square) + eps)
