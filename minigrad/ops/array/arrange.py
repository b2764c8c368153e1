"""Rolled, turned, repeated, cut and joined: elements in another order."""

from typing import Any

from minigrad.backend import array_module
from minigrad.dtypes import int64
from minigrad.engine.tensor import Tensor
from minigrad.errors import DtypeError, ShapeError
from minigrad.ops import axes
from minigrad.ops.api import one_of, public, shape_error
from minigrad.ops.array.creation import arange
from minigrad.ops.array.pad import pad
from minigrad.ops.array.shape import _ints, cat, expand, flip, narrow, reshape, split, stack, transpose, unsqueeze
from minigrad.ops.index.indexing import getitem
from minigrad.ops.pointwise.cast import clone

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "block_diag", "broadcast_tensors", "cartesian_prod",
    "column_stack", "dsplit", "dstack", "fliplr", "flipud", "hsplit", "hstack", "meshgrid", "ravel", "repeat",
    "repeat_interleave", "roll", "rot90", "select", "tensor_split", "tile", "unflatten", "vsplit", "vstack",
]  # fmt: skip

# --- rolled and turned ----------------------------------------------------------------------------------------------


@public
def roll(input: Any, shifts: Any, dims: Any = None) -> Any:
    """Moved on by `shifts` along `dims`, what leaves at the end coming in at the start; without dims, flattened."""
    if dims is None or dims == ():
        return reshape(roll(reshape(input, (-1,)), shifts, 0), tuple(input.shape))
    steps = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    along = (dims,) if isinstance(dims, int) else tuple(dims)
    if len(steps) != len(along):
        raise ShapeError(f"roll: expected as many shifts as dims, got {shifts} and {dims}")
    out = input
    for step, dim in zip(steps, along):
        at = axes.normalize_dim(dim, input.ndim, "roll")
        n = input.shape[at]
        cut = n - step % n if n else 0
        out = cat([narrow(out, at, cut, n - cut), narrow(out, at, 0, cut)], at)
    return out


@public
def rot90(input: Any, k: int = 1, dims: Any = (0, 1)) -> Any:
    """Turned k times by 90 degrees, from the first of the two dims towards the second."""
    a, b = (axes.normalize_dim(d, input.ndim, "rot90") for d in dims)
    if a == b:
        raise ShapeError(f"rot90: expected two different dimensions, got {dims}")
    turns = k % 4
    if turns == 0:
        return clone(input)
    if turns == 2:
        return flip(input, (a, b))
    return flip(transpose(input, a, b), a) if turns == 1 else flip(transpose(input, a, b), b)


@public
def fliplr(input: Any) -> Any:
    """Columns reversed."""
    return flip(input, 1)


@public
def flipud(input: Any) -> Any:
    """Rows reversed."""
    if input.ndim < 1:
        raise ShapeError("flipud: expected at least 1 dimension, got a 0-d tensor")
    return flip(input, 0)


# --- repeated -------------------------------------------------------------------------------------------------------


@public
def repeat(input: Any, *times: Any, repeats: Any = None) -> Any:
    """The whole, so many times along each dimension (more numbers than dimensions: new leading ones). A copy."""
    times = _ints(times if repeats is None else (repeats,))
    extra = len(times) - input.ndim
    if extra < 0:
        raise ShapeError(f"repeat: expected at least {input.ndim} numbers, one for each dimension, got {times}")
    if any(n < 0 for n in times):
        raise ValueError(f"repeat: expected numbers of 0 or more, got {times}")
    sizes = (1,) * extra + tuple(input.shape)
    apart = reshape(input, tuple(n for size in sizes for n in (1, size)))
    spread = expand(apart, tuple(n for pair in zip(times, sizes) for n in pair))
    return reshape(clone(spread), tuple(t * n for t, n in zip(times, sizes)))


@public
def tile(input: Any, *times: Any, dims: Any = None) -> Any:
    """`repeat` with NumPy's rule: missing numbers count as leading ones."""
    times = _ints(times if dims is None else (dims,))
    return repeat(input, (1,) * (input.ndim - len(times)) + times)


