"""What becomes a method of Tensor. Imported once, by `minigrad/__init__.py`; `engine/tensor.pyi` lists the outcome.

A public operation is a method unless its name stands below, and changes its tensor in place as `name_` where it keeps
shape and dtype. The functions of `attributes`, `conversion`, `python`, `storage` and `views` are methods all.
"""

from types import FunctionType, ModuleType
from typing import Any

from minigrad.engine import gradients
from minigrad.engine.inplace import change_in_place, in_place
from minigrad.engine.tensor import Tensor
from minigrad.methods import (
    attributes,
    construction,
    conversion,
    dlpack,
    numpy_protocol,
    printing,
    python,
    storage,
    views,
)
from minigrad.ops import random
from minigrad.ops.array import arrange, creation, diagonal, shape, windows
from minigrad.ops.index import assign, indexing, nonzero, scatter
from minigrad.ops.linalg import decompositions, einsum, functions, norms, products
from minigrad.ops.nn import activation
from minigrad.ops.pointwise import arithmetic, cast, compare, special, trigonometric
from minigrad.ops.reduce import reductions, scan, sort, statistics

# of these modules every public operation is a method, but
_ALL_BUT: dict[ModuleType, str] = {
    arithmetic: "rsub safe_sqrt where",
    trigonometric: "",
    special: "log_ndtr ndtr ndtri polygamma xlog1py",
    compare: "isin",
    reductions: "std_mean var_mean",
    scan: "cumulative_trapezoid trapezoid trapz",
    sort: "bucketize searchsorted",
    statistics: "",
    shape: "cat concat concatenate stack",
    arrange: "atleast_1d atleast_2d atleast_3d block_diag broadcast_tensors cartesian_prod column_stack dstack hstack "
    "meshgrid vstack",
    windows: "",
    diagonal: "",
    indexing: "",
    nonzero: "",
    scatter: "",
    products: "chain_matmul",
    norms: "",
    einsum: "einsum tensordot",
}
# of these only
_ONLY: dict[ModuleType, str] = {
    decompositions: "det inverse logdet slogdet",
    activation: "hardshrink log_softmax prelu relu sigmoid softmax",
    shape: "view",
    cast: "astype clone to",
    assign: "copy_ fill_ zero_",
    functions: "matrix_power",
    random: "bernoulli bernoulli_ cauchy_ exponential_ geometric_ log_normal_ multinomial normal_ random_ uniform_",
    dlpack: "__dlpack__ __dlpack_device__",
    numpy_protocol: "__array_function__ __array_ufunc__",
    printing: "__repr__",
}
# of the methods, those that have a form in place
_IN_PLACE_ALL_BUT: dict[ModuleType, str] = {
    arithmetic: "fmax fmin isfinite isinf isnan maximum minimum positive rsub safe_sqrt signbit where",
    trigonometric: "",
}
_IN_PLACE_ONLY: dict[ModuleType, str] = {
    special: "digamma erf erfc erfinv lgamma logit xlogy",
    scan: "cumprod cumsum",
    statistics: "renorm",
    diagonal: "tril triu",
    scatter: "index_add index_copy index_fill index_put masked_fill masked_scatter put scatter scatter_add "
    "scatter_reduce",
    products: "addbmm addmm addmv addr baddbmm",
    activation: "relu sigmoid",
}
# arithmetic goes straight to the op, whose error names a wrong operand: a wrapper would cost a tenth of its time
_ARITHMETIC = {
    "add": arithmetic._add, "sub": arithmetic._sub, "mul": arithmetic.mul, "truediv": arithmetic._div,
    "pow": arithmetic._pow, "mod": arithmetic.remainder, "floordiv": arithmetic.floor_divide,
}  # fmt: skip
_BITWISE = {
    "and": arithmetic.bitwise_and, "or": arithmetic.bitwise_or, "xor": arithmetic.bitwise_xor,
    "lshift": arithmetic.bitwise_left_shift, "rshift": arithmetic.bitwise_right_shift,
}  # fmt: skip
_COMPARISONS = {name: getattr(arithmetic, name) for name in ("eq", "ne", "lt", "le", "gt", "ge")}


def _operator(op: Any) -> Any:
    """With None, a string or another library's object Python decides what the outcome is."""

    def method(self: Tensor, other: Any) -> Any:
        if isinstance(other, (Tensor, int, float)) or hasattr(other, "dtype"):
            return op(self, other)
        return NotImplemented

    return method


def _reflected(op: Any) -> Any:
    def method(self: Tensor, other: Any) -> Any:
        if isinstance(other, (int, float)) or hasattr(other, "dtype"):
            return op(other, self)
        return NotImplemented

    return method


def _augmented(op: Any) -> Any:
    name, op = f"{op.__name__}_", getattr(arithmetic, op.__name__)

    def method(self: Tensor, other: Any) -> Any:
        return change_in_place(name, op, self, other)

    return method


def __matmul__(self: Tensor, other: Any) -> Any:
    return products.matmul(self, other) if hasattr(other, "ndim") else NotImplemented


def __rmatmul__(self: Tensor, other: Any) -> Any:
    return products.matmul(creation.as_tensor(other), self) if hasattr(other, "ndim") else NotImplemented


def _named(all_but: dict[ModuleType, str], only: dict[ModuleType, str]) -> dict[str, Any]:
    chosen = [(module, [n for n in module.__all__ if n not in names.split()]) for module, names in all_but.items()]
    chosen += [(module, names.split()) for module, names in only.items()]
    return {name: getattr(module, name) for module, names in chosen for name in names}


def _own(module: ModuleType) -> dict[str, Any]:
    """The functions defined there, except private ones."""
    return {
        name: f
        for name, f in vars(module).items()
        if isinstance(f, FunctionType) and f.__module__ == module.__name__ and (name[0] != "_" or name[:2] == "__")
    }


def _operators() -> dict[str, Any]:
    two_sided = {**_ARITHMETIC, **_BITWISE}
    return {
        **{f"__{name}__": op for name, op in _ARITHMETIC.items()},
        **{f"__{name}__": _operator(op) for name, op in {**_BITWISE, **_COMPARISONS}.items()},
        **{f"__r{name}__": _reflected(op) for name, op in two_sided.items()},
        **{f"__i{name}__": _augmented(op) for name, op in two_sided.items()},
        "__neg__": arithmetic.neg, "__abs__": arithmetic.abs, "__invert__": arithmetic.bitwise_not,
        "__matmul__": __matmul__, "__rmatmul__": __rmatmul__, "__getitem__": indexing.getitem,
        "__hash__": object.__hash__,  # since __eq__ compares elements
    }  # fmt: skip


METHODS: dict[str, Any] = {
    **_named(_ALL_BUT, _ONLY),
    **{f"{name}_": in_place(op) for name, op in _named(_IN_PLACE_ALL_BUT, _IN_PLACE_ONLY).items()},
    **_operators(),
    **_own(attributes), **_own(construction), **_own(conversion), **_own(python), **_own(storage), **_own(views),
    **attributes.ANSWERS, **conversion.CASTS, **views.IN_PLACE, **storage.PRIVATE,
    **{
        name: property(f, doc=doc)
        for m in (attributes, construction, views) for name, (f, _, doc) in m.PROPERTIES.items()
    },
    "backward": gradients.tensor_backward,
    "__cuda_array_interface__": property(dlpack._cuda_array_interface),
}  # fmt: skip
for _name, _member in METHODS.items():
    setattr(Tensor, _name, _member)
