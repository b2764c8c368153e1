"""Maps with an inverse and a known determinant, by which distributions are made of others."""

import math
from collections.abc import Sequence
from typing import Any

from minigrad.distributions import constraints
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
    """y = transform(x), x = transform.inv(y). A subclass gives _call, _inverse and log_abs_det_jacobian.

    `sign` is 1 where it grows, -1 where it falls. With cache_size=1 the inverse of its last result is what that was
    computed from, exactly: where tanh rounds to 1, no inverse can say.
    """

    bijective = True
    sign: Any = 1
    event_dim = 0
    codomain = constraints.real

    def __init__(self, cache_size: int = 0) -> None:
        if cache_size not in (0, 1):
            raise ValueError(f"{type(self).__name__}: cache_size: expected 0 or 1, got {cache_size}")
        self.cache_size, self._last = cache_size, (None, None)

    _last: tuple[Any, Any]

    def __call__(self, x: Tensor) -> Tensor:
        if self.cache_size and x is self._last[0]:
            return self._last[1]
        y = self._call(x)
        self._last = (x, y) if self.cache_size else (None, None)
        return y

    def _invert(self, y: Tensor) -> Tensor:
        if self.cache_size and y is self._last[1]:
            return self._last[0]
        x = self._inverse(y)
        self._last = (x, y) if self.cache_size else (None, None)
        return x

    @property
    def inv(self) -> "Transform":
        """The inverse, a transform itself."""
        return _Inverse(self)

    def _call(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def _inverse(self, y: Tensor) -> Tensor:
        raise NotImplementedError

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """log |dy/dx|, summed over event_dim dimensions."""
        raise NotImplementedError

    def forward_shape(self, shape: Any) -> Any:
        """The shape of what comes of a shape."""
        return shape

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class _Inverse(Transform):
    def __init__(self, forward: Transform) -> None:
        super().__init__()
        self.forward, self.sign, self.event_dim = forward, forward.sign, forward.event_dim
        self.bijective = forward.bijective

    @property
    def inv(self) -> Transform:
        return self.forward

    def _call(self, x: Tensor) -> Tensor:
        return self.forward._invert(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return self.forward(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -self.forward.log_abs_det_jacobian(y, x)

    def forward_shape(self, shape: Any) -> Any:
        return self.forward.forward_shape(shape)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Inverse) and self.forward == other.forward

    def __hash__(self) -> int:
        return hash((_Inverse, self.forward))

    def __repr__(self) -> str:
        return f"{self.forward}.inv"


class ExpTransform(Transform):
    """exp(x)."""

    codomain = constraints.positive

    def _call(self, x: Tensor) -> Tensor:
        return exp(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return log(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """x."""
        return x


class SigmoidTransform(Transform):
    """1 / (1 + exp(-x))."""

    codomain = constraints.unit_interval

    def _call(self, x: Tensor) -> Tensor:
        info = finfo(x.dtype)
        out: Tensor = clamp(sigmoid(x), float(info.tiny), 1 - float(info.eps))
        return out

    def _inverse(self, y: Tensor) -> Tensor:
        info = finfo(y.dtype)
        y = clamp(y, float(info.tiny), 1 - float(info.eps))
        return log(y) - (-y).log1p()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """-log(1 + exp(-x)) - log(1 + exp(x))."""
        return -logaddexp(-x, 0.0) - logaddexp(x, 0.0)


class TanhTransform(Transform):
    """tanh(x): with cache_size=1 for the densities of its own draws."""

    codomain = constraints.interval(-1, 1)

    def _call(self, x: Tensor) -> Tensor:
        return tanh(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return atanh(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """log(1 - tanh(x)^2) = 2 (log 2 - x - log(1 + exp(-2 x))), which does not cancel."""
        return 2 * (math.log(2) - x - logaddexp(-2 * x, 0.0))


class AbsTransform(Transform):
    """|x|: two values have each image; its inverse is the one of 0 or more."""

    bijective = False
    codomain = constraints.nonnegative

    def _call(self, x: Tensor) -> Tensor:
        return absolute(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return y


class AffineTransform(Transform):
    """loc + scale x; with event_dim, of events of so many dimensions."""

    def __init__(self, loc: Any, scale: Any, event_dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.loc, self.scale, self.event_dim = loc, scale, event_dim
        self.codomain = constraints.independent(constraints.real, event_dim)

    @property
    def sign(self) -> Any:
        """The scale's."""
        return self.scale.sign() if isinstance(self.scale, Tensor) else math.copysign(1, self.scale)

    def _call(self, x: Tensor) -> Tensor:
        return self.loc + self.scale * x

    def _inverse(self, y: Tensor) -> Tensor:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """log |scale|."""
        if isinstance(self.scale, Tensor):
            each = broadcast_to(log(absolute(self.scale)), tuple(broadcast_shapes(self.scale.shape, x.shape)))
        else:
            each = zeros_like(x) + math.log(abs(self.scale))
        return sum_rightmost(each, self.event_dim)

    def forward_shape(self, shape: Any) -> Any:
        """Broadcast with loc and scale."""
        return broadcast_shapes(shape, getattr(self.loc, "shape", ()), getattr(self.scale, "shape", ()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AffineTransform) and all(
            getattr(a, "shape", ()) == getattr(b, "shape", ()) and bool(as_tensor(a == b).all())
            for a, b in ((self.loc, other.loc), (self.scale, other.scale))
        )

    __hash__ = Transform.__hash__


class ComposeTransform(Transform):
    """Transforms one after another, the first in the list first."""

    def __init__(self, parts: Sequence[Transform], cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.parts = list(parts)
        self.event_dim = max((part.event_dim for part in self.parts), default=0)
        self.bijective = all(part.bijective for part in self.parts)
        self.codomain = self.parts[-1].codomain if self.parts else constraints.real

    @property
    def sign(self) -> Any:
        """The product of the parts'."""
        return math.prod(part.sign for part in self.parts)

    def _call(self, x: Tensor) -> Tensor:
        for part in self.parts:
            x = part(x)
        return x

    def _inverse(self, y: Tensor) -> Tensor:
        for part in reversed(self.parts):
            y = part._invert(y)
        return y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """The sum of the parts'."""
        total: Any = sum_rightmost(zeros_like(x), self.event_dim)
        for part in self.parts:
            after = part(x)
            total = total + sum_rightmost(part.log_abs_det_jacobian(x, after), self.event_dim - part.event_dim)
            x = after
        return total

    def forward_shape(self, shape: Any) -> Any:
        """What the parts make of it."""
        for part in self.parts:
            shape = part.forward_shape(shape)
        return shape

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ComposeTransform) and self.parts == other.parts

    __hash__ = Transform.__hash__


identity_transform = ComposeTransform([])
