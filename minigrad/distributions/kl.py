"""The Kullback-Leibler divergence: a registry of closed forms, keyed by the types of both distributions."""

import math
from collections.abc import Callable
from typing import Any

from minigrad.distributions.bernoulli import Bernoulli
from minigrad.distributions.beta import Beta
from minigrad.distributions.binomial import Binomial
from minigrad.distributions.categorical import Categorical
from minigrad.distributions.dirichlet import Dirichlet
from minigrad.distributions.distribution import Distribution
from minigrad.distributions.exponential import Exponential
from minigrad.distributions.gamma import Gamma
from minigrad.distributions.geometric import Geometric
from minigrad.distributions.independent import Independent
from minigrad.distributions.laplace import Laplace
from minigrad.distributions.multivariate_normal import MultivariateNormal
from minigrad.distributions.normal import Normal
from minigrad.distributions.one_hot_categorical import OneHotCategorical
from minigrad.distributions.poisson import Poisson
from minigrad.distributions.transformed_distribution import TransformedDistribution
from minigrad.distributions.uniform import Uniform
from minigrad.distributions.utils import sum_rightmost
from minigrad.engine.tensor import Tensor
from minigrad.ops.array.shape import broadcast_to
from minigrad.ops.linalg.decompositions import solve_triangular
from minigrad.ops.pointwise.arithmetic import absolute, exp, log, where
from minigrad.ops.pointwise.special import digamma, lgamma, logaddexp, xlogy

Formula = Callable[[Any, Any], Tensor]
_KL_REGISTRY: dict[tuple[type, type], Formula] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Formula], Formula]:
    """A decorator that registers a function of (p, q) as kl_divergence for these types and their subclasses.

    Raises TypeError for what is no subclass of Distribution.
    """
    if not all(isinstance(t, type) and issubclass(t, Distribution) for t in (type_p, type_q)):
        raise TypeError(f"register_kl: expected two subclasses of Distribution, got {type_p!r} and {type_q!r}")

    def register(formula: Formula) -> Formula:
        _KL_REGISTRY[type_p, type_q] = formula
        return formula

    return register


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """KL(p || q) = E_p[log p(x) - log q(x)] in closed form, of shape batch_shape, broadcast.

    Of several registered formulas, the one for the nearest base class of p, then of q. Raises NotImplementedError where
    there is none.
    """
    mro_p, mro_q = type(p).__mro__, type(q).__mro__
    matches = [(mro_p.index(a), mro_q.index(b), a, b) for a, b in _KL_REGISTRY if a in mro_p and b in mro_q]
    if not matches:
        raise NotImplementedError(f"kl_divergence: no formula for {type(p).__name__} and {type(q).__name__}; estimate "
                                  f"it from p.sample(), or add one with register_kl")  # fmt: skip
    *_, a, b = min(matches, key=lambda entry: entry[:2])
    return _KL_REGISTRY[a, b](p, q)


@register_kl(Independent, Independent)
def _independent(p: Independent, q: Independent) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError("kl_divergence: Independent: expected equal reinterpreted_batch_ndims")
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p: TransformedDistribution, q: TransformedDistribution) -> Tensor:
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError("kl_divergence: TransformedDistribution: expected equal transforms")
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Any, q: Any) -> Tensor:
    # p log(p/q) + (1-p) log((1-p)/(1-q)), with log p = -log(1 + exp(-logit))
    success = p.probs * (logaddexp(-q.logits, 0.0) - logaddexp(-p.logits, 0.0))
    return success + (1 - p.probs) * (logaddexp(q.logits, 0.0) - logaddexp(p.logits, 0.0))


@register_kl(Binomial, Binomial)
def _binomial(p: Binomial, q: Binomial) -> Tensor:
    if bool((p.total_count < q.total_count).any()):
        raise NotImplementedError("kl_divergence: Binomial: no closed form where q has more trials than p")
    return where(p.total_count > q.total_count, math.inf, p.total_count * _bernoulli(p, q))


@register_kl(Categorical, Categorical)
@register_kl(OneHotCategorical, OneHotCategorical)
def _categorical(p: Any, q: Any) -> Tensor:
    impossible = p.probs.detach() == 0
    log_ratio = where(impossible, 0.0, p.logits) - where(impossible, 0.0, q.logits)
    return where((q.probs.detach() == 0) & (p.probs.detach() > 0), math.inf, p.probs * log_ratio).sum(-1)


register_kl(Geometric, Geometric)(lambda p, q: -p.entropy() - (-q.probs).log1p() / p.probs - q.logits)
register_kl(Poisson, Poisson)(lambda p, q: xlogy(p.rate, p.rate) - xlogy(p.rate, q.rate) - (p.rate - q.rate))


@register_kl(Normal, Normal)
def _normal(p: Normal, q: Normal) -> Tensor:
    ratio, gap = (p.scale / q.scale) ** 2, ((p.loc - q.loc) / q.scale) ** 2
    return 0.5 * (ratio + gap - 1 - log(ratio))


@register_kl(Laplace, Laplace)
def _laplace(p: Laplace, q: Laplace) -> Tensor:
    ratio, gap = p.scale / q.scale, absolute(p.loc - q.loc)
    return -log(ratio) + gap / q.scale + ratio * exp(-gap / p.scale) - 1


@register_kl(Exponential, Exponential)
def _exponential(p: Exponential, q: Exponential) -> Tensor:
    ratio = q.rate / p.rate
    return ratio - 1 - log(ratio)


@register_kl(Uniform, Uniform)
def _uniform(p: Uniform, q: Uniform) -> Tensor:
    inside = (q.low <= p.low) & (q.high >= p.high)
    return where(inside, log((q.high - q.low) / (p.high - p.low)), math.inf)


@register_kl(Gamma, Gamma)
def _gamma(p: Gamma, q: Gamma) -> Tensor:
    a, b = p.concentration, p.rate
    rates = q.concentration * log(b / q.rate) + (q.rate - b) * (a / b)
    return rates + lgamma(q.concentration) - lgamma(a) + (a - q.concentration) * digamma(a)


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p: Dirichlet, q: Dirichlet) -> Tensor:
    a, b = p.concentration, q.concentration
    total = a.sum(-1)
    difference = ((a - b) * (digamma(a) - digamma(total).unsqueeze(-1))).sum(-1)
    return lgamma(total) - lgamma(b.sum(-1)) - (lgamma(a) - lgamma(b)).sum(-1) + difference


register_kl(Beta, Beta)(lambda p, q: _dirichlet(p._dirichlet, q._dirichlet))


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normal(p: MultivariateNormal, q: MultivariateNormal) -> Tensor:
    # (tr(Cq^-1 Cp) + (mq - mp)^T Cq^-1 (mq - mp) - d) / 2 + log det Lq - log det Lp
    gap = q._solve_tril(q.loc - p.loc)
    batch = gap.shape[:-1]
    tril_p, tril_q = (broadcast_to(d.scale_tril, (*batch, *d.scale_tril.shape[-2:])) for d in (p, q))
    ratio = solve_triangular(tril_q, tril_p, upper=False)
    quadratic = (ratio * ratio).sum((-2, -1)) + (gap * gap).sum(-1) - p.event_shape[0]
    return 0.5 * quadratic + q._log_det_tril() - p._log_det_tril()
