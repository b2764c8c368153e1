"""Collation: a batch from a list of samples."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.dtypes import bool as bool_
from minigrad.dtypes import float64, int64
from minigrad.engine.tensor import Tensor
from minigrad.ops.array.creation import as_tensor, tensor
from minigrad.ops.array.shape import stack
from minigrad.utils._pytree import tree_map


def default_collate(batch: Sequence[Any]) -> Any:
    """A batch from samples of the same structure, as in PyTorch.

    Tensors and arrays are stacked along a new first dimension; Python floats become a float64 tensor, ints int64, bools
    bool; strings and bytes stay a list. Tuples and lists are collated entry by entry into a list, named tuples and
    dicts into their own type. Raises TypeError for other types, ValueError where structures or shapes differ.
    """
    return _collate(list(batch), "the samples")


def _collate(batch: Sequence[Any], where: str) -> Any:
    if not batch:
        raise ValueError("default_collate: batch: expected one or more samples, got none")
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(batch)
    if isinstance(first, np.ndarray):
        return as_tensor(_stack_arrays(batch, where))
    if isinstance(first, np.generic) and first.dtype.kind not in "SU":
        return tensor(np.asarray(batch, first.dtype))
    if isinstance(first, (bool, int, float)):
        kind = float64 if any(type(x) is float for x in batch) else bool_ if isinstance(first, bool) else int64
        return tensor(batch, dtype=kind)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        _check_same(batch, where, [set(x) for x in batch], "keys")
        entries = {k: _collate([x[k] for x in batch], f"{where}[{k!r}]") for k in first}
        return _same_type(first, entries)
    if isinstance(first, Sequence):
        _check_same(batch, where, [len(x) for x in batch], "length")
        columns = [_collate(c, f"{where}[{i}]") for i, c in enumerate(zip(*batch))]
        return type(first)(*columns) if hasattr(first, "_fields") else columns
    raise TypeError(
        f"default_collate: {where}: expected tensors, arrays, numbers, strings, and tuples, lists or dicts of them, "
        f"got {type(first).__name__}; pass a collate_fn for this type"
    )


def _stack_arrays(batch: Sequence[Any], where: str) -> Any:
    _check_same(batch, where, [np.shape(x) for x in batch], "shape")
    return np.stack(batch)


def _check_same(batch: Sequence[Any], where: str, values: list[Any], what: str) -> None:
    for i, value in enumerate(values):
        if value != values[0]:
            raise ValueError(f"default_collate: {where}: expected one {what}, got {values[0]} at 0 and {value} at {i}")


def _same_type(first: Any, entries: dict[Any, Any]) -> Any:
    try:
        return type(first)(entries)
    except TypeError:  # a mapping that cannot be constructed from a dict
        return entries


def default_convert(data: Any) -> Any:
    """A sample with its arrays converted to tensors: the collate_fn without batching (`batch_size=None`)."""
    if isinstance(data, (np.ndarray, np.generic)) and data.dtype.kind in "biufc":
        return as_tensor(np.asarray(data))
    if isinstance(data, Mapping):
        return _same_type(data, {k: default_convert(v) for k, v in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(default_convert, data))
    if isinstance(data, (tuple, list)):
        return [default_convert(x) for x in data]
    return data


def pin_batch(batch: Any) -> Any:
    """A batch with its CPU tensors copied to pinned memory. Other objects with a `pin_memory()` method: its result."""

    def pin(x: Any) -> Any:
        if isinstance(x, Tensor) and x.device.type != "cpu":
            return x
        return x.pin_memory() if hasattr(x, "pin_memory") else x

    return tree_map(pin, batch)
