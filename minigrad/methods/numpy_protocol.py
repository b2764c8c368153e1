"""NumPy's own functions on Tensors: `np.exp(t)` is `minigrad.exp(t)`, `np.concatenate([t, u])` is `minigrad.cat([t,
u])`, recorded like any operation.

A function that has no counterpart here works on tensors that require no grad, as on the arrays they hold; on others it
raises GraphError, since NumPy cannot record.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.engine.tensor import Tensor
from minigrad.errors import GraphError
from minigrad.ops import operations
from minigrad.ops.array import arrange, diagonal, shape
from minigrad.ops.array.creation import as_tensor
from minigrad.ops.array.pad import pad
from minigrad.ops.index import scatter
from minigrad.ops.index.nonzero import nonzero
from minigrad.ops.linalg import einsum
from minigrad.ops.linalg import products as linalg
from minigrad.ops.pointwise import arithmetic as elementwise
from minigrad.ops.pointwise import compare, special
from minigrad.ops.pointwise import trigonometric as trig
from minigrad.ops.reduce import reductions as reduce
from minigrad.ops.reduce import scan, sort

# NumPy's name: ours, where they differ
_UFUNCS = {
    "multiply": "mul", "subtract": "_sub", "add": "_add", "divide": "_div", "negative": "neg", "power": "_pow",
    "absolute": "abs", "equal": "eq", "not_equal": "ne", "less": "lt", "less_equal": "le", "greater": "gt",
    "greater_equal": "ge", "rint": "_round", "invert": "bitwise_not", "float_power": "_pow", "degrees": "rad2deg",
    "radians": "deg2rad", "conjugate": "clone",
}  # fmt: skip
_SAME = (
    "all any argmax argmin argsort argwhere atleast_1d atleast_2d atleast_3d bincount broadcast_to count_nonzero "
    "diff dstack einsum fliplr flipud hstack inner isclose isin kron linalg.cholesky linalg.det "
    "linalg.eigh linalg.inv linalg.pinv linalg.qr linalg.slogdet linalg.solve linalg.svd mean moveaxis "
    "nan_to_num nanmean nansum outer prod quantile ravel reshape searchsorted sinc squeeze sum swapaxes "
    "tensordot tile trace vdot vstack where"
)


def _spread(function: Callable[..., Any]) -> Callable[..., Any]:
    """var and std by NumPy's argument names; ddof is 0 there."""
    return lambda x, axis=None, ddof=0, keepdims=False: function(x, axis, correction=ddof, keepdim=keepdims)


def _pad(x: Tensor, pad_width: Any, mode: str = "constant", constant_values: float = 0.0) -> Any:
    pairs = np.broadcast_to(np.asarray(pad_width), (x.ndim, 2)).tolist()
    names = {"edge": "replicate", "wrap": "circular"}
    return pad(x, [n for pair in reversed(pairs) for n in pair], names.get(mode, mode), constant_values)


def _dot(a: Any, b: Any) -> Any:
    if a.ndim == 0 or b.ndim == 0:
        return elementwise.mul(a, b)
    return einsum.tensordot(a, b, ((-1,), (-2 if b.ndim > 1 else -1,)))


