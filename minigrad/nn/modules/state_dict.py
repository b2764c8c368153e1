"""A module's state by path: state_dict gives it, load_state_dict copies it into a module and says what does not fit."""

from typing import TYPE_CHECKING, Any, NamedTuple

from minigrad.autograd.grad_mode import no_grad
from minigrad.engine.messages import describe
from minigrad.engine.tensor import Tensor
from minigrad.nn.parameter import Parameter, UninitializedBuffer, UninitializedParameter

if TYPE_CHECKING:
    from minigrad.nn.modules.module import Module


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict(strict=False)` found no value for (missing) and no use for (unexpected)."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


def _tensors_by_path(module: "Module") -> "dict[str, tuple[Module, str, Tensor]]":
    """Every parameter and persistent buffer by path, shared ones under each of their names."""
    found = {}
    for path, m in module.named_modules(remove_duplicate=False):
        for name, t in {**m._parameters, **m._buffers}.items():
            if t is not None and name not in m._non_persistent_buffers_set:
                found[f"{path}.{name}" if path else name] = (m, name, t)
    return found


def state_dict(self: "Module", *, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
    """Parameters and persistent buffers by path, detached unless keep_vars, and what get_extra_state gives by
    "path._extra_state". They are the model's own memory, no copies. destination: the dict that they are added to."""
    found = {} if destination is None else destination
    found.update({prefix + k: t if keep_vars else t.detach() for k, (_, _, t) in _tensors_by_path(self).items()})
    found.update({prefix + k: m.get_extra_state() for k, m in _extra_states(self).items()})
    return found


def _extra_states(module: "Module") -> "dict[str, Module]":
    """The modules that define get_extra_state, by the key of its result."""
    base = next(c for c in type(module).__mro__ if vars(c).get("__module__") == "minigrad.nn.modules.module")
    found = module.named_modules(remove_duplicate=False)
    return {f"{path}._extra_state".lstrip("."): m for path, m in found
            if type(m).get_extra_state is not base.get_extra_state}  # type: ignore[attr-defined]  # fmt: skip


def load_state_dict(self: "Module", state_dict: Any, strict: bool = True, assign: bool = False) -> IncompatibleKeys:
    """Copy values into the parameters and buffers of these paths (assign=True: register the tensors themselves).

    Raises RuntimeError that lists all keys that are missing or unexpected (if strict), and all shapes that differ:
    nothing is changed then. Returns (missing_keys, unexpected_keys).
    """
    if not hasattr(state_dict, "items"):
        raise TypeError(f"load_state_dict: expected a dict of tensors, got {type(state_dict).__name__}")
    entries = _tensors_by_path(self)
    extra = _extra_states(self)
    missing = [k for k in (*entries, *extra) if k not in state_dict]
    unexpected = [k for k in state_dict if k not in entries and k not in extra]
    problems = ["unexpected: " + ", ".join(unexpected)] if strict and unexpected else []
    problems += ["missing: " + ", ".join(missing)] if strict and missing else []
    problems += [text for k, (_, _, t) in entries.items() if (text := _mismatch(k, t, state_dict.get(k)))]
    if problems:
        text = "\n  ".join(problems)
        raise RuntimeError(f"load_state_dict into {type(self).__name__}: nothing was loaded;\n  {text}")
    with no_grad():
        for k, (m, name, t) in entries.items():
            if k in state_dict and assign:
                if name in m._parameters:
                    m._parameters[name] = Parameter(state_dict[k], t.requires_grad)
                else:
                    m._buffers[name] = state_dict[k]
            elif k in state_dict:
                if isinstance(t, (UninitializedParameter, UninitializedBuffer)):
                    t.materialize(state_dict[k].shape)
                t.copy_(state_dict[k].detach())
    for k, m in extra.items():
        if k in state_dict:
            m.set_extra_state(state_dict[k])
    return IncompatibleKeys(missing, unexpected)


def _mismatch(key: str, t: Tensor, given: Any) -> str:
    """Why `given` cannot be copied into `t`; "" where it can, or is not there."""
    if given is None:
        return ""
    if not isinstance(given, Tensor):
        return f"{key}: expected a Tensor, got {type(given).__name__}"
    if isinstance(t, (UninitializedParameter, UninitializedBuffer)):  # takes any shape
        return ""
    return "" if tuple(given.shape) == tuple(t.shape) else f"{key}: expected {describe(t)}, got {describe(given)}"
