"""Primitives: an operation's forward on raw arrays, and one gradient (VJP) rule for each differentiable argument.

    @primitive(input=lambda g, out: g * out)
    def exp(input): ...

A rule is written once, in operators and minigrad functions, which work on raw arrays and on Tensors alike. The
backward pass runs it on raw arrays; under `create_graph=True` it runs the *same* rule on Tensors, which records it,
so that gradients of gradients of any order come for free.

**What is kept for the backward pass is what the rule's parameters name**, read once, at registration:
`g` is the gradient that arrives, `out` the result, an argument's name its array, `NAME_shape` just its shape, a
keyword-only parameter of the forward its value, and a name in `also` a further result (see `primitive`). `add`'s rule
takes `(g)`, so `add` keeps nothing.
"""

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

from minigrad.backend import is_array
from minigrad.engine.executions import FORWARDS, Execution
from minigrad.engine.graph import Node
from minigrad.engine.tensor import Tensor
from minigrad.engine.versions import clock
from minigrad.errors import GraphError

Rule = Callable[..., Any]
REGISTRY: "dict[str, Primitive]" = {}
VIEWS: set[Any] = set()  # the forwards whose results may be views
new_tensor: Callable[[type[Tensor]], Tensor] = Tensor.__new__


class Plan:
    """An op with a choice of arguments that need gradients: their rules, what those keep, and how to gather it.

    `rules` are run on arrays: those of the execution that was chosen, if it has its own. `defined` are the
    definition's, which are run on Tensors where the backward pass is recorded.
    """

    __slots__ = (
        "name", "mask", "rules", "defined", "kept_names", "keep", "keeps_arrays", "arguments", "variadic", "settings",
        "zero_preserving", "elementwise", "is_view", "chunked",
    )  # fmt: skip
    keep: Callable[..., Any]
    keeps_arrays: bool | None  # None: where its index does
    joint = None  # of a composite operation: all gradients at once
    fresh = False  # are gradients nobody else's, even where they are views?

    def __init__(self, op: "Primitive", mask: tuple[bool, ...], execution: Execution | None = None) -> None:
        self.name, self.mask, self.variadic = op.name, mask, op.variadic
        self.zero_preserving, self.elementwise, self.is_view = op.zero_preserving, op.elementwise, op.view
        self.arguments = tuple(i if op.variadic else op.arguments[i] for i, need in enumerate(mask) if need)
        for argument in self.arguments:
            if (op.variadic or argument) not in op.rules:
                raise GraphError(
                    f"{op.name}: no gradient is defined with respect to `{argument}`; pass it `.detach()`ed, or "
                    f"compute under no_grad()"
                )
        self.defined = tuple(op.rules[op.variadic or str(a)] for a in self.arguments)
        others = {} if execution is None else execution.vjps
        self.rules = tuple(others.get(str(a), rule) for a, rule in zip(self.arguments, self.defined))
        self.chunked = op.elementwise and not op.view and not others  # large gradients may be done in parts
        self.kept_names = tuple(op.names[op.variadic or str(a)] for a in self.arguments)
        self.settings = {*op.static, *op.also}  # what stays as it is where arrays become Tensors
        arrays = {"out", *op.arguments, op.variadic, *op.also}
        names = {name for row in self.kept_names for name in row}
        self.keeps_arrays = bool(names & arrays) or (None if "index" in names & {*op.static} else False)

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
    """What the rules' signatures declare as one expression, compiled: for mul, `lambda input, other, out: ((other,),
    (input,))`. This is the one place where code is made of text: a tuple of tuples by closures takes 0.5 us longer for
    a slice (2.5 us instead of 2.0), by a comprehension 1.5, which is two whole ops."""

    def value(name: str, argument: Any) -> str:
        if name == "index" and op.variadic:
            return repr(argument)
        if name in op.static:
            return f"static[{name!r}]"
        return name if name in op.known else f"{name.removesuffix('_shape')}.shape"

    rows = ("".join(f"{value(n, a)}, " for n in names) for names, a in zip(kept_names, arguments, strict=True))
    given = f"(lambda {op.variadic}, out, static: (%s))(all[:-2], *all[-2:])" if op.variadic else "(%s)"
    names = "*all" if op.variadic else ", ".join((*op.arguments, "out", "static=None", *(f"{a}=None" for a in op.also)))
    source = f"lambda {names}: {given % ''.join(f'({row}), ' for row in rows)}"
    keep: Callable[..., Any] = FunctionType(compile(source, "<what is kept>", "eval"), {})()
    return keep


def parameters(function: Callable[..., Any]) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
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


def _rule_parameters(rule: Rule) -> tuple[str, ...]:
    """The names of what a rule takes beside g."""
    arguments, variadic, settings = parameters(rule)
    return (*arguments, *filter(None, (variadic,)), *settings)[1:]


def holds_arrays(kept: Any) -> bool:
    """Are there arrays among what a node kept, or in an index there?"""
    return any(is_array(v) or (isinstance(v, tuple) and any(map(is_array, v))) for values in kept for v in values)


def plan_once(name: str, mask: tuple[bool, ...]) -> Plan:
    """`Primitive.plan` for an assignment to a part of a tensor. As in PyTorch it is good for one backward pass, though
    its node may keep no array: a second one needs retain_graph."""
    if (name, mask) not in _once:
        _once[name, mask] = Plan(REGISTRY[name], mask)
        _once[name, mask].keeps_arrays = True
    return _once[name, mask]


_once: dict[tuple[str, tuple[bool, ...]], Plan] = {}


class Primitive:
    """A registered op: name, definition (the forward), argument names, rules, plans made so far, and executions.

    also: the names of results beside the first, which have no gradient. family: the module it is defined in.
    """

    __slots__ = (
        "name", "definition", "arguments", "variadic", "static", "also", "known", "rules", "names", "plans", "view",
        "zero_preserving", "elementwise", "call", "family", "executions", "choices", "loaded",
    )  # fmt: skip

    def __init__(
        self, name: str, definition: Callable[..., Any], rules: dict[str, Rule], view: bool = False,
        zero_preserving: bool = False, elementwise: bool = False, also: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.name, self.definition, self.view = name, definition, view
        self.zero_preserving, self.elementwise = zero_preserving, elementwise or view
        self.also, self.rules = also, rules
        self.arguments, self.variadic, self.static = parameters(definition)
        self.known = {"out", *self.arguments, *self.static, *also, self.variadic}
        self.names = {a: _rule_parameters(rule) for a, rule in rules.items()}
        self.plans: dict[tuple[bool, ...], Plan] = {}
        self.call: Callable[..., Any] = definition
        modules = [f.__module__ for f in (definition, *rules.values())]
        self.family = next((m for m in modules if not m.startswith("minigrad.engine")), modules[0])
        self.executions: list[Execution] = []
        self.choices: dict[type, tuple[Any, ...]] = {}  # by the class of the first array
        self.loaded: set[str] = set()
        self._check()
        if REGISTRY.setdefault(name, self) is not self:
            raise ValueError(f"primitive {name!r} is registered twice")
        FORWARDS[definition] = name, definition
        if view:
            VIEWS.add(definition)

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
            found = self.plans[mask] = Plan(self, mask)
        return found

    def plan_of(self, mask: tuple[bool, ...], execution: Execution) -> Plan:
        """The plan where an execution has been chosen: its own, if it has VJPs of its own."""
        return Plan(self, mask, execution) if execution.vjps else self.plan(mask)

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
    node.plan, node.parents, node.kept, node.hooks = plan, parents, kept, None
    node.shape, node.dtype, node.clock = array.shape, array.dtype, clock.now
    return node
