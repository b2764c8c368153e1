"""What minigrad gives at kinks, ties and edges, and whether PyTorch gives the same: the one list of them, which the
tests read."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

INF, NAN = math.inf, math.nan
EYE = [[1, 0], [0, 1]]


@dataclass(frozen=True)
class Convention:
    """call(m, *inputs), where m is minigrad or torch and the inputs are float64 tensors; its value (None: not looked
    at); the gradients of its sum; and PyTorch's gradients where they differ."""

    case: str
    call: Callable[..., Any]
    inputs: tuple[Any, ...]
    value: Any
    gradients: tuple[Any, ...]
    pytorch: tuple[Any, ...] | None = None


def at(case: str, call: Callable[..., Any], x: Any, value: Any, gradient: Any, pytorch: Any = None) -> Convention:
    """A convention with one input."""
    return Convention(case, call, (x,), value, (gradient,), None if pytorch is None else (pytorch,))


def _f(m: Any) -> Any:
    return m.nn.functional


TIES = [
    at("max() of [3, 3, 1]", lambda m, x: x.max(), [3, 3, 1], 3, [0.5, 0.5, 0]),
    at("amax of [3, 3, 1]", lambda m, x: x.amax(0), [3, 3, 1], 3, [0.5, 0.5, 0]),
    at("max(dim) of [3, 3, 1]", lambda m, x: x.max(0).values, [3, 3, 1], 3, [1, 0, 0]),
    at("min(dim) of [1, 3, 1]", lambda m, x: x.min(0).values, [1, 3, 1], 1, [1, 0, 0]),
    Convention("maximum(2, 2)", lambda m, x, y: m.maximum(x, y), (2.0, 2.0), 2, (0.5, 0.5)),
    Convention("minimum(2, 2)", lambda m, x, y: m.minimum(x, y), (2.0, 2.0), 2, (0.5, 0.5)),
    Convention("fmax(nan, 2)", lambda m, x, y: m.fmax(x, y), (NAN, 2.0), 2, (0, 1)),
    Convention("fmax(2, 2)", lambda m, x, y: m.fmax(x, y), (2.0, 2.0), 2, (0.5, 0.5), (1, 0)),
    at("max() of [nan, 1]", lambda m, x: x.max(), [NAN, 1], NAN, [1, 0]),
    at("max() of [nan, nan]", lambda m, x: x.max(), [NAN, NAN], NAN, [0.5, 0.5]),
    at("amax of [nan, 1]", lambda m, x: x.amax(), [NAN, 1], NAN, [NAN, NAN]),
    at("sort of [2, 1, 2], times [1, 2, 3]",
       lambda m, x: x.sort().values * m.tensor([1.0, 2.0, 3.0], dtype=m.float64), [2, 1, 2], [1, 4, 6], [2, 1, 3]),
    at("cummax of [2, 2, 1]", lambda m, x: x.cummax(0).values, [2, 2, 1], [2, 2, 2], [1, 2, 0]),
    at("median() of [1, 1, 1]", lambda m, x: x.median(), [1, 1, 1], 1, [0, 1, 0], [1 / 3, 1 / 3, 1 / 3]),
    at("repeated index x[[0, 0]]", lambda m, x: x[[0, 0]], [1, 2], [1, 1], [2, 0]),
    at("max_pool1d of [2, 2]", lambda m, x: _f(m).max_pool1d(x, 2), [[[2.0, 2.0]]], [[[2.0]]], [[[1, 0]]]),
]  # fmt: skip

