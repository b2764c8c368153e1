"""Reductions: counts, axes, centring, products, scans."""

from typing import Any

import numpy as np

from minigrad.testing.mutants.model import into, mutant, normal, positive

F = "reductions"


def _col(g: Any) -> Any:
    return g[:, None]


def _cumsum_back(g: Any) -> Any:
    return np.flip(np.cumsum(np.flip(g, 1), 1), 1)


def _first(x: Any) -> Any:
    return into(x, (np.arange(len(x)), x.argmax(1)), 1)


def _lse(x: Any) -> Any:
    top = x.max(1, keepdims=True)
    return (np.log(np.exp(x - top).sum(1, keepdims=True)) + top)[:, 0]


# fmt: off
mutant("sum: last column lost", F, "off by one", normal, lambda x: (x * x).sum(1), lambda g, y, x: 2 * _col(g) * x,
    lambda g, y, x: 2 * _col(g) * x * (np.arange(x.shape[1]) < x.shape[1] - 1))
mutant("mean: 1/n lost", F, "missing factor n", normal, lambda x: x.mean(), lambda g, y, x: g / x.size + 0 * x,
    lambda g, y, x: g + 0 * x)
mutant("mean over rows: wrong n", F, "missing factor n", normal, lambda x: (x * x).mean(1),
    lambda g, y, x: 2 * _col(g) * x / x.shape[1], lambda g, y, x: 2 * _col(g) * x / x.size)
mutant("var: n for n - 1", F, "factor near 1", normal, lambda x: x.var(1, ddof=1),
    lambda g, y, x: 2 * _col(g) * (x - x.mean(1, keepdims=True)) / (x.shape[1] - 1),
    lambda g, y, x: 2 * _col(g) * (x - x.mean(1, keepdims=True)) / x.shape[1])
mutant("var: not centred", F, "missing term", normal, lambda x: x.var(1),
    lambda g, y, x: 2 * _col(g) * (x - x.mean(1, keepdims=True)) / x.shape[1],
    lambda g, y, x: 2 * _col(g) * x / x.shape[1])
mutant("std: 1/std lost", F, "missing factor", normal, lambda x: x.std(1),
    lambda g, y, x: _col(g / y) * (x - x.mean(1, keepdims=True)) / x.shape[1],
    lambda g, y, x: _col(g) * (x - x.mean(1, keepdims=True)) / x.shape[1])
mutant("prod: product of all", F, "wrong formula", positive, lambda x: x.prod(1), lambda g, y, x: _col(g * y) / x,
    lambda g, y, x: _col(g * y) + 0 * x)
mutant("norm: division lost", F, "missing factor", normal, lambda x: np.sqrt((x * x).sum()), lambda g, y, x: g * x / y,
    lambda g, y, x: g * x)
mutant("logsumexp: other axis", F, "wrong axis", normal, _lse, lambda g, y, x: _col(g) * np.exp(x - _col(y)),
    lambda g, y, x: _col(g) * np.exp(x) / np.exp(x).sum(0))
mutant("amax: second gets it too", F, "mask flipped", normal, lambda x: x.max(1), lambda g, y, x: _col(g) * _first(x),
    lambda g, y, x: _col(g) * (x >= np.sort(x, 1)[:, -2:-1]))
mutant("amin: the largest", F, "mask flipped", normal, lambda x: x.min(1), lambda g, y, x: _col(g) * _first(-x),
    lambda g, y, x: _col(g) * _first(x))
mutant("cumsum: not reversed", F, "shifted", normal, lambda x: np.cumsum(x * x, 1),
    lambda g, y, x: 2 * x * _cumsum_back(g), lambda g, y, x: 2 * x * np.cumsum(g, 1))
mutant("cumsum: exclusive", F, "shifted", normal, lambda x: np.cumsum(x, 1), lambda g, y, x: _cumsum_back(g),
    lambda g, y, x: _cumsum_back(g) - g)
mutant("sum of columns: spread along rows", F, "wrong axis", lambda rng, s: rng.normal(size=(s[0], s[0])),
    lambda x: (x**3).sum(0), lambda g, y, x: 3 * x * x * g, lambda g, y, x: 3 * x * x * g[:, None])
mutant("median of three: mean", F, "wrong formula", lambda rng, s: rng.normal(size=(s[0], 3)),
    lambda x: np.median(x, 1), lambda g, y, x: _col(g / (x == _col(y)).sum(1)) * (x == _col(y)),
    lambda g, y, x: _col(g) / 3 + 0 * x)
