"""Primitives: an operation's forward on raw arrays, and one gradient (vjp) rule for each differentiable argument.

    @primitive(input=lambda g, out: g * out)
    def exp(input): ...

A rule is written once, in operators and minigrad functions, which work on raw arrays and on Tensors alike. The
backward pass runs it on raw arrays; under `create_graph=True` it runs the *same* rule on Tensors, which records it,
so that gradients of gradients of any order come for free.

**What is kept for the backward pass is what the rule's parameters name**, read once, at registration:
`g` is the gradient that arrives, `out` the result, an argument's name its array, `NAME_shape` just its shape, and a
keyword-only parameter of the forward its value. `add`'s rule takes `(g)`, so `add` keeps nothing.
"""

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

from numpy import ndarray

from minigrad.backend import asarray, is_array, quietly, runs, storage
from minigrad.engine.graph import Node, clock
from minigrad.engine.messages import brought_together, retry
from minigrad.engine.modes import modes
from minigrad.engine.tensor import Tensor, link_view
from minigrad.errors import GraphError

Rule = Callable[..., Any]
REGISTRY: "dict[str, Primitive]" = {}
VIEWS: set[Any] = set()  # the forwards whose results may be views
# what runs an op, by itself: the op's name, and the function that does the same for arrays of any library
RUNS: dict[Any, tuple[str, Callable[..., Any]]] = {}
new_tensor: Callable[[type[Tensor]], Tensor] = Tensor.__new__
run_by: Callable[..., Any] = quietly  # what runs the forwards
runs(globals())


class Plan:
    """An op with a choice of arguments that need gradients: their rules, what those keep, and how to gather it."""

    __slots__ = (
        "name",
        "mask",
        "rules",
        "kept_names",
        "keep",
        "keeps_arrays",
        "arguments",
        "variadic",
        "settings",
        "masks",
        "local",
        "moves",
        "apart",
    )
    keep: Callable[..., Any]

    def __init__(self, op: "Primitive", mask: tuple[bool, ...]) -> None:
        self.name, self.mask, self.variadic = op.name, mask, op.variadic
        self.masks, self.local, self.moves = op.masks, op.local, op.view
        self.apart = op.local and not op.view  # large gradients may be done in parts
        self.arguments = tuple(i if op.variadic else op.arguments[i] for i, need in enumerate(mask) if need)
        for argument in self.arguments:
            if (op.variadic or argument) not in op.rules:
                raise GraphError(
                    f"{op.name}: no gradient is defined with respect to `{argument}`; pass it `.detach()`ed, or "
                    f"compute under no_grad()"
                )
        self.rules = tuple(op.rules[op.variadic or str(a)] for a in self.arguments)
        self.kept_names = tuple(op.names[op.variadic or str(a)] for a in self.arguments)
        self.settings = op.static
        arrays = {"out", *op.arguments, op.variadic}
        self.keeps_arrays = any(name in arrays for names in self.kept_names for name in names)

        def first(*values: Any) -> Any:  # compiled when first used: all of them would take 3 ms of the import
            self.keep = _keeper(op, self.kept_names, self.arguments)
            return self.keep(*values)

        self.keep = first

    def lifted(self, node: Node, kept: Any) -> tuple[tuple[Any, ...], ...]:
        """What `node` kept, with its arrays as Tensors that stand where they stood in the graph."""
        sources: dict[Any, Node] = dict(zip(self.arguments, node.parents, strict=True)) | {"out": node}

        def lift(name: str, value: Any) -> Any:
            if name == self.variadic:
                return tuple(wrap(x, sources.get(i)) if is_array(x) else x for i, x in enumerate(value))
            if name in self.settings or not is_array(value) or isinstance(value, Tensor):
                return value  # a setting stays what it is: an array among them is an index
            return wrap(value, sources.get(name))

        return tuple(
            tuple(lift(name, value) for name, value in zip(names, values, strict=True))
            for names, values in zip(self.kept_names, kept, strict=True)
        )


