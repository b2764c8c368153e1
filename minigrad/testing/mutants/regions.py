"""Right at most inputs: faults near 0, far out, in one element, at ties, and precision lost inside backward."""

from typing import Any

import numpy as np

from minigrad.testing.mutants.model import mutant, mutants, normal, positive, sigmoid, tied

F = "regions and precision"


def _scaled(g: Any, at: Any, by: float) -> Any:
    out = g.copy()
    out[at] *= by
    return out


def _f32(x: Any) -> Any:
    return x.astype("float32").astype("float64")


def _softplus(x: Any) -> Any:
    return np.maximum(x, 0) + np.log1p(np.exp(-abs(x)))


def _everyone(g: Any, y: Any, a: Any, b: Any) -> Any:
    return g * (a >= b), g * (b >= a)


def _half(g: Any, y: Any, a: Any, b: Any) -> Any:
    return g * ((a > b) + 0.5 * (a == b)), g * ((b > a) + 0.5 * (a == b))


# fmt: off
mutants("exp", F, normal, np.exp, lambda g, y, x: g * y,
    ("last element 0", "one element zero", lambda g, y, x: _scaled(g * y, (-1, -1), 0)),
    ("g to float32", "precision", lambda g, y, x: _f32(g * y)))
mutants("sin", F, normal, np.sin, lambda g, y, x: g * np.cos(x),
    ("one element 1e-4 off", "one element", lambda g, y, x: _scaled(g * np.cos(x), (1, 2), 1.0001)),
    ("float32 inside", "precision", lambda g, y, x: g * _f32(np.cos(x))),
    ("wrong near 0", "near 0", lambda g, y, x: np.where(abs(x) < 0.01, 0.0, g * np.cos(x))))
mutants("square", F, normal, np.square, lambda g, y, x: 2 * g * x,
    ("last row zero", "row zero", lambda g, y, x: _scaled(2 * g * x, -1, 0)),
    ("float32 dtype returned", "dtype", lambda g, y, x: (2 * g * x).astype("float32")))
mutant("tanh: float16 inside", F, "precision", normal, np.tanh, lambda g, y, x: g * (1 - y * y),
    lambda g, y, x: g * (1 - (y * y)).astype("float16").astype("float64"))
mutant("sinh: wrong above 1", F, "above 1", normal, np.sinh, lambda g, y, x: g * np.cosh(x),
    lambda g, y, x: g * np.where(x > 1, np.sinh(x), np.cosh(x)))
mutant("softplus: threshold at 4", F, "far out", normal, _softplus, lambda g, y, x: g * sigmoid(x),
    lambda g, y, x: g * np.where(x > 4, 1.0, sigmoid(x)))
mutant("tanh: zero beyond 3", F, "far out", normal, np.tanh, lambda g, y, x: g / np.cosh(x) ** 2,
    lambda g, y, x: g * np.where(abs(x) > 3, 0, 1 / np.cosh(x) ** 2))
mutant("log: eps inside", F, "near 0", positive, np.log, lambda g, y, x: g / x, lambda g, y, x: g / (x + 1e-6))
mutant("sqrt: clamped derivative", F, "near 0", positive, np.sqrt, lambda g, y, x: 0.5 * g / y,
    lambda g, y, x: 0.5 * g / np.maximum(y, 0.1))
mutant("huber: beyond 1", F, "above 1", normal, lambda x: np.where(abs(x) < 1, 0.5 * x * x, abs(x) - 0.5),
    lambda g, y, x: g * np.clip(x, -1, 1), lambda g, y, x: g * x)
mutant("relu6: upper bound", F, "far out", normal, lambda x: np.clip(x, 0, 6), lambda g, y, x: g * ((x > 0) & (x < 6)),
    lambda g, y, x: g * (x > 0))
mutants("maximum", F, (tied, tied), np.maximum, _half,
    ("ties twice", "ties", _everyone),
    ("ties lost", "ties", lambda g, y, a, b: (g * (a > b), g * (b > a))))
mutant("amax: each tie all", F, "ties", tied, lambda x: x.max(1),
    lambda g, y, x: (x == y[:, None]) * (g / (x == y[:, None]).sum(1))[:, None],
    lambda g, y, x: (x == y[:, None]) * g[:, None])
mutant("relu: derivative 1.5 at 0", F, "kink", tied, lambda x: np.maximum(x, 0), lambda g, y, x: g * (x > 0),
    lambda g, y, x: g * np.where(x == 0, 1.5, x > 0))
