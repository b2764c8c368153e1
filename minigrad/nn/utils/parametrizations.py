"""Weight norm and spectral norm as parametrizations: see `parametrize`."""

from typing import Any

from minigrad._lazy import lazy_imports
from minigrad.engine.modes import no_grad
from minigrad.engine.tensor import Tensor
from minigrad.nn.modules.conv import _Transposed
from minigrad.nn.modules.module import Module
from minigrad.nn.utils.parametrize import register_parametrization
from minigrad.nn.utils.reparametrize import _norm
from minigrad.ops.array.shape import movedim, reshape
from minigrad.ops.linalg.products import dot, mv
from minigrad.ops.nn.norm import normalize
from minigrad.ops.random import randn


class _WeightNorm(Module):
    def __init__(self, dim: int | None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, g: Any, v: Any) -> Any:
        """v with norm g."""
        return v * (g / _norm(v, self.dim))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Its norm, and itself."""
        return _norm(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """weight = g * v / |v|, with the norm of each slice along `dim` (None: of the whole); g and v are
    `parametrizations.weight.original0` and `original1`. Salimans and Kingma, NeurIPS 2016. Returns the module."""
    return register_parametrization(module, name, _WeightNorm(dim))


class _SpectralNorm(Module):
    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, steps: int, dim: int, eps: float) -> None:
        super().__init__()
        self.steps, self.dim, self.eps = steps, dim, eps
        if weight.ndim > 1:
            flat = self._matrix(weight.detach())
            for name, size in zip(("_u", "_v"), flat.shape):
                start = randn(size, dtype=weight.dtype, device=weight.device)
                self.register_buffer(name, normalize(start, dim=0, eps=eps))
            self._iterate(flat, 15)

    def _matrix(self, w: Tensor) -> Tensor:
        return reshape(movedim(w, self.dim, 0), (w.shape[self.dim], -1))

    def _iterate(self, flat: Tensor, steps: int) -> None:
        with no_grad():
            for _ in range(steps):
                self._u.copy_(normalize(mv(flat, self._v), dim=0, eps=self.eps))
                self._v.copy_(normalize(mv(flat.T, self._u), dim=0, eps=self.eps))

    def forward(self, weight: Tensor) -> Any:
        """The weight over its largest singular value."""
        if weight.ndim == 1:
            return normalize(weight, dim=0, eps=self.eps)
        flat = self._matrix(weight)
        if self.training:
            self._iterate(flat.detach(), self.steps)
        return weight / dot(self._u.clone(), mv(flat, self._v.clone()))

    def right_inverse(self, value: Tensor) -> Tensor:
        """Itself: only weights of spectral norm 1 come out as they went in."""
        return value


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """weight = original / its largest singular value, as a matrix with `dim` for rows (default 0; 1 of transposed
    convolutions), found by power iteration, n_power_iterations more at each use in training. Miyato et al., Spectral
    Normalization for GANs, ICLR 2018. Returns the module."""
    if n_power_iterations < 1:
        raise ValueError(f"spectral_norm: n_power_iterations: expected 1 or more, got {n_power_iterations}")
    rows = (1 if isinstance(module, _Transposed) else 0) if dim is None else dim
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"spectral_norm: name: expected a parameter of {type(module).__name__}, got {name!r}")
    return register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, rows, eps))


__getattr__, __dir__ = lazy_imports(
    __name__,
    instead={"orthogonal": "there is none; begin with nn.init.orthogonal_, or write a parametrization"},
)
