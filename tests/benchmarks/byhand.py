"""What the frameworks are seen beside: steps written out in NumPy, and compiled by JAX where that is installed."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.benchmarks.nets import MLP, contradicting
from tests.benchmarks.parts import AT_ONCE, ROUNDS, search_problem
from tests.benchmarks.workload import Step, beside, classes, numbers


@beside("overhead", "numpy")
def overhead(np: Any, small: bool) -> Step:
    """The chain's arithmetic alone, and the walk back from the tanhs that were kept."""
    w, c, x = np.ones(32, "float32"), np.ones(32, "float32"), np.full(32, 0.1, "float32")

    def step() -> Any:
        y, kept = w, []
        for _ in range(ROUNDS):
            kept.append(np.tanh(y * c + x - c))
            y = kept[-1] * 0.5
        g = c
        for t in reversed(kept):
            g = g * 0.5 * (1 - t * t) * c
        return g

    return step


def cross_entropy_slope(scores: Any, y: Any) -> tuple[Any, Any]:
    """The mean cross-entropy and its gradient in the scores."""
    rows = np.arange(len(y))
    scores = scores - scores.max(1, keepdims=True)
    p = np.exp(scores)
    total = p.sum(1, keepdims=True)
    loss = (np.log(total[:, 0]) - scores[rows, y]).mean()
    p /= total
    p[rows, y] -= 1
    p /= len(y)
    return loss, p


@beside("linear", "numpy")
def linear(np: Any, small: bool) -> Step:
    """Softmax regression, its gradient by hand."""
    n, d = (8, 13) if small else (256, 3073)
    x, y, w = numbers(n, d), classes(n), numbers(d, 10, seed=2) * np.float32(1e-3)

    def step() -> Any:
        loss, g = cross_entropy_slope(x @ w, y)
        loss += 1e-3 * (w * w).sum()
        gradient = x.T @ g
        gradient += 2e-3 * w
        np.subtract(w, 0.01 * gradient, out=w)
        return loss

    return step


def perceptron(small: bool) -> tuple[list[Any], list[Any], Any, Any]:
    """The weights and biases that `nets.seeded` gives the MLP, and its batch."""
    sizes, n = (tuple(min(size, 16) for size in MLP), 8) if small else (MLP, 128)
    pairs = list(zip(sizes, sizes[1:]))
    weights = [numbers(b, a, seed=2 * i) / np.float32(a**0.5) for i, (a, b) in enumerate(pairs)]
    return weights, [np.zeros(b, "float32") for _, b in pairs], numbers(n, sizes[0]), classes(n)


@beside("mlp", "numpy")
def mlp(np: Any, small: bool) -> Step:
    """Forward, backward and momentum written out."""
    weights, biases, x, y = perceptron(small)
    params, ys = weights + biases, contradicting(y, 10, np.array)
    speeds = [np.zeros_like(p) for p in params]

    def step() -> Any:
        inputs = [x]
        for w, b in zip(weights, biases):
            h = inputs[-1] @ w.T
            h += b
            inputs.append(np.maximum(h, 0, out=h) if w is not weights[-1] else h)
        loss, g = cross_entropy_slope(inputs.pop(), next(ys))
        slopes: list[Any] = [None] * len(params)
        for i in reversed(range(len(weights))):
            slopes[i], slopes[i + len(weights)] = g.T @ inputs[i], g.sum(0)
            if i:
                g = g @ weights[i]
                g *= inputs[i] > 0
        for p, v, s in zip(params, speeds, slopes):
            v *= 0.9
            v += s
            p -= 0.01 * v
        return loss

    return step


@beside("adam", "numpy")
def adam(np: Any, small: bool) -> Step:
    """Adam's formula, tensor by tensor."""
    count, n = (3, 8) if small else (60, 128)
    grads = [numbers(n, n, seed=i) for i in range(count)]
    params, means, squares = ([np.zeros_like(g) for g in grads] for _ in range(3))
    steps = 0

    def step() -> Any:
        nonlocal steps
        steps += 1
        size, root = 1e-3 / (1 - 0.9**steps), (1 - 0.999**steps) ** 0.5
        for p, g, m, v in zip(params, grads, means, squares):
            m += 0.1 * (g - m)
            v *= 0.999
            v += 0.001 * g * g
            p -= size * m / (np.sqrt(v) / root + 1e-8)
        return params[-1]

    return step


