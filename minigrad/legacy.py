"""What scripts call for PyTorch's sake: old spellings (`FloatTensor(...)`, `Variable(...)`) and switches that switch
nothing here."""

import warnings
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.ops.creation import empty, sizes_of, tensor
from minigrad.tensor import Size, Tensor


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
    "ShortTensor", "compile", "set_num_threads", "use_deterministic_algorithms",
]  # fmt: skip


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


def set_num_threads(n: int) -> None:
    """Refused in words: threads belong to NumPy's BLAS, which reads its setting once, at the start."""
    warnings.warn(
        f"set_num_threads({n}): threads are NumPy's: set OPENBLAS_NUM_THREADS={n} before Python starts", stacklevel=2
    )
