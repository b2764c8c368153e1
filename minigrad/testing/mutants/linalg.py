"""Matrices: products, inverse, determinant, solve, quadratic forms."""

from typing import Any

import numpy as np

from minigrad.testing.mutants.model import mutant, mutants, normal, square

F = "linear algebra"


def _vector(rng: Any, s: Any) -> Any:
    return rng.normal(size=s[0] if s == (3, 4) else 12)


_inv: Any = np.linalg.inv

# fmt: off
mutants("matmul", F, (square, square), np.matmul, lambda g, y, a, b: (g @ b.T, a.T @ g),
    ("right operand not transposed", "transposed", lambda g, y, a, b: (g @ b, a.T @ g)),
    ("left operand not transposed", "transposed", lambda g, y, a, b: (g @ b.T, a @ g)))
mutant("linear layer: bias not summed", F, "broadcast axis",
    (normal, lambda rng, s: rng.normal(size=(s[1], 2)), lambda rng, s: rng.normal(size=2)), lambda x, w, b: x @ w + b,
    lambda g, y, x, w, b: (g @ w.T, x.T @ g, g.sum(0)), lambda g, y, x, w, b: (g @ w.T, x.T @ g, g[-1]))
mutant("gram: one of two terms", F, "missing term", normal, lambda x: x @ x.T, lambda g, y, x: (g + g.T) @ x,
    lambda g, y, x: g @ x)
mutants("inv", F, square, _inv, lambda g, y, x: -y.T @ g @ y.T,
    ("minus lost", "sign", lambda g, y, x: y.T @ g @ y.T),
    ("not transposed", "transposed", lambda g, y, x: -y @ g @ y))
mutant("det: cofactors not transposed", F, "transposed", square, np.linalg.det, lambda g, y, x: g * y * _inv(x).T,
    lambda g, y, x: g * y * _inv(x))
mutant("logdet: det kept", F, "missing factor", square, lambda x: np.linalg.slogdet(x)[1],
    lambda g, y, x: g * _inv(x).T, lambda g, y, x: g * np.linalg.det(x) * _inv(x).T)
mutants("solve", F, (square, _vector), np.linalg.solve,
    lambda g, y, a, b: (-np.outer(np.linalg.solve(a.T, g), y), np.linalg.solve(a.T, g)),
    ("matrix's sign", "sign", lambda g, y, a, b: (np.outer(np.linalg.solve(a.T, g), y), np.linalg.solve(a.T, g))),
    ("not transposed", "transposed", lambda g, y, a, b: (-np.outer(np.linalg.solve(a.T, g), y), np.linalg.solve(a, g))))
mutant("quadratic form: symmetric assumed", F, "missing term", (_vector, square), lambda x, a: x @ a @ x,
    lambda g, y, x, a: (g * (a + a.T) @ x, g * np.outer(x, x)), lambda g, y, x, a: (g * 2 * a @ x, g * np.outer(x, x)))
mutant("outer: swapped", F, "arguments swapped", (_vector, _vector), np.outer, lambda g, y, a, b: (g @ b, g.T @ a),
    lambda g, y, a, b: (g.T @ b, g @ a))
mutant("trace: off the diagonal", F, "shifted", square, lambda x: np.trace(x @ x), lambda g, y, x: 2 * g * x.T,
    lambda g, y, x: 2 * g * x)
mutant("row norms: cross term", F, "missing term", normal, lambda x: x / np.sqrt((x * x).sum(1, keepdims=True)),
    lambda g, y, x: (g - y * (g * y).sum(1, keepdims=True)) / np.sqrt((x * x).sum(1, keepdims=True)),
    lambda g, y, x: g / np.sqrt((x * x).sum(1, keepdims=True)))
