"""`detect_anomaly`: finds the *first* recorded op, forward or backward, that produced a nan or an inf.

While it is off it costs one comparison with True a recorded op: `modes.grad` is True where operations are recorded as
usual, and the Anomaly object that wants to see them where they are watched.
"""

import weakref
from types import TracebackType
from typing import Any

from minigrad.backend import array_module, is_array, quiet
from minigrad.engine.graph import Node
from minigrad.engine.messages import describe
from minigrad.engine.modes import modes
from minigrad.engine.versions import user_line


class AnomalyError(RuntimeError):
    """An operation made a nan or an inf inside `detect_anomaly()`."""


class Anomaly:
    """Checks every recorded result and every gradient as it is computed."""

    def __init__(self, check_nan: bool) -> None:
        self.check_nan = check_nan
        self.lines: weakref.WeakKeyDictionary[Node, str] = weakref.WeakKeyDictionary()

    def forward(self, name: str, operands: Any, out: Any, node: Node) -> None:
        """Raise AnomalyError if `out` has a nan or inf that no operand explains."""
        self.lines[node] = user_line()
        what = self._made(operands, out)
        if what:
            inputs = ", ".join(f"{describe(x)}{_at(x, out, what[1])}" for x in operands)
            raise AnomalyError(f"{name}, at {self.lines[node]}, {what[0]}: result {describe(out)}, from {inputs}")

    def backward(self, node: Node, parent: Node, g: Any, r: Any, rule: Any, values: Any) -> None:
        """Raise AnomalyError if the gradient `r`, made from `g`, has a nan or inf that `g` does not explain."""
        g, r = getattr(g, "_array", g), getattr(r, "_array", r)
        if not is_array(r):
            return
        what = self._made([g], r)
        if what:
            number = node.parents.index(parent)
            names = getattr(node.plan, "arguments", None)
            where = self.lines.get(node, "an unwatched line")
            raise AnomalyError(
                f"the backward of {node.plan.name} (recorded at {where}), with respect to "
                f"`{names[number] if names else number}`, {what[0]}: gradient {describe(r)}, from the incoming "
                f"{describe(g)}{_at(g, r, what[1])}"
            )

    def _made(self, operands: Any, out: Any) -> tuple[str, Any] | None:
        if not self.check_nan or out.dtype.kind != "f":
            return None
        xp = array_module(out)
        with quiet():
            if bool(xp.isfinite(out).all()):
                return None
            given = [getattr(x, "_array", x) for x in operands]
            floats = [x for x in given if isinstance(x, float) or is_array(x) and x.dtype.kind == "f"]
            wrong = xp.isnan(out)
            if bool(wrong.any()):
                already = any(bool(xp.isnan(x).any()) for x in floats)
                text = "was given a nan" if already else "made a nan"
            elif all(bool(xp.isfinite(x).all()) for x in floats):
                wrong, text = xp.isinf(out), "made an inf"
            else:
                return None
        index = tuple(int(i[0]) for i in xp.nonzero(wrong)) if out.ndim else ()
        return f"{text} at index {list(index)}" if out.ndim else text, index


def _at(x: Any, out: Any, index: Any) -> str:
    """The operand's own value at the wrong element, where its shape says which that is."""
    array = getattr(x, "_array", x)
    return f" ({array[index].item()!r} there)" if is_array(array) and array.shape == out.shape and array.ndim else ""


class detect_anomaly:
    """`with detect_anomaly():` an op, or its backward, that makes a nan or an inf raises AnomalyError at once.

    The error names the op, the user's line, shapes, the index and the operands' values there. An inf that an operand
    already had (a mask of -inf) is let pass. check_nan=False only remembers where each op was recorded. Costs two
    passes over every result, and one copy to the host a result on a GPU.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan
        self._outer: list[tuple[Any, Any]] = []

    def __enter__(self) -> None:
        self._switch(True)

    def _switch(self, mode: bool) -> None:
        self._outer.append((modes.anomaly, modes.grad))
        modes.anomaly = Anomaly(self.check_nan) if mode else None
        modes.grad = modes.grad and (modes.anomaly or True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        modes.anomaly, modes.grad = self._outer.pop()


class set_detect_anomaly(detect_anomaly):
    """Switch detection on or off from here on; undone on leaving if used as a block."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        super().__init__(check_nan)
        self._switch(mode)

    def __enter__(self) -> None:
        """Already in force."""


def is_anomaly_enabled() -> bool:
    """Is this thread inside `detect_anomaly()`?"""
    return modes.anomaly is not None
