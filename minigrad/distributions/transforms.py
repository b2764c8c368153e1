"""Transforms: invertible maps whose Jacobian determinant is known, for `TransformedDistribution`."""

import math
from collections.abc import Sequence
from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import formula
from minigrad.distributions.utils import sum_rightmost
from minigrad.dtypes import finfo
from minigrad.engine.tensor import Tensor
from minigrad.ops.array.creation import as_tensor, broadcast_shapes, zeros_like
from minigrad.ops.array.shape import broadcast_to
from minigrad.ops.nn.activation import sigmoid
from minigrad.ops.pointwise.arithmetic import absolute, clamp, exp, log, tanh
from minigrad.ops.pointwise.special import logaddexp
from minigrad.ops.pointwise.trigonometric import atanh

__all__ = [
    "AbsTransform", "AffineTransform", "ComposeTransform", "ExpTransform", "SigmoidTransform", "TanhTransform",
    "Transform", "identity_transform",
]  # fmt: skip


class Transform:
    """y = transform(x), x = transform.inv(y). A subclass defines _call, _inverse and log_abs_det_jacobian.

    `sign` is 1 where it is increasing, -1 where it is decreasing. With cache_size=1 the inverse of the last result is
    exactly the x it was computed from, also where rounding has lost it: where tanh(x) rounds to 1, atanh(y) is inf.
    """

    bijective = True
    sign: Any = 1
    event_dim = 0
    codomain = constraints.real

    def __init__(self, cache_size: int = 0) -> None:
        if cache_size not in (0, 1):
            raise ValueError(f"{type(self).__name__}: cache_size: expected 0 or 1, got {cache_size}")
        self.cache_size, self._cached_x_y = cache_size, (None, None)

    _cached_x_y: tuple[Any, Any]

    def __call__(self, x: Tensor) -> Tensor:
        if self.cache_size and x is self._cached_x_y[0]:
            return self._cached_x_y[1]
        y = self._call(x)
        self._cached_x_y = (x, y) if self.cache_size else (None, None)
        return y

    def _inv_call(self, y: Tensor) -> Tensor:
        if self.cache_size and y is self._cached_x_y[1]:
            return self._cached_x_y[0]
        x = self._inverse(y)
        self._cached_x_y = (x, y) if self.cache_size else (None, None)
        return x

    @property
    def inv(self) -> "Transform":
        """The inverse transform."""
        return _InverseTransform(self)

    def _call(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def _inverse(self, y: Tensor) -> Tensor:
        raise NotImplementedError

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """log |dy/dx|, summed over event_dim dimensions."""
        raise NotImplementedError

    def forward_shape(self, shape: Any) -> Any:
        """The shape of y for an x of this shape."""
        return shape

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class _InverseTransform(Transform):
    def __init__(self, forward: Transform) -> None:
        super().__init__()
        self.forward, self.sign, self.event_dim = forward, forward.sign, forward.event_dim
        self.bijective = forward.bijective

    @property
    def inv(self) -> Transform:
        return self.forward

    def _call(self, x: Tensor) -> Tensor:
        return self.forward._inv_call(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return self.forward(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -self.forward.log_abs_det_jacobian(y, x)

    def forward_shape(self, shape: Any) -> Any:
        return self.forward.forward_shape(shape)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _InverseTransform) and self.forward == other.forward

    def __hash__(self) -> int:
        return hash((_InverseTransform, self.forward))

    def __repr__(self) -> str:
        return f"{self.forward}.inv"


class ExpTransform(Transform):
    """y = exp(x)."""

    codomain = constraints.positive
    _call, _inverse = staticmethod(exp), staticmethod(log)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """log |dy/dx| = x."""
        return x


class SigmoidTransform(Transform):
    """y = 1 / (1 + exp(-x)), clamped to [tiny, 1 - eps] of its dtype."""

    codomain = constraints.unit_interval

    def _call(self, x: Tensor) -> Tensor:
        info = finfo(x.dtype)
        return clamp(sigmoid(x), float(info.tiny), 1 - float(info.eps))

    def _inverse(self, y: Tensor) -> Tensor:
        info = finfo(y.dtype)
        y = clamp(y, float(info.tiny), 1 - float(info.eps))
        return log(y) - (-y).log1p()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """log |dy/dx| = -log(1 + exp(-x)) - log(1 + exp(x))."""
        return -logaddexp(-x, 0.0) - logaddexp(x, 0.0)


class TanhTransform(Transform):
    """y = tanh(x). For log_prob of its own samples pass cache_size=1: where tanh(x) rounds to 1, atanh(y) is inf."""

    codomain = constraints.interval(-1, 1)
    _call, _inverse = staticmethod(tanh), staticmethod(atanh)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """log |dy/dx| = log(1 - tanh(x)^2), as 2 (log 2 - x - log(1 + exp(-2 x))), which does not cancel."""
        return 2 * (math.log(2) - x - logaddexp(-2 * x, 0.0))


class AbsTransform(Transform):
    """y = |x|, which is not bijective: the inverse returns the x >= 0."""

    bijective = False
    codomain = constraints.nonnegative
    _call, _inverse = staticmethod(absolute), staticmethod(lambda y: y)


class AffineTransform(Transform):
    """y = loc + scale x, elementwise, of events with event_dim dimensions."""

    def __init__(self, loc: Any, scale: Any, event_dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.loc, self.scale, self.event_dim = loc, scale, event_dim
        self.codomain = constraints.independent(constraints.real, event_dim)

    @property
    def sign(self) -> Any:
        """The sign of scale."""
        return self.scale.sign() if isinstance(self.scale, Tensor) else math.copysign(1, self.scale)

    def _call(self, x: Tensor) -> Tensor:
        return self.loc + self.scale * x

    def _inverse(self, y: Tensor) -> Tensor:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """log |scale|, summed over event_dim dimensions."""
        if isinstance(self.scale, Tensor):
            each = broadcast_to(log(absolute(self.scale)), tuple(broadcast_shapes(self.scale.shape, x.shape)))
        else:
            each = zeros_like(x) + math.log(abs(self.scale))
        return sum_rightmost(each, self.event_dim)

    def forward_shape(self, shape: Any) -> Any:
        """The shape broadcast with loc and scale."""
        return broadcast_shapes(shape, getattr(self.loc, "shape", ()), getattr(self.scale, "shape", ()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AffineTransform) and all(
            getattr(a, "shape", ()) == getattr(b, "shape", ()) and bool(as_tensor(a == b).all())
            for a, b in ((self.loc, other.loc), (self.scale, other.scale))
        )

    __hash__ = Transform.__hash__


class ComposeTransform(Transform):
    """The composition of transforms, the first in the list applied first."""

    def __init__(self, parts: Sequence[Transform], cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.parts = list(parts)
        self.event_dim = max((part.event_dim for part in self.parts), default=0)
        self.bijective = all(part.bijective for part in self.parts)
        self.codomain = self.parts[-1].codomain if self.parts else constraints.real

    sign = formula("The product of the parts' signs.", lambda self: math.prod(part.sign for part in self.parts))

    def _call(self, x: Tensor) -> Tensor:
        for part in self.parts:
            x = part(x)
        return x

    def _inverse(self, y: Tensor) -> Tensor:
        for part in reversed(self.parts):
            y = part._inv_call(y)
        return y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """The sum of the parts' log |dy/dx|."""
        total: Any = sum_rightmost(zeros_like(x), self.event_dim)
        for part in self.parts:
            y = part(x)
            total = total + sum_rightmost(part.log_abs_det_jacobian(x, y), self.event_dim - part.event_dim)
            x = y
        return total

    def forward_shape(self, shape: Any) -> Any:
        """The shape after all parts."""
        for part in self.parts:
            shape = part.forward_shape(shape)
        return shape

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ComposeTransform) and self.parts == other.parts

    __hash__ = Transform.__hash__


identity_transform = ComposeTransform([])
