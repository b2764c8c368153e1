"""Looking up vectors by index: one by one, and reduced by bags."""

from typing import Any

from minigrad.backend import array_module
from minigrad.engine.messages import describe
from minigrad.engine.promotion import cast, widened
from minigrad.engine.tensor import Tensor
from minigrad.ops.api import one_of, public, raise_not_tensor, shape_error
from minigrad.ops.array.creation import arange, as_tensor, full
from minigrad.ops.array.shape import unsqueeze
from minigrad.ops.index.indexing import _getitem, check_range, getitem
from minigrad.ops.pointwise.arithmetic import clamp, where
from minigrad.ops.reduce.reductions import max as largest
from minigrad.ops.reduce.reductions import p_norm, sum

__all__ = ["embedding", "embedding_bag"]


@public
def embedding(
    input: Any, weight: Any, padding_idx: int | None = None, max_norm: float | None = None, norm_type: float = 2.0,
    scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Any:  # fmt: skip
    """The rows of `weight` (vocabulary, size) with the numbers in `input` (...): (..., size).

    Row number padding_idx gets no gradient. max_norm: rows looked up that are longer are first shortened, in place.
    Gradients are dense; scale_grad_by_freq divides each row's by how often it was looked up.
    """
    if weight.ndim != 2:
        raise shape_error("embedding: `weight`", "a matrix (vocabulary, size)", weight)
    n = int(weight.shape[0])
    check_range("embedding", input, n, "rows of weight", weight)
    if padding_idx is not None and not -n <= padding_idx < n:
        raise IndexError(f"embedding: padding_idx: expected {-n} to {n - 1}, got {padding_idx}")
    index = input._array if isinstance(input, Tensor) else input
    if max_norm is not None:
        _shorten(weight, index, max_norm, norm_type)
    rows = _getitem(weight, index=(index,))
    if padding_idx is not None:
        rows = where(unsqueeze(input != padding_idx % n, -1), rows, rows.detach())
    if scale_grad_by_freq:
        xp = array_module(index)
        share = 1 / xp.bincount(index.reshape(-1), minlength=n)[index][..., None].astype(weight.dtype)
        rows = rows * share + rows.detach() * (1 - share)
    return rows


def _shorten(weight: Any, index: Any, max_norm: float, norm_type: float) -> None:
    table = weight.detach()
    used = array_module(index).unique(index)
    rows = table[used]
    table[used] = rows * clamp(max_norm / (p_norm(rows, norm_type, -1, True) + 1e-7), max=1.0)


@public
def embedding_bag(
    input: Any, weight: Any, offsets: Any = None, max_norm: float | None = None, norm_type: float = 2,
    scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, per_sample_weights: Any = None,
    include_last_offset: bool = False, padding_idx: int | None = None,
) -> Any:  # fmt: skip
    """The sum, mean or max (`mode`) of the rows of `weight` in each bag of numbers: input (B, n), or all bags one after
    the other in a vector with their starts in `offsets` (B,) (include_last_offset: and the end of the last): (B, size).

    per_sample_weights, of input's shape, multiply the rows of a sum. Numbers that are padding_idx are no part of a bag;
    an empty bag gives zeros. Gradients are dense: sparse=True raises ValueError.
    """
    op = "embedding_bag"
    if sparse:
        raise ValueError(f"{op}: sparse: gradients are dense here; leave it out")
    one_of(op, "mode", mode, "sum", "mean", "max")
    if per_sample_weights is not None and (mode != "sum" or tuple(per_sample_weights.shape) != tuple(input.shape)):
        raise ValueError(f"{op}: per_sample_weights: expected input's shape and mode sum, got "
                         f"{describe(per_sample_weights)} and mode {mode}")  # fmt: skip
    raise_not_tensor(op, input=input, weight=weight)
    input = as_tensor(input)
    rows = embedding(input, weight, None, max_norm, norm_type, scale_grad_by_freq)
    if per_sample_weights is not None:
        rows = rows * unsqueeze(per_sample_weights, -1)
    there = full(tuple(input.shape), True, device=input.device)
    if padding_idx is not None:
        there = there & (input != padding_idx % weight.shape[0])
    if input.ndim != 2 or offsets is not None:
        places, inside = _bags(op, input, offsets, include_last_offset)
        rows, there = getitem(rows, (places,)), getitem(there, (places,)) & inside
    shown, counts = unsqueeze(there, -1), there.sum(1, keepdim=True)
    if mode == "max" and there.shape[1]:
        return where(counts > 0, largest(where(shown, rows, -float("inf")), 1)[0], 0.0)
    if mode == "sum":
        return sum(where(shown, rows, 0.0), 1)
    total = sum(where(shown, widened(rows), 0.0), 1)
    return cast(total / clamp(counts, min=1).to(total.dtype), rows.dtype)


def _bags(op: str, input: Any, offsets: Any, include_last: bool) -> tuple[Any, Any]:
    """Where in the vector the elements of each bag lie, (bags, longest bag), and which of these positions are in it."""
    if input.ndim == 2:
        raise ValueError(f"{op}: offsets: the rows of a matrix are bags already; leave them out")
    if input.ndim != 1 or offsets is None or offsets.ndim != 1:
        raise shape_error(op, "numbers (B, n), or a vector with offsets (B,)", input, offsets)
    total = int(input.shape[0])
    given = [int(n) for n in offsets.tolist()]
    starts = given[:-1] if include_last else given
    if given[:1] != [0] or sorted(given) != given or given[-1] > total:
        raise ValueError(f"{op}: offsets: expected starts from 0 upwards, {total} at most, got {given}")
    sizes = [end - start for start, end in zip(starts, [*starts[1:], given[-1] if include_last else total])]
    steps = arange(sorted(sizes)[-1] if sizes else 0, device=input.device)
    first, size = (unsqueeze(as_tensor(n, dtype="int64", device=input.device), 1) for n in (starts, sizes))
    inside = steps < size
    return where(inside, first + steps, 0), inside
