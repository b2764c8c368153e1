"""Primitives specialized for one and two operands: element-wise ones, products of matrices, sums over everything.

They do what `dispatch.primitive` does, written out for one and for two operands: small tensors spend their time here,
and this takes half as long as the general way (`python tests/benchmarks/overhead.py`).
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from numpy import asarray, generic, ndarray

from minigrad.backend import MIN_PARALLEL, array_function, chunked_map, is_array
from minigrad.backend import run as runner
from minigrad.engine.dispatch import choose, named
from minigrad.engine.executions import FORWARDS
from minigrad.engine.graph import Node
from minigrad.engine.messages import explain_failure, move_scalars
from minigrad.engine.modes import modes
from minigrad.engine.primitive import Primitive, Rule, new_tensor
from minigrad.engine.promotion import constant, floated, promoted, raw
from minigrad.engine.tensor import Tensor
from minigrad.engine.versions import clock
from minigrad.errors import DtypeError

PLAIN = {int, float}
SMALL = 2**13  # elements: of fewer, an array is done as it is defined, and no other way is looked for


class _Forward:
    """The forward of an element-wise op, by the array at hand: a function that works on all, or the name of one that
    each library has."""

    def __init__(self, name: str, function: "str | Callable[..., Any]", elementwise: bool) -> None:
        wanted = function or name
        self.on_cpu = wanted if callable(wanted) else array_function(wanted)
        self.any = wanted if callable(wanted) else partial(_by_name, wanted)
        self.large = partial(chunked_map, self.on_cpu) if elementwise else self.on_cpu
        for forward in (self.on_cpu, self.large, self.any):
            FORWARDS[forward] = name, self.any

    def select(self, op: Primitive, plan: Any, operands: Any) -> tuple[Any, Any]:
        """What to run for operands of some size or on a GPU, and what the backward pass does then."""
        execution = choose(op, operands, {})
        if execution is not None:
            plan = None if plan is None else execution.plan(plan.mask)
            if execution.forward is not None:
                return execution.forward, plan
        first = operands[0]
        if first.__class__ is not ndarray:
            return self.any, plan
        return self.on_cpu if first.size < MIN_PARALLEL else self.large, plan


def _by_name(name: str, *operands: Any) -> Any:
    return array_function(name, next((x for x in operands if is_array(x)), None))(*operands)


def _beyond_half(x: Any, number: Any) -> bool:
    """Is this a number that beside a float16 `x` would be taken for infinity or 0? The op is then done in float32."""
    if x.dtype.char != "e" or not isinstance(number, (int, float)) or hasattr(number, "dtype"):
        return False
    return bool(number) and not 6.1e-5 < abs(number) < 65520


def _halved(out: Tensor) -> Tensor:
    return out.astype("float16") if out._array.dtype.char == "f" else out


def unary(
    name: str, doc: str, rule: Rule | None, function: "str | Callable[..., Any]" = "", floating: bool = True,
    elementwise: bool = True,
) -> Callable[..., Any]:  # fmt: skip
    """An op of one operand. `floating`: integers are brought to the default floating dtype first, as PyTorch does.
    `elementwise`: element by element, which a sum is not."""
    run = _Forward(name, function, elementwise)
    on_cpu = run.on_cpu

    def definition(input: Any) -> Any:
        return run.any(input)

    op = Primitive(name, definition, {} if rule is None else {"input": rule}, elementwise=elementwise)
    plan = op.plan((True,)) if rule else None

    def call(input: Any) -> Any:
        if not isinstance(input, Tensor):
            x = raw(input, name, "input")
            return run.any(x) if x.__class__ is not ndarray or x.size < SMALL else run.select(op, None, (x,))[0](x)
        x = input._array
        origin = input._node if input._base is None else input._current()
        if floating and origin is None and x.dtype.kind != "f":
            x = floated(x)
        forward, planned = (on_cpu, plan) if x.__class__ is ndarray and x.size < SMALL else run.select(op, plan, (x,))
        try:
            out = runner.run(forward, x)
        except Exception as error:
            out = explain_failure(name, run.any, [x], {}, error)
        shape = out.shape
        if not shape and isinstance(out, generic):
            out = asarray(out)
        t = new_tensor(Tensor)
        t._array, t._node = out, None
        t._base = t._grad = None
        if origin is not None and planned is not None and (recording := modes.grad):
            t._node = node = Node()
            node.plan, node.parents, node.kept = planned, (origin,), planned.keep(x, out)
            node.shape, node.dtype, node.clock, node.hooks = shape, out.dtype, clock.now, None
            if recording is not True:
                recording.forward(name, (input,), out, node)
        return t

    return named(op, call, doc, "minigrad")


def binary(
    name: str,
    doc: str,
    input: Rule | None,
    other: Rule | None,
    function: "str | Callable[..., Any]" = "",
    floating: bool = False,
    elementwise: bool = True,
) -> Callable[..., Any]:
    """An op of two operands that broadcast. Their dtypes are promoted as PyTorch does; the engine un-broadcasts.
    `elementwise`: element by element, which a product of matrices is not."""
    run = _Forward(name, function, elementwise)
    on_cpu = run.on_cpu

    def definition(input: Any, other: Any) -> Any:
        return run.any(input, other)

    rules = {} if input is None or other is None else {"input": input, "other": other}
    op = Primitive(name, definition, rules, elementwise=elementwise)
    both, first, second = (op.plan(m) if op.rules else None for m in ((True, True), (True, False), (False, True)))

    def call(input: Any, other: Any) -> Any:
        if isinstance(input, Tensor):
            x = input._array
            a = input._node if input._base is None else input._current()
            if isinstance(other, Tensor):
                y = other._array
                b = other._node if other._base is None else other._current()
                if x.dtype is not y.dtype or (floating and x.dtype.kind != "f"):
                    x, y = promoted(x, y, floating)
            elif other.__class__ in PLAIN and x.dtype.char in "fd":
                y, b = other, None
            else:
                x, y = promoted(x, constant(other, name, "other"), floating)
                if _beyond_half(x, y):
                    return _halved(call(input.astype("float32"), other))
                b = None
        else:
            if not isinstance(other, Tensor):
                x, y = raw(input, name, "input"), raw(other, name, "other")
                if not hasattr(x, "dtype") and not hasattr(y, "dtype"):
                    raise DtypeError(f"{name}: expected a Tensor or an array among its operands, got {x!r} and {y!r}")
                small = x.__class__ is not ndarray or x.size < SMALL
                return run.any(x, y) if small else run.select(op, None, (x, y))[0](x, y)
            a, b = None, other._current()
            x, y = promoted(constant(input, name, "input"), other._array, floating)
            if _beyond_half(y, x):
                return _halved(call(input, other.astype("float32")))
        plan = both if a is not None and b is not None else first if a is not None else second
        forward = on_cpu
        if x.__class__ is not ndarray or x.size >= SMALL:
            forward, plan = run.select(op, plan, (x, y))
        try:
            out = runner.run(forward, x, y)
        except Exception as error:
            moved = move_scalars(name, (input, other))
            if moved is not None:
                return call(*moved)
            out = explain_failure(name, run.any, [x, y], {}, error)
        shape = out.shape
        if not shape and isinstance(out, generic):
            out = asarray(out)
        t = new_tensor(Tensor)
        t._array, t._node = out, None
        t._base = t._grad = None
        if (a is not None or b is not None) and plan is not None and (recording := modes.grad):
            t._node = node = Node()
            node.plan, node.parents = plan, (b,) if a is None else (a,) if b is None else (a, b)  # type: ignore[assignment]
            node.kept, node.hooks = plan.keep(x, y, out), None
            node.shape, node.dtype, node.clock = shape, out.dtype, clock.now
            if recording is not True:
                recording.forward(name, (input, other), out, node)
        return t

    return named(op, call, doc, "minigrad")
