"""The multivariate normal distribution."""

import math
from typing import Any

import numpy as np

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution, formula
from minigrad.distributions.utils import standard_normal
from minigrad.engine.tensor import Tensor
from minigrad.errors import ShapeError
from minigrad.ops.array.diagonal import diagonal
from minigrad.ops.array.shape import broadcast_to
from minigrad.ops.linalg.decompositions import cholesky, solve_triangular
from minigrad.ops.linalg.products import matmul
from minigrad.ops.pointwise.arithmetic import log


class MultivariateNormal(Distribution):
    """The multivariate normal distribution N(loc, C) of vectors, C = L L^T.

    loc: (..., d). One matrix (..., d, d): the covariance_matrix C, the precision_matrix C^-1, or scale_tril, the lower
    Cholesky factor L. Raises ValueError for none or several, ShapeError where shapes do not fit, LinAlgError for a
    matrix that is not positive definite.
    """

    has_rsample = True
    arg_constraints = {"loc": constraints.real_vector, "scale_tril": constraints.lower_cholesky}
    support = constraints.real_vector

    def __init__(
        self, loc: Tensor, covariance_matrix: Tensor | None = None, precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None, validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        names = {"covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix, "scale_tril": scale_tril}
        given = {name: m for name, m in names.items() if m is not None}
        if len(given) != 1:
            raise ValueError("MultivariateNormal: expected one of covariance_matrix, precision_matrix and scale_tril")
        ((name, matrix),) = given.items()
        if loc.ndim < 1 or tuple(matrix.shape[-2:]) != (loc.shape[-1],) * 2:
            expected = (loc.shape[-1],) * 2 if loc.ndim else "(d, d), and loc of (d,)"
            raise ShapeError(f"MultivariateNormal: expected a matrix of {expected} for loc {tuple(loc.shape)}, got "
                             f"{tuple(matrix.shape)}")  # fmt: skip
        if scale_tril is None:
            if self._validate_args if validate_args is None else validate_args:
                self._check(name, constraints.symmetric, matrix)
            matrix = cholesky(matrix if precision_matrix is None else matrix.inverse())
        batch = np.broadcast_shapes(loc.shape[:-1], matrix.shape[:-2])
        self.loc = broadcast_to(loc, (*batch, loc.shape[-1]))
        self.scale_tril = broadcast_to(matrix, (*batch, *matrix.shape[-2:]))
        super().__init__(batch, loc.shape[-1:], validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """loc + L z, with z standard normal."""
        z = standard_normal(self.loc, self._extended_shape(sample_shape))
        return self.loc + matmul(self.scale_tril, z.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value: Any) -> Tensor:
        """The log-density: -(z^T z + d log(2 pi)) / 2 - log det L, with z = L^-1 (x - loc)."""
        d = self._validate_sample(value) - self.loc
        z = self._solve_tril(d)
        return -0.5 * ((z * z).sum(-1) + d.shape[-1] * math.log(2 * math.pi)) - self._log_det_tril()

    def _solve_tril(self, d: Tensor) -> Tensor:
        """L^-1 d."""
        tril = broadcast_to(self.scale_tril, (*d.shape[:-1], *self.scale_tril.shape[-2:]))
        return solve_triangular(tril, d.unsqueeze(-1), upper=False).squeeze(-1)

    def _log_det_tril(self) -> Tensor:
        """log det L, half of log det C."""
        return log(diagonal(self.scale_tril, 0, -2, -1)).sum(-1)

    def entropy(self) -> Tensor:
        """The entropy: d (1 + log(2 pi)) / 2 + log det L."""
        return self._log_det_tril() + 0.5 * self.loc.shape[-1] * (1 + math.log(2 * math.pi))

    mean = formula("The mean: loc.", lambda self: self.loc)
    mode = formula("The mode: loc.", lambda self: self.loc)
    covariance_matrix = formula("C = L L^T.", lambda self: matmul(self.scale_tril, self.scale_tril.mT))
    precision_matrix = formula("C^-1.", lambda self: self.covariance_matrix.inverse())
    variance = formula(
        "The variances of the elements: the diagonal of C.", lambda self: (self.scale_tril * self.scale_tril).sum(-1)
    )
