"""The beta distribution."""

from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.dirichlet import Dirichlet
from minigrad.distributions.distribution import Distribution, formula
from minigrad.distributions.utils import broadcast_all
from minigrad.dtypes import finfo
from minigrad.engine.tensor import Tensor
from minigrad.ops.array.shape import stack
from minigrad.ops.pointwise.arithmetic import clamp


class Beta(Distribution):
    """The beta distribution on (0, 1), Beta(a, b), with a = concentration1 and b = concentration0: density proportional
    to x^(a - 1) (1 - x)^(b - 1). Computed as the first element of a Dirichlet of two classes."""

    support = constraints.unit_interval
    _parts = ("_dirichlet",)

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        both = broadcast_all(concentration1, concentration0)
        if self._validate_args if validate_args is None else validate_args:
            self._check("concentration1", constraints.positive, both[0])
            self._check("concentration0", constraints.positive, both[1])
        self._dirichlet = Dirichlet(stack(both, -1), validate_args=False)
        super().__init__(both[0].shape, validate_args=validate_args)

    concentration1 = formula("a.", lambda self: self._dirichlet.concentration[..., 0])
    concentration0 = formula("b.", lambda self: self._dirichlet.concentration[..., 1])

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Samples clamped to [tiny, 1 - eps] of their dtype: the density may be infinite at 0 and 1."""
        x, info = self._dirichlet.sample(sample_shape)[..., 0], finfo(self._dirichlet.concentration.dtype)
        return clamp(x, float(info.tiny), 1 - float(info.eps))

    def log_prob(self, value: Any) -> Tensor:
        """The log-density: (a - 1) log x + (b - 1) log(1 - x) + log Gamma(a + b) - log Gamma(a) - log Gamma(b)."""
        x = self._validate_sample(value)
        return self._dirichlet.log_prob(stack([x, 1 - x], -1))

    def entropy(self) -> Tensor:
        """The entropy: that of the Dirichlet (a, b)."""
        return self._dirichlet.entropy()

    mean = formula("The mean: a / (a + b).", lambda self: self._dirichlet.mean[..., 0])
    mode = formula(
        "The mode: (a - 1) / (a + b - 2) if a, b > 1, else as `Dirichlet.mode`.",
        lambda self: self._dirichlet.mode[..., 0],
    )
    variance = formula("The variance: a b / ((a + b)^2 (a + b + 1)).", lambda self: self._dirichlet.variance[..., 0])