@public
def repeat_interleave(
    input: Any, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Any:
    """Each element so many times in a row along `dim` (or of the flattened input); `repeats` a number or one for
    each. Of counts alone: the place of each, so many times. output_size: what `dim` is to become, ShapeError if it
    does not."""
    if repeats is None:
        input, repeats = arange(input.shape[0], device=getattr(input, "device", None)), input
    if dim is None:
        return repeat_interleave(reshape(input, (-1,)), repeats, 0, output_size=output_size)
    at = axes.normalize_dim(dim, input.ndim, "repeat_interleave")
    raw = input._array if isinstance(input, Tensor) else input
    counts = repeats._array if isinstance(repeats, Tensor) else repeats
    n = raw.shape[at]
    if hasattr(counts, "ndim") and counts.ndim and len(counts) not in (1, n):
        raise ShapeError(f"repeat_interleave: `repeats`: expected a number or {n} of them, got {len(counts)}")
    xp = array_module(raw)
    # CuPy takes no array of counts: the result's size depends on their values, which have to be waited for
    if hasattr(counts, "ndim") and counts.dtype.kind not in "iu":
        raise DtypeError(f"repeat_interleave: `repeats`: expected integers, got {counts.dtype}")
    counts = counts.tolist() if hasattr(counts, "ndim") else _ints((counts,))
    places = xp.repeat(xp.arange(n, dtype=int64), counts)
    if output_size not in (None, len(places)):
        raise ShapeError(
            f"repeat_interleave: output_size: expected {len(places)}, the sum of repeats, got {output_size}"
        )
    return getitem(input, (*(slice(None),) * at, places))


@public
def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Any, ...]:
    """For vectors of n, m, ... elements as many n x m x ... grids of their coordinates; "xy" swaps the first two
    dims."""
    one_of("meshgrid", "indexing", indexing, "ij", "xy")
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    if not given or any(t.ndim > 1 or t.dtype != given[0].dtype for t in given):
        raise shape_error("meshgrid", "vectors of one dtype", *given)
    return grids(given, indexing)


def grids(vectors: Any, indexing: str) -> tuple[Any, ...]:
    """`meshgrid` of whatever they are, flattened, as NumPy has it."""
    parts = [reshape(v, (-1,)) for v in vectors]
    shape = tuple(p.shape[0] for p in parts)
    made = [expand(reshape(p, (-1,) + (1,) * (len(parts) - 1 - i)), shape) for i, p in enumerate(parts)]
    if indexing == "xy" and len(parts) > 1:
        made = [transpose(g, 0, 1) for g in made]
    return tuple(made)


# --- other names for joining, splitting and choosing ----------------------------------------------------------------


@public
def broadcast_tensors(*tensors: Any) -> tuple[Any, ...]:
    """The tensors expanded to their common shape. Views."""
    raw = [t._array if isinstance(t, Tensor) else t for t in tensors]
    try:
        shape = array_module(raw[0]).broadcast_shapes(*(x.shape for x in raw))
    except ValueError:
        raise shape_error("broadcast_tensors", "shapes that broadcast", *raw) from None
    return tuple(expand(t, shape) for t in tensors)


@public
def column_stack(tensors: Any) -> Any:
    """Joined along the second dimension, vectors as columns."""
    return cat([reshape(t, (-1, 1)) if t.ndim < 2 else t for t in tensors], 1)


@public
def block_diag(*tensors: Any) -> Any:
    """The matrices one after the other on the diagonal of a matrix, zeros elsewhere."""
    parts = [_at_least(t, 2) for t in tensors]
    if any(p.ndim > 2 for p in parts):
        raise shape_error("block_diag", "tensors of at most 2 dimensions", *tensors)
    width, start, rows = sum(p.shape[1] for p in parts), 0, []
    for p in parts:
        rows.append(pad(p, (start, width - start - p.shape[1])))
        start += p.shape[1]
    return cat(rows, 0)


@public
def cartesian_prod(*tensors: Any) -> Any:
    """Every choice of one element of each vector, one choice a row."""
    for i, t in enumerate(tensors):
        if t.ndim != 1:
            raise shape_error("cartesian_prod", f"vectors, which number {i} is not", *tensors)
    return clone(tensors[0]) if len(tensors) == 1 else stack([reshape(g, (-1,)) for g in meshgrid(*tensors)], 1)


@public
def hsplit(input: Any, indices_or_sections: Any) -> tuple[Any, ...]:
    """Slices along the second dimension (of a vector: the first): so many of equal size, or those that start at these
    indices. Views. ShapeError where the size is no multiple of their number; `tensor_split` takes any."""
    return _split_evenly("hsplit", input, indices_or_sections, 0 if input.ndim == 1 else 1, 1)


