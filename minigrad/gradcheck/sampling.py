"""Where to look: the given inputs, and copies of them, jittered, rescaled, negated, spread over magnitudes, with ties.

A rule that is wrong only near 0, only above 1 or only on one side of a mask is right at most inputs. A copy that leaves
the function's domain (it raises, or gives nan) costs a call and says nothing.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minigrad.gradcheck.derivative import Array
from minigrad.gradcheck.probe import Probe

Rng = np.random.Generator


def _about(x: Array, rng: Rng, by: Any = 1.0) -> Array:
    """x times `by`, each element another 10% or so larger or smaller."""
    return np.asarray(x * by * (1 + 0.1 * rng.normal(size=x.shape)))


def _jittered(x: Array, rng: Rng) -> Array:
    typical = float(np.sqrt((x * x).mean())) if x.size else 1.0
    return _about(x, rng) + 0.1 * typical * rng.normal(size=x.shape)


def _tied(x: Array, rng: Rng) -> Array:
    """Three of the given values, again and again."""
    return np.asarray(rng.choice(rng.choice(x, min(3, x.size), replace=False), x.shape)) if x.size else x


def _grid(x: Array, rng: Rng) -> Array:
    return np.asarray(rng.choice([-1.0, 0.0, 1.0, 2.0], x.shape))


def _kept(x: Array, rng: Rng) -> Array:
    return x


SMOOTH: dict[str, Callable[[Array, Rng], Array]] = {
    "jittered": _jittered,
    # signs and magnitudes from 1e-4 to 60, whatever was given
    "spread over magnitudes": lambda x, rng: rng.choice([-1.0, 1.0], x.shape) * 10 ** rng.uniform(-4, 1.8, x.shape),
    "negated": lambda x, rng: _about(x, rng, -1.0),
    "normal": lambda x, rng: np.asarray(rng.normal(scale=2.0, size=x.shape)),
    "grown": lambda x, rng: _about(x, rng, 10 ** rng.uniform(0.3, 1.3)),
    "shrunk": lambda x, rng: _about(x, rng, 10 ** -rng.uniform(0.5, 3)),
    # between the smallest and the largest given: inside any box that holds them
    "between the given": lambda x, rng: rng.uniform(x.min(), x.max(), x.shape) if x.size else x,
    # each element with its own sign, from a thousandth of its size to ten times it
    "rescaled one by one": lambda x, rng: x * 10 ** rng.uniform(-3, 1, x.shape),
    "shuffled": lambda x, rng: rng.permutation(x),
}
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
