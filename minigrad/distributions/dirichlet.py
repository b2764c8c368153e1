"""The Dirichlet distribution."""

import math
from typing import Any

import numpy as np

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution, formula
from minigrad.distributions.utils import sample_on_host
from minigrad.engine.tensor import Tensor
from minigrad.errors import ShapeError
from minigrad.nn.functional import one_hot
from minigrad.ops.pointwise.arithmetic import clamp, where
from minigrad.ops.pointwise.special import digamma, lgamma, xlogy


def _log_gamma_samples(rng: np.random.Generator, a: Any, shape: tuple[int, ...]) -> Any:
    """Logarithms of Gamma(a, 1) samples: log(Gamma(a + 1) u^(1/a)), u uniform, so that a small a does not underflow.

    Source: Marsaglia and Tsang, A simple method for generating gamma variables, 2000.
    """
    return np.log(rng.standard_gamma(a + 1, shape)) + np.log1p(-rng.random(shape)) / a


def _dirichlet_samples(rng: np.random.Generator, a: Any, shape: tuple[int, ...]) -> Any:
    """Normalized gamma samples, relative to the largest, so that not all are 0."""
    logs = _log_gamma_samples(rng, a, shape)
    parts = np.exp(logs - logs.max(-1, keepdims=True))
    return parts / parts.sum(-1, keepdims=True)


class Dirichlet(Distribution):
    """The Dirichlet distribution on the simplex of K classes: density proportional to prod_k x_k^(a_k - 1), with
    a = concentration (..., K). Raises ShapeError for a 0-d concentration."""

    arg_constraints = {"concentration": constraints.positive_vector}
    support = constraints.simplex

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.ndim < 1:
            raise ShapeError("Dirichlet: concentration: expected at least one dimension, got a 0-d tensor")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Samples (..., K) with the sum 1: gamma samples, normalized."""
        shape = self._extended_shape(sample_shape)
        return sample_on_host(self.concentration, lambda rng, a: _dirichlet_samples(rng, a, shape), self.concentration)

    def log_prob(self, value: Any) -> Tensor:
        """The log-density: sum (a - 1) log x + log Gamma(sum a) - sum log Gamma(a)."""
        a = self.concentration
        return xlogy(a - 1, self._validate_sample(value)).sum(-1) + lgamma(a.sum(-1)) - lgamma(a).sum(-1)

    def entropy(self) -> Tensor:
        """The entropy: sum log Gamma(a) - log Gamma(A) - (K - A) digamma(A) - sum (a - 1) digamma(a), A = sum a."""
        a, total = self.concentration, self.concentration.sum(-1)
        rest = (a.shape[-1] - total) * digamma(total) + ((a - 1) * digamma(a)).sum(-1)
        return lgamma(a).sum(-1) - lgamma(total) - rest

    mean = formula(
        "The mean: a / A, with A = sum a.", lambda self: self.concentration / self.concentration.sum(-1, keepdim=True)
    )

    @property
    def mode(self) -> Tensor:
        """The mode: (a - 1) / (A - K), with 0 where a < 1. Where all a < 1, the first of several corners;
        where all are 1, nan: the density is constant."""
        above: Tensor = clamp(self.concentration - 1, 0, None)
        total = above.sum(-1, keepdim=True)
        inside = where(total > 0, above / where(total > 0, total, 1.0), math.nan)
        corner = one_hot(above.argmax(-1), above.shape[-1]).to(above.dtype)
        return where((self.concentration < 1).all(-1).unsqueeze(-1), corner, inside)

    @property
    def variance(self) -> Tensor:
        """The variance: a (A - a) / (A^2 (A + 1))."""
        a, total = self.concentration, self.concentration.sum(-1, keepdim=True)
        return a * (total - a) / (total**2 * (total + 1))
