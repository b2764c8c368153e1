"""Weights written as functions of others: weight norm and spectral norm, computed anew before each forward."""

from collections.abc import Callable
from typing import Any

from minigrad.engine.modes import no_grad
from minigrad.engine.tensor import Tensor
from minigrad.nn.modules.conv import _Transposed
from minigrad.nn.modules.module import Module
from minigrad.nn.parameter import Parameter
from minigrad.ops.array.shape import movedim, reshape
from minigrad.ops.linalg.products import dot, mv
from minigrad.ops.nn.norm import normalize
from minigrad.ops.pointwise.arithmetic import safe_sqrt
from minigrad.ops.random import randn
from minigrad.ops.reduce.reductions import sum


def _norm(v: Tensor, dim: int | None) -> Tensor:
    """The norm of each slice along `dim`, with sizes of 1 elsewhere; of the whole for None."""
    if dim is None or dim == -1:
        return safe_sqrt(sum(v * v))
    others = tuple(d for d in range(v.ndim) if d != dim % v.ndim)
    return safe_sqrt(sum(v * v, others, keepdim=True)) if others else abs(v)


def _install(module: Module, name: str, kind: str, compute: Callable[[Module], Any]) -> None:
    """Take the parameter out, and compute it before each forward, and now."""

    def before(module: Module, args: Any) -> None:
        setattr(module, name, compute(module))

    del module._parameters[name]
    setattr(module, name, compute(module))
    handles = module.__dict__.setdefault("_reparametrized", {})
    handles[kind, name] = module.register_forward_pre_hook(before)


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
        raise ValueError(f"{op}: {name}: {type(module).__name__} has no {kind} norm on it")
    handle.remove()
    final = getattr(module, name).detach().clone()
    delattr(module, name)
    for part in parts:
        delattr(module, f"{name}_{part}")
    module.register_parameter(name, Parameter(final))
    return module


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """weight = g * v / |v|, with the norm of each slice along `dim` (None: of the whole): parameters `weight_g` and
    `weight_v` in the place of `weight`. Salimans and Kingma, NeurIPS 2016. Returns the module."""
    weight = _weight("weight_norm", module, name, "weight")

    def compute(m: Module) -> Any:
        v = getattr(m, f"{name}_v")
        return v * (getattr(m, f"{name}_g") / _norm(v, dim))

    module.register_parameter(f"{name}_g", Parameter(_norm(weight.detach(), dim)))
    module.register_parameter(f"{name}_v", Parameter(weight.detach().clone()))
    _install(module, name, "weight", compute)
    return module


def remove_weight_norm(module: Module, name: str = "weight") -> Module:
    """Undo `weight_norm`: the weight it stands at becomes the parameter again."""
    return _remove("remove_weight_norm", module, name, "weight", ("g", "v"))


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """weight = weight_orig / its largest singular value, as a matrix with `dim` for rows (default 0; 1 of transposed
    convolutions): found by power iteration, n_power_iterations more in every training step, on the buffers `weight_u`
    and `weight_v`. Miyato et al., Spectral Normalization for GANs, ICLR 2018. Returns the module."""
    if n_power_iterations < 1:
        raise ValueError(f"spectral_norm: n_power_iterations: expected 1 or more, got {n_power_iterations}")
    weight = _weight("spectral_norm", module, name, "spectral")
    rows = (1 if isinstance(module, _Transposed) else 0) if dim is None else dim

    def matrix(w: Tensor) -> Tensor:
        return reshape(movedim(w, rows, 0), (w.shape[rows], -1))

    def compute(m: Module) -> Any:
        w = getattr(m, f"{name}_orig")
        flat = matrix(w)
        u, v = getattr(m, f"{name}_u"), getattr(m, f"{name}_v")
        if m.training:
            with no_grad():
                for _ in range(n_power_iterations):
                    v.copy_(normalize(mv(flat.detach().T, u), dim=0, eps=eps))
                    u.copy_(normalize(mv(flat.detach(), v), dim=0, eps=eps))
        return w / dot(u.clone(), mv(flat, v.clone()))

    flat = matrix(weight.detach())
    options = {"dtype": weight.dtype, "device": weight.device}
    module.register_parameter(f"{name}_orig", weight)
    for part, size in zip("uv", flat.shape):
        module.register_buffer(f"{name}_{part}", normalize(randn(size, **options), dim=0, eps=eps))
    _install(module, name, "spectral", compute)
    return module


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Undo `spectral_norm`: the weight it stands at becomes the parameter again."""
    return _remove("remove_spectral_norm", module, name, "spectral", ("orig", "u", "v"))
