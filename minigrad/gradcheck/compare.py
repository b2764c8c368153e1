"""Element by element: is the analytic derivative within the numeric one's error bar, at a kink, or not to be told?"""

import numpy as np

from minigrad.gradcheck.derivative import Array, Derivative
from minigrad.gradcheck.point import Point
from minigrad.gradcheck.settings import FLOOR, RESOLVED, RTOL, SIGMAS, Settings


class Block:
    """A block of the Jacobian at a point, outputs x inputs: both versions of it, and what was made of each element.

    numeric: derivatives as matrices, rows x columns. lenient: an analytic nan or inf is no fault. forgiven: what a
    closer look found right. largest: for each row the largest number of its output tensor.
    """

    def __init__(
        self, point: Point, rows: Array, columns: Array, analytic: Array, numeric: Derivative, lenient: bool
    ) -> None:
        self.point, self.rows, self.columns, self.lenient = point, rows, columns, lenient
        self.analytic, self.numeric, self.bar = analytic, numeric, np.zeros(analytic.shape)
        self.values, self.largest, self.reach = point.f[rows], point.largest[rows], point.reach[columns]
        self.wrong, self.unresolved, self.kinked, self.forgiven = np.zeros((4, *analytic.shape), bool)

    def worst(self) -> tuple[int, int]:
        """Row and column (within the block) of the element that is wrong by the most error bars."""
        gap = abs(self.analytic - self.numeric.value) / np.maximum(self.bar, 1e-300)
        gap = np.where(self.wrong, np.where(np.isfinite(gap), gap, np.inf), -1.0)
        size = np.where(
            self.wrong, np.nan_to_num(abs(self.analytic - self.numeric.value), nan=np.inf, posinf=np.inf), -1
        )
        best = gap >= 0.1 * gap.max() if np.isfinite(gap.max()) else gap == np.inf
        j, i = np.unravel_index(np.argmax(np.where(best, size, -1)), gap.shape)
        return int(j), int(i)


def judge(block: Block) -> None:
    """Fill in bar, wrong, unresolved and kinked."""
    a, s, point = block.analytic, block.numeric, block.point
    with np.errstate(all="ignore"):
        n, error = _two_sided(s)
        size = np.fmax(abs(np.where(np.isfinite(a), a, 0)), abs(n))
        common = _common_scale(np.nan_to_num(abs(n), nan=0.0, posinf=0.0))
        block.bar = SIGMAS * error + _tolerance(point.settings, size, abs(n), common, point.probe.eps)
        outside = ~np.isfinite(block.values)[:, None] | np.zeros_like(a, bool)
        differs = ~(abs(a - n) <= block.bar) & np.isfinite(error)
        block.kinked, accepted = _kinks(block, point.settings)
        edge = ~np.isfinite(error) & (np.isfinite(s.left_error) != np.isfinite(s.right_error))
        block.wrong = ((differs & ~block.kinked) | (block.kinked & ~accepted)) & ~outside
        row = np.nan_to_num(abs(n)).max(1, keepdims=True, initial=0.0)
        wide = SIGMAS * error > np.fmax(RESOLVED * np.fmax(size, common), 1e-2 * RESOLVED * row)
        flat = SIGMAS * error * block.reach[None, :] <= 1e-8 * block.largest[:, None]
        block.unresolved = (wide & ~flat | ~np.isfinite(error)) & ~block.kinked & ~edge & ~outside
        # nan where a derivative is infinite or f is not finite: 0 * inf, which says nothing
        nowhere = (np.isinf(a) | edge | outside).any(0, keepdims=True) | ~np.isfinite(point.f).all()
        block.wrong &= ~(np.isnan(a) & nowhere) & ~(np.isinf(a) & ~np.isfinite(error))
        block.wrong &= ~(block.lenient & ~np.isfinite(a)) & ~block.forgiven
        # far from the given inputs what is 1e10 times smaller than its row's largest derivative is left to rounding
        block.wrong &= ~((point.x is not point.probe.x) & (abs(a - n) <= 1e-10 * row))
        # a derivative that is only roughly known can still prove an analytic one wrong, never right; and a rough one
        # must be exceeded clearly
        block.wrong &= ~(block.unresolved & ~(abs(a - n) > 10 * SIGMAS * error) & np.isfinite(a))


def _two_sided(s: Derivative) -> tuple[Array, Array]:
    """The derivative and its error; where f exists on one side only, the derivative on that side."""
    left, right = np.isfinite(s.left_error), np.isfinite(s.right_error)
    none = ~np.isfinite(s.error)
    value = np.where(none & right & ~left, s.right, np.where(none & left & ~right, s.left, s.value))
    error = np.where(none & right & ~left, s.right_error, np.where(none & left & ~right, s.left_error, s.error))
    # a one-sided derivative that never settles (sqrt at 0) is no derivative
    settled = ~none | (error <= 0.02 * abs(value)) | (error < 1e-12)
    return value, np.where(settled, error, np.inf)


def _common_scale(n: Array) -> Array:
    """For each element the smaller of the largest derivative in its row and the largest in its column."""
    if not n.size:
        return n
    return np.asarray(np.minimum(n.max(1, keepdims=True), n.max(0, keepdims=True)))


def _tolerance(settings: Settings, size: Array, n: Array, common: Array, eps: float) -> Array:
    if settings.atol is not None or settings.rtol is not None:
        return (settings.atol or 0.0) + (settings.rtol or 0.0) * n
    low = eps / 2.0**-52
    return RTOL * max(1.0, low / 1e7) * size + FLOOR * low * common if low > 1 else RTOL * size + FLOOR * common


def _kinks(block: Block, settings: Settings) -> tuple[Array, Array]:
    """Where the derivatives from left and right differ, and where the analytic one lies between them."""
    a, s = block.analytic, block.numeric
    errors = s.left_error + s.right_error
    large = np.fmax(abs(s.left), abs(s.right))
    both = np.isfinite(errors) & (errors <= 0.02 * large)
    kinked = both & (abs(s.right - s.left) > SIGMAS * errors + 1e-5 * large)
    # a curve also has different quotients on both sides: where the central derivative is sharper than their gap, no
    # kink
    kinked &= ~(
        np.isfinite(s.error) & (s.error > 0) & (s.error < 1e-9 * abs(s.value)) & (abs(a - s.value) <= block.bar)
    )
    slack = SIGMAS * errors + 1e-6 * large + (settings.atol or 0.0)
    between = (a >= np.minimum(s.left, s.right) - slack) & (a <= np.maximum(s.left, s.right) + slack)
    return kinked, between | (settings.kinks == "skip") if settings.kinks != "fail" else np.zeros_like(kinked)