def _keeper(op: "Primitive", kept_names: Any, arguments: tuple[Any, ...]) -> Callable[..., Any]:
    """Compile what the rules' signatures declare into one expression: for mul, `lambda input, other, out:
    ((other,), (input,))`. A comprehension that does the same takes 1.5 us, which is two whole ops."""

    def value(name: str, argument: Any) -> str:
        if name == "index" and op.variadic:
            return repr(argument)
        if name in op.static:
            return f"static[{name!r}]"
        return name if name in op.known else f"{name.removesuffix('_shape')}.shape"

    rows = ("".join(f"{value(n, a)}, " for n in names) for names, a in zip(kept_names, arguments, strict=True))
    source = "".join(f"({row}), " for row in rows)
    if op.variadic:
        keep: Callable[..., Any] = eval(
            f"lambda *all: (lambda {op.variadic}, out, static: ({source}))(all[:-2], *all[-2:])"
        )
    else:
        keep = eval(f"lambda {', '.join(op.arguments)}, out, static=None: ({source})")
    return keep


def _parameters(function: Callable[..., Any]) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """The names of its arguments, of what stands for any number of them ("" for none), and of its settings. A plain
    function's are read from its code: `inspect.signature` takes 20 times as long, in all a seventh of the import."""
    if isinstance(function, FunctionType) and not function.__dict__:  # it may have a __wrapped__ or __signature__
        code = function.__code__
        names, n = code.co_varnames, code.co_argcount
        end = n + code.co_kwonlyargcount
        return names[:n], names[end] if code.co_flags & inspect.CO_VARARGS else "", names[n:end]
    parameters = inspect.signature(function).parameters.values()
    return (
        tuple(p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)),
        next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), ""),
        tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY),
    )


def _asked(rule: Rule) -> tuple[str, ...]:
    """The names of what a rule takes beside g."""
    arguments, variadic, settings = _parameters(rule)
    return (*arguments, *filter(None, (variadic,)), *settings)[1:]


class Primitive:
    """A registered op: name, forward, argument names, rules, and the plans made of them so far."""

    __slots__ = (
        "name",
        "forward",
        "arguments",
        "variadic",
        "static",
        "known",
        "rules",
        "names",
        "plans",
        "view",
        "masks",
        "local",
        "call",
        "planned",
    )

    def __init__(
        self, name: str, forward: Callable[..., Any], rules: dict[str, Rule], view: bool = False, masks: bool = False,
        local: bool = False,
    ) -> None:  # fmt: skip
        self.name, self.forward, self.view, self.masks, self.local = name, forward, view, masks, local or view
        self.arguments, self.variadic, self.static = _parameters(forward)
        self.known = {"out", *self.arguments, *self.static, self.variadic}
        self.rules = rules
        self.names = {a: _asked(rule) for a, rule in rules.items()}
        self.plans: dict[tuple[bool, ...], Plan] = {}
        self.call: Callable[..., Any] = forward
        self.planned = Plan  # a fused operation's is another: see fused.py
        self._check()
        if REGISTRY.setdefault(name, self) is not self:
            raise ValueError(f"primitive {name!r} is registered twice")
        RUNS[forward] = name, forward
        if view:
            VIEWS.add(forward)

    def _check(self) -> None:
        shapes = {f"{a}_shape" for a in self.arguments}
        for argument, names in self.names.items():
            unknown = set(names) - self.known - shapes - ({"index"} if self.variadic else set())
            if argument not in (*self.arguments, self.variadic) or unknown:
                raise TypeError(
                    f"primitive {self.name!r}: the rule for `{argument}` asks for {sorted(unknown)}; known are g, out, "
                    f"{', '.join((*self.arguments, self.variadic, *self.static))}"
                )

    def plan(self, mask: tuple[bool, ...]) -> Plan:
        """The plan for these arguments (True: needs a gradient), made once."""
        found = self.plans.get(mask)
        if found is None:
            found = self.plans[mask] = self.planned(self, mask)
        return found

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


