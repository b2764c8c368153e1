"""The recorded graph: nodes, leaves, and the clock that finds arrays changed in place after they were kept.

A `Node` is not a Tensor: it holds what the backward pass needs and nothing that points back at its own result, so
that dropping the loss frees the graph by reference counts alone.
"""

import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minigrad.backend import is_array, storage
from minigrad.errors import GraphError

if TYPE_CHECKING:
    from minigrad.engine.primitive import Plan
    from minigrad.engine.tensor import Tensor

FREED: Any = None


class Node:
    """One recorded operation.

    plan     which op, which of its arguments need a gradient, and their rules
    parents  the nodes of those arguments
    kept     for each of them, the values its rule's parameters name; FREED once the walk has passed
    shape, dtype  of the result: what a gradient that arrives here is brought to
    clock    how many in-place changes the process had seen when the values were kept
    watch    hooks and retained gradients, or None
    """

    __slots__ = ("plan", "parents", "kept", "shape", "dtype", "clock", "watch", "__weakref__")
    plan: "Plan"
    parents: "tuple[Node, ...]"
    kept: Any
    shape: tuple[int, ...]
    dtype: Any
    clock: int
    watch: "Watch | None"

    def name(self) -> str:
        """PyTorch's way to name it: `MulBackward`."""
        return "".join(part.capitalize() for part in self.plan.name.split("_")) + "Backward"

    @property
    def next_functions(self) -> "tuple[tuple[Node | None, int], ...]":
        """For each tensor argument the node it came from (None where it needs no gradient), and an output number."""
        nodes = iter(self.parents)
        return tuple((next(nodes) if need else None, 0) for need in self.plan.mask)

    def __repr__(self) -> str:
        return f"<{self.name()}>"


class Leaf(Node):
    """Where a gradient comes to rest: stands for a tensor that the user made and that requires grad."""

    __slots__ = ("owner",)

    def __init__(self, tensor: "Tensor") -> None:
        self.parents, self.kept, self.watch, self.clock = (), (), None, 0
        self.shape, self.dtype = tensor._array.shape, tensor._array.dtype
        self.owner = weakref.ref(tensor)

    @property
    def variable(self) -> "Tensor | None":
        """The tensor, as PyTorch's AccumulateGrad node names it."""
        return self.owner()

    def name(self) -> str:
        return "AccumulateGrad"

    @property
    def next_functions(self) -> "tuple[tuple[Node | None, int], ...]":
        return ()


class Watch:
    """Who wants to see a node's gradient: hooks, the tensor that retains it, hooks after accumulation."""

    __slots__ = ("hooks", "retain", "after")

    def __init__(self) -> None:
        self.hooks: dict[int, Callable[[Any], Any]] = {}
        self.after: dict[int, Callable[[Any], Any]] = {}
        self.retain: weakref.ref[Tensor] | None = None


def watch(node: Node) -> Watch:
    """The node's Watch, made on first use."""
    if node.watch is None:
        node.watch = Watch()
    return node.watch


def hand_over(old: Node | None, new: Node) -> None:
    """A tensor moves on from one node to another: if it retains its gradient, it does so there."""
    if old is not None and old.watch is not None and old.watch.retain is not None:
        watch(new).retain, old.watch.retain = old.watch.retain, None


class Handle:
    """What `register_hook` returns: `remove()` takes the hook away; leaving a `with` block does too."""

    _last = 0

    def __init__(self, hooks: dict[int, Any], hook: Callable[..., Any]) -> None:
        Handle._last += 1
        self.id, self._hooks = Handle._last, hooks
        hooks[self.id] = hook

    def remove(self) -> None:
        """Take the hook away (again: no harm)."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> "Handle":
        return self

    def __exit__(self, *exc: Any) -> None:
        self.remove()


# --- in-place changes -------------------------------------------------------------------------------------------
# Nothing is counted per tensor. The process counts in-place changes (`clock.now`), each node notes the count when it
# keeps its values, and each changed storage notes the count of its last change. A kept array is stale where its
# storage's count is higher than its node's. While nothing was changed since the forward pass, the backward pass
# pays one integer comparison a node. An address that is used again brings no false alarm: whatever was kept there
# was kept after the change that the old entry speaks of.


class _Clock:
    __slots__ = ("now",)

    def __init__(self) -> None:
        self.now = 0


class Change:
    """The last in-place change of one storage: when, by which op, where in the user's code, and how many there were."""

    __slots__ = ("when", "op", "where", "count", "alive")

    def __init__(self) -> None:
        self.when, self.op, self.where, self.count = 0, "", "", 0
        self.alive: Any = None


clock = _Clock()
_changes: dict[int, Change] = {}
_lock = threading.Lock()
_PACKAGE = str(Path(__file__).parents[1])


def user_line() -> str:
    """`file.py:12` of the innermost frame outside minigrad, or "" where there is none."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back  # type: ignore[assignment]
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}" if frame is not None else ""


def changed(array: Any, op: str, where: str = "") -> None:
    """Note that `op` has changed `array`'s memory in place."""
    owner = storage(array)
    key = id(owner)
    with _lock:
        clock.now += 1
        change = _changes.get(key)
        if change is None or change.alive() is not owner:
            change = _changes[key] = Change()
            change.alive = weakref.ref(owner, lambda ref: _forget(key, ref))
        change.when, change.op, change.where, change.count = clock.now, op, where, change.count + 1


def _forget(key: int, ref: Any) -> None:
    change = _changes.get(key)
    if change is not None and change.alive is ref:
        del _changes[key]


def version(array: Any) -> int:
    """How many in-place changes the array's storage has seen."""
    owner = storage(array)
    change = _changes.get(id(owner))
    return change.count if change is not None and change.alive() is owner else 0


def check_unchanged(node: Node, kept: Any) -> None:
    """Raise GraphError where an array that `node` kept was changed in place since."""
    for names, values in zip(node.plan.kept_names, kept, strict=True):
        for name, value in zip(names, values, strict=True):
            inside = value.kept_arrays() if hasattr(value, "kept_arrays") else value  # an index may hold arrays
            for array in inside if isinstance(inside, (list, tuple)) else (inside,):
                if is_array(array):
                    change = _changes.get(id(storage(array)))
                    if change is not None and change.when > node.clock:
                        raise GraphError(_changed_message(node, name, array, change))


def _changed_message(node: Node, name: str, array: Any, change: Change) -> str:
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
