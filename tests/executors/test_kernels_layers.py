"""Kernels of normalization and activations: infinite numbers and nan, empty arrays, how many launches they save."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import autograd, nn
from tests.executors.test_kernels import alike, both

F: Any = nn.functional
EDGES = [[np.inf, 0.0, 1.0], [-np.inf, -1.0, 0.5], [np.nan, 1.0, 2.0], [-0.0, 30.0, -30.0]]
ACTIVATIONS = ["relu", "sigmoid", "tanh", "silu", "gelu", "leaky_relu", "elu", "celu", "selu"]


@pytest.mark.parametrize("name", [*ACTIVATIONS, "layer_norm", "softmax", "log_softmax"])
def test_the_edges(name: str, cupy: Any) -> None:
    options = {"layer_norm": ((3,),), "softmax": (1,), "log_softmax": (1,)}.get(name, ())

    def run() -> list[Any]:
        x = mg.tensor(EDGES, device="cuda", requires_grad=True)
        out = getattr(F, name, None) or getattr(mg, name)
        y = out(x, *options)
        return [y, *autograd.grad(y.sum(), [x])]

    alike(both(run), 1e-5)


@pytest.mark.parametrize("name", [*ACTIVATIONS, "layer_norm"])
def test_empty(name: str, cupy: Any) -> None:
    x = mg.ones(0, 3, device="cuda", requires_grad=True)
    out = (getattr(F, name, None) or getattr(mg, name))(x, *([(3,)] if name == "layer_norm" else []))
    out.sum().backward()
    assert out.shape == x.grad.shape == (0, 3)


def test_what_they_save(cupy: Any) -> None:
    def launches(run: Any) -> tuple[int, int]:
        x = mg.ones(4, 6, device="cuda", requires_grad=True)
        before = cupy.launches
        out = run(x)
        forward = cupy.launches - before
        weights = out.detach()
        before = cupy.launches
        out.backward(weights)
        return forward, cupy.launches - before

    found = {name: both(lambda r=run: launches(r)) for name, run in {
        "layer_norm": lambda x: F.layer_norm(x, (6,)), "gelu": F.gelu, "silu": F.silu, "relu": F.relu,
        "softmax": lambda x: F.softmax(x, 1),
    }.items()}  # fmt: skip
    kernels = {name: pair[0] for name, pair in found.items()}
    assert kernels == {"layer_norm": (3, 3), "gelu": (1, 1), "silu": (1, 1), "relu": (1, 1), "softmax": (2, 2)}
    assert all(sum(without) > sum(by_kernels) for by_kernels, without in found.values())
