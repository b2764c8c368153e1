"""Lazy layers: they take the size of their input from the first input."""

import inspect
from typing import Any

from minigrad.engine.messages import describe
from minigrad.errors import ShapeError
from minigrad.nn.modules.batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from minigrad.nn.modules.conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from minigrad.nn.modules.instancenorm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from minigrad.nn.modules.linear import Linear
from minigrad.nn.modules.module import Module
from minigrad.nn.parameter import UninitializedBuffer, UninitializedParameter


class _LazyModule(Module):
    """Has uninitialized parameters until its first input, whose size tells theirs; then its class changes to
    `cls_to_become`. The parameter objects stay the same, so that an optimizer may be made before."""

    cls_to_become: Any
    size_dim: int  # the dimension of the input whose size is taken
    defaults: dict[str, Any]  # arguments whose defaults differ from those of cls_to_become

    def __init__(self, *args: Any, **options: Any) -> None:
        # a layer of the smallest possible size shows which parameters and settings there are
        names = list(inspect.signature(self.cls_to_become).parameters)[1:]
        options = self.defaults | dict(zip(names, args)) | options
        template = self.cls_to_become(options.get("groups", 1), **options)
        super().__init__()
        for name, value in vars(template).items():
            object.__setattr__(self, name, value)
        setattr(self, self._size_argument(), 0)
        object.__setattr__(self, "_arguments", options)
        for name, p in self._parameters.items():
            self._parameters[name] = None if p is None else UninitializedParameter(p.dtype, p.device)
        for name, b in self._buffers.items():
            if b is not None and b.ndim:  # a 0-d one, the count of batches, has its size already
                self._buffers[name] = UninitializedBuffer(b.dtype, b.device)

    @classmethod
    def _size_argument(cls) -> str:
        return next(iter(inspect.signature(cls.cls_to_become).parameters))

    def _size(self, input: Any) -> int:
        if getattr(input, "ndim", 0) < max(-self.size_dim, self.size_dim + 1):
            raise ShapeError(f"{type(self).__name__}: expected an input whose dimension {self.size_dim} tells "
                             f"{self._size_argument()}, got {describe(input)}")  # fmt: skip
        return int(input.shape[self.size_dim])

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """The first call: gives the parameters their sizes and values, and turns this into the layer."""
        layer = self.cls_to_become(self._size(inputs[0]), **self._arguments)
        initial = layer._parameters | layer._buffers
        for name, t in (*self._parameters.items(), *self._buffers.items()):
            if isinstance(t, (UninitializedParameter, UninitializedBuffer)):
                t.materialize(initial[name].shape)
                t.data.copy_(initial[name].data)
            elif t is not None and t.ndim and t.shape != initial[name].shape:  # loaded from a state_dict before
                raise ShapeError(f"{type(self).__name__}: {name} was loaded as {describe(t)}, but this input needs "
                                 f"{describe(initial[name])}")  # fmt: skip
        setattr(self, self._size_argument(), getattr(layer, self._size_argument()))
        del self.__dict__["_arguments"]
        self.__class__ = self.cls_to_become
        return self.forward(*inputs, **options)


def _lazy_class(cls: type[Module], size_dim: int, **defaults: Any) -> Any:
    name = f"Lazy{cls.__name__}"
    size = next(iter(inspect.signature(cls).parameters))
    namespace = {
        "__doc__": f"A {cls.__name__} that takes {size} from its first input; the other arguments are the same.",
        "__module__": __name__, "cls_to_become": cls, "size_dim": size_dim, "defaults": defaults,
        "dims": getattr(cls, "dims", None), "extra_repr": cls.extra_repr,
    }  # fmt: skip
    return type(name, (_LazyModule,), namespace)


LazyLinear = _lazy_class(Linear, -1)
LazyConv1d, LazyConvTranspose1d = _lazy_class(Conv1d, -2), _lazy_class(ConvTranspose1d, -2)
LazyConv2d, LazyConvTranspose2d = _lazy_class(Conv2d, -3), _lazy_class(ConvTranspose2d, -3)
LazyConv3d, LazyConvTranspose3d = _lazy_class(Conv3d, -4), _lazy_class(ConvTranspose3d, -4)
LazyBatchNorm1d, LazyBatchNorm2d, LazyBatchNorm3d = (_lazy_class(c, 1) for c in (BatchNorm1d, BatchNorm2d, BatchNorm3d))
_INSTANCE = {"affine": True, "track_running_stats": True}  # in this PyTorch's lazy classes differ from the others
LazyInstanceNorm1d = _lazy_class(InstanceNorm1d, -2, **_INSTANCE)
LazyInstanceNorm2d = _lazy_class(InstanceNorm2d, -3, **_INSTANCE)
LazyInstanceNorm3d = _lazy_class(InstanceNorm3d, -4, **_INSTANCE)

__all__ = [
    "LazyBatchNorm1d", "LazyBatchNorm2d", "LazyBatchNorm3d", "LazyConv1d", "LazyConv2d", "LazyConv3d",
    "LazyConvTranspose1d", "LazyConvTranspose2d", "LazyConvTranspose3d", "LazyInstanceNorm1d", "LazyInstanceNorm2d",
    "LazyInstanceNorm3d", "LazyLinear",
]  # fmt: skip
