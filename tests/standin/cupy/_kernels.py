"""`ElementwiseKernel` and `ReductionKernel` of the pretended GPU: their C++ is compiled for the CPU and run there, one
element after another. What is compiled is what CuPy compiles, in a loop of our own; the dtypes are found by CuPy's
rules. Needs a C++ compiler (the variable CXX, or c++)."""

import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as _np

from cupy._array import NUMBERS, ndarray, raw, wrap
from cupy._counts import launched

C_NAMES = {
    "bool": "bool", "int8": "signed char", "int16": "short", "int32": "int", "int64": "long long",
    "uint8": "unsigned char", "uint16": "unsigned short", "uint32": "unsigned int", "uint64": "unsigned long long",
    "float16": "float16", "float32": "float", "float64": "double",
}  # fmt: skip

HEAD = """
#include <cmath>
#include <cstddef>
#include <cstdint>
using namespace std;
#define __device__
#define __forceinline__ inline
typedef _Float16 float16;
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return (unsigned long long)(((unsigned __int128)a * b) >> 64);
}
template <typename X> struct Raw {  // any number of dimensions, read by the linear index
    X *first; long long length;
    X &operator[](long long i) const { return first[i]; }
    long long size() const { return length; }
};
"""
ELEMENTWISE = """
extern "C" void run(long long n, void **args, const long long *sizes) {{
    {setup}
    for (long long i = 0; i < n; i++) {{ {fetch} {{ {body}; }} }}
}}
"""
REDUCTION = """
typedef {kind} _reduced;
extern "C" void run(long long n, void **args, const long long *sizes) {{
    {setup}
    long long length = sizes[{nargs}];
    for (long long o = 0; o < n; o++) {{
        _reduced _sum = _reduced({identity});
        for (long long j = 0; j < length; j++) {{
            long long i = o * length + j;
            {fetch_in}
            _reduced a = _sum, b = static_cast<_reduced>({map});
            _sum = ({reduce});
        }}
        _reduced a = _sum;
        {{ long long i = o; {fetch_numbers} {fetch_out} {after}; }}
    }}
}}
"""


def compiler() -> str | None:
    """The C++ compiler, if there is one."""
    return shutil.which(os.environ.get("CXX", "c++"))


class Parameter:
    """`raw T x`: a type (of a letter: found from the arguments), a name, and whether it is indexed by the kernel."""

    def __init__(self, text: str) -> None:
        *words, self.type, self.name = text.split()
        if words not in ([], ["raw"]):
            raise ValueError(f"Unknown keyword in {text!r}")
        self.raw = words == ["raw"]
        if len(self.type) > 1 and self.type not in C_NAMES:
            raise TypeError(f"data type {self.type!r} not understood")


def parameters(text: str) -> list[Parameter]:
    return [Parameter(part) for part in text.split(",") if part.strip()]


@functools.cache
def library(source: str) -> Any:
    """The compiled function, from a folder that remembers."""
    folder = Path(tempfile.gettempdir()) / f"minigrad-kernels-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{hashlib.sha256(source.encode()).hexdigest()[:24]}.so"
    if not path.exists():
        made = path.with_suffix(f".{os.getpid()}.so")
        if compiler() is None:
            raise RuntimeError(
                "the stand-in for CuPy runs kernels on the CPU, for which it needs a C++ compiler: install g++ or "
                "clang++, or name one by CXX; MINIGRAD_EXECUTORS=numpy does without kernels"
            )
        command = [compiler(), "-x", "c++", "-O1", "-ffp-contract=off", "-w", "-shared", "-fPIC", "-o", made, "-"]
        done = subprocess.run(command, input=source, capture_output=True, text=True)  # type: ignore[arg-type]
        if done.returncode:
            raise RuntimeError(f"{done.stderr}\n{source}")
        made.rename(path)
    return ctypes.CDLL(str(path)).run


