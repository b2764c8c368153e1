"""Numbers at the edge of their dtype: halves by the ten thousand, squares that overflow, nans, integers, nothing."""

import math
from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import DtypeError, ShapeError
from minigrad.autograd import gradgradcheck

NAN, INF = math.nan, math.inf
MANY = 70_000  # above 65,504, which is where float16 ends
LARGE = [1e30, 2e30, 3e30, 4e30]  # whose squares float32 does not hold
UNIT = [-1.3416408, -0.4472136, 0.4472136, 1.3416408]


def half(*shape: int, value: float = 1.0) -> mg.Tensor:
    return mg.full(shape, value, dtype=mg.float16).requires_grad_()


# --- float16: added up, counted and divided in float32 ------------------------------------------------------

AVERAGES = {  # of 70,000 ones: (the op, its value, each element's gradient)
    "mean": (lambda x: x.mean(), 1, 1 / MANY),
    "mean(dim)": (lambda x: x.view(1, -1).mean(1), 1, 1 / MANY),
    "nanmean": (lambda x: mg.nanmean(x), 1, 1 / MANY),
    "max": (lambda x: x.max(), 1, 1 / MANY),
    "amin": (lambda x: x.amin(), 1, 1 / MANY),
    "amax(dim)": (lambda x: x.view(1, -1).amax(1), 1, 1 / MANY),
    "inf norm": (lambda x: x.norm(INF), 1, 1 / MANY),
    "norm": (lambda x: x.norm(), math.sqrt(MANY), 1 / math.sqrt(MANY)),
    "norm(3)": (lambda x: x.norm(3), MANY ** (1 / 3), MANY ** (-2 / 3)),
    "dist": (lambda x: mg.dist(x, mg.zeros_like(x)), math.sqrt(MANY), 1 / math.sqrt(MANY)),
    "std": (lambda x: mg.cat([x, -x.detach()]).std(), 1, 0.5 / MANY),
    "mse_loss": (lambda x: F.mse_loss(x, mg.zeros_like(x)), 1, 2 / MANY),
    "weighted l1_loss": (lambda x: F.l1_loss(x, mg.zeros_like(x), weight=mg.ones_like(x)), 1, 1 / MANY),
    "nll_loss": (lambda x: F.nll_loss(x.view(-1, 1), mg.zeros(MANY, dtype=mg.int64)), -1, -1 / MANY),
    "kl_div": (lambda x: F.kl_div(x, mg.ones_like(x), reduction="batchmean"), -1, -1 / MANY),
    "avg_pool1d": (lambda x: F.avg_pool1d(x.view(1, 1, -1), MANY, ceil_mode=True), 1, 1 / MANY),
    "avg_pool2d": (lambda x: F.avg_pool2d(x.view(1, 1, 1, -1), (1, MANY), divisor_override=MANY), 1, 1 / MANY),
    "adaptive_avg_pool1d": (lambda x: F.adaptive_avg_pool1d(x.view(1, 1, -1), 1), 1, 1 / MANY),
    "scatter_reduce": (
        lambda x: mg.zeros(1, dtype=mg.float16).scatter_reduce(
            0, mg.zeros(MANY, dtype=mg.int64), x, "mean", include_self=False
        ),
        1,
        1 / MANY,
    ),
    "scatter_reduce amax": (
        lambda x: mg.zeros(1, dtype=mg.float16).scatter_reduce(0, mg.zeros(MANY, dtype=mg.int64), x, "amax"),
        1,
        1 / MANY,
    ),
    "embedding_bag": (lambda x: F.embedding_bag(mg.arange(MANY).view(1, -1), x.view(-1, 1)), 1, 1 / MANY),
    "logsumexp": (lambda x: mg.logsumexp(x, 0), 1 + math.log(MANY), 1 / MANY),
    "division by a number": (lambda x: (x / MANY).max(), 1 / MANY, 1 / MANY / MANY),
    "sum of small ones": (lambda x: (x * 1e-5).sum(), 0.7, 1e-5),
}


