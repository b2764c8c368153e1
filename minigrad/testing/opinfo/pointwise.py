"""ops/pointwise/."""

from typing import Any

import numpy as np

from minigrad.testing.opinfo.model import Array, OpInfo, SampleInput, binary, bools, ints, unary

X = Array((3, 4))
POSITIVE = Array((), 0.2, 3.0)
NONZERO = Array((), away=(0.0,), gap=0.3)
EDGE = ("edge of the domain",)


def _specials(x: Any) -> Any:
    return np.array([0.0, np.nan, np.inf, -np.inf])


def _some_nan(x: Any) -> Any:
    return np.array([np.nan, *x[1:]])


def _compared(name: str, numpy: str) -> OpInfo:
    """A comparison: bool results, some operands equal."""
    whole = Array((), then=np.round, grad=False)
    return binary(name, whole, whole, numpy=numpy, order=0)


def _logical(name: str, numpy: str) -> OpInfo:
    samples = [SampleInput(bools((3, 4)), bools((4,))), SampleInput(ints((3, 4), 0, 2), bools((3, 1)))]
    return OpInfo(name, samples, numpy=numpy, order=0)


def _bitwise(name: str, numpy: str) -> OpInfo:
    samples = [SampleInput(bools((3, 4)), bools((4,))), SampleInput(ints((3, 4), 0, 9), ints((4,), 0, 9))]
    return OpInfo(name, samples, numpy=numpy, order=0)


def _pow() -> list[SampleInput]:
    base = Array((3, 4), away=(0.0,), gap=0.3)
    return [
        SampleInput(base, 3), SampleInput(base, -2.0), SampleInput(Array((3, 4)), 2.0), SampleInput(Array((3, 4)), 0),
        SampleInput(Array((3, 4), 0.2, 3.0), 0.5), SampleInput(2.0, Array((3,)), name="number,3"),
    ]  # fmt: skip


HALVES = tuple(n + 0.5 for n in range(-3, 3))
WHOLES = tuple(float(n) for n in range(-3, 4))

ARITHMETIC = [
    binary("add", numpy=lambda x, y, alpha=1: x + alpha * y, more=[SampleInput(X, Array((4,)), alpha=2.5)]),
    binary("sub", numpy=lambda x, y, alpha=1: x - alpha * y, more=[SampleInput(X, Array((4,)), alpha=2.5)]),
    binary("mul", numpy="multiply"),
    binary("div", y=NONZERO, more=[SampleInput(X, 0.7, rounding_mode="floor"),
        SampleInput(X, 0.7, rounding_mode="trunc")]),
    unary("neg", numpy="negative"),
    binary("floor_divide", Array((), away=WHOLES, gap=0.1), Array((), 0.99, 1.01), numpy="floor_divide", zero=True,
        kinks=("every jump",), torch=lambda torch, x, y: torch.div(x, y, rounding_mode="floor")),
    binary("remainder", y=Array((), 7, 9), more=[SampleInput(Array((3,), 0.1, 0.6), 0.7),
        SampleInput(Array((3,), -0.6, -0.1), -0.7)], kinks=("every jump",)),
    binary("fmod", y=Array((), 7, 9), numpy="fmod", more=[SampleInput(Array((3,), 0.8, 1), Array((3,), 0.6, 0.7))],
        kinks=("every jump",)),
    unary("frac", away=WHOLES, kinks=("every integer",)),
    binary("copysign", NONZERO, NONZERO, numpy="copysign", kinks=(0.0,), zero=(1,)),
    OpInfo("addcmul", [SampleInput(X, Array((3, 4)), Array((4,))),
        SampleInput(Array((4,)), X, Array((3, 1)), value=0.5)]),
    OpInfo("addcdiv", [SampleInput(X, Array((3, 4)), Array((4,), 1, 2)),
        SampleInput(Array((4,)), X, Array((3, 1), 1, 2), value=0.5)]),
    OpInfo("lerp", [SampleInput(X, Array((4,)), 0.3), SampleInput(X, Array((3, 4)), Array((3, 4), 0, 1))]),
    binary("pow", POSITIVE, numpy="power", more=_pow()),
    unary("square", numpy="square"),
    OpInfo("reciprocal", [SampleInput(Array((3, 4), 0.3, 2)), SampleInput(Array((), -2, -0.3)),
        SampleInput(Array((0, 2)))], numpy=lambda x: 1 / x, kinks=("pole at 0",)),
]  # fmt: skip

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
]  # fmt: skip

