"""Distribution: the base class of all distributions."""

import copy
from collections.abc import Callable
from typing import Any, ClassVar, NoReturn, Self

from minigrad.autograd.grad_mode import no_grad
from minigrad.distributions.constraints import Constraint
from minigrad.engine.tensor import Size, Tensor
from minigrad.errors import ShapeError
from minigrad.ops.array.creation import as_tensor
from minigrad.ops.array.shape import broadcast_to
from minigrad.ops.pointwise.arithmetic import exp, sqrt


def formula(doc: str, function: Callable[[Any], Any]) -> Any:
    """A read-only property, computed from self by one expression."""
    return property(function, doc=doc)


class Distribution:
    """A batch of distributions: batch_shape is the shape of the batch, event_shape that of one sample of one of them.

    `arg_constraints` has a constraint for each parameter, `support` is the constraint on samples. Parameters, and the
    values given to log_prob and cdf, that violate them raise ValueError, unless validate_args=False.
    """

    has_rsample = False
    has_enumerate_support = False
    arg_constraints: ClassVar[dict[str, Constraint]] = {}
    support: Any = None
    _validate_args = True
    _parts: tuple[str, ...] = ()  # attributes that hold distributions of the same batch_shape

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether distributions validate their arguments where validate_args is None (True at first)."""
        Distribution._validate_args = value

    def __init__(self, batch_shape: Any = (), event_shape: Any = (), validate_args: bool | None = None) -> None:
        self.batch_shape, self.event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            for name, value in self._parameters().items():
                self._check(name, self.arg_constraints[name], value)

    def _parameters(self) -> dict[str, Tensor]:
        """The parameters set so far: of probs and logits, only those that were given or computed."""
        return {name: vars(self)[name] for name in self.arg_constraints if name in vars(self)}

    def _check(self, name: str, constraint: Constraint, value: Tensor) -> None:
        ok = constraint.check(value.detach())
        if not bool(ok.all()):
            event = value.shape[value.ndim - constraint.event_dim :]
            bad = broadcast_to(value.detach(), (*ok.shape, *event))[~ok][0].tolist()
            raise ValueError(f"{type(self).__name__}: {name}: expected {constraint.description}, got {bad}")

    def _validate_sample(self, value: Any) -> Tensor:
        """`value` as a tensor, numbers with the parameters' dtype and device; validated by event_shape and support."""
        if not isinstance(value, Tensor):
            like = next((p for p in self._parameters().values()), None)
            value = as_tensor(value) if like is None else as_tensor(value, dtype=like.dtype, device=like.device)
        if self._validate_args:
            last = tuple(value.shape[max(0, value.ndim - len(self.event_shape)) :]) if self.event_shape else ()
            if last != tuple(self.event_shape):
                raise ShapeError(f"{type(self).__name__}: value: expected a shape that ends with event_shape "
                                 f"{tuple(self.event_shape)}, got {tuple(value.shape)}")  # fmt: skip
            if self.support is not None:
                self._check("value", self.support, value)
        return value

    def expand(self, batch_shape: Any, _instance: Any = None) -> Self:
        """The same distributions expanded to a batch_shape; nothing is copied."""
        new = copy.copy(self)
        new.batch_shape = Size(batch_shape)
        for name, p in self._parameters().items():
            event = p.shape[p.ndim - self.arg_constraints[name].event_dim :]
            setattr(new, name, broadcast_to(p, (*new.batch_shape, *event)))
        for name in self._parts:
            setattr(new, name, getattr(self, name).expand(batch_shape))
        return new

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, without gradients: shape sample_shape + batch_shape + event_shape."""
        with no_grad():
            return self.rsample(sample_shape)

    def sample_n(self, n: int) -> Tensor:
        """`sample((n,))`."""
        return self.sample((n,))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples as a differentiable function of the parameters (the reparameterization trick): gradients reach them.

        Raises NotImplementedError where has_rsample is False.
        """
        raise NotImplementedError(f"{type(self).__name__}: its samples have no gradient; use sample() and log_prob()")

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density, or of the probability mass, at `value`: shape batch_shape, broadcast."""
        self._not_implemented("log_prob")

    def cdf(self, value: Any) -> Tensor:
        """The cumulative distribution function: the probability of a sample of at most `value`."""
        self._not_implemented("cdf")

    def icdf(self, value: Any) -> Tensor:
        """The quantile function, the inverse of cdf, at probabilities `value`."""
        self._not_implemented("icdf")

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        self._not_implemented("entropy")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values a sample can have, along a new first dimension; with expand, broadcast to batch_shape."""
        self._not_implemented("enumerate_support")

    def _expand_support(self, values: Tensor, expand: bool) -> Tensor:
        """Values (count, *event_shape) in the shape that enumerate_support returns."""
        shaped = values.reshape(len(values), *(1 for _ in self.batch_shape), *self.event_shape)
        return broadcast_to(shaped, (len(values), *self.batch_shape, *self.event_shape)) if expand else shaped

    @property
    def mean(self) -> Tensor:
        """The mean (expectation)."""
        self._not_implemented("mean")

    @property
    def mode(self) -> Tensor:
        """The mode: the most probable value, or the one of highest density."""
        self._not_implemented("mode")

    @property
    def variance(self) -> Tensor:
        """The variance."""
        self._not_implemented("variance")

    stddev = formula("The standard deviation, sqrt(variance).", lambda self: sqrt(self.variance))

    def perplexity(self) -> Tensor:
        """The perplexity, exp(entropy)."""
        return exp(self.entropy())

    def _not_implemented(self, what: str) -> NoReturn:
        raise NotImplementedError(f"{type(self).__name__}: {what}: no closed form here; estimate it from sample()")

    def _extended_shape(self, sample_shape: Any = ()) -> tuple[int, ...]:
        return (*sample_shape, *self.batch_shape, *self.event_shape)

    def __repr__(self) -> str:
        shown = {k: p.item() if p.numel() == 1 else tuple(p.shape) for k, p in self._parameters().items()}
        shown = shown or {"batch_shape": tuple(self.batch_shape), "event_shape": tuple(self.event_shape)}
        return f"{type(self).__name__}({', '.join(f'{k}: {v}' for k, v in shown.items())})"
