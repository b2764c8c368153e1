"""`strong_wolfe`: a line search for a step length that meets the strong Wolfe conditions."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

C1, C2 = 1e-4, 0.9  # Nocedal and Wright's constants for directions of a quasi-Newton method


class Point(NamedTuple):
    """A point of the line: the step length, and there the loss, its gradient, and its derivative along the line."""

    t: float
    loss: float
    grad: Any
    derivative: float


def strong_wolfe(
    at: Callable[[float], Point], start: Point, t: float, reach: float, tolerance: float, most: int
) -> tuple[Point, int]:
    """The best point found, and how often `at` was called, from a first guess t of the step length.

    It has loss <= start.loss + 1e-4 * t * start.derivative and |derivative| <= 0.9 * |start.derivative|. At most `most`
    further calls after the first. It also stops where the interval times `reach`, the largest entry of the direction,
    falls below the tolerance. After Nocedal and Wright, Numerical Optimization, algorithms 3.5 and 3.6.
    """
    ends, calls = _bracket(at, start, t, most)
    low, stuck = (0 if ends[0].loss <= ends[-1].loss else len(ends) - 1), False
    while len(ends) == 2 and calls <= most and not abs(ends[1].t - ends[0].t) * reach < tolerance:
        t, stuck = _away_from_ends(ends, cubic_minimum(ends[0], ends[1]), stuck)
        new, calls = at(t), calls + 1
        if _violates_armijo(new, start) or new.loss >= ends[low].loss:
            ends[1 - low] = new
            low = 0 if ends[0].loss <= ends[1].loss else 1
        elif _meets_curvature(new, start):
            return new, calls
        else:
            if new.derivative * (ends[1 - low].t - ends[low].t) >= 0:
                ends[1 - low] = ends[low]
            ends[low] = new
    return ends[low], calls


def cubic_minimum(a: Point, b: Point, bounds: tuple[float, float] | None = None) -> float:
    """Where the cubic through two points with their derivatives is least, within the bounds (or between the points);
    the middle of these where it has no minimum."""
    left, right = (a, b) if a.t <= b.t else (b, a)
    least, largest = bounds or (left.t, right.t)
    if left.t < right.t:
        d1 = left.derivative + right.derivative - 3 * (left.loss - right.loss) / (left.t - right.t)
        square = d1 * d1 - left.derivative * right.derivative
        d2 = math.sqrt(square) if square >= 0 else math.nan
        bend = right.derivative - left.derivative + 2 * d2
        if square >= 0 and bend:
            t = right.t - (right.t - left.t) * ((right.derivative + d2 - d1) / bend)
            return min(max(t, least), largest)
    return (least + largest) / 2


def _bracket(at: Callable[[float], Point], start: Point, t: float, most: int) -> tuple[list[Point], int]:
    """Two points that bracket a step length meeting the conditions, or one that meets them; and the number of calls.
    The step length grows until then."""
    before, new, calls = start, at(t), 1
    while calls <= most:
        if _violates_armijo(new, start) or (calls > 2 and new.loss >= before.loss):
            return [before, new], calls
        if _meets_curvature(new, start):
            return [new], calls
        if new.derivative >= 0:
            return [before, new], calls
        t = cubic_minimum(before, new, (new.t + 0.01 * (new.t - before.t), new.t * 10))
        before, new, calls = new, at(t), calls + 1
    return [start, new], calls


def _away_from_ends(ends: list[Point], t: float, stuck: bool) -> tuple[float, bool]:
    """t, moved away from an end of the interval where it came near one twice; and whether it is near one now."""
    left, right = sorted(end.t for end in ends)
    margin = 0.1 * (right - left)
    if not min(right - t, t - left) < margin:
        return t, False
    if not stuck and left < t < right:
        return t, True
    return (right - margin if abs(t - right) < abs(t - left) else left + margin), False


def _violates_armijo(point: Point, start: Point) -> bool:
    """The loss falls by less than C1 of what the derivative at the start predicts."""
    return point.loss > start.loss + C1 * point.t * start.derivative


def _meets_curvature(point: Point, start: Point) -> bool:
    """The derivative is at most C2 of that at the start, in absolute value."""
    return abs(point.derivative) <= -C2 * start.derivative
