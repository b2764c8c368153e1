"""Layers, losses, regularizers and initial values, by PyTorch's names.

functional.py    layers and losses as functions
modules/         the same as modules, with parameters
parameter.py     Parameter and Buffer
init.py          initial values
regularizers.py  L1, L2, elastic net, group lasso: as penalties and as exact proximal steps
utils/           gradient clipping, sequences of different lengths, parametrizations, sparsity and compaction
"""

from typing import Any

from minigrad._lazy import lazy_imports
from minigrad.nn import functional, init, regularizers, utils
from minigrad.nn.modules import *
from minigrad.nn.parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter

__all__ = [
    "Buffer",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    "functional",
    "init",
    "regularizers",
    "utils",
]

_part, __dir__ = lazy_imports(__name__, "attention parallel")
_ALTERNATIVES = {
    "SyncBatchNorm": "use BatchNorm; training runs in one process",
    "FractionalMaxPool": "use MaxPool or AdaptiveMaxPool; pooling over random windows is not implemented",
    "AdaptiveLogSoftmaxWithLoss": "use CrossEntropyLoss over all classes",
    "CrossMapLRN2d": "use LocalResponseNorm",
    "Container": "use Module",
    "LinearCrossEntropy": "use Linear and CrossEntropyLoss",
    "NLLLoss2d": "use NLLLoss, which takes images, too",
}


def __getattr__(name: str) -> Any:
    """Parts that are imported when they are named; for what only PyTorch has, the error says what to use instead."""
    if (part := _part(name)) is not None:
        return part
    for prefix, alternative in _ALTERNATIVES.items():
        if name.startswith(prefix):
            raise AttributeError(f"nn.{name}: {alternative}")
    raise AttributeError(f"module 'minigrad.nn' has no attribute {name!r}")
