"""Snapshots: all that a training run needs to go on as if it had never stopped, in one file."""

from typing import Any

from minigrad.backend import device
from minigrad.io import serialization
from minigrad.io.serialization import PathLike
from minigrad.nn import Module
from minigrad.ops.random import collect_rng_states, restore_rng_states

__all__ = ["load", "save"]

_PARTS = ("model", "optimizer", "scheduler", "loader")


def save(
    path: PathLike,
    *,
    model: Any = None,
    optimizer: Any = None,
    scheduler: Any = None,
    loader: Any = None,
    rng: bool = True,
    **extra: Any,
) -> None:
    """Write the `state_dict()` of each part, which layers are in training mode, the random generators' states, and what
    else is given by name.

    rng: minigrad's default generator, NumPy's and Python's. The file is replaced as a whole: a kill leaves the old
    snapshot or the new one. Settings that are functions (`lr=...`) are code, not state: build the parts the same way.
    """
    parts = dict(zip(_PARTS, (model, optimizer, scheduler, loader)))
    states = {name: _able("save", name, part, "state_dict")() for name, part in parts.items() if part is not None}
    content = {"snapshot": 1, "parts": states, "rng": collect_rng_states() if rng else None, "extra": extra}
    if isinstance(model, Module):
        content["training"] = {name: layer.training for name, layer in model.named_modules()}
    serialization.save(content, path)


def load(
    path: PathLike,
    *,
    model: Any = None,
    optimizer: Any = None,
    scheduler: Any = None,
    loader: Any = None,
    rng: bool = True,
    map_location: str | device | None = None,
) -> dict[str, Any]:
    """Put the states back into parts built as they were, and return what else was saved, by name.

    Parts that are not given stay as they are. rng=False leaves the random generators alone. Raises ValueError, before
    anything is changed, for a file that is no snapshot or lacks what is asked for.
    """
    content = serialization.load(path, map_location)
    if not isinstance(content, dict) or "snapshot" not in content:
        raise ValueError(f"snapshot.load: {path}: expected a file that snapshot.save wrote; read it by minigrad.load")
    parts, states = dict(zip(_PARTS, (model, optimizer, scheduler, loader))), content["parts"]
    wanted = {name: _able("load", name, part, "load_state_dict") for name, part in parts.items() if part is not None}
    if lacking := [name for name in wanted if name not in states]:
        raise ValueError(f"snapshot.load: {path}: expected a {lacking[0]}, got only {', '.join(states) or 'no parts'}")
    if rng and content["rng"] is None:
        raise ValueError(f"snapshot.load: {path}: it was saved without random states; pass rng=False")
    for name, put_back in wanted.items():
        put_back(states[name])
    modes = content.get("training", {})
    for name, layer in model.named_modules() if isinstance(model, Module) else ():
        layer.training = modes.get(name, layer.training)
    if rng:
        restore_rng_states(content["rng"])
    extra: dict[str, Any] = content["extra"]
    return extra


def _able(op: str, name: str, part: Any, method: str) -> Any:
    found = getattr(part, method, None)
    if not callable(found):
        raise TypeError(f"snapshot.{op}: {name}: expected something with {method}(), got {type(part).__name__}")
    return found
