"""Directional derivatives with error bars: Richardson extrapolation after Ridders, central and from either side.

A difference quotient at step h is off by truncation, c1 h^p + c2 h^2p + ..., and by rounding, about noise / h.
Quotients at h, h/2, h/4, ... let the first be extrapolated away; how much the extrapolations still change says what is
left of it (C. Ridders, Advances in Engineering Software 4, 1982). The noise of f is measured, not assumed (J. Moré and
S. Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33, 2011).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.backend import array_module

Array = np.ndarray[Any, Any]
Map = Callable[[Array], Array]


FIELDS = ("value", "error", "left", "left_error", "right", "right_error")


@dataclass
class Derivative:
    """The derivative of every output along one direction; `left` and `right` are the one-sided ones. NaN: none
    found."""

    value: Array
    error: Array
    left: Array
    left_error: Array
    right: Array
    right_error: Array

    def better(self, other: "Derivative") -> "Derivative":
        """Of two measurements the one with the smaller error, output by output."""
        merged = []
        for v, e in (("value", "error"), ("left", "left_error"), ("right", "right_error")):
            mine, theirs = getattr(self, e), getattr(other, e)
            choose = theirs < mine
            merged += [np.where(choose, getattr(other, v), getattr(self, v)), np.where(choose, theirs, mine)]
        return Derivative(*merged)

    def at(self, rows: Any) -> "Derivative":
        """Of some outputs only."""
        return Derivative(*(getattr(self, name)[rows] for name in FIELDS))

    def column(self, c: int) -> "Derivative":
        """One column, where these are matrices."""
        return Derivative(*(getattr(self, name)[:, c] for name in FIELDS))

    def scaled(self, by: float) -> "Derivative":
        """The derivative along a direction 1/by as long."""
        a, s = self, abs(by)
        return Derivative(a.value * by, a.error * s, a.left * by, a.left_error * s, a.right * by, a.right_error * s)


def richardson(before: list[Any], quotient: Any, order: int | Array) -> list[Any]:
    """The next row of Neville's scheme: a quotient whose step is half of the last one's, whose row is `before`, and its
    extrapolations to step 0, each from one quotient more. order: the lowest power of the step in the error, of which
    all multiples follow (2: central quotients)."""
    row = [quotient]
    for j, old in enumerate(before, 1):
        row.append(row[-1] + (row[-1] - old) / (2.0 ** (order * j) - 1))
    return row


class Tableau:
    """Neville's scheme on quotients at steps that halve; keeps the entry with the smallest estimated error.

    Three at once: central quotients (row 0), whose error has even powers of h only, and those to the left and right.
    """

    ORDERS = np.array([[2], [1], [1]])
    DEPTH = 4

    def __init__(self, outputs: int) -> None:
        self.row: list[Array] = []
        self.value, self.error = np.full((3, outputs), np.nan), np.full((3, outputs), np.inf)

    def add(self, quotient: Array, rounding: Array) -> None:
        """Take in the quotient at the next step. An entry counts once three steps agree: two can by accident (a
        jump)."""
        before = self.row
        row = richardson(before, quotient, self.ORDERS)
        for j, old in enumerate(before, 1):
            error = np.maximum(abs(row[j] - row[j - 1]), abs(row[j] - old)) + rounding
            if j < len(before):
                error = np.maximum(error, abs(row[j] - before[j]))
            elif j == 1:
                continue
            better = error < self.error
            self.value, self.error = np.where(better, row[j], self.value), np.where(better, error, self.error)
        self.row = row[: self.DEPTH]


@np.errstate(all="ignore")
def directional_derivative(
    f: Map, x: Array, at_x: Array, d: Array, h: float, noise: Array, target: float = 3e-11, levels: int = 7
) -> Derivative:
    """The derivative of f at x along d, from quotients at h, h/2, ... until every error is below `target` of its value
    or dominated by rounding."""
    tableau = Tableau(at_x.size)
    for level in range(levels):
        above, below = f(x + h * d), f(x - h * d)
        rounding = np.array([[2], [4], [4]]) * noise / h
        tableau.add(np.stack([(above - below) / 2, at_x - below, above - at_x]) / h, rounding)
        h /= 2
        if level > 1 and (tableau.error[0] <= np.maximum(target * abs(tableau.value[0]), 2 * rounding[0])).all():
            break
    (value, left, right), (error, left_error, right_error) = tableau.value, tableau.error
    return Derivative(value, error, left, left_error, right, right_error)


@np.errstate(all="ignore")
def noise_level(f: Map, x: Array, at_x: Array, d: Array, eps: float) -> Array:
    """The rounding noise of each output of f near x: third differences over 7 points so close together (sqrt(eps) of d)
    that nothing but noise is left in them."""
    points = np.stack([at_x if k == 0 else f(x + k * eps**0.5 * d) for k in range(-3, 4)])
    third = np.diff(points, 3, axis=0)  # of independent noise s: variance 20 s^2
    sigma = np.sqrt((third * third).mean(0) / 20)
    return np.asarray(np.nan_to_num(sigma, nan=0.0, posinf=0.0))


def typical_size(x: Any) -> Any:
    """How far each element may reasonably move: its own size, or the array's (root mean square of its finite elements)
    if that is larger; 1 for an array of zeros."""
    xp = array_module(x)
    size = abs(xp.where(xp.isfinite(x), x, 0.0)).astype("float64")
    typical = float((size * size).mean()) ** 0.5 if x.size else 1.0
    return xp.maximum(size, typical or 1.0)
