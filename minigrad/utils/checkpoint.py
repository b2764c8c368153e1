"""Activation checkpointing: a segment of a model saves only its inputs and is recomputed in the backward pass.

Source: Chen, Xu, Zhang, Guestrin, Training deep nets with sublinear memory cost, 2016 (arXiv:1604.06174).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.autograd.function import Function
from minigrad.autograd.grad_mode import enable_grad
from minigrad.backend import asarray
from minigrad.engine.backward import backward_pass
from minigrad.engine.graph import AccumulateGrad, Node
from minigrad.engine.modes import is_grad_enabled
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.engine.versions import tick
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
    start = tick()
    segment.result, inputs = segment.compute(detach=True)
    outputs = segment.result if isinstance(segment.result, tuple) else (segment.result,)
    outside = _outside(outputs, inputs, start)
    if not any(isinstance(t, Tensor) and t.requires_grad for t in outputs):
        return segment.result
    return CheckpointFunction.apply(segment, len(outside), *outside, *args)


class _Segment:
    """A call of a function that can be recomputed."""

    def __init__(self, function: Callable[..., Any], args: Any, options: Any, state: Any) -> None:
        self.function, self.options, self.state = function, options, state
        self.is_tensor = [isinstance(a, Tensor) for a in args]
        self.args, self.result = args, None

    def compute(self, detach: bool, tensors: Any = ()) -> tuple[Any, list[Tensor]]:
        """The result with its graph, and the arguments that are tensors, where that graph begins: with `detach` as
        leaves, else as aliases of the arguments."""
        given = iter(tensors)
        args = [next(given, a) if is_tensor else a for is_tensor, a in zip(self.is_tensor, self.args)]
        with enable_grad():
            args = [_begun(a, detach) if isinstance(a, Tensor) else a for a in args]
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


def _begun(a: Tensor, detach: bool) -> Tensor:
    """An argument with a node of its own, which nothing outside the segment has."""
    return a.detach().requires_grad_(a.requires_grad) if detach or not a.requires_grad else a[...]


def _outside(outputs: Any, inputs: list[Tensor], start: int) -> list[Tensor]:
    """What the outputs' graph uses beside the inputs, mostly parameters: leaves, and results of before `start`."""
    inside = {t._current() for t in inputs}
    stack = [t._current() for t in outputs if isinstance(t, Tensor) and t.requires_grad]
    seen, found = set(stack), []
    while stack:
        node: Any = stack.pop()
        if isinstance(node, AccumulateGrad) or node.clock < start:
            t = node.owner() if isinstance(node, AccumulateGrad) else _standing_for(node)
            found += [] if t is None or node in inside else [t]
            continue
        for parent in node.parents:
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return found


def _standing_for(node: Node) -> Tensor:
    """A tensor at this place of the graph; of its values nothing is known, or needed."""
    return wrap(np.broadcast_to(np.zeros((), node.dtype), node.shape), node)


class CheckpointFunction(Function):
    """The segment as one node: its inputs, and what it uses beside them, are the arguments."""

    @staticmethod
    def forward(ctx: Any, segment: _Segment, count: int, *tensors: Any) -> Any:
        """The result computed before, detached, which frees its graph."""
        ctx.segment, ctx.outside = segment, [t._current() for t in tensors[:count]]
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
        starts = [(t._current(), g if create_graph else g._array) for t, g in zip(results, gradients)
                  if g is not None and t.requires_grad]  # fmt: skip
        # the pass ends where the segment begins: hooks there, and what is behind, wait for all of a gradient
        ends = [*ctx.outside, *(t._current() for t in inputs)]
        found = backward_pass(starts, retain=create_graph, create=create_graph, wanted={*ends} - {None}, collect=True,
                              stop=True)  # fmt: skip
        grads = [found.get(node) for node in ends]
        grads = [g if g is None or isinstance(g, Tensor) else wrap(asarray(g)) for g in grads]
        input_grads = iter(grads[len(ctx.outside) :])
        arg_grads = [next(input_grads) if is_tensor else None for is_tensor in ctx.segment.is_tensor]
        return None, None, *grads[: len(ctx.outside)], *arg_grads


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
