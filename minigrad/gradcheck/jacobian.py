"""The Jacobian element by element: found by bisection where it is large, measured again where it is in doubt."""

from collections.abc import Callable

import numpy as np

from minigrad.gradcheck.compare import Block, judge
from minigrad.gradcheck.derivative import FIELDS, Array, Derivative, directional_derivative
from minigrad.gradcheck.point import STAGES, Point
from minigrad.gradcheck.probe import Tape
from minigrad.gradcheck.settings import LOCATE, RESOLVED, SIGMAS

BATCH = 12  # columns that are measured again at a time
NEARBY, CORNER = 48, 1e-5  # around a corner f is measured at so many points, that far away


def located(point: Point, u: Array, d: Array) -> Block:
    """The block where the projections u'Jd differ: all of a small Jacobian, else 64 x 64 where bisection ends."""
    if point.probe.n * point.probe.m <= LOCATE:
        return jacobian(point)
    i = _bisect_inputs(point, u, d)
    j = _bisect_outputs(point, u, i)
    return jacobian(point, _around(j, point.probe.m), _around(i, point.probe.n))


def _around(i: int, size: int) -> Array:
    return np.arange(max(0, i - 32), min(size, i + 32))


def _bisect(x: Array, gap: Callable[[Array], float]) -> int:
    """Halve x (zero outside the half) and keep the half with the larger gap: the position of the last element."""
    positions = np.flatnonzero(x)
    while len(positions) > 1:
        halves = np.array_split(positions, 2)
        gaps = []
        for half in halves:
            part = np.zeros_like(x)
            part[half] = x[half]
            gaps.append(gap(part))
        positions = halves[int(np.argmax(np.where(np.isfinite(gaps), gaps, np.inf)))]
    return int(positions[0])


def _bisect_inputs(point: Point, u: Array, d: Array) -> int:
    """The input that differs by the most error bars: log2(n) derivatives, no more backward."""
    a, good = point.tape.vjp(u), u != 0

    def bars(part: Array) -> float:
        s = point.resolved(part)
        gap, bar = point.gap(a, part, u[good], s.value[good], s.error[good])
        return gap / bar

    return _bisect(d, bars)


def _bisect_outputs(point: Point, u: Array, i: int) -> int:
    """The output that differs most: log2(m) runs of backward."""
    d = _unit(point, i)
    s = point.resolved(d)
    return _bisect(u, lambda part: abs(point.tape.vjp(part)[i] * d[i] - np.nansum(part * np.where(part, s.value, 0.0))))


def jacobian(point: Point, rows: Array | None = None, columns: Array | None = None, lenient: bool = False) -> Block:
    """Measure and judge a block (default: all of it). lenient: an analytic nan or inf is no fault (made-up ties)."""
    rows = np.arange(point.probe.m) if rows is None else rows
    columns = np.arange(point.probe.n) if columns is None else columns
    derivatives = [_column(point, int(i), rows) for i in columns]
    matrices = Derivative(*(np.stack([getattr(s, name) for s in derivatives], 1) for name in FIELDS))
    block = Block(point, rows, columns, _analytic(point, rows, columns), matrices, lenient)
    judge(block)
    if point.settings.eps is None:
        _settle(point, block)
    return block


def _settle(point: Point, block: Block) -> None:
    """Measure the columns in doubt again, the worst first, until some element is proven wrong or none is in doubt."""
    tried = np.zeros(len(block.columns), bool)
    while True:
        doubt = (block.wrong | block.unresolved) & ~tried
        todo = np.flatnonzero(doubt.any(0))
        if not todo.size:
            return
        with np.errstate(all="ignore"):
            gap = np.nan_to_num(abs(block.analytic - block.numeric.value) / (block.bar + 1e-300), nan=np.inf)
        todo = todo[np.argsort(-np.where(block.wrong, gap, 0).max(0)[todo], kind="stable")][:BATCH]
        tried[todo] = True
        for c in todo:
            for stage in STAGES[1:]:
                measured = _column(point, int(block.columns[c]), block.rows, stage)
                _take(block, int(c), block.numeric.column(int(c)).better(measured))
        judge(block)
        _measure_again(point, block, todo)
        _forgive_rounding(point, block, todo)
        _forgive_jumps(point, block, todo)
        _forgive_corners(point, block, todo)
        if block.wrong[:, todo].any():
            return


def _take(block: Block, c: int, s: Derivative) -> None:
    for name in FIELDS:
        getattr(block.numeric, name)[:, c] = getattr(s, name)


def _unit(point: Point, i: int) -> Array:
    d = np.zeros(point.probe.n)
    d[i] = point.reach[i]
    return d


def _column(point: Point, i: int, rows: Array, stage: int = 0, shrink: float = 1.0) -> Derivative:
    return point.derivative(_unit(point, i), stage, shrink).scaled(1 / point.reach[i]).at(rows)


