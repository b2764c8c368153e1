"""PyTorch's namespaces that change nothing here, in one table: nothing is compiled, and there is one backend for each
device, whose results are the same from run to run. Scripts set these switches and ask these questions."""

import sys
import warnings
from contextlib import nullcontext
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

from minigrad.nn import Module
from minigrad.torch import cuda
from minigrad.torch.config import has_onednn, has_openmp

# --- answers ----------------------------------------------------------------------------------------------------------


def no() -> bool:
    """No, never."""
    return False


def yes() -> bool:
    """Yes: attention is matrix products and a softmax."""
    return True


def none() -> None:
    """None: it is not used."""


def nothing() -> None:
    """Nothing to do."""


def switch(enabled: bool) -> None:
    """Nothing to switch: attention is computed in one way."""


# --- what is given, unchanged -----------------------------------------------------------------------------------------


def given(fn: Any) -> Any:
    """The function itself: there is no compiler."""
    return fn


def disable(fn: Any = None, recursive: bool = True, **options: Any) -> Any:
    """The function itself; also as a decorator with settings."""
    return given if fn is None else fn


def ignore(drop: Any = False, **options: Any) -> Any:
    """The function itself; also as a decorator with settings."""
    return drop if callable(drop) else given


def annotate(the_type: Any, the_value: Any) -> Any:
    """The value itself."""
    return the_value


def _unchanged(name: str, what: Any) -> Any:
    warnings.warn(f"jit.{name}: minigrad runs code as it is; returned unchanged", stacklevel=3)
    return what


def script(obj: Any, *args: Any, **options: Any) -> Any:
    """The function, class or module itself, with a warning."""
    return _unchanged("script", obj)


def trace(func: Any, example_inputs: Any = None, *args: Any, **options: Any) -> Any:
    """The function or module itself, with a warning."""
    return _unchanged("trace", func)


def freeze(mod: Any, *args: Any, **options: Any) -> Any:
    """The module itself, with a warning."""
    return _unchanged("freeze", mod)


def optimize_for_inference(mod: Any, *args: Any, **options: Any) -> Any:
    """The module itself, with a warning."""
    return _unchanged("optimize_for_inference", mod)


# --- what there is not ------------------------------------------------------------------------------------------------


def save(m: Any, f: Any, *args: Any, **options: Any) -> None:
    """Raises NotImplementedError: there is no program apart from its Python."""
    raise NotImplementedError("jit.save: models are not programs of their own here; save m.state_dict() with save()")


def load(f: Any, *args: Any, **options: Any) -> Any:
    """Raises NotImplementedError: there is no interpreter of saved programs."""
    raise NotImplementedError(
        "jit.load: there is no interpreter of saved programs; build the model in Python and load()"
    )


def sdp_kernel(enable_flash: bool = True, enable_math: bool = True, enable_mem_efficient: bool = True,
               enable_cudnn: bool = True) -> Any:  # fmt: skip
    """A block in which attention is computed as everywhere else."""
    return nullcontext()


class ScriptModule(Module):
    """What PyTorch's compiler makes of a module. There is none here: no module is one, unless its class says so."""


def _namespace(name: str, doc: str, **members: Any) -> ModuleType:
    """A module `minigrad.torch.inert.name` of these members."""
    full = f"{__name__}.{name}"
    made = sys.modules[full] = ModuleType(full, doc)
    vars(made).update(members, __spec__=ModuleSpec(full, None), __all__=sorted(members), __path__=[])
    return made


jit = _namespace(
    "jit", "`torch.jit` by name: nothing is compiled. What scripts decorate or trace is returned unchanged.",
    Final=Final, ScriptModule=ScriptModule, annotate=annotate, export=given, freeze=freeze, ignore=ignore,
    is_scripting=no, is_tracing=no, load=load, optimize_for_inference=optimize_for_inference, save=save, script=script,
    script_if_tracing=given, script_method=given, trace=trace, unused=ignore,
)  # fmt: skip
compiler = _namespace(
    "compiler", "`torch.compiler` by name: nothing is compiled here.",
    allow_in_graph=given, cudagraph_mark_step_begin=nothing, disable=disable, is_compiling=no, is_dynamo_compiling=no,
    reset=nothing,
)  # fmt: skip
_cuda = _namespace(
    "backends.cuda", "CUDA's switches, which change nothing here.",
    enable_cudnn_sdp=switch, enable_flash_sdp=switch, enable_math_sdp=switch, enable_mem_efficient_sdp=switch,
    flash_sdp_enabled=no, is_built=cuda.is_available, math_sdp_enabled=yes,
    matmul=_namespace("backends.cuda.matmul", "Products of float32 are computed in float32.", allow_tf32=False),
    mem_efficient_sdp_enabled=no, sdp_kernel=sdp_kernel,
)  # fmt: skip
_cudnn = _namespace(
    "backends.cudnn", "cuDNN is not used, and every algorithm here is deterministic, whatever is set.",
    allow_tf32=False, benchmark=False, deterministic=True, enabled=False, is_available=no, version=none,
)  # fmt: skip
backends = _namespace(
    "backends", "Switches that scripts set and probes that they ask, by PyTorch's names.",
    cuda=_cuda, cudnn=_cudnn,
    mkl=_namespace("backends.mkl", "Intel's MKL: not used by name.", is_available=no),
    mkldnn=_namespace("backends.mkldnn", "oneDNN, by its old name.", enabled=True, is_available=has_onednn),
    mps=_namespace("backends.mps", "Apple's GPUs: not supported.", is_available=no, is_built=no),
    openmp=_namespace("backends.openmp", "OpenMP: the pool of threads.", is_available=has_openmp),
)  # fmt: skip
