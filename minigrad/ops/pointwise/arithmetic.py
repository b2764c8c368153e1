"""Element by element: arithmetic, powers, exponentials, trigonometry, rounding, comparison, choice.

Every rule is the derivative as calculus has it, times the gradient `g` that arrives. Conventions at kinks and ties are
in docs/subgradients.md and in each docstring.
"""

import operator
import warnings
from collections.abc import Callable
from typing import Any

from minigrad.backend import array_module, assert_all
from minigrad.dtypes import finfo, floating
from minigrad.engine.dispatch import primitive
from minigrad.engine.elementwise import binary, unary
from minigrad.engine.messages import describe
from minigrad.engine.promotion import floated, is_number, promoted
from minigrad.engine.tensor import Tensor
from minigrad.errors import DtypeError
from minigrad.ops.api import one_of, public, raise_not_tensor, same_dtype
from minigrad.ops.array.creation import ones_like, tensor, zeros_like
from minigrad.ops.index.nonzero import nonzero
from minigrad.ops.overloads import with_numbers_first
from minigrad.ops.pointwise.cast import clone

__all__ = [
    "abs", "absolute", "add", "addcdiv", "addcmul", "bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or",
    "bitwise_right_shift", "bitwise_xor", "ceil", "clamp", "clamp_max", "clamp_min", "clip", "copysign", "cos",
    "cosh", "div", "divide", "eq", "exp", "exp2", "expm1", "fix", "float_power", "floor", "floor_divide", "fmax",
    "fmin", "fmod", "frac", "ge", "greater", "greater_equal", "gt", "heaviside", "isfinite", "isinf", "isnan", "le",
    "lerp", "less", "less_equal", "log", "log10", "log1p", "log2", "logical_and", "logical_not", "logical_or",
    "logical_xor", "lt", "maximum", "minimum", "mul", "multiply", "nan_to_num", "ne", "neg", "negative", "not_equal",
    "positive", "pow", "reciprocal", "remainder", "round", "rsqrt", "rsub", "safe_sqrt", "sgn", "sign", "signbit",
    "sin", "sinh", "sqrt", "square", "sub", "subtract", "tan", "tanh", "true_divide", "trunc", "where",
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


def _expect_numbers(op: str, x: Any, y: Any) -> None:
    if all(isinstance(v, bool) or (hasattr(v, "dtype") and v.dtype.kind == "b") for v in (x, y)):
        raise DtypeError(f"{op}: expected numbers, got bool and bool; cast one with .to()")


def _power(x: Any, y: Any) -> Any:
    _expect_numbers("pow", x, y)
    return operator.pow(x, y)


_pow = binary(
    "pow", "input ** other. The gradient of x**0 at 0 is 0; that of 0**y in y is 0 for y >= 0.",
    lambda g, input, other: g * other * input ** (other - (other != 0)),
    lambda g, input, other, out: g * out * log(where((input == 0) & (other >= 0), ones_like(other), input)),
    _power,
)  # fmt: skip


def pow(input: Any, exponent: Any) -> Any:
    """input ** exponent. The gradient of x**0 at 0 is 0; that of 0**y in y is 0 for y >= 0."""
    return _pow(input, exponent)


square = unary("square", "input * input.", lambda g, input: g * (2 * input), floating=False)
reciprocal = unary("reciprocal", "1 / input.", lambda g, out: -g * out * out, lambda x: 1 / x)


def add(input: Any, other: Any, *old: Any, alpha: Any = 1) -> Any:
    """input + alpha * other, broadcast together."""
    if old:
        return with_numbers_first(add, 2, (input, other, *old), alpha=alpha)
    return _add(input, other) if alpha == 1 else _add(input, _scaled("add", input, other, alpha))


def sub(input: Any, other: Any, *old: Any, alpha: Any = 1) -> Any:
    """input - alpha * other, broadcast together."""
    if old:
        return with_numbers_first(sub, 2, (input, other, *old), alpha=alpha)
    return _sub(input, other) if alpha == 1 else _sub(input, _scaled("sub", input, other, alpha))


def _scaled(op: str, input: Any, other: Any, alpha: Any) -> Any:
    if isinstance(alpha, float) and _whole(input) and _whole(other):
        raise DtypeError(f"{op}: alpha: expected an integer for integers, got {alpha}")
    return other * alpha


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    """input / other; integers give the default floating dtype. rounding_mode "trunc" or "floor" rounds the quotient
    (its gradient is then zero)."""
    if rounding_mode is None:
        return _div(input, other)
    one_of("div", "rounding_mode", rounding_mode, None, "trunc", "floor")
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if _whole(input) and _whole(other):
        return floor_divide(_sub(input, fmod(input, other)), other)
    return trunc(_div(input, other))


def _whole(x: Any) -> bool:
    return isinstance(x, int) or (hasattr(x, "dtype") and x.dtype.kind in "biu")


def _by_nonzero(op: str, divide: Any) -> Any:
    """A division that refuses integers by zero, which have no value to give."""

    def forward(x: Any, y: Any) -> Any:
        if _whole(x) and _whole(y):
            _expect_numbers(op, x, y)
            assert_all(y != 0, ZeroDivisionError, f"{op}: integers have no quotient by zero")
        return divide(x, y)

    return forward


floor_divide = binary(
    "floor_divide", "The quotient, rounded down. Gradient 0.", lambda g: zeros_like(g), lambda g: zeros_like(g),
    _by_nonzero("floor_divide", operator.floordiv),
)  # fmt: skip
remainder = binary(
    "remainder", "input - other * floor(input / other): has the sign of other.",
    lambda g: g, lambda g, input, other: -g * floor(input / other), _by_nonzero("remainder", operator.mod),
)  # fmt: skip
fmod = binary(
    "fmod", "input - other * trunc(input / other): has the sign of input.",
    lambda g: g, lambda g, input, other: -g * trunc(input / other),
    _by_nonzero("fmod", lambda x, y: array_module(x if hasattr(x, "dtype") else y).fmod(x, y)),
)  # fmt: skip
copysign = binary(
    "copysign", "The size of input with the sign of other. Gradient 0 at 0.",
    lambda g, input, out: g * (sign(input) * sign(out)), lambda g: zeros_like(g), floating=True,
)  # fmt: skip


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

floor: Op = unary("floor", "The largest integer not above. Gradient 0.", lambda g: zeros_like(g), floating=False)
ceil = unary("ceil", "The smallest integer not below. Gradient 0.", lambda g: zeros_like(g), floating=False)
trunc: Op = unary("trunc", "Rounded towards 0. Gradient 0.", lambda g: zeros_like(g), floating=False)
_round = unary("round", "Rounded to the nearest, halves to even. Gradient 0.", lambda g: zeros_like(g), "rint", False)
sign: Op = unary("sign", "-1, 0 or 1. Gradient 0.", lambda g: zeros_like(g), floating=False)
signbit = unary("signbit", "Is it negative (-0. is)?", None, floating=False)
abs = unary("abs", "The absolute value. Gradient 0 at 0.", lambda g, input: g * sign(input), operator.abs, False)


@public
def round(input: Any, *, decimals: int = 0) -> Any:
    """Rounded to the nearest (to so many decimals), halves to even. Gradient 0."""
    raise_not_tensor("round", input=input)
    if decimals >= 0 and input.dtype.kind in "biu":
        return input * 1  # whole numbers are round
    if decimals == 0:
        return _round(input)
    return _round(input * 10.0**decimals) / 10.0**decimals


@public
def positive(input: Any) -> Any:
    """The input itself."""
    raise_not_tensor("positive", input=input)
    return input


@public
def rsub(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """other - alpha * input."""
    return sub(other, input, alpha=alpha)


@public
def frac(input: Any) -> Any:
    """input - trunc(input)."""
    return input - trunc(input)


# --- comparison and logic: no gradient --------------------------------------------------------------------------

eq = binary("eq", "input == other, element by element.", None, None, operator.eq)
ne = binary("ne", "input != other, element by element.", None, None, operator.ne)
lt = binary("lt", "input < other, element by element.", None, None, operator.lt)
le = binary("le", "input <= other, element by element.", None, None, operator.le)
gt = binary("gt", "input > other, element by element.", None, None, operator.gt)
ge = binary("ge", "input >= other, element by element.", None, None, operator.ge)
logical_and = binary("logical_and", "Both true (non-zero).", None, None)
logical_or = binary("logical_or", "Either true (non-zero).", None, None)
logical_xor = binary("logical_xor", "Exactly one true (non-zero).", None, None)
logical_not = unary("logical_not", "Not true (zero).", None, floating=False)
bitwise_and = binary("bitwise_and", "input & other, for bool and integers.", None, None, operator.and_)
bitwise_or = binary("bitwise_or", "input | other, for bool and integers.", None, None, operator.or_)
bitwise_xor = binary("bitwise_xor", "input ^ other, for bool and integers.", None, None, operator.xor)
bitwise_left_shift = binary(
    "bitwise_left_shift", "input << other, for integers: what is shifted out is lost.", None, None, operator.lshift
)  # fmt: skip
bitwise_right_shift = binary(
    "bitwise_right_shift", "input >> other, for integers: the sign stays.", None, None, operator.rshift
)  # fmt: skip
bitwise_not = unary("bitwise_not", "~input, for bool and integers.", None, operator.invert, floating=False)
isnan = unary("isnan", "Is it not a number?", None, floating=False)
isinf = unary("isinf", "Is it infinite?", None, floating=False)
isfinite = unary("isfinite", "Is it a finite number?", None, floating=False)

# --- choice -----------------------------------------------------------------------------------------------------

maximum = binary(
    "maximum", "The larger of the two; nan if either is nan. Where they are equal each gets half of the gradient.",
    lambda g, input, other: where(input == other, g * 0.5, g * (input > other)),
    lambda g, input, other: where(input == other, g * 0.5, g * (other > input)),
)  # fmt: skip
minimum = binary(
    "minimum", "The smaller of the two; nan if either is nan. Where they are equal each gets half of the gradient.",
    lambda g, input, other: where(input == other, g * 0.5, g * (input < other)),
    lambda g, input, other: where(input == other, g * 0.5, g * (other < input)),
)  # fmt: skip


@primitive(name="where", zero_preserving=True, input=lambda g, condition: where(condition, g, 0.0),
           other=lambda g, condition: where(condition, 0.0, g))  # fmt: skip
def _where(condition: Any, input: Any, other: Any) -> Any:
    if condition.dtype.char != "?":
        condition = _as_condition(condition)
    return array_module(condition).where(condition, input, other)


def _as_condition(condition: Any) -> Any:
    """uint8 as bool, with a warning: what PyTorch had before it had bool. DtypeError for others."""
    if condition.dtype.char != "B":
        raise DtypeError(f"where: `condition`: expected bool, got {describe(condition)}; convert it with .bool()")
    warnings.warn("where: condition: uint8 is deprecated; convert it with .bool()", FutureWarning, stacklevel=4)
    return condition.astype(bool)


def where(condition: Any, input: Any = None, other: Any = None) -> Any:
    """input where the condition (bool) holds, else other; the three broadcast. The gradient goes the same way. Raises
    DtypeError for another dtype than bool (uint8: warns). where(condition): `nonzero` as a tuple."""
    if input is None or other is None:
        return _places(condition, input, other)
    if isinstance(condition, Tensor) or isinstance(input, Tensor) or isinstance(other, Tensor):
        if is_number(input) and is_number(other):
            input = tensor(input, device=getattr(condition, "device", None))
        input, other = promoted(input, other)
    if not hasattr(condition, "dtype"):
        raise_not_tensor("where", condition=condition)
    return _where(condition, input, other)


def _places(condition: Any, input: Any, other: Any) -> Any:
    if not (input is None and other is None):
        raise TypeError("where: expected a condition, input and other, or a condition alone; got two of the three")
    if not hasattr(condition, "dtype"):
        raise_not_tensor("where", condition=condition)
    return nonzero(condition, as_tuple=True)


def zero_if_minus_inf(x: Any) -> Any:
    """0 in place of -inf: where a log-sum-exp is -inf all its operands are, and exp(input - 0) is the gradient, 0."""
    return where(x == -float("inf"), 0.0, x)


@primitive(name="clamp", input=lambda g, input, min, max: g * within(input, min, max))
def _clamp(input: Any, *, min: Any, max: Any) -> Any:
    return array_module(input).clip(input, min, max)


def within(input: Any, low: Any, high: Any) -> Any:
    """Which elements lie in [low, high]; None: no limit."""
    if low is None:
        return input <= high
    return input >= low if high is None else (input >= low) & (input <= high)


@public
def clamp(input: Any, min: Any = None, max: Any = None) -> Any:
    """Limited to [min, max]: numbers or tensors, None for no limit; nan where a limit is. The gradient is 1 on the
    limits, as in PyTorch.

    Raises ValueError if neither is given.
    """
    if min is None and max is None:
        raise ValueError("clamp: at least one of min and max must be given")
    if is_number(min) or is_number(max):  # beside a number a 0-d tensor is one too: its dtype has no say
        min, max = (_as_number(limit) for limit in (min, max))
    if all(limit is None or is_number(limit) for limit in (min, max)):
        if input.dtype.kind in "biu" and any(isinstance(limit, float) for limit in (min, max)):
            input = floated(input)
        return _clamp(input, min=min, max=max)
    out = input
    if min is not None:
        out = where((out < min) | (min != min), min, out)
    return out if max is None else where((out > max) | (max != max), max, out)


def _as_number(limit: Any) -> Any:
    return limit.item() if isinstance(limit, Tensor) and not limit.ndim and not limit.requires_grad else limit


clip = clamp


@public
def clamp_min(input: Any, min: Any) -> Any:
    """Not below `min`."""
    return clamp(input, min, None)


@public
def clamp_max(input: Any, max: Any) -> Any:
    """Not above `max`."""
    return clamp(input, None, max)


@public
def fmax(input: Any, other: Any) -> Any:
    """The larger of the two; where one is nan, the other."""
    return maximum(where(isnan(input), other, input), where(isnan(other), input, other))


@public
def fmin(input: Any, other: Any) -> Any:
    """The smaller of the two; where one is nan, the other."""
    return minimum(where(isnan(input), other, input), where(isnan(other), input, other))


@public
def nan_to_num(input: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """`nan` for nan, the largest and smallest finite numbers (or `posinf`, `neginf`) for the infinities. Gradient 0
    there."""
    if not floating(input.dtype):
        return clone(input)
    largest = float(finfo(input.dtype).max)
    out = where(input == float("inf"), largest if posinf is None else posinf, input)
    out = where(input == -float("inf"), -largest if neginf is None else neginf, out)
    return where(isnan(input), nan, out)


# --- mixtures -------------------------------------------------------------------------------------------------------


@public
def lerp(input: Any, end: Any, weight: Any) -> Any:
    """input + weight * (end - input): from input (0) to end (1) on a straight line. The dtypes are one, and floating;
    a 0-d weight may be of any."""
    same_dtype("lerp", input=input, end=end, weight=weight if getattr(weight, "ndim", 0) else None)
    if not floating(input.dtype) and not floating(getattr(weight, "dtype", input.dtype)):
        raise DtypeError(f"lerp: `input`: expected a floating dtype, got {input.dtype}; cast it with .float()")
    return input + weight * (end - input)


@public
def float_power(input: Any, exponent: Any) -> Any:
    """input ** exponent, in float64."""
    return pow(*(x.astype("float64") if hasattr(x, "dtype") else x for x in (input, exponent)))


@public
def heaviside(input: Any, values: Any) -> Any:
    """0 below 0, 1 above, `values` at 0 (where the gradient goes to them)."""
    return where(input == 0, values, where(input > 0, ones_like(input), zeros_like(input)))


@public
def addcmul(input: Any, tensor1: Any, tensor2: Any, *old: Any, value: float = 1) -> Any:
    """input + value * tensor1 * tensor2."""
    if old:
        return with_numbers_first(addcmul, 3, (input, tensor1, tensor2, *old), value=value)
    return add(input, tensor1 * tensor2, alpha=value)


@public
def addcdiv(input: Any, tensor1: Any, tensor2: Any, *old: Any, value: float = 1) -> Any:
    """input + value * tensor1 / tensor2."""
    if old:
        return with_numbers_first(addcdiv, 3, (input, tensor1, tensor2, *old), value=value)
    return add(input, _div(tensor1, tensor2), alpha=value)


# PyTorch's other names
absolute, divide, fix, multiply, negative, subtract, true_divide = abs, div, trunc, mul, neg, sub, div
greater, greater_equal, less, less_equal, not_equal = gt, ge, lt, le, ne
sgn = sign