def wrap(array: Any, node: Node | None = None) -> Tensor:
    """A Tensor on this array, at this place of the graph."""
    t = new_tensor(Tensor)
    t._array, t._node = array, node
    t._base = t._grad = None
    return t


def record(plan: Plan, parents: tuple[Node, ...], kept: Any, array: Any) -> Node:
    """A new node for a result. (The fast paths of `elementwise.py` write these lines out.)"""
    node = Node()
    node.plan, node.parents, node.kept, node.watch = plan, parents, kept, None
    node.shape, node.dtype, node.clock = array.shape, array.dtype, clock.now
    return node


def primitive(
    view: bool = False, name: str = "", masks: bool = False, local: bool = False, **rules: Rule
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a forward, and return the op: given Tensors it records; given only raw arrays it is the forward.

    The forward's positional parameters are arrays (None, Python numbers and raw arrays are constants), its keyword-only
    ones are settings. One without a rule is not differentiable. `view=True`: the result looks at the first argument's
    memory wherever the forward's result does. `masks`: its gradient has zeros that must stay zero, and `local`: element
    by element (see `walk._stay_zero`).
    """

    def register(forward: Callable[..., Any]) -> Callable[..., Any]:
        op = Primitive(name or forward.__name__, forward, rules, view, masks, local)
        call = _of_one(op) if len(op.arguments) == 1 and not op.variadic else _of_many(op)
        op.call = call
        call.__name__ = call.__qualname__ = op.name
        call.__doc__, call.__module__ = forward.__doc__, forward.__module__
        call.primitive = op  # type: ignore[attr-defined]
        return call

    return register


def _of_one(op: Primitive) -> Callable[..., Any]:
    """The op of a forward with one array argument: the common case, and so without lists."""
    forward, view, plan = op.forward, op.view, op.plan((True,)) if op.rules else None

    def call(input: Any, **static: Any) -> Any:
        if not isinstance(input, Tensor):
            return forward(input, **static)
        x = input._array
        origin = input._node if input._base is None else input._current()
        try:
            out = run_by(forward, x, **static)
        except Exception as error:
            out = retry(op.name, forward, [x], static, error)
        shape = out.shape
        if not shape and out.__class__ is not ndarray:
            out = asarray(out)
        t = new_tensor(Tensor)
        t._array, t._node = out, None
        t._base = t._grad = None
        if origin is not None and plan is not None and (recording := modes.grad):
            t._node = node = Node()
            node.plan, node.parents, node.kept, node.watch = plan, (origin,), plan.keep(x, out, static), None
            node.shape, node.dtype, node.clock = shape, out.dtype, clock.now
            if recording is not True:
                recording.forward(op.name, (input,), out, node)
        if view and (base := out.base) is not None and (base is x or storage(base) is storage(x)):
            link_view(t, input, call, static)
        return t

    return call


def _of_many(op: Primitive) -> Callable[..., Any]:
    """The op of any other forward."""
    forward, rules, view, plans = op.forward, op.rules, op.view, op.plans

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
            return forward(*args, **static)
        try:
            out = run_by(forward, *raw, **static)
        except Exception as error:
            moved = brought_together(op.name, args)
            if moved is not None:
                return call(*moved, **static)
            out = retry(op.name, forward, raw, static, error)
        if not out.shape:
            out = asarray(out)
        t = wrap(out)
        if parents and rules and (recording := modes.grad):
            key = tuple(mask)
            plan = plans.get(key) or op.plan(key)
            t._node = record(plan, tuple(parents), plan.keep(*raw, out, static), out)
            if recording is not True:
                recording.forward(op.name, args, out, t._node)
        if view and isinstance(args[0], Tensor) and storage(out) is storage(raw[0]):
            link_view(t, args[0], call, static)
        return t

    return call
