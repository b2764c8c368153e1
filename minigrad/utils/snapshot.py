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
    parts = dict(zip(_PARTS, (model, optimizer, scheduler, loader)))
    states = {name: _method_of("save", name, part, "state_dict")() for name, part in parts.items() if part is not None}
    content = {"snapshot": 1, "parts": states, "rng": collect_rng_states() if rng else None, "extra": extra}
    if isinstance(model, Module):
        content["training"] = {name: layer.training for name, layer in model.named_modules()}
    serialization.save(content, path)


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
    parts, states = dict(zip(_PARTS, (model, optimizer, scheduler, loader))), content["parts"]
    loaders = {
        name: _method_of("load", name, part, "load_state_dict") for name, part in parts.items() if part is not None
    }
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
    extra: dict[str, Any] = content["extra"]
    return extra


def _method_of(op: str, name: str, part: Any, method: str) -> Any:
    found = getattr(part, method, None)
    if not callable(found):
        raise TypeError(f"snapshot.{op}: {name}: expected something with {method}(), got {type(part).__name__}")
    return found
