"""Composite operations: defined as a composition of others, and done in one go where an execution can.

    @composite()
    def layer_norm(input, weight, bias, *, eps): ...  # in operations on Tensors

Where no execution takes the arrays, calling it records its parts. Where one does, it is one node: `forward` gives the
result and its residuals, `backward` from those the gradients of all arguments at once, which share most of their work.
Gradients of gradients always come from the definition: an execution is never differentiated.
"""

from collections.abc import Callable
from typing import Any

from minigrad.backend import run as runner
from minigrad.engine.dispatch import named
from minigrad.engine.executions import Execution, select
from minigrad.engine.gradients import grad
from minigrad.engine.graph import Node
from minigrad.engine.messages import explain_failure
from minigrad.engine.modes import modes, recording
from minigrad.engine.primitive import new_tensor, parameters, wrap
from minigrad.engine.tensor import Tensor
from minigrad.engine.versions import clock

COMPOSITES: "dict[str, Composite]" = {}


class Composite:
    """A registered composite: its definition, executions, and plans."""

    __slots__ = (
        "name", "definition", "arguments", "static", "also", "elementwise", "call", "family", "executions", "choices",
        "loaded",
    )  # fmt: skip

    def __init__(self, name: str, definition: Callable[..., Any], also: int, elementwise: bool) -> None:
        self.name, self.definition, self.also, self.elementwise = name, definition, also, elementwise
        self.arguments, _, self.static = parameters(definition)
        self.call, self.family = definition, definition.__module__
        self.executions: list[Execution] = []
        self.choices: dict[type, tuple[Any, ...]] = {}
        self.loaded: set[str] = set()
        if COMPOSITES.setdefault(name, self) is not self:
            raise ValueError(f"composite {name!r} is registered twice")

    def plan_of(self, mask: tuple[bool, ...], execution: Execution) -> "JointPlan":
        """The plan where that execution has been chosen."""
        return JointPlan(self, mask, execution)

    def __repr__(self) -> str:
        return f"<composite {self.name}>"


def composite(
    name: str = "", also: int = 0, elementwise: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a definition: a function of Tensors (or None) by position and settings by keyword.

    also: how many results it returns beside the first, statistics say, which get no gradient and come as raw arrays. An
    execution's residuals begin with them. elementwise: element by element (see `backward._keep_zeros`).
    """

    def register(definition: Callable[..., Any]) -> Callable[..., Any]:
        op = Composite(name or definition.__name__, definition, also, elementwise)

        def call(*args: Any, **static: Any) -> Any:
            raw, parents, mask = [], [], []
            for a in args:
                node = None
                if isinstance(a, Tensor):
                    raw.append(a._array)
                    node = a._node if a._base is None else a._current()
                    if node is not None:
                        parents.append(node)
                else:
                    raw.append(a)
                mask.append(node is not None)
            execution = select(op, raw, static)
            if execution is None:
                out = definition(*args, **static)
                return (out[0], *[getattr(x, "_array", x) for x in out[1:]]) if also else out
            try:
                out, residuals = runner.run(execution.forward, *raw, **static)
            except Exception as error:
                out, residuals = explain_failure(op.name, execution.forward, raw, static, error)
            t = new_tensor(Tensor)
            t._array, t._node = out, None
            t._base = t._grad = None
            if parents and (recording := modes.grad):
                key = tuple(mask)
                t._node = node = Node()
                node.plan, node.parents = execution.plans.get(key) or execution.plan(key), tuple(parents)
                node.kept, node.hooks = (tuple(raw), residuals, static), None
                node.shape, node.dtype, node.clock = out.shape, out.dtype, clock.now
                if recording is not True:
                    recording.forward(op.name, args, out, node)
            return (t, *residuals[:also]) if also else t

        return named(op, call, definition.__doc__, definition.__module__)

    return register


class JointPlan:
    """What the backward pass does with a node of a composite (see `primitive.Plan`)."""

    __slots__ = ("name", "mask", "op", "execution", "arguments", "kept_names", "needed", "elementwise")
    keeps_arrays, zero_preserving, is_view, chunked, fresh = True, False, False, False, True

    def __init__(self, op: Composite, mask: tuple[bool, ...], execution: Execution) -> None:
        self.name, self.mask, self.op, self.execution, self.elementwise = op.name, mask, op, execution, op.elementwise
        self.needed = tuple(i for i, need in enumerate(mask) if need)
        self.arguments = tuple(op.arguments[i] for i in self.needed)
        self.kept_names = (op.arguments,)  # the residuals are nobody's to change

    def joint(self, g: Any, node: Node, wanted: tuple[bool, ...]) -> list[Any]:
        """The gradients for the node's parents, None where one is not wanted: by the execution for an array g, by the
        definition, and recorded, for a Tensor."""
        arrays, residuals, static = node.kept
        if isinstance(g, Tensor):
            return self._defined(g, self._lifted(node, arrays), static, wanted)
        flags = [False] * len(self.mask)
        for i, want in zip(self.needed, wanted):
            flags[i] = want
        gradients = self.execution.backward(g, tuple(flags), residuals, *arrays, **static)
        return [gradients[i] for i in self.needed]

    def _lifted(self, node: Node, arrays: Any) -> list[Any]:
        sources = dict(zip(self.needed, node.parents))
        return [wrap(a, sources.get(i)) if hasattr(a, "dtype") else a for i, a in enumerate(arrays)]

    def _defined(self, g: Any, args: list[Any], static: dict[str, Any], wanted: tuple[bool, ...]) -> list[Any]:
        """Each argument gets a node of its own, so that one that was made of another, or is the same tensor, does not
        add the other's share."""
        with recording(True):
            apart = [a.clone() if isinstance(a, Tensor) else a for a in args]
            out = self.op.definition(*apart, **static)
            found = iter(grad(out[0] if self.op.also else out, [apart[i] for i, w in zip(self.needed, wanted) if w], g,
                              create_graph=True, allow_unused=True))  # fmt: skip
        return [next(found) if w else None for w in wanted]

    def rule(self, place: int) -> Callable[..., Any]:
        """The gradient for one parent as a function of g and what was kept, for arrays of any library: for what watches
        the backward pass."""

        def rule(g: Any, arrays: Any, residuals: Any, static: dict[str, Any]) -> Any:
            leaves = [_leaf(a) if i in self.needed else a if a is None else wrap(a) for i, a in enumerate(arrays)]
            with recording(True):
                out = self.op.call(*leaves, **static)
            return grad(out[0] if self.op.also else out, leaves[self.needed[place]], wrap(g))[0]._array

        return rule


def _leaf(array: Any) -> Tensor:
    t = new_tensor(Tensor)
    t._array, t._node = array, None
    t._base = t._grad = None
    return t.requires_grad_()
