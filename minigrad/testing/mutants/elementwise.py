"""Element by element: factors, signs, wrong operands, masks, broadcasting."""

import numpy as np

from minigrad.testing.mutants.model import mutant, mutants, normal, positive, row, sigmoid

F = "elementwise"

# fmt: off
mutants("exp", F, normal, np.exp, lambda g, y, x: g * y,
    ("input for output", "wrong operand", lambda g, y, x: g * x),
    ("factor 0.999", "factor near 1", lambda g, y, x: g * y * 0.999))
mutant("cos: sign lost", F, "sign", normal, np.cos, lambda g, y, x: -g * np.sin(x), lambda g, y, x: g * np.sin(x))
mutant("square: 2 lost", F, "missing factor", normal, np.square, lambda g, y, x: 2 * g * x, lambda g, y, x: g * x)
mutant("sqrt: half lost", F, "missing factor", positive, np.sqrt, lambda g, y, x: g / (2 * y), lambda g, y, x: g / y)
mutant("tanh: square lost", F, "wrong formula", normal, np.tanh, lambda g, y, x: g * (1 - y * y),
    lambda g, y, x: g * (1 - y))
mutant("log2: ln 2 lost", F, "missing factor", positive, np.log2, lambda g, y, x: g / (x * np.log(2)),
    lambda g, y, x: g / x)
mutant("log: factor 1.0001", F, "factor near 1", positive, np.log, lambda g, y, x: g / x,
    lambda g, y, x: g / x * 1.0001)
mutant("reciprocal: square lost", F, "wrong operand", positive, np.reciprocal, lambda g, y, x: -g * y * y,
    lambda g, y, x: -g * y)
mutant("cube: sign of x lost", F, "mask ignored", normal, lambda x: x**3, lambda g, y, x: 3 * g * x * x,
    lambda g, y, x: 3 * g * x * abs(x))
mutant("abs: negatives ignored", F, "mask ignored", normal, np.abs, lambda g, y, x: g * np.sign(x), lambda g, y, x: g)
mutants("relu", F, normal, lambda x: np.maximum(x, 0), lambda g, y, x: g * (x > 0),
    ("mask flipped", "mask flipped", lambda g, y, x: g * (x < 0)),
    ("mask shifted", "mask shifted", lambda g, y, x: g * (x > -0.1)))
mutants("clip", F, normal, lambda x: np.clip(x, -1, 1), lambda g, y, x: g * (abs(x) <= 1),
    ("mask ignored", "mask ignored", lambda g, y, x: g),
    ("upper bound ignored", "mask ignored", lambda g, y, x: g * (x >= -1)))
mutant("leaky_relu: slope lost", F, "mask ignored", normal, lambda x: np.where(x > 0, x, 0.1 * x),
    lambda g, y, x: g * np.where(x > 0, 1, 0.1), lambda g, y, x: g * (x > 0))
mutant("elu: alpha e^x lost", F, "missing term", normal, lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    lambda g, y, x: g * np.where(x > 0, 1, y + 1), lambda g, y, x: g * np.where(x > 0, 1, y))
mutant("silu: product rule", F, "missing term", normal, lambda x: x * sigmoid(x),
    lambda g, y, x: g * (sigmoid(x) + y * (1 - sigmoid(x))), lambda g, y, x: g * sigmoid(x))
mutant("sigmoid: 1 - y for y(1-y)", F, "wrong formula", normal, sigmoid, lambda g, y, x: g * y * (1 - y),
    lambda g, y, x: g * (1 - y))
mutant("mul: operands swapped", F, "arguments swapped", (normal, normal), np.multiply,
    lambda g, y, a, b: (g * b, g * a), lambda g, y, a, b: (g * a, g * b))
mutant("div: sign of the second", F, "sign", (normal, positive), np.divide, lambda g, y, a, b: (g / b, -g * y / b),
    lambda g, y, a, b: (g / b, g * y / b))
mutant("sub: second not negated", F, "sign", (normal, normal), lambda a, b: a * a - b * b,
    lambda g, y, a, b: (2 * g * a, -2 * g * b), lambda g, y, a, b: (2 * g * a, 2 * g * b))
mutant("atan2: operands swapped", F, "arguments swapped", (positive, positive), np.arctan2,
    lambda g, y, a, b: (g * b / (a * a + b * b), -g * a / (a * a + b * b)),
    lambda g, y, a, b: (-g * a / (a * a + b * b), g * b / (a * a + b * b)))
mutant("pow: exponent's log lost", F, "missing factor", (positive, normal), np.power,
    lambda g, y, a, b: (g * b * a ** (b - 1), g * y * np.log(a)), lambda g, y, a, b: (g * b * a ** (b - 1), g * y))
mutant("hypot: root lost", F, "missing factor", (positive, normal), np.hypot, lambda g, y, a, b: (g * a / y, g * b / y),
    lambda g, y, a, b: (g * a, g * b))
mutant("where: branches swapped", F, "mask flipped", (normal, normal), lambda a, b: np.where(a > b, a * a, b),
    lambda g, y, a, b: (2 * g * a * (a > b), g * (a <= b)), lambda g, y, a, b: (2 * g * a * (a <= b), g * (a > b)))
mutant("lerp: weight of the end", F, "arguments swapped", (normal, normal), lambda a, b: a + 0.3 * (b - a),
    lambda g, y, a, b: (0.7 * g, 0.3 * g), lambda g, y, a, b: (0.3 * g, 0.7 * g))
mutant("scale 5e-6: all zero", F, "tiny scale", normal, lambda x: 5e-6 * x, lambda g, y, x: 5e-6 * g,
    lambda g, y, x: 0 * g)
mutant("scale 1e-8: tenfold", F, "tiny scale", normal, lambda x: 1e-8 * np.sin(x), lambda g, y, x: 1e-8 * g * np.cos(x),
    lambda g, y, x: 1e-7 * g * np.cos(x))
# broadcasting: (n, m) with (m,)
mutants("scale rows", F, (normal, row), np.multiply, lambda g, y, a, b: (g * b, (g * a).sum(0)),
    ("mean for sum", "broadcast axis", lambda g, y, a, b: (g * b, (g * a).mean(0))),
    ("first row only", "broadcast axis", lambda g, y, a, b: (g * b, (g * a)[0])))
mutant("bias: summed and spread", F, "broadcast axis", (normal, row), lambda a, b: np.tanh(a + b),
    lambda g, y, a, b: (g * (1 - y * y), (g * (1 - y * y)).sum(0)),
    lambda g, y, a, b: (g * (1 - y * y), (g * (1 - y * y)).sum() + 0 * b))
