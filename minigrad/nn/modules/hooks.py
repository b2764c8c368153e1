"""Hooks of a module: functions that see, and may replace, its arguments, its output and the gradients of both."""

import copy
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from minigrad.autograd.function import Function
from minigrad.engine.graph import Handle
from minigrad.engine.modes import modes
from minigrad.engine.tensor import Tensor
from minigrad.nn.modules.error_path import LAYER_ERRORS, add_path

if TYPE_CHECKING:
    from minigrad.nn.modules.module import Module

Hook = Callable[..., Any]


class _ForwardHook(NamedTuple):
    """A forward hook, and how it wants to be called."""

    hook: Hook
    with_kwargs: bool = False
    always_call: bool = False


def _register(hooks: dict[int, Any], hook: Any, prepend: bool) -> Handle:
    handle = Handle(hooks, hook)
    if prepend:
        others = {k: h for k, h in hooks.items() if k != handle.id}
        hooks.clear()
        hooks.update({handle.id: hook, **others})
    return handle


def register_forward_pre_hook(
    self: "Module", hook: Hook, *, prepend: bool = False, with_kwargs: bool = False
) -> Handle:
    """Call `hook(module, args)` before forward; what it returns, unless None, replaces the arguments. with_kwargs:
    `hook(module, args, kwargs)`, which returns (args, kwargs) or None. prepend: before the other hooks. Returns a
    handle whose remove() takes the hook out."""
    return _register(self._forward_pre_hooks, _ForwardHook(hook, with_kwargs), prepend)


def register_forward_hook(
    self: "Module", hook: Hook, *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
) -> Handle:
    """Call `hook(module, args, output)` after forward; what it returns, unless None, replaces the output. with_kwargs:
    `hook(module, args, kwargs, output)`. always_call: also where forward raises, with output None."""
    return _register(self._forward_hooks, _ForwardHook(hook, with_kwargs, always_call), prepend)


def register_full_backward_hook(self: "Module", hook: Hook, prepend: bool = False) -> Handle:
    """Call `hook(module, grad_input, grad_output)` once the gradients of the module's inputs are computed.

    Both are tuples, with one element for each positional argument or output (each value of a dict), None where there is
    no gradient. What it returns, unless None, replaces grad_input.
    """
    return _register(self._backward_hooks, hook, prepend)


def register_full_backward_pre_hook(self: "Module", hook: Hook, prepend: bool = False) -> Handle:
    """Call `hook(module, grad_output)` before the gradient goes through the module; what it returns, unless None,
    replaces grad_output."""
    return _register(self._backward_pre_hooks, hook, prepend)


