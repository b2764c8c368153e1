"""minigrad: an autograd-from-scratch mini framework on NumPy and CuPy, with PyTorch's names and meanings.

Each module says in its `__all__` what it makes public; here it all comes together.
"""

import importlib
from math import e, inf, nan, pi
from typing import TYPE_CHECKING, Any

from minigrad import autograd, dtypes
from minigrad import executors as _executors
from minigrad._lazy import lazy_imports
from minigrad.autograd import enable_grad, inference_mode, no_grad, set_grad_enabled
from minigrad.backend import device, get_default_device, set_default_device
from minigrad.dtypes import *
from minigrad.engine.modes import is_grad_enabled, is_inference_mode_enabled
from minigrad.engine.tensor import Size, Tensor
from minigrad.errors import DeviceError, DtypeError, GraphError, OutOfMemoryError, ShapeError
from minigrad.methods.dlpack import from_dlpack
from minigrad.methods.printing import set_printoptions
from minigrad.ops.array.arrange import *
from minigrad.ops.array.creation import *
from minigrad.ops.array.diagonal import *
from minigrad.ops.array.shape import *
from minigrad.ops.array.windows import as_strided
from minigrad.ops.index.indexing import *
from minigrad.ops.index.scatter import *
from minigrad.ops.linalg.decompositions import det, inverse, logdet, slogdet
from minigrad.ops.linalg.einsum import *
from minigrad.ops.linalg.functions import matrix_power
from minigrad.ops.linalg.norms import norm
from minigrad.ops.linalg.products import *
from minigrad.ops.nn.activation import celu, log_softmax, prelu, relu, selu, sigmoid, softmax
from minigrad.ops.nn.distance import cdist, cosine_similarity, pairwise_distance, pdist
from minigrad.ops.nn.recurrent import *
from minigrad.ops.pointwise.arithmetic import *
from minigrad.ops.pointwise.cast import *
from minigrad.ops.pointwise.compare import *
from minigrad.ops.pointwise.special import *
from minigrad.ops.pointwise.trigonometric import *
from minigrad.ops.random import *
from minigrad.ops.reduce.reductions import *
from minigrad.ops.reduce.scan import *
from minigrad.ops.reduce.sort import *
from minigrad.ops.reduce.statistics import *
from minigrad.torch import cuda

from minigrad.methods import attach as _methods  # isort: skip  (hangs the operations on Tensor)
from minigrad.torch.legacy import *  # isort: skip

if TYPE_CHECKING:
    from minigrad import nn, optim
    from minigrad.io.serialization import load, save
    from minigrad.torch import linalg, special

__version__ = "0.1.0"
_part, __dir__ = lazy_imports(
    __name__,
    "accelerator amp backends compat compiler datasets distributed distributions func gradcheck jit linalg nn optim "
    "serialization snapshot special testing utils random",
    amp="autocast",
    serialization="load save",
    **{"testing.lockstep": "lockstep"},
)
# what `import *` takes
__all__ = [name for name in dir() if name[0] != "_"] + ["linalg", "load", "nn", "optim", "save", "special"]

# PyTorch has these functions of nn.functional, and these methods, at its top level too
_OF_LAYERS = set(
    "adaptive_avg_pool1d adaptive_max_pool1d alpha_dropout avg_pool1d batch_norm bilinear "
    "binary_cross_entropy_with_logits channel_shuffle conv1d conv2d conv3d conv_transpose1d conv_transpose2d "
    "conv_transpose3d cosine_embedding_loss ctc_loss dropout embedding embedding_bag feature_alpha_dropout group_norm "
    "hardshrink hinge_embedding_loss instance_norm kl_div layer_norm margin_ranking_loss max_pool1d max_pool2d "
    "max_pool3d pixel_shuffle pixel_unshuffle poisson_nll_loss rms_norm rrelu threshold triplet_margin_loss".split()
)
_OF_TENSORS = set(
    "adjoint conj detach is_complex is_floating_point is_inference is_nonzero is_same_size is_signed numel "
    "split_with_sizes".split()
)
_INSTEAD = {
    "fft": "there are no Fourier transforms of tensors yet",
    "sparse": "every tensor here is dense",
    "jagged": "every tensor here is dense; pad, or use nn.utils.rnn",
    "stft": "there are no Fourier transforms of tensors yet; give t.numpy() to scipy.signal",
    "polar": "write the real part r cos(a) and the imaginary r sin(a) as two tensors",
    "view_as_real": "write the real and the imaginary part as two tensors",
    "_logging": "nothing is compiled, so there are no logs of it; drop the line",
    "fx": "there is no tracer; use module.named_modules() and hooks",
    "hub": "build the model in Python, and load() its weights from a safetensors file",
    "onnx": "models are not exported; save the state_dict in safetensors",
    "export": "models are not exported; save the state_dict in safetensors",
    "nested": "every tensor here is dense; pad, or use nn.utils.rnn",
    "xpu": "devices are cpu and cuda",
    "complex": "make complex tensors with tensor(..., dtype=complex64); operations on their parts are not there yet",
    "view_as_complex": "write the real and the imaginary part as two tensors",
    "multiprocessing": "use Python's own; tensors go between processes as copies",
    "futures": "use concurrent.futures",
    "profiler": "use Python's cProfile",
    "quantization": "there are no quantized tensors",
    "vmap": "give the operations a batch dimension, or loop",
}


def __getattr__(name: str) -> Any:
    """Parts that few scripts need are imported when they are named."""
    if (part := _part(name)) is not None:
        return part
    if name.startswith("_foreach_"):
        return importlib.import_module("minigrad.torch.foreach").foreach(name.removeprefix("_foreach_"))
    if name in _OF_LAYERS:
        return getattr(importlib.import_module("minigrad.nn.functional"), name)
    if name in _OF_TENSORS or (name.endswith("_") and not name.startswith("_") and hasattr(Tensor, name)):
        return getattr(Tensor, name)
    if name in _INSTEAD:
        raise AttributeError(f"minigrad.{name}: {_INSTEAD[name]}")
    raise AttributeError(f"module 'minigrad' has no attribute {name!r}")
