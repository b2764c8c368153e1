"""Activations as modules: each calls the function of its name in `nn.functional`."""

from typing import Any

from minigrad.engine.messages import warn_user
from minigrad.nn import functional as F
from minigrad.nn.init import constant_
from minigrad.nn.modules.function import FunctionModule
from minigrad.nn.modules.module import Module
from minigrad.nn.parameter import Parameter
from minigrad.ops.array.creation import count, empty


class _InplaceActivation(FunctionModule, function=None):
    def __init__(self, inplace: bool = False) -> None: ...


class ReLU(_InplaceActivation, function=F.relu):
    """y = max(x, 0). Gradient 0 at 0. inplace=True changes the input itself."""

    def forward(self, input: Any) -> Any:
        """See functional.relu."""
        return F.relu(input, self.inplace)


class LeakyReLU(FunctionModule, function=F.leaky_relu):
    """x where x > 0, else negative_slope * x. Maas et al., Rectifier Nonlinearities Improve Neural Network Acoustic
    Models, 2013."""

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None: ...


class RReLU(FunctionModule, function=F.rrelu):
    """x where x >= 0, else a x: in training a is drawn uniformly from [lower, upper) for each element, in evaluation it
    is (lower + upper) / 2. Xu et al., Empirical Evaluation of Rectified Activations in Convolutional Network, 2015."""

    uses_training = True

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False) -> None: ...


class ELU(FunctionModule, function=F.elu):
    """x where x > 0, else alpha (e^x - 1). Clevert et al., Fast and Accurate Deep Network Learning by Exponential
    Linear Units, ICLR 2016."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None: ...


class Softplus(FunctionModule, function=F.softplus):
    """log(1 + e^(beta x)) / beta, a smooth ReLU. Where beta x > threshold it is x, to rounding."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None: ...


class _AlongDim(FunctionModule, function=None):
    def __init__(self, dim: int | None = None) -> None: ...


class Softmax(_AlongDim, function=F.softmax):
    """exp(x) / sum(exp(x)) along `dim`: non-negative, with sum 1."""


class LogSoftmax(_AlongDim, function=F.log_softmax):
    """log(softmax(x)) along `dim`, finite also where softmax(x) is too small for its dtype."""


class Sigmoid(FunctionModule, function=F.sigmoid):
    """1 / (1 + e^-x)."""


class LogSigmoid(FunctionModule, function=F.logsigmoid):
    """log(sigmoid(x))."""


class Tanh(FunctionModule, function=F.tanh):
    """The hyperbolic tangent."""


class SiLU(_InplaceActivation, function=F.silu):
    """x sigmoid(x), also called Swish. Elfwing et al., Sigmoid-Weighted Linear Units, 2018."""


class Mish(_InplaceActivation, function=F.mish):
    """x tanh(softplus(x)). Misra, Mish: A Self Regularized Non-Monotonic Activation Function, BMVC 2020."""


class ReLU6(_InplaceActivation, function=F.relu6):
    """min(max(x, 0), 6)."""


class SELU(_InplaceActivation, function=F.selu):
    """scale * ELU(x, alpha) with the constants alpha = 1.6733 and scale = 1.0507, by which activations keep mean 0 and
    variance 1. Klambauer et al., Self-Normalizing Neural Networks, NeurIPS 2017."""


class Hardswish(_InplaceActivation, function=F.hardswish):
    """x relu6(x + 3) / 6. Howard et al., Searching for MobileNetV3, ICCV 2019."""


class Hardsigmoid(_InplaceActivation, function=F.hardsigmoid):
    """relu6(x + 3) / 6."""


class Softsign(FunctionModule, function=F.softsign):
    """x / (1 + |x|)."""


class Tanhshrink(FunctionModule, function=F.tanhshrink):
    """x - tanh(x)."""


class CELU(FunctionModule, function=F.celu):
    """max(x, 0) + min(0, alpha (e^(x / alpha) - 1)). Barron, Continuously Differentiable Exponential Linear Units,
    2017."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None: ...


class GELU(FunctionModule, function=F.gelu):
    """x Phi(x), Phi the standard normal distribution function; approximate="tanh":
    x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))). Hendrycks and Gimpel, Gaussian Error Linear Units, 2016."""

    def __init__(self, approximate: str = "none") -> None: ...

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class GLU(FunctionModule, function=F.glu):
    """a sigmoid(b), where a and b are the two halves of the input along `dim`. Dauphin et al., Language Modeling with
    Gated Convolutional Networks, ICML 2017."""

    def __init__(self, dim: int = -1) -> None: ...


class _Shrinkage(FunctionModule, function=None):
    repr_values_only = True

    def __init__(self, lambd: float = 0.5) -> None: ...


class Hardshrink(_Shrinkage, function=F.hardshrink):
    """x where |x| > lambd, else 0."""


class Softshrink(_Shrinkage, function=F.softshrink):
    """sign(x) max(|x| - lambd, 0): soft-thresholding."""


class Hardtanh(FunctionModule, function=F.hardtanh):
    """min(max(x, min_val), max_val). Gradient 0 on and beyond the limits. min_value, max_value: their old names."""

    def __init__(
        self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False, min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:  # fmt: skip
        if min_value is not None or max_value is not None:
            warn_user("Hardtanh: min_value and max_value are deprecated; use min_val and max_val", FutureWarning)
        low, high = (new if old is None else old for new, old in ((min_val, min_value), (max_val, max_value)))
        super().__init__(min_val=low, max_val=high, inplace=inplace)


class Softmin(_AlongDim, function=F.softmin):
    """softmax(-x) along `dim`."""


class Threshold(FunctionModule, function=F.threshold):
    """x where x > threshold, else value."""

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None: ...


class Softmax2d(Module):
    """softmax over the channels of images (N, C, H, W) or (C, H, W)."""

    def forward(self, input: Any) -> Any:
        """See functional.softmax."""
        return F.softmax(input, -3)


class PReLU(Module):
    """x where x > 0, else weight x, with a learned weight: one number, or one for each channel (dimension 1).

    weight (num_parameters,) starts at `init`. He et al., Delving Deep into Rectifiers, ICCV 2015.
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters, self.init = count("PReLU", "num_parameters", num_parameters), init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weight to its initial value again."""
        constant_(self.weight, self.init)

    def forward(self, input: Any) -> Any:
        """See functional.prelu."""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


__all__ = [
    "CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "LogSigmoid",
    "LogSoftmax", "Mish", "PReLU", "RReLU", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softmax", "Softmax2d",
    "Softmin", "Softplus", "Softshrink", "Softsign", "Tanh", "Tanhshrink", "Threshold",
]  # fmt: skip