KINKS = [
    at("abs at 0", lambda m, x: x.abs(), 0, 0, 0),
    at("relu at 0", lambda m, x: x.relu(), 0, 0, 0),
    at("leaky_relu at 0, slope 0.1", lambda m, x: _f(m).leaky_relu(x, 0.1), 0, 0, 0.1),
    at("elu at 0, alpha=1.5", lambda m, x: _f(m).elu(x, 1.5), 0, 0, 1.5),
    at("relu6 at 0 and 6", lambda m, x: _f(m).relu6(x), [0, 6], [0, 6], [0, 0]),
    at("hardtanh at -1 and 1", lambda m, x: _f(m).hardtanh(x), [-1, 1], [-1, 1], [0, 0]),
    at("hardsigmoid at -3 and 3", lambda m, x: _f(m).hardsigmoid(x), [-3, 3], [0, 1], [0, 0]),
    at("hardswish at -3 and 3", lambda m, x: _f(m).hardswish(x), [-3, 3], [0, 3], [0, 1]),
    at("softshrink at -0.5 and 0.5", lambda m, x: _f(m).softshrink(x), [-0.5, 0.5], [0, 0], [0, 0]),
    at("hardshrink at -0.5 and 0.5", lambda m, x: _f(m).hardshrink(x), [-0.5, 0.5], [0, 0], [0, 0]),
    at("threshold(x, 1, 5) at 1", lambda m, x: _f(m).threshold(x, 1, 5), 1, 5, 0),
    at("clamp(x, 0, 1) at 0 and 1", lambda m, x: x.clamp(0, 1), [0, 1], [0, 1], [1, 1]),
    at("grid_sample(border) of [0, 1, 2] at its corners", lambda m, x: _f(m).grid_sample(
        m.arange(3, dtype=m.float64).view(1, 1, 1, 3).expand(1, 1, 3, 3), x, padding_mode="border", align_corners=True),
        [[[[1, 0], [0, 1]]]], [[[[2, 1]]]], [[[[0, 0], [1, 0]]]]),
    at("sqrt at 0", lambda m, x: x.sqrt(), 0, 0, INF),
    at("x ** 0 at 0", lambda m, x: x**0, 0, 1, 0),
    at("x ** 1 at 0", lambda m, x: x**1, 0, 0, 1),
    Convention("0 ** y at y = 0 and 2", lambda m, x, y: x**y, (0.0, [0, 2]), [1, 0], (0, [0, 0])),
    Convention("x ** y at x = -2, y = 3", lambda m, x, y: x**y, (-2.0, 3.0), -8, (12, NAN)),
    at("sinc at 0", lambda m, x: x.sinc(), 0, 1, 0),
    Convention("atan2(0, 0)", lambda m, y, x: m.atan2(y, x), (0.0, 0.0), 0, (0, 0)),
    Convention("hypot(0, 0)", lambda m, y, x: m.hypot(y, x), (0.0, 0.0), 0, (0, 0), (NAN, NAN)),
    Convention("xlogy(0, 0)", lambda m, x, y: m.xlogy(x, y), (0.0, 0.0), 0, (0, 0), (0, NAN)),
]  # fmt: skip

