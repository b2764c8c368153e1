"""Arrays that were changed in place after a node had kept them: how that is found out.

Nothing is counted per tensor. In-place changes are counted (`clock.now`), each node notes the count when it keeps its
values, and each changed storage notes the count of its last change. A kept array is stale where its storage's count is
higher than its node's. While nothing was changed since the forward pass, the backward pass pays one integer comparison
a node. An address that is used again brings no false alarm: whatever was kept there was kept after the change that the
old entry speaks of.
"""

import sys
import threading
import weakref
from pathlib import Path
from typing import Any

from minigrad.backend import is_array, storage
from minigrad.engine.graph import Node
from minigrad.errors import GraphError


class _Clock:
    __slots__ = ("now",)

    def __init__(self) -> None:
        self.now = 0


class Version:
    """The last in-place change of one storage: when, by which op, where in the user's code, and how many there were."""

    __slots__ = ("when", "op", "where", "count", "alive")

    def __init__(self) -> None:
        self.when, self.op, self.where, self.count = 0, "", "", 0
        self.alive: Any = None


clock = _Clock()
# tensors whose changes are not counted, by their ids: those that `.data` gave. Empty where nobody writes `.data`
_apart: dict[int, Any] = {}
_versions: dict[int, Version] = {}
_lock = threading.Lock()
_PACKAGE = str(Path(__file__).parents[1])


def user_line() -> str:
    """`file.py:12` of the innermost frame outside minigrad, or "" where there is none."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back  # type: ignore[assignment]
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}" if frame is not None else ""


def set_apart(tensor: Any) -> None:
    """From now on changes through this tensor, and through views of it, are not counted."""
    key = id(tensor)
    _apart[key] = weakref.ref(tensor, lambda ref: _apart.pop(key, None))


def is_apart(tensor: Any) -> bool:
    """Are changes through this tensor not counted?"""
    return bool(_apart) and id(tensor if tensor._base is None else tensor._base) in _apart


def note_change(tensor: Any, op: str) -> None:
    """`bump_version` for a change that the user asked for, unless it goes through `.data`."""
    if not is_apart(tensor):
        bump_version(tensor._array, op, user_line())


def bump_version(array: Any, op: str, where: str = "") -> None:
    """Note that `op` has changed `array`'s memory in place."""
    owner = storage(array)
    with _lock:
        clock.now += 1
        _note(owner, op, where, clock.now)


def tick() -> int:
    """A new count, though nothing is changed: nodes made before it have a lower one, and those made after do not."""
    with _lock:
        clock.now += 1
        return clock.now


def _note(owner: Any, op: str, where: str, now: int) -> None:
    key = id(owner)
    change = _versions.get(key)
    if change is None or change.alive() is not owner:
        change = _versions[key] = Version()
        change.alive = weakref.ref(owner, lambda ref: _forget(key, ref))
    change.when, change.op, change.where, change.count = now, op, where, change.count + 1


def bump_own_version(tensor: Any, op: str) -> None:
    """`bump_version` for a running statistic. Where nothing but the tensor refers to its array no node can have kept
    it, and no clock need tick: the nodes of the pass under way go on being compared by one integer. (Else 29 of 31
    nodes of a net with batch norm have every array that they kept looked up.)"""
    if tensor._array.base is None and sys.getrefcount(tensor._array) <= OWN_REFERENCES:
        with _lock:
            _note(tensor._array, op, "", clock.now)
    else:
        bump_version(tensor._array, op)


def _forget(key: int, ref: Any) -> None:
    change = _versions.get(key)
    if change is not None and change.alive is ref:
        del _versions[key]


def version(array: Any) -> int:
    """How many in-place changes the array's storage has seen."""
    owner = storage(array)
    change = _versions.get(id(owner))
    return change.count if change is not None and change.alive() is owner else 0


def check_unchanged(node: Node, kept: Any) -> None:
    """Raise GraphError where an array that `node` kept was changed in place since."""
    for names, values in zip(node.plan.kept_names, kept):
        for name, value in zip(names, values, strict=True):
            inside = value.kept_arrays() if hasattr(value, "kept_arrays") else value  # an index may hold arrays
            for array in inside if isinstance(inside, (list, tuple)) else (inside,):
                if is_array(array):
                    change = _versions.get(id(storage(array)))
                    if change is not None and change.when > node.clock:
                        raise GraphError(_changed_message(node, name, array, change))


def _changed_message(node: Node, name: str, array: Any, change: Version) -> str:
    which = "its result" if name == "out" else f"its argument `{name}`"
    called = _variable_name(array)
    return (
        f"{node.plan.name}: {which}{f' (the variable `{called}`)' if called else ''}, kept for the backward pass "
        f"({array.dtype}, shape {tuple(array.shape)}), was changed in place by `{change.op}`"
        f"{f' at {change.where}' if change.where else ''} before backward() came to it. Change a clone() instead, "
        f"use the operation that returns a new tensor, or call backward() before the change"
    )


def _variable_name(array: Any) -> str:
    """The name by which the user's own frames know a tensor on this storage, or ""."""
    owner = storage(array)
    frame = sys._getframe(1)
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_PACKAGE):
            for name, value in {**frame.f_globals, **frame.f_locals}.items():
                data = getattr(value, "_array", None) if type(value).__module__.startswith("minigrad") else None
                if data is not None and storage(data) is owner:
                    return name
        frame = frame.f_back  # type: ignore[assignment]
    return ""


class _Probe:
    """Stands for a tensor on an array that nothing else refers to."""

    __slots__ = ("_array",)

    def __init__(self) -> None:
        self._array = bytearray(1)


_probe = _Probe()
OWN_REFERENCES = sys.getrefcount(_probe._array)  # as many are found to the array of a tensor that nobody else knows
