"""Constraints on parameters and samples, each with a description for error messages."""

from collections.abc import Callable
from typing import Any

from minigrad.dtypes import finfo
from minigrad.engine.tensor import Tensor


class Constraint:
    """`check(x)` is True where x satisfies the constraint: one bool for each event, the last `event_dim` dimensions."""

    def __init__(
        self, description: str, check: Callable[[Tensor], Any], event_dim: int = 0, is_discrete: bool = False
    ) -> None:
        self.description, self.check, self.event_dim, self.is_discrete = description, check, event_dim, is_discrete

    def __repr__(self) -> str:
        return f"Constraint({self.description})"


real = Constraint("numbers, not nan", lambda x: x == x)
positive = Constraint("numbers above 0", lambda x: x > 0)
nonnegative = Constraint("numbers of 0 or more", lambda x: x >= 0)
unit_interval = Constraint("numbers from 0 to 1", lambda x: (x >= 0) & (x <= 1))
boolean = Constraint("0 or 1", lambda x: (x == 0) | (x == 1), is_discrete=True)
nonnegative_integer = Constraint("whole numbers of 0 or more", lambda x: (x >= 0) & (x % 1 == 0), is_discrete=True)
real_vector = Constraint("vectors of numbers, not nan", lambda x: (x == x).all(-1), 1)
nonnegative_vector = Constraint(
    "vectors of numbers of 0 or more, some above 0", lambda x: (x >= 0).all(-1) & (x > 0).any(-1), 1
)
positive_vector = Constraint("vectors of numbers above 0", lambda x: (x > 0).all(-1), 1)
simplex = Constraint(
    "vectors of numbers of 0 or more with the sum 1",
    lambda x: (x >= 0).all(-1) & ((x.sum(-1) - 1).abs() <= max(1e-6, float(finfo(x.dtype).eps) * x.shape[-1])),
    event_dim=1,
)
one_hot = Constraint(
    "vectors of zeros with one 1",
    lambda x: ((x == 0) | (x == 1)).all(-1) & (x.sum(-1) == 1), event_dim=1, is_discrete=True,
)  # fmt: skip
lower_cholesky = Constraint(
    "lower triangular matrices with a diagonal above 0",
    lambda x: (x.tril() == x).all(-1).all(-1) & (x.diagonal(0, -2, -1) > 0).all(-1), event_dim=2,
)  # fmt: skip
symmetric = Constraint(
    "symmetric matrices", lambda x: ((x - x.mT).abs() <= 1e-6 + 1e-5 * x.abs()).all(-1).all(-1), event_dim=2
)


def _bound_text(bound: Any) -> str:
    if not isinstance(bound, Tensor):
        return str(bound)
    return str(bound.item()) if bound.numel() == 1 else "each upper bound"


def greater_than(lower_bound: Any) -> Constraint:
    """Numbers above a bound."""
    return Constraint(f"numbers above {lower_bound}", lambda x: x > lower_bound)


def interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """Numbers in the closed interval [lower_bound, upper_bound]."""
    return Constraint("numbers between the bounds", lambda x: (x >= lower_bound) & (x <= upper_bound))


def integer_interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """Integers in the closed interval [lower_bound, upper_bound]."""
    return Constraint(f"whole numbers from {lower_bound} to {_bound_text(upper_bound)}",
                      lambda x: (x >= lower_bound) & (x <= upper_bound) & (x % 1 == 0), is_discrete=True)  # fmt: skip


def independent(base: Constraint, reinterpreted_batch_ndims: int) -> Constraint:
    """`base` for every element of an event with `reinterpreted_batch_ndims` more dimensions."""
    dims = tuple(range(-reinterpreted_batch_ndims, 0))
    return Constraint(base.description, lambda x: base.check(x).all(dims) if dims else base.check(x),
                      base.event_dim + reinterpreted_batch_ndims, base.is_discrete)  # fmt: skip
