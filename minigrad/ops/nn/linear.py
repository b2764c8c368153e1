"""The affine and the bilinear map of a layer."""

from typing import Any

from minigrad.backend.product import product
from minigrad.engine.dispatch import primitive
from minigrad.engine.messages import operands
from minigrad.errors import DtypeError
from minigrad.ops import axes
from minigrad.ops.api import public, shape_error
from minigrad.ops.array.shape import mT, reshape
from minigrad.ops.linalg.einsum import einsum

__all__ = ["bilinear", "linear"]


@primitive(
    name="linear",
    input=lambda g, weight: product(g, weight),
    weight=lambda g, input: product(mT(g), input),
    bias=lambda g: g,
)
def _linear(input: Any, weight: Any, bias: Any) -> Any:
    out = product(input, weight.T)
    if bias is not None:
        out += bias
    return out


@public
def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """input @ weight.T + bias: (..., in) with weight (out, in) and bias (out,) gives (..., out).

    A primitive for speed: one node for three operations, and the weight's gradient comes out in the weight's own
    layout, where a product with its transpose would have to be copied over. Leading dimensions are folded into rows.
    """
    x, w, b = getattr(input, "_array", input), getattr(weight, "_array", weight), getattr(bias, "_array", bias)
    if w.ndim != 2 or x.ndim == 0 or x.shape[-1] != w.shape[1]:
        raise shape_error("linear", "input (..., in) and weight (out, in)", input, weight)
    if b is not None and b.shape != w.shape[:1]:
        raise shape_error("linear", f"bias ({w.shape[0]},)", bias)
    if x.dtype != w.dtype or (b is not None and b.dtype != w.dtype):
        found = operands((input, weight, bias))
        raise DtypeError(f"linear: expected one dtype for input, weight and bias, got {found}; cast one with .to()")
    if x.ndim == 2:
        return _linear(input, weight, bias)
    rows = _linear(reshape(input, (axes.reduced_size(x.shape[:-1], None), w.shape[1])), weight, bias)
    return reshape(rows, (*x.shape[:-1], w.shape[0]))


@public
def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """out_o = input1^T weight_o input2 + bias_o: (..., a) and (..., b) with weight (out, a, b) give (..., out)."""
    if weight.ndim != 3 or (input1.shape[-1], input2.shape[-1]) != tuple(weight.shape[1:]):
        raise shape_error("bilinear", "inputs (..., a) and (..., b) and weight (out, a, b)", input1, input2, weight)
    out = einsum("...i,oij,...j->...o", input1, weight, input2)
    return out if bias is None else out + bias
