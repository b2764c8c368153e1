"""Layers, losses, regularizers and initial values, by PyTorch's names.

functional.py    the operations as functions
modules/         the same as modules, with parameters
regularizers.py  L1, L2, elastic net, group lasso: as penalties and as exact proximal steps
init.py          initial values
dropout.py       noise in training, as functions
utils/           gradient clipping, sequences of different lengths, parameters as a vector
"""

from minigrad.nn import functional, init, regularizers, utils
from minigrad.nn.modules import *
from minigrad.nn.parameter import Buffer, Parameter

__all__ = ["Buffer", "Parameter", "functional", "init", "regularizers", "utils"]
