"""The same elements in another shape: views where memory allows it, joins and splits."""

import operator
from itertools import accumulate
from typing import Any

from minigrad.backend import array_module, asarray, broadcast_view, storage
from minigrad.backend.arrays import reduce_sum
from minigrad.dtypes import dtype_named, promote_types
from minigrad.engine.dispatch import primitive
from minigrad.engine.messages import describe
from minigrad.engine.primitive import wrap
from minigrad.engine.promotion import cast
from minigrad.errors import ShapeError
from minigrad.ops import axes
from minigrad.ops.api import public, raise_not_tensor
from minigrad.ops.index.indexing import getitem

__all__ = [
    "broadcast_to", "cat", "chunk", "concat", "concatenate", "expand", "flatten", "flip", "moveaxis",
    "movedim", "narrow", "permute", "reshape", "split", "squeeze", "stack", "swapaxes", "swapdims", "t", "transpose",
    "unbind", "unsqueeze",
]  # fmt: skip


def _ints(sizes: tuple[Any, ...]) -> tuple[int, ...]:
    """Sizes or dims given as f(x, 2, 3) or f(x, (2, 3))."""
    given = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else sizes
    try:
        if not sizes:
            raise TypeError("expected integers, got none; () is the empty tuple of them")
        return tuple(map(operator.index, given))
    except TypeError as error:
        raise error if not sizes else TypeError(f"expected integers, got {given!r}") from None


# --- reshaping ----------------------------------------------------------------------------------------------------


@primitive(view=True, name="reshape", input=lambda g, input_shape: _reshape(g, shape=input_shape))
def _reshape(input: Any, *, shape: tuple[int, ...]) -> Any:
    return input.reshape(shape)


def reshape(input: Any, *args: Any, shape: Any = None) -> Any:
    """The elements, in order, in another shape; one size may be -1. A view where the memory's layout allows it."""
    given = args if shape is None else (shape,)
    try:  # where the first size is an int so are the others, or NumPy refuses them
        return _reshape(input, shape=args if args and args[0].__class__ is int else _ints(given))
    except (AttributeError, TypeError):
        raise_not_tensor("reshape", input=input)
        try:
            _ints(given)
        except TypeError as error:
            raise TypeError(f"reshape: {error}") from None
        raise


def view(input: Any, *shape: Any, size: Any = None, dtype: Any = None) -> Any:
    """`reshape` that is always a view (ShapeError where the layout does not allow one). view(dtype): the same memory
    read as numbers of that dtype, unrecorded."""
    if size is not None:
        shape = (size,)
    elif dtype is not None or (len(shape) == 1 and not isinstance(shape[0], (int, tuple, list))):
        return _read_as(input, dtype or shape[0])
    out = reshape(input, *shape)
    if storage(out._array) is not storage(input._array):
        raise ShapeError(
            f"view: shape {tuple(out.shape)} is no view of this tensor of shape {tuple(input.shape)}, whose elements "
            f"are not contiguous; use reshape() or contiguous()"
        )
    return out


def _read_as(input: Any, dtype: Any) -> Any:
    kind = dtype_named("view", dtype)
    try:
        return wrap(input._array.view(kind))
    except ValueError as error:
        raise ShapeError(f"view: {input.dtype} as {kind}: {error}; got {describe(input)}") from None


@public
def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """The dimensions start_dim to end_dim as one."""
    if input.ndim == 0:
        return reshape(input, 1)
    start, end = (axes.normalize_dim(d, input.ndim, "flatten") for d in (start_dim, end_dim))
    if start > end:
        raise ShapeError(f"flatten: expected start_dim <= end_dim, got {start_dim} and {end_dim}")
    if start == end:
        return input
    sizes = tuple(input.shape)
    return reshape(input, (*sizes[:start], axes.reduced_size(sizes, tuple(range(start, end + 1))), *sizes[end + 1 :]))


@public
def squeeze(input: Any, dim: Any = None) -> Any:
    """Without its dimensions of size 1: all of them, or those of `dim` that have it."""
    dims = axes.normalize_dims(dim, input.ndim, "squeeze")
    sizes = tuple(input.shape)
    return reshape(input, tuple(n for i, n in enumerate(sizes) if n != 1 or (dims is not None and i not in dims)))


@public
def unsqueeze(input: Any, dim: int) -> Any:
    """With a new dimension of size 1 at `dim`."""
    at = axes.normalize_dim(dim, input.ndim + 1, "unsqueeze")
    sizes = tuple(input.shape)
    return reshape(input, (*sizes[:at], 1, *sizes[at:]))