TRIGONOMETRY = [
    unary("sin", numpy="sin"),
    unary("cos", numpy="cos"),
    unary("tan", -1.2, 1.2, numpy="tan"),
    unary("sinh", numpy="sinh"),
    unary("cosh", numpy="cosh"),
    unary("tanh", numpy="tanh"),
]  # fmt: skip

STEPS = [
    unary("floor", away=WHOLES, numpy="floor", zero=True, kinks=("every integer",)),
    unary("ceil", away=WHOLES, numpy="ceil", zero=True, kinks=("every integer",)),
    unary("trunc", away=WHOLES, numpy="trunc", zero=True, kinks=("every integer",)),
    unary("round", away=HALVES, more=[SampleInput(Array((3,), then=lambda x: np.round(x, 1) + 0.03), decimals=1)],
        zero=True, kinks=("every half",)),
    unary("positive", alias=True),
    binary("rsub", more=[SampleInput(X, Array((4,)), alpha=2.5)]),
    OpInfo("float_power", [SampleInput(Array((3,), 0.2, 3), Array((3,))), SampleInput(Array((3,)), 2.0)],
        dtypes=("float64",)),
    OpInfo("heaviside", [SampleInput(Array((4,), away=(0.0,)), 0.5 * np.ones(()), name="4"),
        SampleInput(Array((4,), then=lambda x: x * 0, grad=False), Array((4,)), name="zeros")],
        torch=lambda torch, x, v: torch.where(x == 0, v, (x > 0).to(x.dtype)), zero=(0,), kinks=(0.0,)),
    unary("sign", away=(0.0,), numpy="sign", zero=True),
    unary("abs", away=(0.0,), numpy="abs"),
    unary("signbit", away=(0.0,), numpy="signbit", order=0),
]  # fmt: skip

LOGIC = [
    _compared("eq", "equal"),
    _compared("ne", "not_equal"),
    _compared("lt", "less"),
    _compared("le", "less_equal"),
    _compared("gt", "greater"),
    _compared("ge", "greater_equal"),
    _logical("logical_and", "logical_and"),
    _logical("logical_or", "logical_or"),
    _logical("logical_xor", "logical_xor"),
    OpInfo("logical_not", [SampleInput(bools((3, 4))), SampleInput(ints((4,), 0, 2))], numpy="logical_not", order=0),
    _bitwise("bitwise_and", "bitwise_and"),
    _bitwise("bitwise_or", "bitwise_or"),
    _bitwise("bitwise_xor", "bitwise_xor"),
    OpInfo("bitwise_not", [SampleInput(bools((3, 4))), SampleInput(ints((4,), 0, 9))], numpy="invert", order=0),
    *(unary(name, numpy=name, order=0, more=[SampleInput(Array((4,), then=_specials),
        name="specials")]) for name in ("isnan", "isinf", "isfinite")),
]  # fmt: skip

CHOICE = [
    binary("maximum", numpy="maximum", numbers=False, kinks=("ties: half each",)),
    binary("minimum", numpy="minimum", numbers=False, kinks=("ties: half each",)),
    binary("fmax", numpy="fmax", numbers=False, kinks=("ties: half each",),
        more=[SampleInput(Array((4,), then=_some_nan), Array((4,)), name="nan")]),
    binary("fmin", numpy="fmin", numbers=False, kinks=("ties: half each",)),
    OpInfo("nan_to_num", [SampleInput(X), SampleInput(Array(()))], numpy="nan_to_num"),
    OpInfo("clamp_min", [SampleInput(Array((3, 4), away=(0.5,)), 0.5), SampleInput(X, Array((4,), -1, 1))],
        kinks=("the limit: gradient 1",)),
    OpInfo("clamp_max", [SampleInput(Array((3, 4), away=(0.5,)), 0.5), SampleInput(X, Array((4,), -1, 1))],
        kinks=("the limit: gradient 1",)),
    OpInfo("where", [SampleInput(bools((3, 4)), X, Array((3, 4))), SampleInput(bools((3, 1)), Array((4,)), Array(())),
        SampleInput(bools((2, 3)), Array((2, 3)), 0.5), SampleInput(bools((3,)), 1.5, Array((3,)), name="b3,number,3"),
        SampleInput(bools((0, 3)), Array((3,)), Array(()))], numpy="where"),
    OpInfo("clamp", [SampleInput(Array((3, 4), away=(-1.0, 1.0)), -1.0, 1.0),
        SampleInput(Array((3, 4), away=(0.5,)), min=0.5), SampleInput(Array((), away=(0.5,)), max=0.5),
        SampleInput(Array((0, 2)), 0, 1), SampleInput(Array((3, 4)), Array((4,), -1.5, -0.5), Array((3, 1), 0.5, 1.5)),
        SampleInput(Array((3, 4), 0.5, 1), min=Array((4,), 2, 3)),
        SampleInput(Array((3, 4), 0.5, 1), max=Array((4,), 0, 0.3))],
        numpy=lambda x, min=None, max=None: np.clip(x, min, max), kinks=("the limits: gradient 1",)),
]  # fmt: skip

