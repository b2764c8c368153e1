"""Snapshots: the complete state of a training run in one file, so that a resumed run continues bit for bit."""

from typing import Any

from minigrad.backend import device
from minigrad.nn import Module
from minigrad.ops.random import collect_rng_states, restore_rng_states
from minigrad.utils import serialization
from minigrad.utils.serialization import PathLike

__all__ = ["load", "save"]

_PARTS = ("model", "optimizer", "scheduler", "loader")


def save(
    path: PathLike, *, model: Any = None, optimizer: Any = None, scheduler: Any = None, loader: Any = None,
    rng: bool = True, **extra: Any,
) -> None:  # fmt: skip
    """Save the `state_dict()` of each part, the training mode of each layer of the model, with rng the states of
    minigrad's, NumPy's and Python's random generators, and `extra`.

    The file is replaced atomically: a killed process leaves the old snapshot or the new one. Settings that are
    functions (`lr=...`) are code, not state: construct the parts as before when loading. Raises TypeError for a part
    without state_dict(), and for what `minigrad.save` cannot save.
    """
    savers = _methods("save", "state_dict", model, optimizer, scheduler, loader)
    states = {name: state_dict() for name, state_dict in savers.items()}
    content = {"snapshot": 1, "parts": states, "rng": collect_rng_states() if rng else None, "extra": extra}
    if isinstance(model, Module):
        content["training"] = {name: layer.training for name, layer in model.named_modules()}
    serialization.replace_file(path, serialization.writer(content))


def load(
    path: PathLike, *, model: Any = None, optimizer: Any = None, scheduler: Any = None, loader: Any = None,
    rng: bool = True, map_location: str | device | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Load the saved states into the given parts, constructed as before, and return `extra` as a dict.

    rng=False leaves the random generators as they are. map_location: as in `minigrad.load`. Raises ValueError, before
    anything is changed, for a file that is no snapshot or lacks a part that is given, TypeError for a part without
    load_state_dict().
    """
    content = serialization.load(path, map_location)
    if not isinstance(content, dict) or "snapshot" not in content:
        raise ValueError(f"snapshot.load: {path}: expected a file that snapshot.save wrote; read it by minigrad.load")
    loaders, states = _methods("load", "load_state_dict", model, optimizer, scheduler, loader), content["parts"]
    if missing := [name for name in loaders if name not in states]:
        raise ValueError(f"snapshot.load: {path}: expected a {missing[0]}, got only {', '.join(states) or 'no parts'}")
    if rng and content["rng"] is None:
        raise ValueError(f"snapshot.load: {path}: saved without random states; pass rng=False")
    for name, load_state in loaders.items():
        load_state(states[name])
    training = content.get("training", {})
    for name, layer in model.named_modules() if isinstance(model, Module) else ():
        layer.training = training.get(name, layer.training)
    if rng:
        restore_rng_states(content["rng"])
    return content["extra"]


def _methods(op: str, method: str, *parts: Any) -> dict[str, Any]:
    """The method of each part that is given, by the part's name."""
    given = {name: part for name, part in zip(_PARTS, parts) if part is not None}
    for name, part in given.items():
        if not callable(getattr(part, method, None)):
            raise TypeError(f"snapshot.{op}: {name}: expected something with {method}(), got {type(part).__name__}")
    return {name: getattr(part, method) for name, part in given.items()}