def types_of(params: list[Parameter], args: list[Any]) -> dict[str, str]:
    """The dtype of each letter: of the arrays that stand under it, which must agree."""
    found: dict[str, str] = {}
    for p, a in zip(params, args):
        if not isinstance(a, ndarray):
            if len(p.type) == 1:
                raise TypeError(f"{p.name}: a number under the letter {p.type}: give its type")
            continue
        if found.setdefault(p.type, a.dtype.name) != a.dtype.name or len(p.type) > 1 and p.type != a.dtype.name:
            raise TypeError(f"Type is mismatched. {p.name} {a.dtype} {p.type} {found[p.type]}")
    return found


class Kernel:
    """What both kinds share: the arguments."""

    def __init__(self, in_params: str, out_params: str) -> None:
        self.inputs, self.outputs = parameters(in_params), parameters(out_params)
        self.params = self.inputs + self.outputs
        self.typed: dict[str, str] = {}

    def arguments(self, args: tuple[Any, ...]) -> list[Any]:
        if len(args) not in (len(self.inputs), len(self.params)):
            raise TypeError(f"Wrong number of arguments for {self.name}: {len(args)}")  # type: ignore[attr-defined]
        for a in args:
            if not isinstance(a, (ndarray, *NUMBERS)):
                raise TypeError(f"Unsupported type {type(a)}")
        raw(args, "kernel")
        self.typed = types_of(self.params, list(args))
        return list(args)

    def dtype(self, p: Parameter) -> Any:
        if len(p.type) == 1 and p.type not in self.typed:
            raise TypeError(f"the letter {p.type} of {p.name} is not decided")
        return _np.dtype(self.typed.get(p.type, p.type))

    def source(self, body: str, preamble: str) -> str:
        typedefs = "".join(
            f"typedef {C_NAMES[name]} {letter};\n" for letter, name in self.typed.items() if len(letter) == 1
        )
        return HEAD + typedefs + preamble + body

    def setup(self) -> str:
        """Every argument by a pointer to its first element; raw ones are indexed, numbers read once."""
        lines = []
        for k, p in enumerate(self.params):
            c = C_NAMES[self.dtype(p).name]
            if p.raw:
                lines.append(f"Raw<{c}> {p.name} = {{({c} *)args[{k}], sizes[{k}]}};")
            else:
                lines.append(f"{c} *_{p.name} = ({c} *)args[{k}]; bool _many_{p.name} = sizes[{k}] != -1;")
        return "\n    ".join(lines)

    def fetch(self, params: list[Parameter], constant: bool) -> str:
        return " ".join(
            f"{'const ' * constant}{C_NAMES[self.dtype(p).name]} &{p.name} = _{p.name}[_many_{p.name} ? i : 0];"
            for p in params
            if not p.raw
        )


def start(function: Any, n: int, held: list[Any], sizes: list[int]) -> None:
    pointers = (ctypes.c_void_p * len(held))(*[a.ctypes.data for a in held])
    function(ctypes.c_longlong(n), pointers, (ctypes.c_longlong * len(sizes))(*sizes))
    launched()