@pytest.mark.parametrize("name", AVERAGES)
def test_many_halves(name: str) -> None:
    op, value, gradient = AVERAGES[name]
    x = half(MANY)
    out = op(x)
    out.sum().backward()
    assert out.dtype == x.grad.dtype == mg.float16
    np.testing.assert_allclose(out.detach().numpy().astype(float).ravel(), [value], 2e-2)  # 1e-5 is subnormal
    np.testing.assert_allclose(x.grad.numpy().astype(float), gradient, 2e-2, atol=3e-8)


def test_halves_add_up_beyond_2048_along_every_dimension() -> None:
    columns = half(4096, 3)
    assert columns.sum(0).tolist() == [4096.0] * 3 == mg.cumsum(columns, 0)[-1].tolist()
    bias = half(3)
    (mg.zeros(4096, 3, dtype=mg.float16) + bias).sum().backward()
    assert bias.grad.tolist() == [4096.0] * 3
    table = half(2, 1)
    table[mg.zeros(4096, dtype=mg.int64)].sum().backward()
    assert table.grad.tolist() == [[4096.0], [0.0]]


@pytest.mark.parametrize("number, expected", [(1e5, 100.0), (1e-8, 1e-11), (0.5, 5e-4)])
def test_a_half_times_a_number_that_is_none(number: float, expected: float) -> None:
    x = half(3, value=1e-3)
    for out in (x * number, number * x, x / (1 / number)):
        assert out.dtype == mg.float16 and out.tolist() == pytest.approx([expected] * 3, rel=1e-3, abs=6e-8)
    assert (x < 1e5).tolist() == [True] * 3 and (x < 1e5).dtype == mg.bool


@pytest.mark.parametrize("module", ["LayerNorm(4)", "GroupNorm(2, 4)", "RMSNorm(4)", "BatchNorm1d(4)",
                                    "BatchNorm1d(4).eval()"])  # fmt: skip
def test_a_norm_s_result_is_a_half_like_its_input(module: str) -> None:
    x = mg.randn(3, 4, dtype=mg.float16)
    for made in (eval(f"mg.nn.{module}"), eval(f"mg.nn.{module}").half()):
        assert made(x).dtype == mg.float16
        np.testing.assert_allclose(
            made(x).detach().numpy(), eval(f"mg.nn.{module}")(x.float()).detach().numpy(), 0.01, 2e-3
        )


# --- squares that overflow -----------------------------------------------------------------------------------

ROWS = mg.tensor([LARGE, [1.0, 2.0, 3.0, 4.0]])
NORMED = {
    "layer_norm": lambda x: F.layer_norm(x, (4,)),
    "layer_norm, weights": lambda x: F.layer_norm(x, (4,), mg.ones(4), mg.zeros(4)),
    "group_norm": lambda x: F.group_norm(x, 1),
    "instance_norm": lambda x: F.instance_norm(x.view(1, 2, 4))[0],
    "batch_norm": lambda x: F.batch_norm(x.T, training=True).T,
}


@pytest.mark.parametrize("name", NORMED)
def test_elements_whose_squares_overflow_are_normalized(name: str) -> None:
    for x in (ROWS, ROWS * 1e7, mg.tensor([[1e200 * n for n in (1, 2, 3, 4)], LARGE], dtype=mg.float64)):
        x = x.clone().requires_grad_()
        out = NORMED[name](x)
        np.testing.assert_allclose(out.detach().numpy(), [UNIT, UNIT], 1e-4)
        (g,) = mg.autograd.grad(out[:, 0].sum(), x)
        assert np.isfinite(g.numpy()).all()
    assert np.isnan(NORMED[name](mg.tensor([[1e30, NAN, 1.0, 2.0], [1.0] * 4]))[0].numpy()).all()


