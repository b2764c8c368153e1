"""How tensors print: as PyTorch's do."""

from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.backend import to_numpy
from minigrad.engine.graph import Leaf

_options: dict[str, Any] = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": None}


def set_printoptions(**options: Any) -> None:
    """How tensors print: precision, threshold, edgeitems, linewidth, sci_mode. Raises TypeError for other names."""
    unknown = options.keys() - _options.keys()
    if unknown:
        raise TypeError(f"set_printoptions: expected {', '.join(_options)}, got {', '.join(sorted(unknown))}")
    _options.update(options)


def tensor_repr(self: Any) -> str:
    """`tensor([1., 2.], requires_grad=True)`."""
    array = to_numpy(self._array)
    node = self._current()
    name = "tensor" if type(self).__name__ == "Tensor" else f"{type(self).__name__} containing:\ntensor"
    options = {k: v for k, v in _options.items() if k in ("precision", "threshold", "edgeitems")}
    options["max_line_width"] = _options["linewidth"]
    body = np.array2string(array, separator=", ", prefix="tensor(", formatter=_formatter(array), **options)
    notes = [body if array.size or array.ndim == 1 else "[]"]
    if not array.size and array.shape != (0,):
        notes.append(f"size={tuple(array.shape)}")
    if self.device.type != "cpu":
        notes.append(f"device='{self.device}'")
    if array.dtype not in (dtypes.get_default_dtype(), dtypes.int64, dtypes.bool):
        notes.append(f"dtype=minigrad.{array.dtype}")
    if isinstance(node, Leaf):
        notes.append("requires_grad=True")
    elif node is not None:
        notes.append(f"grad_fn={node!r}")
    return f"{name}({', '.join(notes)})"


def _formatter(array: Any) -> Any:
    """All elements of one width; fixed or scientific as a whole, by PyTorch's rule."""
    if array.dtype.kind != "f" or not array.size:
        return {"bool": lambda x: str(bool(x))} if array.dtype.kind == "b" else None
    with np.errstate(all="ignore"):
        size = np.abs(array[np.isfinite(array) & (array != 0)].astype("float64"))
        top, low = (size.max(), size.min()) if size.size else (0.0, 1.0)
        whole = bool((array[np.isfinite(array)] == np.ceil(array[np.isfinite(array)])).all())
        scientific = (
            top >= 1e8 or (not whole and (low < 1e-4 or top / low > 1000 and top > 1e4)) or (whole and top / low > 1e8)
        )
    if _options["sci_mode"] is not None:
        scientific = _options["sci_mode"]
    style = f".{_options['precision']}e" if scientific else ".0f" if whole else f".{_options['precision']}f"
    point = "." if style == ".0f" else ""
    texts = [format(float(x), style) + (point if np.isfinite(x) else "") for x in array.ravel()[:2000]]
    width = max(map(len, texts))
    return {"float_kind": lambda x: (format(float(x), style) + (point if np.isfinite(x) else "")).rjust(width)}
