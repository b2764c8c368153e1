"""Weight norm and spectral norm as parametrizations: see `parametrize`."""

from typing import Any

from minigrad.engine.tensor import Tensor
from minigrad.nn.modules.module import Module
from minigrad.nn.utils.parametrize import register_parametrization
from minigrad.nn.utils.reparametrize import as_matrix, norm_except_dim, power_iteration, row_dim
from minigrad.ops.linalg.products import dot, mv
from minigrad.ops.nn.norm import normalize
from minigrad.ops.random import randn


class _WeightNorm(Module):
    def __init__(self, dim: int | None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, g: Any, v: Any) -> Any:
        """g v / |v|."""
        return v * (g / norm_except_dim(v, self.dim))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """(g, v) = (|weight|, weight)."""
        return norm_except_dim(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """weight = g * v / |v|, with the 2-norm of each slice along `dim` (None: of the whole). The parameters are g,
    `parametrizations.weight.original0`, and v, `original1`. Returns the module. Salimans and Kingma, Weight
    Normalization, NeurIPS 2016."""
    return register_parametrization(module, name, _WeightNorm(dim))


class _SpectralNorm(Module):
    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, steps: int, dim: int, eps: float) -> None:
        super().__init__()
        self.steps, self.dim, self.eps = steps, dim, eps
        if weight.ndim > 1:
            matrix = as_matrix(weight.detach(), dim)
            for name, size in zip(("_u", "_v"), matrix.shape):
                start = randn(size, dtype=weight.dtype, device=weight.device)
                self.register_buffer(name, normalize(start, dim=0, eps=eps))
            power_iteration(matrix, self._u, self._v, 15, eps)

    def forward(self, weight: Tensor) -> Any:
        """The weight divided by its largest singular value."""
        if weight.ndim == 1:
            return normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            power_iteration(matrix, self._u, self._v, self.steps, self.eps)
        return weight / dot(self._u.clone(), mv(matrix, self._v.clone()))

    def right_inverse(self, value: Tensor) -> Tensor:
        """The value itself: forward gives it back only if its spectral norm is 1."""
        return value


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """weight = original / (its largest singular value), as a matrix whose rows are dimension `dim` (default: 0, or 1 of
    transposed convolutions). The value is found by power iteration: 15 steps at first, and n_power_iterations whenever
    the weight is read in training. Returns the module. Miyato et al., Spectral Normalization for Generative
    Adversarial Networks, ICLR 2018."""
    if n_power_iterations < 1:
        raise ValueError(f"spectral_norm: n_power_iterations: expected 1 or more, got {n_power_iterations}")
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"spectral_norm: name: expected a parameter of {type(module).__name__}, got {name!r}")
    return register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, row_dim(module, dim), eps))


def __getattr__(name: str) -> Any:
    if name == "orthogonal":
        raise AttributeError(
            "parametrizations.orthogonal: not implemented; use nn.init.orthogonal_, or write a parametrization"
        )
    raise AttributeError(f"module 'minigrad.nn.utils.parametrizations' has no attribute {name!r}")
