"""`state_dict` and `load_state_dict` of optimizers: parameters stand in them as numbers."""

import copy
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from minigrad.engine.messages import describe
from minigrad.engine.tensor import Tensor

Groups = list[dict[str, Any]]


def state_dict_of(groups: Groups, state: dict[Any, Any]) -> dict[str, Any]:
    """Parameters are numbered in the order of the groups. State entries of no parameter keep their keys."""
    numbers: dict[Any, int] = {}
    for group in groups:
        for p in group["params"]:
            numbers.setdefault(p, len(numbers))
    return {
        "state": {numbers[k] if isinstance(k, Tensor) else k: v for k, v in state.items()},
        "param_groups": [
            {**{k: v for k, v in group.items() if not callable(v)}, "params": [numbers[p] for p in group["params"]]}
            for group in groups
        ],
    }


# settings that do not tell kinds of optimizers apart: states saved by older versions of PyTorch lack some of them, and
# "steps" is saved instead of an lr that is a function
_OPTIONAL = frozenset(
    "amsgrad capturable decoupled_weight_decay differentiable foreach fused maximize lr steps".split()
)


def load_into(
    op: str, given: Any, groups: Groups, cast: Callable[..., Any]
) -> tuple[Groups, "defaultdict[Any, dict[str, Any]]"]:
    """Groups and a state from the dict `given`, whose settings replace those of `groups`. `cast(op, p, number, name,
    value)` copies an entry of a parameter's state, as `cast_state` does. Raises ValueError where `given` is malformed,
    or of other groups or another kind of optimizer."""
    op = f"{op}.load_state_dict"
    if not isinstance(given, dict) or not {"state", "param_groups"} <= given.keys():
        got = sorted(map(str, given)) if isinstance(given, dict) else type(given).__name__
        raise ValueError(f'{op}: expected a dict with "state" and "param_groups", got {got}')
    saved = given["param_groups"]
    _well_formed(op, saved, given["state"])
    ours, theirs = ([len(group["params"]) for group in which] for which in (groups, saved))
    if ours != theirs:
        raise ValueError(f"{op}: expected groups of {ours} parameters, got groups of {theirs}")
    for i, (group, other) in enumerate(zip(groups, saved)):
        if (missing := group.keys() - other.keys() - _OPTIONAL) and (extra := other.keys() - group.keys() - _OPTIONAL):
            raise ValueError(
                f"{op}: param_groups[{i}]: expected {', '.join(sorted(missing))}, got another optimizer's "
                f"{', '.join(sorted(map(str, extra)))}; load the state of the same kind of optimizer"
            )
    new = [{**group, **copy.deepcopy(other), "params": group["params"]} for group, other in zip(groups, saved)]
    params = {k: p for group, other in zip(groups, saved) for k, p in zip(other["params"], group["params"])}
    state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
    for k, entries in given["state"].items():
        if k in params:
            state[params[k]] = {name: cast(op, params[k], k, name, v) for name, v in entries.items()}
        else:
            state[k] = copy.deepcopy(entries)
    return new, state


def _well_formed(op: str, saved: Any, state: Any) -> None:
    if not isinstance(saved, (list, tuple)):
        raise ValueError(f"{op}: param_groups: expected a list of dicts, got {type(saved).__name__}")
    for i, group in enumerate(saved):
        if not isinstance(group, dict) or not isinstance(group.get("params"), (list, tuple)):
            got = sorted(map(str, group)) if isinstance(group, dict) else type(group).__name__
            raise ValueError(f'{op}: param_groups[{i}]: expected a dict with a list "params", got {got}')
    if not isinstance(state, dict):
        raise ValueError(f"{op}: state: expected a dict, got {type(state).__name__}")
    for key, entries in state.items():
        if not isinstance(entries, dict):
            raise ValueError(f"{op}: state[{key!r}]: expected a dict, got {type(entries).__name__}")


def cast_state(op: str, p: Tensor, number: Any, name: str, value: Any) -> Any:
    """A copy of an entry of a parameter's state, tensors of its shape in its dtype and on its device. Raises ValueError
    for tensors of another shape."""
    if not isinstance(value, Tensor):
        return copy.deepcopy(value)
    if name == "step" or (value.ndim == 0 and p.ndim):
        return value.detach().clone()
    if tuple(value.shape) != tuple(p.shape):
        raise ValueError(f"{op}: {name} of parameter {number}: expected {describe(p)}, got {describe(value)}")
    return value.detach().to(device=p.device, dtype=p.dtype).clone()
