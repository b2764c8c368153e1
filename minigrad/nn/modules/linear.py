"""Linear and bilinear layers, and the identity."""

from typing import Any

from minigrad.engine.messages import describe
from minigrad.errors import ShapeError
from minigrad.nn import functional as F
from minigrad.nn.modules.module import Module
from minigrad.nn.modules.utils import uniform_by_fan_in
from minigrad.nn.parameter import Parameter
from minigrad.ops.array.creation import count, empty


class Linear(Module):
    """y = x @ weight.T + bias: (..., in_features) to (..., out_features).

    weight (out_features, in_features) and bias (out_features,) start uniform in [-b, b), b = 1 / sqrt(in_features), as
    PyTorch's do. Raises ShapeError where the last dimension of the input is not in_features.
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features = count("Linear", "in_features", in_features)
        self.out_features = count("Linear", "out_features", out_features)
        self.weight = Parameter(empty(out_features, in_features, device=device, dtype=dtype))
        self.bias = Parameter(empty(out_features, device=device, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values again."""
        uniform_by_fan_in(self, self.in_features)

    def forward(self, input: Any) -> Any:
        """See functional.linear."""
        if not getattr(input, "ndim", 0) or input.shape[-1] != self.in_features:
            raise ShapeError(f"{self!r}: expected an input (..., {self.in_features}), got {describe(input)}")
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Identity(Module):
    """y = x. Takes any arguments and ignores them, so that it can take the place of any layer."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """The input itself."""
        return input


class Bilinear(Module):
    """y_o = x1^T weight_o x2 + bias_o: (..., in1_features) and (..., in2_features) to (..., out_features).

    weight (out, in1, in2) and bias (out,) start uniform in [-b, b), b = 1 / sqrt(in1_features).
    """

    def __init__(
        self, in1_features: int, in2_features: int, out_features: int, bias: bool = True, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.in1_features = count("Bilinear", "in1_features", in1_features)
        self.in2_features = count("Bilinear", "in2_features", in2_features)
        self.out_features = count("Bilinear", "out_features", out_features)
        self.weight = Parameter(empty(out_features, in1_features, in2_features, device=device, dtype=dtype))
        self.bias = Parameter(empty(out_features, device=device, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values again."""
        uniform_by_fan_in(self, self.in1_features)

    def forward(self, input1: Any, input2: Any) -> Any:
        """See functional.bilinear."""
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        sizes = f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}"
        return f"{sizes}, bias={self.bias is not None}"


__all__ = ["Bilinear", "Identity", "Linear"]
