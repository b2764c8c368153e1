"""A batch norm in eval mode, folded into the linear layer or convolution before it."""

import copy
from typing import Any

from minigrad.autograd.grad_mode import no_grad
from minigrad.nn.parameter import Parameter


@no_grad()
def fuse_linear_bn_eval(linear: Any, bn: Any) -> Any:
    """A copy of the layer whose outputs are bn(linear(x)): with scale = bn.weight / sqrt(bn.running_var + bn.eps) it
    has weight * scale and (bias - bn.running_mean) * scale + bn.bias.

    Raises RuntimeError where one of them is in training mode, or bn has no running statistics.
    """
    name = "fuse_linear_bn_eval" if linear.weight.ndim == 2 else "fuse_conv_bn_eval"
    if linear.training or bn.training or bn.running_var is None:
        raise RuntimeError(f"{name}: expected a layer and a batch norm with running statistics, both in "
                           f"eval mode; got {linear!r} and {bn!r}: call .eval() first")  # fmt: skip
    fused = copy.deepcopy(linear)
    scale = (bn.running_var + bn.eps).rsqrt() * (1 if bn.weight is None else bn.weight)
    shift = -bn.running_mean * scale + (0 if bn.bias is None else bn.bias)
    rows = (-1, *[1] * (linear.weight.ndim - 1))
    fused.weight = Parameter(linear.weight * scale.reshape(rows), linear.weight.requires_grad)
    fused.bias = Parameter(shift if linear.bias is None else linear.bias * scale + shift)
    return fused


def fuse_conv_bn_eval(conv: Any, bn: Any) -> Any:
    """`fuse_linear_bn_eval` for a convolution, filter by filter. Raises NotImplementedError for transposed ones."""
    if getattr(conv, "transposed", False):
        raise NotImplementedError("fuse_conv_bn_eval: transposed convolutions are not folded")
    return fuse_linear_bn_eval(conv, bn)


__all__ = ["fuse_conv_bn_eval", "fuse_linear_bn_eval"]
