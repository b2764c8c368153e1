"""The Kullback-Leibler divergence of two distributions of one kind."""

import math

from minigrad.distributions.base import Distribution
from minigrad.distributions.discrete import Bernoulli, Categorical
from minigrad.distributions.normal import Exponential, Independent, Normal, Uniform
from minigrad.ops.activation import softplus
from minigrad.ops.elementwise import log, where
from minigrad.tensor import Tensor


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """The expectation under p of log p - log q, in closed form. Raises NotImplementedError where none is known."""
    if isinstance(p, Independent) and isinstance(q, Independent) and p.count == q.count:
        return p._summed(kl_divergence(p.base_dist, q.base_dist))
    if isinstance(p, Normal) and isinstance(q, Normal):
        ratio, gap = (p.scale / q.scale) ** 2, ((p.loc - q.loc) / q.scale) ** 2
        return 0.5 * (ratio + gap - 1 - log(ratio))
    if isinstance(p, Categorical) and isinstance(q, Categorical):
        out: Tensor = (p.probs * (p.logits - q.logits)).sum(-1)
        return out
    if isinstance(p, Bernoulli) and isinstance(q, Bernoulli):
        # p log(p/q) + (1-p) log((1-p)/(1-q)), with log p = -softplus(-logit)
        ones = p.probs * (softplus(-q.logits) - softplus(-p.logits))
        return ones + (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    if isinstance(p, Exponential) and isinstance(q, Exponential):
        ratio = q.rate / p.rate
        return ratio - 1 - log(ratio)
    if isinstance(p, Uniform) and isinstance(q, Uniform):
        inside = (q.low <= p.low) & (q.high >= p.high)
        return where(inside, log((q.high - q.low) / (p.high - p.low)), math.inf)
    raise NotImplementedError(f"kl_divergence: no formula for {type(p).__name__} and {type(q).__name__}")
