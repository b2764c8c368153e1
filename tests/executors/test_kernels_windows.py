"""Windows as columns and back on a GPU, beside the array functions: convolutions and pooling, with their gradients."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import autograd, nn
from tests.executors.test_kernels import NEAR, alike, both

F: Any = nn.functional
CASES: dict[str, Any] = {
    "1-D": (F.conv1d, (2, 4, 9), (6, 2, 3), {"stride": 2, "padding": 1, "groups": 2}),
    "2-D": (F.conv2d, (2, 3, 7, 6), (4, 3, 3, 2), {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2)}),
    "2-D, not all is reached": (F.conv2d, (2, 2, 8, 8), (3, 2, 3, 3), {"stride": 3}),
    "3-D": (F.conv3d, (1, 2, 4, 5, 4), (3, 2, 2, 3, 2), {"padding": 1}),
    "transposed": (F.conv_transpose2d, (2, 3, 4, 3), (3, 2, 3, 3), {"stride": 2, "padding": 1, "output_padding": 1}),
    "max pool": (lambda x, w: F.max_pool2d(x, 3, 2, 1), (2, 3, 7, 7), (1,), {}),
    "mean pool": (lambda x, w: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), (2, 3, 7, 7), (1,), {}),
    "mean pool, 1-D": (lambda x, w: F.avg_pool1d(x, 3, 2), (2, 3, 9), (1,), {}),
    "mean pool, 3-D": (lambda x, w: F.avg_pool3d(x, 2), (1, 2, 4, 4, 5), (1,), {}),
}


@pytest.mark.parametrize("dtype", NEAR)
@pytest.mark.parametrize("name", CASES)
def test_windows(name: str, dtype: str, cupy: Any) -> None:
    op, size, kernel, options = CASES[name]
    rng = np.random.default_rng(0)
    data, weights = rng.standard_normal(size).astype(dtype), rng.standard_normal(kernel).astype(dtype)

    def run() -> list[Any]:
        x, w = (mg.tensor(a, device="cuda", requires_grad=True) for a in (data, weights))
        out = op(x, w, **options)
        wanted = [x] if kernel == (1,) else [x, w]
        first = autograd.grad((out * out).mean(), wanted, create_graph=True)
        second = autograd.grad(sum((g * g).sum() for g in first), wanted)
        return [out, *first, *second]

    alike(both(run), {"float16": 2e-2, "float32": 2e-5, "float64": 1e-12}[dtype])


def test_of_a_view_and_of_nothing(cupy: Any) -> None:
    x = mg.randn(2, 6, 5, 3).permute(0, 3, 1, 2)[:, :, ::2]
    w = mg.randn(4, 3, 2, 2)
    np.testing.assert_allclose(F.conv2d(x.cuda(), w.cuda()).cpu().numpy(), F.conv2d(x, w).numpy(), 1e-5, 1e-5)
    assert F.conv2d(mg.ones(0, 3, 4, 4, device="cuda"), w.cuda()).shape == (0, 4, 3, 3)


def test_launches(cupy: Any) -> None:
    def launches() -> int:
        x, w = (
            mg.ones(2, 3, 6, 6, device="cuda", requires_grad=True),
            mg.ones(4, 3, 3, 3, device="cuda", requires_grad=True),
        )
        before = cupy.launches
        F.max_pool2d(F.conv2d(x, w, padding=1), 2).sum().backward()
        return cupy.launches - before

    by_kernels, without = both(launches)
    assert by_kernels <= 14 and without > by_kernels + 30
