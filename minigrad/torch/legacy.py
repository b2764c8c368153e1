"""What scripts call for PyTorch's sake: old spellings (`FloatTensor(...)`, `Variable(...)`) and switches that switch
nothing here."""

import warnings
from enum import Enum
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.backend import set_default_device
from minigrad.backend.threads import get_num_threads, set_num_threads
from minigrad.engine.tensor import Size, Tensor
from minigrad.ops.array.creation import empty, full, ones, sizes_of, tensor, zeros


class _OfDtype(type):
    """Makes isinstance(t, FloatTensor) ask for the dtype."""

    dtype: Any

    def __instancecheck__(cls, t: object) -> bool:
        return isinstance(t, Tensor) and t.dtype == cls.dtype and t.device.type == cls.device  # type: ignore[attr-defined]


def typed(name: str, dtype: Any, device: str = "cpu") -> Any:
    """The class `name`: called with sizes it gives an uninitialised tensor, called with data a copy, in that dtype."""

    def make(cls: Any, *args: Any) -> Tensor:
        if len(args) == 1 and not isinstance(args[0], int) and not isinstance(args[0], Size):
            return tensor(args[0], dtype=dtype, device=device)
        if not args:
            return empty(0, dtype=dtype, device=device)
        return empty(*sizes_of(name, args), dtype=dtype, device=device)

    doc = f"A tensor of {np.dtype(dtype)} on the {device}: {name}(2, 3) of that size, {name}([1, 2]) with that data."
    return _OfDtype(name, (), {"__new__": make, "__doc__": doc, "dtype": np.dtype(dtype), "device": device})


KINDS = {
    "FloatTensor": dtypes.float32, "DoubleTensor": dtypes.float64, "HalfTensor": dtypes.float16,
    "LongTensor": dtypes.int64, "IntTensor": dtypes.int32, "ShortTensor": dtypes.int16, "CharTensor": dtypes.int8,
    "ByteTensor": dtypes.uint8, "BoolTensor": dtypes.bool,
}  # fmt: skip
FloatTensor, DoubleTensor, HalfTensor, LongTensor, IntTensor, ShortTensor, CharTensor, ByteTensor, BoolTensor = (
    typed(name, dtype) for name, dtype in KINDS.items()
)
__all__ = [
    "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "HalfTensor", "IntTensor", "LongTensor",
    "ShortTensor", "are_deterministic_algorithms_enabled", "channels_last", "channels_last_3d", "compile",
    "contiguous_format", "get_float32_matmul_precision", "get_num_threads", "is_autocast_enabled", "is_tensor",
    "layout", "memory_format", "preserve_format", "qr", "set_default_tensor_type", "set_float32_matmul_precision",
    "set_num_threads", "strided", "svd", "typename", "use_deterministic_algorithms",
]  # fmt: skip


class memory_format(Enum):  # noqa: N801
    """How PyTorch may lay out the same numbers. Every new tensor here lies row by row, whichever is asked for."""

    contiguous_format = "contiguous"
    preserve_format = "preserve"
    channels_last = "channels last"
    channels_last_3d = "channels last, 3-D"


class layout(Enum):  # noqa: N801
    """How PyTorch may store a tensor; here there is one way."""

    strided = "strided"


contiguous_format, preserve_format, channels_last, channels_last_3d = memory_format
strided = layout.strided


def Variable(data: Any, requires_grad: bool = False, volatile: bool = False) -> Tensor:  # noqa: N802
    """The tensor itself, requiring grad if asked to: variables and tensors have long been one."""
    if volatile:
        raise ValueError("Variable: volatile: use `with no_grad():` instead")
    if not isinstance(data, Tensor):
        raise TypeError(f"Variable: expected a Tensor, got {type(data).__name__}; make one with tensor()")
    if requires_grad and not data.is_leaf:
        return data.detach().requires_grad_()
    return data.requires_grad_() if requires_grad else data


