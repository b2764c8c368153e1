"""What a tensor tells of its memory, and changes of its shape in place."""

import math
from typing import Any

from minigrad.backend import array_module
from minigrad.engine.messages import describe
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.errors import DeviceError, DtypeError, GraphError, ShapeError
from minigrad.ops.array import shape
from minigrad.ops.array.creation import sizes_of

# --- asking -----------------------------------------------------------------------------------------------------------


def stride(self: Tensor, dim: int | None = None) -> Any:
    """How many elements lie between neighbours along each dimension, or along one."""
    steps = tuple(n // self._array.dtype.itemsize for n in self._array.strides)
    return steps if dim is None else steps[dim]


def storage_offset(self: Tensor) -> int:
    """How many elements of the memory it looks at come before its first."""
    base = self._array if self._array.base is None else self._array.base
    if array_module(self._array).shares_memory(base, self._array):
        return (self.data_ptr() - wrap(base).data_ptr()) // self._array.dtype.itemsize
    return 0


def pin_memory(self: Tensor, device: Any = None) -> Tensor:
    """A copy in pinned memory, which a GPU reads by itself: `.to("cuda", non_blocking=True)` of it is not waited for.
    Itself if it is there. Raises DeviceError without a GPU, or for a tensor that is on one."""
    from minigrad.backend import pinned

    if self.device.type != "cpu":
        raise DeviceError(f"pin_memory: expected a tensor on the CPU, got {describe(self)}")
    array = pinned.pinned(self._array)
    return self if array is self._array else wrap(array)


def is_pinned(self: Tensor, device: Any = None) -> bool:
    """Does it lie in pinned memory?"""
    from minigrad.backend import pinned

    return pinned.is_pinned(self._array)


def get_device(self: Tensor) -> int:
    """The number of its GPU; -1 on the CPU."""
    return -1 if self.device.type == "cpu" else int(self.device.index or 0)


def is_complex(self: Tensor) -> bool:
    """Is its dtype complex?"""
    return bool(self._array.dtype.kind == "c")


def is_signed(self: Tensor) -> bool:
    """Can its dtype hold negative numbers?"""
    return self._array.dtype.kind not in "bu"


def is_nonzero(self: Tensor) -> bool:
    """Is its one element other than 0?"""
    return bool(self.item() != 0)


def is_same_size(self: Tensor, other: Tensor) -> bool:
    """Has the other its shape?"""
    return self._array.shape == other._array.shape


def is_inference(self: Tensor) -> bool:
    """Always False: tensors made under inference_mode are ordinary ones here."""
    return False


def is_shared(self: Tensor) -> bool:
    """Is it in memory that processes share? Never: workers get copies."""
    return False


def share_memory_(self: Tensor) -> Tensor:
    """Refused in words: memory is not shared between processes."""
    raise NotImplementedError(
        "share_memory_: processes share no tensors here; give each its own copy, and send what they find back"
    )


def to_sparse(self: Tensor, *args: Any, **options: Any) -> Tensor:
    """Refused in words: every tensor here is dense."""
    raise NotImplementedError(
        "to_sparse: every tensor here is dense; for a product with many zeros give t.numpy() to scipy.sparse"
    )


def resize(self: Tensor, *sizes: Any) -> Tensor:
    """Refused in words: gone from PyTorch too."""
    raise NotImplementedError("resize: use reshape for the same elements in another shape, or resize_ for another size")


def to_dense(self: Tensor) -> Tensor:
    """The tensor itself."""
    return self


# --- another look at the same numbers ---------------------------------------------------------------------------------


def real(self: Tensor) -> Tensor:
    """The real part; of real numbers the tensor itself."""
    if is_complex(self):
        raise DtypeError(f"real: parts of complex tensors are not there yet; got {describe(self)}")
    return self


def conj(self: Tensor) -> Tensor:
    """The conjugate; of real numbers the tensor itself."""
    if is_complex(self):
        raise DtypeError(f"conj: conjugates of complex tensors are not there yet; got {describe(self)}")
    return self


def reshape_as(self: Tensor, other: Tensor) -> Any:
    """`reshape` to the other's shape."""
    return shape.reshape(self, tuple(other.shape))


def sum_to_size(self: Tensor, *size: Any) -> Any:
    """Summed over what broadcasting from `size` would repeat."""
    from minigrad.ops.array.shape import sum_to

    wanted = sizes_of("sum_to_size", size)
    own = self._array.shape
    if len(wanted) > len(own) or any(n not in (1, m) for n, m in zip(reversed(wanted), reversed(own))):
        raise ShapeError(f"sum_to_size: {wanted} does not broadcast to {self._array.shape}")
    return sum_to(self, shape=wanted)


def split_with_sizes(self: Tensor, split_sizes: Any, dim: int = 0) -> Any:
    """`split` into these sizes."""
    return shape.split(self, split_sizes, dim)


# --- in place ---------------------------------------------------------------------------------------------------------


def _look(name: str, op: Any) -> Any:
    def method(self: Tensor, *args: Any, **options: Any) -> Tensor:
        return _become(name, self, op(self, *args, **options))

    method.__name__, method.__doc__ = name, f"`{name[:-1]}` of the tensor itself, which records nothing."
    return method


def _become(name: str, self: Tensor, new: Tensor) -> Tensor:
    """Let `self` look at what `new` looks at. A recorded tensor would leave its graph: refused in words."""
    if self._current() is not None or new._current() is not None:
        raise GraphError(
            f"{name}: a recorded tensor cannot change its shape in place; use "
            f"`t = t.{name.rstrip('_')}(...)`, or do it before it is recorded"
        )
    self._array = new._array
    if self._base is not None:
        self._base, self._view = new._base, new._view
    return self


unsqueeze_, squeeze_ = _look("unsqueeze_", shape.unsqueeze), _look("squeeze_", shape.squeeze)
transpose_, t_ = _look("transpose_", shape.transpose), _look("t_", shape.t)
swapaxes_, swapdims_ = _look("swapaxes_", shape.transpose), _look("swapdims_", shape.transpose)


def resize_(self: Tensor, *size: Any, memory_format: Any = None) -> Tensor:
    """Take another shape: the elements in their order, those that are new whatever the memory held."""
    wanted = sizes_of("resize_", size)
    flat = self._array.reshape(-1)
    count = math.prod(wanted)
    if count > flat.size:
        grown = array_module(flat).empty(count, dtype=flat.dtype)
        grown[: flat.size] = flat
        flat = grown
    return _become("resize_", self, wrap(flat[:count].reshape(wanted)))


def resize_as_(self: Tensor, the_template: Tensor, memory_format: Any = None) -> Tensor:
    """`resize_` to the other's shape."""
    return resize_(self, tuple(the_template.shape))


def set_(self: Tensor, source: Tensor) -> Tensor:
    """Look at the source's memory."""
    return _become("set_", self, source)


def apply_(self: Tensor, callable: Any) -> Tensor:
    """Each element replaced by what the Python function makes of it, one by one; on the CPU."""
    import numpy as np

    found = np.asarray([callable(x) for x in self._array.reshape(-1).tolist()], dtype=self._array.dtype)
    return self.copy_(wrap(found.reshape(self._array.shape)))


METHODS = (
    stride, storage_offset, get_device, pin_memory, is_pinned, is_complex, is_signed, is_nonzero, is_same_size,
    is_inference, is_shared, share_memory_, to_dense, to_sparse, resize, conj, reshape_as, sum_to_size,
    split_with_sizes, resize_, resize_as_, set_, apply_, unsqueeze_, squeeze_, transpose_, t_, swapaxes_,
    swapdims_,
)  # fmt: skip
PROPERTIES: dict[str, tuple[Any, str]] = {
    "itemsize": (lambda self: int(self._array.dtype.itemsize), "Bytes of an element."),
    "nbytes": (lambda self: int(self._array.nbytes), "Bytes of all elements."),
    "is_cpu": (lambda self: self.device.type == "cpu", "Is it on the CPU?"),
    "is_sparse": (lambda self: False, "Never: every tensor here is dense."),
    "is_meta": (lambda self: False, "Never: every tensor here has memory."),
    "is_quantized": (lambda self: False, "Never."),
    "real": (real, "The real part; of real numbers the tensor itself."),
    "H": (lambda self: conj(shape.t(self)), "A matrix transposed and conjugated."),
    "mH": (lambda self: conj(shape.mT(self)), "Its last two dimensions swapped, and conjugated."),
    "output_nr": (lambda self: 0, "Which of its operation's outputs it is; 0 where that is not told."),
}