def _analytic(point: Point, rows: Array, columns: Array, tape: Tape | None = None) -> Array:
    out = np.empty((len(rows), len(columns)))
    u = np.zeros(point.probe.m)
    for r, j in enumerate(rows):
        u[j] = 1.0
        out[r] = (tape or point.tape).vjp(u)[columns]
        u[j] = 0.0
    return out


# --- before an element is called wrong -------------------------------------------------------------------------------


def _measure_again(point: Point, block: Block, todo: Array) -> None:
    """Nothing is called wrong on one measurement: with other steps the derivative must come out the same, else the
    difference is its error."""
    for c in todo[block.wrong[:, todo].any(0)]:
        other = _column(point, int(block.columns[c]), block.rows, 0, 0.37)
        for stage in STAGES[1:]:
            other = other.better(_column(point, int(block.columns[c]), block.rows, stage, 0.37))
        s = block.numeric.column(int(c))
        with np.errstate(invalid="ignore"):
            gap = abs(s.value - other.value)
            s.error = np.where(gap > SIGMAS * (s.error + other.error), np.fmax(s.error, gap), s.error)
        _take(block, int(c), s)
    judge(block)


def _forgive_rounding(point: Point, block: Block, todo: Array) -> None:
    """An analytic derivative may be off by its own rounding: seen by moving the inputs by 3 ulps, and, where it cancels
    more coarsely (cos(x) / x - sin(x) / x^2 near 0), in a second difference over 1e-8, to which a smooth derivative
    adds 1e-16. float32 rounding inside mostly stays what it was over so short a way, and is not forgiven."""
    rows = np.flatnonzero(block.wrong[:, todo].any(1))[:64]
    if not rows.size:
        return
    at = np.ix_(rows, todo)
    analytic = block.analytic[at]

    def moved(by: float) -> Array:
        x = point.x * (1 + by * signs)
        return _analytic(point, block.rows[rows], block.columns[todo], point.probe.record(x))

    signs = point.rng.choice([-1.0, 1.0], point.x.size)
    wide = 1e-8 * point.probe.eps / 2.0**-52
    with np.errstate(invalid="ignore"):
        spread = np.fmax(abs(moved(3 * point.probe.eps) - analytic), abs(moved(wide) + moved(-wide) - 2 * analytic))
        block.forgiven[at] |= abs(analytic - block.numeric.value[at]) <= block.bar[at] + SIGMAS * spread
    block.wrong &= ~block.forgiven


def _forgive_jumps(point: Point, block: Block, todo: Array) -> None:
    """Of a function that jumps again and again (x % y at a small y) every step but the smallest sees the mean
    derivative over many jumps. Where such a step finds another derivative, clearly, and that one is the analytic one,
    it is right. A derivative of zero is not believed so: there rounding to float32 inside looks the same. (Among jumps
    the measured noise is the jumps': rounding of the result is taken instead.)"""
    noise = point.probe.eps * point.largest
    for c in todo[block.wrong[:, todo].any(0)]:
        s, a = block.numeric.column(int(c)), block.analytic[:, c]
        for stage in (STAGES[-1] + 6, STAGES[-1] + 12):
            d = _unit(point, int(block.columns[c]))
            near = directional_derivative(point.probe, point.x, point.f, d, point.step * 2.0**-stage, noise)
            near = near.scaled(1 / point.reach[block.columns[c]]).at(block.rows)
            with np.errstate(invalid="ignore"):
                other = abs(near.value - s.value) > 20 * (near.error + s.error)
                agrees = (abs(near.value - a) <= SIGMAS * near.error) & (near.error <= RESOLVED * abs(a))
            block.forgiven[:, c] |= other & agrees & (a != 0)
    block.wrong &= ~block.forgiven


def _forgive_corners(point: Point, block: Block, todo: Array) -> None:
    """At a corner where several pieces meet (three equal numbers in a sort) the derivatives along one coordinate need
    not be those of any piece. An analytic derivative that lies among those of the pieces around is a subgradient
    (Clarke's)."""
    if point.settings.kinks != "accept":
        return
    for c in todo[block.wrong[:, todo].any(0)]:
        derivatives = []
        for _ in range(NEARBY):
            other = point.moved(point.x + CORNER * point.reach * point.rng.uniform(-1, 1, point.x.size))
            d = _unit(point, int(block.columns[c]))
            s = other.derivative(d, 0, 0.02 * CORNER / other.step).scaled(1 / d[block.columns[c]])
            derivatives.append(s.at(block.rows).value)
        low, high = np.min(derivatives, 0), np.max(derivatives, 0)
        scale = np.fmax(abs(low), abs(high))
        a = block.analytic[:, c]
        with np.errstate(invalid="ignore"):
            corner = high - low > 0.01 * scale
            block.forgiven[:, c] |= corner & (a >= low - 1e-4 * scale) & (a <= high + 1e-4 * scale)
    block.wrong &= ~block.forgiven
