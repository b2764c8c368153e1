"""Rows of ops/elementwise.py."""

from typing import Any

import numpy as np

from minigrad.testing.opinfo.rows import Draw, Row, Sample, binary, bools, ints, unary

X = Draw((3, 4))
POSITIVE = Draw((), 0.2, 3.0)
NONZERO = Draw((), away=(0.0,), gap=0.3)


def _specials(x: Any) -> Any:
    return np.array([0.0, np.nan, np.inf, -np.inf])


def _some_nan(x: Any) -> Any:
    return np.array([np.nan, *x[1:]])


def _compared(name: str, numpy: str) -> Row:
    """A comparison: bool results, some operands equal."""
    whole = Draw((), then=np.round, grad=False)
    return binary(name, whole, whole, numpy=numpy, order=0)


def _logical(name: str, numpy: str) -> Row:
    return Row(
        name, [Sample(bools((3, 4)), bools((4,))), Sample(ints((3, 4), 0, 2), bools((3, 1)))], numpy=numpy, order=0
    )


def _bitwise(name: str, numpy: str) -> Row:
    return Row(
        name, [Sample(bools((3, 4)), bools((4,))), Sample(ints((3, 4), 0, 9), ints((4,), 0, 9))], numpy=numpy, order=0
    )


def _pow() -> list[Sample]:
    base = Draw((3, 4), away=(0.0,), gap=0.3)
    return [
        Sample(base, 3), Sample(base, -2.0), Sample(Draw((3, 4)), 2.0), Sample(Draw((3, 4)), 0),
        Sample(Draw((3, 4), 0.2, 3.0), 0.5), Sample(2.0, Draw((3,)), called="number,3"),
    ]  # fmt: skip


HALVES = tuple(n + 0.5 for n in range(-3, 3))
WHOLES = tuple(float(n) for n in range(-3, 4))

ARITHMETIC = [
    binary("add", numpy=lambda x, y, alpha=1: x + alpha * y, more=[Sample(X, Draw((4,)), alpha=2.5)]),
    binary("sub", numpy=lambda x, y, alpha=1: x - alpha * y, more=[Sample(X, Draw((4,)), alpha=2.5)]),
    binary("mul", numpy="multiply"),
    binary("div", y=NONZERO, more=[Sample(X, 0.7, rounding_mode="floor"), Sample(X, 0.7, rounding_mode="trunc")]),
    unary("neg", numpy="negative"),
    binary(
        "floor_divide",
        Draw((), away=WHOLES, gap=0.1),
        Draw((), 0.99, 1.01),
        numpy="floor_divide",
        zero=True,
        kinks=("every jump",),
        torch=lambda torch, x, y: torch.div(x, y, rounding_mode="floor"),
    ),
    binary(
        "remainder",
        y=Draw((), 7, 9),
        more=[Sample(Draw((3,), 0.1, 0.6), 0.7), Sample(Draw((3,), -0.6, -0.1), -0.7)],
        kinks=("every jump",),
    ),
    binary(
        "fmod",
        y=Draw((), 7, 9),
        numpy="fmod",
        more=[Sample(Draw((3,), 0.8, 1), Draw((3,), 0.6, 0.7))],
        kinks=("every jump",),
    ),
    unary("frac", away=WHOLES, kinks=("every integer",)),
    binary("copysign", NONZERO, NONZERO, numpy="copysign", kinks=(0.0,), zero=(1,)),
    Row("addcmul", [Sample(X, Draw((3, 4)), Draw((4,))), Sample(Draw((4,)), X, Draw((3, 1)), value=0.5)]),
    Row("addcdiv", [Sample(X, Draw((3, 4)), Draw((4,), 1, 2)), Sample(Draw((4,)), X, Draw((3, 1), 1, 2), value=0.5)]),
    Row("lerp", [Sample(X, Draw((4,)), 0.3), Sample(X, Draw((3, 4)), Draw((3, 4), 0, 1))]),
    binary("pow", POSITIVE, numpy="power", more=_pow()),
    unary("square", numpy="square"),
    Row(
        "reciprocal",
        [Sample(Draw((3, 4), 0.3, 2)), Sample(Draw((), -2, -0.3)), Sample(Draw((0, 2)))],
        numpy=lambda x: 1 / x,
        kinks=("pole at 0",),
    ),
]

EXPONENTIALS = [
    unary("exp", numpy="exp"),
    unary("exp2", numpy="exp2"),
    unary("expm1", numpy="expm1"),
    unary("log", 0.1, 4, numpy="log", kinks=("edge of the domain at 0",)),
    unary("log2", 0.1, 4, numpy="log2", kinks=("edge of the domain at 0",)),
    unary("log10", 0.1, 4, numpy="log10", kinks=("edge of the domain at 0",)),
    unary("log1p", -0.8, 4, numpy="log1p", kinks=("edge of the domain at -1",)),
    unary("sqrt", 0.1, 4, numpy="sqrt", kinks=("gradient inf at 0",)),
    unary("safe_sqrt", 0.1, 4, torch="sqrt", numpy="sqrt", kinks=("gradient 0 at 0, by convention",)),
    unary("rsqrt", 0.1, 4, numpy=lambda x: 1 / np.sqrt(x), kinks=("edge of the domain at 0",)),
]

