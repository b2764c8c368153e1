"""Loops compiled by Numba, beside what array functions do in their place, in value and gradient."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn, optim
from minigrad.engine.executions import is_float32, only

numba = pytest.mark.skipif(find_spec("numba") is None, reason="Numba is not installed (the extra fast)")
RNG = np.random.default_rng(0)


def drawn(*shape: int) -> Any:
    return RNG.standard_normal(shape).astype("float32")


PICTURES = (8, 6, 40, 30)
CASES: dict[str, tuple[Any, list[Any]]] = {
    "layer norm": (lambda x, w, b: F.layer_norm(x, (128,), w, b), [drawn(20, 40, 128), drawn(128), drawn(128)]),
    "layer norm, no bias": (lambda x, w: F.layer_norm(x, (40, 128), w), [drawn(20, 40, 128), drawn(40, 128)]),
    "layer norm alone": (lambda x: F.layer_norm(x, (128,)), [drawn(20, 40, 128)]),
    "batch norm": (lambda x, w, b: F.batch_norm(x, None, None, w, b, True), [drawn(*PICTURES), drawn(6), drawn(6)]),
    "batch norm of rows": (lambda x, w: F.batch_norm(x, None, None, w, None, True), [drawn(4000, 8), drawn(8)]),
    "instance norm": (lambda x, w: F.instance_norm(x, None, None, w), [drawn(*PICTURES), drawn(6)]),
    "group norm": (lambda x, w: F.group_norm(x, 3, w), [drawn(*PICTURES), drawn(6)]),
    "max pool": (lambda x: F.max_pool2d(x, 2), [drawn(*PICTURES)]),
    "max pool that overlaps": (lambda x: F.max_pool2d(x, 3, 2, 1), [drawn(*PICTURES)]),
    "max pool with holes": (lambda x: F.max_pool2d(x, (2, 3), (1, 2), dilation=(2, 1)), [drawn(*PICTURES)]),
    "max pool, 1-D": (lambda x: F.max_pool1d(x, 3, 2), [drawn(8, 6, 1200)]),
}  # fmt: skip


def run(case: str) -> list[Any]:
    op, arrays = CASES[case]
    tensors = [mg.tensor(a, requires_grad=True) for a in arrays]
    out = op(*tensors)
    weights = np.cos(np.arange(out.numel())).astype("float32").reshape(out.shape)
    out.backward(mg.tensor(weights))
    return [out.detach().numpy(), *(t.grad.numpy() for t in tensors)]


@numba
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("case", CASES)
def test_loops_do_what_array_functions_do(case: str, threads: int) -> None:
    before = mg.get_num_threads()
    mg.set_num_threads(threads)
    try:
        fast = run(case)
        with only("numpy"):
            plain = run(case)
    finally:
        mg.set_num_threads(before)
    for a, b in zip(fast, plain, strict=True):
        assert a.dtype == b.dtype == "float32" and a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=2e-5 * max(1, abs(b).max()))


OPTIMIZERS = {
    "Adam": lambda p: optim.Adam(p, lr=0.01, weight_decay=0.1),
    "Adam, maximize": lambda p: optim.Adam(p, lr=0.01, maximize=True),
    "Adam, amsgrad": lambda p: optim.Adam(p, lr=0.01, amsgrad=True),
    "AdamW": lambda p: optim.AdamW(p, lr=0.01, weight_decay=0.1),
    "momentum": lambda p: optim.SGD(p, lr=0.01, momentum=0.9),
    "momentum, all of it": lambda p: optim.SGD(p, lr=0.01, momentum=0.9, weight_decay=0.1, nesterov=True),
    "momentum, dampened": lambda p: optim.SGD(p, lr=0.01, momentum=0.9, dampening=0.5, maximize=True),
}


@numba
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_steps(name: str) -> None:
    start, gradients = drawn(300, 700), [drawn(300, 700) for _ in range(5)]

    def trained() -> Any:
        p = nn.Parameter(mg.tensor(start))
        optimizer = OPTIMIZERS[name]([p])
        for g in gradients:
            p.grad = mg.tensor(g)
            optimizer.step()
        return p.detach().numpy()

    fast = trained()
    with only("numpy"):
        np.testing.assert_allclose(fast, trained(), rtol=2e-6, atol=2e-7)


@numba
@pytest.mark.parametrize("make", [lambda p: optim.Adam(p, lr=0.1), lambda p: optim.SGD(p, lr=0.1, momentum=0.9)])
def test_infinite_parameters_and_gradients_stay_what_they_are(make: Any) -> None:
    start = np.zeros(10_000, "float32")
    start[3] = -np.inf
    p = nn.Parameter(mg.tensor(start))
    optimizer = make([p])
    for _ in range(3):
        p.grad = mg.zeros(10_000)
        optimizer.step()
    assert p[3].item() == -np.inf and not p.isnan().any()


@numba
def test_adam_that_forgets_at_once_does_not_cancel() -> None:
    p = nn.Parameter(mg.zeros(10_000))
    optimizer = optim.Adam([p], lr=0.1, betas=(0.5, 0.0))
    for g in (1.0, 1e-4, 1e-4):
        p.grad = mg.full((10_000,), g)
        optimizer.step()
    assert abs(p[0].item() + 476.395) < 0.01


@pytest.fixture(params=[pytest.param("numba", marks=numba), "numpy"])
def alone(request: pytest.FixtureRequest) -> Iterator[None]:
    """With this executor alone."""
    with only(request.param):
        yield


def test_nan_and_infinity_come_through_activations(alone: None) -> None:
    x = np.tile(np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 100.0, -1e6, 5.0], "float32"), 2000)
    t = mg.tensor(x, requires_grad=True)
    out = F.gelu(t)
    with np.errstate(all="ignore"):
        expected = F.gelu(mg.tensor(x, dtype=mg.float64)).numpy()
    np.testing.assert_allclose(out.detach().numpy(), expected, rtol=1e-6, atol=1e-6)
    assert F.relu(t).detach().numpy()[:4].tolist()[1:] == [np.inf, 0.0, 0.0] and bool(F.relu(t)[0].isnan())


@numba
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_at_the_edges(name: str) -> None:
    inf, nan = float("inf"), float("nan")
    rows = [[-inf, 0, 1], [-inf] * 3, [inf, 0, 1], [nan, 0, 1], [1e4, 1e4 - 1, 0], [-1e4, -1e4, 0], [3e38, -3e38, 0]]
    x = mg.tensor(np.tile(np.array(rows, "float32"), (600, 1)))
    with only("numba"):
        fast = getattr(F, name)(x, 1).numpy()
    with only():
        np.testing.assert_allclose(fast, getattr(F, name)(x, 1).numpy(), 2e-6, 1e-6)


@numba
def test_exp_and_tanh_of_every_size() -> None:
    import numba as compiler

    from minigrad.executors.numba.functions import exp, tanh

    @compiler.njit(error_model="numpy")
    def both(x: Any, e: Any, t: Any) -> None:
        for i in range(len(x)):
            e[i], t[i] = exp(x[i]), tanh(x[i])

    x = np.linspace(-87, 88, 200_001).astype("float32")
    e, t = np.empty_like(x), np.empty_like(x)
    both(x, e, t)
    exact = x.astype("float64")
    assert (abs(e - np.exp(exact)) / np.exp(exact)).max() < 4e-7 and abs(t - np.tanh(exact)).max() < 3e-7
    odd = np.array([np.nan, np.inf, -np.inf, -104, 89, 0], "float32")
    e, t = np.empty_like(odd), np.empty_like(odd)
    both(odd, e, t)
    np.testing.assert_array_equal(e, np.array([np.nan, np.inf, 0, 0, np.inf, 1], "float32"))
    np.testing.assert_array_equal(t, np.array([np.nan, 1, -1, -1, 1, 0], "float32"))


def test_which_arrays_loops_take() -> None:
    large = np.ones((200, 200), "float32")
    assert is_float32(large) and is_float32(large, np.ones(4, "float32"))  # the first has to be large
    for other in (large.T, large[:, ::2], large.astype("float64"), mg.ones(200, 200), 1.0):
        assert not is_float32(large, other)
    assert not is_float32(large.T) and not is_float32(np.ones(4, "float32"))


def test_without_numba_array_functions_do_it() -> None:
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "import minigrad as mg, minigrad.nn.functional as F\n"
        "x = mg.ones(100, 1000, requires_grad=True)\n"
        "F.layer_norm(F.gelu(x), (1000,)).sum().backward()\n"
        "print('minigrad.executors.numba.activation' in sys.modules, tuple(x.grad.shape))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("False (100, 1000)\n", "")


def test_numba_is_not_imported_for_small_arrays() -> None:
    code = (
        "import sys, minigrad as mg\n"
        "model = mg.nn.Sequential(mg.nn.Linear(8, 8), mg.nn.GELU(), mg.nn.LayerNorm(8))\n"
        "optimizer = mg.optim.Adam(model.parameters())\n"
        "model(mg.ones(4, 8)).sum().backward(); optimizer.step()\n"
        "print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_where_nothing_can_be_kept_loops_are_compiled_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba", reason="Numba is not installed (the extra fast)")
    from minigrad.executors.numba import compiled

    asked: list[bool] = []

    def njit(cache: bool = False, **options: Any) -> Any:
        asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(compiled, "numba", SimpleNamespace(njit=njit))
    assert compiled.loop(max) is max and asked == [True, False]


@numba
def test_all_loops_are_compiled_ahead_for_what_they_are_called_with() -> None:
    code = (
        "import minigrad as mg, minigrad.nn.functional as F\n"
        "from minigrad.executors.numba.__main__ import compile_all\n"
        "from minigrad.executors.numba.compiled import LOOPS\n"
        "assert compile_all() == len(LOOPS) > 10\n"
        "x = mg.randn(8, 64, 64, requires_grad=True)\n"
        "y = F.gelu(F.layer_norm(x, (64,))).relu() + mg.nn.BatchNorm1d(64)(x) + mg.nn.LSTM(64, 64)(x)[0]\n"
        "y = F.max_pool1d(F.scaled_dot_product_attention(y, x, y, is_causal=True), 2)\n"
        "y.sum().backward()\n"
        "for kind in (mg.optim.Adam, lambda p: mg.optim.SGD(p, lr=0.1, momentum=0.9)):\n"
        "    kind([x]).step()\n"
        "print([loop.py_func.__name__ for loop in LOOPS if len(loop.signatures) != 1])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("[]\n", "")


@numba
def test_a_loop_without_types_cannot_be_compiled_ahead() -> None:
    from minigrad.executors.numba.compiled import signature

    def untyped(x: Any, n: int) -> None: ...

    with pytest.raises(TypeError, match="untyped: `x`: expected Vector, Matrix.*, got typing.Any"):
        signature(untyped)
