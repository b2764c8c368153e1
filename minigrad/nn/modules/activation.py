"""Activations as modules: each calls the function of its name in `nn.functional`."""

from typing import Any

from minigrad.nn import functional as F
from minigrad.nn.modules.module import Module


class _Activation(Module):
    """A module that calls one function with its settings, which are also its repr."""

    function: Any = None
    settings: tuple[str, ...]

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.settings = tuple(settings)
        for name, value in settings.items():
            setattr(self, name, value)

    def forward(self, input: Any) -> Any:
        """The function of the input."""
        return type(self).function(input, **{name: getattr(self, name) for name in self.settings})

    def extra_repr(self) -> str:
        shown = {name: getattr(self, name) for name in self.settings}
        return ", ".join(f"{name}={value}" for name, value in shown.items() if name != "inplace" or value)


class ReLU(_Activation):
    """max(x, 0)."""

    function = staticmethod(F.relu)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)

    def forward(self, input: Any) -> Any:
        """See functional.relu."""
        return F.relu(input, self.inplace)


class LeakyReLU(_Activation):
    """x if x > 0, else negative_slope * x."""

    function = staticmethod(F.leaky_relu)

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(negative_slope=negative_slope, inplace=inplace)


class ELU(_Activation):
    """x if x > 0, else alpha (e^x - 1)."""

    function = staticmethod(F.elu)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(alpha=alpha, inplace=inplace)


class Softplus(_Activation):
    """log(1 + e^(beta x)) / beta."""

    function = staticmethod(F.softplus)

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__(beta=beta, threshold=threshold)


class Softmax(_Activation):
    """exp(x) / sum(exp(x)) along `dim`."""

    function = staticmethod(F.softmax)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__(dim=dim)


class LogSoftmax(_Activation):
    """log(softmax(x)) along `dim`."""

    function = staticmethod(F.log_softmax)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__(dim=dim)


class Sigmoid(_Activation):
    """1 / (1 + e^-x)."""

    function = staticmethod(F.sigmoid)


class LogSigmoid(_Activation):
    """log(sigmoid(x))."""

    function = staticmethod(F.logsigmoid)


class Tanh(_Activation):
    """The hyperbolic tangent."""

    function = staticmethod(F.tanh)


class SiLU(_Activation):
    """x sigmoid(x)."""

    function = staticmethod(F.silu)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace=inplace)