TRIGONOMETRY = [
    unary("sin", numpy="sin"),
    unary("cos", numpy="cos"),
    unary("tan", -1.2, 1.2, numpy="tan"),
    unary("sinh", numpy="sinh"),
    unary("cosh", numpy="cosh"),
    unary("tanh", numpy="tanh"),
]

STEPS = [
    unary("floor", away=WHOLES, numpy="floor", zero=True, kinks=("every integer",)),
    unary("ceil", away=WHOLES, numpy="ceil", zero=True, kinks=("every integer",)),
    unary("trunc", away=WHOLES, numpy="trunc", zero=True, kinks=("every integer",)),
    unary(
        "round",
        away=HALVES,
        more=[Sample(Draw((3,), then=lambda x: np.round(x, 1) + 0.03), decimals=1)],
        zero=True,
        kinks=("every half",),
    ),
    unary("positive", alias=True),
    binary("rsub", more=[Sample(X, Draw((4,)), alpha=2.5)]),
    Row("float_power", [Sample(Draw((3,), 0.2, 3), Draw((3,))), Sample(Draw((3,)), 2.0)], dtypes=("float64",)),
    Row(
        "heaviside",
        [
            Sample(Draw((4,), away=(0.0,)), 0.5 * np.ones(()), called="4"),
            Sample(Draw((4,), then=lambda x: x * 0, grad=False), Draw((4,)), called="zeros"),
        ],
        torch=lambda torch, x, v: torch.where(x == 0, v, (x > 0).to(x.dtype)),
        zero=(0,),
        kinks=(0.0,),
    ),
    unary("sign", away=(0.0,), numpy="sign", zero=True),
    unary("abs", away=(0.0,), numpy="abs"),
    unary("signbit", away=(0.0,), numpy="signbit", order=0),
]

LOGIC = [
    _compared("eq", "equal"), _compared("ne", "not_equal"), _compared("lt", "less"), _compared("le", "less_equal"),
    _compared("gt", "greater"), _compared("ge", "greater_equal"),
    _logical("logical_and", "logical_and"), _logical("logical_or", "logical_or"),
    _logical("logical_xor", "logical_xor"),
    Row("logical_not", [Sample(bools((3, 4))), Sample(ints((4,), 0, 2))], numpy="logical_not", order=0),
    _bitwise("bitwise_and", "bitwise_and"), _bitwise("bitwise_or", "bitwise_or"), _bitwise("bitwise_xor",
        "bitwise_xor"),
    Row("bitwise_not", [Sample(bools((3, 4))), Sample(ints((4,), 0, 9))], numpy="invert", order=0),
    *(
        unary(name, numpy=name, order=0, more=[Sample(Draw((4,), then=_specials), called="specials")])
        for name in ("isnan", "isinf", "isfinite")
    ),
]  # fmt: skip

CHOICE = [
    binary("maximum", numpy="maximum", numbers=False, kinks=("ties: half each",)),
    binary("minimum", numpy="minimum", numbers=False, kinks=("ties: half each",)),
    binary("fmax", numpy="fmax", numbers=False, kinks=("ties: half each",),
           more=[Sample(Draw((4,), then=_some_nan), Draw((4,)), called="nan")]),
    binary("fmin", numpy="fmin", numbers=False, kinks=("ties: half each",)),
    Row("nan_to_num", [Sample(X), Sample(Draw(()))], numpy="nan_to_num"),
    Row("clamp_min", [Sample(Draw((3, 4), away=(0.5,)), 0.5),
        Sample(X, Draw((4,), -1, 1))], kinks=("the limit: gradient 1",)),
    Row("clamp_max", [Sample(Draw((3, 4), away=(0.5,)), 0.5),
        Sample(X, Draw((4,), -1, 1))], kinks=("the limit: gradient 1",)),
    Row("where", [
        Sample(bools((3, 4)), X, Draw((3, 4))), Sample(bools((3, 1)), Draw((4,)), Draw(())),
        Sample(bools((2, 3)), Draw((2, 3)), 0.5), Sample(bools((3,)), 1.5, Draw((3,)), called="b3,number,3"),
        Sample(bools((0, 3)), Draw((3,)), Draw(())),
    ], numpy="where"),
    Row("clamp", [
        Sample(Draw((3, 4), away=(-1.0, 1.0)), -1.0, 1.0), Sample(Draw((3, 4), away=(0.5,)), min=0.5),
        Sample(Draw((), away=(0.5,)), max=0.5), Sample(Draw((0, 2)), 0, 1),
        Sample(Draw((3, 4)), Draw((4,), -1.5, -0.5), Draw((3, 1), 0.5, 1.5)),
        Sample(Draw((3, 4), 0.5, 1), min=Draw((4,), 2, 3)), Sample(Draw((3, 4), 0.5, 1), max=Draw((4,), 0, 0.3)),
    ], numpy=lambda x, min=None, max=None: np.clip(x, min, max), kinks=("the limits: gradient 1",)),
]  # fmt: skip

ROWS = ARITHMETIC + EXPONENTIALS + TRIGONOMETRY + STEPS + LOGIC + CHOICE
