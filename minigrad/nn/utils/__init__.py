"""Tools around modules: gradient clipping, parameters as one vector, sequences of different lengths, and reports on
sparsity."""

from minigrad.nn.utils import rnn
from minigrad.nn.utils.clip import clip_grad_norm, clip_grad_norm_, clip_grad_value_, get_total_norm
from minigrad.nn.utils.vector import parameters_to_vector, vector_to_parameters

__all__ = [
    "clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "get_total_norm", "parameters_to_vector", "rnn",
    "vector_to_parameters",
]  # fmt: skip
