"""Convolutions in one, two and three dimensions, and their two adjoints, in oneDNN's own layouts of channels."""

from typing import Any

import numpy as np

from minigrad.engine.executions import execution, register
from minigrad.executors.onednn import binding as dnn
from minigrad.executors.onednn.binding import BIAS, DIFF_DST, DIFF_SRC, DIFF_WEIGHTS, DST, SRC, WEIGHTS, Ints, Plan
from minigrad.ops.nn.conv import conv, conv_transpose, conv_weight
from minigrad.ops.nn.im2col import output_size

LEAST = 2**10  # elements of the input, from which on it takes less time than array functions


class _Shapes:
    """A convolution of inputs of `x` with weights of `w`, as oneDNN describes it: windows that lie beyond the padded
    input on the right are cut off by a negative padding there, and a dilation of 0 means none."""

    def __init__(self, x: Ints, w: Ints, y: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> None:
        grouped = w if groups == 1 else (groups, w[0] // groups, *w[1:])
        dims = zip(x[2:], w[2:], y[2:], stride, padding, dilation)
        right = tuple([(o - 1) * s + d * (k - 1) + 1 - n - p for n, k, o, s, p, d in dims])
        self.steps = stride, tuple([d - 1 for d in dilation]), padding, right
        self.x, self.w, self.y = dnn.described(x), dnn.described(grouped), dnn.described(y)
        self.any = dnn.in_any_layout(x), dnn.in_any_layout(grouped), dnn.in_any_layout(y)

    def forward(self, bias: Any) -> Any:
        x, w, y = self.any
        kind = dnn.FORWARD, dnn.CONVOLUTION_DIRECT
        return dnn.primitive_desc("convolution_forward", dnn.engine, *kind, x, w, bias, y, *self.steps, None)


@dnn.plan
def _forward(x: Ints, w: Ints, with_bias: bool, *geometry: Any) -> Plan:
    y = (x[0], w[0], *output_size(x[2:], w[2:], *geometry[:3]))
    shapes, bias = _Shapes(x, w, y, *geometry), dnn.described((w[0],)) if with_bias else None
    inputs = {SRC: shapes.x, WEIGHTS: shapes.w} | ({BIAS: bias} if with_bias else {})
    return Plan(shapes.forward(bias), inputs, {DST: shapes.y}, shape=y)


@dnn.plan
def _to_input(x: Ints, w: Ints, y: Ints, *geometry: Any) -> Plan:
    shapes = _Shapes(x, w, y, *geometry)
    hint, kind = shapes.forward(None), dnn.CONVOLUTION_DIRECT
    name = "convolution_backward_data"
    desc = dnn.primitive_desc(name, dnn.engine, kind, *shapes.any, *shapes.steps, hint, None)
    return Plan(desc, {DIFF_DST: shapes.y, WEIGHTS: shapes.w}, {DIFF_SRC: shapes.x}, hint)


@dnn.plan
def _to_weight(x: Ints, w: Ints, y: Ints, *geometry: Any) -> Plan:
    shapes = _Shapes(x, w, y, *geometry)
    hint, kind, (of_x, of_w, of_y) = shapes.forward(None), dnn.CONVOLUTION_DIRECT, shapes.any
    name = "convolution_backward_weights"
    desc = dnn.primitive_desc(name, dnn.engine, kind, of_x, of_w, None, of_y, *shapes.steps, hint, None)
    return Plan(desc, {SRC: shapes.x, DIFF_DST: shapes.y}, {DIFF_WEIGHTS: shapes.w}, hint)


def _suits(*arrays: Any) -> bool:
    return arrays[0].size >= LEAST and dnn.are_float32(*arrays)


def _in_order(*, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> tuple[Any, ...]:
    """An operation's settings as plans take them."""
    return stride, padding, dilation, groups


def _plan_of_forward(input: Any, weight: Any, bias: Any, geometry: dict[str, Any]) -> Any:
    return _forward(input.shape, weight.shape, bias is not None, *_in_order(**geometry))


def accepts(input: Any, weight: Any, bias: Any = None, **geometry: Any) -> bool:
    """float32 of some size, with a plan."""
    given = (input, weight) if bias is None else (input, weight, bias)
    return _suits(*given) and _plan_of_forward(input, weight, bias, geometry) is not None


def bias_backward(g: Any, bias_shape: Ints) -> Any:
    """g added up over space, and then over the batch."""
    return g.reshape(*g.shape[:2], -1).sum(-1).sum(0)


@execution(conv, "onednn", accepts, bias=bias_backward)
def forward(input: Any, weight: Any, bias: Any = None, **geometry: Any) -> Any:
    """(N, C, *size), (out, C / groups, *kernel) and (out,) -> (N, out, *output)."""
    plan = _plan_of_forward(input, weight, bias, geometry)
    out = np.empty(plan.shape, np.float32)
    plan(*dnn.in_order(*((input, weight) if bias is None else (input, weight, bias))), out)
    return out


def _register_adjoint(op: Any, plan_of: Any) -> None:
    """An execution of an adjoint, a product of two arrays whose result has a given shape: `plan_of(first.shape,
    second.shape, shape, *geometry)`."""

    def find(first: Any, second: Any, shape: Ints, geometry: dict[str, Any]) -> Any:
        return plan_of(first.shape, second.shape, tuple(shape), *_in_order(**geometry))

    def accepts(first: Any, second: Any, *, shape: Ints, **geometry: Any) -> bool:
        """float32 of some size, with a plan."""
        return _suits(first, second) and find(first, second, shape, geometry) is not None

    def forward(first: Any, second: Any, *, shape: Ints, **geometry: Any) -> Any:
        out = np.empty(shape, np.float32)
        find(first, second, shape, geometry)(*dnn.in_order(first, second), out)
        return out

    register(op, "onednn", accepts, forward)


_register_adjoint(conv_transpose, lambda y, w, x, *geometry: _to_input(x, w, y, *geometry))
_register_adjoint(conv_weight, lambda x, y, w, *geometry: _to_weight(x, w, y, *geometry))
