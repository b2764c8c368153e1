"""Hooks of a module: functions that see, and may replace, what goes in and comes out, forward and backward."""

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from minigrad.autograd.function import Function
from minigrad.engine.graph import Handle
from minigrad.engine.modes import modes
from minigrad.engine.tensor import Tensor

if TYPE_CHECKING:
    from minigrad.nn.modules.module import Module

Hook = Callable[..., Any]


class _Forward(NamedTuple):
    """A forward hook, and how it wants to be called."""

    hook: Hook
    with_kwargs: bool = False
    always_call: bool = False


def _registered(hooks: dict[int, Any], hook: Any, prepend: bool) -> Handle:
    handle = Handle(hooks, hook)
    if prepend:
        others = {k: h for k, h in hooks.items() if k != handle.id}
        hooks.clear()
        hooks.update({handle.id: hook, **others})
    return handle


def register_forward_pre_hook(
    self: "Module", hook: Hook, *, prepend: bool = False, with_kwargs: bool = False
) -> Handle:
    """Call `hook(module, args)` before forward; what it returns (if not None) takes the arguments' place. with_kwargs:
    `hook(module, args, kwargs)`, which returns both or None. prepend: before the other hooks."""
    return _registered(self._forward_pre_hooks, _Forward(hook, with_kwargs), prepend)


def register_forward_hook(
    self: "Module", hook: Hook, *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
) -> Handle:
    """Call `hook(module, args, output)` after forward; what it returns (if not None) takes the output's place.
    with_kwargs: `hook(module, args, kwargs, output)`. always_call: also where forward raises, with output None."""
    return _registered(self._forward_hooks, _Forward(hook, with_kwargs, always_call), prepend)


def register_full_backward_hook(self: "Module", hook: Hook, prepend: bool = False) -> Handle:
    """Call `hook(module, grad_input, grad_output)` when the gradients of the module's inputs are there.

    Both are tuples, one place for each positional argument and each output, None where there is no gradient. What it
    returns (if not None) takes grad_input's place.
    """
    return _registered(self._backward_hooks, hook, prepend)


def register_full_backward_pre_hook(self: "Module", hook: Hook, prepend: bool = False) -> Handle:
    """Call `hook(module, grad_output)` before the gradient goes into the module; what it returns (if not None) takes
    its place."""
    return _registered(self._backward_pre_hooks, hook, prepend)


def call(module: "Module", args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """module.forward(*args, **options) with all of its hooks."""
    watch = _Watch(module) if module._backward_hooks or module._backward_pre_hooks else None
    try:
        for pre in list(module._forward_pre_hooks.values()):
            changed = pre.hook(module, args, options) if pre.with_kwargs else pre.hook(module, args)
            if changed is not None and pre.with_kwargs:
                args, options = changed
            elif changed is not None:
                args = _tuple(changed)
        args = args if watch is None else watch.enter(args)
        out = module._located(args, options)
    except Exception:
        _after(module, args, options, None, [h for h in module._forward_hooks.values() if h.always_call])
        raise
    out = _after(module, args, options, out, list(module._forward_hooks.values()))
    return out if watch is None else watch.leave(out)


def _after(module: "Module", args: Any, options: Any, out: Any, hooks: list[_Forward]) -> Any:
    for after in hooks:
        changed = after.hook(module, args, options, out) if after.with_kwargs else after.hook(module, args, out)
        out = out if changed is None else changed
    return out


def _tuple(x: Any) -> tuple[Any, ...]:
    return x if isinstance(x, tuple) else (x,)


class _Gate(Function):
    """Its tensors as they are; backward, `seen(gradients)` gives the gradients that go on."""

    @staticmethod
    def forward(ctx: Any, seen: Callable[..., Any], *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.seen = seen
        return tensors

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Any, ...]:
        return (None, *ctx.seen(gradients))


class _Watch:
    """One call of a module with backward hooks, between a gate for its inputs and one for its outputs. The gradient
    passes the outputs' gate first, which remembers it for the hooks that run at the inputs' gate. One that comes to the
    inputs another way (through what the module kept, at second order) meets no hooks, as in PyTorch."""

    def __init__(self, module: "Module") -> None:
        self.module, self.hooks = module, list(module._backward_hooks.values())
        self.pre_hooks = list(module._backward_pre_hooks.values())
        self.grad_output: tuple[Any, ...] | None = None

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        self.inputs, self.width = _recorded(args), len(args)
        return _gated(args, self.inputs, self._at_inputs)

    def leave(self, out: Any) -> Any:
        if not isinstance(out, (Tensor, tuple)):
            warnings.warn(
                f"{type(self.module).__name__}: backward hooks need an output that is a Tensor or a tuple of them, got "
                f"{type(out).__name__}; they are not called",
                UserWarning,
                stacklevel=4,
            )
            return out
        outs = _tuple(out)
        self.outputs, self.outs = _recorded(outs), len(outs)
        outs = _gated(outs, self.outputs, self._at_outputs)
        return outs if isinstance(out, tuple) else outs[0]

    def _at_outputs(self, gradients: tuple[Any, ...]) -> list[Any]:
        full = _spread(gradients, self.outputs, self.outs)
        for hook in self.pre_hooks:
            changed = hook(self.module, full)
            full = full if changed is None else _tuple(changed)
        self.grad_output = full
        if not self.inputs:
            self._at_inputs(())
        return [full[i] for i in self.outputs]

    def _at_inputs(self, gradients: tuple[Any, ...]) -> Any:
        if self.grad_output is None:
            return gradients
        full = _spread(gradients, self.inputs, self.width)
        for hook in self.hooks:
            changed = hook(self.module, full, self.grad_output)
            full = full if changed is None else _tuple(changed)
        self.grad_output = None
        return [full[i] for i in self.inputs]


def _recorded(values: tuple[Any, ...]) -> list[int]:
    """The places of the tensors that require grad."""
    return [i for i, x in enumerate(values) if isinstance(x, Tensor) and x.requires_grad] if modes.grad else []


def _gated(values: tuple[Any, ...], places: list[int], seen: Callable[..., Any]) -> tuple[Any, ...]:
    if not places:
        return values
    through = dict(zip(places, _Gate.apply(seen, *(values[i] for i in places))))
    return tuple(through.get(i, x) for i, x in enumerate(values))


def _spread(values: tuple[Any, ...], places: list[int], width: int) -> tuple[Any, ...]:
    at = dict(zip(places, values))
    return tuple(at.get(i) for i in range(width))
