"""The gradient of tanh in one launch."""

from minigrad.backend.cuda_kernel import elementwise
from minigrad.engine.executions import register
from minigrad.executors.cupy.accepts import is_floating
from minigrad.ops.pointwise.arithmetic import tanh

TANH_BACKWARD = elementwise("tanh_backward", "T g_, T y_", "T out", "A g = g_, y = y_; out = g * (1 - y * y)")

register(tanh, "cupy", is_floating, input=lambda g, out: TANH_BACKWARD.call(g, out))
