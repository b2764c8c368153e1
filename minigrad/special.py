"""Special functions, by the names of `torch.special`."""

from minigrad.ops.activation import log_softmax, softmax
from minigrad.ops.activation import sigmoid as expit
from minigrad.ops.elementwise import exp2, expm1, log1p, round
from minigrad.ops.reduce import logsumexp
from minigrad.ops.special import (
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
from minigrad.ops.special import digamma as psi
from minigrad.ops.special import lgamma as gammaln
from minigrad.ops.special import mvlgamma as multigammaln
from minigrad.ops.trig import sinc

__all__ = [
    "digamma", "erf", "erfc", "erfinv", "exp2", "expit", "expm1", "gammaln", "log1p", "log_ndtr", "log_softmax",
    "logit", "logsumexp", "multigammaln", "ndtr", "ndtri", "polygamma", "psi", "round", "sinc", "softmax", "xlog1py",
    "xlogy",
]  # fmt: skip
