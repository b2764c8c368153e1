"""`Stateful`: what optimizers share that remember arrays of a parameter's shape, and count its steps."""

from typing import Any

from minigrad.backend import array_module
from minigrad.backend.cuda_kernel import Kernel
from minigrad.backend.loops import used
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.executors.cupy.update import start
from minigrad.optim import checks
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.workspace import pieces

Group = dict[str, Any]


class Stateful(Optimizer):
    """One of this kind says which arrays it remembers (`_arrays`), which numbers a step goes by (`_numbers`), and how
    both change a piece of a parameter (`_change`). state[p]["step"] counts from 1.

    On a GPU a kernel (executors/cupy/update.py) of the same numbers and arrays does the same in one launch.

    The settings weight_decay, decoupled_weight_decay and maximize mean the same in all of them and are dealt with here.
    """

    def _arrays(self, group: Group, lr: float) -> dict[str, float]:
        """The arrays by their names in `state`, with what they are full of at first."""
        raise NotImplementedError(f"{self._name}: define _arrays(group, lr)")

    def _numbers(self, group: Group, state: dict[str, Any], lr: float) -> tuple[Any, ...]:
        """What a step needs to know beside arrays, computed once for a parameter: floats, settings."""
        raise NotImplementedError(f"{self._name}: define _numbers(group, state, lr)")

    def _change(self, numbers: tuple[Any, ...], p: Any, g: Any, *arrays: Any) -> None:
        """Change raw arrays in place: p and those remembered. g may be scratch number 1; 0, 2, 3, ... are free."""
        raise NotImplementedError(f"{self._name}: define _change(numbers, p, g, *arrays)")

    def _kernel(self, group: Group) -> Kernel:
        """`_change` as a kernel."""
        raise NotImplementedError(f"{self._name}: define _kernel(group)")

    def _looped(self, group: Group, lr: float, numbers: tuple[Any, ...], p: Any, g: Any, *arrays: Any) -> bool:
        """`_change` by a compiled loop, where there is one; was there?"""
        return False

    def _check(self, group: Group) -> None:
        checks.rate(self._name, group)
        if "weight_decay" in group:
            checks.number(self._name, "weight_decay", group["weight_decay"])
        checks.off(self._name, group, "foreach", "capturable", "differentiable", "fused")

    def _update(self, p: Tensor, grad: Any, group: Group, lr: float) -> None:
        state = self.state[p]
        state["step"] = int(state.get("step", 0)) + 1
        arrays = self._arrays(group, lr)
        for name, value in arrays.items():
            if state.get(name) is None:
                state[name] = wrap(array_module(p._array).full_like(p._array, value))
        numbers = self._numbers(group, state, lr)
        held = [state[name]._array for name in arrays]
        if used(grad):
            self._kernel(group).call(grad, *start(group, lr), *numbers, p._array, *held)
            return
        if self._looped(group, lr, numbers, p._array, grad, *held):
            return
        for piece in pieces(p._array, grad, *held):
            self._change(numbers, piece[0], self._slope(group, lr, *piece[:2]), *piece[2:])

    def _slope(self, group: Group, lr: float, p: Any, g: Any) -> Any:
        """The gradient of what is minimized. Decay that is decoupled from it shrinks p at once."""
        xp, scratch, decay = array_module(p), self._workspace.scratch, float(group.get("weight_decay", 0))
        if group["maximize"]:
            g = xp.negative(g, out=scratch(p, 1))
        if decay and group.get("decoupled_weight_decay"):
            p *= 1 - lr * decay
        elif decay:
            g = xp.add(g, xp.multiply(p, decay, out=scratch(p, 0)), out=scratch(p, 1))
        return g

    def _approach(self, average: Any, value: Any, share: float) -> None:
        """average = (1 - share) * average + share * value, by scratch number 0."""
        t = array_module(value).subtract(value, average, out=self._workspace.scratch(average, 0))
        t *= share
        average += t

    def _approach_square(self, average: Any, value: Any, share: float) -> None:
        """average = (1 - share) * average + share * value ** 2, by scratch number 0."""
        t = array_module(value).multiply(value, value, out=self._workspace.scratch(average, 0))
        t *= share
        average *= 1 - share
        average += t
