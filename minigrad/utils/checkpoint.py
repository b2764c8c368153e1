"""Activation checkpointing: a segment of a model saves only its inputs and is recomputed in the backward pass.

Source: Chen, Xu, Zhang, Guestrin, Training deep nets with sublinear memory cost, 2016 (arXiv:1604.06174).
"""

from collections.abc import Callable
from typing import Any

from minigrad.autograd.function import Function
from minigrad.autograd.grad_mode import enable_grad
from minigrad.engine.gradients import grad
from minigrad.engine.graph import AccumulateGrad
from minigrad.engine.modes import is_grad_enabled
from minigrad.engine.tensor import Tensor
from minigrad.ops import random

__all__ = ["checkpoint", "checkpoint_sequential", "get_device_states", "set_device_states"]


def checkpoint(
    function: Callable[..., Any], *args: Any, use_reentrant: bool | None = None, context_fn: Any = None,
    determinism_check: str = "default", debug: bool = False, preserve_rng_state: bool = True, **options: Any,
) -> Any:  # fmt: skip
    """`function(*args, **options)`, saving only the arguments: intermediate results are recomputed in backward.

    As with PyTorch's use_reentrant=False, parameters get gradients even where no argument requires grad, and
    autograd.grad works as well as backward(); use_reentrant, determinism_check and debug have no effect.
    preserve_rng_state: the recomputation draws the same random numbers (dropout). Raises ValueError for a context_fn.
    """
    if context_fn is not None:
        raise ValueError("checkpoint: context_fn: expected None; enter the contexts inside the function")
    if not is_grad_enabled():
        return function(*args, **options)
    segment = _Segment(function, args, options, random.get_rng_state() if preserve_rng_state else None)
    segment.result, inputs = segment.compute(detach=True)
    outputs = segment.result if isinstance(segment.result, tuple) else (segment.result,)
    leaves = _leaves(outputs, {id(t) for t in inputs})
    if not any(isinstance(t, Tensor) and t.requires_grad for t in outputs):
        return segment.result
    return CheckpointFunction.apply(segment, len(leaves), *leaves, *args)


class _Segment:
    """A call of a function that can be recomputed."""

    def __init__(self, function: Callable[..., Any], args: Any, options: Any, state: Any) -> None:
        self.function, self.options, self.state = function, options, state
        self.is_tensor = [isinstance(a, Tensor) for a in args]
        self.args, self.result = args, None

    def compute(self, detach: bool, tensors: Any = ()) -> tuple[Any, list[Tensor]]:
        """The result with its graph, and the arguments that are tensors; with `detach` they are its leaves."""
        given = iter(tensors)
        args = [next(given, a) if is_tensor else a for is_tensor, a in zip(self.is_tensor, self.args)]
        if detach:
            args = [a.detach().requires_grad_(a.requires_grad) if isinstance(a, Tensor) else a for a in args]
        with enable_grad():
            result = self.function(*args, **self.options)
        result = tuple(result) if isinstance(result, list) else result
        return result, [a for is_tensor, a in zip(self.is_tensor, args) if is_tensor]

    def recompute(self, detach: bool, tensors: Any) -> tuple[Any, list[Tensor]]:
        """`compute` with the random numbers of the first call."""
        if self.state is None:
            return self.compute(detach, tensors)
        with random.fork_rng():
            random.set_rng_state(self.state)
            return self.compute(detach, tensors)


def _leaves(outputs: Any, inputs: set[int]) -> list[Tensor]:
    """The leaves of the outputs' graph other than the inputs: mostly the parameters of the segment."""
    stack = [t._current() for t in outputs if isinstance(t, Tensor) and t.requires_grad]
    seen, leaves = set(stack), []
    while stack:
        node = stack.pop()
        if isinstance(node, AccumulateGrad):
            owner = node.owner()
            if owner is not None and id(owner) not in inputs:
                leaves.append(owner)
        for parent in node.parents:  # type: ignore[union-attr]
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return leaves


class CheckpointFunction(Function):
    """The segment as one node: its inputs and leaves are the arguments."""

    @staticmethod
    def forward(ctx: Any, segment: _Segment, count: int, *tensors: Any) -> Any:
        """The result computed before, detached, which frees its graph."""
        ctx.segment, ctx.leaves = segment, tensors[:count]
        ctx.save_for_backward(*(t for t in tensors[count:] if isinstance(t, Tensor)))
        ctx.set_materialize_grads(False)
        result, segment.result = segment.result, None
        segment.args = tuple(None if is_tensor else a for is_tensor, a in zip(segment.is_tensor, segment.args))
        return tuple(_detached(t) for t in result) if isinstance(result, tuple) else _detached(result)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Recompute the segment and differentiate it. With create_graph the gradients stay attached to its inputs."""
        create_graph = is_grad_enabled()
        result, inputs = ctx.segment.recompute(not create_graph, ctx.saved_tensors)
        results = result if isinstance(result, tuple) else (result,)
        pairs = [(t, g) for t, g in zip(results, gradients) if g is not None and t.requires_grad]
        sources = [t for t in (*ctx.leaves, *inputs) if t.requires_grad]
        outputs, weights = zip(*pairs)
        grads = iter(grad(outputs, sources, weights, retain_graph=True, create_graph=create_graph, allow_unused=True))
        leaf_grads = [next(grads) for _ in ctx.leaves]
        input_grads = iter([next(grads) if t.requires_grad else None for t in inputs])
        arg_grads = [next(input_grads) if is_tensor else None for is_tensor in ctx.segment.is_tensor]
        return None, None, *leaf_grads, *arg_grads


def _detached(t: Any) -> Any:
    return t.detach() if isinstance(t, Tensor) else t


def get_device_states(*args: Any) -> tuple[list[int], list[Any]]:
    """The GPUs among the arguments and their generator states: none, as one generator serves all devices."""
    return [], []


def set_device_states(devices: Any, states: Any, **options: Any) -> None:
    """Does nothing: see `get_device_states`."""


def checkpoint_sequential(functions: Any, segments: int, input: Any, **options: Any) -> Any:
    """Run a Sequential or a list of functions in `segments` segments, each checkpointed but the last.

    options: as in `checkpoint`. Raises ValueError for more segments than functions.
    """
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
