"""Weight norm and spectral norm by hooks, PyTorch's older form: the weight is computed before each forward."""

from collections.abc import Callable
from typing import Any

from minigrad.autograd.grad_mode import no_grad
from minigrad.engine.tensor import Tensor
from minigrad.nn.modules.conv import _ConvTransposeNd
from minigrad.nn.modules.module import Module
from minigrad.nn.parameter import Parameter
from minigrad.ops.array.shape import movedim, reshape
from minigrad.ops.linalg.products import dot, mv
from minigrad.ops.nn.norm import normalize
from minigrad.ops.pointwise.arithmetic import safe_sqrt
from minigrad.ops.random import randn
from minigrad.ops.reduce.reductions import sum


def norm_except_dim(v: Tensor, dim: int | None) -> Tensor:
    """The 2-norm over all dimensions but `dim`, with sizes of 1 there; None: over all."""
    if dim is None or dim == -1:
        return safe_sqrt(sum(v * v))
    others = tuple(d for d in range(v.ndim) if d != dim % v.ndim)
    return safe_sqrt(sum(v * v, others, keepdim=True)) if others else abs(v)


def row_dim(module: Module, dim: int | None) -> int:
    """The dimension of a layer's weight that numbers its outputs, unless one is given."""
    return (1 if isinstance(module, _ConvTransposeNd) else 0) if dim is None else dim


def as_matrix(w: Tensor, dim: int) -> Tensor:
    """`w` as a matrix whose rows are dimension `dim`."""
    return reshape(movedim(w, dim, 0), (w.shape[dim], -1))


@no_grad()
def power_iteration(matrix: Tensor, u: Tensor, v: Tensor, steps: int, eps: float) -> None:
    """u = normalize(matrix v), v = normalize(matrix^T u), in place: towards the first singular vectors."""
    for _ in range(steps):
        u.copy_(normalize(mv(matrix, v), dim=0, eps=eps))
        v.copy_(normalize(mv(matrix.T, u), dim=0, eps=eps))


def _install(module: Module, name: str, kind: str, compute: Callable[[Module], Any]) -> None:
    """Remove the parameter; compute the attribute of its name now and before each forward."""

    def pre_hook(module: Module, args: Any) -> None:
        setattr(module, name, compute(module))

    del module._parameters[name]
    setattr(module, name, compute(module))
    handles = module.__dict__.setdefault("_reparametrized", {})
    handles[kind, name] = module.register_forward_pre_hook(pre_hook)


def _weight(op: str, module: Module, name: str, kind: str) -> Any:
    if (kind, name) in module.__dict__.get("_reparametrized", {}):
        raise RuntimeError(f"{op}: {name}: has a {kind} norm already; remove it first")
    weight = module._parameters.get(name)
    if weight is None:
        raise ValueError(f"{op}: name: expected a parameter of {type(module).__name__}, got {name!r}")
    return weight


def _remove(op: str, module: Module, name: str, kind: str, parts: tuple[str, ...]) -> Module:
    handle = module.__dict__.get("_reparametrized", {}).pop((kind, name), None)
    if handle is None:
        raise ValueError(f"{op}: {name}: {type(module).__name__} has no {kind} norm")
    handle.remove()
    final = getattr(module, name).detach().clone()
    delattr(module, name)
    for part in parts:
        delattr(module, f"{name}_{part}")
    module.register_parameter(name, Parameter(final))
    return module


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """weight = g * v / |v|, with the 2-norm of each slice along `dim` (None: of the whole). The parameters `weight_g`
    and `weight_v` replace `weight`. Returns the module. Raises ValueError where there is no such parameter,
    RuntimeError where it has a weight norm already. Salimans and Kingma, Weight Normalization, NeurIPS 2016."""
    weight = _weight("weight_norm", module, name, "weight")

    def compute(m: Module) -> Any:
        v = getattr(m, f"{name}_v")
        return v * (getattr(m, f"{name}_g") / norm_except_dim(v, dim))

    module.register_parameter(f"{name}_g", Parameter(norm_except_dim(weight.detach(), dim)))
    module.register_parameter(f"{name}_v", Parameter(weight.detach().clone()))
    _install(module, name, "weight", compute)
    return module


def remove_weight_norm(module: Module, name: str = "weight") -> Module:
    """Undo `weight_norm`: the current weight becomes the parameter again. Returns the module. Raises ValueError where
    there is no weight norm."""
    return _remove("remove_weight_norm", module, name, "weight", ("g", "v"))


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """weight = weight_orig / (its largest singular value), as a matrix whose rows are dimension `dim` (default: 0, or 1
    of transposed convolutions). The value is found by power iteration, n_power_iterations steps before each forward in
    training, on the buffers `weight_u` and `weight_v`. Returns the module. Raises as weight_norm. Miyato et al.,
    Spectral Normalization for Generative Adversarial Networks, ICLR 2018."""
    if n_power_iterations < 1:
        raise ValueError(f"spectral_norm: n_power_iterations: expected 1 or more, got {n_power_iterations}")
    weight = _weight("spectral_norm", module, name, "spectral")
    rows = row_dim(module, dim)

    def compute(m: Module) -> Any:
        w = getattr(m, f"{name}_orig")
        matrix = as_matrix(w, rows)
        u, v = getattr(m, f"{name}_u"), getattr(m, f"{name}_v")
        if m.training:
            power_iteration(matrix.T, v, u, n_power_iterations, eps)
        return w / dot(u.clone(), mv(matrix, v.clone()))

    options = {"dtype": weight.dtype, "device": weight.device}
    module.register_parameter(f"{name}_orig", weight)
    for part, size in zip("uv", as_matrix(weight.detach(), rows).shape):
        module.register_buffer(f"{name}_{part}", normalize(randn(size, **options), dim=0, eps=eps))
    _install(module, name, "spectral", compute)
    return module


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Undo `spectral_norm`: the current weight becomes the parameter again. Returns the module. Raises ValueError where
    there is no spectral norm."""
    return _remove("remove_spectral_norm", module, name, "spectral", ("orig", "u", "v"))
