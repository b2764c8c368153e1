"""The affine map: a product of matrices to which the bias is added on the way."""

from typing import Any

from minigrad.backend.product import product
from minigrad.engine.executions import execution
from minigrad.executors.onednn.binding import are_float32
from minigrad.executors.onednn.products import plan_for, result, times
from minigrad.ops.nn.linear import _linear


def accepts(input: Any, weight: Any, bias: Any) -> bool:
    """float32 of some size, with a plan."""
    fits = bias is None or are_float32(bias) and bias.flags.c_contiguous
    return fits and plan_for(input, weight.T, bias is not None) is not None


@execution(
    _linear, "onednn", accepts, input=lambda g, weight: times(g, weight), weight=lambda g, input: times(g.T, input)
)
def linear(input: Any, weight: Any, bias: Any) -> Any:
    """(rows, in), (out, in) and (out,) or None -> (rows, out)."""
    columns, plan = weight.T, plan_for(input, weight.T, bias is not None)
    if plan is None:  # the number of threads has just changed
        return product(input, columns) if bias is None else product(input, columns) + bias
    out = result(input, columns)
    plan(input, columns, *(() if bias is None else (bias,)), out)
    return out