def compile(model: Any = None, **options: Any) -> Any:  # noqa: A001
    """The model itself, with a warning: nothing is compiled here. Also as a decorator, with options."""
    if model is None:
        return lambda given: compile(given, **options)
    warnings.warn("compile: minigrad runs models as they are; the model is returned unchanged", stacklevel=2)
    return model


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Nothing to switch: every algorithm here is deterministic."""


def set_float32_matmul_precision(precision: str) -> None:
    """Nothing to switch: products of float32 are computed in float32 ("highest"), which "high" and "medium" permit."""
    if precision not in ("highest", "high", "medium"):
        raise ValueError(f'set_float32_matmul_precision: expected "highest", "high" or "medium", got {precision!r}')


def get_float32_matmul_precision() -> str:
    """Always "highest"."""
    return "highest"


def set_default_tensor_type(t: Any) -> None:
    """`set_default_dtype` (and, of `cuda.FloatTensor`, `set_default_device`), the old way."""
    kind: Any = t if isinstance(t, _OfDtype) else None
    if isinstance(t, str):
        place, _, name = t.rpartition(".")
        kind = typed(name, KINDS[name], "cuda" if place.endswith("cuda") else "cpu") if name in KINDS else None
    if kind is None:
        raise TypeError(f"set_default_tensor_type: expected a type such as minigrad.DoubleTensor, got {t!r}")
    dtypes.set_default_dtype(kind.dtype)
    set_default_device(None if kind.device == "cpu" else kind.device)


def is_tensor(obj: Any) -> bool:
    """Is it a Tensor?"""
    return isinstance(obj, Tensor)


def svd(input: Any, some: bool = True, compute_uv: bool = True) -> Any:
    """(U, S, V) with input = U diag(S) V^T, the old way: `linalg.svd` gives V transposed."""
    from minigrad.torch.linalg import svd as decomposed

    u, s, vh = decomposed(input, full_matrices=not some)
    return u, s, vh.mT


def qr(input: Any, some: bool = True) -> Any:
    """(Q, R), the old way: `linalg.qr`."""
    from minigrad.torch.linalg import qr as decomposed

    return decomposed(input, "reduced" if some else "complete")


def typename(o: Any) -> str:
    """The name of its type: "minigrad.FloatTensor" of a tensor."""
    return str(o.type()) if isinstance(o, Tensor) else f"{type(o).__module__}.{type(o).__qualname__}"


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Never: there is no mixed precision."""
    return False


def are_deterministic_algorithms_enabled() -> bool:
    """Always: every algorithm here is deterministic."""
    return True


# --- methods of Tensor ------------------------------------------------------------------------------------------------


def tensor_type(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The tensor in another dtype: given as one, as `FloatTensor` and its kin, or by such a name. Without one: the
    name of its own."""
    if dtype is None:
        where = "" if self.device.type == "cpu" else f"{self.device.type}."
        found = next((name for name, kind in KINDS.items() if kind == self.dtype), str(self.dtype))
        return f"minigrad.{where}{found}"
    name = dtype.rpartition(".")[2] if isinstance(dtype, str) else dtype
    if isinstance(name, _OfDtype):
        return self.to(device=name.device, dtype=name.dtype)  # type: ignore[attr-defined]
    return self.to(KINDS.get(name, name) if isinstance(name, str) else name)


def _beside(self: Tensor, options: dict[str, Any]) -> dict[str, Any]:
    """Options of a factory, with this tensor's dtype and device where none is given."""
    given = {name: value for name, value in options.items() if value is not None}
    return {"dtype": self.dtype, "device": self.device, **given}


def new_tensor(self: Tensor, data: Any, **options: Any) -> Tensor:
    """`tensor(data)` with this one's dtype and device."""
    return tensor(data, **_beside(self, options))


def new_full(self: Tensor, size: Any, fill_value: Any, **options: Any) -> Tensor:
    """`full` with this one's dtype and device."""
    return full(size, fill_value, **_beside(self, options))


def new_zeros(self: Tensor, *size: Any, **options: Any) -> Tensor:
    """`zeros` with this one's dtype and device."""
    return zeros(*size, **_beside(self, options))


def new_ones(self: Tensor, *size: Any, **options: Any) -> Tensor:
    """`ones` with this one's dtype and device."""
    return ones(*size, **_beside(self, options))


def new_empty(self: Tensor, *size: Any, **options: Any) -> Tensor:
    """`empty` with this one's dtype and device."""
    return empty(*size, **_beside(self, options))


def new(self: Tensor, *args: Any) -> Tensor:
    """A new tensor of this one's dtype and device: of a size, or with data, as `FloatTensor(...)` makes it."""
    kind = next((name for name, dtype in KINDS.items() if dtype == self.dtype), "FloatTensor")
    made: Tensor = typed(kind, self.dtype, self.device.type)(*args)
    return made
