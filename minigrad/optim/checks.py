"""Validation of the settings, parameters and losses that optimizers and schedules are given."""

import math
from typing import Any

from minigrad.dtypes import floating
from minigrad.engine.messages import describe
from minigrad.engine.tensor import Tensor
from minigrad.errors import DtypeError, ShapeError


def number(op: str, name: str, value: Any, low: float = 0.0, high: float = math.inf) -> float:
    """A finite number from `low` to `high`, or a tensor of one, as a Python float. Raises TypeError, ValueError."""
    try:
        found = float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"{op}: {name}: expected a number, got {value!r}") from None
    if not low <= found <= high or math.isinf(found):
        expected = "a finite number" if low == -math.inf else f"a finite number from {low:g} on"
        if high < math.inf:
            expected = f"a number from {low:g} to {high:g}"
        raise ValueError(f"{op}: {name}: expected {expected}, got {found}")
    return found


def learning_rate(op: str, group: dict[str, Any]) -> None:
    """A group's lr is a number from 0 on, or a function, whose values are checked when it is called."""
    if not callable(group["lr"]):
        number(op, "lr", group["lr"])


def fraction(op: str, name: str, value: Any) -> float:
    """A number in [0, 1), the decay rate of a moving average. Raises TypeError, ValueError."""
    found = number(op, name, value)
    if found >= 1:
        raise ValueError(f"{op}: {name}: expected a number from 0 on and below 1, got {found:g}")
    return found


def integer(op: str, name: str, value: Any, low: int = 1) -> int:
    """An integer from `low` on, also as a float. Raises TypeError, ValueError."""
    found = number(op, name, value, low=-math.inf)
    if found != int(found) or found < low:
        raise ValueError(f"{op}: {name}: expected an integer from {low} on, got {value!r}")
    return int(found)


def sequence(op: str, name: str, value: Any, count: int) -> list[Any]:
    """A tuple or list of `count` entries, as a list. Raises TypeError, ValueError."""
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{op}: {name}: expected {count} numbers, got {value!r}")
    if len(value) != count:
        raise ValueError(f"{op}: {name}: expected {count} numbers, got {len(value)}: {value!r}")
    return list(value)


def one_of(op: str, name: str, value: Any, *known: str | None) -> Any:
    """`value`. Raises ValueError unless it is one of those known."""
    if value not in known:
        raise ValueError(f"{op}: {name}: expected {' or '.join(map(repr, known))}, got {value!r}")
    return value


def betas(op: str, group: dict[str, Any]) -> None:
    """A group's betas are two numbers in [0, 1)."""
    for i, beta in enumerate(sequence(op, "betas", group["betas"], 2)):
        fraction(op, f"betas[{i}]", beta)


def loss(op: str, value: Any) -> float:
    """A scalar loss as a Python float. Raises ShapeError, TypeError."""
    try:
        return float(value.item() if isinstance(value, Tensor) else value)
    except (TypeError, ValueError, RuntimeError):
        text = f"{op}: expected the loss, a number or a tensor of one, got {describe(value)}"
    if hasattr(value, "shape"):
        raise ShapeError(f"{text}; reduce it by .mean() or .sum()")
    raise TypeError(text)


def unsupported(op: str, group: dict[str, Any], *names: str) -> None:
    """Raises ValueError where a switch of PyTorch's that has no meaning here is on."""
    for name in names:
        if group.get(name):
            raise ValueError(f"{op}: {name}: minigrad has one implementation and no such switch; leave it out")


def groups(op: str, params: Any) -> list[dict[str, Any]]:
    """The `params` of an optimizer as a list of groups. Raises TypeError, ValueError."""
    if isinstance(params, Tensor):
        params = [params]
    if callable(getattr(params, "parameters", None)):
        raise TypeError(f"{op}: params: expected tensors, got {type(params).__name__}; pass its .parameters()")
    try:
        found = [params] if isinstance(params, dict) and "params" in params else list(params)
    except TypeError:
        raise TypeError(f"{op}: params: expected tensors or groups, got {type(params).__name__}") from None
    if not found:
        raise ValueError(f"{op}: params: got no parameters; an iterator that was used before is empty")
    return found if isinstance(found[0], dict) else [{"params": found}]


def group(op: str, given: Any, others: list[dict[str, Any]]) -> dict[str, Any]:
    """A copy of a parameter group, with "params" as a list of leaf tensors and "param_names" if they have names. Raises
    TypeError, ValueError, DtypeError."""
    if not isinstance(given, dict):
        raise TypeError(f"{op}: parameter group: expected a dict, got {type(given).__name__}")
    if "params" not in given:
        raise ValueError(f'{op}: parameter group: expected a "params" entry, got {sorted(map(str, given))}')
    params = given["params"]
    if isinstance(params, (set, frozenset)):
        raise TypeError(f"{op}: params: expected an order that stays, got a set; pass a list")
    try:
        entries = [params] if isinstance(params, Tensor) else list(params)
    except TypeError:
        raise TypeError(f"{op}: params: expected tensors, got {type(params).__name__}") from None
    named = [entry for entry in entries if isinstance(entry, tuple)]
    tensors = [entry[1] if isinstance(entry, tuple) and len(entry) == 2 else entry for entry in entries]
    if named and len(named) < len(entries):
        raise ValueError(f"{op}: params: expected all with a name or none, got {len(named)} of {len(entries)} with one")
    taken = {id(p): i for i, other in enumerate(others) for p in other["params"]}
    for i, p in enumerate(tensors):
        if not isinstance(p, Tensor):
            raise TypeError(f"{op}: params[{i}]: expected a Tensor, got {type(p).__name__}")
        if not p.is_leaf:
            raise ValueError(
                f"{op}: params[{i}]: expected a leaf tensor, got the result of {p.grad_fn!r}; optimize the tensor it "
                f"was computed from, or take it out of the graph: t.detach().requires_grad_()"
            )
        if not floating(p.dtype):
            raise DtypeError(f"{op}: params[{i}]: expected a floating tensor, got {describe(p)}")
        if id(p) in taken:
            raise ValueError(f"{op}: params[{i}]: this parameter is in group {taken[id(p)]} already")
    made = {**given, "params": tensors}
    if named:
        made["param_names"] = [name for name, _ in named]
    if others and ("param_names" in made) != ("param_names" in others[0]):
        raise ValueError(f"{op}: params: expected all groups with names or none")
    return made
