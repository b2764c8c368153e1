"""The operations as methods and operators of Tensor. One table a kind; imported once, by `minigrad/__init__.py`."""

import copy
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.backend import CPU, array_module, to_numpy
from minigrad.dtypes import floating
from minigrad.engine.inplace import change_in_place, in_place
from minigrad.engine.messages import describe
from minigrad.engine.tensor import Tensor
from minigrad.errors import DeviceError, DtypeError, GraphError
from minigrad.methods import attributes, construction, dlpack, numpy_protocol
from minigrad.methods.printing import tensor_repr
from minigrad.ops import random
from minigrad.ops.array import arrange, creation, diagonal, shape, windows
from minigrad.ops.index import assign, scatter
from minigrad.ops.index import indexing as index
from minigrad.ops.index.assign import setitem
from minigrad.ops.linalg import decompositions as decompose
from minigrad.ops.linalg import einsum, functions, norms
from minigrad.ops.linalg import products as linalg
from minigrad.ops.nn import activation
from minigrad.ops.pointwise import arithmetic as elementwise
from minigrad.ops.pointwise import cast, compare, special
from minigrad.ops.pointwise import trigonometric as trig
from minigrad.ops.reduce import reductions as reduce
from minigrad.ops.reduce import scan, sort, statistics
from minigrad.torch import legacy

_FUNCTIONS: dict[Any, str] = {
    elementwise: "float_power heaviside positive sgn "
    "abs absolute add addcdiv addcmul bitwise_and bitwise_not bitwise_or bitwise_xor ceil clamp "
    "clamp_max clamp_min clip copysign cos cosh div divide eq exp exp2 expm1 fix floor floor_divide "
    "fmax fmin fmod frac ge greater greater_equal gt isfinite isinf isnan le lerp less less_equal log "
    "log10 log1p log2 logical_and logical_not logical_or logical_xor lt maximum minimum mul multiply "
    "nan_to_num ne neg negative not_equal pow reciprocal remainder round rsqrt sign signbit sin sinh "
    "sqrt square sub subtract tan tanh true_divide trunc",
    trig: "acos acosh arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin asinh atan atan2 atanh deg2rad "
    "hypot rad2deg sinc",
    special: "digamma erf erfc erfinv lgamma logaddexp logaddexp2 logit mvlgamma xlogy",
    reduce: "all amax amin any argmax argmin logsumexp max mean min nanmean nansum std sum var",
    compare: "allclose count_nonzero equal isclose unique",
    scan: "cummax cummin cumprod cumsum diff logcumsumexp prod",
    sort: "argsort kthvalue median mode msort nanmedian quantile sort topk",
    shape: "broadcast_to chunk expand flatten flip movedim moveaxis narrow permute reshape split squeeze swapaxes "
    "swapdims t transpose unbind unsqueeze view",
    arrange: "dsplit hsplit vsplit "
    "fliplr flipud ravel repeat repeat_interleave roll rot90 select tensor_split tile unflatten",
    windows: "as_strided unfold",
    diagonal: "diag diag_embed diagflat diagonal trace tril triu",
    index: "gather masked_fill",
    scatter: "argwhere bincount index_add index_copy index_fill index_put index_select masked_scatter masked_select "
    "nonzero put scatter scatter_add scatter_reduce select_scatter take take_along_dim",
    statistics: "aminmax corrcoef cov dist histc renorm unique_consecutive",
    linalg: "addbmm addmm addmv addr baddbmm bmm cross dot ger matmul mm mv outer",
    functions: "matrix_power",
    norms: "norm",
    einsum: "inner kron vdot",
    decompose: "det inverse logdet slogdet",
    activation: "hardshrink log_softmax prelu relu sigmoid softmax",
    cast: "astype clone to",
}

