"""What the checker can be told, and its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

SIGMAS = 6.0  # an estimated error is exceeded by this factor before it counts as a difference
RTOL = 1e-9  # of rounding in a correct float64 backward; float32 rounding inside one is 30 times larger
FLOOR = 1e-12  # of the largest derivative both in the element's row and in its column: cancellation inside backward
RESOLVED = 1e-2  # an error bar wider than this part of the derivative decides nothing
FULL_JACOBIAN = 2**12  # up to so many elements the given inputs get their whole Jacobian compared
LOCATE = 2**20  # up to so many it is computed to find what the projections saw; beyond, they are bisected
PROJECTIONS = 8
ELEMENTARY = 3  # ops in the graph, at most, of a function that must give subgradients at ties


@dataclass
class Settings:
    """Options of a check; None: chosen by the checker."""

    eps: float | None = None
    atol: float | None = None
    rtol: float | None = None
    fast: bool = False
    nondet_tol: float = 0.0
    kinks: str = "accept"
    samples: int | None = None
    allow_zero: bool | Sequence[int] = False
    check_grad_dtypes: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("eps", "atol", "rtol", "nondet_tol"):
            value = getattr(self, name)
            if value is not None and not (value >= 0 if name != "eps" else value > 0):
                raise ValueError(f"gradcheck: {name}: expected a {'positive' if name == 'eps' else 'non-negative'} "
                                 f"number, got {value!r}")  # fmt: skip
        if self.kinks not in ("accept", "skip", "fail"):
            raise ValueError(f'gradcheck: kinks: expected "accept", "skip" or "fail", got {self.kinks!r}')
        if self.samples is not None and self.samples < 0:
            raise ValueError(f"gradcheck: samples: expected a number of copies, 0 or more, got {self.samples!r}")
