"""Rows of ops/trig.py and ops/special.py."""

import numpy as np

from minigrad.testing.opinfo.rows import Draw, Row, Sample, binary, unary

POSITIVE = Draw((), 0.2, 3.0)
EDGE = ("edge of the domain",)


TRIG = [
    unary("asin", -0.9, 0.9, numpy="arcsin", kinks=("gradient inf at -1 and 1",)),
    unary("acos", -0.9, 0.9, numpy="arccos", kinks=("gradient inf at -1 and 1",)),
    unary("atan", numpy="arctan"),
    unary("asinh", numpy="arcsinh"),
    unary("acosh", 1.2, 4, numpy="arccosh", kinks=("gradient inf at 1",)),
    unary("atanh", -0.8, 0.8, numpy="arctanh", kinks=("edges of the domain at -1 and 1",)),
    binary(
        "atan2",
        Draw((), 0.2, 2),
        Draw(()),
        numpy="arctan2",
        numbers=False,
        kinks=("the origin: gradient 0", "the negative axis"),
    ),
    binary("hypot", Draw((), 0.2, 2), Draw(()), numpy="hypot", kinks=("the origin: gradient 0",), numbers=False),
    Row("sinc", [Sample(Draw((3, 4), 0.2, 3)), Sample(Draw((), -2, -0.2)), Sample(Draw((0, 3)))], numpy="sinc"),
    unary("deg2rad", numpy="deg2rad"),
    unary("rad2deg", numpy="rad2deg"),
]

SPECIAL = [
    unary("erf"),
    unary("erfc"),
    unary("erfinv", -0.9, 0.9, kinks=("gradient inf at -1 and 1",)),
    unary("ndtr", torch="special.ndtr"),
    unary("ndtri", 0.1, 0.9, torch="special.ndtri", kinks=EDGE),
    unary("log_ndtr", -5, 2, torch="special.log_ndtr"),
    unary("lgamma", 0.3, 4, kinks=("poles at 0, -1, -2, ...",)),
    unary("digamma", 0.3, 4, rtol=1e-8, kinks=("poles at 0, -1, -2, ...",)),
    Row("polygamma", rtol=1e-8, samples=[Sample(0, Draw((3,), 0.5, 4)), Sample(1, Draw((3, 2), 0.5, 4)),
        Sample(3, Draw((), 0.5, 4))],
        dtypes=("float32", "float64"), kinks=("poles at 0, -1, -2, ...",)),
    Row("mvlgamma", [Sample(Draw((3,), 2, 4), 3), Sample(Draw((), 2, 4), 1)]),
    Row("logit", [Sample(Draw((3, 4), 0.1, 0.9)), Sample(Draw((3,), 0.1, 0.9), 0.05), Sample(Draw((), 0.2, 0.8))],
        kinks=EDGE),
    binary("logaddexp", numpy="logaddexp", numbers=False, kinks=("both -inf: gradient 0",)),
    binary("logaddexp2", numpy="logaddexp2", numbers=False, kinks=("both -inf: gradient 0",)),
    binary("xlogy", Draw(()), POSITIVE, numpy=lambda x, y: x * np.log(y)),
    binary("xlog1py", Draw(()), POSITIVE, torch="special.xlog1py", numpy=lambda x, y: x * np.log1p(y)),
]  # fmt: skip

ROWS = TRIG + SPECIAL
