"""What a kernel is: a few lines of C++, which CuPy makes into a loop over elements or a reduction, for each dtype.

Kernels are made once, at the top of a module, and compiled when they are first called. In all of them `T` stands for
the dtype of the arrays, and `A` for the one to calculate and add up in: float64 for float64, float32 for the rest.
"""

import functools
from collections.abc import Callable
from typing import Any

from numpy import dtype

from minigrad.backend import cuda

KERNELS: "dict[str, Kernel]" = {}

ACCUMULATE_TYPE = """
template <typename X> struct accumulate_type { typedef float type; };
template <> struct accumulate_type<double> { typedef double type; };
typedef accumulate_type<T>::type A;
"""


class Kernel:
    """A kernel by its name and its source; `call(...)` hands arrays of the GPU and numbers to it."""

    def __init__(self, maker: str, name: str, *source: str, preamble: str = "", **options: str) -> None:
        if KERNELS.setdefault(name, self) is not self:
            raise ValueError(f"a kernel named {name!r} is there already")
        self.maker, self.name, self.source = maker, f"minigrad_{name}", source
        typed = any(words.split()[-2:-1] == ["T"] for words in ",".join(source[:2]).split(","))
        self.options = {"preamble": (ACCUMULATE_TYPE if typed else "") + preamble, **options}

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self.call(*args, **options)

    @functools.cached_property
    def call(self) -> Callable[..., Any]:
        """The compiled kernel, to be called as CuPy's are: inputs, outputs, `axis=` for reductions."""
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


def accumulate_type(kind: Any) -> Any:
    """The dtype `A` of the kernels for arrays of this dtype."""
    return kind if kind.itemsize == 8 else dtype("float32")
