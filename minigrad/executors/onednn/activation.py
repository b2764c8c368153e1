"""GELU and sigmoid, element by element.

Left out are tanh, which takes as long as NumPy's, and its derivative four times as long; ReLU, which makes 0 of a nan;
and softmax, which leaves a nan where it stands, where a row with one is nan all over.
"""

from typing import Any

import numpy as np

from minigrad.engine.executions import MIN_LARGE, execution, register
from minigrad.executors.onednn import binding as dnn
from minigrad.executors.onednn.binding import DIFF_DST, DIFF_SRC, DST, SRC, Plan
from minigrad.ops.nn.activation import _gelu, sigmoid

SIGMOID, GELU, SIGMOID_BY_RESULT = 0x29, 0x31, 0x104  # algorithms


@dnn.plan
def _elementwise(kind: int, count: int, backward_from: int) -> Plan:
    """Of arrays in C order, as one line; backward_from: the argument that the derivative is calculated from."""
    line = dnn.described((count,))
    hint = dnn.primitive_desc("eltwise_forward", dnn.engine, dnn.FORWARD, kind, line, line, 0.0, 0.0, None)
    if not backward_from:
        return Plan(hint, {SRC: line}, {DST: line})
    desc = dnn.primitive_desc("eltwise_backward", dnn.engine, kind, line, line, line, 0.0, 0.0, hint, None)
    return Plan(desc, {backward_from: line, DIFF_DST: line}, {DIFF_SRC: line}, hint)


def accepts(input: Any) -> bool:
    """float32 in C order and of some size."""
    return (
        input.size >= MIN_LARGE
        and dnn.are_float32(input)
        and input.flags.c_contiguous
        and (_plan_of(GELU, input) is not None)
    )


def _plan_of(kind: int, a: Any, backward_from: int = 0) -> Any:
    return _elementwise(kind, a.size, backward_from)


def _forward(kind: int) -> Any:
    def forward(input: Any) -> Any:
        out = np.empty(input.shape, np.float32)
        _plan_of(kind, input)(input, out)
        return out

    return forward


def _backward(kind: int, of: int, g: Any, values: Any) -> Any:
    out = np.empty(values.shape, np.float32)
    _plan_of(kind, values, of)(values, np.ascontiguousarray(g), out)
    return out


register(sigmoid, "onednn", accepts, _forward(SIGMOID), input=lambda g, out: _backward(SIGMOID_BY_RESULT, DST, g, out))


@execution(_gelu, "onednn", accepts, lambda g, needed, residuals, input: (_backward(GELU, SRC, g, input),))
def gelu(input: Any) -> tuple[Any, tuple[()]]:
    """The result, and no residuals."""
    return _forward(GELU)(input), ()
