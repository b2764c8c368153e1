"""How operations are done fast: a registry of executions, and the one place where one is chosen for a call.

An operation's definition says what it is, for arrays of any library. An *execution* is another way to the same result,
for arrays that suit it: by an executor (a folder of `minigrad/executors/`) in a file named after the definition's. The
definition does not know of it; a generic test holds every execution to its definition.

    @execution(softmax, "cupy")
    def softmax_in_two_launches(x, *, dim): ...

When an operation first meets an array, the files of its executions are imported: `executors/*/norm.py` for the
operations of `ops/nn/norm.py`. From then on the choice is a look-up by the array's class, and for small arrays no more.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from numpy import ndarray

Accepts = Callable[..., bool]


class Executor(NamedTuple):
    """A library that does operations.

    arrays: the package whose arrays it takes. suits: is an array of a kind and size for it, so that importing it pays?
    lacks: why it cannot be used here, in a few words; "" if it can.
    """

    name: str
    arrays: str
    suits: Callable[[Any], bool] = lambda array: True
    lacks: Callable[[], str] = str


EXECUTORS: dict[str, Executor] = {}  # in the order in which they are asked; `minigrad.executors` fills it
VARIABLE = "MINIGRAD_EXECUTORS"  # names, separated by commas: the only ones to be used
_wanted: list[frozenset[str]] = []  # what `only` says, innermost last
_choices: list[dict[type, tuple[Any, ...]]] = []  # what was looked up so far, of every operation


# what runs an op, by itself: the op's name, and the function that does the same for arrays of any library
FORWARDS: dict[Any, tuple[str, Callable[..., Any]]] = {}


def always(*arrays: Any, **settings: Any) -> bool:
    """Accepts whatever arrays of its executor come."""
    return True


MIN_LARGE = 2**13  # elements: of fewer, array functions are done as soon as compiled code


def is_float32(*arrays: Any, at_least: int = MIN_LARGE) -> bool:
    """Are these NumPy arrays of float32, the dtype of training, in C order, the first of some size? What compiled code
    takes; of fewer elements array functions are done as soon."""
    if arrays[0].size < at_least:
        return False
    for a in arrays:
        if a.__class__ is not ndarray or a.dtype.char != "f" or not a.flags.c_contiguous:
            return False
    return True


class Execution:
    """One way to do an operation: `forward` (None: as defined), what replaces its definition's VJPs, and `accepts`.

    Of a primitive `vjps` are rules by argument, with the parameters of the definition's. Of a composite operation
    `forward` returns (result, residuals), and `backward(g, needed, residuals, *arrays, **settings)` a gradient for each
    array, None where `needed` is False.
    """

    __slots__ = ("op", "executor", "forward", "backward", "vjps", "accepts", "plans")

    def __init__(
        self, op: Any, executor: str, forward: Any, backward: Any, vjps: dict[str, Any], accepts: Accepts
    ) -> None:
        self.op, self.executor, self.forward, self.backward = op, executor, forward, backward
        self.vjps, self.accepts = vjps, accepts
        self.plans: dict[tuple[bool, ...], Any] = {}

    def plan(self, mask: tuple[bool, ...]) -> Any:
        """What the backward pass does for these arguments (True: needs a gradient), made once."""
        found = self.plans.get(mask)
        if found is None:
            found = self.plans[mask] = self.op.plan_of(mask, self)
        return found

    def __repr__(self) -> str:
        return f"<{self.executor}'s {self.op.name}>"


def execution(
    call: Any, executor: str, accepts: Accepts = always, backward: Any = None, **vjps: Any
) -> Callable[[Any], Any]:
    """Register a forward as an execution of an operation; `register` without one."""

    def decorate(forward: Any) -> Any:
        register(call, executor, accepts, forward, backward, **vjps)
        return forward

    return decorate


def register(
    call: Any, executor: str, accepts: Accepts = always, forward: Any = None, backward: Any = None, **vjps: Any
) -> Execution:
    """Register an execution of the operation that `call` is."""
    op = call.primitive
    made = Execution(op, executor, forward, backward, vjps, accepts)
    op.executions.append(made)
    op.choices.clear()
    if forward is not None:
        FORWARDS[forward] = op.name, call
    return made


def select(op: Any, arrays: Any, settings: dict[str, Any]) -> Execution | None:
    """The first execution that takes these arrays; None: the definition."""
    kind = arrays[0].__class__
    choices = op.choices.get(kind)
    if choices is None:
        choices = _look_up(op, kind)
    for choice in choices:
        if choice.__class__ is Executor:  # not imported yet
            if choice.suits(arrays[0]):
                _load(op, choice)
                op.choices.pop(kind, None)
                return select(op, arrays, settings)
        elif choice.accepts(*arrays, **settings):
            found: Execution = choice
            return found
    return None


def _look_up(op: Any, kind: type) -> tuple[Any, ...]:
    """The executions and the executors still to be imported for arrays of a class, in order."""
    package = "numpy" if kind is ndarray else kind.__module__.partition(".")[0]
    found: list[Any] = []
    for executor in EXECUTORS.values():
        if executor.arrays != package or not is_enabled(executor.name):
            continue
        found += [e for e in op.executions if e.executor == executor.name]
        if executor.name not in op.loaded and _file(op, executor):
            found.append(executor)
    op.choices[kind] = tuple(found)
    if op.choices not in _choices:
        _choices.append(op.choices)
    return op.choices[kind]


def _file(op: Any, executor: Executor) -> str:
    """The module with an executor's ways to do this operation and its family; "" if there is none."""
    package, _, family = op.family.rpartition(".")
    there = package.startswith("minigrad.ops") and family in _families(executor.name)
    return f"minigrad.executors.{executor.name}.{family}" if there else ""


@cache
def _families(executor: str) -> frozenset[str]:
    """The names of its files."""
    path = import_module(f"minigrad.executors.{executor}").__path__
    return frozenset(name.removesuffix(".py") for folder in path for name in os.listdir(folder))


@cache
def lacks(executor: Executor) -> str:
    """Why it cannot be used here, looked up once; "" if it can."""
    return executor.lacks()


def _load(op: Any, executor: Executor) -> None:
    op.loaded.add(executor.name)
    if not lacks(executor):
        import_module(_file(op, executor))


def load_all(op: Any) -> list[Execution]:
    """All executions of an operation that can be had here, imported now."""
    for executor in EXECUTORS.values():
        if executor.name not in op.loaded and _file(op, executor):
            _load(op, executor)
    op.choices.clear()
    return list(op.executions)


def is_enabled(executor: str) -> bool:
    """May this executor be used: by `only`, or else by the variable MINIGRAD_EXECUTORS?"""
    if _wanted:
        return executor in _wanted[-1]
    named = os.environ.get(VARIABLE)
    if named is None:
        return True
    names = {name.strip() for name in named.split(",") if name.strip()}
    if unknown := names - EXECUTORS.keys() - {"reference"}:
        raise ValueError(
            f"the variable {VARIABLE} is {named!r}: expected names among {', '.join(EXECUTORS)}, or `reference` for "
            f"none of them, got {', '.join(sorted(unknown))}"
        )
    return executor in names


@contextmanager
def only(*executors: str) -> Iterator[None]:
    """Use these executors alone within the block; with none of them operations are done as they are defined."""
    _wanted.append(frozenset(executors))
    forget_choices()
    try:
        yield
    finally:
        _wanted.pop()
        forget_choices()


def forget_choices() -> None:
    """Look executions up anew: which are enabled has changed."""
    for choices in _choices:
        choices.clear()
