"""Lazy layers: those that learn the size of their input from the first one that comes."""

import inspect
from typing import Any

from minigrad.engine.messages import describe
from minigrad.errors import ShapeError
from minigrad.nn.modules.conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from minigrad.nn.modules.layers import Linear
from minigrad.nn.modules.module import Module
from minigrad.nn.modules.normalization import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
)
from minigrad.nn.parameter import UninitializedBuffer, UninitializedParameter


class _Lazy(Module):
    """Stands in for the class it `becomes` until a first input tells the size; then it is one of that class, with the
    same parameter objects, so that an optimizer may be made before."""

    becomes: Any
    place: int  # the dimension of an input whose size is learned
    defaults: dict[str, Any]  # where they are others than those of the class it becomes

    def __init__(self, *args: Any, **options: Any) -> None:
        # a layer of the smallest size that may be shows which parameters and settings there are
        names = list(inspect.signature(self.becomes).parameters)[1:]
        options = self.defaults | dict(zip(names, args)) | options
        proto = self.becomes(options.get("groups", 1), **options)
        super().__init__()
        for name, value in vars(proto).items():
            object.__setattr__(self, name, value)
        setattr(self, self._size_name(), 0)
        object.__setattr__(self, "_made_of", options)
        for name, p in self._parameters.items():
            self._parameters[name] = None if p is None else UninitializedParameter(p.dtype, p.device)
        for name, b in self._buffers.items():
            # what has no size (how many batches came) is what it is
            sized = b is not None and b.ndim > 0
            self._buffers[name] = UninitializedBuffer(b.dtype, b.device) if sized and b is not None else b

    @classmethod
    def _size_name(cls) -> str:
        return next(iter(inspect.signature(cls.becomes).parameters))

    def _size(self, input: Any) -> int:
        if getattr(input, "ndim", 0) < max(-self.place, self.place + 1):
            raise ShapeError(f"{type(self).__name__}: the first input tells {self._size_name()}; got {describe(input)}")
        return int(input.shape[self.place])

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """The first one: makes the parameters, and becomes the layer."""
        made = self.becomes(self._size(inputs[0]), **self._made_of)
        pairs: Any = ((self._parameters, made._parameters), (self._buffers, made._buffers))
        for ours, theirs in pairs:
            for name, t in ours.items():
                if isinstance(t, (UninitializedParameter, UninitializedBuffer)):
                    t.materialize(theirs[name].shape)
                    t.data.copy_(theirs[name].data)
                elif t is not None and t.ndim:  # loaded from a state_dict before
                    if t.shape != theirs[name].shape:
                        raise ShapeError(f"{type(self).__name__}: {name} was loaded as {describe(t)}, but this input "
                                         f"asks for {describe(theirs[name])}")  # fmt: skip
        setattr(self, self._size_name(), getattr(made, self._size_name()))
        del self.__dict__["_made_of"]
        self.__class__ = self.becomes
        return self.forward(*inputs, **options)


def _lazy(becomes: type[Module], place: int, **defaults: Any) -> Any:
    name = f"Lazy{becomes.__name__}"
    size = next(iter(inspect.signature(becomes).parameters))
    about = {
        "__doc__": f"A {becomes.__name__} whose {size} the first input tells.",
        "__module__": __name__,
        "becomes": becomes,
        "place": place,
        "defaults": defaults,
        "dims": getattr(becomes, "dims", None),
        "extra_repr": becomes.extra_repr,
    }
    return type(name, (_Lazy,), about)


LazyLinear = _lazy(Linear, -1)
LazyConv1d, LazyConvTranspose1d = _lazy(Conv1d, -2), _lazy(ConvTranspose1d, -2)
LazyConv2d, LazyConvTranspose2d = _lazy(Conv2d, -3), _lazy(ConvTranspose2d, -3)
LazyConv3d, LazyConvTranspose3d = _lazy(Conv3d, -4), _lazy(ConvTranspose3d, -4)
LazyBatchNorm1d, LazyBatchNorm2d, LazyBatchNorm3d = (_lazy(c, 1) for c in (BatchNorm1d, BatchNorm2d, BatchNorm3d))
_INSTANCE = {"affine": True, "track_running_stats": True}  # PyTorch's lazy ones differ from the plain ones in this
LazyInstanceNorm1d = _lazy(InstanceNorm1d, -2, **_INSTANCE)
LazyInstanceNorm2d = _lazy(InstanceNorm2d, -3, **_INSTANCE)
LazyInstanceNorm3d = _lazy(InstanceNorm3d, -4, **_INSTANCE)
