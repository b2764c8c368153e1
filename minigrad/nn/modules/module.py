"""`Module`, the base of all layers and models: parameters, buffers and submodules by name, and a forward."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minigrad.autograd.grad_mode import no_grad
from minigrad.dtypes import dtype_named, floating
from minigrad.engine.tensor import Tensor
from minigrad.nn.modules import hooks
from minigrad.nn.modules import state_dict as state
from minigrad.nn.modules.error_path import LAYER_ERRORS, add_path
from minigrad.nn.parameter import Buffer, Parameter

# the registries of a module, dicts by name, and what belongs into each
_REGISTRIES = {"_parameters": "a Parameter", "_buffers": "a Tensor", "_modules": "a Module"}
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


class Module:
    """The base of everything with parameters.

    Subclass it, assign parameters and modules to attributes in `__init__` (after `super().__init__()`), which registers
    them, and define `forward`. Call the module itself, not `forward`: the call runs the hooks, too, and its errors
    about shapes, dtypes and devices name the layer in which they happened."""

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: "dict[str, Module | None]"

    def __init__(self) -> None:
        for name in (*_REGISTRIES, *_HOOKS):
            object.__setattr__(self, name, {})
        object.__setattr__(self, "_non_persistent_buffers_set", set())  # names that the state_dict leaves out
        object.__setattr__(self, "training", True)

    def forward(self, *args: Any, **options: Any) -> Any:
        """What the module computes. Every subclass defines it; this one raises NotImplementedError."""
        raise NotImplementedError(f"{type(self).__name__}: forward() is not defined")

    def __call__(self, *args: Any, **options: Any) -> Any:
        if self._forward_hooks or self._forward_pre_hooks or self._backward_hooks or self._backward_pre_hooks:
            return hooks.call_with_hooks(self, args, options)
        try:
            return self.forward(*args, **options)
        except LAYER_ERRORS as error:
            add_path(error, self)
            raise

    # --- attributes that are registered -----------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter):
            self._remove_from_others(name, "_parameters")
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            self._remove_from_others(name, "_modules")
            self._set_child(name, value)
        elif isinstance(value, Buffer):
            self._remove_from_others(name, "_buffers")
            self.register_buffer(name, value)
        else:
            for registry, kind in _REGISTRIES.items():
                if name in self.__dict__.get(registry, ()):
                    if value is not None and not (registry == "_buffers" and isinstance(value, Tensor)):
                        got = f"{type(self).__name__}.{name}: expected {kind} or None, got {type(value).__name__}"
                        raise TypeError(f"{got}; to assign something else, `del` it first")
                    self.__dict__[registry][name] = value
                    return
            object.__setattr__(self, name, value)

    def _remove_from_others(self, name: str, registry: str) -> None:
        """Remove `name` from all registries but this one, where a new value keeps the order of the old one."""
        if "_parameters" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__}: call super().__init__() before assigning {name!r}")
        for other in _REGISTRIES:
            if other != registry:
                self.__dict__[other].pop(name, None)
        if registry != "_buffers":
            self._non_persistent_buffers_set.discard(name)
        self.__dict__.pop(name, None)

    def __getattr__(self, name: str) -> Any:
        for registry in _REGISTRIES:
            registered = self.__dict__.get(registry, {})
            if name in registered:
                return registered[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __delattr__(self, name: str) -> None:
        for registry in (self._parameters, self._buffers, self._modules):
            if name in registry:
                del registry[name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        registered = (*self._parameters, *self._buffers, *self._modules)
        return sorted({*object.__dir__(self), *(name for name in registered if name.isidentifier())})

    def _check_name(self, name: str, registry: str) -> None:
        if registry not in self.__dict__:
            raise AttributeError(f"{type(self).__name__}: call super().__init__() before registering {name!r}")
        if not isinstance(name, str) or not name or "." in name:
            raise KeyError(f'{type(self).__name__}: a name must be a string without ".", got {name!r}')
        if hasattr(self, name) and name not in self.__dict__[registry]:
            raise KeyError(f"{type(self).__name__}: it has an attribute {name!r} already; choose another name")

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Register `param` (None: no parameter yet) under that name.

        Raises KeyError for a name that is empty, has a "." or is taken, TypeError for another type, ValueError for the
        result of an operation.
        """
        self._check_name(name, "_parameters")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(f"register_parameter: {name!r}: expected a Parameter or None, got {type(param).__name__}")
        if param is not None and not param.is_leaf:
            raise ValueError(f"register_parameter: {name!r}: expected a leaf tensor, got the result of an operation")
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Register `tensor` as state that is not learned; persistent=False leaves it out of the state_dict. Raises as
        register_parameter."""
        self._check_name(name, "_buffers")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"register_buffer: {name!r}: expected a Tensor or None, got {type(tensor).__name__}")
        self._buffers[name] = tensor
        (self._non_persistent_buffers_set.discard if persistent else self._non_persistent_buffers_set.add)(name)

    def add_module(self, name: str, module: "Module | None") -> None:
        """Register `module` as a child under that name. Raises as register_parameter; ValueError for a cycle."""
        self._check_name(name, "_modules")
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"add_module: {name!r}: expected a Module or None, got {type(module).__name__}")
        self._set_child(name, module)

    def _set_child(self, name: str, module: "Module | None") -> None:
        if module is not None and any(m is self for m in module.modules()):
            raise ValueError(f"{type(self).__name__}: {name!r}: a module cannot be part of itself")
        self._modules[name] = module

    register_module = add_module

    # --- iteration ---------------------------------------------------------------------------------------------------

    def named_modules(self, memo: Any = None, prefix: str = "", remove_duplicate: bool = True) -> Iterator[Any]:
        """(path, module) for this module ("") and all below it, parents first; each once unless
        remove_duplicate=False."""
        memo = set() if memo is None else memo
        if remove_duplicate and self in memo:
            return
        memo.add(self)
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                yield from child.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def _named_members(self, kind: str, prefix: str, recurse: bool, remove_duplicate: bool) -> Iterator[Any]:
        seen: set[int] = set()
        modules = self.named_modules(None, prefix, remove_duplicate) if recurse else [(prefix, self)]
        for path, module in modules:
            for name, t in getattr(module, kind).items():
                if t is not None and not (remove_duplicate and id(t) in seen):
                    seen.add(id(t))
                    yield (f"{path}.{name}" if path else name), t

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """(path, parameter) for this module and (recurse) all below it; a shared one once unless
        remove_duplicate=False."""
        return self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """(path, buffer): as named_parameters."""
        return self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def named_children(self) -> "Iterator[tuple[str, Module]]":
        """(name, module) for the modules one level down."""
        seen: set[int] = set()
        for name, child in self._modules.items():
            if child is not None and id(child) not in seen:
                seen.add(id(child))
                yield name, child

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters: what an optimizer takes."""
        return (p for _, p in self.named_parameters(recurse=recurse))

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers: state that is not learned."""
        return (b for _, b in self.named_buffers(recurse=recurse))

    def modules(self, remove_duplicate: bool = True) -> "Iterator[Module]":
        """This module and all below it: as named_modules."""
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
        """Replace the module at a path such as "encoder.0". AttributeError if there is none."""
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if parent._modules.get(name) is None:
            raise AttributeError(f"{type(parent).__name__} has no module {name!r} (looking for {target!r})")
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path such as "0.weight". AttributeError if there is none."""
        return self._get_registered(target, "_parameters")

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a path such as "norm.running_mean". AttributeError if there is none."""
        return self._get_registered(target, "_buffers")

    def _get_registered(self, target: str, registry: str) -> Any:
        path, _, name = target.rpartition(".")
        found = getattr(self.get_submodule(path), registry).get(name)
        if found is None:
            raise AttributeError(f"{type(self).__name__} has no {registry[1:-1]} {target!r}")
        return found

    # --- changes to all of it ---------------------------------------------------------------------------------------

    def apply(self, fn: "Callable[[Module], Any]") -> "Module":
        """Call `fn` on every module below, then on this one. Returns self."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> "Module":
        """Set `training` of this module and all below: True for dropout and batch statistics, False for evaluation.
        Returns self. ValueError unless mode is a bool."""
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
        """Set `requires_grad` of every parameter. Returns self. TypeError unless it is a bool."""
        if not isinstance(requires_grad, bool):
            raise TypeError(f"requires_grad_: expected True or False, got {requires_grad!r}")
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set every parameter's .grad to None, or (set_to_none=False) fill it with zeros."""
        for p in self.parameters():
            if p.grad is not None:
                p.grad = None if set_to_none else p.grad.detach().zero_()

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Module":
        """Put fn(t) in the place of every parameter and buffer: each module for its own, so that it may do more."""
        for child in self.children() if recurse else ():
            child._apply(fn)
        with no_grad():
            for p in (p for p in self._parameters.values() if p is not None):
                grad, p._grad = p._grad, None
                p.data = fn(p.detach())
                p._grad = None if grad is None else fn(grad.detach())
            for name, b in self._buffers.items():
                self._buffers[name] = None if b is None else fn(b)
        return self

    def to(self, *args: Any, **options: Any) -> "Module":
        """Move all parameters and buffers to a device and convert the floating ones to a dtype, in place: `to("cuda")`,
        `to(minigrad.float64)`, `to(like_this_tensor)`. Returns self. TypeError for a dtype that is not floating."""
        dtype = options.pop("dtype", None)
        devices = []
        for a in args:
            if isinstance(a, Tensor):
                devices.append(a.device)
                dtype = a.dtype
            elif isinstance(a, (np.dtype, type)) or hasattr(type(a), "dtype"):
                dtype = a
            else:
                devices.append(a)
        dtype = None if dtype is None else dtype_named("Module.to", dtype)
        if dtype is not None and not floating(dtype):
            raise TypeError(f"Module.to: expected a floating dtype, got {dtype}")
        return self._apply(lambda t: t.to(*devices, dtype=dtype if floating(t.dtype) else None, **options))

    def type(self, dst_type: Any) -> "Module":
        """Floating parameters and buffers in this floating dtype. Returns self."""
        return self.to(dtype=dst_type)

    def float(self) -> "Module":
        """`type("float32")`."""
        return self.type("float32")

    def double(self) -> "Module":
        """`type("float64")`."""
        return self.type("float64")

    def half(self) -> "Module":
        """`type("float16")`."""
        return self.type("float16")

    def bfloat16(self) -> "Module":
        """`type("bfloat16")`, where ml_dtypes is installed."""
        return self.type("bfloat16")

    def to_empty(self, *, device: Any, recurse: bool = True) -> "Module":
        """Parameters and buffers on a device, with values that mean nothing (here: those that they had)."""
        return self.to(device)

    def share_memory(self) -> "Module":
        """Raises NotImplementedError: memory is not shared between processes."""
        raise NotImplementedError("Module.share_memory: processes share no memory; give each its own copy of the model")

    def compile(self, **options: Any) -> None:
        """Warns and changes nothing: modules are not compiled."""
        warnings.warn("Module.compile: minigrad runs modules as they are", stacklevel=2)

    def cpu(self) -> "Module":
        """`to("cpu")`."""
        return self.to("cpu")

    def cuda(self, device: Any = None) -> "Module":
        """`to("cuda")`, or to the given GPU."""
        return self.to("cuda" if device is None else device)

    # --- state, hooks, printing ---------------------------------------------------------------------------------------

    _version: int = 1  # of the form of its state, for a _load_from_state_dict that knows earlier ones
    state_dict, load_state_dict = state.state_dict, state.load_state_dict
    _save_to_state_dict, _load_from_state_dict = state._save_to_state_dict, state._load_from_state_dict
    get_extra_state, set_extra_state = state.get_extra_state, state.set_extra_state

    register_forward_pre_hook = hooks.register_forward_pre_hook
    register_forward_hook = hooks.register_forward_hook
    register_full_backward_hook = hooks.register_full_backward_hook
    register_full_backward_pre_hook = hooks.register_full_backward_pre_hook
    register_backward_hook = hooks.register_full_backward_hook  # PyTorch's older hook left gradients out

    def extra_repr(self) -> str:
        """What `repr` shows in the parentheses."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        if not self._modules and len(lines) < 2:
            return f"{type(self).__name__}({extra})"
        lines += [f"({name}): " + repr(child).replace("\n", "\n  ") for name, child in self._modules.items()]
        return f"{type(self).__name__}(\n  " + "\n  ".join(lines) + "\n)"
