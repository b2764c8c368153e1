"""A module's state by name: taking it out, putting it back, and saying what does not fit."""

from typing import TYPE_CHECKING, Any, NamedTuple

from minigrad.engine.messages import describe
from minigrad.engine.modes import no_grad
from minigrad.engine.tensor import Tensor
from minigrad.nn.parameter import Parameter, UninitializedBuffer, UninitializedParameter

if TYPE_CHECKING:
    from minigrad.nn.modules.module import Module


class Mismatch(NamedTuple):
    """What `load_state_dict(strict=False)` did not find a use or a value for."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"Mismatch(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


def _entries(module: "Module") -> "dict[str, tuple[Module, str, Tensor]]":
    """Every parameter and persistent buffer by path, shared ones under each of their names."""
    found = {}
    for path, m in module.named_modules(remove_duplicate=False):
        for name, t in {**m._parameters, **m._buffers}.items():
            if t is not None and name not in m._transient:
                found[f"{path}.{name}" if path else name] = (m, name, t)
    return found


def state_dict(self: "Module", *, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
    """Parameters and persistent buffers by path, on their own memory; detached unless keep_vars. Given a dict as
    destination, they are put there."""
    found = {} if destination is None else destination
    found.update({prefix + k: t if keep_vars else t.detach() for k, (_, _, t) in _entries(self).items()})
    found.update({prefix + k: m.get_extra_state() for k, m in _extra(self).items()})
    return found


def _extra(module: "Module") -> "dict[str, Module]":
    """The modules that have more to say than their tensors, by the path of that."""
    base = next(c for c in type(module).__mro__ if vars(c).get("__module__") == "minigrad.nn.modules.module")
    found = module.named_modules(remove_duplicate=False)
    return {f"{path}._extra_state".lstrip("."): m for path, m in found
            if type(m).get_extra_state is not base.get_extra_state}  # type: ignore[attr-defined]  # fmt: skip


def load_state_dict(self: "Module", state_dict: Any, strict: bool = True, assign: bool = False) -> Mismatch:
    """Copy values into the parameters and buffers of these paths (assign: take over the tensors themselves).

    Raises RuntimeError that lists what is missing, unexpected (if strict) and misshapen; nothing is changed then.
    """
    if not hasattr(state_dict, "items"):
        raise TypeError(f"load_state_dict: expected a dict of tensors, got {type(state_dict).__name__}")
    entries = _entries(self)
    extra = _extra(self)
    missing = [k for k in (*entries, *extra) if k not in state_dict]
    unexpected = [k for k in state_dict if k not in entries and k not in extra]
    faults = []
    if strict and unexpected:
        faults.append("unexpected: " + ", ".join(unexpected))
    if strict and missing:
        faults.append("missing: " + ", ".join(missing))
    for k, (_, _, t) in entries.items():
        given = state_dict.get(k)
        if given is not None and not isinstance(given, Tensor):
            faults.append(f"{k}: expected a Tensor, got {type(given).__name__}")
        elif given is not None and isinstance(t, (UninitializedParameter, UninitializedBuffer)):
            continue  # takes any shape
        elif given is not None and tuple(given.shape) != tuple(t.shape):
            faults.append(f"{k}: expected {describe(t)}, got {describe(given)}")
    if faults:
        raise RuntimeError(f"load_state_dict into {type(self).__name__}: nothing was loaded;\n  " + "\n  ".join(faults))
    with no_grad():
        for k, (m, name, t) in entries.items():
            if k in state_dict and assign:
                place: Any = m._parameters if name in m._parameters else m._buffers
                new = state_dict[k]
                place[name] = Parameter(new, t.requires_grad) if name in m._parameters else new
            elif k in state_dict:
                if isinstance(t, (UninitializedParameter, UninitializedBuffer)):
                    t.materialize(state_dict[k].shape)
                t.copy_(state_dict[k].detach())
    for k, m in extra.items():
        if k in state_dict:
            m.set_extra_state(state_dict[k])
    return Mismatch(missing, unexpected)
