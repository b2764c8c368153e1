"""Reading elements by index, and writing them.

A reading op and its adjoint are two primitives whose rules name each other: `getitem` and `scatter_add_into`, `gather`
and `scatter_zeros`, `pick` and `place`.
"""

import builtins
from typing import Any

import numpy as np

from minigrad.backend import add_at, array_module, assert_all, copy_to, device_guard, device_of, is_array, wraps_indices
from minigrad.engine.dispatch import primitive
from minigrad.engine.messages import move_scalars
from minigrad.engine.slice_grad import SliceGradient
from minigrad.engine.tensor import Tensor
from minigrad.ops import axes
from minigrad.ops.api import public, shape_error
from minigrad.ops.pointwise.cast import clone

__all__ = ["gather"]

# --- t[...] -------------------------------------------------------------------------------------------------------


BASIC = {int, slice, type(None), type(Ellipsis)}


def raw_index(index: Any, target: Any) -> Any:
    """An index as the library of the array `target` takes it: Tensors and lists as arrays beside it (an index may come
    from the CPU, as in PyTorch), and `...` after a basic index, so that a single element comes as a 0-d view and not
    as a NumPy scalar."""
    kind = index.__class__
    if kind is slice or kind is int:  # the commonest, without looking at parts: half the time of w[1:5]
        if kind is slice and index.step is not None:
            _check_step(index)
        return (index, Ellipsis)
    if kind is target.__class__ and not wraps_indices(target):
        return (index,)
    parts = _parts(index)
    kinds = {p.__class__ for p in parts}
    if slice in kinds:
        for p in parts:
            _check_step(p)
    if BASIC.issuperset(kinds):
        return parts if type(Ellipsis) in kinds else (*parts, Ellipsis)
    parts = tuple([_raw_part(p, target) for p in parts])
    return parts if any(p is Ellipsis or is_array(p) for p in parts) else (*parts, Ellipsis)


def _parts(index: Any) -> tuple[Any, ...]:
    """The index as a tuple. A list that holds tensors, lists or slices is one, as in PyTorch; one of numbers is an
    index itself."""
    if index.__class__ is list and any(
        p is None or p is Ellipsis or isinstance(p, (Tensor, list, tuple, slice, range)) or is_array(p) for p in index
    ):
        return tuple(index)
    return index if isinstance(index, tuple) else (index,)


def _check_step(part: Any) -> None:
    if isinstance(part, slice) and part.step is not None and part.step < 0:
        raise ValueError(f"index: expected a slice with a step above 0, got {part}; flip() reverses")


def _raw_part(part: Any, target: Any) -> Any:
    if isinstance(part, (int, slice)):
        return part
    if isinstance(part, Tensor):
        array = part._array
        if array.dtype.kind in "iu" and array.ndim == 0:
            return int(array)
        if array.dtype.kind not in "biu":
            raise IndexError(f"expected integer or bool indices, got a tensor of {array.dtype}")
        return copy_to(array.astype(bool) if array.dtype.char == "B" else array, device_of(target))
    if isinstance(part, (list, range)):
        array = np.asarray([p.item() if isinstance(p, Tensor) else p for p in part])
        return copy_to(array if array.size else array.astype("int64"), device_of(target))
    return copy_to(part, device_of(target)) if is_array(part) else part


def is_basic(index: Any) -> bool:
    """Does a raw index give a view (only integers, slices, None and ...)?"""
    return BASIC.issuperset([p.__class__ for p in index])


@primitive(view=True, name="getitem", input=lambda g, input_shape, index: _getitem_backward(g, input_shape, index))
def _getitem(input: Any, *, index: Any) -> Any:
    return input[index]


def _getitem_backward(g: Any, shape: tuple[int, ...], index: Any) -> Any:
    """getitem's adjoint; of a slice, where nothing is recorded, as a SliceGradient, which is added in-place."""
    if isinstance(g, Tensor) or not is_basic(index):
        return scatter_add_into(g, shape=shape, index=index)
    return SliceGradient(g, shape, index)


@primitive(name="scatter_add_into", g=lambda g, index: _getitem(g, index=index))
def scatter_add_into(g: Any, *, shape: tuple[int, ...], index: Any) -> Any:
    """Zeros of `shape` with `g` added at `index`, repeated indices adding up: the adjoint of getitem."""
    xp = array_module(g)
    out = xp.zeros(shape, dtype=g.dtype)
    if is_basic(index) or all(p.dtype.kind == "b" for p in index if is_array(p)):
        out[index] = g  # no index comes twice: assigning takes a hundredth of add.at's time
    else:
        add_at(out, index, g)
    return out


