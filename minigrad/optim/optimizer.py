"""`Optimizer`: what all optimizers have in common, in PyTorch's shape."""

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from minigrad.autograd.grad_mode import enable_grad
from minigrad.backend import ignore_fp_warnings
from minigrad.backend import run as runner
from minigrad.engine import bfloat16
from minigrad.engine.messages import describe
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.engine.versions import bump_version
from minigrad.errors import ShapeError
from minigrad.ops.workspace import Workspace
from minigrad.optim import checks, state

Params = Tensor | Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]
LearningRate = float | Tensor | Callable[[int], float]  # a function: of the number of steps made so far
Closure = Callable[[], Any]
ParamsT = Params  # PyTorch's names for it, and for a default that each group has to set
required: Any = object()


def settings_of(arguments: dict[str, Any]) -> dict[str, Any]:
    """The settings of an optimizer: the `locals()` of its `__init__` without self and params, so that names and
    defaults stand in the signature alone."""
    return {name: value for name, value in arguments.items() if name not in ("self", "params", "__class__")}


class Optimizer:
    """The base of optimizers. A subclass defines `_update`, the change of one parameter, or a whole `step`.

    params: tensors, (name, tensor) pairs, or groups: dicts with "params" and settings of their own; also one tensor.
    defaults: the settings of groups that do not name them. `param_groups` may be changed between steps
    (`param_groups[0]["lr"] = 0.1`); `state[p]` holds what is kept for the parameter p, such as averages of gradients.
    The setting lr is a number, or a function of the number of steps made so far.
    """

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        self._name = type(self).__name__
        self.defaults = defaults
        self.state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        self._workspace = Workspace()
        self._stepped = False  # schedules warn where theirs comes first
        for group in checks.groups(self._name, params):
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Optimize these parameters too: a dict with "params" and the settings that differ from the defaults.

        Raises TypeError for what is no tensor, ValueError for non-leaf tensors, for parameters that are in a group
        already, and for invalid settings.
        """
        group = checks.group(self._name, param_group, self.param_groups)
        group = {**group, **{k: v for k, v in self.defaults.items() if k not in group}}
        missing = [k for k, v in group.items() if v is required]
        if missing:
            raise ValueError(f"{self._name}: parameter group: expected a value for {', '.join(missing)}")
        self._check(group)
        if len(set(group["params"])) < len(group["params"]):
            warnings.warn(
                f"{self._name}: a parameter comes more than once in a group, and is changed as often in each step",
                stacklevel=3,
            )
        self.param_groups.append(group)

    def _check(self, group: dict[str, Any]) -> None:
        """Raise for invalid settings. For subclasses to define."""

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the gradients of all parameters to None. set_to_none=False: to 0, in their own memory."""
        for group in self.param_groups:
            for p in group["params"]:
                g = p._grad
                if set_to_none or g is None:
                    p._grad = None
                elif g._node is not None:  # part of a graph, which may still need its values
                    p._grad = g.detach() * 0
                else:
                    g._array.fill(0)
                    bump_version(g._array, f"{self._name}.zero_grad")

    # --- stepping -----------------------------------------------------------------------------------------------

    def step(self, closure: Closure | None = None) -> Any:
        """Change every parameter that has a gradient, in place; those whose `grad` is None stay as they are.

        closure: a function that computes the loss and its gradients; it is called first, and its result is returned.
        """
        loss = self._evaluate(closure)
        ignore_fp_warnings(self._update_all)
        return loss

    def _evaluate(self, closure: Closure | None, *args: Any) -> Any:
        self._stepped = True
        if closure is None:
            return None
        if not callable(closure):
            raise TypeError(
                f"{self._name}.step: closure: expected a function that returns the loss, got {type(closure).__name__}"
            )
        with enable_grad():
            return closure(*args)

    def _update_all(self) -> list[float]:
        """Change all parameters, and return the learning rate of each group."""
        op = f"{self._name}.step"
        rates = [self._current_lr(group) for group in self.param_groups]  # all are checked before any parameter changes
        change = self._update_guarded if runner.multi_gpu or bfloat16.active else self._update
        for group, lr in zip(self.param_groups, rates):
            if callable(group["lr"]):
                group["steps"] = group.get("steps", 0) + 1
            self._begin_group(group, lr)
            for p in group["params"]:
                if p._grad is not None:
                    change(p, p._grad._array, group, lr)
                    bump_version(p._array, op)
        return rates

    def _current_lr(self, group: dict[str, Any]) -> float:
        """The group's learning rate as a number. Raises for invalid settings, which may have changed since the last
        step, and for gradients that are not of their parameter's shape."""
        self._check(group)
        self._check_gradients(group)
        lr = group["lr"]
        if not callable(lr):
            return checks.number(self._name, "lr", lr)
        steps = group.get("steps", 0)
        return checks.number(self._name, f"lr({steps})", lr(steps))

    def _check_gradients(self, group: dict[str, Any]) -> None:
        for i, p in enumerate(group["params"]):
            if p._grad is not None and p._grad._array.shape != p._array.shape:
                raise ShapeError(
                    f"{self._name}.step: params[{i}]: expected a gradient of the parameter's shape "
                    f"{tuple(p.shape)}, got {describe(p._grad)}"
                )

    def _begin_group(self, group: dict[str, Any], lr: float) -> None:
        """Prepare a step of the group's parameters: called before their `_update`s."""

    def _preconditioner(self, p: Tensor, group: dict[str, Any], lr: float) -> Any:
        """The factor of the gradient in the last update of p, a number or a raw array of p's shape: the metric of a
        proximal step after it. Raises NotImplementedError where an optimizer has none."""
        raise NotImplementedError(
            f"Proximal: {self._name} moves by no step size for each element, so that no exact proximal step is known; "
            f"use the regularizer as a penalty, or SGD, Adagrad, RMSprop, Adam and its variants"
        )

    def _update(self, p: Tensor, grad: Any, group: dict[str, Any], lr: float) -> None:
        """Change the memory of `p` in place, given its gradient as a raw array."""
        raise NotImplementedError(f"{self._name}: define _update(p, grad, group, lr) or step(closure)")

    def _update_guarded(self, p: Tensor, grad: Any, group: dict[str, Any], lr: float) -> None:
        """`_update` on the GPU of the parameter; for bfloat16 in float32, with the parameter's state."""
        with runner.device_guard(p):
            array = p._array
            if not bfloat16.is_bfloat16(array):
                return self._update(p, grad, group, lr)
            for name, value in self.state[p].items() if p in self.state else ():
                if isinstance(value, Tensor):
                    self.state[p][name] = wrap(bfloat16.upcast(value._array))
            p._array = bfloat16.upcast(array)
            try:
                self._update(p, bfloat16.upcast(grad), group, lr)
                array[...] = p._array
            finally:
                p._array = array

    # --- saving and restoring -----------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """{"state": by number what is kept for each parameter, "param_groups": settings, with those numbers}.

        Functions among the settings (lr) are left out, as code is not state; the number of steps made is saved.
        """
        return state.state_dict_of(self.param_groups, self.state)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from a `state_dict`, in the dtypes and on the devices of the parameters. Raises ValueError, and
        changes nothing, where groups or shapes differ."""
        groups, new = state.load_into(self._name, state_dict, self.param_groups, self._cast_state)
        for group in groups:
            self._check(group)
        self._check_state(new)
        self.param_groups, self.state = groups, new

    def _cast_state(self, op: str, p: Tensor, number: Any, name: str, value: Any) -> Any:
        """A copy of an entry of a parameter's saved state, in its dtype and on its device."""
        return state.cast_state(op, p, number, name, value)

    def _check_state(self, state: dict[Any, dict[str, Any]]) -> None:
        """Raise ValueError for an invalid loaded state. For subclasses to define."""

    def __repr__(self) -> str:
        text = f"{self._name} ("
        for i, group in enumerate(self.param_groups):
            settings = (f"    {key}: {group[key]}\n" for key in sorted(group) if key != "params")
            text += f"\nParameter Group {i}\n" + "".join(settings)
        return text + ")"
