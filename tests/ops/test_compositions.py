"""Programs drawn at random, run by minigrad and by PyTorch from the same numbers: values, gradients, and gradients of
gradients. Every shape is square, so that an element that goes to the wrong place still fits."""

import random
from typing import Any

import numpy as np
import pytest

import minigrad as mg

N = 3
# one step each: (library, a tensor, another one, a bool mask) to a tensor of N x N
STEPS: dict[str, Any] = {
    "add": lambda m, x, y, b: x + y,
    "sub a row": lambda m, x, y, b: x - y[1],
    "mul a column": lambda m, x, y, b: x * y[:, :1],
    "div": lambda m, x, y, b: x / (2 + y.sin()),
    "matmul": lambda m, x, y, b: x @ y / 3,
    "matmul by its transpose": lambda m, x, y, b: x.t() @ x / 3,
    "bmm": lambda m, x, y, b: m.bmm(m.stack([x, y]), m.stack([y, x]))[1] / 3,
    "einsum": lambda m, x, y, b: m.einsum("ij,kj->ki", x, y) / 3,
    "t": lambda m, x, y, b: x.t(),
    "permute": lambda m, x, y, b: m.stack([x, y, x * y]).permute(2, 0, 1)[1],
    "flip": lambda m, x, y, b: x.flip(0, 1),
    "roll": lambda m, x, y, b: x.roll(1, 0),
    "reshape": lambda m, x, y, b: x.t().reshape(-1)[: N * N].view(N, N),
    "where": lambda m, x, y, b: m.where(b, x, y),
    "where with a number": lambda m, x, y, b: m.where(b, x, 0.0),
    "masked_fill": lambda m, x, y, b: x.masked_fill(b, 0.5),
    "where of a mean": lambda m, x, y, b: m.where(x > x.mean(), x, y.t()),
    "relu": lambda m, x, y, b: x.relu(),
    "abs": lambda m, x, y, b: x.abs(),
    "clamp": lambda m, x, y, b: x.clamp(-0.7, 0.9),
    "maximum": lambda m, x, y, b: m.maximum(x, y),
    "tanh": lambda m, x, y, b: x.tanh(),
    "sin": lambda m, x, y, b: x.sin(),
    "exp": lambda m, x, y, b: x.tanh().exp(),
    "log": lambda m, x, y, b: (x.square() + 0.5).log(),
    "sqrt": lambda m, x, y, b: (x * x + 1).sqrt(),
    "softmax": lambda m, x, y, b: m.softmax(x, 0),
    "log_softmax": lambda m, x, y, b: m.log_softmax(x, 1),
    "logsumexp": lambda m, x, y, b: x - m.logsumexp(x, 1, keepdim=True),
    "mean": lambda m, x, y, b: x - x.mean(0),
    "std": lambda m, x, y, b: x / (1 + y.std(1, keepdim=True)),
    "norm": lambda m, x, y, b: x / (1 + y.norm(dim=0)),
    "max": lambda m, x, y, b: x - x.max(1, keepdim=True)[0],
    "amin": lambda m, x, y, b: x * x.amin(0),
    "sort": lambda m, x, y, b: x.sort(0)[0],
    "cumsum": lambda m, x, y, b: x.cumsum(1) / 2,
    "prod": lambda m, x, y, b: x + y.prod(0),
    "gather": lambda m, x, y, b: x.gather(0, y.argsort(1)),
    "index": lambda m, x, y, b: x[m.tensor([2, 0, 2])][:, m.tensor([1, 1, 0])],
    "index pairs": lambda m, x, y, b: x + y[m.tensor([2, 0, 2]), m.tensor([1, 1, 0])],
    "scatter": lambda m, x, y, b: x.scatter(1, m.tensor([[0], [2], [1]]), y[:, :1]),
    "index_add": lambda m, x, y, b: x.index_add(0, m.tensor([1, 1]), y[:2]),
    "cat and chunk": lambda m, x, y, b: m.cat([x, y], 1).chunk(2, 1)[1] * x,
    "cat and slice": lambda m, x, y, b: m.cat([x, y.t()])[1 : N + 1],
    "diagonal": lambda m, x, y, b: x + m.diag(y.diagonal()),
    "tril": lambda m, x, y, b: x.tril() + y.triu(1),
    "unfold": lambda m, x, y, b: m.cat([x, y]).unfold(0, N, 2)[1],
    "expand": lambda m, x, y, b: x[:1].expand(N, N) * y,
    "detach": lambda m, x, y, b: x + y.detach() * 0.5,
    "outer": lambda m, x, y, b: x + m.outer(y[0], y[:, 1]),
    "pow": lambda m, x, y, b: (x.abs() + 0.3) ** 1.7,
    "lerp": lambda m, x, y, b: m.lerp(x, y, 0.3),
    "in place on a copy": lambda m, x, y, b: x.clone().mul_(y).add_(x),
    "in place on a row": lambda m, x, y, b: _changed(x, lambda c: c[1].mul_(y[2])),
    "in place on a transpose": lambda m, x, y, b: _changed(x, lambda c: c.t()[0].add_(y[:, 0])),
    "set a block": lambda m, x, y, b: _changed(x, lambda c: c.__setitem__((slice(1, None), slice(0, 2)), y[:2, 1:])),
    "set where": lambda m, x, y, b: _changed(x, lambda c: c.__setitem__(b, 0.25)),
    "masked_fill_ behind a view": lambda m, x, y, b: _changed(x, lambda c: c.t().masked_fill_(b, 0.5)),
}


