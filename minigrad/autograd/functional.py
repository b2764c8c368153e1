"""Derivatives of functions, by PyTorch's names: `vjp`, `jvp`, `jacobian`, `hessian`, `vhp`, `hvp`.

Each takes a function of tensors and where to evaluate it, a tensor or a tuple of tensors; what comes back has the form
of what went in. `create_graph=True` makes it differentiable in turn. `strict=True` raises where a result does not
depend on an input, instead of giving zeros.
"""

from collections.abc import Callable
from typing import Any

from minigrad.autograd.grad_mode import enable_grad
from minigrad.engine.gradients import grad
from minigrad.engine.messages import describe
from minigrad.engine.tensor import Tensor
from minigrad.errors import GraphError, ShapeError
from minigrad.ops.array.creation import ones_like, zeros, zeros_like
from minigrad.ops.array.shape import reshape, stack

Tensors = Tensor | tuple[Tensor, ...]


def _tuple(x: Any, what: str) -> tuple[Tensor, ...]:
    if not isinstance(x, (Tensor, tuple, list)):
        raise TypeError(f"{what}: expected a Tensor or a tuple of them, got {type(x).__name__}")
    found = (x,) if isinstance(x, Tensor) else tuple(x)
    for i, t in enumerate(found):
        if not isinstance(t, Tensor):
            raise TypeError(f"{what} {i}: expected a Tensor, got {type(t).__name__}")
    return found


def _evaluate(op: str, func: Callable[..., Any], inputs: Any, create_graph: bool) -> tuple[Any, Any, Any]:
    """The inputs as tensors that require grad, the outputs as a tuple, and as func returned them."""
    if not callable(func):
        raise TypeError(f"{op}: func: expected a function, got {func!r}")
    given = _tuple(inputs, f"{op}: input")
    # an alias that is recorded as a view of the input where derivatives of derivatives are wanted, else a leaf
    fresh = tuple(t.view_as(t) if create_graph and t.requires_grad else t.detach().requires_grad_() for t in given)
    out = func(*fresh)
    return fresh, _tuple(out, f"{op}: output"), out


def _grad(outputs: Any, inputs: Any, weights: Any, create: bool, strict: bool, op: str) -> tuple[Any, ...]:
    """`grad`, with zeros where there is no dependence (GraphError if strict)."""
    live = [(o, w) for o, w in zip(outputs, weights) if o.requires_grad]
    if not live:
        found: tuple[Any, ...] = (None,) * len(inputs)
    else:
        found = grad([o for o, _ in live], inputs, [w for _, w in live], True, create, allow_unused=True)
    for i, (g, t) in enumerate(zip(found, inputs)):
        if g is None and strict:
            raise GraphError(f"{op}: strict: the output does not depend on input {i} ({describe(t)})")
    return tuple(zeros_like(t) if g is None else g for g, t in zip(found, inputs))


def _like(op: str, v: Any, templates: tuple[Tensor, ...], what: str) -> tuple[Tensor, ...]:
    """`v` as a tuple that matches the templates; ones for None, where there is one number to weight."""
    if v is None:
        if len(templates) != 1 or templates[0].numel() != 1:
            raise ShapeError(f"{op}: v: may be left out only for one {what} of one element; got {len(templates)}")
        return (ones_like(templates[0]),)
    given = _tuple(v, f"{op}: v")
    if [tuple(t.shape) for t in given] != [tuple(t.shape) for t in templates]:
        raise ShapeError(f"{op}: v: expected the shapes of the {what}s, {[tuple(t.shape) for t in templates]}, got "
                         f"{[tuple(t.shape) for t in given]}")  # fmt: skip
    return given


def _finished(x: Any, create_graph: bool, like: Any) -> Any:
    """Detached unless it is to be differentiated; a lone tensor where a lone tensor was given."""
    done = tuple(t if create_graph else t.detach() for t in x)
    return done[0] if isinstance(like, Tensor) else done


