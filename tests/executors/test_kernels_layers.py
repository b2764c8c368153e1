"""Kernels of normalization and activations beside their twins: values, gradients, gradients of gradients."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import autograd, nn
from tests.executors.test_kernels import NEAR, alike, both

F: Any = nn.functional
EDGES = [[np.inf, 0.0, 1.0], [-np.inf, -1.0, 0.5], [np.nan, 1.0, 2.0], [-0.0, 30.0, -30.0]]
NORMS: dict[str, Any] = {
    "layer_norm": lambda x, w: F.layer_norm(x, (5,), w, w),
    "layer_norm over two": lambda x, w: F.layer_norm(x, (4, 5)),
    "rms_norm": lambda x, w: F.rms_norm(x, (5,), w),
    "batch_norm": lambda x, w: F.batch_norm(x, mg.zeros(4, device="cuda"), mg.ones(4, device="cuda"), training=True),
    "instance_norm": lambda x, w: F.instance_norm(x),
    "group_norm": lambda x, w: F.group_norm(x, 2),
    "of a view": lambda x, w: F.layer_norm(x.transpose(0, 2), (3,)),
}
ACTIVATIONS = ["relu", "sigmoid", "tanh", "silu", "gelu", "leaky_relu", "elu", "celu", "selu"]


def derivatives(run: Any, x: Any) -> list[Any]:
    out = run(x)
    weights = mg.tensor(np.cos(np.arange(out.numel())).reshape(out.shape).astype(out.dtype), device=out.device)
    (plain,) = autograd.grad((out * weights).sum(), [x], retain_graph=True)
    (first,) = autograd.grad((out * weights).sum(), [x], create_graph=True)
    (second,) = autograd.grad((first * first).sum() + (x * x).sum(), [x])
    return [out, plain, first, second]


@pytest.mark.parametrize("dtype", NEAR)
@pytest.mark.parametrize("name", NORMS)
def test_normalization(name: str, dtype: str, cupy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    data = np.random.default_rng(0).standard_normal((3, 4, 5)).astype(dtype)

    def run() -> list[Any]:
        x = mg.tensor(data, device="cuda", requires_grad=True)
        w = mg.tensor(np.linspace(0.5, 2, 5).astype(dtype), device="cuda")
        return derivatives(lambda x: NORMS[name](x, w), x)

    alike(both(monkeypatch, run), 20 * NEAR[dtype])


@pytest.mark.parametrize("dtype", NEAR)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str, dtype: str, cupy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    data = np.linspace(-4, 4, 24).reshape(4, 6).astype(dtype)

    def run() -> list[Any]:
        x = mg.tensor(data, device="cuda", requires_grad=True)
        return derivatives(getattr(mg, name, None) or getattr(F, name), x)

    alike(both(monkeypatch, run), 2 * NEAR[dtype])


@pytest.mark.parametrize("name", [*ACTIVATIONS, "layer_norm", "softmax", "log_softmax"])
def test_the_edges(name: str, cupy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"layer_norm": ((3,),), "softmax": (1,), "log_softmax": (1,)}.get(name, ())

    def run() -> list[Any]:
        x = mg.tensor(EDGES, device="cuda", requires_grad=True)
        out = getattr(F, name, None) or getattr(mg, name)
        y = out(x, *options)
        return [y, *autograd.grad(y.sum(), [x])]

    alike(both(monkeypatch, run), 1e-5)


@pytest.mark.parametrize("name", [*ACTIVATIONS, "layer_norm"])
def test_empty(name: str, cupy: Any) -> None:
    x = mg.ones(0, 3, device="cuda", requires_grad=True)
    out = (getattr(F, name, None) or getattr(mg, name))(x, *([(3,)] if name == "layer_norm" else []))
    out.sum().backward()
    assert out.shape == x.grad.shape == (0, 3)


def test_what_they_save(cupy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def launches(run: Any) -> tuple[int, int]:
        x = mg.ones(4, 6, device="cuda", requires_grad=True)
        before = cupy.launches
        out = run(x)
        forward = cupy.launches - before
        weights = out.detach()
        before = cupy.launches
        out.backward(weights)
        return forward, cupy.launches - before

    found = {name: both(monkeypatch, lambda r=run: launches(r)) for name, run in {
        "layer_norm": lambda x: F.layer_norm(x, (6,)), "gelu": F.gelu, "silu": F.silu, "relu": F.relu,
        "softmax": lambda x: F.softmax(x, 1),
    }.items()}  # fmt: skip
    kernels = {name: pair[0] for name, pair in found.items()}
    assert kernels == {"layer_norm": (3, 3), "gelu": (1, 1), "silu": (1, 1), "relu": (1, 1), "softmax": (2, 2)}
    assert all(sum(without) > sum(by_kernels) for by_kernels, without in found.values())
