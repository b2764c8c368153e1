"""`Module`: what has parameters, and is called."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minigrad.dtypes import dtype_named, floating
from minigrad.engine.modes import no_grad
from minigrad.engine.tensor import Tensor
from minigrad.errors import DeviceError, DtypeError, ShapeError
from minigrad.nn.modules import hooks
from minigrad.nn.modules.state import load_state_dict, state_dict
from minigrad.nn.parameter import Buffer, Parameter

# where something may be registered under a name, and what belongs there
_PLACES = {"_parameters": "a Parameter", "_buffers": "a Tensor", "_modules": "a Module"}
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


class Module:
    """The base of everything with parameters: subclass it, assign parameters and modules to attributes in `__init__`
    (after `super().__init__()`), and define `forward`. Call the module itself, which runs the hooks too."""

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: "dict[str, Module | None]"

    def __init__(self) -> None:
        for name in (*_PLACES, *_HOOKS):
            object.__setattr__(self, name, {})
        object.__setattr__(self, "_transient", set())  # names of buffers that are no part of the state_dict
        object.__setattr__(self, "training", True)

    def forward(self, *args: Any, **options: Any) -> Any:
        """What the module computes; every subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__}: forward() is not defined")

    def __call__(self, *args: Any, **options: Any) -> Any:
        if self._forward_hooks or self._forward_pre_hooks or self._backward_hooks or self._backward_pre_hooks:
            return hooks.call(self, args, options)
        try:  # as in `_located`: a call less on the way
            return self.forward(*args, **options)
        except (ShapeError, DtypeError, DeviceError) as error:
            _locate(error, self)
            raise

    def _located(self, args: Any, options: Any) -> Any:
        """forward; its errors say by which path the layer is reached."""
        try:
            return self.forward(*args, **options)
        except (ShapeError, DtypeError, DeviceError) as error:
            _locate(error, self)
            raise

    # --- attributes that are registered -----------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter):
            self._forget(name, "_parameters")
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            self._forget(name, "_modules")
            self._modules[name] = self._adopted(name, value)
        elif isinstance(value, Buffer):
            self._forget(name, "_buffers")
            self.register_buffer(name, value)
        else:
            for place, kind in _PLACES.items():
                if name in self.__dict__.get(place, ()):
                    if value is not None and not (place == "_buffers" and isinstance(value, Tensor)):
                        raise TypeError(
                            f"{type(self).__name__}.{name}: expected {kind} or None, got {type(value).__name__}; to "
                            f"put something else there, `del` it first"
                        )
                    self.__dict__[place][name] = value
                    return
            object.__setattr__(self, name, value)

    def _forget(self, name: str, place: str) -> None:
        """Make room for `name` in `place`: it stays where it is there, so that what replaces it takes its turn."""
        if "_parameters" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__}: call super().__init__() before assigning {name!r}")
        for other in ("_parameters", "_buffers", "_modules"):
            if other != place:
                self.__dict__[other].pop(name, None)
        self.__dict__.pop(name, None)

    def __getattr__(self, name: str) -> Any:
        for place in ("_parameters", "_buffers", "_modules"):
            found = self.__dict__.get(place, {})
            if name in found:
                return found[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __delattr__(self, name: str) -> None:
        for place in (self._parameters, self._buffers, self._modules):
            if name in place:
                del place[name]
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        registered = (*self._parameters, *self._buffers, *self._modules)
        return sorted({*object.__dir__(self), *(name for name in registered if name.isidentifier())})

    def _check_name(self, name: str, place: str) -> None:
        if place not in self.__dict__:
            raise AttributeError(f"{type(self).__name__}: call super().__init__() before registering {name!r}")
        if not isinstance(name, str) or not name or "." in name:
            raise KeyError(f'{type(self).__name__}: a name must be a string without ".", got {name!r}')
        if hasattr(self, name) and name not in self.__dict__[place]:
            raise KeyError(f"{type(self).__name__}: it has an attribute {name!r} already; choose another name")

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Count `param` (or nothing yet, None) among the parameters, under that name."""
        self._check_name(name, "_parameters")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(f"register_parameter: {name!r}: expected a Parameter or None, got {type(param).__name__}")
        if param is not None and not param.is_leaf:
            raise ValueError(f"register_parameter: {name!r}: expected a leaf tensor, got the result of an operation")
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Count `tensor` among the state that is not learned; persistent=False leaves it out of the state_dict."""
        self._check_name(name, "_buffers")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"register_buffer: {name!r}: expected a Tensor or None, got {type(tensor).__name__}")
        self._buffers[name] = tensor
        (self._transient.discard if persistent else self._transient.add)(name)

    def add_module(self, name: str, module: "Module | None") -> None:
        """Count `module` among the children, under that name."""
        self._check_name(name, "_modules")
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"add_module: {name!r}: expected a Module or None, got {type(module).__name__}")
        self._modules[name] = None if module is None else self._adopted(name, module)

    def _adopted(self, name: str, module: "Module") -> "Module":
        if any(m is self for m in module.modules()):
            raise ValueError(f"{type(self).__name__}: {name!r}: a module cannot be part of itself")
        return module

    register_module = add_module

    # --- walking through it -----------------------------------------------------------------------------------------

    def named_modules(self, memo: Any = None, prefix: str = "", remove_duplicate: bool = True) -> Iterator[Any]:
        """(path, module) for this module and all below it, each once."""
        memo = set() if memo is None else memo
        if remove_duplicate and self in memo:
            return
        memo.add(self)
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                yield from child.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def _named(self, kind: str, prefix: str, recurse: bool, remove_duplicate: bool) -> Iterator[Any]:
        seen: set[int] = set()
        below = self.named_modules(None, prefix, remove_duplicate) if recurse else [(prefix, self)]
        for path, module in below:
            for name, t in getattr(module, kind).items():
                if t is not None and not (remove_duplicate and id(t) in seen):
                    seen.add(id(t))
                    yield (f"{path}.{name}" if path else name), t

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """(path, parameter), each once, also where two modules share it."""
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """(path, buffer)."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def named_children(self) -> "Iterator[tuple[str, Module]]":
        """(name, module) one level down."""
        seen: set[int] = set()
        for name, child in self._modules.items():
            if child is not None and id(child) not in seen:
                seen.add(id(child))
                yield name, child

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """What is learned."""
        return (p for _, p in self.named_parameters(recurse=recurse))

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """State that is not learned."""
        return (b for _, b in self.named_buffers(recurse=recurse))

    def modules(self, remove_duplicate: bool = True) -> "Iterator[Module]":
        """This module and all below it."""
        return (m for _, m in self.named_modules(remove_duplicate=remove_duplicate))

    def children(self) -> "Iterator[Module]":
        """The modules one level down."""
        return (m for _, m in self.named_children())

    def get_submodule(self, target: str) -> "Module":
        """The module at a path such as "encoder.0"; this one for "". AttributeError if there is none."""
        module = self
        for name in target.split(".") if target else []:
            found = module._modules.get(name)
            if found is None:
                raise AttributeError(f"{type(module).__name__} has no module {name!r} (looking for {target!r})")
            module = found
        return module

    def set_submodule(self, target: str, module: "Module") -> None:
        """Put a module at a path such as "encoder.0"."""
        path, _, name = target.rpartition(".")
        place = self.get_submodule(path)
        if place._modules.get(name) is None:
            raise AttributeError(f"{type(place).__name__} has no module {name!r} (looking for {target!r})")
        setattr(place, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path such as "0.weight". AttributeError if there is none."""
        return self._at_path(target, "_parameters")

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a path such as "norm.running_mean". AttributeError if there is none."""
        return self._at_path(target, "_buffers")

    def _at_path(self, target: str, place: str) -> Any:
        path, _, name = target.rpartition(".")
        found = getattr(self.get_submodule(path), place).get(name)
        if found is None:
            raise AttributeError(f"{type(self).__name__} has no {place[1:-1]} {target!r}")
        return found

    # --- changing all of it -----------------------------------------------------------------------------------------

    def apply(self, fn: "Callable[[Module], Any]") -> "Module":
        """Call `fn` on every module below, then on this one. Returns self."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> "Module":
        """Training mode (dropout drops, batch norm counts), or evaluation mode, for this module and all below."""
        if not isinstance(mode, bool):
            raise ValueError(f"train: expected True or False, got {mode!r}")
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self) -> "Module":
        """Evaluation mode: `train(False)`."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> "Module":
        """Set `requires_grad` of every parameter."""
        if not isinstance(requires_grad, bool):
            raise TypeError(f"requires_grad_: expected True or False, got {requires_grad!r}")
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget every parameter's gradient (or fill it with zeros)."""
        for p in self.parameters():
            if p.grad is not None:
                if set_to_none:
                    p.grad = None
                else:
                    p.grad = p.grad.detach()
                    p.grad.zero_()

    def _apply(self, fn: Callable[[Tensor], Tensor]) -> "Module":
        with no_grad():
            for module in self.modules():
                for p in (p for p in module._parameters.values() if p is not None):
                    grad, p._grad = p._grad, None
                    p.data = fn(p.detach())
                    p._grad = None if grad is None else fn(grad.detach())
                for name, b in module._buffers.items():
                    module._buffers[name] = None if b is None else fn(b)
        return self

    def to(self, *args: Any, **options: Any) -> "Module":
        """Move and convert parameters and buffers: `to("cuda")`, `to(minigrad.float64)`; floating ones change dtype."""
        dtype = options.pop("dtype", None)
        places = []
        for a in args:
            if isinstance(a, Tensor):
                places.append(a.device)
                dtype = a.dtype
            elif isinstance(a, (np.dtype, type)) or hasattr(type(a), "dtype"):
                dtype = a
            else:
                places.append(a)
        dtype = None if dtype is None else dtype_named("Module.to", dtype)
        if dtype is not None and not floating(dtype):
            raise TypeError(f"Module.to: expected a floating dtype, got {dtype}")
        return self._apply(lambda t: t.to(*places, dtype=dtype if floating(t.dtype) else None, **options))

    def type(self, dst_type: Any) -> "Module":
        """Parameters and buffers in this dtype, a floating one."""
        return self.to(dtype=dst_type)

    def float(self) -> "Module":
        """Parameters and buffers in float32."""
        return self.type("float32")

    def double(self) -> "Module":
        """Parameters and buffers in float64."""
        return self.type("float64")

    def half(self) -> "Module":
        """Parameters and buffers in float16."""
        return self.type("float16")

    def bfloat16(self) -> "Module":
        """Parameters and buffers in bfloat16, where ml_dtypes is installed."""
        return self.type("bfloat16")

    def to_empty(self, *, device: Any, recurse: bool = True) -> "Module":
        """Parameters and buffers on a device, with values that mean nothing."""
        return self.to(device)

    def share_memory(self) -> "Module":
        """Refused in words: memory is not shared between processes."""
        raise NotImplementedError(
            "Module.share_memory: processes share no tensors here; give each its own copy of the model"
        )

    def compile(self, **options: Any) -> None:
        """Nothing is compiled here: warns, and changes nothing."""
        warnings.warn("Module.compile: minigrad runs modules as they are", stacklevel=2)

    def cpu(self) -> "Module":
        """Parameters and buffers on the CPU."""
        return self.to("cpu")

    def cuda(self, device: Any = None) -> "Module":
        """Parameters and buffers on a GPU."""
        return self.to("cuda" if device is None else device)

    # --- state, hooks, printing ---------------------------------------------------------------------------------------

    state_dict = state_dict
    load_state_dict = load_state_dict

    register_forward_pre_hook = hooks.register_forward_pre_hook
    register_forward_hook = hooks.register_forward_hook
    register_full_backward_hook = hooks.register_full_backward_hook
    register_full_backward_pre_hook = hooks.register_full_backward_pre_hook
    register_backward_hook = hooks.register_full_backward_hook  # PyTorch's older one left gradients out

    def get_extra_state(self) -> Any:
        """What else belongs into the state_dict (numbers, strings, tensors), for a subclass to say."""
        raise NotImplementedError(f"{type(self).__name__}: get_extra_state() is not defined")

    def set_extra_state(self, state: Any) -> None:
        """Take back what get_extra_state gave."""
        raise NotImplementedError(f"{type(self).__name__}: set_extra_state() is not defined")

    def extra_repr(self) -> str:
        """What `repr` says in the parentheses."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        if not self._modules and len(lines) < 2:
            return f"{type(self).__name__}({extra})"
        lines += [f"({name}): " + repr(child).replace("\n", "\n  ") for name, child in self._modules.items()]
        return f"{type(self).__name__}(\n  " + "\n  ".join(lines) + "\n)"


def _locate(error: Exception, module: Module) -> None:
    """Say in the error's text by which path its layer is reached: every module it comes through adds its part."""
    known = error.__dict__
    if "text" not in known:
        known.update(text=str(error), module=module, path="")
        return
    name = next((name for name, m in module.named_modules() if m is known["module"] and name), "")
    known.update(module=module, path=f"{name}.{known['path']}".strip("."))
    if known["path"]:
        error.args = (f"{known['text']} (in layer {known['path']} of {type(module).__name__})",)
