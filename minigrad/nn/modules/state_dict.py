"""A module's state by path: state_dict gives it, load_state_dict copies it into a module and says what does not fit.

Each module is asked for its own part, by methods that it may override: `_save_to_state_dict`, `_load_from_state_dict`.
"""

import warnings
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

from minigrad.autograd.grad_mode import no_grad
from minigrad.engine.messages import describe
from minigrad.engine.tensor import Tensor
from minigrad.nn.parameter import Parameter, UninitializedBuffer, UninitializedParameter

if TYPE_CHECKING:
    from minigrad.nn.modules.module import Module


EXTRA = "_extra_state"  # the key of what get_extra_state gives


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict(strict=False)` found no value for (missing) and no use for (unexpected)."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


def get_extra_state(self: "Module") -> Any:
    """What else belongs into the state_dict (numbers, strings, tensors): a subclass may define it."""
    raise NotImplementedError(f"{type(self).__name__}: get_extra_state() is not defined")


def set_extra_state(self: "Module", state: Any) -> None:
    """Restore what get_extra_state gave: a subclass may define it."""
    raise NotImplementedError(f"{type(self).__name__}: set_extra_state() is not defined")


def _own(module: "Module") -> dict[str, Tensor]:
    """The module's own parameters and persistent buffers."""
    buffers = {k: b for k, b in module._buffers.items() if k not in module._non_persistent_buffers_set}
    return {k: t for k, t in {**module._parameters, **buffers}.items() if t is not None}


# --- saving -----------------------------------------------------------------------------------------------------------


def state_dict(
    self: "Module", *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False
) -> Any:  # fmt: skip
    """Parameters and persistent buffers by path, detached unless keep_vars, and what get_extra_state gives by
    "path._extra_state". They are the model's own memory, no copies. destination: the dict that they are added to."""
    if args:
        text = "state_dict: arguments by position are deprecated; name destination, prefix and keep_vars"
        warnings.warn(text, FutureWarning, stacklevel=2)
        options: list[Any] = [destination, prefix, keep_vars]
        destination, prefix, keep_vars = [*args, *options[len(args) :]]
    if destination is None:
        destination = OrderedDict()
        destination._metadata = OrderedDict()  # for modules that load what an earlier version of theirs saved
    if hasattr(destination, "_metadata"):
        destination._metadata[prefix[:-1]] = {"version": self._version}
    self._save_to_state_dict(destination, prefix, keep_vars)
    for name, child in self._modules.items():
        if child is not None:
            child.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
    return destination


def _save_to_state_dict(self: "Module", destination: Any, prefix: str, keep_vars: bool) -> None:
    """Add the module's own state, without its children's, to `destination`: a subclass may override it."""
    destination.update({prefix + k: t if keep_vars else t.detach() for k, t in _own(self).items()})
    if type(self).get_extra_state is not get_extra_state:
        destination[prefix + EXTRA] = self.get_extra_state()


# --- loading ----------------------------------------------------------------------------------------------------------


def load_state_dict(self: "Module", state_dict: Any, strict: bool = True, assign: bool = False) -> IncompatibleKeys:
    """Copy values into the parameters and buffers of these paths (assign=True: register the tensors themselves).

    Raises RuntimeError that lists all keys that are missing or unexpected (if strict), and all shapes that differ:
    nothing is changed then, unless a module has a _load_from_state_dict of its own. Returns (missing_keys,
    unexpected_keys).
    """
    if not hasattr(state_dict, "items"):
        raise TypeError(f"load_state_dict: expected a dict of tensors, got {type(state_dict).__name__}")
    if others := [k for k in state_dict if not isinstance(k, str)]:
        raise TypeError(f"load_state_dict: expected paths as keys, got {others[0]!r}")
    checked = all(type(m)._load_from_state_dict is _load_from_state_dict for m in self.modules())
    missing, unexpected, problems = _load(self, state_dict, assign, check_only=checked)
    problems += ["unexpected: " + ", ".join(unexpected)] if strict and unexpected else []
    problems += ["missing: " + ", ".join(missing)] if strict and missing else []
    if problems:
        done = "nothing was loaded" if checked else "the rest was loaded"
        raise RuntimeError("\n  ".join([f"load_state_dict into {type(self).__name__}: {done};", *problems]))
    if checked:
        _load(self, state_dict, assign, check_only=False)
    return IncompatibleKeys(missing, unexpected)


def _load(root: "Module", state: Any, assign: bool, check_only: bool) -> tuple[list[str], list[str], list[str]]:
    """Ask each module to load its part: the keys missing and unexpected, and what else is wrong."""
    report: tuple[list[str], list[str], list[str]] = ([], [], [])
    metadata = getattr(state, "_metadata", {})
    options = {"assign_to_params_buffers": assign, "check_only": check_only}

    def load(module: "Module", state: Any, prefix: str) -> None:
        module._load_from_state_dict(state, prefix, {**metadata.get(prefix[:-1], {}), **options}, True, *report)
        for name, child in module._modules.items():
            if child is not None:
                start = f"{prefix}{name}."
                load(child, OrderedDict((k, v) for k, v in state.items() if k.startswith(start)), start)

    load(root, OrderedDict(state), "")  # a copy, which modules may change
    return report


def _load_from_state_dict(
    self: "Module", state_dict: Any, prefix: str, local_metadata: Any, strict: bool, missing_keys: list[str],
    unexpected_keys: list[str], error_msgs: list[str],
) -> None:  # fmt: skip
    """Load the module's own state, without its children's, from the keys that begin with `prefix`, and add to the three
    lists what does not fit: a subclass may override it, and change keys in state_dict before it calls this one.
    local_metadata: the "version" of the module when it was saved, if known."""
    own, check_only = _own(self), local_metadata.get("check_only", False)
    takes_extra = type(self).set_extra_state is not set_extra_state
    if strict:
        missing_keys += [prefix + k for k in (*own, *[EXTRA] * takes_extra) if prefix + k not in state_dict]
        for key in state_dict:
            name, dot, _ = key[len(prefix) :].partition(".")
            known = self._modules.get(name) if dot else name in own or (takes_extra and name == EXTRA)
            if key.startswith(prefix) and (known is None or known is False):
                unexpected_keys.append(key)
    for name, t in own.items():
        if (key := prefix + name) in state_dict:
            if text := _mismatch(key, t, state_dict[key]):
                error_msgs.append(text)
            elif not check_only:
                _take(self, name, t, state_dict[key], local_metadata.get("assign_to_params_buffers", False))
    if takes_extra and prefix + EXTRA in state_dict and not check_only:
        self.set_extra_state(state_dict[prefix + EXTRA])


@no_grad()
def _take(module: "Module", name: str, t: Tensor, given: Tensor, assign: bool) -> None:
    """Copy `given` into the parameter or buffer `t`, or put it in its place."""
    if assign and name in module._parameters:
        module._parameters[name] = Parameter(given, t.requires_grad)
    elif assign:
        module._buffers[name] = given
    else:
        if isinstance(t, (UninitializedParameter, UninitializedBuffer)):
            t.materialize(given.shape)
        t.copy_(given.detach())


def _mismatch(key: str, t: Tensor, given: Any) -> str:
    """Why `given` cannot be copied into `t`; "" where it can."""
    if not isinstance(given, Tensor):
        return f"{key}: expected a Tensor, got {type(given).__name__}"
    if isinstance(t, (UninitializedParameter, UninitializedBuffer)):  # takes any shape
        return ""
    return "" if tuple(given.shape) == tuple(t.shape) else f"{key}: expected {describe(t)}, got {describe(given)}"
