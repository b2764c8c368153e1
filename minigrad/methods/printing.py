"""How tensors print: as PyTorch's do."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.backend import quiet, to_numpy
from minigrad.engine.graph import AccumulateGrad

_options: dict[str, Any] = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": None}


def set_printoptions(**options: Any) -> None:
    """How tensors print: precision, threshold, edgeitems, linewidth, sci_mode. Raises TypeError for other names."""
    unknown = options.keys() - _options.keys()
    if unknown:
        raise TypeError(f"set_printoptions: expected {', '.join(_options)}, got {', '.join(sorted(unknown))}")
    _options.update(options)


def __repr__(self: Any) -> str:
    """`tensor([1., 2.], requires_grad=True)`."""
    array = to_numpy(self._array)
    node = self._current()
    name = "tensor" if type(self).__name__ == "Tensor" else f"{type(self).__name__} containing:\ntensor"
    notes = []
    if not array.size and array.shape != (0,):
        notes.append(f"size={tuple(array.shape)}")
    if self.device.type != "cpu":
        notes.append(f"device='{self.device}'")
    plain = (dtypes.get_default_dtype(), dtypes.number_dtype(1j), dtypes.int64, dtypes.bool)
    if array.dtype not in (plain if array.size else plain[:1]):
        notes.append(f"dtype=minigrad.{array.dtype}")
    if isinstance(node, AccumulateGrad):
        notes.append("requires_grad=True")
    elif node is not None:
        notes.append(f"grad_fn={node!r}")
    text = f"{name}({_body(array) if array.size else '[]'}"
    for note in notes:
        room = _options["linewidth"] - len(text[text.rfind("\n") + 1 :])
        text += f", {note}" if len(note) + 3 <= room else f",\n{' ' * len('tensor(')}{note}"
    return f"{text})"


def _body(array: Any) -> str:
    """The elements, in nested brackets; of a large tensor only those at the edges."""
    cut = array.size > _options["threshold"]
    text, width = _formatter(_edges(array) if cut else array)
    return _rows(array, text, width, len("tensor("), cut)


def _edges(array: Any) -> Any:
    edge = _options["edgeitems"]
    for axis, n in enumerate(array.shape):
        if n > 2 * edge:
            array = np.take(array, [*range(edge), *range(n - edge, n)], axis)
    return array


def _rows(array: Any, text: Callable[[Any], str], width: int, indent: int, cut: bool) -> str:
    if not array.ndim:
        return text(array[()])
    edge, n = _options["edgeitems"], len(array)
    inner = text if array.ndim == 1 else lambda part: _rows(part, text, width, indent + 1, cut)
    if cut and n > 2 * edge:
        dots = " ..." if array.ndim == 1 else "..."
        parts = [*map(inner, array[:edge]), dots, *map(inner, array[n - edge :])]
    else:
        parts = [inner(part) for part in array]
    margin = "\n" * max(array.ndim - 1, 1) + " " * (indent + 1)
    if array.ndim > 1:
        return f"[{(',' + margin).join(parts)}]"
    per_line = max((_options["linewidth"] - indent) // (width + 2), 1)
    lines = [", ".join(parts[i : i + per_line]) for i in range(0, len(parts), per_line)]
    return f"[{(',' + margin).join(lines)}]"


def _formatter(array: Any) -> tuple[Callable[[Any], str], int]:
    """How one element is written, all in the same width, and that width."""
    if array.dtype.kind == "c":
        (real, a), (imaginary, b) = _formatter(array.real), _formatter(abs(array.imag))
        return lambda z: f"{real(z.real)}{'-' if z.imag < 0 else '+'}{imaginary(abs(z.imag)).lstrip()}j", a + b + 2
    if not dtypes.floating(array.dtype):
        width = max(len(str(x)) for x in array.ravel().tolist())
        return lambda x: str(x.item()).rjust(width), width
    style, point = _style(array)

    def write(x: Any) -> str:
        return format(float(x), style) + (point if np.isfinite(x) else "")

    width = max((len(write(x)) for x in array.ravel() if np.isfinite(x) and x), default=1)
    return lambda x: write(x).rjust(width), width


def _style(array: Any) -> tuple[str, str]:
    """Fixed or scientific for all elements together, by their range: PyTorch's rule. Whole numbers end in a point."""
    with quiet():
        size = np.abs(array[np.isfinite(array) & (array != 0)].astype("float64"))
        whole = bool((size == np.ceil(size)).all())
        scientific = size.size > 0 and bool(
            size.max() > 1e8 or size.max() / size.min() > 1000 or (not whole and size.min() < 1e-4)
        )
    if _options["sci_mode"] is not None:
        scientific = _options["sci_mode"]
    if scientific:
        return f".{_options['precision']}e", ""
    return (".0f", ".") if whole else (f".{_options['precision']}f", "")
