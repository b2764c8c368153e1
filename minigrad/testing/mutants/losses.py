"""Softmax and losses."""

from typing import Any

import numpy as np

from minigrad.testing.mutants.model import into, mutant, mutants, normal, sigmoid

F = "softmax and losses"


def _softmax(x: Any) -> Any:
    z = np.exp(x - x.max(1, keepdims=True))
    return z / z.sum(1, keepdims=True)


def _log_softmax(x: Any) -> Any:
    z = x - x.max(1, keepdims=True)
    return z - np.log(np.exp(z).sum(1, keepdims=True))


def _onehot(x: Any, shift: Any = 0) -> Any:
    return into(x, (np.arange(len(x)), (np.arange(len(x)) * 3 + shift) % x.shape[1]), 1)


def _entropy(x: Any) -> Any:
    return -(_log_softmax(x) * _onehot(x)).sum() / len(x)


def _bce(x: Any) -> Any:
    return (np.maximum(x, 0) - x * _onehot(x) + np.log1p(np.exp(-abs(x)))).mean()


def _margins(x: Any) -> Any:
    right = (x * _onehot(x)).sum(1, keepdims=True)
    return np.maximum(x - right + 1, 0) * (1 - _onehot(x))


def _hinge(g: Any, y: Any, x: Any, counted: Any) -> Any:
    hit = (_margins(x) > 0) * 1.0
    return g / len(x) * (hit - (_onehot(x) * hit.sum(1, keepdims=True) if counted else _onehot(x)))


# fmt: off
mutants("softmax", F, normal, _softmax, lambda g, y, x: y * (g - (g * y).sum(1, keepdims=True)),
    ("sum term lost", "missing term", lambda g, y, x: y * g),
    ("mean for sum", "missing factor n", lambda g, y, x: y * (g - (g * y).mean(1, keepdims=True))),
    ("other axis", "wrong axis", lambda g, y, x: y * (g - (g * y).sum(0))),
    ("diagonal only", "missing term", lambda g, y, x: g * y * (1 - y)))
mutant("log_softmax: sum of g lost", F, "missing term", normal, _log_softmax,
    lambda g, y, x: g - np.exp(y) * g.sum(1, keepdims=True), lambda g, y, x: g - np.exp(y))
mutants("cross_entropy", F, normal, _entropy, lambda g, y, x: g * (_softmax(x) - _onehot(x)) / len(x),
    ("1/N lost", "missing factor n", lambda g, y, x: g * (_softmax(x) - _onehot(x))),
    ("class off by one", "shifted", lambda g, y, x: g * (_softmax(x) - _onehot(x, 1)) / len(x)),
    ("g ignored", "independent of g", lambda g, y, x: (_softmax(x) - _onehot(x)) / len(x)))
mutant("bce with logits: target lost", F, "missing term", normal, _bce,
    lambda g, y, x: g * (sigmoid(x) - _onehot(x)) / x.size, lambda g, y, x: g * sigmoid(x) / x.size)
mutants("mse", F, (normal, normal), lambda a, b: ((a - b) ** 2).mean(),
    lambda g, y, a, b: (2 * g * (a - b) / a.size, 2 * g * (b - a) / a.size),
    ("2 lost", "missing factor", lambda g, y, a, b: (g * (a - b) / a.size, g * (b - a) / a.size)),
    ("target's sign", "sign", lambda g, y, a, b: (2 * g * (a - b) / a.size, 2 * g * (a - b) / a.size)))
mutant("l1: divided by rows", F, "missing factor n", (normal, normal), lambda a, b: abs(a - b).mean(),
    lambda g, y, a, b: (g * np.sign(a - b) / a.size, g * np.sign(b - a) / a.size),
    lambda g, y, a, b: (g * np.sign(a - b) / len(a), g * np.sign(b - a) / len(a)))
mutant("hinge: right class once", F, "missing term", normal, lambda x: _margins(x).sum() / len(x),
    lambda g, y, x: _hinge(g, y, x, True), lambda g, y, x: _hinge(g, y, x, False))
mutant("kl: target's entropy term", F, "missing term", (normal, normal), lambda a, b: (np.exp(b) * (b - a)).sum(),
    lambda g, y, a, b: (-g * np.exp(b), g * np.exp(b) * (b - a + 1)),
    lambda g, y, a, b: (-g * np.exp(b), g * np.exp(b) * (b - a)))
mutant("log_softmax of one-hot sum: vacuous g", F, "cancels", normal, _log_softmax,
    lambda g, y, x: g - np.exp(y) * g.sum(1, keepdims=True), lambda g, y, x: g - np.exp(y) * g.mean(1, keepdims=True))
