"""Probability distributions, by PyTorch's names: samples, log-probabilities, entropies, divergences."""

from minigrad.distributions.base import Distribution
from minigrad.distributions.discrete import Bernoulli, Categorical, OneHotCategorical
from minigrad.distributions.divergence import kl_divergence
from minigrad.distributions.normal import Exponential, Independent, MultivariateNormal, Normal, Uniform

__all__ = [
    "Bernoulli", "Categorical", "Distribution", "Exponential", "Independent", "MultivariateNormal", "Normal",
    "OneHotCategorical", "Uniform", "kl_divergence",
]  # fmt: skip