def getitem(input: Any, index: Any) -> Any:
    """input[index] with everything NumPy knows: slices, ..., None, integer and bool arrays or tensors, mixed.

    A basic index gives a view, as in PyTorch. Raises IndexError out of range.
    """
    array = input._array if isinstance(input, Tensor) else input
    if index.__class__ not in BASIC and wraps_indices(array):
        expect_inside("getitem", index, array)
    try:
        return _getitem(input, index=raw_index(index, array))
    except IndexError as error:
        raise IndexError(f"getitem: {error}; got a tensor of shape {tuple(input.shape)}") from None


def _led(g: Any, shape: tuple[int, ...]) -> Any:
    """`g` with leading sizes of 1 where `shape` has more dimensions: a value may have more than the slice it is
    written to."""
    extra = len(shape) - g.ndim
    return g[(None,) * extra + (...,)] if extra > 0 else g


@primitive(
    name="setitem",
    input=lambda g, index: _setitem(g, 0.0, index=index),
    value=lambda g, value_shape, index: _led(
        that_stay(_getitem(g, index=index), shape=tuple(g.shape), index=index, dim=None), value_shape
    ),
)
def _setitem(input: Any, value: Any, *, index: Any) -> Any:
    out = array_module(input).array(input)  # an array, also of a NumPy scalar
    index, value = in_order(index, value)
    out[index] = value
    return out


def in_order(index: Any, value: Any) -> tuple[Any, Any]:
    """The raw index and value of an assignment in which the last of several elements for one place wins, in C order:
    NumPy goes through both as they lie in memory. (On a GPU any one of them may win.)"""
    if is_basic(index):
        return index, value
    index = tuple([_in_c_order(p) if is_array(p) else p for p in index])
    return index, _in_c_order(value) if getattr(value, "ndim", 0) > 1 else value


def _in_c_order(x: Any) -> Any:
    return x if x.flags.c_contiguous else x.copy()


@primitive(name="that_stay", g=lambda g, shape, index, dim: that_stay(g, shape=shape, index=index, dim=dim))
def that_stay(g: Any, *, shape: tuple[int, ...], index: Any, dim: int | None) -> Any:
    """The gradient `g` of what was written at `index` (or at `index` along `dim`) into an array of `shape`: 0 for an
    element whose place a later one took."""
    if dim is not None:
        index = _along(index, dim) if _may_repeat(index, dim) else ()
    if all(p.dtype.kind == "b" or p.size < 2 for p in index if is_array(p)):
        return g  # no place comes twice
    xp, (sizes, places) = array_module(g), _distinct(index, shape)
    numbers = xp.zeros(sizes, dtype="int64")
    mine = xp.arange(numbers[places].size, dtype="int64").reshape(numbers[places].shape)
    numbers[places] = mine
    return xp.where(numbers[places] == mine, g, 0)


def _distinct(index: Any, shape: tuple[int, ...]) -> tuple[list[int], Any]:
    """Sizes and index without the dimensions that slices go through, where no place comes twice: of size 1."""
    taken = [0 if p is None or p is Ellipsis or isinstance(p, bool) else p.ndim if is_array(p) and p.dtype.kind == "b"
             else 1 for p in index]  # fmt: skip
    sizes, places, d = [1] * len(shape), [], 0
    for part, n in zip(index, taken):
        if part is Ellipsis:
            d += len(shape) - builtins.sum(taken)
        elif n and not isinstance(part, slice):
            sizes[d : d + n] = shape[d : d + n]
        places.append(slice(None) if isinstance(part, slice) else part)
        d += n
    return sizes, in_order(tuple(places), None)[0]


# --- along one dimension ------------------------------------------------------------------------------------------


def _along(index: Any, dim: int) -> Any:
    """The full index that `index` along `dim` stands for: its own position in every other dimension."""
    grid = array_module(index).ogrid[tuple(slice(n) for n in index.shape)]
    grid = grid if isinstance(grid, (tuple, list)) else [grid]
    return tuple(index if d == dim else axis for d, axis in enumerate(grid))


def _may_repeat(index: Any, dim: int) -> bool:
    """May a place come twice? Not with one element a row."""
    return bool(index.ndim) and index.shape[dim] > 1


@primitive(name="gather", input=lambda g, index, input_shape, dim: _scatter_zeros(g, index, shape=input_shape, dim=dim))
def _gather(input: Any, index: Any, *, dim: int) -> Any:
    return input[_along(index, dim)]


