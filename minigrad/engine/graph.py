"""The recorded graph: nodes, where gradients accumulate, and who sees them pass.

A `Node` is not a Tensor: it holds what the backward pass needs and nothing that points back at its own result, so
that dropping the loss frees the graph by reference counts alone.
"""

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minigrad.engine.primitive import Plan
    from minigrad.engine.tensor import Tensor

FREED: Any = None


class Node:
    """One recorded operation.

    plan     which op, which of its arguments need a gradient, and their rules
    parents  the nodes of those arguments
    kept     for each of them, the values its rule's parameters name; FREED once the backward pass has come by
    shape, dtype  of the result: what a gradient that arrives here is brought to
    clock    how many in-place changes there had been when the values were kept (see versions.py)
    hooks    hooks and retained gradients, or None
    """

    __slots__ = ("plan", "parents", "kept", "shape", "dtype", "clock", "hooks", "__weakref__")
    plan: "Plan"
    parents: "tuple[Node, ...]"
    kept: Any
    shape: tuple[int, ...]
    dtype: Any
    clock: int
    hooks: "NodeHooks | None"

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


class AccumulateGrad(Node):
    """A leaf: adds the gradient that arrives to the `.grad` of a tensor that the user made and that requires grad."""

    __slots__ = ("owner",)

    def __init__(self, tensor: "Tensor") -> None:
        self.parents, self.kept, self.hooks, self.clock = (), (), None, 0
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


class NodeHooks:
    """What is called with a node's gradient: hooks, the tensor that retains it, hooks after accumulation."""

    __slots__ = ("hooks", "retain", "after")

    def __init__(self) -> None:
        self.hooks: dict[int, Callable[[Any], Any]] = {}
        self.after: dict[int, Callable[[Any], Any]] = {}
        self.retain: weakref.ref[Tensor] | None = None


def hooks_of(node: Node) -> NodeHooks:
    """The node's hooks, made on first use."""
    if node.hooks is None:
        node.hooks = NodeHooks()
    return node.hooks


def move_retained_grad(old: Node | None, new: Node) -> None:
    """A tensor moves on from one node to another: if it retains its gradient, it does so there."""
    if old is not None and old.hooks is not None and old.hooks.retain is not None:
        hooks_of(new).retain, old.hooks.retain = old.hooks.retain, None


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
