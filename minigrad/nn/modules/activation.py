"""Activations as modules: each calls the function of its name in `nn.functional`."""

from typing import Any

from minigrad.nn import functional as F
from minigrad.nn.init import constant_
from minigrad.nn.modules.function import FunctionModule
from minigrad.nn.modules.module import Module
from minigrad.nn.parameter import Parameter
from minigrad.ops.array.creation import count, empty


class _InplaceActivation(FunctionModule):
    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)


class ReLU(_InplaceActivation):
    """y = max(x, 0). Gradient 0 at 0. inplace=True changes the input itself."""

    function = staticmethod(F.relu)

    def forward(self, input: Any) -> Any:
        """See functional.relu."""
        return F.relu(input, self.inplace)


class LeakyReLU(FunctionModule):
    """x where x > 0, else negative_slope * x. Maas et al., Rectifier Nonlinearities Improve Neural Network Acoustic
    Models, 2013."""

    function = staticmethod(F.leaky_relu)

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(negative_slope=negative_slope, inplace=inplace)


class RReLU(FunctionModule):
    """x where x >= 0, else a x: in training a is drawn uniformly from [lower, upper) for each element, in evaluation it
    is (lower + upper) / 2. Xu et al., Empirical Evaluation of Rectified Activations in Convolutional Network, 2015."""

    function = staticmethod(F.rrelu)

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False) -> None:
        super().__init__(lower=lower, upper=upper, inplace=inplace)

    def forward(self, input: Any) -> Any:
        """See functional.rrelu."""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class ELU(FunctionModule):
    """x where x > 0, else alpha (e^x - 1). Clevert et al., Fast and Accurate Deep Network Learning by Exponential
    Linear Units, ICLR 2016."""

    function = staticmethod(F.elu)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(alpha=alpha, inplace=inplace)


class Softplus(FunctionModule):
    """log(1 + e^(beta x)) / beta, a smooth ReLU. Where beta x > threshold it is x, to rounding."""

    function = staticmethod(F.softplus)

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__(beta=beta, threshold=threshold)


class Softmax(FunctionModule):
    """exp(x) / sum(exp(x)) along `dim`: non-negative, with sum 1."""

    function = staticmethod(F.softmax)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__(dim=dim)


class LogSoftmax(FunctionModule):
    """log(softmax(x)) along `dim`, finite also where softmax(x) is too small for its dtype."""

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


class SiLU(_InplaceActivation):
    """x sigmoid(x), also called Swish. Elfwing et al., Sigmoid-Weighted Linear Units, 2018."""

    function = staticmethod(F.silu)


class Mish(_InplaceActivation):
    """x tanh(softplus(x)). Misra, Mish: A Self Regularized Non-Monotonic Activation Function, BMVC 2020."""

    function = staticmethod(F.mish)


class ReLU6(_InplaceActivation):
    """min(max(x, 0), 6)."""

    function = staticmethod(F.relu6)


class SELU(_InplaceActivation):
    """scale * ELU(x, alpha) with the constants alpha = 1.6733 and scale = 1.0507, by which activations keep mean 0 and
    variance 1. Klambauer et al., Self-Normalizing Neural Networks, NeurIPS 2017."""

    function = staticmethod(F.selu)


class Hardswish(_InplaceActivation):
    """x relu6(x + 3) / 6. Howard et al., Searching for MobileNetV3, ICCV 2019."""

    function = staticmethod(F.hardswish)


class Hardsigmoid(_InplaceActivation):
    """relu6(x + 3) / 6."""

    function = staticmethod(F.hardsigmoid)


class Softsign(FunctionModule):
    """x / (1 + |x|)."""

    function = staticmethod(F.softsign)


class Tanhshrink(FunctionModule):
    """x - tanh(x)."""

    function = staticmethod(F.tanhshrink)


class CELU(FunctionModule):
    """max(x, 0) + min(0, alpha (e^(x / alpha) - 1)). Barron, Continuously Differentiable Exponential Linear Units,
    2017."""

    function = staticmethod(F.celu)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(alpha=alpha, inplace=inplace)


class GELU(FunctionModule):
    """x Phi(x), Phi the standard normal distribution function; approximate="tanh":
    x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))). Hendrycks and Gimpel, Gaussian Error Linear Units, 2016."""

    function = staticmethod(F.gelu)

    def __init__(self, approximate: str = "none") -> None:
        super().__init__(approximate=approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class GLU(FunctionModule):
    """a sigmoid(b), where a and b are the two halves of the input along `dim`. Dauphin et al., Language Modeling with
    Gated Convolutional Networks, ICML 2017."""

    function = staticmethod(F.glu)

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim=dim)


class Hardshrink(FunctionModule):
    """x where |x| > lambd, else 0."""

    function = staticmethod(F.hardshrink)
    repr_values_only = True

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__(lambd=lambd)


class Softshrink(FunctionModule):
    """sign(x) max(|x| - lambd, 0): soft-thresholding."""

    function = staticmethod(F.softshrink)
    repr_values_only = True

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__(lambd=lambd)


class Hardtanh(FunctionModule):
    """min(max(x, min_val), max_val). Gradient 0 on and beyond the limits."""

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