_IN_PLACE: dict[Any, str] = {
    elementwise: "abs absolute add addcdiv addcmul bitwise_and bitwise_not bitwise_or bitwise_xor ceil clamp clamp_max "
    "clamp_min clip copysign cos cosh div divide eq exp exp2 expm1 fix float_power floor floor_divide fmod frac ge "
    "greater greater_equal gt heaviside le lerp less less_equal log log10 log1p log2 logical_and logical_not "
    "logical_or logical_xor lt mul multiply nan_to_num ne neg negative not_equal pow reciprocal remainder round rsqrt "
    "sgn sign sin sinh sqrt square sub subtract tan tanh true_divide trunc",
    trig: "acos acosh arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin asinh atan atan2 atanh deg2rad hypot "
    "rad2deg sinc",
    linalg: "addbmm addmm addmv addr baddbmm",
    statistics: "renorm",
    special: "digamma erf erfc erfinv lgamma logit xlogy",
    scan: "cumprod cumsum",
    diagonal: "tril triu",
    activation: "relu sigmoid",
    index: "masked_fill",
    scatter: "index_add index_copy index_fill index_put masked_scatter put scatter scatter_add scatter_reduce",
}

_OPERATORS: dict[str, Any] = {
    "__add__": elementwise._add, "__sub__": elementwise._sub, "__mul__": elementwise.mul,
    "__truediv__": elementwise._div, "__pow__": elementwise.pow, "__neg__": elementwise.neg, "__abs__": elementwise.abs,
    "__mod__": elementwise.remainder, "__floordiv__": elementwise.floor_divide,
    "__eq__": elementwise.eq, "__ne__": elementwise.ne, "__lt__": elementwise.lt, "__le__": elementwise.le,
    "__gt__": elementwise.gt, "__ge__": elementwise.ge, "__and__": elementwise.bitwise_and,
    "__or__": elementwise.bitwise_or, "__xor__": elementwise.bitwise_xor, "__invert__": elementwise.bitwise_not,
    "__getitem__": index.getitem,
}  # fmt: skip