MEASURES = {
    "norm": (lambda x: x.norm(dim=1), math.sqrt(30), [n / math.sqrt(30) for n in (1, 2, 3, 4)]),
    "norm(3)": (lambda x: x.norm(3, dim=1), 100 ** (1 / 3), [n * n / 100 ** (2 / 3) for n in (1, 2, 3, 4)]),
    "std": (lambda x: x.std(1), 1.2909944, [-0.38729833, -0.12909944, 0.12909944, 0.38729833]),
    "pairwise_distance": (lambda x: F.pairwise_distance(x, x * 0), math.sqrt(30), None),
}


@pytest.mark.parametrize("name", MEASURES)
def test_a_size_is_finite_where_the_sum_of_squares_is_not(name: str) -> None:
    op, size, gradient = MEASURES[name]
    x = ROWS.clone().requires_grad_()
    out = op(x)
    np.testing.assert_allclose(out.detach().numpy(), [size * 1e30, size], 1e-5)
    out.sum().backward()
    assert gradient is None or np.allclose(x.grad.numpy(), [gradient, gradient], 1e-4)
    assert op(mg.tensor([[INF, 1.0], [NAN, 1.0]])).isfinite().tolist() == [False, False]


def test_directions_of_large_vectors() -> None:
    expected = np.array([1, 2, 3, 4]) / math.sqrt(30)
    np.testing.assert_allclose(F.normalize(ROWS).numpy(), [expected] * 2, 1e-5)
    np.testing.assert_allclose(F.rms_norm(ROWS, (4,)).numpy(), [expected * 2] * 2, 1e-5)
    np.testing.assert_allclose(F.cosine_similarity(ROWS, ROWS.flip(1)).numpy(), [2 / 3] * 2, 1e-5)


# --- nan is no number ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("op, expected", [
    (F.hardshrink, [NAN, -2, 0, 0, 2]),
    (F.softshrink, [NAN, -1.5, 0, 0, 1.5]),
    (lambda x: F.threshold(x, 0.1, 5.0), [NAN, 5, 5, 5, 2]),
    (lambda x: F.threshold(x, NAN, 5.0), [NAN, -2, -0.5, 0, 2]),
    (lambda x: F.kl_div(x, mg.zeros_like(x), reduction="none"), [NAN, 0, 0, 0, 0]),
    (mg.nn.Hardshrink(1.0), [NAN, -2, 0, 0, 2]),
])  # fmt: skip
def test_nan_stays_nan(op: Any, expected: list[float]) -> None:
    np.testing.assert_array_equal(op(mg.tensor([NAN, -2.0, -0.5, 0.0, 2.0])).numpy(), np.float32(expected))


@pytest.mark.parametrize("op", [mg.max, mg.min])
@pytest.mark.parametrize("values, gradient", [([NAN, NAN], [0.5, 0.5]), ([NAN, 1.0], [1, 0]), ([3.0, 3.0], [0.5, 0.5])])
def test_nans_share_the_gradient_of_an_extreme(op: Any, values: list[float], gradient: list[float]) -> None:
    x = mg.tensor(values, requires_grad=True)
    op(x).backward()
    assert x.grad.tolist() == gradient


# --- integers ----------------------------------------------------------------------------------------------------

IMAGE = mg.arange(1, 17, dtype=mg.uint8).view(1, 1, 4, 4)


@pytest.mark.parametrize("align_corners, expected", [  # PyTorch's
    (False, [[2, 4, 5], [7, 9, 10], [12, 14, 15]]), (True, [[1, 3, 4], [7, 9, 10], [13, 15, 16]]),
])  # fmt: skip
def test_bytes_are_interpolated_and_rounded(align_corners: bool, expected: list[list[int]]) -> None:
    out = F.interpolate(IMAGE, 3, mode="bilinear", align_corners=align_corners)
    assert out.dtype == mg.uint8 and out[0, 0].tolist() == expected
    wide = F.interpolate(IMAGE * 15, 9, mode="bicubic")  # which shoots beyond 0 and 255
    exact = F.interpolate((IMAGE * 15).float(), 9, mode="bicubic")
    assert ((wide.float() - exact.clamp(0, 255)).abs() <= 1).all()


