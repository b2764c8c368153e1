"""`backward` and `grad`: what a user asks of the backward pass, checked and put into its terms."""

from collections.abc import Iterable, Sequence
from typing import Any

from numpy import ndarray, ones

from minigrad.backend import array_module, asarray, device_guard
from minigrad.engine.backward import backward_pass
from minigrad.engine.messages import describe
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.errors import GraphError, ShapeError


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the gradients of `tensors` to the `.grad` of every leaf they came from (or of `inputs` only).

    tensors: one or several. grad_tensors: for each what to weight its elements by; may be None where it has just one.
    retain_graph: keep what the graph keeps for a second backward (default: create_graph). create_graph: record the
    backward pass, for gradients of gradients. Raises GraphError where nothing was recorded, ShapeError for a missing
    or misshapen gradient.
    """
    outputs = _outputs("backward", tensors, grad_tensors, create_graph)
    retain = create_graph if retain_graph is None else retain_graph
    if inputs is None:
        backward_pass(outputs, retain=retain, create=create_graph)
        return
    chosen = list(as_sequence(inputs))
    if not chosen:
        raise ValueError("backward: inputs: expected at least one tensor, got none")
    nodes = {_source("backward", t, i) for i, t in enumerate(chosen)}
    for t in chosen:
        t.retain_grad()  # as in PyTorch; leaves have no need of it
    backward_pass(outputs, retain=retain, create=create_graph, wanted=nodes)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of `outputs` with respect to `inputs`, as a tuple; no `.grad` is touched.

    allow_unused: None instead of an error for an input that the outputs do not depend on; materialize_grads: zeros.
    only_inputs is accepted for PyTorch's sake and must be True. Raises as `backward` does.
    """
    if not only_inputs:
        raise ValueError("grad: only_inputs=False is not supported (nor is it in PyTorch); use backward()")
    if materialize_grads and allow_unused is False:
        raise ValueError("grad: expected allow_unused to be True or not given with materialize_grads=True")
    wanted = list(as_sequence(inputs))
    if not wanted:
        raise ValueError("grad: inputs: expected at least one tensor, got none")
    starts = _outputs("grad", outputs, grad_outputs, create_graph)
    nodes = [_source("grad", t, i) for i, t in enumerate(wanted)]
    retain = create_graph if retain_graph is None else retain_graph
    found = backward_pass(starts, retain=retain, create=create_graph, wanted=set(nodes), collect=True)
    results: list[Any] = []
    seen: set[Any] = set()
    for i, (t, node) in enumerate(zip(wanted, nodes, strict=True)):
        g = found.get(node)
        if g is None:
            if not allow_unused and not materialize_grads:
                raise GraphError(
                    f"grad: the outputs do not depend on input {i} ({describe(t)}); pass allow_unused=True to get None "
                    f"for it, or materialize_grads=True for zeros"
                )
            results.append(_tensor(array_module(t._array).zeros_like(t._array)) if materialize_grads else None)
            continue
        if create_graph:
            results.append(g if node not in seen else g.clone())
        else:
            results.append(_tensor(g if node not in seen else g.copy()))
        seen.add(node)
    return tuple(results)


def as_sequence(x: Any) -> Sequence[Any]:
    """One tensor, or several, as a sequence."""
    if x is None or isinstance(x, Tensor):  # the common cases: asking whether it is Iterable takes 1 us
        return (x,)
    return tuple(x) if isinstance(x, Iterable) and not hasattr(x, "dtype") else (x,)


def _tensor(array: Any) -> Tensor:
    return wrap(asarray(array))


def _ones(array: Any) -> Any:
    if array.__class__ is ndarray:
        return ones(array.shape, array.dtype)
    with device_guard(array):
        return array_module(array).ones(array.shape, array.dtype)


def _source(op: str, t: Any, i: int) -> Any:
    if not isinstance(t, Tensor):
        raise TypeError(f"{op}: input {i}: expected a Tensor, got {type(t).__name__}")
    node = t._current()
    if node is None:
        raise GraphError(f"{op}: input {i} ({describe(t)}) does not require grad; call requires_grad_() on it first")
    return node


def _outputs(op: str, tensors: Any, grad_tensors: Any, create: bool) -> list[tuple[Any, Any]]:
    """Each output's node with the gradient that starts there."""
    outputs, weights = as_sequence(tensors), as_sequence(grad_tensors)
    if grad_tensors is None:
        weights = (None,) * len(outputs)
    if len(weights) != len(outputs):
        raise ShapeError(f"{op}: expected one gradient for each of {len(outputs)} tensors, got {len(weights)}")
    return [_start(op, t, w, create) for t, w in zip(outputs, weights, strict=True)]


def _start(op: str, t: Any, weight: Any, create: bool) -> tuple[Any, Any]:
    if not isinstance(t, Tensor):
        raise TypeError(f"{op}: expected a Tensor, got {type(t).__name__}")
    node, array = t._node if t._base is None else t._current(), t._array
    if node is None:
        raise GraphError(
            f"{op}: the tensor ({describe(t)}) does not require grad and was not recorded; set requires_grad=True on "
            f"what it is computed from, and compute it outside no_grad()"
        )
    if weight is None:
        if array.size != 1:
            raise ShapeError(
                f"{op}: a gradient can be implied only for a tensor of one element, got {describe(t)}; reduce it with "
                f".sum() or .mean(), or pass gradient="
            )
        one = _ones(array)
        return node, _tensor(one) if create else one
    if not isinstance(weight, Tensor):
        raise TypeError(f"{op}: gradient: expected a Tensor, got {type(weight).__name__}")
    if weight._array.shape != array.shape:
        raise ShapeError(f"{op}: gradient: expected the tensor's shape {tuple(array.shape)}, got {describe(weight)}")
    weight = weight.astype(t.dtype)
    return node, weight if create else weight._array


def tensor_backward(
    self: Tensor, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
) -> None:
    """Add d(self)/d(leaf) to the `.grad` of every leaf (or of `inputs` only).

    gradient: what to weight the elements of self by; needed unless self has just one. retain_graph: keep what the graph
    keeps, for a second backward (default: create_graph). create_graph: record the backward pass itself.
    """
    backward(self, gradient, retain_graph, create_graph, inputs)
