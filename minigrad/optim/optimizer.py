"""What every optimizer shares: parameters in groups, state, and one `step(closure)`."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.engine.graph import changed
from minigrad.engine.modes import enable_grad
from minigrad.tensor import Tensor

Closure = Callable[[], Any]


def nonnegative(optimizer: str, **settings: Any) -> None:
    """Raise ValueError for a setting that is negative or not a number."""
    for name, value in settings.items():
        if callable(value):
            continue
        if not isinstance(value, (int, float, np.number)) or isinstance(value, bool) or not value >= 0:
            raise ValueError(f"{optimizer}: {name}: expected a number of 0 or more, got {value!r}")


class Optimizer:
    """The base: `params` are tensors, or dicts {"params": tensors, setting: value, ...} for groups with their own
    settings, or (name, tensor) pairs, or one tensor. `defaults` fill in what a group does not say."""

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[Tensor, dict[str, Any]] = {}
        given = [params] if isinstance(params, (Tensor, dict)) else list(params)
        if not given:
            raise ValueError(f"{type(self).__name__}: expected at least one parameter, got none")
        for group in given if isinstance(given[0], dict) else [{"params": given}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Optimize further parameters, with settings of their own."""
        name = type(self).__name__
        if not isinstance(param_group, dict) or "params" not in param_group:
            raise TypeError(f'{name}: a parameter group must be a dict with "params", got {param_group!r}')
        group = {**self.defaults, **param_group}
        params = [group["params"]] if isinstance(group["params"], Tensor) else list(group["params"])
        group["params"] = [p[1] if isinstance(p, tuple) else p for p in params]
        taken = {id(p) for g in self.param_groups for p in g["params"]}
        for p in group["params"]:
            if not isinstance(p, Tensor):
                raise TypeError(f"{name}: expected tensors to optimize, got {type(p).__name__}")
            if not p.is_leaf:
                raise ValueError(f"{name}: expected leaf tensors, got the result of an operation; optimize its source")
            if id(p) in taken:
                raise ValueError(f"{name}: a parameter was given twice; each may be in one group, once")
            taken.add(id(p))
        self._check({k: v for k, v in group.items() if k != "params"})
        self.param_groups.append(group)

    def _check(self, settings: dict[str, Any]) -> None:
        """Raise for settings that make no sense; subclasses say which."""

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget every parameter's gradient (or fill it with zeros)."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p._grad = None
                elif p._grad is not None:
                    p._grad = p._grad.detach()
                    p._grad.zero_()

    def step(self, closure: Closure | None = None) -> Any:
        """One update. `closure`, where given, computes the loss and its gradients anew, and its loss is returned."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            self._update(group)
        return loss

    def _update(self, group: dict[str, Any]) -> None:
        raise NotImplementedError

    def _moved(self, p: Tensor) -> None:
        """Note that a parameter's values were changed in place."""
        changed(p._array, f"{type(self).__name__}.step")

    def state_dict(self) -> dict[str, Any]:
        """Settings and state, with parameters by number: `{"state": {0: {...}}, "param_groups": [...]}`."""
        numbers: dict[int, int] = {}
        for group in self.param_groups:
            for p in group["params"]:
                numbers[id(p)] = len(numbers)
        groups = [{**g, "params": [numbers[id(p)] for p in g["params"]]} for g in self.param_groups]
        return {"state": {numbers[id(p)]: dict(s) for p, s in self.state.items()}, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from such a state. ValueError where the groups do not match; nothing is changed then."""
        groups = state_dict["param_groups"]
        ours, theirs = ([len(g["params"]) for g in groups_] for groups_ in (self.param_groups, groups))
        if ours != theirs:
            raise ValueError(
                f"{type(self).__name__}.load_state_dict: expected groups of {ours} parameters, got groups of {theirs}"
            )
        params = [p for g in self.param_groups for p in g["params"]]
        numbers = [n for g in groups for n in g["params"]]
        for group, saved in zip(self.param_groups, groups):
            group.update({k: v for k, v in saved.items() if k != "params"})
        self.state = {
            p: {k: v.copy() if hasattr(v, "copy") else v for k, v in state_dict["state"][n].items()}
            for p, n in zip(params, numbers)
            if n in state_dict["state"]
        }

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {k}: {group[k]}" for k in sorted(group) if k != "params"]
        return "\n".join([*lines, ")"])
