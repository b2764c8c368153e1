"""Properties violated: not linear in g, random, stateful, changing arguments in place, assuming a memory layout."""

from typing import Any

import numpy as np

from minigrad.testing.mutants.model import mutant, normal

F = "properties"
STATE: dict[str, Any] = {"calls": 0, "x": None}


def _remembered(x: Any) -> Any:
    STATE["x"] = x
    return np.sin(x)


def _counted(g: Any, y: Any, x: Any) -> Any:
    STATE["calls"] += 1
    return g * np.cos(x) * (1 + STATE["calls"] % 2)


def _spoils_saved(g: Any, y: Any, x: Any) -> Any:
    r = g * 2 * x
    x *= 0.5
    return r


def _spoils_g(g: Any, y: Any, x: Any) -> Any:
    g *= 2
    return g * x


def _doubled_in_place(x: Any) -> Any:
    x *= 2
    return x * x


def _cos(g: Any, y: Any, x: Any) -> Any:
    return g * np.cos(x)


def _memory_order(g: Any, y: Any, x: Any) -> Any:
    return g.ravel(order="K").reshape(g.shape) * np.cos(x)


# fmt: off
mutant("clips g", F, "not linear in g", normal, np.sin, _cos, lambda g, y, x: np.clip(g, -3, 3) * np.cos(x))
mutant("size of g", F, "not linear in g", normal, np.sin, _cos, lambda g, y, x: abs(g) * np.cos(x))
mutant("square of g", F, "not linear in g", normal, np.sin, _cos, lambda g, y, x: g * abs(g) * np.cos(x))
mutant("small g dropped", F, "not linear in g", normal, np.sin, _cos, lambda g, y, x: g * (abs(g) > 1e-4) * np.cos(x))
mutant("constant added", F, "not linear in g", normal, np.sin, _cos, lambda g, y, x: g * np.cos(x) + 1e-3)
mutant("g normalised", F, "not linear in g", normal, np.sin, _cos,
    lambda g, y, x: g / (1e-30 + np.sqrt((g * g).sum())) * np.cos(x))
mutant("mean of g", F, "g not used by element", normal, np.sin, _cos, lambda g, y, x: g.mean() * np.cos(x))
mutant("weight decay inside", F, "not linear in g", normal, np.sin, _cos, lambda g, y, x: g * np.cos(x) + 1e-4 * x)
mutant("random backward", F, "random", normal, np.sin, _cos,
    lambda g, y, x: g * np.cos(x) * (1 + 1e-3 * np.random.normal(size=x.shape)))
mutant("random forward", F, "random", normal, np.sin, _cos, _cos,
    wrong_forward=lambda x: np.sin(x) + 1e-3 * np.random.normal(size=x.shape))
mutant("every second call", F, "stateful", normal, np.sin, _cos, _counted)
mutant("state of the last forward", F, "stateful", normal, _remembered, _cos, lambda g, y, x: g * np.cos(STATE["x"]))
mutant("changes what was saved", F, "impure", normal, np.square, lambda g, y, x: 2 * g * x, _spoils_saved)
mutant("changes g", F, "impure", normal, lambda x: x * x, lambda g, y, x: 2 * g * x, _spoils_g)
mutant("changes its input", F, "impure", normal, lambda x: 4 * x * x, lambda g, y, x: 8 * g * x,
    lambda g, y, x: 4 * g * x, wrong_forward=_doubled_in_place)
mutant("memory order of g", F, "layout", normal, np.sin, _cos, _memory_order)
