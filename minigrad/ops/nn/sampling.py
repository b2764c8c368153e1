"""Images resampled at given coordinates: `affine_grid` and `grid_sample`, the parts of a spatial transformer
(Jaderberg et al., Spatial Transformer Networks, NeurIPS 2015)."""

import itertools
import math
from typing import Any

from minigrad.engine.messages import describe
from minigrad.errors import ShapeError
from minigrad.ops.api import one_of, public, shape_error
from minigrad.ops.array.arrange import meshgrid
from minigrad.ops.array.creation import arange, ones_like, zeros_like
from minigrad.ops.array.shape import movedim, mT, reshape, stack, unsqueeze
from minigrad.ops.index.indexing import getitem
from minigrad.ops.linalg.products import matmul
from minigrad.ops.pointwise.arithmetic import floor, where

__all__ = ["affine_grid", "grid_sample"]


@public
def affine_grid(theta: Any, size: Any, align_corners: bool | None = None) -> Any:
    """Where each output pixel looks: theta (N, 2, 3) applied to (x, y, 1) with coordinates in [-1, 1] gives
    (N, H, W, 2) for size (N, C, H, W); (N, 3, 4) and five sizes give (N, D, H, W, 3).

    align_corners: -1 and 1 are the centres of the corner pixels, not their outer edges.
    """
    dims = len(size) - 2
    if dims not in (2, 3) or tuple(theta.shape) != (size[0], dims, dims + 1):
        raise ShapeError(f"affine_grid: expected theta (N, 2, 3) with a size (N, C, H, W), or (N, 3, 4) with "
                         f"(N, C, D, H, W), got {describe(theta)} and {tuple(size)}")  # fmt: skip
    options = {"dtype": theta.dtype, "device": theta.device}
    lines = []
    for n in size[2:]:
        steps = arange(n, **options)
        lines.append(steps * (2 / max(n - 1, 1)) - (n > 1) if align_corners else (steps * 2 + 1) / n - 1)
    grids = meshgrid(*lines, indexing="ij")
    coordinates = stack([*reversed(grids), ones_like(grids[0])], -1)
    out = matmul(reshape(coordinates, (1, -1, dims + 1)), mT(theta))
    return reshape(out, (size[0], *size[2:], dims))


@public
def grid_sample(input: Any, grid: Any, mode: str = "bilinear", padding_mode: str = "zeros",
                align_corners: bool | None = None) -> Any:  # fmt: skip
    """input (N, C, H, W) at the coordinates grid (N, h, w, 2), each (x, y) in [-1, 1]: (N, C, h, w); with three spatial
    dimensions likewise. mode: "bilinear" or "nearest"; padding_mode, for coordinates outside: "zeros", "border" (the
    nearest edge) or "reflection". Differentiable in both; "nearest" has no gradient in the grid."""
    dims = grid.shape[-1] if grid.ndim else 0
    if input.ndim != dims + 2 or grid.ndim != dims + 2 or input.shape[0] != grid.shape[0] or dims not in (2, 3):
        wanted = "input (N, C, H, W) and grid (N, h, w, 2), or (N, C, D, H, W) and (N, d, h, w, 3)"
        raise shape_error("grid_sample", wanted, input, grid)
    one_of("grid_sample", "mode", mode, "bilinear", "nearest")  # "bicubic" is not available
    one_of("grid_sample", "padding_mode", padding_mode, "zeros", "border", "reflection")
    sizes = tuple(int(n) for n in input.shape[2:])
    # the grid's last dimension is (x, y, ...): the innermost spatial dimension first
    pixels = [_pixels(grid[..., dims - 1 - d], n, bool(align_corners), padding_mode) for d, n in enumerate(sizes)]
    if mode == "nearest":
        return _sample_at(input, [x.detach().round() for x in pixels], sizes)
    low = [floor(x.detach()) for x in pixels]
    total: Any = 0.0
    for corner in itertools.product((0, 1), repeat=dims):
        shares = [s - a if c else 1 - (s - a) for s, a, c in zip(pixels, low, corner)]
        weight = unsqueeze(math.prod(shares[1:], start=shares[0]), 1)
        total = total + _sample_at(input, [a + c for a, c in zip(low, corner)], sizes) * weight
    return total


def _pixels(x: Any, n: int, align: bool, padding_mode: str) -> Any:
    """From [-1, 1] to the pixels 0 .. n - 1, those outside (and on the edge) brought in as padding_mode says."""
    x = (x + 1) * ((n - 1) / 2) if align else ((x + 1) * n - 1) / 2
    low, span = (0.0, n - 1.0) if align else (-0.5, float(n))
    if padding_mode == "reflection" and span:
        away = abs(x - low)
        turns = floor((away / span).detach())
        left = away - turns * span
        x = where(turns % 2 == 0, left + low, span + low - left)
    return x if padding_mode == "zeros" else _clipped(x, n - 1.0)


def _clipped(x: Any, end: float) -> Any:
    """x in [0, end], nan as 0. On the edge the gradient is 0 already, as half of what is around is constant there (and
    the pixel beyond, which bilinear sampling would take the slope from, is none)."""
    edge = where(x >= end, end, zeros_like(x))
    return where((x > 0) & (x < end), x, edge)


def _sample_at(input: Any, coordinates: list[Any], sizes: tuple[int, ...]) -> Any:
    """input[n, :, coordinates], 0 where a coordinate is outside."""
    inside: Any = True
    for p, n in zip(coordinates, sizes):
        inside = (p >= 0) & (p <= n - 1) & inside
    numbers = [where(inside, p, 0.0).long() for p in coordinates]
    batch = reshape(arange(input.shape[0], device=input.device), (-1, *(1,) * len(sizes)))
    found = movedim(getitem(input, (batch, slice(None), *numbers)), -1, 1)
    return where(unsqueeze(inside, 1), found, 0.0)
