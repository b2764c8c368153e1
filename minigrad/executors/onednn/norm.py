"""Normalization of rows (layer norm), its weight and bias, and the gradients of all three.

Of channels (batch norm) oneDNN has no fast way in NumPy's layout: it takes four to nine times as long as Numba's loops.
"""

from ctypes import c_uint
from math import prod
from typing import Any

import numpy as np

from minigrad.engine.executions import MIN_LARGE, execution
from minigrad.executors.onednn import binding as dnn
from minigrad.executors.onednn.binding import Plan
from minigrad.ops.nn.norm import _standardize

SCALE_AND_SHIFT = 2 | 4


@dnn.plan
def _plan(rows: int, width: int, eps: float, backward: bool) -> Plan:
    matrix, column, row = dnn.described((rows, width)), dnn.described((rows,)), dnn.described((width,))
    settings = float(eps), c_uint(SCALE_AND_SHIFT)
    of = matrix, matrix, column
    hint = dnn.primitive_desc("layer_normalization_forward", dnn.engine, dnn.FORWARD, *of, *settings, None)
    if not backward:
        scale = {dnn.SRC: matrix, dnn.SCALE: row, dnn.SHIFT: row}
        return Plan(hint, scale, {dnn.DST: matrix, dnn.MEAN: column, dnn.VARIANCE: column})
    name = "layer_normalization_backward"
    desc = dnn.primitive_desc(name, dnn.engine, dnn.BACKWARD, matrix, *of, *settings, hint, None)
    given = {
        dnn.SRC: matrix,
        dnn.DIFF_DST: matrix,
        dnn.MEAN: column,
        dnn.VARIANCE: column,
        dnn.SCALE: row,
        dnn.SHIFT: row,
    }
    return Plan(desc, given, {dnn.DIFF_SRC: matrix, dnn.DIFF_SCALE: row, dnn.DIFF_SHIFT: row}, hint)


def _plan_of(input: Any, dims: Any, eps: float, backward: bool = False) -> Any:
    width = prod(input.shape[d] for d in dims)
    return _plan(input.size // width, width, eps, backward)


def accepts(input: Any, weight: Any, bias: Any, *, dims: tuple[int, ...], eps: float, by_channel: bool) -> bool:
    """float32 in C order and of some size; rows of more than one element."""
    if by_channel or input.size < MIN_LARGE or dims != tuple(range(input.ndim - len(dims), input.ndim)):
        return False
    given, row = [t for t in (input, weight, bias) if t is not None], input.shape[dims[0] :]
    if not dnn.are_float32(*given) or not all(t.flags.c_contiguous for t in given):
        return False
    return all(t.shape == row for t in given[1:]) and _plan_of(input, dims, eps, True) is not None


def _row(t: Any, default: float, width: int) -> Any:
    return np.full(width, default, np.float32) if t is None else t


def backward(
    g: Any, needed: Any, residuals: Any, input: Any, weight: Any = None, bias: Any = None, *, dims: Any, eps: float,
    by_channel: bool,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """See `executors.numpy.norm.backward`."""
    (mean, variance), width = residuals, input.size // residuals[0].size
    dx, (dw, db) = np.empty(input.shape, np.float32), np.empty((2, width), np.float32)
    given = input, np.ascontiguousarray(g), mean, variance, _row(weight, 1, width), _row(bias, 0, width)
    _plan_of(input, dims, eps, True)(*given, dx, dw, db)
    dw, db = (None if t is None else d.reshape(t.shape) for t, d in ((weight, dw), (bias, db)))
    return dx, dw, db


@execution(_standardize, "onednn", accepts, backward)
def forward(
    input: Any, weight: Any = None, bias: Any = None, *, dims: Any, eps: float, by_channel: bool
) -> tuple[Any, tuple[Any, Any]]:
    """The result, and the mean and variance."""
    once = tuple([1 if i in dims else n for i, n in enumerate(input.shape)])
    out, mean, variance = (np.empty(shape, np.float32) for shape in (input.shape, once, once))
    width = input.size // mean.size
    _plan_of(input, dims, eps)(input, _row(weight, 1, width), _row(bias, 0, width), out, mean, variance)
    return out, (mean, variance)
