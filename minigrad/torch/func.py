"""`torch.func` by name: a module called with other parameters than its own, and gradients as functions of functions."""

from collections.abc import Callable
from typing import Any

from minigrad.autograd.functional import hessian, jacobian
from minigrad.engine import gradients
from minigrad.nn import Module
from minigrad.utils._pytree import tree_flatten, tree_unflatten

__all__ = ["functional_call", "grad", "grad_and_value", "hessian", "jacobian"]


def functional_call(module: Module, parameter_and_buffer_dicts: Any, args: Any = None, kwargs: Any = None, *,
                    tie_weights: bool = True, strict: bool = False) -> Any:  # fmt: skip
    """The module's output for `args`, with these tensors in place of its own, by their names in `state_dict()`.
    Gradients go to the tensors given. Raises KeyError for a name that the module does not have, and with `strict` for
    one of its own that is not given."""
    dicts = parameter_and_buffer_dicts
    given = {k: v for d in (dicts if isinstance(dicts, (tuple, list)) else [dicts]) for k, v in d.items()}
    own = {
        f"{path}.{name}".lstrip("."): (table, name)
        for path, m in module.named_modules(remove_duplicate=False)
        for table in (m._parameters, m._buffers)
        for name in table
    }
    wrong = [*(given.keys() - own.keys()), *(own.keys() - given.keys() if strict else ())]
    if wrong:
        raise KeyError(
            f"functional_call: {', '.join(sorted(wrong))}: expected the names of {type(module).__name__}'s own"
        )
    tied = {id(table[name]): given[k] for k, (table, name) in own.items() if k in given} if tie_weights else {}
    before = [(table, name, table[name]) for table, name in own.values()]
    try:
        for k, (table, name) in own.items():
            table[name] = given.get(k, tied.get(id(table[name]), table[name]))
        return module(*(args if isinstance(args, tuple) else () if args is None else (args,)), **(kwargs or {}))
    finally:
        for table, name, t in before:
            table[name] = t


def grad_and_value(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Any:
    """The function that gives func's gradients with respect to the arguments `argnums` (tensors, or dicts, lists and
    tuples of them), and its value."""

    def gradient(*args: Any, **kwargs: Any) -> Any:
        chosen = (argnums,) if isinstance(argnums, int) else argnums
        flat, shape = tree_flatten(tuple(args[n] for n in chosen))
        leaves = [t if t.requires_grad else t.detach().requires_grad_() for t in flat]
        inner = dict(zip(chosen, tree_unflatten(leaves, shape)))
        value = func(*(inner.get(n, a) for n, a in enumerate(args)), **kwargs)
        value, aux = value if has_aux else (value, None)
        outer = any(t.requires_grad for t in flat)
        found = gradients.grad(value, leaves, create_graph=outer, allow_unused=True, materialize_grads=True)
        grads = tree_unflatten(list(found), shape)
        value = value if outer else value.detach()
        return grads[0] if isinstance(argnums, int) else grads, (value, aux) if has_aux else value

    return gradient


def grad(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Any:
    """The function that gives func's gradients with respect to the arguments `argnums`."""

    def gradient(*args: Any, **kwargs: Any) -> Any:
        grads, value = grad_and_value(func, argnums, has_aux)(*args, **kwargs)
        return (grads, value[1]) if has_aux else grads

    return gradient


def _unavailable(name: str) -> Callable[..., Any]:
    def unavailable(*args: Any, **options: Any) -> Any:
        raise NotImplementedError(
            f"func.{name}: functions are not transformed here; give the batch a dimension of its own, and use "
            f"autograd.functional (jacobian, hessian, vjp, jvp) for derivatives"
        )

    return unavailable


vmap, jacrev, jacfwd, vjp, jvp, linearize, functionalize, stack_module_state = map(
    _unavailable, "vmap jacrev jacfwd vjp jvp linearize functionalize stack_module_state".split()
)
