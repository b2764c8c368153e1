"""One set of input values examined: by random projections of the Jacobian, and where they differ (or the Jacobian is
small) element by element."""

from typing import Any

import numpy as np

from minigrad.gradcheck.compare import Block, judge
from minigrad.gradcheck.probe import Probe, Tape
from minigrad.gradcheck.settings import LOCATE, SIGMAS, Settings
from minigrad.gradcheck.slopes import Slope, along, measured_noise, sizes

Array = np.ndarray[Any, Any]
STAGES = (0, 6, 12, 18, 24)  # smaller steps by powers of two, for kinks nearby and narrow domains


class Point:
    """Input values with all that is measured there once: f, its noise, how far inputs move, the recorded run."""

    def __init__(self, probe: Probe, x: Array, settings: Settings, rng: np.random.Generator, name: str) -> None:
        self.probe, self.x, self.settings, self.rng, self.name = probe, x, settings, rng, name
        self.f = probe(x)
        self.reach = sizes(x, probe.parts)
        signs = rng.choice([-1.0, 1.0], x.size)
        self.noise = np.fmax(
            measured_noise(probe, x, self.f, signs * self.reach, probe.eps), probe.eps / 4 * self._largest()
        )
        self.step = 3 * probe.eps ** (1 / 7)
        self._tape: Tape | None = None

    @property
    def tape(self) -> Tape:
        """The recorded run here."""
        if self._tape is None:
            self._tape = self.probe.record(self.x)
        return self._tape

    @property
    def inside(self) -> bool:
        """Does f exist here?"""
        return bool(np.isfinite(self.f).any())

    def slope(self, d: Array, stage: int = 0, shrink: float = 1.0) -> Slope:
        """Along d, with error bars; a user's eps is the first step, as an absolute number."""
        h = self.step
        if self.settings.eps is not None:
            h = self.settings.eps / float(abs(d).max() or 1.0)
        return along(self.probe, self.x, self.f, d, shrink * h * 2.0**-stage, self.noise)

    # --- projections -------------------------------------------------------------------------------------------------

    def suspicious(self, count: int) -> tuple[Array, Array] | None:
        """Compare u'Jv for random signed u and v: the worst pair that differs beyond its error bar, or None.

        Every output weighs alike (u is divided by the size of its slopes) and every input moves by its own size, so that
        neither large numbers nor many elements hide small ones, and the tolerance does not grow with the Jacobian.
        """
        directions = [self._direction(k) for k in range(count)]
        slopes = [self._resolved(d) for d in directions]
        value, error = np.stack([s.value for s in slopes]), np.stack([s.error for s in slopes])
        with np.errstate(all="ignore"):
            size = np.sqrt((np.where(np.isfinite(value), value, 0) ** 2).mean(0))
            good = np.isfinite(self.f) & (error <= 1e-4 * size + 1e3 * self.noise).all(0) & np.isfinite(value).all(0)
        size = np.fmax(np.nan_to_num(size), 1e-6 * np.nanmax(np.where(good, size, 0), initial=0.0))
        size = np.where(size > 0, size, 1.0)
        worst, found = 1.0, None
        for _ in range(count):
            u = np.where(good, self.rng.choice([-1.0, 1.0], good.size) / size, 0.0)
            a = self.tape.vjp(u)
            for d, v, e in zip(directions, value, error):
                gap, bar = self._gap(a, d, u[good], v[good], e[good])
                if not gap <= worst * bar:
                    worst, found = (gap / bar if np.isfinite(gap) else np.inf), (u, d)
        return found

    def _direction(self, k: int) -> Array:
        """Random signs, times the size by which inputs move; every other one by each element's own size."""
        own = np.where(self.x == 0, self.reach, abs(self.x))
        return self.rng.choice([-1.0, 1.0], self.x.size) * (own if k % 2 else self.reach)

    def _resolved(self, d: Array) -> Slope:
        s = self.slope(d)
        for stage in STAGES[1:]:
            with np.errstate(invalid="ignore"):
                rough = np.isfinite(self.f) & ~(s.error <= 1e-8 * abs(s.value) + 1e3 * self.noise)
            if not rough.any():
                break
            s = s.better(self.slope(d, stage))
        return s

    def _gap(self, a: Array, d: Array, u: Array, v: Array, e: Array) -> tuple[float, float]:
        gap = abs(float(a @ d) - float(u @ v))
        rounding = self.probe.eps / 2.0**-52
        bar = SIGMAS * np.sqrt(((u * e) ** 2).sum()) + 1e-11 * rounding * np.sqrt(((u * v) ** 2).sum())
        return gap, float(bar + 1e-13 * rounding * np.sqrt(((a * d) ** 2).sum()) + 1e-300)

    # --- element by element --------------------------------------------------------------------------------------------

    def located(self, u: Array, d: Array) -> Block:
        """The block of the Jacobian where projections u, d differ: all of it, or 64 x 64 around what bisection finds."""
        if self.probe.n * self.probe.m <= LOCATE:
            return self.block()
        i = self._bisect_inputs(u, d)
        j = self._bisect_outputs(u, i)
        around = [np.arange(max(0, c - 32), min(size, c + 32)) for c, size in ((j, self.probe.m), (i, self.probe.n))]
        return self.block(*around)

    def _bisect_inputs(self, u: Array, d: Array) -> int:
        a, places = self.tape.vjp(u), np.flatnonzero(d)
        good = u != 0
        while len(places) > 1:
            halves = np.array_split(places, 2)
            gaps = []
            for half in halves:
                part = np.zeros_like(d)
                part[half] = d[half]
                s = self.slope(part)
                gap, bar = self._gap(a, part, u[good], s.value[good], s.error[good])
                gaps.append(gap / bar if np.isfinite(gap) else np.inf)
            places = halves[int(np.argmax(gaps))]
        return int(places[0])

    def _bisect_outputs(self, u: Array, i: int) -> int:
        d = np.zeros(self.probe.n)
        d[i] = self.reach[i]
        s, places = self.slope(d), np.flatnonzero(u)
        while len(places) > 1:
            halves = np.array_split(places, 2)
            gaps = []
            for half in halves:
                part = np.zeros_like(u)
                part[half] = u[half]
                a = self.tape.vjp(part)[i] * d[i]
                gap = abs(a - np.nansum(part[half] * s.value[half]))
                gaps.append(gap if np.isfinite(gap) else np.inf)
            places = halves[int(np.argmax(gaps))]
        return int(places[0])

    def block(self, rows: Array | None = None, columns: Array | None = None) -> Block:
        """Measure and judge a block, spending more on the elements in doubt."""
        rows = np.arange(self.probe.m) if rows is None else rows
        columns = np.arange(self.probe.n) if columns is None else columns
        slopes = [self._column(int(i), rows) for i in columns]
        block = Block(rows, columns, self._analytic(rows, columns), _matrix(slopes), self.f[rows], self.reach[columns])
        block.x, block.sample = self.x, self.name
        block.largest, block.inside = self._largest()[rows], bool(np.isfinite(self.f).all())
        judge(block, self.settings, self.probe.eps)
        for stage in STAGES[1:]:
            doubt = np.flatnonzero((block.wrong | block.unresolved).any(0))
            if not doubt.size or self.settings.eps is not None:
                break
            for c in doubt:
                slopes[c] = slopes[c].better(self._column(int(columns[c]), rows, stage))
            block.slope = _matrix(slopes)
            judge(block, self.settings, self.probe.eps)
        if block.wrong.any():
            self._measure_again(block, slopes)
            self._forgive_rounding(block)
        return block

    def _measure_again(self, block: Block, slopes: list[Slope]) -> None:
        """Nothing is called wrong on one measurement: with other steps the slope must come out the same, else the
        difference is its error."""
        if self.settings.eps is not None:
            return
        for c in np.flatnonzero(block.wrong.any(0)):
            i, s = int(block.columns[c]), slopes[c]
            other = self._column(i, block.rows, 0, 0.37)
            for stage in STAGES[1:]:
                other = other.better(self._column(i, block.rows, stage, 0.37))
            with np.errstate(invalid="ignore"):
                gap = abs(s.value - other.value)
                s.error = np.where(gap > SIGMAS * (s.error + other.error), np.fmax(s.error, gap), s.error)
        block.slope = _matrix(slopes)
        judge(block, self.settings, self.probe.eps)

    def _largest(self) -> Array:
        """For each output element the largest number of its tensor: what small ones come from by cancellation is of
        that size, and rounds accordingly."""
        out = np.zeros(self.probe.m)
        for part in self.probe.out_parts:
            values = self.f[part]
            out[part] = abs(values[np.isfinite(values)]).max(initial=0.0)
        return out

    def _column(self, i: int, rows: Array, stage: int = 0, shrink: float = 1.0) -> Slope:
        d = np.zeros(self.probe.n)
        d[i] = self.reach[i]
        s = self.slope(d, stage, shrink).scaled(1 / self.reach[i])
        return Slope(*(v[rows] for v in (s.value, s.error, s.left, s.left_error, s.right, s.right_error)))

    def _analytic(self, rows: Array, columns: Array, tape: Tape | None = None) -> Array:
        out = np.empty((len(rows), len(columns)))
        u = np.zeros(self.probe.m)
        for r, j in enumerate(rows):
            u[j] = 1.0
            out[r] = (tape or self.tape).vjp(u)[columns]
            u[j] = 0.0
        return out

    def _forgive_rounding(self, block: Block) -> None:
        """An analytic slope may be off by what rounding its inputs does to it: seen by moving them by a few ulps."""
        gap = np.where(block.wrong, np.nan_to_num(abs(block.analytic - block.slope.value), nan=np.inf), 0).max(1)
        rows = np.argsort(-gap)[: min(64, int((gap > 0).sum()))]
        spread = np.zeros((len(rows), len(block.columns)))
        for _ in range(2):
            moved = self.x * (1 + 3 * self.probe.eps * self.rng.choice([-1.0, 1.0], self.x.size))
            other = self._analytic(block.rows[rows], block.columns, self.probe.record(moved))
            with np.errstate(invalid="ignore"):
                spread = np.fmax(spread, abs(other - block.analytic[rows]))
        within = abs(block.analytic[rows] - block.slope.value[rows]) <= block.bar[rows] + SIGMAS * spread
        block.wrong[rows] &= ~within


def _matrix(slopes: list[Slope]) -> Slope:
    names = ("value", "error", "left", "left_error", "right", "right_error")
    return Slope(*(np.stack([getattr(s, name) for s in slopes], 1) for name in names))
