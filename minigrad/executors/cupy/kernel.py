"""What a kernel is: a few lines of C++, which CuPy makes into a loop over elements or a reduction, for each dtype.

Kernels are made once, at the top of a module, and compiled when they are first called. In all of them `T` stands for
the dtype of the arrays, and `A` for the one to calculate and add up in: float64 for float64, float32 for the rest.
"""

import functools
import os
from collections.abc import Callable
from typing import Any

from numpy import dtype, generic, ndarray

from minigrad.engine.tensor import Tensor

KERNELS: "dict[str, Kernel]" = {}

WIDER = """
template <typename X> struct wider { typedef float type; };
template <> struct wider<double> { typedef double type; };
typedef wider<T>::type A;
"""


class Kernel:
    """A kernel by its name and its source; `call(...)` hands arrays of the GPU and numbers to it."""

    def __init__(self, maker: str, name: str, *source: str, preamble: str = "", **options: str) -> None:
        if KERNELS.setdefault(name, self) is not self:
            raise ValueError(f"a kernel named {name!r} is there already")
        self.maker, self.name, self.source = maker, f"minigrad_{name}", source
        typed = any(words.split()[-2:-1] == ["T"] for words in ",".join(source[:2]).split(","))
        self.options = {"preamble": (WIDER if typed else "") + preamble, **options}

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self.call(*args, **options)

    @functools.cached_property
    def call(self) -> Callable[..., Any]:
        """The compiled kernel, to be called as CuPy's are: inputs, outputs, `axis=` for reductions."""
        from minigrad.backend import cuda

        made: Callable[..., Any] = getattr(cuda.cupy(), self.maker)(*self.source, name=self.name, **self.options)
        return made


def elementwise(name: str, inputs: str, outputs: str, body: str, preamble: str = "") -> Kernel:
    """A kernel of one thread for each element: `body` speaks of the arguments by their names."""
    return Kernel("ElementwiseKernel", name, inputs, outputs, body, preamble=preamble)


def reduction(
    name: str,
    inputs: str,
    outputs: str,
    map: str,
    reduce: str,
    after: str,
    identity: str,
    kind: str,
    preamble: str = "",
) -> Kernel:
    """A kernel that reduces along axes: `map` makes a value of type `kind` of an element, `reduce` one of two, a and b,
    and `after` assigns the output from what is left, a."""
    return Kernel("ReductionKernel", name, inputs, outputs, map, reduce, after, identity, preamble=preamble,
                  reduce_type=kind)  # fmt: skip


def wider(kind: Any) -> Any:
    """The dtype `A` of the kernels for arrays of this dtype."""
    return kind if kind.itemsize == 8 else dtype("float32")


def used(array: Any) -> bool:
    """Are kernels there for this array? Not on the CPU, nor for Tensors, whose operations are recorded.
    MINIGRAD_KERNELS=0 says no: to find out whether one of them is at fault."""
    return (
        array.__class__ is not ndarray
        and not isinstance(array, (Tensor, generic))
        and array.dtype.kind == "f"
        and os.environ.get("MINIGRAD_KERNELS") != "0"
    )


def on_gpu(kernels: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a function of arrays: those on a GPU are given to `kernels`, which does the same in fewer launches."""

    def decorate(plain: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(plain)
        def choose(array: Any, *args: Any, **options: Any) -> Any:
            return (kernels if used(array) else plain)(array, *args, **options)

        choose.plain, choose.kernels = plain, kernels  # type: ignore[attr-defined]
        return choose

    return decorate
