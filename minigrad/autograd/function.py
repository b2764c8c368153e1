"""`autograd.Function`: a user's own differentiable operation, in PyTorch's form."""

import functools
import weakref
from collections.abc import Callable
from typing import Any

from minigrad.autograd.grad_mode import no_grad, set_grad_enabled
from minigrad.backend import asarray, create
from minigrad.dtypes import floating
from minigrad.engine.graph import Node
from minigrad.engine.inplace import check_not_leaf, rebase_history
from minigrad.engine.messages import describe
from minigrad.engine.modes import modes
from minigrad.engine.primitive import record, wrap
from minigrad.engine.tensor import Tensor
from minigrad.engine.versions import bump_version, clock
from minigrad.errors import GraphError, ShapeError


class Cotangents(dict[int, Any]):
    """The gradients of an op with several results, by result. Adds as gradients do; has no shape of its own."""

    shape = dtype = None
    base = _base = ()  # never the backward pass' own to add to in place

    def __add__(self, other: "Cotangents") -> "Cotangents":
        both = {i: self[i] + other[i] for i in self.keys() & other.keys()}
        return Cotangents({**self, **other, **both})


class Context:
    """The `ctx` of a Function: what forward leaves for backward. Attributes of any name may be set on it."""

    needs_input_grad: tuple[bool, ...] = ()

    def __init__(self, function: "type[Function]") -> None:
        self._function = function
        self._saved: tuple[Any, ...] = ()
        self._kept: tuple[tuple[Any, Any], ...] = ()
        self._node: Any = lambda: None
        self._dirty: tuple[Any, ...] = ()
        self._constant: tuple[Any, ...] = ()
        self._materialize = True
        self._outputs: list[Any] = []

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors (inputs, results, or others; None too) for `ctx.saved_tensors` in backward."""
        for t in tensors:
            if t is not None and not isinstance(t, Tensor):
                raise TypeError(f"save_for_backward: expected tensors or None, got {type(t).__name__}; keep other "
                                f"values as attributes of ctx")  # fmt: skip
        self._saved = tensors

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What `save_for_backward` kept. Raises GraphError if it was changed in place since."""
        return tuple(None if array is None else wrap(array, self._origin(origin)) for array, origin in self._kept)

    def _origin(self, origin: Any) -> Node | None:
        if not isinstance(origin, int):
            return origin
        node = self._node()
        return _select(node, origin, self._outputs) if node is not None and len(self._outputs) > 1 else node

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """These results require no grad."""
        self._constant = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """These inputs were changed in place, and are returned."""
        self._dirty = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """False: backward gets None, instead of zeros, for a result that nothing depended on."""
        self._materialize = value

    def kept_arrays(self) -> list[Any]:
        return [array for array, _ in self._kept if array is not None]

    def gradients(self, g: Any) -> list[Any]:
        """Run the user's backward: the gradients of all arguments, given that of the result."""
        given = g if isinstance(g, Cotangents) else {0: g}
        create = any(isinstance(x, Tensor) for x in given.values())
        gs = [self._materialized(given.get(i), out) for i, out in enumerate(self._outputs)]
        with set_grad_enabled(create):
            grads = self._function.backward(self, *gs)
        grads = grads if isinstance(grads, tuple) else (grads,)
        name, needed = self._function.__name__, self.needs_input_grad
        if len(grads) < len(needed) or any(extra is not None for extra in grads[len(needed) :]):
            raise GraphError(f"{name}.backward: expected {len(needed)} gradients, one for each argument of forward "
                             f"(None for those that need none), got {len(grads)}")  # fmt: skip
        for i, r in enumerate(grads):
            if r is not None and not isinstance(r, Tensor):
                raise TypeError(f"{name}.backward: gradient {i}: expected a Tensor or None, got {type(r).__name__}")
        # views, so that what they end in copies them: the user may return one tensor twice, or one that others know
        return [None if r is None else r[...] if create else r._array[...] for r in grads]

    def _materialized(self, x: Any, out: Any) -> Any:
        if isinstance(x, Tensor) or x is None and (out is None or not self._materialize):
            return x
        if x is None:
            shape, dtype, device = out
            return wrap(create(device, "zeros", shape, dtype=dtype))
        return wrap(asarray(x))


class _FunctionPlan:
    """The VJP of a Function's node, with the interface of `primitive.Plan`."""

    __slots__ = ("name", "mask", "needed")
    keeps_arrays, zero_preserving, elementwise, is_view, chunked, fresh = True, False, False, False, False, False
    kept_names = (("saved_tensors",),)

    def __init__(self, name: str, mask: tuple[bool, ...]) -> None:
        self.name, self.mask = name, mask
        self.needed = tuple(i for i, need in enumerate(mask) if need)

    def joint(self, g: Any, node: Node, wanted: tuple[bool, ...]) -> list[Any]:
        """The gradients that the user's backward gives for the arguments that need one."""
        ((ctx,),) = node.kept
        gradients = ctx.gradients(g)
        return [gradients[i] for i in self.needed]

    def rule(self, number: int) -> Callable[..., Any]:
        """The gradient for one argument, for what watches the backward pass."""
        return lambda g, kept: kept[0].gradients(g)[self.needed[number]]


class _SelectPlan:
    """One of several results: its gradient is the node's, by the number of the result."""

    name, mask, kept_names, joint = "select", (True,), (("output",),), None
    keeps_arrays, zero_preserving, elementwise, is_view, chunked, fresh = False, False, False, False, False, False
    rules = defined = (lambda g, i: Cotangents({i: g}),)

    def lifted(self, node: Node, kept: Any) -> Any:
        """Numbers stay numbers."""
        return kept