@primitive(view=True, name="expand", input=lambda g, input_shape: sum_to(g, shape=input_shape))
def _expand(input: Any, *, shape: tuple[int, ...]) -> Any:
    return broadcast_view(asarray(input), shape)


@primitive(name="sum_to", g=lambda g, g_shape: expand(g, g_shape))
def sum_to(g: Any, *, shape: tuple[int, ...]) -> Any:
    """`g` summed to `shape`: the adjoint of broadcasting `shape` to g's shape."""
    extra = g.ndim - len(shape)
    stretched = tuple(i + extra for i, n in enumerate(shape) if n == 1 and g.shape[i + extra] != 1)
    if not stretched:  # no view: a bias' gradient is nobody else's, and need not be copied
        return asarray(reduce_sum(g, tuple(range(extra)), None, False))
    out = reduce_sum(g, (*range(extra), *stretched), None, True)
    return out.reshape(shape) if extra else out


@public
def expand(input: Any, *sizes: Any, size: Any = None) -> Any:
    """Repeated along dimensions of size 1, and new leading ones, without a copy. -1 keeps a dimension as it is."""
    sizes, have = _ints(sizes if size is None else (size,)), tuple(input.shape)
    if len(sizes) < len(have):
        raise ShapeError(f"expand: expected at least {len(have)} sizes for a tensor of shape {have}, got {sizes}")
    own = (1,) * (len(sizes) - len(have)) + have
    wanted = tuple(m if n == -1 else n for n, m in zip(sizes, own))
    if any(m not in (1, n) for n, m in zip(wanted, own)) or -1 in sizes[: len(sizes) - len(have)]:
        raise ShapeError(f"expand: only dimensions of size 1 can be expanded; got shape {have} and sizes {sizes}")
    return _expand(input, shape=wanted)


broadcast_to = expand

# --- reordering -------------------------------------------------------------------------------------------------


@primitive(view=True, name="permute", input=lambda g, dims: _permute(g, dims=_inverse(dims)))
def _permute(input: Any, *, dims: tuple[int, ...]) -> Any:
    return input.transpose(dims)


def _inverse(dims: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(range(len(dims)), key=dims.__getitem__))


@public
def permute(input: Any, *args: Any, dims: Any = None) -> Any:
    """The dimensions in another order: a view."""
    given = _ints(args if dims is None else (tuple(dims),))
    order = axes.normalize_dims(given, input.ndim, "permute") or ()
    if len(order) != input.ndim:
        raise ShapeError(f"permute: expected each of {input.ndim} dimensions once, got {given}")
    return _permute(input, dims=order)


@public
def transpose(input: Any, dim0: int, dim1: int) -> Any:
    """Two dimensions swapped: a view."""
    n = input.ndim
    if n == 0:
        return _permute(input, dims=())
    order = list(range(n))
    a, b = axes.normalize_dim(dim0, n, "transpose"), axes.normalize_dim(dim1, n, "transpose")
    order[a], order[b] = b, a
    return _permute(input, dims=tuple(order))


swapaxes = swapdims = transpose


@public
def t(input: Any) -> Any:
    """A matrix transposed; a vector or a number as it is."""
    n = input.ndim
    if n > 2:
        raise ShapeError(f"t: expected at most 2 dimensions, got shape {tuple(input.shape)}")
    return _permute(input, dims=(1, 0)) if n == 2 else input


def mT(input: Any) -> Any:
    """The last two dimensions swapped: a view."""
    n = input.ndim
    if n < 2:
        raise ShapeError(f"mT: expected at least 2 dimensions, got shape {tuple(input.shape)}")
    return _permute(input, dims=(*range(n - 2), n - 1, n - 2))


@public
def movedim(input: Any, source: Any, destination: Any) -> Any:
    """The dimensions `source` moved to the positions `destination`, the others in their order."""
    moved = axes.normalize_dims(source, input.ndim, "movedim") or ()
    places = axes.normalize_dims(destination, input.ndim, "movedim") or ()
    if len(moved) != len(places):
        raise ShapeError(f"movedim: expected as many destinations as sources, got {source} and {destination}")
    order = [d for d in range(input.ndim) if d not in moved]
    for place, d in sorted(zip(places, moved)):
        order.insert(place, d)
    return _permute(input, dims=tuple(order))


moveaxis = movedim


@primitive(name="flip", input=lambda g, dims: _flip(g, dims=dims))
def _flip(input: Any, *, dims: tuple[int, ...]) -> Any:
    return array_module(input).flip(input, dims).copy()


