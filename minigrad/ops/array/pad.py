"""Padding: a tensor widened by zeros, a value, or its own elements."""

from typing import Any

from minigrad.backend import array_module
from minigrad.engine.dispatch import primitive
from minigrad.engine.tensor import Tensor
from minigrad.errors import ShapeError
from minigrad.ops.api import one_of, public
from minigrad.ops.array.creation import full_like
from minigrad.ops.index.indexing import _getitem, _setitem, getitem

__all__ = ["pad"]


@primitive(name="pad_zeros", input=lambda g, index: _getitem(g, index=index))
def _pad_zeros(input: Any, *, shape: tuple[int, ...], index: Any) -> Any:
    out = array_module(input).zeros(shape, dtype=input.dtype)
    out[index] = input
    return out


@public
def pad(input: Any, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    """Widened by pad = (left, right) of the last dimension, then of the last but one, and so on; negative numbers cut
    off.

    mode "constant" fills with `value` (0), "reflect" mirrors without the border, "replicate" repeats the border,
    "circular" goes on at the other end.
    """
    widths = [int(n) for n in pad]
    if len(widths) % 2 or len(widths) > 2 * input.ndim:
        raise ShapeError(f"pad: expected a pair for each of at most {input.ndim} dimensions, got {tuple(pad)}")
    one_of("pad", "mode", mode, "constant", "reflect", "replicate", "circular")
    out = input
    pairs = {input.ndim - 1 - k: (widths[2 * k], widths[2 * k + 1]) for k in range(len(widths) // 2)}
    if mode == "constant":
        return _pad_constant(input, pairs, value or 0.0)
    for dim, (left, right) in pairs.items():
        if input.shape[dim] + left + right < 1 and (left or right):
            raise ShapeError(f"pad: {left} and {right} leave nothing of a dimension of size {input.shape[dim]}")
    if mode == "circular" and min(widths, default=0) < 0:  # around what is left; the others mirror what is cut off
        out = _pad_constant(out, {d: (min(a, 0), min(b, 0)) for d, (a, b) in pairs.items()}, 0.0)
        pairs = {d: (max(a, 0), max(b, 0)) for d, (a, b) in pairs.items()}
    for dim, (left, right) in pairs.items():
        if left or right:
            out = getitem(out, (*(slice(None),) * dim, _border(out.shape[dim], left, right, mode)))
    return out


def _pad_constant(input: Any, pairs: dict[int, tuple[int, int]], value: float) -> Any:
    sizes = tuple(input.shape)
    cut = tuple(
        slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in ((n, pairs.get(d, (0, 0))) for d, n in enumerate(sizes))
    )
    kept = getitem(input, cut) if any(min(p) < 0 for p in pairs.values()) else input
    wide = {d: (max(a, 0), max(b, 0)) for d, (a, b) in pairs.items()}
    shape = tuple(n + sum(wide.get(d, (0, 0))) for d, n in enumerate(kept.shape))
    if any(max(-a, 0) + max(-b, 0) > sizes[d] for d, (a, b) in pairs.items()):
        raise ShapeError(f"pad: cannot cut more than there is off shape {sizes}, got {pairs}")
    place = tuple(slice(wide.get(d, (0, 0))[0], wide.get(d, (0, 0))[0] + n) for d, n in enumerate(kept.shape))
    if value == 0:
        return _pad_zeros(kept, shape=shape, index=place)
    filled = full_like(_pad_zeros(kept.detach() if isinstance(kept, Tensor) else kept, shape=shape, index=place), value)
    return _setitem(filled, kept, index=place)


def _border(n: int, left: int, right: int, mode: str) -> Any:
    """The indices that a padded dimension of size n reads from."""
    limit = {"reflect": n - 1, "circular": n, "replicate": max(left, right, 0) if n else 0}[mode]
    if max(left, right) > limit:
        raise ShapeError(
            f"pad: mode {mode!r} can widen a dimension of size {n} by at most {limit}, got {max(left, right)}"
        )
    places = range(-left, n + right)
    if mode == "replicate":
        return [min(max(i, 0), n - 1) for i in places]
    if mode == "circular":
        return [i % n for i in places]
    return [-i if i < 0 else 2 * (n - 1) - i if i >= n else i for i in places]
