"""Functions of one float32, so written that a loop over them is done for several at once."""

import math
from typing import Any

import numpy as np

from minigrad.executors.numba.compiled import inlined

f32: Any = np.float32
LOG2_E, LN2_HIGH, LN2_LOW = f32(1.4426950408889634), f32(0.693359375), f32(-2.12194440e-4)
# of e^r for |r| < ln(2) / 2, after Moshier's Cephes library: (((((a r + b) r + c) r + d) r + e) r + f) r^2 + r + 1
A, B, C, D, E, F = (
    f32(1.9875691500e-4), f32(1.3981999507e-3), f32(8.3334519073e-3), f32(4.1665795894e-2), f32(1.6666665459e-1),
    f32(5.0000001201e-1),
)  # fmt: skip
LEAST, MOST = f32(-87.33654), f32(88.02969)
ONE, TWO, HALF = f32(1), f32(2), f32(0.5)


@inlined
def exp(x: Any) -> Any:
    """e^x to 3e-7 of it: 2^n times a polynomial. Below e^-87 it is 0, above e^88 infinite; nan stays nan."""
    z = min(max(x, LEAST), MOST)
    n = f32(math.floor(z * LOG2_E + HALF))
    r = z - n * LN2_HIGH - n * LN2_LOW
    p = ((((A * r + B) * r + C) * r + D) * r + E) * r + F
    p = p * r * r + r + ONE
    power = np.int32((np.int32(n) + np.int32(127)) << np.int32(23))
    out = p * power.view(np.float32)
    out = f32(0) if x < LEAST else out
    out = f32(np.inf) if x > MOST else out
    return out if x == x else x


@inlined
def tanh(x: Any) -> Any:
    """1 - 2 / (e^(2 x) + 1), to 2e-7."""
    return ONE - TWO / (exp(TWO * x) + ONE)