INVERSE = [
    unary("asin", -0.9, 0.9, numpy="arcsin", kinks=("gradient inf at -1 and 1",)),
    unary("acos", -0.9, 0.9, numpy="arccos", kinks=("gradient inf at -1 and 1",)),
    unary("atan", numpy="arctan"),
    unary("asinh", numpy="arcsinh"),
    unary("acosh", 1.2, 4, numpy="arccosh", kinks=("gradient inf at 1",)),
    unary("atanh", -0.8, 0.8, numpy="arctanh", kinks=("edges of the domain at -1 and 1",)),
    binary("atan2", Array((), 0.2, 2), Array(()), numpy="arctan2", numbers=False,
        kinks=("the origin: gradient 0", "the negative axis")),
    binary("hypot", Array((), 0.2, 2), Array(()), numpy="hypot", kinks=("the origin: gradient 0",), numbers=False),
    OpInfo("sinc", [SampleInput(Array((3, 4), 0.2, 3)), SampleInput(Array((), -2, -0.2)), SampleInput(Array((0, 3)))],
        numpy="sinc"),
    unary("deg2rad", numpy="deg2rad"),
    unary("rad2deg", numpy="rad2deg"),
]  # fmt: skip

SPECIAL = [
    unary("erf"),
    unary("erfc"),
    unary("erfinv", -0.9, 0.9, kinks=("gradient inf at -1 and 1",)),
    unary("ndtr", torch="special.ndtr"),
    unary("ndtri", 0.1, 0.9, torch="special.ndtri", kinks=EDGE),
    unary("log_ndtr", -5, 2, torch="special.log_ndtr"),
    unary("lgamma", 0.3, 4, kinks=("poles at 0, -1, -2, ...",)),
    unary("digamma", 0.3, 4, rtol=1e-8, kinks=("poles at 0, -1, -2, ...",)),
    OpInfo("polygamma", rtol=1e-8, samples=[SampleInput(0, Array((3,), 0.5, 4)), SampleInput(1, Array((3, 2), 0.5, 4)),
        SampleInput(3, Array((), 0.5, 4))], dtypes=("float32", "float64"), kinks=("poles at 0, -1, -2, ...",)),
    OpInfo("mvlgamma", [SampleInput(Array((3,), 2, 4), 3), SampleInput(Array((), 2, 4), 1)]),
    OpInfo("logit", [SampleInput(Array((3, 4), 0.1, 0.9)), SampleInput(Array((3,), 0.1, 0.9), 0.05),
        SampleInput(Array((), 0.2, 0.8))], kinks=EDGE),
    binary("logaddexp", numpy="logaddexp", numbers=False, kinks=("both -inf: gradient 0",)),
    binary("logaddexp2", numpy="logaddexp2", numbers=False, kinks=("both -inf: gradient 0",)),
    binary("xlogy", Array(()), POSITIVE, numpy=lambda x, y: x * np.log(y)),
    binary("xlog1py", Array(()), POSITIVE, torch="special.xlog1py", numpy=lambda x, y: x * np.log1p(y)),
]  # fmt: skip

op_db = ARITHMETIC + EXPONENTIALS + TRIGONOMETRY + INVERSE + SPECIAL + STEPS + LOGIC + CHOICE
