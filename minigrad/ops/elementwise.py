"""Element by element: arithmetic, powers, exponentials, trigonometry, rounding, comparison, choice.

Every rule is the derivative as calculus has it, times the gradient `g` that arrives. Conventions at kinks and ties are
in docs/subgradients.md and in each docstring.
"""

import operator
from collections.abc import Callable
from typing import Any

from minigrad.backend import array_module
from minigrad.engine.elementwise import binary, floated, unary
from minigrad.engine.primitive import primitive
from minigrad.ops.creation import zeros_like

__all__ = [
    "abs", "add", "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "ceil", "clamp", "clip", "cos",
    "cosh", "div", "eq", "exp", "exp2", "expm1", "floor", "ge", "gt", "isfinite", "isinf", "isnan", "le", "log",
    "log10", "log1p", "log2", "logical_and", "logical_not", "logical_or", "logical_xor", "lt", "maximum",
    "minimum", "mul", "ne", "neg", "pow", "reciprocal", "round", "rsqrt", "safe_sqrt", "sign", "sin", "sinh",
    "sqrt", "square", "sub", "tan", "tanh", "trunc", "where",
]  # fmt: skip

Op = Callable[..., Any]
LN2, LN10 = 0.6931471805599453, 2.302585092994046

# --- arithmetic ---------------------------------------------------------------------------------------------------

_add = binary("add", "input + other.", lambda g: g, lambda g: g, operator.add)
_sub = binary("sub", "input - other.", lambda g: g, lambda g: -g, operator.sub)
mul = binary("mul", "input * other.", lambda g, other: g * other, lambda g, input: g * input, operator.mul)
_div = binary(
    "div", "input / other, in a floating dtype.",
    lambda g, other: g / other,
    lambda g, input, other: -(g / other) * (input / other),
    operator.truediv, floating=True,
)  # fmt: skip
neg = unary("neg", "-input.", lambda g: -g, operator.neg, floating=False)
pow = binary(
    "pow",
    "input ** other. The gradient of x**0 at 0 is 0; that of 0**y in y is 0 for y >= 0.",
    lambda g, input, other: g * other * input ** (other - (other != 0)),
    lambda g, input, other, out: g * out * log(where((input == 0) & (other >= 0), 1.0, input)),
    operator.pow,
)
square = unary("square", "input * input.", lambda g, input: g * (2 * input), floating=False)
reciprocal = unary("reciprocal", "1 / input.", lambda g, out: -g * out * out, lambda x: 1 / x)