NORMS = [
    at("2-norm of zeros", lambda m, x: x.norm(), [0, 0], 0, [0, 0]),
    at("1-norm of zeros", lambda m, x: x.norm(1), [0, 0], 0, [0, 0]),
    at("3-norm of zeros", lambda m, x: x.norm(3), [0, 0], 0, [0, 0]),
    at("-2-norm of [0, 2]", lambda m, x: x.norm(-2), [0, 2], 0, [0, 0]),
    at("-1-norm of [inf, 2]", lambda m, x: x.norm(-1), [INF, 2], 2, [0, 1]),
    at("-1-norm of [inf, inf]", lambda m, x: x.norm(-1), [INF, INF], INF, [NAN, NAN]),
    at("3-norm of [inf, 1]", lambda m, x: x.norm(3), [INF, 1], INF, [0, 0], [NAN, 0]),
    at("3-norm of [1e200, 1e200]", lambda m, x: x.norm(3), [1e200, 1e200], 2 ** (1 / 3) * 1e200,
       [0.25 ** (1 / 3), 0.25 ** (1 / 3)], [NAN, NAN]),
    at("inf-norm of [1, -1]", lambda m, x: x.norm(INF), [1, -1], 1, [0.5, -0.5]),
    at("singular values of a unit matrix", lambda m, x: m.linalg.svdvals(x), EYE, [1, 1], EYE),
    at("eigenvalues of a unit matrix", lambda m, x: m.linalg.eigvalsh(x), EYE, [1, 1], EYE),
    at("nuclear norm of a unit matrix", lambda m, x: m.linalg.matrix_norm(x, "nuc"), EYE, 2, EYE),
    at("spectral norm of a unit matrix", lambda m, x: m.linalg.matrix_norm(x, 2), EYE, 1, [[0.5, 0], [0, 0.5]]),
    at("std of a constant", lambda m, x: x.std(), [2, 2, 2], 0, [0, 0, 0]),
    at("var of one element, correction=0", lambda m, x: x.var(correction=0), [2], 0, [0]),
    at("var of one element", lambda m, x: x.var(), [2], NAN, [NAN]),
    at("cdist of a point to itself", lambda m, x: m.cdist(x, x.detach()), [[1, 2]], [[0]], [[0, 0]]),
    at("normalize of zeros", lambda m, x: _f(m).normalize(x, dim=0), [0, 0], [0, 0], [1e12, 1e12]),
    Convention("cosine_similarity of zeros to [3, 4]", lambda m, x, y: _f(m).cosine_similarity(x, y, 0),
               ([0, 0], [3, 4]), 0, ([6e7, 8e7], [0, 0])),
]  # fmt: skip

PRODUCTS = [
    at("prod of [2, 0, 3]", lambda m, x: x.prod(), [2, 0, 3], 0, [0, 6, 0]),
    at("prod of [2, 0, 0]", lambda m, x: x.prod(), [2, 0, 0], 0, [0, 0, 0]),
    at("cumprod of [2, 0, 3]", lambda m, x: x.cumprod(0), [2, 0, 3], [2, 0, 0], [1, 8, 0]),
    at("det of [[1, 2], [2, 4]]", lambda m, x: m.det(x), [[1, 2], [2, 4]], 0, [[4, -2], [-2, 1]], [[0, 0], [0, 0]]),
    at("logsumexp of only -inf", lambda m, x: x.logsumexp(0), [-INF, -INF], -INF, [0, 0], [NAN, NAN]),
    Convention("logaddexp(-inf, -inf)", lambda m, x, y: m.logaddexp(x, y), (-INF, -INF), -INF, (0, 0), (NAN, NAN)),
    at("logcumsumexp of [-inf, 0]", lambda m, x: x.logcumsumexp(0), [-INF, 0.0], [-INF, 0], [0, 1], [NAN, 1]),
    at("softmax of only -inf", lambda m, x: x.softmax(0), [-INF, -INF], [NAN, NAN], [NAN, NAN]),
    at("where(x > 0, sqrt(x), 0) at 0", lambda m, x: m.where(x > 0, x.sqrt(), 0.0), 0, 0, 0, NAN),
    at("empty sum", lambda m, x: x.sum(), [], 0, []),
    at("empty prod", lambda m, x: x.prod(), [], 1, []),
    at("empty mean", lambda m, x: x.mean(), [], NAN, []),
    at("empty cumsum", lambda m, x: x.cumsum(0), [], [], []),
    at("softplus at -800, 50, 800", lambda m, x: _f(m).softplus(x), [-800, 50, 800], [0, 50, 800], [0, 1, 1]),
    at("sigmoid at -800, 800", lambda m, x: x.sigmoid(), [-800, 800], [0, 1], [0, 0]),
    at("nan_to_num of [nan, 1]", lambda m, x: x.nan_to_num(), [NAN, 1.0], [0, 1], [0, 1]),
]

GROUPS = {"Ties": TIES, "Kinks": KINKS, "Norms and spreads": NORMS, "Zeros, infinities, nothing at all": PRODUCTS}
CONVENTIONS = [convention for group in GROUPS.values() for convention in group]
