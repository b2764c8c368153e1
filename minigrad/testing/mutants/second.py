"""Second order: the gradient is right, and its own gradient is not. Written in operators, on tensors."""

from minigrad.testing.mutants.model import mutant, normal, positive

F = "second order"

# fmt: off
mutant("square: input cut off", F, "cut graph", normal, lambda x: x * x, lambda g, y, x: 2 * g * x,
    lambda g, y, x: 2 * g * x.detach(), order=2)
mutant("cube: half cut off", F, "cut graph", normal, lambda x: x * x * x, lambda g, y, x: 3 * g * x * x,
    lambda g, y, x: 3 * g * x * x.detach(), order=2)
mutant("exp: output cut off", F, "cut graph", normal, lambda x: x.exp(), lambda g, y, x: g * y,
    lambda g, y, x: g * y.detach(), order=2)
mutant("sin: upstream cut off", F, "cut graph", normal, lambda x: x.sin(), lambda g, y, x: g * x.cos(),
    lambda g, y, x: g.detach() * x.cos(), order=2)
mutant("mul: other cut off", F, "cut graph", (normal, normal), lambda a, b: a * b, lambda g, y, a, b: (g * b, g * a),
    lambda g, y, a, b: (g * b.detach(), g * a), order=2)
mutant("log: tanh's factor cut off", F, "cut graph", positive, lambda x: x.log(), lambda g, y, x: g / x,
    lambda g, y, x: g / (0.5 * (x + x.detach())), order=2)
mutant("matmul: weights cut off", F, "cut graph", (normal, lambda rng, s: rng.normal(size=(s[1], 2))),
    lambda a, b: a @ b, lambda g, y, a, b: (g @ b.transpose(0, 1), a.transpose(0, 1) @ g),
    lambda g, y, a, b: (g @ b.transpose(0, 1), a.detach().transpose(0, 1) @ g), order=2)
