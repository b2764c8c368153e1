"""Activations as modules: each calls the function of its name in `nn.functional`."""

from typing import Any

from minigrad.nn import functional as F
from minigrad.nn.init import constant_
from minigrad.nn.modules.function import FunctionModule
from minigrad.nn.modules.module import Module
from minigrad.nn.parameter import Parameter
from minigrad.ops.array.creation import count, empty


class _InPlace(FunctionModule):
    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)


class ReLU(_InPlace):
    """max(x, 0)."""

    function = staticmethod(F.relu)

    def forward(self, input: Any) -> Any:
        """See functional.relu."""
        return F.relu(input, self.inplace)


class LeakyReLU(FunctionModule):
    """x if x > 0, else negative_slope * x."""

    function = staticmethod(F.leaky_relu)

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(negative_slope=negative_slope, inplace=inplace)


class RReLU(FunctionModule):
    """x if x >= 0, else a x: a is drawn from [lower, upper] in training, and their mean in evaluation."""

    function = staticmethod(F.rrelu)

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False) -> None:
        super().__init__(lower=lower, upper=upper, inplace=inplace)

    def forward(self, input: Any) -> Any:
        """See functional.rrelu."""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class ELU(FunctionModule):
    """x if x > 0, else alpha (e^x - 1)."""

    function = staticmethod(F.elu)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(alpha=alpha, inplace=inplace)


class Softplus(FunctionModule):
    """log(1 + e^(beta x)) / beta."""

    function = staticmethod(F.softplus)

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__(beta=beta, threshold=threshold)


class Softmax(FunctionModule):
    """exp(x) / sum(exp(x)) along `dim`."""

    function = staticmethod(F.softmax)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__(dim=dim)


class LogSoftmax(FunctionModule):
    """log(softmax(x)) along `dim`."""

    function = staticmethod(F.log_softmax)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__(dim=dim)


class Sigmoid(FunctionModule):
    """1 / (1 + e^-x)."""

    function = staticmethod(F.sigmoid)


class LogSigmoid(FunctionModule):
    """log(sigmoid(x))."""

    function = staticmethod(F.logsigmoid)


class Tanh(FunctionModule):
    """The hyperbolic tangent."""

    function = staticmethod(F.tanh)


class SiLU(_InPlace):
    """x sigmoid(x)."""

    function = staticmethod(F.silu)


class Mish(_InPlace):
    """x tanh(softplus(x))."""

    function = staticmethod(F.mish)


class ReLU6(_InPlace):
    """min(max(x, 0), 6)."""

    function = staticmethod(F.relu6)


class SELU(_InPlace):
    """The self-normalizing activation (Klambauer et al., 2017)."""

    function = staticmethod(F.selu)


class Hardswish(_InPlace):
    """x relu6(x + 3) / 6."""

    function = staticmethod(F.hardswish)


class Hardsigmoid(_InPlace):
    """relu6(x + 3) / 6."""

    function = staticmethod(F.hardsigmoid)


class Softsign(FunctionModule):
    """x / (1 + |x|)."""

    function = staticmethod(F.softsign)


class Tanhshrink(FunctionModule):
    """x - tanh(x)."""

    function = staticmethod(F.tanhshrink)


class CELU(FunctionModule):
    """max(x, 0) + min(0, alpha (e^(x / alpha) - 1))."""

    function = staticmethod(F.celu)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(alpha=alpha, inplace=inplace)


class GELU(FunctionModule):
    """x Phi(x); approximate="tanh" for the formula with tanh."""

    function = staticmethod(F.gelu)

    def __init__(self, approximate: str = "none") -> None:
        super().__init__(approximate=approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class GLU(FunctionModule):
    """The first half along `dim`, times the sigmoid of the second."""

    function = staticmethod(F.glu)

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim=dim)


class Hardshrink(FunctionModule):
    """x where |x| > lambd, else 0."""

    function = staticmethod(F.hardshrink)
    bare = True

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__(lambd=lambd)


class Softshrink(FunctionModule):
    """x moved towards 0 by lambd, and 0 within it."""

    function = staticmethod(F.softshrink)
    bare = True

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__(lambd=lambd)


class Hardtanh(FunctionModule):
    """x limited to [min_val, max_val]."""

    function = staticmethod(F.hardtanh)

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__(min_val=min_val, max_val=max_val, inplace=inplace)


class Softmin(FunctionModule):
    """softmax(-x) along `dim`."""

    function = staticmethod(F.softmin)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__(dim=dim)


class Threshold(FunctionModule):
    """x where x > threshold, else value."""

    function = staticmethod(F.threshold)

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(threshold=threshold, value=value, inplace=inplace)


class Softmax2d(Module):
    """softmax over the channels of (N, C, H, W) or (C, H, W)."""

    def forward(self, input: Any) -> Any:
        """See functional.softmax."""
        return F.softmax(input, -3)


class PReLU(Module):
    """x if x > 0, else weight x, with a learned weight: one for all channels, or one for each (He et al., 2015)."""

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters, self.init = count("PReLU", "num_parameters", num_parameters), init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the initial slope again."""
        constant_(self.weight, self.init)

    def forward(self, input: Any) -> Any:
        """See functional.prelu."""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"
