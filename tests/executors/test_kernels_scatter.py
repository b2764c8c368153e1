"""Gathering and adding up on a GPU: by kernels what array functions give, and sums in the same order each time."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import autograd, nn
from minigrad.backend import add_at
from tests.executors.test_kernels import NEAR, alike, both

F: Any = nn.functional
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", NEAR)
@pytest.mark.parametrize("dim, shape", [(1, (3, 1)), (0, (1, 4)), (-1, (3, 7)), (0, (2, 4)), (1, (2, 2))])
def test_gather(dim: int, shape: Any, dtype: str, cupy: Any) -> None:
    data, index = RNG.standard_normal((3, 4)).astype(dtype), RNG.integers(0, 3, shape)

    def run() -> list[Any]:
        x = mg.tensor(data, device="cuda", requires_grad=True)
        out = mg.gather(x.t() if shape == (2, 2) else x, dim, mg.tensor(index, device="cuda"))
        (first,) = autograd.grad((out * out).sum(), [x], create_graph=True)
        return [out, first, *autograd.grad((first**3).sum(), [x])]

    alike(both(run), NEAR[dtype])


@pytest.mark.parametrize("dtype", NEAR)
@pytest.mark.parametrize("what", ["rows", "negative", "two", "mixed", "flat", "slice"])
def test_values_that_meet_add_up(what: str, dtype: str, cupy: Any) -> None:
    a, b = RNG.integers(0, 3, (4, 5)), RNG.integers(0, 4, (4, 5))
    index = {"rows": (a,), "negative": (a - 3,), "two": (a, b), "mixed": (slice(None), b), "flat": (a.reshape(-1),),
             "slice": (slice(1, 3), b)}[what]  # fmt: skip
    here = RNG.standard_normal((3, 4)).astype(dtype)
    values = RNG.standard_normal(here[index].shape).astype(dtype)
    there = cupy.array(here)
    exact = here.astype("float64")
    np.add.at(exact, index, values.astype("float64"))
    add_at(there, tuple(cupy.array(i) if isinstance(i, np.ndarray) else i for i in index), cupy.array(values))
    np.testing.assert_allclose(there.get(), exact, 2 * NEAR[dtype], 2 * NEAR[dtype])


def test_an_embedding_s_gradient_waits_for_nothing_and_adds_up_in_float32(cupy: Any) -> None:
    table = nn.Embedding(4, 2, dtype=mg.float16).cuda()
    ids = mg.zeros(3000, dtype=mg.int64, device="cuda")
    with cupy.no_waits():
        table(ids).sum().backward()
    assert table.weight.grad.tolist() == [[3000.0, 3000.0], *[[0.0, 0.0]] * 3]  # in float16 it would end at 2048
    assert mg.are_deterministic_algorithms_enabled()


def test_max_pooling_in_fewer_launches(cupy: Any) -> None:
    def launches() -> int:
        x = mg.ones(2, 3, 4, 4, device="cuda", requires_grad=True)
        before = cupy.launches
        F.max_pool2d(x, 2).sum().backward()
        return cupy.launches - before

    by_kernels, without = both(launches)
    assert by_kernels < without - 20
