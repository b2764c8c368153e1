"""Layers whose weight has lost its columns of zeros: they read only some of their inputs."""

import math
from typing import Any

import numpy as np

from minigrad.engine.messages import describe
from minigrad.errors import ShapeError
from minigrad.nn import functional as F
from minigrad.nn.modules.linear import Linear
from minigrad.nn.modules.module import Module
from minigrad.nn.parameter import Parameter
from minigrad.ops.array.creation import tensor
from minigrad.ops.array.shape import movedim, reshape, squeeze, unsqueeze
from minigrad.ops.linalg.products import matmul


class PrunedLinear(Module):
    """A linear layer of which only the columns `live` of the weight are left: it reads only these inputs."""

    def __init__(self, layer: Linear, live: Any) -> None:
        super().__init__()
        self.in_features, self.out_features = layer.in_features, layer.out_features
        self.register_buffer("live", tensor(live, device=layer.weight.device))
        self.weight = Parameter(layer.weight.detach()[:, self.live], layer.weight.requires_grad)
        self.bias = layer.bias

    def forward(self, input: Any) -> Any:
        """input[..., live] @ weight.T + bias."""
        if not input.ndim or input.shape[-1] != self.in_features:
            raise ShapeError(f"{self!r}: expected an input (..., {self.in_features}), got {describe(input)}")
        return F.linear(input[..., self.live], self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"{len(self.live)} of {self.in_features} inputs, out_features={self.out_features}"


class PrunedConv(Module):
    """A convolution of which only the columns `live` of the weight, as a matrix (filters, channels * window), are left.

    One product, (filters, columns) @ (columns, N * output positions). Only the live columns of im2col are gathered,
    each as whole rows of the images, so that gathering, too, takes time in proportion to the columns that are left."""

    def __init__(self, layer: Any, live: Any) -> None:
        super().__init__()
        self.geometry = (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
        self.in_channels, self.out_channels = layer.in_channels, layer.out_channels
        self.live = np.unravel_index(live, (layer.in_channels, *layer.kernel_size))  # indices by dimension
        matrix = reshape(layer.weight.detach(), (layer.out_channels, -1))
        self.weight = Parameter(matrix[:, tensor(live, device=matrix.device)], layer.weight.requires_grad)
        self.bias = layer.bias

    def forward(self, input: Any) -> Any:
        """The convolution of (N, C, ...) or (C, ...)."""
        kernel, stride, padding, dilation = self.geometry
        dims = len(kernel)
        if input.ndim not in (dims + 1, dims + 2) or input.shape[-dims - 1] != self.in_channels:
            raise ShapeError(f"{self!r}: expected an input of {self.in_channels} channels, got {describe(input)}")
        if input.ndim == dims + 1:
            return squeeze(self.forward(unsqueeze(input, 0)), 0)
        x = F.pad(input, [p for n in reversed(padding) for p in (n, n)]) if any(padding) else input
        for d in range(dims):  # (N, C, *output sizes, *window): a view
            x = x.unfold(2 + d, dilation[d] * (kernel[d] - 1) + 1, stride[d])[..., :: dilation[d]]
        c, *window = self.live
        columns = x[(slice(None), c, *(slice(None),) * dims, *window)]  # (columns, N, *output sizes)
        out = reshape(matmul(self.weight, reshape(columns, (len(c), -1))), (self.out_channels, *columns.shape[1:]))
        out = movedim(out, 0, 1)
        return out if self.bias is None else out + reshape(self.bias, (-1, *(1,) * dims))

    def extra_repr(self) -> str:
        kernel, stride, padding, _ = self.geometry
        columns = f"{self.weight.shape[1]} of {self.in_channels * math.prod(kernel)} columns"
        return f"{self.out_channels} filters over {columns}, kernel_size={kernel}, stride={stride}, padding={padding}"
