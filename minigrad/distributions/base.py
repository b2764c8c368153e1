"""What all distributions share."""

from typing import Any

from minigrad.engine.modes import no_grad
from minigrad.ops.creation import as_tensor
from minigrad.ops.elementwise import exp, sqrt
from minigrad.ops.shape import broadcast_to
from minigrad.tensor import Size, Tensor


class Distribution:
    """batch_shape: how many distributions; event_shape: what one draw of one of them looks like."""

    batch_shape: Size = Size()
    event_shape: Size = Size()
    has_rsample = False

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draws, without a gradient: of shape sample_shape + batch_shape + event_shape."""
        with no_grad():
            return self.rsample(sample_shape)

    def sample_n(self, n: int) -> Tensor:
        """n draws."""
        return self.sample((n,))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Draws as a function of the parameters (the reparameterization trick), so that gradients reach them."""
        raise NotImplementedError(f"{type(self).__name__}: its draws have no gradient; use sample() and log_prob()")

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density, or of the probability, at `value`."""
        raise NotImplementedError

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        raise NotImplementedError

    @property
    def mean(self) -> Tensor:
        """The expectation."""
        raise NotImplementedError

    @property
    def variance(self) -> Tensor:
        """The variance."""
        raise NotImplementedError

    @property
    def stddev(self) -> Tensor:
        """The standard deviation."""
        return sqrt(self.variance)

    def perplexity(self) -> Tensor:
        """e to the entropy."""
        return exp(self.entropy())

    def _shape(self, sample_shape: Any) -> tuple[int, ...]:
        return (*sample_shape, *self.batch_shape, *self.event_shape)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(batch_shape={tuple(self.batch_shape)}, event_shape={tuple(self.event_shape)})"


def together(*values: Any) -> list[Tensor]:
    """Numbers and tensors as tensors of one shape."""
    like = next((v for v in values if isinstance(v, Tensor)), None)
    options = {} if like is None else {"dtype": like.dtype, "device": like.device}
    tensors = [v if isinstance(v, Tensor) else as_tensor(float(v), **options) for v in values]
    total: Any = tensors[0]
    for t in tensors[1:]:
        total = total + t
    return [t if t.shape == total.shape else broadcast_to(t, tuple(total.shape)) for t in tensors]


def check(op: str, name: str, holds: Tensor, expected: str) -> None:
    """ValueError unless a condition holds everywhere."""
    if not bool(holds.all()):
        raise ValueError(f"{op}: {name}: expected {expected}")