@public
def vsplit(input: Any, indices_or_sections: Any) -> tuple[Any, ...]:
    """`hsplit` along the first dimension of two or more."""
    return _split_evenly("vsplit", input, indices_or_sections, 0, 2)


@public
def dsplit(input: Any, indices_or_sections: Any) -> tuple[Any, ...]:
    """`hsplit` along the third dimension."""
    return _split_evenly("dsplit", input, indices_or_sections, 2, 3)


def _split_evenly(op: str, input: Any, sections: Any, dim: int, least: int) -> tuple[Any, ...]:
    if input.ndim < least:
        raise shape_error(op, f"at least {least} dimension{'s' * (least > 1)}", input)
    if isinstance(sections, int) and (sections < 1 or input.shape[dim] % sections):
        raise ShapeError(f"{op}: expected a divisor of the {input.shape[dim]} of dimension {dim}, got {sections}")
    return tensor_split(input, sections, dim)


@public
def ravel(input: Any) -> Any:
    """All elements in one dimension: a view where the memory's layout allows it."""
    return reshape(input, (-1,))


@public
def unflatten(input: Any, dim: int, sizes: Any) -> Any:
    """Dimension `dim` as several of these sizes, one of which may be -1."""
    at = axes.normalize_dim(dim, input.ndim, "unflatten")
    whole = tuple(input.shape)
    new = _ints((sizes,))
    if -1 in new:
        known = -axes.reduced_size(new, None)
        new = tuple(whole[at] // known if n == -1 and known else n for n in new)
    if axes.reduced_size(new, None) != whole[at]:
        raise ShapeError(f"unflatten: sizes {tuple(sizes)} do not multiply to the {whole[at]} of dimension {at}")
    return reshape(input, (*whole[:at], *new, *whole[at + 1 :]))


@public
def select(input: Any, dim: int, index: int) -> Any:
    """The slice number `index` of dimension `dim`, without that dimension: a view."""
    at = axes.normalize_dim(dim, input.ndim, "select")
    return getitem(input, (*(slice(None),) * at, index))


@public
def tensor_split(input: Any, indices_or_sections: Any, dim: int = 0) -> tuple[Any, ...]:
    """So many slices of sizes as equal as can be along `dim`, or slices that start at these indices. Views."""
    at = axes.normalize_dim(dim, input.ndim, "tensor_split")
    n = input.shape[at]
    if hasattr(indices_or_sections, "tolist"):
        indices_or_sections = indices_or_sections.tolist()
    if isinstance(indices_or_sections, int):
        k = indices_or_sections
        if k < 1:
            raise ShapeError(f"tensor_split: expected at least one section, got {k}")
        return split(input, [n // k + (i < n % k) for i in range(k)], at)
    ends = [min(max(i + n if i < 0 else i, 0), n) for i in _ints((tuple(indices_or_sections),))] + [n]
    return tuple(narrow(input, at, min(a, b), max(b - a, 0)) for a, b in zip([0, *ends], ends))


def _at_least(input: Any, ndim: int) -> Any:
    if isinstance(input, (list, tuple)):
        return tuple(_at_least(x, ndim) for x in input)
    if input.ndim >= ndim:
        return input
    if ndim == 3:
        return unsqueeze(_at_least(input, 2), -1)
    return unsqueeze(_at_least(input, ndim - 1), 0)


@public
def atleast_1d(input: Any) -> Any:
    """With at least one dimension."""
    return _at_least(input, 1)


@public
def atleast_2d(input: Any) -> Any:
    """With at least two dimensions, new ones in front."""
    return _at_least(input, 2)


@public
def atleast_3d(input: Any) -> Any:
    """With at least three dimensions: a vector gets one in front and one behind, a matrix one behind."""
    return _at_least(input, 3)


@public
def hstack(tensors: Any) -> Any:
    """Joined along the second dimension (vectors: along the first)."""
    parts = [_at_least(t, 1) for t in tensors]
    return cat(parts, 0 if parts and parts[0].ndim == 1 else 1)


@public
def vstack(tensors: Any) -> Any:
    """Joined along the first dimension, vectors as rows."""
    return cat([_at_least(t, 2) for t in tensors], 0)


@public
def dstack(tensors: Any) -> Any:
    """Joined along the third dimension."""
    return cat([_at_least(t, 3) for t in tensors], 2)
