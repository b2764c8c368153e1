"""ops/pointwise/."""

import numpy as np

from minigrad.testing.opinfo.model import Array, SampleInput, binary, op, unary

POSITIVE = Array((), 0.2, 3.0)
NONZERO = Array((), away=(0.0,), gap=0.3)
EDGE = ("edge of the domain",)


WHOLE = Array((), then=np.round, grad=False)  # some of them equal
BASE = Array((3, 4), away=(0.0,), gap=0.3)
SPECIALS = SampleInput(Array((4,), then=lambda x: np.array([0.0, np.nan, np.inf, -np.inf])), name="specials")
SOME_NAN = Array((4,), then=lambda x: np.array([np.nan, *x[1:]]))
HALVES = tuple(n + 0.5 for n in range(-3, 3))
WHOLES = tuple(float(n) for n in range(-3, 4))

ARITHMETIC = [
    binary("add", numpy=lambda x, y, alpha=1: x + alpha * y, more=["3x4, 4x, alpha=2.5"]),
    binary("sub", numpy=lambda x, y, alpha=1: x - alpha * y, more=["3x4, 4x, alpha=2.5"]),
    binary("mul", numpy="multiply"),
    binary("div", y=NONZERO, more=["3x4, 0.7, rounding_mode='floor' | 3x4, 0.7, rounding_mode='trunc'"]),
    unary("neg", numpy="negative"),
    binary("floor_divide", Array((), away=WHOLES, gap=0.1), Array((), 0.99, 1.01), numpy="floor_divide", zero=True,
        kinks=("every jump",), torch=lambda torch, x, y: torch.div(x, y, rounding_mode="floor")),
    binary("remainder", y=Array((), 7, 9), more=["3x[0.1, 0.6], 0.7 | 3x[-0.6, -0.1], -0.7"], kinks=("every jump",)),
    binary("fmod", y=Array((), 7, 9), numpy="fmod", more=["3x[0.8, 1], 3x[0.6, 0.7]"], kinks=("every jump",)),
    unary("frac", away=WHOLES, kinks=("every integer",)),
    binary("copysign", NONZERO, NONZERO, numpy="copysign", kinks=(0.0,), zero=(1,)),
    op("addcmul", "3x4, 3x4, 4x | 4x, 3x4, 3x1, value=0.5"),
    op("addcdiv", "3x4, 3x4, 4x[1, 2] | 4x, 3x4, 3x1[1, 2], value=0.5"),
    op("lerp", "3x4, 4x, 0.3 | 3x4, 3x4, 3x4[0, 1]"),
    binary("pow", POSITIVE, numpy="power", more=[SampleInput(BASE, 3), SampleInput(BASE, -2.0),
        "3x4, 2.0 | 3x4, 0 | 3x4[0.2, 3], 0.5 | 2.0, 3x, name='number,3'"]),
    unary("square", numpy="square"),
    op("reciprocal", "3x4[0.3, 2] | 0d[-2, -0.3] | 0x2", numpy=lambda x: 1 / x, kinks=("pole at 0",)),
]  # fmt: skip

EXPONENTIALS = [
    *(unary(name, numpy=name) for name in ("exp", "exp2", "expm1", "sin", "cos", "sinh", "cosh", "tanh")),
    unary("tan", -1.2, 1.2, numpy="tan"),
    *(unary(name, 0.1, 4, numpy=name, kinks=("edge of the domain at 0",)) for name in ("log", "log2", "log10")),
    unary("log1p", -0.8, 4, numpy="log1p", kinks=("edge of the domain at -1",)),
    unary("sqrt", 0.1, 4, numpy="sqrt", kinks=("gradient inf at 0",)),
    unary("safe_sqrt", 0.1, 4, torch="sqrt", numpy="sqrt", kinks=("gradient 0 at 0, by convention",)),
    unary("rsqrt", 0.1, 4, numpy=lambda x: 1 / np.sqrt(x), kinks=("edge of the domain at 0",)),
]  # fmt: skip

STEPS = [
    *(unary(name, away=WHOLES, numpy=name, zero=True, kinks=("every integer",)) for name in ("floor", "ceil", "trunc")),
    unary("round", away=HALVES, more=[SampleInput(Array((3,), then=lambda x: np.round(x, 1) + 0.03), decimals=1)],
        zero=True, kinks=("every half",)),
    unary("positive", alias=True),
    binary("rsub", more=["3x4, 4x, alpha=2.5"]),
    op("float_power", "3x[0.2, 3], 3x | 3x, 2.0", dtypes=("float64",)),
    op("heaviside", SampleInput(Array((4,), away=(0.0,)), 0.5 * np.ones(()), name="4"),
        SampleInput(Array((4,), then=lambda x: x * 0, grad=False), Array((4,)), name="zeros"),
        torch=lambda torch, x, v: torch.where(x == 0, v, (x > 0).to(x.dtype)), zero=(0,), kinks=(0.0,)),
    unary("sign", away=(0.0,), numpy="sign", zero=True),
    unary("abs", away=(0.0,), numpy="abs"),
    unary("signbit", away=(0.0,), numpy="signbit", order=0),
]  # fmt: skip