def call_with_hooks(module: "Module", args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """module.forward(*args, **options) with all of the module's hooks."""
    backward = _BackwardHooks(module) if module._backward_hooks or module._backward_pre_hooks else None
    try:
        for pre in list(module._forward_pre_hooks.values()):
            changed = pre.hook(module, args, options) if pre.with_kwargs else pre.hook(module, args)
            if changed is not None and pre.with_kwargs:
                args, options = changed
            elif changed is not None:
                args = _as_tuple(changed)
        args = args if backward is None else backward.gate_inputs(args)
        out = _forward(module, args, options)
    except Exception:
        _run_forward_hooks(module, args, options, None, [h for h in module._forward_hooks.values() if h.always_call])
        raise
    out = _run_forward_hooks(module, args, options, out, list(module._forward_hooks.values()))
    return out if backward is None else backward.gate_outputs(out)


def _forward(module: "Module", args: Any, options: Any) -> Any:
    try:  # as in `Module.__call__`, which has it there to save a call
        return module.forward(*args, **options)
    except LAYER_ERRORS as error:
        add_path(error, module)
        raise


def _run_forward_hooks(module: "Module", args: Any, options: Any, out: Any, hooks: list[_ForwardHook]) -> Any:
    for after in hooks:
        changed = after.hook(module, args, options, out) if after.with_kwargs else after.hook(module, args, out)
        out = out if changed is None else changed
    return out


def _as_tuple(x: Any) -> tuple[Any, ...]:
    return x if isinstance(x, tuple) else (x,)


class _BackwardHookFunction(Function):
    """The identity; in the backward pass `run_hooks(gradients)` gives the gradients that are passed on."""

    @staticmethod
    def forward(ctx: Any, run_hooks: Callable[..., Any], *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.run_hooks = run_hooks
        return tensors

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Any, ...]:
        return (None, *ctx.run_hooks(gradients))


class _BackwardHooks:
    """One call of a module with backward hooks, between an identity for its inputs and one for its outputs. In the
    backward pass the outputs' identity comes first: it stores grad_output for the hooks, which run at the inputs'.
    Gradients that reach the inputs another way (at second order, through saved values) meet no hooks, as in PyTorch."""

    def __init__(self, module: "Module") -> None:
        self.module, self.hooks = module, list(module._backward_hooks.values())
        self.pre_hooks = list(module._backward_pre_hooks.values())
        self.grad_output: tuple[Any, ...] | None = None

    def gate_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        self.inputs, self.input_count = _requiring_grad(args), len(args)
        return _insert_identity(args, self.inputs, self._on_grad_input)

    def gate_outputs(self, out: Any) -> Any:
        outs = tuple(out.values()) if isinstance(out, dict) else tuple(out) if isinstance(out, list) else _as_tuple(out)
        self.outputs, self.output_count = _requiring_grad(outs), len(outs)
        if self.outputs:
            return _rebuilt(out, _insert_identity(outs, self.outputs, self._on_grad_output))
        if not all(isinstance(x, (Tensor, bool, int, float, str, type(None))) for x in outs):
            warnings.warn(
                f"{type(self.module).__name__}: backward hooks need an output that is a Tensor or a tuple, list or "
                f"dict of them, got {type(out).__name__}; they are not called",
                UserWarning,
                stacklevel=4,
            )
        return out

    def _on_grad_output(self, gradients: tuple[Any, ...]) -> list[Any]:
        full = _with_nones(gradients, self.outputs, self.output_count)
        for hook in self.pre_hooks:
            changed = hook(self.module, full)
            full = full if changed is None else _as_tuple(changed)
        self.grad_output = full
        if not self.inputs:
            self._on_grad_input(())
        return [full[i] for i in self.outputs]

    def _on_grad_input(self, gradients: tuple[Any, ...]) -> Any:
        if self.grad_output is None:
            return gradients
        full = _with_nones(gradients, self.inputs, self.input_count)
        for hook in self.hooks:
            changed = hook(self.module, full, self.grad_output)
            full = full if changed is None else _as_tuple(changed)
        self.grad_output = None
        return [full[i] for i in self.inputs]


def _rebuilt(out: Any, outs: tuple[Any, ...]) -> Any:
    """An output of the same class, of these elements."""
    if isinstance(out, Tensor):
        return outs[0]
    if isinstance(out, dict):
        new = copy.copy(out)
        new.update(zip(out, outs))
        return new
    return type(out)(*outs) if hasattr(out, "_fields") else type(out)(outs)


def _requiring_grad(values: tuple[Any, ...]) -> list[int]:
    """The indices of the tensors that require grad."""
    return [i for i, x in enumerate(values) if isinstance(x, Tensor) and x.requires_grad] if modes.grad else []


def _insert_identity(values: tuple[Any, ...], indices: list[int], run_hooks: Callable[..., Any]) -> tuple[Any, ...]:
    if not indices:
        return values
    through = dict(zip(indices, _BackwardHookFunction.apply(run_hooks, *(values[i] for i in indices))))
    return tuple(through.get(i, x) for i, x in enumerate(values))


def _with_nones(values: tuple[Any, ...], indices: list[int], count: int) -> tuple[Any, ...]:
    """A tuple of `count`: the values at their indices, None elsewhere."""
    by_index = dict(zip(indices, values))
    return tuple(by_index.get(i) for i in range(count))
