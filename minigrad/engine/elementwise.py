"""Unary and binary primitives by the short road: element-wise ones, products of matrices, sums over everything.

They do what `primitive` does, written out for one and for two operands: small tensors spend their time here, and this
road takes half as long as the general one (`python tests/benchmarks/overhead.py`).
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from numpy import ndarray

from minigrad.backend import LARGE, asarray, in_parts, is_array, kernel, quietly, runs, silently
from minigrad.dtypes import get_default_dtype, result_type
from minigrad.engine.graph import Node, clock
from minigrad.engine.messages import brought_together, describe, retry
from minigrad.engine.modes import modes
from minigrad.engine.primitive import RUNS, Primitive, Rule, new_tensor
from minigrad.engine.tensor import Tensor
from minigrad.errors import DtypeError

NUMBERS = (bool, int, float)
PLAIN = {int, float}
run_by: Callable[..., Any] = quietly  # what runs the forwards
runs(globals())


def _named(op: Primitive, call: Callable[..., Any], doc: str) -> Callable[..., Any]:
    op.call = call
    call.__name__ = call.__qualname__ = op.name
    call.__doc__, call.__module__ = doc, "minigrad"
    call.primitive = op  # type: ignore[attr-defined]
    return call


def _functions(
    name: str, function: "str | Callable[..., Any]", local: bool
) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    """The forward for NumPy arrays, for large ones, and for any: a function that works on all, or the name of one that
    each library has."""
    if callable(function):
        on_cpu = run = function
    else:
        wanted = function or name
        on_cpu = kernel(wanted)

        def run(*operands: Any) -> Any:
            return kernel(wanted, next((x for x in operands if is_array(x)), None))(*operands)

    large = partial(in_parts, on_cpu) if local else on_cpu
    RUNS[on_cpu] = RUNS[large] = RUNS[run] = name, run
    return on_cpu, large, run


def unary(
    name: str, doc: str, rule: Rule | None, function: "str | Callable[..., Any]" = "", floating: bool = True,
    local: bool = True,
) -> Callable[..., Any]:  # fmt: skip
    """An op of one operand. `floating`: integers are brought to the default floating dtype first, as PyTorch does.
    `local`: element by element, which a sum is not."""
    on_cpu, large, run = _functions(name, function, local)

    def forward(input: Any) -> Any:
        return run(input)

    op = Primitive(name, forward, {} if rule is None else {"input": rule}, local=local)
    plan = op.plan((True,)) if rule else None

    def call(input: Any) -> Any:
        if not isinstance(input, Tensor):
            return run(raw(input, name, "input"))
        x = input._array
        origin = input._node if input._base is None else input._current()
        if floating and origin is None and x.dtype.kind != "f":
            x = floated(x)
        try:
            out = run_by((on_cpu if x.size < LARGE else large) if x.__class__ is ndarray else run, x)
        except Exception as error:
            out = retry(name, run, [x], {}, error)
        shape = out.shape
        if not shape:
            out = asarray(out)
        t = new_tensor(Tensor)
        t._array, t._node = out, None
        t._base = t._grad = None
        if origin is not None and plan is not None and (recording := modes.grad):
            t._node = node = Node()
            node.plan, node.parents, node.kept = plan, (origin,), plan.keep(x, out)
            node.shape, node.dtype, node.clock, node.watch = shape, out.dtype, clock.now, None
            if recording is not True:
                recording.forward(name, (input,), out, node)
        return t

    return _named(op, call, doc)


def binary(
    name: str,
    doc: str,
    input: Rule | None,
    other: Rule | None,
    function: "str | Callable[..., Any]" = "",
    floating: bool = False,
    local: bool = True,
) -> Callable[..., Any]:
    """An op of two operands that broadcast. Their dtypes are promoted as PyTorch does; the engine un-broadcasts.
    `local`: element by element, which a product of matrices is not."""
    on_cpu, large, run = _functions(name, function, local)

    def forward(input: Any, other: Any) -> Any:
        return run(input, other)

    rules = {} if input is None or other is None else {"input": input, "other": other}
    op = Primitive(name, forward, rules, local=local)
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
            elif other.__class__ in PLAIN and x.dtype.kind == "f":
                y, b = other, None
            else:
                x, y = promoted(x, constant(other, name, "other"), floating)
                b = None
        else:
            if not isinstance(other, Tensor):
                x, y = raw(input, name, "input"), raw(other, name, "other")
                if not hasattr(x, "dtype") and not hasattr(y, "dtype"):
                    raise DtypeError(f"{name}: expected a Tensor or an array among its operands, got {x!r} and {y!r}")
                return run(x, y)
            a, b = None, other._current()
            x, y = promoted(constant(input, name, "input"), other._array, floating)
        try:
            out = run_by((on_cpu if x.size < LARGE else large) if x.__class__ is ndarray else run, x, y)
        except Exception as error:
            moved = brought_together(name, (input, other))
            if moved is not None:
                return call(*moved)
            out = retry(name, run, [x, y], {}, error)
        shape = out.shape
        if not shape:
            out = asarray(out)
        t = new_tensor(Tensor)
        t._array, t._node = out, None
        t._base = t._grad = None
        if (a is not None or b is not None) and both is not None and (recording := modes.grad):
            t._node = node = Node()
            if b is None:
                node.plan, node.parents = first, (a,)  # type: ignore[assignment]
            elif a is None:
                node.plan, node.parents = second, (b,)  # type: ignore[assignment]
            else:
                node.plan, node.parents = both, (a, b)
            node.kept, node.watch = node.plan.keep(x, y, out), None
            node.shape, node.dtype, node.clock = shape, out.dtype, clock.now
            if recording is not True:
                recording.forward(name, (input, other), out, node)
        return t

    return _named(op, call, doc)


def is_number(x: Any) -> bool:
    """Is it a Python number (and not a NumPy scalar, some of which are Python floats too)?"""
    return isinstance(x, NUMBERS) and not hasattr(x, "dtype")


def constant(x: Any, op: str, argument: str) -> Any:
    """An operand's raw value: a Tensor's array; arrays and Python numbers as they are; NumPy's scalars as Python's."""
    if isinstance(x, Tensor):
        return x._array
    if is_number(x) or is_array(x):
        return x
    if hasattr(x, "dtype") and hasattr(x, "item"):
        return x.item()
    raise DtypeError(f"{op}: `{argument}`: expected a Tensor, an array or a number, got {describe(x)}")


def raw(x: Any, op: str, argument: str) -> Any:
    """An operand where no Tensor is: NumPy's scalars stay: arithmetic on 0-d arrays inside a rule gives them."""
    return x if hasattr(x, "dtype") else constant(x, op, argument)


def floated(x: Any) -> Any:
    """A bool or integer array in the default floating dtype; others as they are."""
    return x.astype(get_default_dtype()) if x.dtype.kind in "biu" else x


def promoted(x: Any, y: Any, floating: bool = False) -> tuple[Any, Any]:
    """Two operands (arrays, Tensors, numbers) brought to the dtype of their result. Python numbers stay as they are:
    against an array of the result's dtype they weigh nothing, in NumPy as in PyTorch."""
    dtype = result_type(x, y)
    if floating and dtype.kind in "biu":
        dtype = get_default_dtype()
    return cast(x, dtype), cast(y, dtype)


def cast(x: Any, dtype: Any) -> Any:
    """`x` in that dtype: itself if it is, or if it is a number."""
    if is_number(x) or x.dtype == dtype:
        return x
    return x.astype(dtype) if isinstance(x, Tensor) else silently(x.astype, dtype)