def add(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """input + alpha * other, broadcast together."""
    return _add(input, other) if alpha == 1 else _add(input, mul(other, alpha))


def sub(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """input - alpha * other, broadcast together."""
    return _sub(input, other) if alpha == 1 else _sub(input, mul(other, alpha))


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    """input / other; integers give the default floating dtype. rounding_mode "trunc" or "floor" rounds the quotient
    (its gradient is then zero)."""
    if rounding_mode is None:
        return _div(input, other)
    if rounding_mode not in ("trunc", "floor"):
        raise ValueError(f'div: rounding_mode: expected None, "trunc" or "floor", got {rounding_mode!r}')
    return (trunc if rounding_mode == "trunc" else floor)(_div(input, other))


# --- exponentials, logarithms, roots --------------------------------------------------------------------------------

exp = unary("exp", "e ** input.", lambda g, out: g * out)
exp2 = unary("exp2", "2 ** input.", lambda g, out: g * (out * LN2))
expm1 = unary("expm1", "e ** input - 1, accurate near 0.", lambda g, out: g * (out + 1))
log: Op = unary("log", "The natural logarithm: -inf at 0, nan below.", lambda g, input: g / input)
log2 = unary("log2", "The logarithm to base 2.", lambda g, input: g / (input * LN2))
log10 = unary("log10", "The logarithm to base 10.", lambda g, input: g / (input * LN10))
log1p = unary("log1p", "log(1 + input), accurate near 0.", lambda g, input: g / (1 + input))
sqrt = unary("sqrt", "The square root. Its gradient at 0 is inf; see safe_sqrt.", lambda g, out: g * 0.5 / out)
safe_sqrt = unary(
    "safe_sqrt",
    "The square root with gradient 0 at 0, so that a norm or a standard deviation has a gradient where it is 0. "
    "A primitive for that convention's sake.",
    lambda g, out: where(out == 0, 0.0, g * 0.5 / where(out == 0, 1.0, out)),
    "sqrt",
)
rsqrt = unary("rsqrt", "1 / sqrt(input).", lambda g, out: g * -0.5 * out * out * out, lambda x: 1 / x**0.5)

# --- trigonometry -----------------------------------------------------------------------------------------------

sin = unary("sin", "The sine, in radians.", lambda g, input: g * cos(input))
cos: Op = unary("cos", "The cosine, in radians.", lambda g, input: -g * sin(input))
tan = unary("tan", "The tangent, in radians.", lambda g, out: g * (1 + out * out))
sinh = unary("sinh", "The hyperbolic sine.", lambda g, input: g * cosh(input))
cosh: Op = unary("cosh", "The hyperbolic cosine.", lambda g, input: g * sinh(input))
tanh = unary("tanh", "The hyperbolic tangent.", lambda g, out: g * (1 - out * out))

# --- rounding, sign: gradient zero ----------------------------------------------------------------------------------

floor = unary("floor", "The largest integer not above. Gradient 0.", lambda g: zeros_like(g), floating=False)
ceil = unary("ceil", "The smallest integer not below. Gradient 0.", lambda g: zeros_like(g), floating=False)
trunc = unary("trunc", "Rounded towards 0. Gradient 0.", lambda g: zeros_like(g), floating=False)
round = unary("round", "Rounded to the nearest, halves to even. Gradient 0.", lambda g: zeros_like(g), "rint", False)
sign = unary("sign", "-1, 0 or 1. Gradient 0.", lambda g: zeros_like(g), floating=False)
abs = unary("abs", "The absolute value. Gradient 0 at 0.", lambda g, input: g * sign(input), operator.abs, False)

# --- comparison and logic: no gradient --------------------------------------------------------------------------

eq = binary("eq", "input == other, element by element.", None, None, operator.eq)
ne = binary("ne", "input != other, element by element.", None, None, operator.ne)
lt = binary("lt", "input < other, element by element.", None, None, operator.lt)
le = binary("le", "input <= other, element by element.", None, None, operator.le)
gt = binary("gt", "input > other, element by element.", None, None, operator.gt)
ge = binary("ge", "input >= other, element by element.", None, None, operator.ge)
logical_and = binary("logical_and", "Both true (non-zero).", None, None, "logical_and")
logical_or = binary("logical_or", "Either true (non-zero).", None, None, "logical_or")
logical_xor = binary("logical_xor", "Exactly one true (non-zero).", None, None, "logical_xor")
logical_not = unary("logical_not", "Not true (zero).", None, "logical_not", floating=False)
bitwise_and = binary("bitwise_and", "input & other, for bool and integers.", None, None, operator.and_)
bitwise_or = binary("bitwise_or", "input | other, for bool and integers.", None, None, operator.or_)
bitwise_xor = binary("bitwise_xor", "input ^ other, for bool and integers.", None, None, operator.xor)
bitwise_not = unary("bitwise_not", "~input, for bool and integers.", None, operator.invert, floating=False)
isnan = unary("isnan", "Is it not a number?", None, "isnan", floating=False)
isinf = unary("isinf", "Is it infinite?", None, "isinf", floating=False)
isfinite = unary("isfinite", "Is it a finite number?", None, "isfinite", floating=False)

# --- choice -----------------------------------------------------------------------------------------------------

maximum = binary(
    "maximum",
    "The larger of the two; nan if either is nan. Where they are equal each gets half of the gradient.",
    lambda g, input, other: where(input == other, g * 0.5, g * (input > other)),
    lambda g, input, other: where(input == other, g * 0.5, g * (other > input)),
    "maximum",
)
minimum = binary(
    "minimum",
    "The smaller of the two; nan if either is nan. Where they are equal each gets half of the gradient.",
    lambda g, input, other: where(input == other, g * 0.5, g * (input < other)),
    lambda g, input, other: where(input == other, g * 0.5, g * (other < input)),
    "minimum",
)


@primitive(
    name="where",
    input=lambda g, condition: where(condition, g, 0.0),
    other=lambda g, condition: where(condition, 0.0, g),
)
def _where(condition: Any, input: Any, other: Any) -> Any:
    return array_module(condition).where(condition, input, other)


def where(condition: Any, input: Any, other: Any) -> Any:
    """input where the condition (bool) holds, else other; the three broadcast. The gradient goes the same way."""
    from minigrad.engine.elementwise import is_number, promoted
    from minigrad.tensor import Tensor

    if isinstance(condition, Tensor) or isinstance(input, Tensor) or isinstance(other, Tensor):
        if is_number(input) and is_number(other):
            from minigrad.ops.creation import tensor

            input = tensor(input, device=getattr(condition, "device", None))
        input, other = promoted(input, other)
    return _where(condition, input, other)


@primitive(input=lambda g, input, min, max: g * within(input, min, max))
def _clamp(input: Any, *, min: Any, max: Any) -> Any:
    return array_module(input).clip(input, min, max)


def within(input: Any, low: Any, high: Any) -> Any:
    """Which elements lie in [low, high]; None: no limit."""
    if low is None:
        return input <= high
    return input >= low if high is None else (input >= low) & (input <= high)


def clamp(input: Any, min: Any = None, max: Any = None) -> Any:
    """Limited to [min, max]: numbers or tensors, None for no limit. The gradient is 1 on the limits, as in PyTorch.

    Raises ValueError if neither is given.
    """
    from minigrad.engine.elementwise import is_number

    if min is None and max is None:
        raise ValueError("clamp: at least one of min and max must be given")
    if all(limit is None or is_number(limit) for limit in (min, max)):
        if input.dtype.kind in "biu" and any(isinstance(limit, float) for limit in (min, max)):
            input = floated(input)
        return _clamp(input, min=min, max=max)
    out = input
    if min is not None:
        out = where(out < min, min, out)
    return out if max is None else where(out > max, max, out)


clip = clamp