@beside("search", "numpy")
def search(np: Any, small: bool) -> Step:
    """The lecture's loop: one attempt after another, each with its own product; the same draws."""
    x, y = search_problem(small)
    rows, attempts, best = np.arange(len(x)), 0, np.inf

    def step() -> Any:
        nonlocal attempts, best
        for _ in range(AT_ONCE):
            rng = np.random.Generator(np.random.Philox(key=0, counter=attempts << 128))
            w = rng.standard_normal((10, x.shape[1]), dtype="float32") * np.float32(1e-2)
            s = x @ w.T
            s -= s.max(axis=1, keepdims=True)
            loss = (np.log(np.exp(s).sum(axis=1)) - s[rows, y]).mean() + 1e-3 * (w * w).sum()
            attempts, best = attempts + 1, min(best, loss)
        return best

    return step


# --- JAX: the whole step compiled, its state given away to be reused -----------------------------------------------


def cross_entropy(jax: Any, scores: Any, y: Any) -> Any:
    """The mean over the rows."""
    return -jax.numpy.take_along_axis(jax.nn.log_softmax(scores), y[:, None], 1).mean()


def compiled(jax: Any, update: Any, state: Any, inputs: Iterator[Any] | None = None) -> Step:
    """A step that keeps the state `update` gives, and waits for the loss; each gets the next of the inputs, if any."""
    update, state = jax.jit(update, donate_argnums=0), jax.tree.map(jax.numpy.array, state)

    def step() -> Any:
        nonlocal state
        state, loss = update(state, next(inputs)) if inputs else update(state)
        return jax.block_until_ready((state, loss))[1]

    return step


@beside("linear", "jax")
def jax_linear(jax: Any, small: bool) -> Step:
    """Softmax regression."""
    n, d = (8, 13) if small else (256, 3073)
    x, y = jax.numpy.array(numbers(n, d)), jax.numpy.array(classes(n))

    def update(w: Any) -> Any:
        loss, slope = jax.value_and_grad(lambda w: cross_entropy(jax, x @ w, y) + 1e-3 * (w * w).sum())(w)
        return w - 0.01 * slope, loss

    return compiled(jax, update, numbers(d, 10, seed=2) * np.float32(1e-3))


@beside("mlp", "jax")
def jax_mlp(jax: Any, small: bool) -> Step:
    """The MLP with momentum."""
    weights, biases, x, y = perceptron(small)
    x, ys = jax.numpy.array(x), contradicting(y, 10, jax.numpy.array)

    def loss_of(params: Any, y: Any) -> Any:
        h = x
        for w, b in list(zip(*params))[:-1]:
            h = jax.nn.relu(h @ w.T + b)
        return cross_entropy(jax, h @ params[0][-1].T + params[1][-1], y)

    def update(state: Any, y: Any) -> Any:
        params, speeds = state
        loss, slopes = jax.value_and_grad(loss_of)(params, y)
        speeds = jax.tree.map(lambda v, s: 0.9 * v + s, speeds, slopes)
        return (jax.tree.map(lambda p, v: p - 0.01 * v, params, speeds), speeds), loss

    params = (weights, biases)
    return compiled(jax, update, (params, jax.tree.map(np.zeros_like, params)), ys)


@beside("adam", "jax")
def jax_adam(jax: Any, small: bool) -> Step:
    """Adam on all tensors at once."""
    count, n = (3, 8) if small else (60, 128)
    grads = [numbers(n, n, seed=i) for i in range(count)]
    zeros = [np.zeros_like(g) for g in grads]

    def update(state: Any) -> Any:
        params, means, squares, t = state
        means = [m + 0.1 * (g - m) for m, g in zip(means, grads)]
        squares = [0.999 * v + 0.001 * g * g for v, g in zip(squares, grads)]
        size, root = 1e-3 / (1 - 0.9**t), (1 - 0.999**t) ** 0.5
        params = [
            p - size * m / (jax.numpy.sqrt(v) / root + 1e-8) for p, m, v in zip(params, means, squares, strict=True)
        ]
        return (params, means, squares, t + 1), params[-1].copy()

    return compiled(jax, update, (zeros, zeros, zeros, np.float32(1)))
