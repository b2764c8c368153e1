"""Every kernel compiles for GPUs (sm_80 and sm_90) as CuPy would compile it: CuPy itself writes the source around it,
and NVRTC, from the wheels of NVIDIA, compiles that; neither needs a GPU.

    pip install -e '.[cupy-names]' && python -m pytest tests/executors/test_kernels_compile.py
"""

import importlib
import pkgutil
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad.backend.cuda_kernel import KERNELS, Kernel

for module in pkgutil.walk_packages(minigrad.__path__, "minigrad."):
    optional = module.name.startswith(("minigrad.executors.numba", "minigrad.executors.onednn"))
    if not module.name.endswith("__main__") and not optional:
        importlib.import_module(module.name)  # a kernel is known once the module that makes it is imported

HEAD = "".join(f"#include <cupy/{name}>\n" for name in ("complex.cuh", "carray.cuh", "atomics.cuh", "math_constants.h"))
ARRAY, INDEXER, NUMBER = 1, 2, 3  # CuPy's kinds of arguments


@pytest.fixture(scope="module")
def cupy_itself() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("cupy", reason="CuPy is not installed")


@pytest.fixture(scope="module")
def options(cupy_itself: Any) -> tuple[str, ...]:
    """Where headers are: CuPy's own, and CUDA's."""
    found = find_spec("nvidia.cu13") if find_spec("nvidia") else None
    if found is None:
        pytest.skip("NVRTC (nvidia-cuda-nvrtc, -runtime and -cccl) is not installed")
    own = Path(cupy_itself.__file__).parent / "_core" / "include"
    parts = [own / "cupy/_cccl" / part for part in ("libcudacxx", "thrust", "cub")]
    folders = [own, *parts, Path(list(found.submodule_search_locations or [])[0]) / "include"]
    return (*(f"-I{folder}" for folder in folders), "-std=c++17")


def source(cupy: Any, kernel: Kernel, dtype: str, contiguous: bool) -> str:
    """What CuPy would compile for arrays of this dtype."""
    core, reduction = (importlib.import_module(f"cupy._core.{name}") for name in ("_kernel", "_reduction"))
    indexer, scalar = (
        getattr(importlib.import_module(f"cupy._core.{module}"), name)
        for module, name in (("_carray", "Indexer"), ("_scalar", "CScalar"))
    )
    made = getattr(cupy, kernel.maker)(*kernel.source, name=kernel.name, **kernel.options)
    letters = {"T": np.dtype(dtype).type, "S": np.promote_types(dtype, "float32").type, "I": np.int64, "B": np.bool_}
    params, infos, types = made.params or made._params, [], {}
    for p in params:
        if p.name in ("_ind", "_in_ind", "_out_ind"):
            infos.append(core._ArgInfo(INDEXER, indexer, None, 2 - contiguous, True, True))
            continue
        kind = letters[p.ctype] if p.dtype is None else p.dtype.type
        types |= {p.ctype: kind} if p.dtype is None else {}
        number = p.dtype is not None and p.is_const and not p.raw
        given = (
            (NUMBER, scalar, kind, 0, True, True)
            if number
            else (ARRAY, cupy.ndarray, kind, 2 - contiguous, contiguous, True)
        )
        infos.append(core._ArgInfo(*given))
    if kernel.maker == "ElementwiseKernel":
        return core._get_elementwise_kernel_code(
            tuple(infos), core._TypeMap(tuple(types.items())), params, made.operation, made.name, made.preamble
        )
    return reduction._ReductionKernel_get_cached_function_code(
        made.nin, made.nout, tuple(params), tuple(infos), core._TypeMap((*types.items(), ("IndexT", np.int32))),
        made.name, 512, made.reduce_type, made.identity, made.map_expr, made.reduce_expr, made.post_map_expr,
        made.preamble, made.options,
    )  # fmt: skip


def compiled(cupy: Any, code: str, *options: str) -> bytes:
    program = importlib.import_module("cupy.cuda.compiler")._NVRTCProgram(HEAD + code, "k.cu", (), (), None, "cubin")
    return program.compile(options)[0]


@pytest.mark.parametrize("name", sorted(KERNELS))
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_it_compiles_for_gpus(name: str, dtype: str, cupy_itself: Any, options: tuple[str, ...]) -> None:
    for contiguous in (True, False):
        code = source(cupy_itself, KERNELS[name], dtype, contiguous)
        for architecture in ("sm_80", "sm_90") if contiguous else ("sm_90",):
            assert compiled(cupy_itself, code, *options, f"-arch={architecture}")[:4] == b"\x7fELF"


def test_a_mistake_would_be_found(cupy_itself: Any, options: tuple[str, ...]) -> None:
    wrong = Kernel.__new__(Kernel)
    wrong.maker, wrong.name, wrong.source, wrong.options = "ElementwiseKernel", "wrong", ("T x", "T y", "y = z"), {}
    with pytest.raises(importlib.import_module("cupy.cuda.compiler").CompileException, match='"z" is undefined'):
        compiled(cupy_itself, source(cupy_itself, wrong, "float32", True), *options, "-arch=sm_90")
