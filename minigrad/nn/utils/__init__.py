"""Tools around modules: gradient clipping, parameters as one vector, sequences of different lengths, and reports on
sparsity."""

from typing import TYPE_CHECKING, Any

from minigrad._lazy import lazy_imports
from minigrad.nn.utils import rnn
from minigrad.nn.utils.clip import (
    clip_grad_norm,
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
)
from minigrad.nn.utils.vector import parameters_to_vector, vector_to_parameters

if TYPE_CHECKING:
    from minigrad.nn.utils.sparsity import SparsityReport, sparsity_report

__all__ = [
    "SparsityReport", "clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_",
    "compact", "get_total_norm", "parameters_to_vector", "rnn", "sparsity_report", "vector_to_parameters",
]  # fmt: skip


def compact(model: Any) -> Any:
    """A smaller dense model with equal outputs: see `nn.utils.compact`, the module of this name."""
    from minigrad.nn.utils.compaction import compact as make

    return make(model)


__getattr__, __dir__ = lazy_imports(
    __name__,
    "parametrizations parametrize sparsity",
    fusion="fuse_conv_bn_eval fuse_linear_bn_eval",
    reparametrize="remove_spectral_norm remove_weight_norm spectral_norm weight_norm",
    sparsity="SparsityReport sparsity_report",
    instead={
        "prune": "optim.Proximal with a regularizer makes exact zeros, nn.utils.compact takes them out; to keep a mask "
        "of your own, multiply by it in a parametrization (nn.utils.parametrize)"
    },
)
