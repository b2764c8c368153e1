"""`grad`, as `engine.gradients` has it, and for a batch of weights at once."""

from typing import Any

from minigrad.engine import gradients
from minigrad.engine.gradients import as_sequence
from minigrad.ops.array.shape import stack


def grad(
    outputs: Any, inputs: Any, grad_outputs: Any = None, retain_graph: bool | None = None, create_graph: bool = False,
    only_inputs: bool = True, allow_unused: bool | None = None, is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:  # fmt: skip
    """The gradients of `outputs` with respect to `inputs`, as a tuple; no `.grad` is touched.

    allow_unused: None instead of an error for an input that the outputs do not depend on; materialize_grads: zeros.
    only_inputs is accepted for PyTorch's sake and must be True. is_grads_batched: grad_outputs have a leading batch
    dimension, and so do the results (one backward pass for each). Raises GraphError where nothing was recorded,
    ShapeError for a missing or misshapen gradient.
    """
    options = (only_inputs, allow_unused, materialize_grads)
    if not is_grads_batched:
        return gradients.grad(outputs, inputs, grad_outputs, retain_graph, create_graph, *options)
    weights = as_sequence(grad_outputs)
    last = len(weights[0]) - 1
    rows = []
    for i in range(last + 1):
        row, retain = [w[i] for w in weights], True if i < last else retain_graph
        rows.append(gradients.grad(outputs, inputs, row, retain, create_graph, *options))
    return tuple(None if column[0] is None else stack(column) for column in zip(*rows, strict=True))