class ElementwiseKernel(Kernel):
    def __init__(
        self, in_params: str, out_params: str, operation: str, name: str = "kernel", reduce_dims: bool = True,
        preamble: str = "", no_return: bool = False, return_tuple: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(in_params, out_params)
        self.operation, self.name, self.preamble, self.tuple = operation, name, preamble, return_tuple

    def __call__(self, *args: Any, size: int | None = None) -> Any:
        given = self.arguments(args)
        plain = [a._a for p, a in zip(self.params, given) if isinstance(a, ndarray) and not p.raw]
        if not plain and size is None:
            raise ValueError("Loop size is undecided.")
        if plain and size is not None:
            raise ValueError("Specified 'size' can be used only if all of the ndarray are 'raw'.")
        shape = _np.broadcast_shapes(*[a.shape for a in plain]) if plain else (size,)
        for p, a in zip(self.outputs, given[len(self.inputs) :]):
            if not p.raw and a.shape != shape:
                raise ValueError(f"Out shape is mismatched: {p.name} {a.shape}, expected {shape}")
        if len(given) == len(self.inputs):
            if any(p.raw for p in self.outputs):
                raise ValueError("Output array size is Undecided.")
            given += [wrap(_np.empty(shape, self.dtype(p))) for p in self.outputs]
        held, sizes = [], []
        for p, a in zip(self.params, given):
            array = _np.asarray(a._a if isinstance(a, ndarray) else a, self.dtype(p))
            spread = array if p.raw or not isinstance(a, ndarray) else _np.broadcast_to(array, shape)
            held.append(_np.ascontiguousarray(spread))
            sizes.append(array.size if p.raw else -1 if not isinstance(a, ndarray) else 0)
        n = int(_np.prod(shape))
        code = ELEMENTWISE.format(
            setup=self.setup(), body=self.operation,
            fetch=self.fetch(self.inputs, True) + self.fetch(self.outputs, False),
        )  # fmt: skip
        if n:
            start(library(self.source(code, self.preamble)), n, held, sizes)
        outs = given[len(self.inputs) :]
        for a, h in zip(outs, held[len(self.inputs) :]):
            if h is not a._a:
                a._a[...] = h.reshape(a._a.shape)
        return outs[0] if len(outs) == 1 and not self.tuple else tuple(outs)


class ReductionKernel(Kernel):
    def __init__(
        self, in_params: str, out_params: str, map_expr: str, reduce_expr: str, post_map_expr: str, identity: str,
        name: str = "reduce_kernel", reduce_type: str | None = None, reduce_dims: bool = True, preamble: str = "",
    ) -> None:  # fmt: skip
        super().__init__(in_params, out_params)
        if len(self.outputs) != 1 or any(p.raw for p in self.params):
            raise ValueError("one output, and no raw arguments")
        self.expressions = {"map": map_expr, "reduce": reduce_expr, "after": post_map_expr, "identity": identity}
        self.name, self.kind, self.preamble = name, reduce_type, preamble

    def __call__(self, *args: Any, out: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
        given = self.arguments(args if out is None else (*args, out))
        inputs = [a._a if isinstance(a, ndarray) else a for a in given[: len(self.inputs)]]
        shape = _np.broadcast_shapes(*[a.shape for a in inputs if isinstance(a, _np.ndarray)])
        axes = range(len(shape)) if axis is None else [axis] if isinstance(axis, int) else axis
        last = sorted(k % len(shape) for k in axes)
        kept = [k for k in range(len(shape)) if k not in last]
        left = tuple(1 if k in last else s for k, s in enumerate(shape) if keepdims or k not in last)
        if len(given) == len(self.inputs):
            given.append(wrap(_np.empty(left, self.dtype(self.outputs[0]))))
        result = given[-1]
        if result.shape != left:
            raise ValueError(f"Out shape is mismatched: {result.shape}, expected {left}")
        held, sizes = [], []
        for p, a in zip(self.inputs, inputs):
            number = not isinstance(a, _np.ndarray)
            array = _np.asarray(a, self.dtype(p))
            held.append(
                array if number else _np.ascontiguousarray(_np.broadcast_to(array, shape).transpose(kept + last))
            )
            sizes.append(-1 if number else 0)
        held.append(_np.empty(left, self.dtype(self.outputs[0])))
        sizes += [0, int(_np.prod([shape[k] for k in last]))]
        code = REDUCTION.format(
            setup=self.setup(), nargs=len(self.params), fetch_in=self.fetch(self.inputs, True),
            fetch_numbers=self.fetch([p for p, size in zip(self.inputs, sizes) if size == -1], True),
            fetch_out=self.fetch(self.outputs, False), kind=self.kind or C_NAMES[self.dtype(self.outputs[0]).name],
            **self.expressions,
        )  # fmt: skip
        if held[-1].size:
            start(library(self.source(code, self.preamble)), held[-1].size, held, sizes)
        result._a[...] = held[-1]
        return result