LOGIC = [
    *(binary(name, WHOLE, WHOLE, numpy=numpy, order=0) for name, numpy in {"eq": "equal", "ne": "not_equal",
        "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal"}.items()),
    *(op(name, "b3x4, b4x | i3x4[0, 2), b3x1", numpy=name, order=0) for name in ("logical_and", "logical_or",
        "logical_xor")),
    op("logical_not", "b3x4 | i4x[0, 2)", numpy="logical_not", order=0),
    *(op(name, "b3x4, b4x | i3x4[0, 9), i4x[0, 9)", numpy=name, order=0) for name in ("bitwise_and", "bitwise_or",
        "bitwise_xor")),
    *(op(f"bitwise_{name}", "i3x4[0, 9), i4x[0, 9)", numpy=name, order=0) for name in ("left_shift", "right_shift")),
    op("bitwise_not", "b3x4 | i4x[0, 9)", numpy="invert", order=0),
    *(unary(name, numpy=name, order=0, more=[SPECIALS]) for name in ("isnan", "isinf", "isfinite")),
]  # fmt: skip

CHOICE = [
    *(binary(name, numpy=name, numbers=False, kinks=("ties: half each",)) for name in ("maximum", "minimum", "fmin")),
    binary("fmax", numpy="fmax", numbers=False, kinks=("ties: half each",),
        more=[SampleInput(SOME_NAN, Array((4,)), name="nan")]),
    op("nan_to_num", "3x4 | 0d", numpy="nan_to_num"),
    *(op(name, SampleInput(Array((3, 4), away=(0.5,)), 0.5), "3x4, 4x[-1, 1]", kinks=("the limit: gradient 1",))
        for name in ("clamp_min", "clamp_max")),
    op("where", "b3x4, 3x4, 3x4 | b3x1, 4x, 0d | b2x3, 2x3, 0.5 | b3x, 1.5, 3x, name='b3,number,3' | b0x3, 3x, 0d",
        numpy="where"),
    op("clamp", SampleInput(Array((3, 4), away=(-1.0, 1.0)), -1.0, 1.0),
        SampleInput(Array((3, 4), away=(0.5,)), min=0.5), SampleInput(Array((), away=(0.5,)), max=0.5),
        "0x2, 0, 1 | 3x4, 4x[-1.5, -0.5], 3x1[0.5, 1.5]",
        "3x4[0.5, 1], min=4x[2, 3] | 3x4[0.5, 1], max=4x[0, 0.3]",
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
    op("sinc", "3x4[0.2, 3] | 0d[-2, -0.2] | 0x3", numpy="sinc"),
    *(unary(name, numpy=name) for name in ("deg2rad", "rad2deg")),
]  # fmt: skip

SPECIAL = [
    *map(unary, ("erf", "erfc")),
    unary("erfinv", -0.9, 0.9, kinks=("gradient inf at -1 and 1",)),
    unary("ndtr", torch="special.ndtr"),
    unary("ndtri", 0.1, 0.9, torch="special.ndtri", kinks=EDGE),
    unary("log_ndtr", -5, 2, torch="special.log_ndtr"),
    unary("lgamma", 0.3, 4, kinks=("poles at 0, -1, -2, ...",)),
    unary("digamma", 0.3, 4, rtol=1e-8, kinks=("poles at 0, -1, -2, ...",)),
    op("polygamma", "0, 3x[0.5, 4] | 1, 3x2[0.5, 4] | 3, 0d[0.5, 4]", rtol=1e-8, dtypes=("float32", "float64"),
        kinks=("poles at 0, -1, -2, ...",)),
    op("mvlgamma", "3x[2, 4], 3 | 0d[2, 4], 1"),
    op("logit", "3x4[0.1, 0.9] | 3x[0.1, 0.9], 0.05 | 0d[0.2, 0.8]", kinks=EDGE),
    *(binary(name, numpy=name, numbers=False, kinks=("both -inf: gradient 0",))
        for name in ("logaddexp", "logaddexp2")),
    binary("xlogy", Array(()), POSITIVE, numpy=lambda x, y: x * np.log(y)),
    binary("xlog1py", Array(()), POSITIVE, torch="special.xlog1py", numpy=lambda x, y: x * np.log1p(y)),
]  # fmt: skip

op_db = ARITHMETIC + EXPONENTIALS + INVERSE + SPECIAL + STEPS + LOGIC + CHOICE