def _changed(x: Any, change: Any) -> Any:
    c = x.clone()
    change(c)
    return c


def program(seed: int, length: int) -> list[tuple[str, int, int]]:
    """Steps, each with the places of its two operands among what was made before."""
    draw = random.Random(seed)
    return [(draw.choice(list(STEPS)), draw.randrange(3 + i), draw.randrange(3 + i)) for i in range(length)]


def run(m: Any, steps: list[tuple[str, int, int]], arrays: list[Any], mask: Any) -> list[Any]:
    """What the program gives, its gradients, and the gradients of a function of those."""
    leaves = [m.tensor(a, requires_grad=True) for a in arrays]
    values, b = list(leaves), m.tensor(mask)
    for name, i, j in steps:
        values.append(STEPS[name](m, values[i], values[j], b))
    out = sum(((k + 1) * v.sin()).sum() for k, v in enumerate(values[3:]))
    first = m.autograd.grad(out, leaves, create_graph=True, allow_unused=True, materialize_grads=True)
    again = sum((g * g).sum() for g in first)
    second = [None] * 3
    if again.requires_grad:
        second = m.autograd.grad(again, leaves, allow_unused=True, materialize_grads=True)
    # the plain walk over raw arrays beside the recorded one
    leaves = [m.tensor(a, requires_grad=True) for a in arrays]
    values = list(leaves)
    for name, i, j in steps:
        values.append(STEPS[name](m, values[i], values[j], b))
    sum(((k + 1) * v.sin()).sum() for k, v in enumerate(values[3:])).backward()
    plain = [leaf.grad for leaf in leaves]
    found = [out, *first, *second, *plain]
    return [np.zeros((N, N)) if t is None else t.detach().numpy() for t in found]


@pytest.mark.parametrize("seed", range(150))
def test_a_random_program_is_differentiated_as_pytorch_does(seed: int) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    rng = np.random.default_rng(seed)
    arrays, mask = [rng.standard_normal((N, N)) for _ in range(3)], rng.random((N, N)) < 0.5
    steps = program(seed, 2 + seed % 9)
    ours, theirs = run(mg, steps, arrays, mask), run(torch, steps, arrays, mask)
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        scale = max(1.0, float(np.abs(b).max()))
        assert np.allclose(a, b, rtol=1e-6, atol=1e-8 * scale), (i, steps, np.abs(a - b).max())


@pytest.mark.parametrize("name", STEPS)
def test_each_step_alone_has_the_slope_of_its_values(name: str) -> None:
    rng = np.random.default_rng(1)
    arrays, mask = [rng.standard_normal((N, N)) for _ in range(3)], rng.random((N, N)) < 0.5
    steps = [(name, 0, 1)]
    gradients = run(mg, steps, arrays, mask)[1:3]
    if name == "detach":
        gradients[1] = gradients[1] + 0.5 * gradients[0]  # what it hides
    h = 1e-6
    for k, g in enumerate(gradients):
        for place in np.ndindex(N, N):
            sides = []
            for sign in (1, -1):
                moved = [a.copy() for a in arrays]
                moved[k][place] += sign * h
                sides.append(float(run(mg, steps, moved, mask)[0]))
            assert g[place] == pytest.approx((sides[0] - sides[1]) / (2 * h), rel=1e-4, abs=1e-6)