@primitive(name="scatter_zeros", g=lambda g, index, dim: _gather(g, index, dim=dim))
def _scatter_zeros(g: Any, index: Any, *, shape: tuple[int, ...], dim: int) -> Any:
    out = array_module(g).zeros(shape, dtype=g.dtype)
    place = _along(index, dim)
    if _may_repeat(index, dim):
        add_at(out, place, g)
    else:
        out[place] = g
    return out


@public
def gather(input: Any, dim: int, index: Any, *, sparse_grad: bool = False) -> Any:
    """out[i][j][k] = input[i][index[i][j][k]][k] for dim = 1. `index` is int64, no larger than input elsewhere.

    Raises IndexError out of range. sparse_grad changes nothing: every gradient here is dense.
    """
    at = axes.normalize_dim(dim, input.ndim, "gather")
    if input.ndim == 0:
        return gather(input[None], 0, index) if index.ndim else clone(input)
    if 0 in tuple(index.shape):
        return input.reshape(-1)[:0].reshape(tuple(index.shape))
    if index.ndim != input.ndim or any(index.shape[d] > input.shape[d] for d in range(input.ndim) if d != at):
        wanted = f"{input.ndim} dimensions, no larger than {tuple(input.shape)} outside dimension {at}"
        raise shape_error("gather: `index`", wanted, index)
    check_range("gather", index, input.shape[at], f"dimension {at}", input)
    return _gather(input, index, dim=at)


def check_range(op: str, index: Any, size: int, what: str, beside: Any) -> None:
    """Raise IndexError unless all of `index` lies in [0, size), on a GPU when that is next waited for; and DeviceError
    unless it lies beside what it chooses from."""
    array = index._array if isinstance(index, Tensor) else index
    if array.dtype.kind not in "iu":
        raise IndexError(f"{op}: expected integer indices, got {array.dtype}")
    if array.__class__ is not (beside._array if isinstance(beside, Tensor) else beside).__class__:
        move_scalars(op, (index, beside))
    if array.size and not wraps_indices(array):
        low, high = int(array.min()), int(array.max())
        if low < 0 or high >= size:
            wrong = low if low < 0 else high
            raise IndexError(f"{op}: expected indices from 0 to {size - 1} ({what}), got {wrong}")
    elif array.size:  # read as unsigned, negative numbers are the largest
        text = f"{op}: expected indices from 0 to {size - 1} ({what}), got others too"
        assert_all(array.astype("int64", copy=False).view("uint64") < size, IndexError, text)


def expect_inside(op: str, index: Any, target: Any) -> None:
    """IndexError for integers in an index that are out of the range of `target`, whose library would take them modulo
    its size: at once where they are on the CPU still."""
    parts = [p._array if isinstance(p, Tensor) else np.asarray(p) if isinstance(p, list) else p
             for p in _parts(index)]  # fmt: skip
    taken = [p.ndim if is_array(p) and p.dtype.kind == "b" else int(p is not None and p is not ...) for p in parts]
    dim = 0
    for part, n in zip(parts, taken):
        if is_array(part) and part.dtype.kind in "iu" and part.size and part.ndim:
            size = target.shape[dim]
            text = f"{op}: dimension {dim}: expected indices from {-size} to {size - 1}, got others too"
            with device_guard(part):
                wide = part.astype("int64", copy=False)
                assert_all((wide >= -size) & (wide < size), IndexError, text)
        dim += target.ndim - builtins.sum(taken) if part is ... else n


# --- one class per row ----------------------------------------------------------------------------------------------


@primitive(name="pick", input=lambda g, input_shape, index: _place(g, shape=input_shape, index=index))
def _pick(input: Any, *, index: Any) -> Any:
    return input[array_module(input).arange(len(index)), _plain(index)]


@primitive(name="place", g=lambda g, index: _pick(g, index=index))
def _place(g: Any, *, shape: tuple[int, ...], index: Any) -> Any:
    xp = array_module(g)
    out = xp.zeros(shape, dtype=g.dtype)
    out[xp.arange(len(index)), _plain(index)] = g
    return out


def _plain(index: Any) -> Any:
    """The array of an index that a recorded backward pass made a Tensor (which NumPy would take, and CuPy refuses)."""
    return index._array if isinstance(index, Tensor) else index


def pick(input: Any, index: Any) -> Any:
    """input[i, index[i]] for each row i of a matrix. A primitive because its adjoint, which writes one value into each
    row, needs no scatter-add: 20 times faster than `gather`'s for a batch of 256."""
    return _pick(input, index=_plain(index))
