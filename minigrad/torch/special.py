"""Special functions, by the names of `torch.special`."""

from minigrad.ops.nn.activation import log_softmax, softmax
from minigrad.ops.nn.activation import sigmoid as expit
from minigrad.ops.pointwise.arithmetic import exp2, expm1, log1p, round
from minigrad.ops.pointwise.special import (
    digamma,
    erf,
    erfc,
    erfinv,
    log_ndtr,
    logit,
    ndtr,
    ndtri,
    polygamma,
    xlog1py,
    xlogy,
)
from minigrad.ops.pointwise.special import digamma as psi
from minigrad.ops.pointwise.special import lgamma as gammaln
from minigrad.ops.pointwise.special import mvlgamma as multigammaln
from minigrad.ops.pointwise.trigonometric import sinc
from minigrad.ops.reduce.reductions import logsumexp

__all__ = [
    "digamma", "erf", "erfc", "erfinv", "exp2", "expit", "expm1", "gammaln", "log1p", "log_ndtr", "log_softmax",
    "logit", "logsumexp", "multigammaln", "ndtr", "ndtri", "polygamma", "psi", "round", "sinc", "softmax", "xlog1py",
    "xlogy",
]  # fmt: skip
