"""Old overloads: numbers among the operands that they multiply, `x.add(2, y)` for `x.add(y, alpha=2)`."""

from collections.abc import Callable
from typing import Any

from minigrad.engine.messages import operands as described
from minigrad.engine.messages import warn_user
from minigrad.engine.tensor import Tensor


def with_numbers_first(op: Callable[..., Any], wanted: int, args: tuple[Any, ...], **named: Any) -> Any:
    """`op` of the operands among `args`, `wanted` many, with the numbers before them by name, and a warning.

    named: the numbers' names in their order (of `beta` and `alpha`, one number alone is beta), with what was given by
    name. TypeError for any other form.
    """
    numbers = [x for x in args if not isinstance(x, Tensor) and not getattr(x, "ndim", 0)]
    operands = [x for x in args if not any(x is number for number in numbers)]
    options = dict(zip(named, numbers))
    by_name = any(value != 1 for value in named.values())
    if len(operands) != wanted or len(options) < len(numbers) or args[-1] is not operands[-1] or by_name:
        raise TypeError(f"{op.__name__}: expected {wanted} operands, got {described(args)}")
    text = ", ".join(f"{name}={value}" for name, value in options.items())
    warn_user(f"{op.__name__}: numbers among the operands are deprecated; name them after the operands: {text}")
    return op(*operands, **options)
