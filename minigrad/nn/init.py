"""Initial values for weights, by PyTorch's names. Each function fills its tensor in place, not recorded, and returns
it; those that draw numbers take a generator (None: the default one).

fan in is the number of inputs of an output, weight.shape[1] * the kernel's size; fan out the number of outputs of an
input, weight.shape[0] * the kernel's size."""

import functools
import math
from typing import Any

from minigrad.autograd.grad_mode import no_grad
from minigrad.dtypes import float64, floating
from minigrad.engine.messages import describe, warn_user
from minigrad.engine.tensor import Tensor
from minigrad.errors import DtypeError, ShapeError
from minigrad.ops.array.creation import eye
from minigrad.ops.array.diagonal import diagonal
from minigrad.ops.array.shape import reshape
from minigrad.ops.linalg.decompositions import qr
from minigrad.ops.pointwise.arithmetic import sign
from minigrad.ops.random import Generator, rand, randn
from minigrad.ops.reduce.sort import argsort


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The gain of a non-linearity: the factor for the standard deviation of weights by which the variance of
    activations stays the same from layer to layer. sqrt(2) for "relu", sqrt(2 / (1 + param^2)) for "leaky_relu" (param:
    the slope, default 0.01), 5/3 for "tanh", 3/4 for "selu", 1 for linear layers and "sigmoid". Raises ValueError for
    other names."""
    gains = {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}
    linear = ("linear", "sigmoid", *(f"conv{kind}{n}d" for kind in ("", "_transpose") for n in (1, 2, 3)))
    gains |= dict.fromkeys(linear, 1.0)
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in gains:
        raise ValueError(f"calculate_gain: expected {', '.join(sorted(gains))} or leaky_relu, got {nonlinearity!r}")
    return gains[nonlinearity]


def _require_floating(tensor: Tensor) -> Tensor:
    if not isinstance(tensor, Tensor) or not floating(tensor.dtype):
        raise DtypeError(f"init: expected a floating tensor, got {describe(tensor)}")
    return tensor


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:  # layers written for PyTorch import it
    """(fan in, fan out). Raises ShapeError below two dimensions."""
    if tensor.ndim < 2:
        raise ShapeError(f"init: fan in and fan out need at least 2 dimensions, got {describe(tensor)}")
    kernel = math.prod(tensor.shape[2:])
    return tensor.shape[1] * kernel, tensor.shape[0] * kernel


@no_grad()
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform in [a, b). Raises DtypeError unless the tensor is floating."""
    return _require_floating(tensor).uniform_(a, b, generator=generator)


@no_grad()
def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with this mean and standard deviation. Raises DtypeError unless the tensor is floating."""
    return _require_floating(tensor).normal_(mean, std, generator=generator)


@no_grad()
def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Truncated normal: elements outside [a, b] are drawn again."""
    tensor.normal_(mean, std, generator=generator)
    for _ in range(1000):
        outside = (tensor < a) | (tensor > b)
        if not bool(outside.any()):
            return tensor
        fresh = randn(*tensor.shape, dtype=tensor.dtype, device=tensor.device, generator=generator) * std + mean
        tensor.copy_(fresh.masked_fill(~outside, 0) + tensor.masked_fill(outside, 0))
    return tensor.clamp_(a, b)


@no_grad()
def constant_(tensor: Tensor, val: float) -> Tensor:
    """Every element is `val`."""
    return tensor.fill_(val)


def zeros_(tensor: Tensor) -> Tensor:
    """Every element is 0."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Every element is 1."""
    return constant_(tensor, 1.0)


