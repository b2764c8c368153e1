"""The Dirichlet distribution."""

import math
from typing import Any

import numpy as np

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution
from minigrad.distributions.utils import draw
from minigrad.engine.tensor import Tensor
from minigrad.errors import ShapeError
from minigrad.nn.functional import one_hot
from minigrad.ops.pointwise.arithmetic import clamp, where
from minigrad.ops.pointwise.special import digamma, lgamma, xlogy


def _log_gamma_draws(rng: np.random.Generator, a: Any, shape: tuple[int, ...]) -> Any:
    """Logarithms of gamma numbers: of a + 1, times uniform^(1/a), so that a small `a` does not underflow to 0."""
    return np.log(rng.standard_gamma(a + 1, shape)) + np.log1p(-rng.random(shape)) / a


def _simplex_draws(rng: np.random.Generator, a: Any, shape: tuple[int, ...]) -> Any:
    logs = _log_gamma_draws(rng, a, shape)
    parts = np.exp(logs - logs.max(-1, keepdims=True))
    return parts / parts.sum(-1, keepdims=True)


class Dirichlet(Distribution):
    """Probabilities of K classes; density proportional to the product of x_k^(concentration_k - 1)."""

    arg_constraints = {"concentration": constraints.positive_vector}
    support = constraints.simplex

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.ndim < 1:
            raise ShapeError("Dirichlet: concentration: expected at least one dimension, got a 0-d tensor")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Gamma numbers, brought to the sum 1."""
        shape = self._extended_shape(sample_shape)
        return draw(self.concentration, lambda rng, a: _simplex_draws(rng, a, shape), self.concentration)

    def log_prob(self, value: Any) -> Tensor:
        """sum (a - 1) log x + log Gamma(sum a) - sum log Gamma(a)."""
        a = self.concentration
        return xlogy(a - 1, self._validate_sample(value)).sum(-1) + lgamma(a.sum(-1)) - lgamma(a).sum(-1)

    def entropy(self) -> Tensor:
        """sum log Gamma(a) - log Gamma(A) - (K - A) digamma(A) - sum (a - 1) digamma(a), with A = sum a."""
        a, total = self.concentration, self.concentration.sum(-1)
        rest = (a.shape[-1] - total) * digamma(total) + ((a - 1) * digamma(a)).sum(-1)
        return lgamma(a).sum(-1) - lgamma(total) - rest

    @property
    def mean(self) -> Tensor:
        """a / A."""
        return self.concentration / self.concentration.sum(-1, keepdim=True)

    @property
    def mode(self) -> Tensor:
        """(a - 1) / (A - K), with 0 where a < 1; all a below 1: the first corner, one of several; all a 1: nan."""
        above: Tensor = clamp(self.concentration - 1, 0, None)
        total = above.sum(-1, keepdim=True)
        inside = where(total > 0, above / where(total > 0, total, 1.0), math.nan)
        corner = one_hot(above.argmax(-1), above.shape[-1]).to(above.dtype)
        return where((self.concentration < 1).all(-1).unsqueeze(-1), corner, inside)

    @property
    def variance(self) -> Tensor:
        """a (A - a) / (A^2 (A + 1))."""
        a, total = self.concentration, self.concentration.sum(-1, keepdim=True)
        return a * (total - a) / (total**2 * (total + 1))