@pytest.mark.parametrize("dtype", [mg.int64, mg.int32, mg.bool])
def test_integers_have_no_means(dtype: Any) -> None:
    image = IMAGE.to(dtype)
    for mode in ("bilinear", "bicubic", "area"):
        with pytest.raises(DtypeError, match="interpolate: .*float"):
            F.interpolate(image, 3, mode=mode)
    with pytest.raises(DtypeError, match="adaptive_avg_pool2d: the mean of integers"):
        F.adaptive_avg_pool2d(image, 3)
    with pytest.raises(DtypeError, match="avg_pool2d: the mean of integers"):
        F.avg_pool2d(image, 3, ceil_mode=True)
    assert F.interpolate(image, 3).dtype == dtype


# --- nothing, constants, one size for another ------------------------------------------------------------------

CONSTANTS = {
    "cdist of p = 0": (lambda x: mg.cdist(x, x * 2, p=0), (2, 3)),
    "norm of p = 0": (lambda x: x.norm(0), (2, 3)),
    "matrix_power 0": (lambda x: mg.linalg.matrix_power(x, 0), (2, 2)),
    "slogdet of 0 x 0": (lambda x: sum(mg.slogdet(x)), (0, 0)),
    "sign of slogdet": (lambda x: mg.slogdet(x).sign, (2, 2)),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_constant_s_gradient_is_zero_and_recorded(name: str) -> None:
    op, shape = CONSTANTS[name]
    x = mg.randn(*shape, requires_grad=True)
    op(x).sum().backward()
    assert x.grad.shape == shape and not x.grad.numpy().any()


@pytest.mark.parametrize("op", [F.softmax, F.log_softmax, F.softmin])
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0,)])
def test_second_order_of_nothing(op: Any, shape: tuple[int, ...]) -> None:
    x = mg.zeros(*shape, requires_grad=True)
    (g,) = mg.autograd.grad(op(x, -1).sum(), x, create_graph=True)
    (h,) = mg.autograd.grad(g.sum(), x)
    assert h.shape == shape


@pytest.mark.parametrize("stride, dilation, extra", [(2, 1, 1), (1, 3, 2), (2, 3, 2), (3, 2, 1)])
@pytest.mark.parametrize("dims", [1, 2])
def test_second_order_of_conv_transpose_with_output_padding(stride: int, dilation: int, extra: int, dims: int) -> None:
    x, w = (mg.randn(2, 2, *(2,) * dims, dtype=mg.float64, requires_grad=True) for _ in range(2))
    op = getattr(F, f"conv_transpose{dims}d")
    assert gradgradcheck(lambda a, b: op(a, b, None, stride, 1, extra, 1, dilation), (x, w))


@pytest.mark.parametrize("op", ["index_copy", "index_add", "scatter", "scatter_add"])
@pytest.mark.parametrize("index", [mg.tensor(0), mg.tensor([0])])
def test_second_order_in_0_dimensions(op: str, index: mg.Tensor) -> None:
    if index.ndim and op.startswith("scatter"):
        pytest.skip("scatter's index has the input's dimensions")
    x, source = mg.tensor(1.5, requires_grad=True), mg.tensor(2.0, requires_grad=True)
    out = getattr(mg, op)(x * x, 0, index, source * source)
    gradients = mg.autograd.grad(out, (x, source), create_graph=True)
    second = mg.autograd.grad(gradients[0] + gradients[1], (x, source))
    assert [g.item() for g in second] == [2.0 if "add" in op else 0.0, 2.0]


@pytest.mark.parametrize("mode, widths, expected", [
    ("replicate", (-1, 2), [1, 2, 3, 3, 3]), ("replicate", (-4, 2), [3, 3]), ("replicate", (2, -3), [0, 0, 0]),
    ("replicate", (5, -4), [0, 0, 0, 0, 0]), ("reflect", (-1, 2), [1, 2, 3, 2, 1]), ("reflect", (-4, 1), [2]),
    ("circular", (-1, 2), [1, 2, 3, 1, 2]), ("constant", (-4, 1), [0]),
])  # fmt: skip
def test_negative_padding_cuts_what_it_mirrors(mode: str, widths: tuple[int, int], expected: list[int]) -> None:
    assert F.pad(mg.arange(4.0).view(1, 1, 4), widths, mode).view(-1).tolist() == expected


