"""Tools around modules: gradient clipping, parameters as one vector, sequences of different lengths, parametrizations,
reports on sparsity and compact models."""

from typing import TYPE_CHECKING

from minigrad._lazy import lazy_imports
from minigrad.nn.utils import clip_grad, rnn
from minigrad.nn.utils.clip_grad import *
from minigrad.nn.utils.convert_parameters import parameters_to_vector, vector_to_parameters

if TYPE_CHECKING:
    from minigrad.nn.utils.compaction import compact
    from minigrad.nn.utils.sparsity import SparsityReport, sparsity_report

__all__ = ["SparsityReport", "compact", "parameters_to_vector", "rnn", "sparsity_report", "vector_to_parameters"]
__all__ += clip_grad.__all__

# these are made of modules, which import this package for `rnn`: they come when they are named
__getattr__, __dir__ = lazy_imports(
    __name__,
    "parametrizations parametrize sparsity",
    compaction="compact",
    fusion="fuse_conv_bn_eval fuse_linear_bn_eval",
    reparametrize="remove_spectral_norm remove_weight_norm spectral_norm weight_norm",
    sparsity="SparsityReport sparsity_report",
    instead={
        "prune": "not implemented; optim.Proximal with a regularizer makes exact zeros and nn.utils.compact removes "
        "them; for a mask of your own, multiply by it in a parametrization (nn.utils.parametrize)"
    },
)