@no_grad()
def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix, also if not square. Raises ShapeError unless the tensor has two dimensions."""
    if tensor.ndim != 2:
        raise ShapeError(f"eye_: expected a matrix, got {describe(tensor)}")
    return tensor.copy_(eye(*tensor.shape, dtype=tensor.dtype))


@no_grad()
def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """The weight (out, in, ...) of a convolution whose output is its input, for as many channels as it has (in each of
    `groups`): 1 at the kernel's middle where output and input channel are the same, 0 elsewhere. Raises ShapeError
    unless it has 3 to 5 dimensions, ValueError unless groups divide the output channels."""
    if not 3 <= tensor.ndim <= 5:
        raise ShapeError(f"dirac_: expected a convolution's weight, with 3 to 5 dimensions, got {describe(tensor)}")
    filters, channels = tensor.shape[0], tensor.shape[1]
    if groups < 1 or filters % groups:
        raise ValueError(f"dirac_: groups: expected a divisor of the {filters} filters, got {groups}")
    middle = tuple(n // 2 for n in tensor.shape[2:])
    tensor.zero_()
    for g in range(groups):
        for c in range(min(filters // groups, channels)):
            tensor[(g * (filters // groups) + c, c, *middle)] = 1.0
    return tensor


@no_grad()
def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """gain times a (semi-)orthogonal matrix, uniformly distributed; dimensions beyond the first count as columns.

    It is the Q of the QR decomposition of a normal matrix, with the signs that make R's diagonal positive. Raises
    ShapeError below two dimensions. Saxe et al., Exact Solutions to the Nonlinear Dynamics of Learning in Deep Linear
    Neural Networks, ICLR 2014.
    """
    if tensor.ndim < 2:
        raise ShapeError(f"orthogonal_: expected at least 2 dimensions, got {describe(tensor)}")
    if not tensor.numel():
        return tensor
    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    q, r = qr(randn(max(rows, columns), min(rows, columns), dtype=float64, generator=generator))
    q = q * sign(diagonal(r))
    return tensor.copy_(reshape((q if rows >= columns else q.T) * gain, tuple(tensor.shape)).to(tensor.dtype))


@no_grad()
def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Normal with mean 0, and a fraction `sparsity` of the elements of each column (rounded up) zero. Raises ShapeError
    unless the tensor is a matrix, ValueError for a sparsity outside [0, 1]. Martens, Deep Learning via Hessian-free
    Optimization, ICML 2010."""
    if tensor.ndim != 2:
        raise ShapeError(f"sparse_: expected a matrix, got {describe(tensor)}")
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparse_: sparsity: expected a fraction in [0, 1], got {sparsity}")
    rows, columns = tensor.shape
    order = argsort(rand(rows, columns, generator=generator), 0)
    normal_(tensor, 0.0, std, generator)
    return tensor.copy_(tensor.masked_fill((order < math.ceil(sparsity * rows)).to(tensor.device), 0.0))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform in [-b, b), b = gain sqrt(6 / (fan in + fan out)). Raises ShapeError below two dimensions. Glorot and
    Bengio, Understanding the Difficulty of Training Deep Feedforward Neural Networks, AISTATS 2010."""
    bound = gain * math.sqrt(6 / max(sum(_calculate_fan_in_and_fan_out(tensor)), 1))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with mean 0 and standard deviation gain sqrt(2 / (fan in + fan out)): see xavier_uniform_."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / max(sum(_calculate_fan_in_and_fan_out(tensor)), 1)), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    """gain / sqrt(fan): what keeps the variance of activations (fan_in) or of gradients (fan_out)."""
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f'kaiming: mode: expected "fan_in" or "fan_out", got {mode!r}')
    return calculate_gain(nonlinearity, a) / math.sqrt(max(_calculate_fan_in_and_fan_out(tensor)[mode == "fan_out"], 1))


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Uniform in [-b, b), b = gain sqrt(3 / fan), with the fan of `mode` ("fan_in" or "fan_out") and the gain of the
    nonlinearity that follows (a: leaky_relu's slope; see calculate_gain). Raises ValueError for other words, ShapeError
    below two dimensions. He et al., Delving Deep into Rectifiers, ICCV 2015."""
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Normal with mean 0 and standard deviation gain / sqrt(fan): see kaiming_uniform_."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


__all__: list[Any] = [
    "calculate_gain", "constant_", "dirac_", "eye_", "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_",
    "orthogonal_", "sparse_", "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip


def _old_spelling(name: str, function: Any) -> Any:
    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        warn_user(f"init.{name}: deprecated; use init.{name}_, which does the same", FutureWarning)
        return function(*args, **options)

    return call


def __getattr__(name: str) -> Any:
    """The spellings without `_`, which PyTorch keeps for old scripts, with a warning; and its private ones."""
    known = name.removeprefix("_no_grad_")
    if known in __all__:
        return globals()[known]
    if f"{name}_" in __all__:
        return _old_spelling(name, globals()[f"{name}_"])
    raise AttributeError(f"module 'minigrad.nn.init' has no attribute {name!r}")