# compared or combined with what is no operand (None, a string, another library's object), these let Python decide;
# arithmetic goes straight to the op, which refuses such an operand by name: a wrapper would cost a tenth of its time
_MIXED = {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__and__", "__or__", "__xor__"}

_REFLECTED: dict[str, Any] = {
    "__radd__": elementwise._add, "__rsub__": elementwise._sub, "__rmul__": elementwise.mul,
    "__rtruediv__": elementwise._div, "__rpow__": elementwise.pow, "__rmod__": elementwise.remainder,
    "__rfloordiv__": elementwise.floor_divide, "__rand__": elementwise.bitwise_and,
    "__ror__": elementwise.bitwise_or, "__rxor__": elementwise.bitwise_xor,
}  # fmt: skip

_AUGMENTED: dict[str, Any] = {
    "__iadd__": elementwise.add, "__isub__": elementwise.sub, "__imul__": elementwise.mul,
    "__itruediv__": elementwise.div, "__ipow__": elementwise.pow,
    "__imod__": elementwise.remainder, "__ifloordiv__": elementwise.floor_divide,
}  # fmt: skip


def _operator(op: Any) -> Any:
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
    name = f"{op.__name__}_"

    def method(self: Tensor, other: Any) -> Any:
        return change_in_place(name, op, self, other)

    return method


def __len__(self: Tensor) -> int:
    if not self._array.ndim:
        raise TypeError("len() of a 0-d tensor")
    return len(self._array)


def __iter__(self: Tensor) -> Any:
    if not self._array.ndim:
        raise TypeError("iteration over a 0-d tensor")
    return iter(shape.unbind(self))


def __contains__(self: Tensor, value: Any) -> bool:
    if not isinstance(value, (Tensor, int, float)) and not hasattr(value, "dtype"):
        raise DtypeError(f"`in` a tensor: expected a Tensor or a number, got {describe(value)}")
    return bool((self == value).any())


def __bool__(self: Tensor) -> bool:
    if self._array.size != 1:
        raise RuntimeError(
            f"the truth of a tensor with {self._array.size} elements is ambiguous; use .any() or .all(), or compare "
            f"with `is`"
        )
    return bool(to_numpy(self._array).reshape(()))


def item(self: Tensor) -> Any:
    """Its one element as a Python number (which waits for the GPU)."""
    if self._array.size != 1:
        raise RuntimeError(f"item: expected a tensor of one element, got shape {tuple(self.shape)}")
    array = self._array
    return (array if array.__class__ is np.ndarray else to_numpy(array)).item()


def __index__(self: Tensor) -> int:
    if self._array.size != 1 or self._array.dtype.kind not in "biu":
        raise TypeError(f"only an integer tensor of one element can be an index, got {self.dtype}{list(self.shape)}")
    return int(to_numpy(self._array).item())


def numpy(self: Tensor, *, force: bool = False) -> Any:
    """Its memory as a NumPy array (shared). `force=True`: of any tensor, also recorded or on a GPU (then a copy)."""
    if self.requires_grad and not force:
        raise GraphError("numpy: this tensor requires grad, which NumPy cannot record; use t.detach().numpy()")
    if self.device != CPU and not force:
        raise DeviceError(f"numpy: this tensor is on {self.device}; use t.cpu().numpy()")
    return to_numpy(self._array)


def __array__(self: Tensor, dtype: Any = None, copy: bool | None = None) -> Any:
    return np.array(numpy(self), dtype=dtype, copy=copy)


def __matmul__(self: Tensor, other: Any) -> Any:
    return linalg.matmul(self, other) if hasattr(other, "ndim") else NotImplemented


def __rmatmul__(self: Tensor, other: Any) -> Any:
    return linalg.matmul(creation.as_tensor(other), self) if hasattr(other, "ndim") else NotImplemented


def size(self: Tensor, dim: int | None = None) -> Any:
    """Its shape, or the size of one dimension."""
    return self.shape if dim is None else self.shape[dim]


def numel(self: Tensor) -> int:
    """How many elements it has."""
    return int(self._array.size)


def dim(self: Tensor) -> int:
    """How many dimensions it has."""
    return int(self._array.ndim)


def tolist(self: Tensor) -> Any:
    """Nested lists of Python numbers."""
    return to_numpy(self._array).tolist()


def contiguous(self: Tensor, memory_format: Any = None) -> Tensor:
    """Itself if its elements lie in memory in order, else a copy that does; memory_format changes nothing."""
    return self if self._array.flags.c_contiguous else self.clone()


def is_contiguous(self: Tensor, memory_format: Any = None) -> bool:
    """Do its elements lie in memory in order? memory_format changes nothing."""
    return bool(self._array.flags.c_contiguous)


def is_floating_point(self: Tensor) -> bool:
    """Is its dtype floating?"""
    return bool(floating(self._array.dtype))


def data_ptr(self: Tensor) -> int:
    """The address of its first element."""
    return int(self._array.ctypes.data if array_module(self._array) is np else self._array.data.ptr)


def view_as(self: Tensor, other: Tensor) -> Any:
    """`view` in the other's shape."""
    return shape.view(self, tuple(other.shape))


def expand_as(self: Tensor, other: Tensor) -> Any:
    """`expand` to the other's shape."""
    return shape.expand(self, tuple(other.shape))


def __deepcopy__(self: Tensor, memo: Any) -> Tensor:
    if not self.is_leaf:
        raise GraphError("deepcopy: only leaf tensors can be copied deeply; use t.detach().clone()")
    new = type(self).__new__(type(self))
    new._array, new._node, new._base = self._array.copy(), None, None
    memo[id(self)] = new
    new._grad = copy.deepcopy(self._grad, memo)
    new.requires_grad = self.requires_grad
    if own := getattr(self, "__dict__", None):
        new.__dict__.update(copy.deepcopy(own, memo))
    return new


def __reduce__(self: Tensor) -> Any:
    """A pickled tensor is its values, device and requires_grad; graph, gradient and hooks stay behind."""
    if not self.is_leaf:
        raise GraphError("pickle: only leaf tensors can be pickled; use t.detach()")
    return _rebuild, (type(self), to_numpy(self._array), str(self.device), self.requires_grad)


def _rebuild(cls: type[Tensor], array: Any, device: str, requires_grad: bool) -> Tensor:
    new = cls.__new__(cls)
    new._array = creation.tensor(array, device=device)._array
    new._node = new._base = new._grad = None
    new.requires_grad = requires_grad
    return new


def _caster(name: str, dtype: Any) -> Any:
    def method(self: Tensor, memory_format: Any = None) -> Any:
        return cast.astype(self, dtype)

    method.__name__, method.__doc__ = name, f"The tensor in {dtype}; itself if it is."
    return method


def _hang() -> None:
    for module, names in _FUNCTIONS.items():
        for name in names.split():
            setattr(Tensor, name, getattr(module, name))
    for module, names in _IN_PLACE.items():
        for name in names.split():
            setattr(Tensor, f"{name}_", in_place(getattr(module, name)))
    for name, op in _OPERATORS.items():
        setattr(Tensor, name, _operator(op) if name in _MIXED else op)
    for table, wrapper in ((_REFLECTED, _reflected), (_AUGMENTED, _augmented)):
        for name, op in table.items():
            setattr(Tensor, name, wrapper(op))
    for name, dtype in {"float": dtypes.float32, "double": dtypes.float64, "half": dtypes.float16,
                        "bfloat16": dtypes.bfloat16, "int": dtypes.int32,
                        "long": dtypes.int64, "short": dtypes.int16, "char": dtypes.int8, "byte": dtypes.uint8,
                        "bool": dtypes.bool}.items():  # fmt: skip
        setattr(Tensor, name, _caster(name, dtype))
    for function in (*construction.METHODS, *assign.METHODS, __len__, __iter__,
                      __contains__, __bool__, __index__, __array__, __deepcopy__, __reduce__,
                     __matmul__, __rmatmul__, item, numpy, size, numel, dim, tolist, contiguous, is_contiguous,
                     is_floating_point, data_ptr, view_as, expand_as,
                     random.normal_, random.uniform_, random.random_, random.bernoulli_, random.exponential_,
                     random.geometric_, random.cauchy_, random.log_normal_, random.multinomial, random.bernoulli,
                     *attributes.METHODS):  # fmt: skip
        setattr(Tensor, function.__name__, function)
    _hang_lambdas(Tensor)


def _hang_lambdas(cls: Any) -> None:
    cls._version = property(construction._version)
    cls.__setitem__ = lambda self, index, value: (setitem(self, index, value), None)[1]
    cls.__array_ufunc__ = numpy_protocol.ufunc
    cls.__array_function__ = numpy_protocol.function
    cls.__pos__ = lambda self: self
    cls.__float__ = lambda self: float(self.item())
    cls.__int__ = lambda self: int(self.item())
    cls.__hash__ = object.__hash__
    cls.__repr__ = tensor_repr
    cls.__format__ = lambda self, spec: format(self.item(), spec) if spec or not self._array.ndim else repr(self)
    cls.element_size = lambda self: int(self._array.dtype.itemsize)
    cls.nelement = numel
    cls.ndimension = dim
    cls.cpu = lambda self: cast.to(self, device="cpu")
    cls.cuda = lambda self, device=None, non_blocking=False: cast.to(self, device="cuda" if device is None else device)
    cls.type_as = lambda self, other: cast.to(self, other)
    for function in (legacy.new, legacy.new_empty, legacy.new_full, legacy.new_ones, legacy.new_tensor,
                     legacy.new_zeros):  # fmt: skip
        setattr(cls, function.__name__, function)
    cls.where = lambda self, condition, other: elementwise.where(condition, self, other)
    cls.adjoint = lambda self: self.mH
    cls.type = legacy.tensor_type
    for name, how in dlpack.PROTOCOL.items():
        setattr(cls, name, how)
    for name, (get, doc) in attributes.PROPERTIES.items():
        setattr(cls, name, property(get, doc=doc))
    reverse = lambda self: shape._permute(self, dims=tuple(range(self.ndim))[::-1])  # noqa: E731
    cls.T = property(reverse, doc="Its dimensions reversed.")
    cls.mT = property(shape.mT, doc="Its last two dimensions swapped.")


_hang()