def _flat_unless(function: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy flattens where no axis is given."""
    return lambda x, axis=None: function(shape.reshape(x, (-1,)), 0) if axis is None else function(x, axis)


_DIFFERENT: dict[str, Callable[..., Any]] = {
    "amax": reduce.amax, "max": reduce.amax, "amin": reduce.amin, "min": reduce.amin,
    "var": _spread(reduce.var), "std": _spread(reduce.std),
    "concatenate": lambda parts, axis=0: shape.cat(parts, axis),
    "stack": lambda parts, axis=0: shape.stack(parts, axis),
    "expand_dims": lambda x, axis: shape.unsqueeze(x, axis),
    "transpose": lambda x, axes=None: shape.permute(x, tuple(range(x.ndim))[::-1] if axes is None else axes),
    "split": lambda x, n, axis=0: arrange.tensor_split(x, n, axis),
    "array_split": lambda x, n, axis=0: arrange.tensor_split(x, n, axis),
    "flip": lambda x, axis=None: shape.flip(x, tuple(range(x.ndim)) if axis is None else axis),
    "repeat": lambda x, repeats, axis=None: arrange.repeat_interleave(x, repeats, axis),
    "sort": lambda x, axis=-1: sort.sort(x, axis).values if axis is not None else sort.sort(x.reshape(-1)).values,
    "take": lambda x, i, axis=None: scatter.take(x, as_tensor(i)) if axis is None else _taken(x, i, axis),
    "take_along_axis": lambda x, i, axis=-1: scatter.take_along_dim(x, as_tensor(i), axis),
    "clip": lambda x, a_min=None, a_max=None, min=None, max=None: elementwise.clamp(
        x, min if a_min is None else a_min, max if a_max is None else a_max),
    "round": lambda x, decimals=0: elementwise.round(x, decimals=decimals),
    "median": lambda x, axis=None, keepdims=False: sort.quantile(x, 0.5, axis, keepdims),
    "meshgrid": lambda *parts, indexing="xy": arrange.grids(parts, indexing),
    "diag": lambda x, k=0: diagonal.diag(x, k),
    "diagonal": lambda x, offset=0, axis1=0, axis2=1: diagonal.diagonal(x, offset, axis1, axis2),
    "copy": lambda x: x.clone(), "dot": _dot, "pad": _pad, "trapezoid": lambda y, x=None, dx=1.0, axis=-1: (
        scan.trapezoid(y, x, dx=dx, dim=axis)),
    "cross": lambda a, b, axis=-1: linalg.cross(a, b, axis),
    "allclose": lambda a, b, rtol=1e-5, atol=1e-8, equal_nan=False: compare.allclose(a, b, rtol, atol, equal_nan),
    "array_equal": lambda a, b: compare.equal(a, b),
    "cumsum": _flat_unless(scan.cumsum), "cumprod": _flat_unless(scan.cumprod),
    "nonzero": lambda x: nonzero(x, as_tuple=True), "tril": lambda x, k=0: diagonal.tril(x, k),
    "triu": lambda x, k=0: diagonal.triu(x, k), "roll": lambda x, shift, axis=None: arrange.roll(x, shift, axis),
    "rot90": lambda x, k=1, axes=(0, 1): arrange.rot90(x, k, axes),
    "linalg.norm": lambda x, ord=None, axis=None, keepdims=False: operations()["linalg.norm"](x, ord, axis, keepdims),
}  # fmt: skip


def _taken(x: Tensor, index: Any, axis: int) -> Any:
    return x[(*(slice(None),) * (axis % x.ndim), index)]


def __array_ufunc__(self: Tensor, function: Any, method: str, *inputs: Any, **options: Any) -> Any:
    """`Tensor.__array_ufunc__`: the operation of that name."""
    name = _UFUNCS.get(function.__name__, function.__name__)
    if method != "__call__" or options:
        return NotImplemented
    if name == "matmul":
        return linalg.matmul(*(x if isinstance(x, Tensor) else as_tensor(x) for x in inputs))
    for module in (elementwise, trig, special):
        op = getattr(module, name, None)
        if op is not None and hasattr(op, "primitive"):
            return op(*inputs)
    return NotImplemented


def __array_function__(self: Tensor, function: Any, types: Any, args: Any, options: Any) -> Any:
    """`Tensor.__array_function__`: the operation of that name, or NumPy's own on arrays that need not be recorded."""
    name = f"{function.__module__}.{function.__name__}".removeprefix("numpy.")
    op = _DIFFERENT.get(name) or (_named(name) if name in _SAME.split() else None)
    if op is not None:
        return op(*args, **options)
    return function(*_plain(args, name), **_plain(options, name))


def _named(name: str) -> Callable[..., Any]:
    if name in ("moveaxis", "swapaxes"):
        return getattr(shape, name)
    return operations().get(name) or operations()[name.removeprefix("linalg.")]


def _plain(x: Any, name: str) -> Any:
    """With arrays for the Tensors in it."""
    if isinstance(x, Tensor):
        if x.requires_grad:
            raise GraphError(f"numpy.{name}: not an operation that can be recorded, and this tensor requires grad; use "
                             f"minigrad's own functions, or t.detach()")  # fmt: skip
        return np.asarray(x)
    if isinstance(x, dict):
        return {k: _plain(v, name) for k, v in x.items()}
    return type(x)(_plain(e, name) for e in x) if type(x) in (list, tuple) else x