@enable_grad()
def vjp(func: Any, inputs: Tensors, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """(func(inputs), v^T J): the Jacobian's rows weighted by `v`, which has the outputs' form."""
    xs, ys, out = _evaluate("vjp", func, inputs, create_graph)
    found = _grad(ys, xs, _like("vjp", v, ys, "output"), create_graph, strict, "vjp")
    return _finished(ys, create_graph, out), _finished(found, create_graph, inputs)


@enable_grad()
def jvp(func: Any, inputs: Tensors, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """(func(inputs), J v): the directional derivative along `v`, which has the inputs' form.

    The derivative of u^T J with respect to u, times v: two backward passes ("double backward trick").
    """
    xs, ys, out = _evaluate("jvp", func, inputs, create_graph)
    directions = _like("jvp", v, xs, "input")
    weights = tuple(zeros_like(y).requires_grad_() for y in ys)
    pulled = _grad(ys, xs, weights, True, strict, "jvp")
    found = _grad(pulled, weights, directions, create_graph, strict, "jvp")
    return _finished(ys, create_graph, out), _finished(found, create_graph, out)


@enable_grad()
def jacobian(
    func: Any, inputs: Tensors, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """d out / d input, of shape (*out.shape, *input.shape); tuples where there are several inputs or outputs.

    One backward pass an element of the output. `vectorize` is accepted and changes nothing.
    """
    if strategy != "reverse-mode":
        raise ValueError(f'jacobian: strategy: expected "reverse-mode", got {strategy!r}')
    xs, ys, out = _evaluate("jacobian", func, inputs, create_graph)
    rows = tuple(_jacobian_of(y, xs, create_graph, strict) for y in ys)
    finished = tuple(_finished(row, create_graph, inputs) for row in rows)
    return finished[0] if isinstance(out, Tensor) else finished


def _jacobian_of(y: Tensor, xs: tuple[Tensor, ...], create: bool, strict: bool) -> tuple[Tensor, ...]:
    flat = reshape(y, -1)
    rows = [_grad([element], xs, [ones_like(element)], create, strict, "jacobian") for element in flat]
    if not rows:
        return tuple(zeros(*y.shape, *x.shape, dtype=y.dtype, device=y.device) for x in xs)
    return tuple(reshape(stack(column), (*y.shape, *x.shape)) for column, x in zip(zip(*rows), xs))


def _scalar(op: str, func: Any) -> Callable[..., Tensor]:
    def checked(*args: Any) -> Tensor:
        out = func(*args)
        if not isinstance(out, Tensor) or out.numel() != 1:
            raise ShapeError(f"{op}: expected func to return a tensor of one element, got {describe(out)}")
        flat: Tensor = reshape(out, ())
        return flat

    return checked


@enable_grad()
def hessian(
    func: Any, inputs: Tensors, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The second derivatives of a scalar function: its gradient's Jacobian. Tuples of tuples for several inputs."""

    def gradient(*xs: Tensor) -> Any:
        y = _scalar("hessian", func)(*xs)
        found = _grad([y], xs, [ones_like(y)], True, strict, "hessian")
        return found[0] if isinstance(inputs, Tensor) else found

    return jacobian(gradient, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)


@enable_grad()
def vhp(func: Any, inputs: Tensors, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """(func(inputs), v^T H) for a scalar function, without forming the Hessian H."""
    xs, ys, out = _evaluate("vhp", _scalar("vhp", func), inputs, create_graph)
    directions = _like("vhp", v, xs, "input")
    first = _grad(ys, xs, [ones_like(ys[0])], True, strict, "vhp")
    found = _grad(first, xs, directions, create_graph, strict, "vhp")
    return _finished(ys, create_graph, out), _finished(found, create_graph, inputs)


def hvp(func: Any, inputs: Tensors, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """(func(inputs), H v) for a scalar function: equal to `vhp`, since H is symmetric."""
    return vhp(func, inputs, v, create_graph, strict)


__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]
