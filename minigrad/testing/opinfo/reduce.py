"""ops/reduce/reductions.py, and comparisons of whole arrays."""

from typing import Any

import numpy as np

from minigrad.ops.reduce import reductions
from minigrad.testing.opinfo.model import Array, SampleInput, op, registered

SIGNED = Array((3, 4), away=(0.0,))
SIZES = Array((3, 4), 0.1, 2, distinct=True)
EVEN = ("ties: an even share",)
FIRST = ("ties: an even share; the first of them where indices are returned",)

OVER = "2x3x4 | 2x3x4, 1 | 2x3x4, -1, True | 2x3x4, dim=(0, 2) | 0d | 0d, 0 | 2x3x4, dim=[0, 1], keepdim=True | 0x3, 1"
LARGE_OVER = ["81x108 | 20x30x40, 1 | 20x30x40, dim=(0, 2) | 504x528 | 504x528, -1 | 504x528, 0"]
EXTREME = "d3x4, 1 | d2x3x4, (0, 2), True | 0d, 0 | 0x3, 1"
CHOSEN = "d3x4 | d3x4, 1 | d3x4, dim=-2, keepdim=True | 0d | 0d, 0"
SPREAD = "2x3x4 | 2x3x4, 1 | 2x3x4, (0, -1), keepdim=True | 3x4, 1, correction=0 | 3x4, unbiased=False"
TRUTH = "b3x4 | b3x4, 1 | b3x4, 0, True | 3x4 | b0x3, 0 | b2x3x2, (0, 2)"


def _numpy(name: str) -> Any:
    """NumPy's function with PyTorch's dim and keepdim."""

    def call(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        axis = tuple(dim) if isinstance(dim, list) else dim
        return getattr(np, name)(x, axis=None if not x.ndim else axis, keepdims=keepdim)

    return call


WITH_NAN = SampleInput(Array((4,), then=lambda x: np.array([np.nan, *x[1:]])), name="nan")
ROUNDED = Array((3, 4), then=np.round, grad=False)
NEARLY = Array((3, 4), then=lambda x: np.round(x) * (1 + 1e-9), grad=False)
SAME = [
    op("isclose", SampleInput(ROUNDED, ROUNDED), SampleInput(ROUNDED, NEARLY), SampleInput(NEARLY, ROUNDED, 0.5, 0.1),
        numpy="isclose", order=0),
    op("allclose", SampleInput(ROUNDED, ROUNDED), SampleInput(ROUNDED, NEARLY, atol=9.0), numpy="allclose", order=0),
    op("equal", SampleInput(ROUNDED, ROUNDED), SampleInput(ROUNDED, Array((4,), grad=False)), order=0,
        numpy="array_equal"),
    op("count_nonzero", ROUNDED, SampleInput(ROUNDED, 1), SampleInput(ROUNDED, (0, 1)), order=0,
        numpy="count_nonzero"),
    op("isin", SampleInput(ROUNDED, Array((2,), then=np.round, grad=False)), numpy="isin", order=0),
    op("unique", ROUNDED, SampleInput(ROUNDED, return_inverse=True, return_counts=True),
        SampleInput(ROUNDED, dim=1), order=0),
]  # fmt: skip

op_db = [
    *SAME,
    op("sum", OVER, "0x3 | 0x3, 0", numpy=_numpy("sum"), large=LARGE_OVER),
    op("sum_dim", OVER, "0x3, 0", call=reductions.sum, torch="sum", numpy=_numpy("sum")),
    op("mean", OVER, numpy=_numpy("mean"), large=LARGE_OVER),
    *(op(f"a{name}", EXTREME, numpy=_numpy(name), kinks=EVEN) for name in ("max", "min")),
    *(op(name, CHOSEN, numpy=_numpy(name), order=0) for name in ("argmax", "argmin")),
    *(op(name, CHOSEN, "d3x4, d4x", kinks=FIRST, alias=True) for name in ("max", "min")),
    *(op(name, SPREAD) for name in ("var", "var_mean")),
    *(op(name, SPREAD, kinks=("constant input: gradient 0",)) for name in ("std", "std_mean")),
    *(op(name, OVER, WITH_NAN) for name in ("nansum", "nanmean")),
    op("norm", "3x4 | 3x4, 2, 1", SampleInput(SIGNED, 1, 1, True), SampleInput(SIGNED, 3, 0), SampleInput(SIGNED, 0.5),
        "3x4, 'fro'", SampleInput(SIZES, float("inf"), 1), SampleInput(SIZES, -float("inf"), 1), "3x4, 2, (0, 1)",
        "0x3, 2, 0", kinks=("the zero vector: gradient 0", "p = 1: zeros", "p = inf: ties")),
    op("p_norm", SampleInput(SIGNED, p=3.0, dim=(0,), keepdim=False),
        SampleInput(SIGNED, p=-1.5, dim=None, keepdim=True), call=registered("p_norm"),
        torch=lambda torch, x, p, dim, keepdim: torch.linalg.vector_norm(x, p, dim, keepdim)),
    op("logsumexp", "2x3x4, 1 | 2x3x4, (0, 2), True | 3x4[-40, 40], -1 | 0d, 0 | 0x3, 1"),
    *(op(name, TRUTH, order=0) for name in ("any", "all")),
]  # fmt: skip
