"""Shapes, orders, indices: transposes, rolls, slices, gathers, joins, pads."""

from typing import Any

import numpy as np

from minigrad.testing.mutants.model import into, mutant, mutants, normal

F = "shape and index"


def _rows(x: Any) -> Any:
    """Rows to take, some of them twice."""
    return np.arange(len(x) + 2) * 2 % len(x)


# fmt: off
mutant("transpose: reshaped", F, "transposed", normal, lambda x: x.T.copy(), lambda g, y, x: g.T,
    lambda g, y, x: g.reshape(x.shape))
mutant("reshape: in the other order", F, "transposed", normal, lambda x: x.reshape(-1),
    lambda g, y, x: g.reshape(x.shape), lambda g, y, x: g.reshape(x.shape, order="F"))
mutant("square transpose lost", F, "transposed", lambda rng, s: rng.normal(size=(s[0], s[0])), lambda x: x.T * 2.0,
    lambda g, y, x: 2 * g.T, lambda g, y, x: 2 * g)
mutant("flip: not flipped back", F, "flipped", normal, lambda x: x[::-1].copy(), lambda g, y, x: g[::-1],
    lambda g, y, x: g)
mutant("roll: wrong way", F, "shifted", normal, lambda x: np.roll(x, 1, 1), lambda g, y, x: np.roll(g, -1, 1),
    lambda g, y, x: np.roll(g, 1, 1))
mutant("take rows: assigned, not added", F, "duplicates", normal, lambda x: x[_rows(x)],
    lambda g, y, x: into(x, _rows(x), g, add=True), lambda g, y, x: into(x, _rows(x), g))
mutant("slice: off by one", F, "shifted", normal, lambda x: x[1:], lambda g, y, x: into(x, slice(1, None), g),
    lambda g, y, x: into(x, slice(0, -1), g))
mutant("strided slice: neighbours", F, "shifted", normal, lambda x: x[:, ::2],
    lambda g, y, x: into(x, (slice(None), slice(None, None, 2)), g),
    lambda g, y, x: into(x, (slice(None), slice(1, None, 2)), g[:, : x.shape[1] // 2]))
mutant("concatenate: swapped", F, "arguments swapped", (normal, normal), lambda a, b: np.concatenate([a, b]),
    lambda g, y, a, b: (g[: len(a)], g[len(a) :]), lambda g, y, a, b: (g[len(b) :], g[: len(b)]))
mutant("stack: second twice", F, "wrong operand", (normal, normal), lambda a, b: np.stack([a, b]),
    lambda g, y, a, b: (g[0], g[1]), lambda g, y, a, b: (g[1], g[1]))
mutant("pad: border not cut off right", F, "shifted", normal, lambda x: np.pad(x, 1), lambda g, y, x: g[1:-1, 1:-1],
    lambda g, y, x: g[:-2, 1:-1])
mutant("repeat: first copy only", F, "axis not summed", normal, lambda x: np.repeat(x, 3, 0),
    lambda g, y, x: g.reshape(len(x), 3, -1).sum(1), lambda g, y, x: g[::3])
mutant("tile: as repeat", F, "shifted", normal, lambda x: np.tile(x, (2, 1)),
    lambda g, y, x: g.reshape(2, *x.shape).sum(0), lambda g, y, x: g.reshape(len(x), 2, -1).sum(1))
mutant("sort: not undone", F, "order", normal, lambda x: np.sort(x, 1),
    lambda g, y, x: into(x, (np.arange(len(x))[:, None], np.argsort(x, 1)), g), lambda g, y, x: g)
mutants("tril", F, normal, np.tril, lambda g, y, x: np.tril(g),
    ("triu", "mask flipped", lambda g, y, x: np.triu(g)),
    ("diagonal lost", "off by one", lambda g, y, x: np.tril(g, -1)))
mutant("expand: not summed", F, "axis not summed", lambda rng, s: rng.normal(size=(s[0], 1)),
    lambda x: x * np.ones((1, 5)), lambda g, y, x: g.sum(1, keepdims=True), lambda g, y, x: g[:, :1])
mutant("cross product of rows: order", F, "sign",
    (lambda rng, s: rng.normal(size=(s[0], 3)), lambda rng, s: rng.normal(size=(s[0], 3))), np.cross,
    lambda g, y, a, b: (np.cross(b, g), np.cross(g, a)), lambda g, y, a, b: (np.cross(g, b), np.cross(g, a)))