@public
def flip(input: Any, *args: Any, dims: Any = None) -> Any:
    """Reversed along `dims`: a copy, as in PyTorch."""
    return _flip(input, dims=axes.normalize_dims(_ints(args if dims is None else (dims,)), input.ndim, "flip") or ())


# --- joining and splitting ----------------------------------------------------------------------------------------


@primitive(
    name="cat", tensors=lambda g, index, dim, starts: narrow(g, dim, starts[index], starts[index + 1] - starts[index])
)
def _cat(*tensors: Any, dim: int, starts: tuple[int, ...]) -> Any:
    out = array_module(tensors[0]).concatenate(tensors, dim)
    return out if out.flags.c_contiguous else out.copy()  # transposed parts would give a transposed whole


@public
def cat(tensors: Any, dim: int = 0) -> Any:
    """Tensors one after another along `dim`; their other sizes must agree. dtypes are promoted."""
    parts = list(tensors)
    if not parts:
        raise ShapeError("cat: expected at least one tensor, got none")
    dtype = parts[0].dtype
    for p in parts[1:]:
        dtype = promote_types(dtype, p.dtype)
    parts = [p for p in parts if tuple(p.shape) != (0,)] or parts[:1]  # PyTorch passes over empty vectors
    if parts[0].ndim == 0:
        raise ShapeError("cat: tensors of 0 dimensions cannot be joined; use stack()")
    at = axes.normalize_dim(dim, parts[0].ndim, "cat")
    starts = [0]
    for p in parts:
        starts.append(starts[-1] + (p.shape[at] if p.ndim > at else 0))
    return _cat(*[cast(p, dtype) for p in parts], dim=at, starts=tuple(starts))


concat = concatenate = cat


@public
def stack(tensors: Any, dim: int = 0) -> Any:
    """Tensors of one shape along a new dimension at `dim`."""
    parts = list(tensors)
    if not parts:
        raise ShapeError("stack: expected at least one tensor, got none")
    shapes = [tuple(p.shape) for p in parts]
    for i, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise ShapeError(f"stack: expected tensors of one shape, got {shapes[0]} at 0 and {shape} at {i}")
    at = axes.normalize_dim(dim, parts[0].ndim + 1, "stack")
    return cat([unsqueeze(p, at) for p in parts], at)


@public
def narrow(input: Any, dim: int, start: int, length: int) -> Any:
    """The slice start : start + length of `dim`: a view."""
    at = axes.normalize_dim(dim, input.ndim, "narrow")
    size = input.shape[at]
    if not (-size <= start <= size and 0 <= length <= size - start % (size + 1 if start >= 0 else size)):
        raise ShapeError(f"narrow: expected a slice of dimension {at} of size {size}, got {start} and length {length}")
    start = start + size if start < 0 else start
    return getitem(input, (slice(None),) * at + (slice(start, start + length),))


@public
def split(tensor: Any, split_size_or_sections: Any, dim: int = 0) -> tuple[Any, ...]:
    """Slices along `dim`: of that size (the last may be shorter), or of the sizes in a list. Views."""
    at = axes.normalize_dim(dim, tensor.ndim, "split")
    size = tensor.shape[at]
    if isinstance(split_size_or_sections, (tuple, list)):
        sizes = [int(n) for n in split_size_or_sections]
        if sum(sizes) != size:
            raise ShapeError(f"split: expected sizes that add up to {size}, got {sizes}")
    else:
        step = operator.index(split_size_or_sections)
        if step < 0 or (step == 0 and size):
            raise ShapeError(f"split: expected a positive size, got {step}")
        sizes = [min(step, size - start) for start in range(0, size, step or 1)] or [0]
    starts = [0, *accumulate(sizes)]
    return tuple(narrow(tensor, at, start, n) for start, n in zip(starts, sizes))


@public
def chunk(input: Any, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    """At most `chunks` slices of equal size along `dim` (the last may be shorter). Views."""
    if chunks <= 0:
        raise ShapeError(f"chunk: expected a positive number of chunks, got {chunks}")
    at = axes.normalize_dim(dim, input.ndim, "chunk")
    size = int(input.shape[at])
    return split(input, -(-size // operator.index(chunks)) if size else [0] * chunks, at)


@public
def unbind(input: Any, dim: int = 0) -> tuple[Any, ...]:
    """The slices along `dim`, without that dimension. Views."""
    at = axes.normalize_dim(dim, input.ndim, "unbind")
    return tuple(getitem(input, (slice(None),) * at + (i,)) for i in range(input.shape[at]))
