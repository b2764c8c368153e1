"""`Parameter` and `Buffer`: tensors that a Module registers when they are assigned to its attributes."""

from typing import Any

from minigrad.engine.tensor import Size, Tensor
from minigrad.ops.array.creation import empty


class Parameter(Tensor):
    """A tensor that is learned: a leaf on the memory of `data` (None: empty), which requires grad unless told
    otherwise. Assigned to an attribute of a Module, it is one of its parameters.

    It takes attributes of the user's own (`p.decays = False`), and `copy.deepcopy` copies them. Raises TypeError unless
    data is a Tensor.
    """

    __slots__ = ("__dict__",)

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> "Parameter":
        return super().__new__(cls)

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        if data is None:
            super().__init__()
        elif not isinstance(data, Tensor):
            raise TypeError(f"Parameter: expected a Tensor, got {type(data).__name__}; make one with minigrad.tensor()")
        else:
            self._array = data._array
            self._node = self._base = self._grad = None
        self.requires_grad = requires_grad


class Buffer(Tensor):
    """A tensor of a Module's state that is not learned, on the memory of `data`. Assigned to an attribute of a Module,
    it is one of its buffers."""

    __slots__ = ()

    def __init__(self, data: Tensor) -> None:
        self._array = data._array
        self._node = self._base = self._grad = None


class _Uninitialized:
    """A parameter or buffer of a lazy layer before its size is known: it has a dtype and a device, and no shape yet.
    A mixin without a memory layout of its own, so that the tensor's class can change to `cls_to_become`."""

    __slots__ = ()
    cls_to_become: type[Tensor]

    def __new__(cls, *args: Any) -> Any:
        return super().__new__(cls)

    def __init__(self, dtype: Any, device: Any) -> None:
        super().__init__(empty(0, dtype=dtype, device=device))  # type: ignore[call-arg]

    @property
    def shape(self) -> Size:
        """Raises ValueError: not known yet."""
        raise ValueError(
            f"{type(self).__name__}: its shape is not known yet; run the model once on an input (or load a state_dict)"
        )

    def numel(self) -> int:
        """Raises ValueError: not known yet."""
        return self.shape.numel()

    def materialize(self: Any, shape: Any) -> None:
        """Give it a shape and uninitialized memory; from now on it is an ordinary parameter or buffer."""
        data = empty(*shape, dtype=self._array.dtype, device=self.device)
        self.__class__ = self.cls_to_become
        self.data = data

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class UninitializedParameter(_Uninitialized, Parameter):
    """A lazy layer's parameter before the first input."""

    __slots__ = ()
    cls_to_become = Parameter


class UninitializedBuffer(_Uninitialized, Buffer):
    """A lazy layer's buffer before the first input."""

    __slots__ = ()
    cls_to_become = Buffer
