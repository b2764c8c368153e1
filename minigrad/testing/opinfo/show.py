"""One operation whole: `python -m minigrad.ops NAME` prints its definition, rules, executions, samples, gradients."""

import inspect
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from minigrad.backend import cuda
from minigrad.engine.composite import COMPOSITES, Composite
from minigrad.engine.executions import EXECUTORS, VARIABLE, Execution, is_enabled, load_all
from minigrad.engine.primitive import REGISTRY, Primitive
from minigrad.ops import operations
from minigrad.testing.op_coverage import check_sample
from minigrad.testing.opinfo import OpInfo, large_samples, op_db

PACKAGE = Path(__file__).parents[2]


def show(name: str, prove: bool = True) -> Iterator[str]:
    """Its text, part by part; ValueError for a name that nothing has."""
    op = REGISTRY.get(name) or COMPOSITES.get(name)
    public, row = operations().get(name), op_db.get(name)
    if op is None and public is None:
        near = [n for n in (*operations(), *REGISTRY, *COMPOSITES) if name in n]
        raise ValueError(
            f"there is no operation {name!r}" + (f"; there are {', '.join(sorted(set(near))[:10])}" if near else "")
        )
    if public is not None and (op is None or inspect.unwrap(public) is not op.call):
        yield _source("Public function", public)
    for found in [op] if op is not None else _of_file(public):
        yield from _of_op(found)
    if row is not None:
        yield "Samples: " + "; ".join(s.name for s in row.samples)
        if large := large_samples(row):
            yield "Large samples: " + "; ".join(s.name for s in large)
        if prove:
            yield from _gradient_check(row)


def _of_file(public: Any) -> list[Any]:
    """The operations with executions that stand in the file of a public function: it is made of some of them."""
    family = public.__module__
    names = vars(inspect.getmodule(inspect.unwrap(public)))
    functions, used = [inspect.unwrap(public)], []
    for function in functions:  # which grows by the helpers of that file that they call
        for value in (names.get(n) for n in function.__code__.co_names):
            op = getattr(value, "primitive", None)
            if op is not None and op.family == family:
                used.append(op)
            elif inspect.isfunction(value) and value.__module__ == family and value not in functions:
                functions.append(value)
    return list(dict.fromkeys(used))


def _of_op(op: Primitive | Composite) -> Iterator[str]:
    kind = "Composite" if isinstance(op, Composite) else "Primitive"
    run = inspect.getclosurevars(op.definition).nonlocals.get("run")
    if run is None:
        yield _source(f"{kind} {op.name}", op.definition)
    elif isinstance(run.any, partial):
        yield f"{kind} {op.name}: {op.call.__doc__} The array library's own function `{run.any.args[0]}`."
    else:
        yield _source(f"{kind} {op.name}: {op.call.__doc__} Its forward", run.any)
    for argument, rule in getattr(op, "rules", {}).items():
        yield _source(f"Its VJP for `{argument}`", rule)
    if made := load_all(op):
        ordered = sorted(made, key=lambda e: list(EXECUTORS).index(e.executor))
        yield "Executions, in order of preference:\n" + "\n".join(map(_line, ordered))
    else:
        yield "Executions: none; it is done as it is defined."


def _line(execution: Execution) -> str:
    parts = [f"forward {_place(execution.forward)}" if execution.forward else "forward as defined"]
    if execution.backward:
        parts.append(f"backward {_place(execution.backward)}")
    parts += [f"VJP for `{a}` {_place(rule)}" for a, rule in execution.vjps.items()]
    accepts = inspect.getdoc(execution.accepts) or _place(execution.accepts)
    state = "in use here" if _in_use(execution) else "not in use here"
    return f"  {execution.executor:6} {state}: {', '.join(parts)}\n         accepts: {' '.join(accepts.split())}"


def _in_use(execution: Execution) -> bool:
    executor = EXECUTORS[execution.executor]
    return is_enabled(executor.name) and (executor.arrays != "cupy" or cuda.is_available())


def _source(title: str, function: Callable[..., Any]) -> str:
    plain = inspect.unwrap(function)
    try:
        text = inspect.getsource(plain).rstrip()
    except (OSError, TypeError):
        text = repr(plain)
    return f"{title}, {_place(plain)}:\n\n" + "\n".join(f"    {line}" for line in text.splitlines())


def _place(function: Any) -> str:
    plain = inspect.unwrap(getattr(function, "func", function))
    code = getattr(plain, "__code__", None)
    if code is None:
        return type(plain).__name__
    path = Path(code.co_filename)
    return f"{path.relative_to(PACKAGE) if path.is_relative_to(PACKAGE) else path.name}:{code.co_firstlineno}"


def _gradient_check(row: OpInfo) -> Iterator[str]:
    """The checker's verdict on each sample, at each order that it can be differentiated."""
    lines = []
    for sample in row.samples:
        if not any(a.differentiable for a in sample.arrays()):
            continue
        for order in range(1, min(row.order, 2) + 1):
            verdict = check_sample(row, sample, order)
            lines.append(f"  {verdict.outcome:12} order {order}  {sample.name}")
    yield "Gradient check (the gradient checker, float64):\n" + ("\n".join(lines) or "  nothing to differentiate")


def chosen_executors() -> str:
    """Which executors are enabled, and by what."""
    named = os.environ.get(VARIABLE)
    names = ", ".join(name for name in EXECUTORS if is_enabled(name)) or "none"
    return f"executors: {names}" + (f" ({VARIABLE}={named})" if named is not None else "") + f", NumPy {np.__version__}"
