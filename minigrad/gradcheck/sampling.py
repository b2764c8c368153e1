"""Where to look: the given inputs, and copies of them, jittered, rescaled, negated, spread over magnitudes, with ties.

A rule that is wrong only near 0, only above 1 or only on one side of a mask is right at most places. A copy that leaves
the function's domain (it raises, or gives nan) costs a call and says nothing.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minigrad.gradcheck.probe import Probe

Array = np.ndarray[Any, Any]
Rng = np.random.Generator


def _jittered(x: Array, rng: Rng) -> Array:
    typical = float(np.sqrt((x * x).mean())) if x.size else 1.0
    return x * (1 + 0.1 * rng.normal(size=x.shape)) + 0.1 * typical * rng.normal(size=x.shape)


def _negated(x: Array, rng: Rng) -> Array:
    return -x * (1 + 0.1 * rng.normal(size=x.shape))


def _shrunk(x: Array, rng: Rng) -> Array:
    return x * 10 ** -rng.uniform(0.5, 3) * (1 + 0.1 * rng.normal(size=x.shape))


def _grown(x: Array, rng: Rng) -> Array:
    return x * 10 ** rng.uniform(0.3, 1.3) * (1 + 0.1 * rng.normal(size=x.shape))


def _normal(x: Array, rng: Rng) -> Array:
    return np.asarray(rng.normal(scale=2.0, size=x.shape))


def _spread(x: Array, rng: Rng) -> Array:
    """Signs and magnitudes from 1e-4 to 60, whatever was given."""
    return np.asarray(rng.choice([-1.0, 1.0], x.shape) * 10 ** rng.uniform(-4, 1.8, x.shape))


def _spread_about(x: Array, rng: Rng) -> Array:
    """Each element at its own sign, from a thousandth of its size to ten times it."""
    return np.asarray(x * 10 ** rng.uniform(-3, 1, x.shape))


def _between(x: Array, rng: Rng) -> Array:
    """Between the smallest and the largest given: inside any box that holds them."""
    return rng.uniform(x.min(), x.max(), x.shape) if x.size else x


def _shuffled(x: Array, rng: Rng) -> Array:
    return rng.permutation(x)


def _tied(x: Array, rng: Rng) -> Array:
    """Three of the given values, again and again."""
    return np.asarray(rng.choice(rng.choice(x, min(3, x.size), replace=False), x.shape)) if x.size else x


def _grid(x: Array, rng: Rng) -> Array:
    return np.asarray(rng.choice([-1.0, 0.0, 1.0, 2.0], x.shape))


def _kept(x: Array, rng: Rng) -> Array:
    return x


SMOOTH: dict[str, Callable[[Array, Rng], Array]] = {
    "jittered": _jittered, "spread over magnitudes": _spread, "negated": _negated, "normal": _normal, "grown": _grown,
    "shrunk": _shrunk, "between the given": _between, "rescaled one by one": _spread_about, "shuffled": _shuffled,
}  # fmt: skip
TIED = {"with ties": _tied, "on a grid": _grid}


def smooth_copies(probe: Probe, rng: Rng, count: int) -> Iterator[tuple[str, Array]]:
    """First each kind for all inputs, then a kind for each input by lot."""
    kinds = list(SMOOTH.items())
    for c in range(count):
        if c < len(kinds):
            chosen = [kinds[c]] * len(probe.parts)
        else:
            chosen = [(*kinds, ("as given", _kept))[int(rng.integers(len(kinds) + 1))] for _ in probe.parts]
        yield _copy(probe, rng, chosen)


def tied_copies(probe: Probe, rng: Rng) -> Iterator[tuple[str, Array]]:
    """Copies in which values repeat, within an input and between inputs."""
    for kind in TIED.items():
        yield _copy(probe, rng, [kind] * len(probe.parts))


def _copy(probe: Probe, rng: Rng, chosen: list[Any]) -> tuple[str, Array]:
    x = probe.x.copy()
    for part, (_, change) in zip(probe.parts, chosen):
        given = np.isfinite(x[part])  # a nan or an inf among them stays
        x[part] = np.where(given, change(np.where(given, x[part], 1.0), rng), x[part])
    names = dict.fromkeys(name for name, _ in chosen)
    return " and ".join(names), x


def how_many(n: int, most: int) -> int:
    """More copies of small inputs: about 400 numbers in all, at least 9 copies."""
    return int(np.clip(-(-400 // max(n, 1)), len(SMOOTH), most))
