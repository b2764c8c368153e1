"""Products of matrices and of stacks of them, transposed ones as they lie, and what their rules call."""

from typing import Any

import numpy as np

from minigrad.backend.product import SHARED, product
from minigrad.backend.threads import get_num_threads
from minigrad.engine.executions import execution
from minigrad.executors.onednn import binding as dnn
from minigrad.executors.onednn.binding import BIAS, DST, SRC, WEIGHTS, Ints, Plan
from minigrad.ops.linalg.products import _matmul

# Without AVX-512 one thread of OpenBLAS takes half as long where the left matrix lies transposed, and less for few
# rows.
FEW = 0 if dnn.has_avx512() else 64


@dnn.plan
def _product(x: Ints, x_strides: Ints, y: Ints, y_strides: Ints, with_bias: bool) -> Plan:
    out = (*[max(a, b) for a, b in zip(x[:-2], y[:-2])], x[-2], y[-1])
    arrays = dnn.described(x, _in_elements(x, x_strides)), dnn.described(y, _in_elements(y, y_strides))
    bias, result = dnn.described((1, y[-1])) if with_bias else None, dnn.described(out)
    desc = dnn.primitive_desc("matmul", dnn.engine, *arrays, bias, result, None)
    return Plan(desc, dict(zip((SRC, WEIGHTS), arrays)) | ({BIAS: bias} if with_bias else {}), {DST: result})


def _in_elements(shape: Ints, strides: Ints) -> Ints:
    """Strides in elements, those of dimensions of size 1, which may be anything, as in C order. Unsupported are what
    oneDNN would read otherwise than NumPy does, or slowly: steps back, repeated or overlapping elements, rows and
    columns both with gaps."""
    own, step = list(strides), 4
    for i in range(len(shape) - 1, -1, -1):
        if shape[i] == 1:
            own[i] = step
        step = max(step, own[i] * shape[i])
        if own[i] <= 0 or own[i] % 4:
            raise dnn.Unsupported("steps back, repeated elements, or not whole elements")
    rows, columns = own[-2:]
    if not (columns == 4 and rows >= 4 * shape[-1] or rows == 4 and columns >= 4 * shape[-2]):
        raise dnn.Unsupported("gaps between rows and between columns")
    return tuple([s // 4 for s in own])


def plan_for(x: Any, y: Any, with_bias: bool = False) -> Plan | None:
    """The plan of x @ y; None where it is to be done otherwise."""
    if FEW and get_num_threads() == 1 and (x.ndim != 2 or len(x) < FEW or x.strides[0] < x.strides[1]):
        return None
    if x.size * y.shape[-1] < SHARED or x.ndim != y.ndim or x.ndim < 2 or not dnn.are_float32(x, y):
        return None
    of_x, of_y = x.shape, y.shape
    if of_x[-1] != of_y[-2] or x.ndim > 2 and any(a != b and 1 not in (a, b) for a, b in zip(of_x[:-2], of_y[:-2])):
        return None
    return _product(of_x, x.strides, of_y, y.strides, with_bias)


def result(x: Any, y: Any) -> Any:
    """An array for x @ y."""
    lead = np.broadcast_shapes(x.shape[:-2], y.shape[:-2]) if x.ndim > 2 else ()
    return np.empty((*lead, x.shape[-2], y.shape[-1]), np.float32)


def times(x: Any, y: Any) -> Any:
    """x @ y, by BLAS where oneDNN has no plan."""
    plan = plan_for(x, y)
    if plan is None:
        return product(x, y)
    out = result(x, y)
    plan(x, y, out)
    return out


def _transposed_times(a: Any, g: Any) -> Any:
    """a^T g; with few columns in g as (g^T a)^T, which leaves fewer rows unfilled."""
    few = g.ndim == 2 and 8 * g.shape[1] <= a.shape[1]
    return times(g.mT, a).mT if few else times(a.mT, g)


@execution(
    _matmul, "onednn", lambda input, other: plan_for(input, other) is not None,
    input=lambda g, other: times(g, other.mT), other=lambda g, input: _transposed_times(input, g),
)  # fmt: skip
def matmul(input: Any, other: Any) -> Any:
    """(..., n, k) @ (..., k, m) -> (..., n, m)."""
    return times(input, other)
