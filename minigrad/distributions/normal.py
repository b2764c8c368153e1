"""Continuous distributions: normal, uniform, exponential, multivariate normal."""

import math
from typing import Any

from minigrad.distributions.base import Distribution, check, together
from minigrad.errors import ShapeError
from minigrad.ops.decompose import cholesky, solve_triangular
from minigrad.ops.diagonal import diagonal
from minigrad.ops.elementwise import log, where
from minigrad.ops.linalg import matmul
from minigrad.ops.shape import broadcast_to
from minigrad.random import rand, randn
from minigrad.tensor import Size, Tensor


def _drawn(maker: Any, like: Tensor, shape: tuple[int, ...]) -> Tensor:
    out: Tensor = maker(*shape, dtype=like.dtype, device=like.device)
    return out


class Normal(Distribution):
    """N(loc, scale^2), element by element."""

    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = together(loc, scale)
        if validate_args is not False:
            check("Normal", "scale", self.scale > 0, "numbers above 0")
        self.batch_shape = Size(self.loc.shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """loc + scale * standard normal."""
        return self.loc + self.scale * _drawn(randn, self.loc, self._shape(sample_shape))

    def log_prob(self, value: Any) -> Tensor:
        """-((x - loc) / scale)^2 / 2 - log(scale sqrt(2 pi))."""
        z = (value - self.loc) / self.scale
        return -0.5 * z * z - log(self.scale) - 0.5 * math.log(2 * math.pi)

    def entropy(self) -> Tensor:
        """log(scale sqrt(2 pi e))."""
        return log(self.scale) + 0.5 * math.log(2 * math.pi * math.e)

    def cdf(self, value: Any) -> Tensor:
        """The probability of less."""
        return 0.5 * (1 + ((value - self.loc) / (self.scale * math.sqrt(2))).erf())

    @property
    def mean(self) -> Tensor:
        """loc."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """scale^2."""
        return self.scale * self.scale


class Uniform(Distribution):
    """Uniform in [low, high)."""

    has_rsample = True

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self.low, self.high = together(low, high)
        if validate_args is not False:
            check("Uniform", "low", self.low < self.high, "less than high")
        self.batch_shape = Size(self.low.shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """low + (high - low) * uniform."""
        return self.low + (self.high - self.low) * _drawn(rand, self.low, self._shape(sample_shape))

    def log_prob(self, value: Any) -> Tensor:
        """-log(high - low) inside, minus infinity outside."""
        inside = (value >= self.low) & (value < self.high)
        return where(inside, -log(self.high - self.low), -math.inf)

    def entropy(self) -> Tensor:
        """log(high - low)."""
        return log(self.high - self.low)

    @property
    def mean(self) -> Tensor:
        """The middle."""
        return (self.low + self.high) / 2

    @property
    def variance(self) -> Tensor:
        """(high - low)^2 / 12."""
        return (self.high - self.low) ** 2 / 12


class Exponential(Distribution):
    """Density rate * exp(-rate x) for x >= 0."""

    has_rsample = True

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = together(rate)
        if validate_args is not False:
            check("Exponential", "rate", self.rate > 0, "numbers above 0")
        self.batch_shape = Size(self.rate.shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """-log(1 - uniform) / rate."""
        return -(-_drawn(rand, self.rate, self._shape(sample_shape))).log1p() / self.rate

    def log_prob(self, value: Any) -> Tensor:
        """log(rate) - rate * x."""
        return log(self.rate) - self.rate * value

    def entropy(self) -> Tensor:
        """1 - log(rate)."""
        return 1 - log(self.rate)

    @property
    def mean(self) -> Tensor:
        """1 / rate."""
        return 1 / self.rate

    @property
    def variance(self) -> Tensor:
        """1 / rate^2."""
        return 1 / self.rate**2


class MultivariateNormal(Distribution):
    """N(loc, C) of vectors, given C (covariance_matrix), its inverse (precision_matrix) or its factor (scale_tril)."""

    has_rsample = True

    def __init__(
        self, loc: Tensor, covariance_matrix: Tensor | None = None, precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None, validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        given = [m for m in (covariance_matrix, precision_matrix, scale_tril) if m is not None]
        if len(given) != 1:
            raise ValueError("MultivariateNormal: expected one of covariance_matrix, precision_matrix and scale_tril")
        if tuple(given[0].shape[-2:]) != (loc.shape[-1],) * 2:
            raise ShapeError(f"MultivariateNormal: expected a matrix of {(loc.shape[-1],) * 2} for loc "
                             f"{tuple(loc.shape)}, got {tuple(given[0].shape)}")  # fmt: skip
        if covariance_matrix is not None:
            self.scale_tril = cholesky(covariance_matrix)
        elif precision_matrix is not None:
            self.scale_tril = cholesky(precision_matrix.inverse())
        else:
            self.scale_tril = scale_tril
        self.loc = loc
        self.batch_shape, self.event_shape = Size(loc.shape[:-1]), Size(loc.shape[-1:])

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """loc + L * standard normal, with C = L L^T."""
        z = _drawn(randn, self.loc, self._shape(sample_shape))
        return self.loc + matmul(self.scale_tril, z.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value: Any) -> Tensor:
        """-(z^T z + d log(2 pi)) / 2 - log det L, with z = L^-1 (x - loc)."""
        d = value - self.loc
        tril = broadcast_to(self.scale_tril, (*d.shape[:-1], *self.scale_tril.shape[-2:]))
        z = solve_triangular(tril, d.unsqueeze(-1), upper=False).squeeze(-1)
        return -0.5 * ((z * z).sum(-1) + d.shape[-1] * math.log(2 * math.pi)) - self._half_log_det()

    def _half_log_det(self) -> Tensor:
        out: Tensor = log(diagonal(self.scale_tril, 0, -2, -1)).sum(-1)
        return out

    def entropy(self) -> Tensor:
        """d (1 + log(2 pi)) / 2 + log det L."""
        return self._half_log_det() + 0.5 * self.loc.shape[-1] * (1 + math.log(2 * math.pi))

    @property
    def mean(self) -> Tensor:
        """loc."""
        return self.loc

    @property
    def covariance_matrix(self) -> Tensor:
        """C."""
        out: Tensor = matmul(self.scale_tril, self.scale_tril.mT)
        return out

    @property
    def variance(self) -> Tensor:
        """The diagonal of C."""
        out: Tensor = (self.scale_tril * self.scale_tril).sum(-1)
        return out


class Independent(Distribution):
    """The last `reinterpreted_batch_ndims` batch dimensions of a distribution as one event: log_prob sums over them."""

    def __init__(
        self, base_distribution: Distribution, reinterpreted_batch_ndims: int, validate_args: bool | None = None
    ) -> None:
        self.base_dist, self.count = base_distribution, reinterpreted_batch_ndims
        shape = tuple(base_distribution.batch_shape)
        if not 0 <= self.count <= len(shape):
            raise ValueError(f"Independent: reinterpreted_batch_ndims: expected 0 to {len(shape)}, got {self.count}")
        cut = len(shape) - self.count
        self.batch_shape = Size(shape[:cut])
        self.event_shape = Size((*shape[cut:], *base_distribution.event_shape))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """The base's."""
        return self.base_dist.rsample(sample_shape)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """The base's."""
        return self.base_dist.sample(sample_shape)

    def log_prob(self, value: Any) -> Tensor:
        """The base's, summed."""
        return self._summed(self.base_dist.log_prob(value))

    def entropy(self) -> Tensor:
        """The base's, summed."""
        return self._summed(self.base_dist.entropy())

    def _summed(self, x: Tensor) -> Tensor:
        return x.sum(tuple(range(-self.count, 0))) if self.count else x

    @property
    def mean(self) -> Tensor:
        """The base's."""
        return self.base_dist.mean

    @property
    def variance(self) -> Tensor:
        """The base's."""
        return self.base_dist.variance
