"""Memory for time: a checkpointed part of a model keeps its inputs alone, and is computed again in the backward pass.

Chen et al., Training deep nets with sublinear memory cost, 2016.
"""

from collections.abc import Callable
from typing import Any

from minigrad.engine.function import Function
from minigrad.engine.gradients import grad
from minigrad.engine.graph import AccumulateGrad
from minigrad.engine.modes import enable_grad, is_grad_enabled
from minigrad.engine.tensor import Tensor
from minigrad.ops import random

__all__ = ["checkpoint", "checkpoint_sequential", "get_device_states", "set_device_states"]


def checkpoint(
    function: Callable[..., Any], *args: Any, use_reentrant: bool | None = None, context_fn: Any = None,
    determinism_check: str = "default", debug: bool = False, preserve_rng_state: bool = True, **options: Any,
) -> Any:  # fmt: skip
    """`function(*args, **options)`, of which nothing is kept but the arguments until its gradients are asked for.

    Its parameters get gradients also where no argument requires any, as with PyTorch's use_reentrant=False, and
    backward() may be autograd.grad(); use_reentrant, determinism_check and debug change nothing. preserve_rng_state:
    draw the same random numbers (dropout) again.
    """
    if context_fn is not None:
        raise ValueError("checkpoint: context_fn: expected None; enter the contexts inside the function")
    if not is_grad_enabled():
        return function(*args, **options)
    part = _Part(function, args, options, random.get_rng_state() if preserve_rng_state else None)
    part.result, inputs = part.compute(cut=True)
    outputs = part.result if isinstance(part.result, tuple) else (part.result,)
    leaves = _leaves(outputs, {id(t) for t in inputs})
    if not any(isinstance(t, Tensor) and t.requires_grad for t in outputs):
        return part.result
    return _Again.apply(part, len(leaves), *leaves, *args)


class _Part:
    """A call that can be made again."""

    def __init__(self, function: Callable[..., Any], args: Any, options: Any, state: Any) -> None:
        self.function, self.options, self.state = function, options, state
        self.places = [isinstance(a, Tensor) for a in args]
        self.args, self.result = args, None

    def compute(self, cut: bool, tensors: Any = ()) -> tuple[Any, list[Tensor]]:
        """The result, recorded, and the arguments that are tensors: with `cut`, as the beginning of a graph."""
        given = iter(tensors)
        args = [next(given, a) if place else a for place, a in zip(self.places, self.args)]
        if cut:
            args = [a.detach().requires_grad_(a.requires_grad) if isinstance(a, Tensor) else a for a in args]
        with enable_grad():
            result = self.function(*args, **self.options)
        result = tuple(result) if isinstance(result, list) else result
        return result, [a for place, a in zip(self.places, args) if place]

    def again(self, cut: bool, tensors: Any) -> tuple[Any, list[Tensor]]:
        """The same, with the random numbers of the first time."""
        if self.state is None:
            return self.compute(cut, tensors)
        with random.fork_rng():
            random.set_rng_state(self.state)
            return self.compute(cut, tensors)


def _leaves(outputs: Any, inputs: set[int]) -> list[Tensor]:
    """The leaves, inputs aside, that the outputs were computed from: mostly the part's parameters."""
    stack = [t._current() for t in outputs if isinstance(t, Tensor) and t.requires_grad]
    seen, found = set(stack), []
    while stack:
        node = stack.pop()
        if isinstance(node, AccumulateGrad):
            owner = node.owner()
            if owner is not None and id(owner) not in inputs:
                found.append(owner)
        for parent in node.parents:  # type: ignore[union-attr]
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return found


class _Again(Function):
    @staticmethod
    def forward(ctx: Any, part: _Part, count: int, *tensors: Any) -> Any:
        """The result there is; what it was computed by is let go."""
        ctx.part, ctx.leaves = part, tensors[:count]
        ctx.save_for_backward(*(t for t in tensors[count:] if isinstance(t, Tensor)))
        ctx.set_materialize_grads(False)
        result, part.result = part.result, None
        part.args = tuple(None if place else a for place, a in zip(part.places, part.args))
        return tuple(_bare(t) for t in result) if isinstance(result, tuple) else _bare(result)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Compute the part again and go back through it. What lies outside of it keeps its graph."""
        create = is_grad_enabled()
        result, inputs = ctx.part.again(not create, ctx.saved_tensors)
        results = result if isinstance(result, tuple) else (result,)
        pairs = [(t, g) for t, g in zip(results, gradients) if g is not None and t.requires_grad]
        wanted = [t for t in (*ctx.leaves, *inputs) if t.requires_grad]
        outputs, weights = zip(*pairs)
        found = iter(grad(outputs, wanted, weights, retain_graph=True, create_graph=create, allow_unused=True))
        of_leaves = [next(found) for _ in ctx.leaves]
        of_inputs = iter([next(found) if t.requires_grad else None for t in inputs])
        return None, None, *of_leaves, *(next(of_inputs) if place else None for place in ctx.part.places)


def _bare(t: Any) -> Any:
    return t.detach() if isinstance(t, Tensor) else t


def get_device_states(*args: Any) -> tuple[list[int], list[Any]]:
    """The generators of GPUs among the arguments' devices: none, as all numbers come from `get_rng_state()`'s."""
    return [], []


def set_device_states(devices: Any, states: Any, **options: Any) -> None:
    """Nothing to set: see `get_device_states`."""


def checkpoint_sequential(functions: Any, segments: int, input: Any, **options: Any) -> Any:
    """A Sequential (or a list of functions) in so many parts, each checkpointed but the last; options as above."""
    functions = list(functions.children()) if hasattr(functions, "children") else list(functions)
    if not 1 <= segments <= len(functions):
        raise ValueError(f"checkpoint_sequential: segments: expected 1 to {len(functions)}, got {segments}")
    size = len(functions) // segments
    for start in range(0, size * (segments - 1), size):
        input = checkpoint(_chain(functions[start : start + size]), input, **options)
    return _chain(functions[size * (segments - 1) :])(input)


def _chain(functions: list[Any]) -> Callable[[Any], Any]:
    def run(x: Any) -> Any:
        for function in functions:
            x = function(x)
        return x

    return run
