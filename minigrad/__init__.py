"""minigrad: an autograd-from-scratch mini framework on NumPy and CuPy, with PyTorch's names and meanings.

Each module says in its `__all__` what it makes public; here it all comes together.
"""

import importlib
from math import e as e
from math import inf as inf
from math import nan as nan
from math import pi as pi
from typing import TYPE_CHECKING, Any

from minigrad import autograd as autograd
from minigrad import dtypes as dtypes
from minigrad import executors as executors  # operations find them: without this they are done as defined
from minigrad._lazy import lazy_imports
from minigrad.autograd import enable_grad as enable_grad
from minigrad.autograd import inference_mode as inference_mode
from minigrad.autograd import no_grad as no_grad
from minigrad.autograd import set_grad_enabled as set_grad_enabled
from minigrad.backend import device as device
from minigrad.backend import get_default_device as get_default_device
from minigrad.backend import set_default_device as set_default_device
from minigrad.backend.threads import get_num_threads as get_num_threads
from minigrad.backend.threads import set_num_threads as set_num_threads
from minigrad.dtypes import *
from minigrad.engine.modes import is_grad_enabled as is_grad_enabled
from minigrad.engine.modes import is_inference_mode_enabled as is_inference_mode_enabled
from minigrad.engine.tensor import Size as Size
from minigrad.engine.tensor import Tensor as Tensor
from minigrad.errors import DeviceError as DeviceError
from minigrad.errors import DtypeError as DtypeError
from minigrad.errors import GraphError as GraphError
from minigrad.errors import OutOfMemoryError as OutOfMemoryError
from minigrad.errors import ShapeError as ShapeError
from minigrad.methods.dlpack import from_dlpack as from_dlpack
from minigrad.methods.printing import set_printoptions as set_printoptions
from minigrad.methods.tensor_types import *
from minigrad.ops.array.arrange import *
from minigrad.ops.array.creation import *
from minigrad.ops.array.diagonal import *
from minigrad.ops.array.shape import *
from minigrad.ops.array.windows import as_strided as as_strided
from minigrad.ops.index.indexing import *
from minigrad.ops.index.nonzero import *
from minigrad.ops.index.scatter import *
from minigrad.ops.linalg.decompositions import det as det
from minigrad.ops.linalg.decompositions import inverse as inverse
from minigrad.ops.linalg.decompositions import logdet as logdet
from minigrad.ops.linalg.decompositions import slogdet as slogdet
from minigrad.ops.linalg.einsum import *
from minigrad.ops.linalg.functions import matrix_power
from minigrad.ops.linalg.norms import norm
from minigrad.ops.linalg.products import *
from minigrad.ops.nn.activation import celu as celu
from minigrad.ops.nn.activation import log_softmax as log_softmax
from minigrad.ops.nn.activation import prelu as prelu
from minigrad.ops.nn.activation import relu as relu
from minigrad.ops.nn.activation import selu as selu
from minigrad.ops.nn.activation import sigmoid as sigmoid
from minigrad.ops.nn.activation import softmax as softmax
from minigrad.ops.nn.distance import cdist as cdist
from minigrad.ops.nn.distance import cosine_similarity as cosine_similarity
from minigrad.ops.nn.distance import pairwise_distance as pairwise_distance
from minigrad.ops.nn.distance import pdist as pdist
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
from minigrad.torch.deprecated import *
from minigrad.torch.switches import *

from minigrad.methods import attach as _attach  # isort: skip  (makes the operations methods of Tensor)

if TYPE_CHECKING:
    from minigrad import nn as nn
    from minigrad import optim as optim
    from minigrad.torch import cuda as cuda
    from minigrad.torch import linalg as linalg
    from minigrad.torch import special as special
    from minigrad.utils.serialization import load as load
    from minigrad.utils.serialization import save as save

__version__ = "0.1.0"
# imported when they are named; PyTorch has some functions of nn.functional at its top level too
_attribute, __dir__ = lazy_imports(
    __name__,
    "__config__ accelerator amp backends compat compiler cuda datasets distributed distributions func gradcheck jit "
    "linalg nn optim random serialization snapshot special storage testing utils",
    amp="autocast",
    serialization="load save",
    **{
        "torch.deprecated": "range",
        "methods.storage": "BoolStorage ByteStorage CharStorage DoubleStorage FloatStorage HalfStorage IntStorage "
        "LongStorage ShortStorage TypedStorage UntypedStorage",
        "testing.lockstep": "lockstep",
        "nn.functional": "adaptive_avg_pool1d adaptive_max_pool1d alpha_dropout avg_pool1d batch_norm bilinear "
        "binary_cross_entropy_with_logits channel_shuffle conv1d conv2d conv3d conv_transpose1d conv_transpose2d "
        "conv_transpose3d cosine_embedding_loss ctc_loss dropout embedding embedding_bag feature_alpha_dropout "
        "group_norm hardshrink hinge_embedding_loss instance_norm kl_div layer_norm margin_ranking_loss max_pool1d "
        "max_pool2d max_pool3d pixel_shuffle pixel_unshuffle poisson_nll_loss rms_norm rrelu threshold "
        "triplet_margin_loss",
    },
    instead={
        "fft": "there are no Fourier transforms of tensors yet",
        "sparse": "every tensor here is dense",
        "jagged": "every tensor here is dense; pad, or use nn.utils.rnn",
        "stft": "there are no Fourier transforms of tensors yet; give t.numpy() to scipy.signal",
        "polar": "write the real part r cos(a) and the imaginary r sin(a) as two tensors",
        "view_as_real": "write the real and the imaginary part as two tensors",
        "_logging": "nothing is compiled, so there are no logs of it; drop the line",
        "fx": "there is no tracer; use module.named_modules() and hooks",
        "hub": "build the model in Python, and load() its weights from a file",
        "onnx": "models are not exported; save the state_dict in safetensors",
        "export": "models are not exported; save the state_dict in safetensors",
        "nested": "every tensor here is dense; pad, or use nn.utils.rnn",
        "xpu": "devices are cpu and cuda",
        "complex": "make complex tensors with tensor(..., dtype=complex64); operations on their parts are not there "
        "yet",
        "view_as_complex": "write the real and the imaginary part as two tensors",
        "multiprocessing": "use Python's own; tensors go between processes as copies",
        "futures": "use concurrent.futures",
        "profiler": "use Python's cProfile",
        "quantization": "there are no quantized tensors",
        "vmap": "give the operations a batch dimension, or loop",
    },
)
# what `import *` takes
__all__ = [name for name in dir() if name[0] != "_"] + ["cuda", "linalg", "load", "nn", "optim", "save", "special"]

# PyTorch has these methods at its top level too, and those that work in place
_OF_TENSORS = set(
    "adjoint conj detach is_complex is_floating_point is_inference is_nonzero is_same_size is_signed numel "
    "split_with_sizes".split()
)


def __getattr__(name: str) -> Any:
    if name.startswith("_foreach_"):
        return importlib.import_module("minigrad.torch.foreach").foreach(name.removeprefix("_foreach_"))
    if name in _OF_TENSORS or (name.endswith("_") and not name.startswith("_") and hasattr(Tensor, name)):
        return getattr(Tensor, name)
    return _attribute(name)