_SELECT: Any = _SelectPlan()


def _select(node: Node, i: int, outputs: list[Any]) -> Node:
    shape, dtype, _ = outputs[i]
    chosen = Node()
    chosen.plan, chosen.parents, chosen.kept, chosen.hooks = _SELECT, (node,), ((i,),), None
    chosen.shape, chosen.dtype, chosen.clock = shape, dtype, clock.now
    return chosen


class Function:
    """A differentiable operation of your own: subclass, write two static methods, call `YourFunction.apply(...)`.

    forward(ctx, *args) computes on tensors without being recorded; backward(ctx, *gradients) gets one gradient for each
    result and returns one for each argument of forward (None where there is none). Written in minigrad operations,
    backward is itself differentiable. `setup_context(ctx, inputs, output)` may be split off, forward then takes no ctx.
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """The result (or a tuple of results) for these arguments."""
        raise NotImplementedError("Function: a subclass must define forward(ctx, ...)")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradients of the arguments, given those of the results."""
        raise NotImplementedError("Function: a subclass must define backward(ctx, *gradients)")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run forward on `args`, and record it."""
        ctx = Context(cls)
        sources = [a._current() if isinstance(a, Tensor) else None for a in args]
        ctx.needs_input_grad = tuple(node is not None for node in sources)
        with no_grad():
            if hasattr(cls, "setup_context"):
                result = cls.forward(*args)
                cls.setup_context(ctx, args, result)
            else:
                result = cls.forward(ctx, *args)
        outputs = result if isinstance(result, tuple) else (result,)
        outputs = tuple(_recorded_apart(out, args, ctx) for out in outputs)
        ctx._outputs = [(o._array.shape, o._array.dtype, o.device) if isinstance(o, Tensor) else None for o in outputs]
        for t in ctx._dirty:
            check_not_leaf(cls.__name__, t)
            if not _among(t, outputs):
                raise GraphError(f"{cls.__name__}.forward: a tensor was marked dirty and not returned; return it")
            bump_version(t._array, cls.__name__)
        if modes.grad and any(ctx.needs_input_grad):
            _attach(ctx, cls, sources, outputs)
        else:
            ctx._saved = ()
        return outputs if isinstance(result, tuple) else outputs[0]


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator for a `backward` that is not itself differentiable: it runs unrecorded, and a second derivative
    through it raises GraphError instead of being silently wrong."""

    @functools.wraps(backward)
    def once(ctx: Context, *grad_outputs: Any) -> Any:
        with no_grad():
            grads = backward(ctx, *grad_outputs)
        if not modes.grad:
            return grads
        sources = [t for t in (*grad_outputs, *ctx.saved_tensors) if isinstance(t, Tensor) and t.requires_grad]
        name = ctx._function.__name__
        many = grads if isinstance(grads, tuple) else (grads,)
        many = tuple(_Once.apply(name, g, *sources) if isinstance(g, Tensor) and sources else g for g in many)
        return many if isinstance(grads, tuple) else many[0]

    return once


class _Once(Function):
    """A gradient that has none itself."""

    @staticmethod
    def forward(ctx: Any, name: str, grad: Tensor, *sources: Tensor) -> Tensor:
        ctx.name = name
        return grad.detach()

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        raise GraphError(f"{ctx.name}.backward is marked @once_differentiable, and was to be differentiated again; "
                         f"write it in minigrad operations and take the mark away")  # fmt: skip


def _among(t: Any, tensors: Any) -> bool:
    return any(t is other for other in tensors)


def _recorded_apart(out: Any, args: Any, ctx: Context) -> Any:
    """A result that is one of the arguments (and not marked dirty) as a tensor of its own on the same memory."""
    if isinstance(out, Tensor) and _among(out, args) and not _among(out, ctx._dirty):
        alias = out.detach()
        ctx._saved = tuple(alias if s is out else s for s in ctx._saved)
        return alias
    return out


def _attach(ctx: Context, cls: type[Function], sources: list[Any], outputs: tuple[Any, ...]) -> None:
    """Record one node for the call, from which each result follows."""
    plan: Any = _FunctionPlan(cls.__name__, ctx.needs_input_grad)
    parents = tuple(node for node in sources if node is not None)
    results = [o for o in outputs if isinstance(o, Tensor)]
    if not results:
        raise TypeError(f"{cls.__name__}.forward: expected a Tensor or a tuple with one, got {describe(outputs[0])}")
    node = record(plan, parents, ((ctx,),), results[0]._array)
    if len(outputs) > 1:
        node.shape = node.dtype = None  # type: ignore[assignment]
    ctx._node = weakref.ref(node)
    ctx._kept = tuple(_without_graph(s, outputs) for s in ctx._saved)
    ctx._saved = ()
    for i, out in enumerate(outputs):
        if not isinstance(out, Tensor) or not floating(out._array.dtype) or _among(out, ctx._constant):
            continue
        source = node if len(outputs) == 1 else _select(node, i, ctx._outputs)
        if _among(out, ctx._dirty):
            rebase_history(out, source)
        else:
            out._node, out._base = source, None


def _without_graph(saved: Any, outputs: tuple[Any, ...]) -> tuple[Any, Any]:
    """A saved tensor's array, and the node that made it (of a result: its number)."""
    if saved is None:
        return None, None
    for i, out in enumerate(outputs):
        if out is saved:
            return saved._array, i
    return saved._array, saved._current()


FunctionCtx = Context  # PyTorch's name
__all__ = ["Context", "Function", "FunctionCtx", "ShapeError", "once_differentiable"]
