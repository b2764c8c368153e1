"""Layers, losses, regularizers and initial values, by PyTorch's names.

functional.py    layers and losses as functions
modules/         the same as modules, with parameters
parameter.py     Parameter and Buffer
init.py          initial values
regularizers.py  L1, L2, elastic net, group lasso: as penalties and as exact proximal steps
utils/           gradient clipping, sequences of different lengths, parametrizations, sparsity and compaction
"""

from minigrad._lazy import lazy_imports
from minigrad.nn import functional, init, regularizers, utils
from minigrad.nn.modules import *
from minigrad.nn.parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter

__all__ = [
    "Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter", "functional", "init", "regularizers",
    "utils",
]  # fmt: skip

__getattr__, __dir__ = lazy_imports(
    __name__,
    "attention parallel",
    instead={
        "SyncBatchNorm*": "use BatchNorm; training runs in one process",
        "FractionalMaxPool*": "use MaxPool or AdaptiveMaxPool; pooling over random windows is not implemented",
        "AdaptiveLogSoftmaxWithLoss*": "use CrossEntropyLoss over all classes",
        "CrossMapLRN2d*": "use LocalResponseNorm",
        "LinearCrossEntropy*": "use Linear and CrossEntropyLoss",
    },
)
