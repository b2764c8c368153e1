"""Kinks: where the derivatives from left and right differ, and what a subgradient must satisfy where several meet."""

from dataclasses import dataclass

import numpy as np

from minigrad.gradcheck.compare import Block
from minigrad.gradcheck.point import Point
from minigrad.gradcheck.settings import SIGMAS


@dataclass
class Kink:
    """One element of the Jacobian at a kink."""

    output: tuple[int, tuple[int, ...]]
    input: tuple[int, tuple[int, ...]]
    left: float
    right: float
    analytic: float
    accepted: bool

    def __str__(self) -> str:
        low, high = sorted((self.left, self.right))
        verdict = "accepted subgradient" if self.accepted else "rejected"
        belongs = "in" if self.accepted else "not in"
        return (
            f"kink at input {self.input[0]}{list(self.input[1])}: left {self.left:.6g}, right {self.right:.6g}, "
            f"analytic {self.analytic:.6g} {belongs} [{low:.6g}, {high:.6g}]: {verdict}"
        )


def kinks_of(point: Point, block: Block) -> list[Kink]:
    """The kinks found in a block, for the report."""
    probe, s = point.probe, block.numeric
    return [
        Kink(
            probe.out_place(int(block.rows[r])), probe.place(int(block.columns[c])), float(s.left[r, c]),
            float(s.right[r, c]), float(block.analytic[r, c]), not block.wrong[r, c],
        )
        for r, c in zip(*np.nonzero(block.kinked))
    ]  # fmt: skip


def tie_broken(point: Point, block: Block) -> tuple[int, str] | None:
    """Where kinks of one output depend on each other (a tie), the analytic derivative must be right along the direction
    that moves them together: for max(a, b) at a = b it is 1, so the gradients of a and b must add up to 1.

    Returns the output's row and words, or None.
    """
    for r in range(len(block.rows)):
        tied = np.flatnonzero(block.kinked[r])
        if len(tied) < 2:
            continue
        d = np.zeros(point.probe.n)
        d[block.columns[tied]] = 1.0
        h = float(block.reach[tied].min())
        s = point.derivative(d * h).scaled(1 / h)
        j = int(block.rows[r])
        left, right, errors = s.left[j], s.right[j], s.left_error[j] + s.right_error[j]
        apart = float(block.numeric.right[r, tied].sum()), float(block.numeric.left[r, tied].sum())
        slack = SIGMAS * errors + 1e-6 * (abs(left) + abs(right))
        if not np.isfinite(slack + block.analytic[r, tied].sum()) or abs(right - apart[0]) + abs(
            left - apart[1]
        ) <= slack + 1e-4 * sum(map(abs, apart)):
            continue  # they do not interact: each may choose within its own interval
        got = float(block.analytic[r, tied].sum())
        if not min(left, right) - slack <= got <= max(left, right) + slack:
            places = ", ".join(
                f"{i}{list(at)}" for i, at in (point.probe.place(int(c)) for c in block.columns[tied[:6]])
            )
            return r, (
                f"ties only: inputs {places}{', ...' if len(tied) > 6 else ''} are tied in output "
                f"{point.probe.out_place(j)[0]}{list(point.probe.out_place(j)[1])}. Moved together they change it with "
                f"derivative {right:.6g}, but their gradients add up to {got:.6g}: share one gradient between them"
            )
    return None
