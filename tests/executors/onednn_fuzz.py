"""oneDNN's executions on random shapes, strides and settings, beside the definitions.

`test_onednn.py` runs this file in a process of its own: a crash of compiled code is then a test that fails, with a
traceback, and not the end of a run.
"""

import faulthandler
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minigrad.engine.executions import only
from minigrad.ops.linalg.products import _matmul
from minigrad.ops.nn.conv import conv, conv_transpose, conv_weight
from minigrad.ops.nn.linear import _linear

fuzz = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
sizes = st.sampled_from([1, 2, 3, 7, 8, 16, 17, 31, 64, 100])


def made(shape: Any, how: str, seed: int) -> Any:
    """An array of a shape that lies in memory as `how` says."""
    values = np.random.default_rng(seed).standard_normal(shape).astype("float32")
    if how == "F":
        return np.asfortranarray(values)
    if how == "reversed":
        return values[..., ::-1]
    if how == "every second":
        return np.repeat(values, 2, -1)[..., ::2]
    if how == "within":
        wide = np.zeros((*shape[:-1], shape[-1] + 3), "float32")
        wide[..., 1:-2] = values
        return wide[..., 1:-2]
    if how == "broadcast":
        return np.broadcast_to(values[..., :1], shape)
    if how == "overlapping":
        return np.lib.stride_tricks.sliding_window_view(values.reshape(-1).repeat(2), shape[-1])[: shape[-2]]
    return values


layouts = st.sampled_from(["C", "F", "reversed", "every second", "within", "broadcast", "overlapping"])


def same(op: Any, *arrays: Any, **static: Any) -> None:
    with only():
        expected = op(*arrays, **static)
    with only("onednn"):
        ours = op(*arrays, **static)
    reach = max(1.0, float(np.abs(expected).max(initial=0)))
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=2e-5 * reach)


@fuzz
@given(sizes, sizes, sizes, layouts, layouts, st.integers(0, 99))
def products(n: int, k: int, m: int, first: str, second: str, seed: int) -> None:
    x, y = made((n + 64, k + 64), first, seed), made((k + 64, m), second, seed + 1)
    same(_matmul, x, y)
    same(_linear, x, y.T, None)
    same(_linear, x, y.T, made((m,), "C", seed))


@fuzz
@given(sizes, sizes, sizes, layouts.filter("overlapping".__ne__), layouts.filter("overlapping".__ne__), st.booleans())
def stacks(n: int, k: int, m: int, first: str, second: str, shared: bool) -> None:
    same(_matmul, made((5, n + 40, k + 40), first, 1), made((1 if shared else 5, k + 40, m + 1), second, 2))


@fuzz
@given(st.data())
def convolutions(data: Any) -> None:
    dims = data.draw(st.integers(1, 3))
    each = lambda low, high: tuple(data.draw(st.integers(low, high)) for _ in range(dims))  # noqa: E731
    groups, kernel, stride, padding, dilation = (
        data.draw(st.integers(1, 3)),
        each(1, 4),
        each(1, 3),
        each(0, 2),
        each(1, 2),
    )
    size = tuple(d * (k - 1) + 1 + n for k, d, n in zip(kernel, dilation, each(0, {1: 90, 2: 9, 3: 5}[dims])))
    channels, out, batch = (
        groups * data.draw(st.integers(1, 9)),
        groups * data.draw(st.integers(1, 9)),
        data.draw(sizes),
    )
    some = layouts.filter("overlapping".__ne__)
    x = made((batch, channels, *size), data.draw(some), 1)
    w = made((out, channels // groups, *kernel), data.draw(some), 2)
    geometry = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    same(conv, x, w, made((out,), "C", 3), **geometry)
    with only():
        g = conv(x, w, None, **geometry)
    same(conv_transpose, g, w, shape=x.shape, **geometry)
    same(conv_weight, x, g, shape=w.shape, **geometry)


if __name__ == "__main__":
    faulthandler.enable()
    for check in (products, stacks, convolutions):
        check()
        print(check.__name__, "agree", flush=True)
