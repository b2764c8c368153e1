"""The chi-squared distribution."""

from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import formula
from minigrad.distributions.gamma import Gamma
from minigrad.distributions.utils import broadcast_all


class Chi2(Gamma):
    """The chi-squared distribution with df degrees of freedom, that of the sum of df squared standard normal samples:
    Gamma(df / 2, 1 / 2)."""

    def __init__(self, df: Any, validate_args: bool | None = None) -> None:
        (df,) = broadcast_all(df)
        if self._validate_args if validate_args is None else validate_args:
            self._check("df", constraints.positive, df)
        super().__init__(0.5 * df, 0.5, validate_args)

    df = formula("The degrees of freedom.", lambda self: 2 * self.concentration)