@pytest.mark.parametrize("mode", ["replicate", "reflect", "circular", "constant"])
def test_more_cut_off_than_there_is(mode: str) -> None:
    with pytest.raises(ShapeError, match="pad: "):
        F.pad(mg.arange(4.0).view(1, 1, 4), (-3, -3), mode)


@pytest.mark.parametrize("shape", [(0, 2), (2, 0), (0, 2, 3), (2, 3, 0)])
def test_batch_norm_of_nothing_leaves_its_statistics(shape: tuple[int, ...]) -> None:
    x, weight = mg.zeros(*shape, requires_grad=True), mg.ones(shape[1], requires_grad=True)
    mean, variance = mg.full((shape[1],), 3.0), mg.full((shape[1],), 2.0)
    out = F.batch_norm(x, mean, variance, weight, mg.zeros(shape[1]), training=True)
    out.sum().backward()
    assert out.shape == x.grad.shape == shape and not weight.grad.numpy().any()
    assert mean.tolist() == [3.0] * shape[1] and variance.tolist() == [2.0] * shape[1]
    assert F.layer_norm(mg.zeros(2, 0), (0,)).shape == (2, 0)


@pytest.mark.parametrize("a, b, dims", [((1, 2), (3, 2), ([0], [0])), ((2, 3), (1, 2), 1), ((2, 1, 3), (3, 3, 2), 2)])
def test_tensordot_broadcasts_a_size_of_1(a: tuple[int, ...], b: tuple[int, ...], dims: Any) -> None:
    x, y = mg.randn(*a, dtype=mg.float64), mg.randn(*b, dtype=mg.float64)
    left, right = dims if isinstance(dims, tuple) else (range(len(a) - dims, len(a)), range(dims))
    wide = [np.array(x.numpy()), np.array(y.numpy())]
    for i, j in zip(left, right, strict=True):
        n = max(a[i], b[j])
        wide = [np.repeat(t, n // t.shape[d], d) for t, d in zip(wide, (i, j), strict=True)]
    expected = np.tensordot(*wide, (list(left), list(right)))
    np.testing.assert_allclose(mg.tensordot(x, y, dims).numpy(), expected, 1e-12)
    with pytest.raises(ShapeError, match="tensordot: expected pairs"):
        mg.tensordot(mg.ones(2, 2), mg.ones(3, 2), 1)


@pytest.mark.parametrize("order, shape", [(2, (0, 0)), (2, (2, 0)), (2, (0, 2)), ("nuc", (2, 0)), ("fro", (0, 2)),
                                          (1, (2, 0)), (INF, (0, 2)), (1, (0, 2)), (INF, (2, 0))])  # fmt: skip
def test_norms_of_empty_matrices_are_zero(order: Any, shape: tuple[int, ...]) -> None:
    assert mg.linalg.matrix_norm(mg.zeros(*shape), order).item() == 0
    assert mg.linalg.matrix_norm(mg.zeros(3, *shape), order).tolist() == [0, 0, 0]


@pytest.mark.parametrize("values, order, expected", [
    ([0.0, 2.0], -2, 0), ([1.0, 2.0], -1, 2 / 3), ([INF, INF], -1, INF), ([0.0, 0.0], -3, 0), ([3.0, INF], -2, 3),
])  # fmt: skip
def test_norms_of_negative_order(values: list[float], order: float, expected: float) -> None:
    assert mg.linalg.vector_norm(mg.tensor(values), order).item() == pytest.approx(expected)
    with pytest.raises(ShapeError, match="order -1: expected at least one element|at least one"):
        mg.linalg.vector_norm(mg.zeros(0), -1)
