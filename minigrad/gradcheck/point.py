"""One set of input values: what is measured there once, derivatives, and the comparison by random projections."""

import numpy as np

from minigrad.gradcheck.derivative import Array, Derivative, directional_derivative, noise_level, typical_size
from minigrad.gradcheck.probe import Probe, Tape
from minigrad.gradcheck.settings import SIGMAS, Settings

STAGES = (0, 6, 12, 18, 24)  # smaller steps by powers of two, for kinks nearby and narrow domains


class Point:
    """Input values with all that is measured there once: f, its noise, how far inputs move, the recorded run."""

    def __init__(self, probe: Probe, x: Array, settings: Settings, rng: np.random.Generator, name: str) -> None:
        self.probe, self.x, self.settings, self.rng, self.name = probe, x, settings, rng, name
        self.f = probe(x)
        self.reach = np.concatenate([typical_size(x[part]) for part in probe.parts])
        self.largest = self._largest()
        signs = rng.choice([-1.0, 1.0], x.size)
        self.noise = np.fmax(noise_level(probe, x, self.f, signs * self.reach, probe.eps), probe.eps / 4 * self.largest)
        self.step = 3 * probe.eps ** (1 / 7)
        self._tape: Tape | None = None

    @property
    def tape(self) -> Tape:
        """The recorded run here."""
        if self._tape is None:
            self._tape = self.probe.record(self.x)
        return self._tape

    def moved(self, x: Array) -> "Point":
        """The same at other values."""
        return Point(self.probe, x, self.settings, self.rng, self.name)

    @property
    def inside(self) -> bool:
        """Does f exist here?"""
        return bool(np.isfinite(self.f).any())

    def derivative(self, d: Array, stage: int = 0, shrink: float = 1.0) -> Derivative:
        """Along d, with error bars; a user's eps is the first step, as an absolute number."""
        h = self.step
        if self.settings.eps is not None:
            h = self.settings.eps / float(abs(d).max() or 1.0)
        return directional_derivative(self.probe, self.x, self.f, d, shrink * h * 2.0**-stage, self.noise)

    # --- projections -------------------------------------------------------------------------------------------------

    def suspicious(self, count: int) -> tuple[Array, Array] | None:
        """Compare u'Jv for random signed u and v: the worst pair that differs beyond its error bar, or None.

        Every output weighs alike (u is divided by the size of its derivatives) and every input moves by its own size,
        so that neither large numbers nor many elements hide small ones, and the tolerance does not grow with the
        Jacobian.
        """
        directions = [self.direction(k) for k in range(count)]
        derivatives = [self.resolved(d) for d in directions]
        value, error = np.stack([s.value for s in derivatives]), np.stack([s.error for s in derivatives])
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
                gap, bar = self.gap(a, d, u[good], v[good], e[good])
                if not gap <= worst * bar:
                    worst, found = (gap / bar if np.isfinite(gap) else np.inf), (u, d)
        return found

    def direction(self, k: int) -> Array:
        """Random signs, times the size by which inputs move; every other one by each element's own size."""
        own = np.where(self.x == 0, self.reach, abs(self.x))
        return np.asarray(self.rng.choice([-1.0, 1.0], self.x.size) * (own if k % 2 else self.reach))

    def resolved(self, d: Array) -> Derivative:
        s = self.derivative(d)
        for stage in STAGES[1:]:
            with np.errstate(invalid="ignore"):
                rough = np.isfinite(self.f) & ~(s.error <= 1e-8 * abs(s.value) + 1e3 * self.noise)
            if not rough.any():
                break
            s = s.better(self.derivative(d, stage))
        return s

    def gap(self, a: Array, d: Array, u: Array, v: Array, e: Array) -> tuple[float, float]:
        gap = abs(float(a @ d) - float(u @ v))
        rounding = self.probe.eps / 2.0**-52
        bar = SIGMAS * np.sqrt(((u * e) ** 2).sum()) + 1e-11 * rounding * np.sqrt(((u * v) ** 2).sum())
        return gap, float(bar + 1e-13 * rounding * np.sqrt(((a * d) ** 2).sum()) + 1e-300)

    def _largest(self) -> Array:
        """For each output element the largest number of its tensor: what small ones come from by cancellation is of
        that size, and rounds accordingly."""
        out = np.zeros(self.probe.m)
        for part in self.probe.out_parts:
            values = self.f[part]
            out[part] = abs(values[np.isfinite(values)]).max(initial=0.0)
        return out
