"""Views of the same elements under PyTorch's other names, and changes of shape in place. Every public function here
is a method."""

import math
from typing import Any

import numpy as np

from minigrad.backend import array_module
from minigrad.engine.messages import describe, warn_user
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.errors import DtypeError, GraphError, ShapeError
from minigrad.ops.array import shape
from minigrad.ops.array.creation import sizes_of
from minigrad.ops.array.shape import sum_to
from minigrad.ops.array.windows import as_strided
from minigrad.ops.pointwise import arithmetic as elementwise


def _real(self: Tensor) -> Tensor:
    if self.is_complex():
        raise DtypeError(f"real: parts of complex tensors are not implemented; got {describe(self)}")
    return self


def conj(self: Tensor) -> Tensor:
    """The conjugate; of real numbers the tensor itself."""
    if self.is_complex():
        raise DtypeError(f"conj: conjugates of complex tensors are not implemented; got {describe(self)}")
    return self


def _as_other(name: str) -> Any:
    def method(self: Tensor, other: Tensor) -> Any:
        return getattr(shape, name)(self, tuple(other.shape))

    method.__name__, method.__doc__ = f"{name}_as", f"`{name}` to the other's shape."
    return method


view_as, expand_as, reshape_as = map(_as_other, ("view", "expand", "reshape"))


def adjoint(self: Tensor) -> Tensor:
    """`mH`."""
    return self.mH


def where(self: Tensor, condition: Any, other: Any) -> Any:
    """`where(condition, self, other)`."""
    return elementwise.where(condition, self, other)


def sum_to_size(self: Tensor, *sizes: Any, size: Any = None) -> Any:
    """Summed over what broadcasting from `size` would repeat."""
    wanted = sizes_of("sum_to_size", sizes if size is None else (size,))
    own = self._array.shape
    if len(wanted) > len(own) or any(n not in (1, m) for n, m in zip(reversed(wanted), reversed(own))):
        raise ShapeError(f"sum_to_size: {wanted} does not broadcast to {self._array.shape}")
    return sum_to(self, shape=wanted)


def split_with_sizes(self: Tensor, split_sizes: Any, dim: int = 0) -> Any:
    """`split` into these sizes."""
    return shape.split(self, split_sizes, dim)


# --- in place ---------------------------------------------------------------------------------------------------------


def _reshaped(name: str, op: Any) -> Any:
    def method(self: Tensor, *args: Any, **options: Any) -> Tensor:
        return _rebind(name, self, op(self, *args, **options))

    method.__name__, method.__doc__ = name, f"`{name[:-1]}` of the tensor itself, which records nothing."
    return method


def _rebind(name: str, self: Tensor, new: Tensor) -> Tensor:
    """Let `self` be a view of the memory of `new`. GraphError for recorded tensors, which would leave their graph."""
    if self._current() is not None or new._current() is not None:
        raise GraphError(f"{name}: a recorded tensor cannot change its shape in place; use "
                         f"`t = t.{name.rstrip('_')}(...)`, or do it before it is recorded")  # fmt: skip
    self._array = new._array
    if self._base is not None:
        self._base, self._view = new._base, new._view
    return self


# every function of this table is a method too
IN_PLACE = {
    f"{name}_": _reshaped(f"{name}_", getattr(shape, name))
    for name in ("squeeze", "swapaxes", "swapdims", "t", "transpose", "unsqueeze")
}


def resize_(self: Tensor, *sizes: Any, size: Any = None, memory_format: Any = None) -> Tensor:
    """Take another shape: the elements in their order, those that are new whatever the memory held."""
    wanted = sizes_of("resize_", sizes if size is None else (size,))
    flat = self._array.reshape(-1)
    count = math.prod(wanted)
    if count > flat.size:
        grown = array_module(flat).empty(count, dtype=flat.dtype)
        grown[: flat.size] = flat
        flat = grown
    return _rebind("resize_", self, wrap(flat[:count].reshape(wanted)))


def resize(self: Tensor, *size: Any) -> Tensor:
    """A view of the elements in another shape, the old way: `reshape`, with a warning; as many elements as before."""
    warn_user("resize: deprecated; use reshape, which does the same")
    return _resized("resize", self, sizes_of("resize", size))


def resize_as(self: Tensor, tensor: Tensor) -> Tensor:
    """`resize` to the other's shape."""
    warn_user("resize_as: deprecated; use reshape_as, which does the same")
    return _resized("resize_as", self, tuple(tensor.shape))


def _resized(name: str, self: Tensor, wanted: tuple[int, ...]) -> Tensor:
    if math.prod(wanted) != self._array.size:
        raise ShapeError(f"{name}: expected as many elements as {describe(self)} has, got the size {wanted}")
    return shape.reshape(self, wanted)


def resize_as_(self: Tensor, the_template: Tensor, memory_format: Any = None) -> Tensor:
    """`resize_` to the other's shape."""
    return resize_(self, tuple(the_template.shape))


def set_(self: Tensor, source: Any, storage_offset: int = 0, size: Any = None, stride: Any = None) -> Tensor:
    """Become a view of the memory of a tensor, or of a storage: all of it, or from an offset on, of a size and with
    strides as `as_strided` has them."""
    new = source if isinstance(source, Tensor) else wrap(source._flat)
    if size is not None:
        new = as_strided(new, size, _steps(size) if stride is None else stride, storage_offset)
    return _rebind("set_", self, new)


def _steps(size: Any) -> tuple[int, ...]:
    """The strides of a contiguous tensor of that size."""
    return tuple(math.prod(size[i + 1 :]) for i in range(len(size)))


def apply_(self: Tensor, callable: Any) -> Tensor:
    """Each element replaced by what the Python function makes of it, one by one; on the CPU."""
    found = np.asarray([callable(x) for x in self._array.reshape(-1).tolist()], dtype=self._array.dtype)
    return self.copy_(wrap(found.reshape(self._array.shape)))


# what gives each property, its type and its meaning
PROPERTIES: dict[str, tuple[Any, Any, str]] = {
    "real": (_real, Tensor, "The real part; of real numbers the tensor itself."),
    "T": (lambda self: shape._permute(self, dims=tuple(range(self.ndim))[::-1]), Tensor, "Its dimensions reversed."),
    "mT": (shape.mT, Tensor, "Its last two dimensions swapped."),
    "H": (lambda self: conj(shape.t(self)), Tensor, "A matrix transposed and conjugated."),
    "mH": (lambda self: conj(shape.mT(self)), Tensor, "Its last two dimensions swapped, and conjugated."),
}
