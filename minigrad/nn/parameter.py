"""`Parameter`: a tensor that a Module counts among what it learns."""

from typing import Any

from minigrad.engine.tensor import Size, Tensor
from minigrad.ops.array.creation import empty


class Parameter(Tensor):
    """A leaf on the data of a tensor, requiring grad; assigned to a Module's attribute it is registered there.

    It takes attributes of the user's own (`p.decays = False`), and `copy.deepcopy` copies them.
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
    """A tensor that belongs to a Module's state but is not learned; assigned to an attribute it is registered."""

    __slots__ = ()

    def __init__(self, data: Tensor) -> None:
        self._array = data._array
        self._node = self._base = self._grad = None


class _Uninitialized:
    """What a lazy layer holds before it knows its sizes: it has dtype and device, and no shape yet. A mixin without a
    layout of its own, so that the tensor can turn into what it `becomes`."""

    __slots__ = ()
    becomes: type[Tensor]

    def __new__(cls, *args: Any) -> Any:
        return super().__new__(cls)

    def __init__(self, dtype: Any, device: Any) -> None:
        super().__init__(empty(0, dtype=dtype, device=device))  # type: ignore[call-arg]

    @property
    def shape(self) -> Size:
        """None yet: raises ValueError that says so."""
        raise ValueError(
            f"{type(self).__name__}: its shape is not known yet; run the model once on an input (or load a state_dict)"
        )

    def numel(self) -> int:
        """Not known yet either."""
        return self.shape.numel()

    def materialize(self: Any, shape: Any) -> None:
        """Take a shape, with memory that is not filled yet, and be an ordinary one from now on."""
        grown = empty(*shape, dtype=self._array.dtype, device=self.device)
        self.__class__ = self.becomes
        self.data = grown

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class UninitializedParameter(_Uninitialized, Parameter):
    """A lazy layer's parameter before the first input."""

    __slots__ = ()
    becomes = Parameter


class UninitializedBuffer(_Uninitialized, Buffer):
    """A lazy layer's buffer before the first input."""

    __slots__ = ()
    becomes = Buffer
