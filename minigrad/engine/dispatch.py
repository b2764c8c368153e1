"""Calling an operation: given Tensors it runs the forward (its definition, or an execution that takes the arrays) and
records it; given raw arrays it just runs it. `elementwise.py` does the same, specialized for one and two operands.
"""

from collections.abc import Callable
from typing import Any

from numpy import ndarray

from minigrad.backend import asarray, storage
from minigrad.backend import run as runner
from minigrad.engine.executions import Execution, select
from minigrad.engine.graph import Node
from minigrad.engine.messages import explain_failure, move_scalars
from minigrad.engine.modes import modes
from minigrad.engine.primitive import Primitive, Rule, new_tensor
from minigrad.engine.tensor import Tensor, set_view
from minigrad.engine.versions import clock

UNKNOWN = (None,)  # no array of this class has come by yet: its executions are still to be looked up


def choose(op: Any, arrays: Any, static: dict[str, Any]) -> Execution | None:
    """The execution that takes these arrays, as `executions.select` finds it, looked for here first."""
    for choice in op.choices.get(arrays[0].__class__, UNKNOWN):
        if choice.__class__ is not Execution:
            return select(op, arrays, static)
        if choice.accepts(*arrays, **static):
            found: Execution = choice
            return found
    return None


def primitive(
    view: bool = False, name: str = "", zero_preserving: bool = False, elementwise: bool = False,
    also: tuple[str, ...] = (), **rules: Rule,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # fmt: skip
    """Register a forward, and return the op: given Tensors it records; given only raw arrays it is the forward.

    The forward's positional parameters are arrays (None, Python numbers and raw arrays are constants), its keyword-only
    ones are settings. One without a rule is not differentiable. `view=True`: the result looks at the first argument's
    memory wherever the forward's result does. `zero_preserving`: its gradient has zeros that must stay zero, and
    `elementwise`: element by element (see `backward._keep_zeros`). `also`: names for what the forward returns beside
    its result, raw arrays that have no gradient, which rules may name; the op then returns (result, *those).
    """

    def register(forward: Callable[..., Any]) -> Callable[..., Any]:
        op = Primitive(name or forward.__name__, forward, rules, view, zero_preserving, elementwise, also)
        call = _unary(op) if len(op.arguments) == 1 and not op.variadic and not also else _n_ary(op)
        return named(op, call, forward.__doc__, forward.__module__)

    return register


def named(op: Any, call: Any, doc: str | None, module: str) -> Callable[..., Any]:
    """The op as a function that looks like its forward."""
    op.call = call
    call.__name__ = call.__qualname__ = op.name
    call.__doc__, call.__module__, call.primitive = doc, module, op
    made: Callable[..., Any] = call
    return made


def _unary(op: Primitive) -> Callable[..., Any]:
    """The op of a forward with one array argument: the common case, and so without lists."""
    definition, view, plan, choices = op.definition, op.view, op.plan((True,)) if op.rules else None, op.choices

    def call(input: Any, **static: Any) -> Any:
        if not isinstance(input, Tensor):
            return run_on_arrays(op, (input,), static)
        x = input._array
        origin = input._node if input._base is None else input._current()
        forward, planned = definition, plan
        if choices.get(x.__class__, UNKNOWN) and (execution := choose(op, (x,), static)) is not None:
            forward, planned = execution.forward or definition, execution.plan((True,)) if op.rules else None
        try:
            out = runner.run(forward, x, **static)
        except Exception as error:
            out = explain_failure(op.name, forward, [x], static, error)
        shape = out.shape
        if not shape and out.__class__ is not ndarray:
            out = asarray(out)
        t = new_tensor(Tensor)
        t._array, t._node = out, None
        t._base = t._grad = None
        if origin is not None and planned is not None and (recording := modes.grad):
            t._node = node = Node()
            node.plan, node.parents, node.kept, node.hooks = planned, (origin,), planned.keep(x, out, static), None
            node.shape, node.dtype, node.clock = shape, out.dtype, clock.now
            if recording is not True:
                recording.forward(op.name, (input,), out, node)
        if view and (base := out.base) is not None and (base is x or storage(base) is storage(x)):
            set_view(t, input, call, static)
        return t

    return call


def _n_ary(op: Primitive) -> Callable[..., Any]:
    """The op of any other forward."""
    definition, rules, view, also = op.definition, op.rules, op.view, op.also

    def call(*args: Any, **static: Any) -> Any:
        raw, parents, mask, tensors = [], [], [], False
        for a in args:
            node = None
            if isinstance(a, Tensor):
                tensors = True
                raw.append(a._array)
                node = a._node if a._base is None else a._current()
                if node is not None:
                    parents.append(node)
            else:
                raw.append(a)
            mask.append(node is not None)
        if not tensors:
            return run_on_arrays(op, args, static)
        execution = choose(op, raw, static)
        forward = definition if execution is None else execution.forward or definition
        try:
            out = runner.run(forward, *raw, **static)
        except Exception as error:
            moved = move_scalars(op.name, args)
            if moved is not None:
                return call(*moved, **static)
            out = explain_failure(op.name, forward, raw, static, error)
        out, *others = out if also else (out,)
        if not out.shape:
            out = asarray(out)
        t = new_tensor(Tensor)
        t._array, t._node = out, None
        t._base = t._grad = None
        if parents and rules and (recording := modes.grad):
            key = tuple(mask)
            of = op if execution is None else execution
            plan = of.plans.get(key) or of.plan(key)
            t._node = node = Node()
            node.plan, node.parents, node.hooks = plan, tuple(parents), None
            node.kept = plan.keep(*raw, out, static, *others)
            node.shape, node.dtype, node.clock = out.shape, out.dtype, clock.now
            if recording is not True:
                recording.forward(op.name, args, out, node)
        if view and isinstance(args[0], Tensor) and storage(out) is storage(raw[0]):
            set_view(t, args[0], call, static)
        return (t, *others) if also else t

    return call


def run_on_arrays(op: Primitive, arrays: Any, static: dict[str, Any]) -> Any:
    """The forward, where no Tensor is among the operands: in rules, that is."""
    execution = choose(op, arrays, static)
    forward = op.definition if execution is None else execution.forward or op.definition
    return forward(*arrays, **static)
