"""Item assignment, recorded: `t[i] = u`, `t.copy_(u)`, `t.fill_(x)`, `t.zero_()`."""

import operator
from typing import Any

from minigrad.backend import ignore_fp_warnings, unrepeated, wraps_indices, writeable
from minigrad.dtypes import category
from minigrad.engine.inplace import check_not_leaf, check_writeable, rebase_history, records
from minigrad.engine.messages import describe, explain_failure
from minigrad.engine.primitive import REGISTRY, plan_once, record
from minigrad.engine.tensor import Tensor
from minigrad.engine.versions import note_change
from minigrad.errors import DtypeError, ShapeError
from minigrad.ops.array.creation import as_tensor
from minigrad.ops.index.indexing import BASIC, expect_inside, in_order, is_basic, raw_index


def setitem(self: Tensor, index: Any, value: Any, name: str = "setitem") -> Tensor:
    """self[index] = value: a number, an array or a tensor that broadcasts to what the index chooses.
    Where the index chooses a place twice, the last one wins (on a GPU any), and the others get no gradient."""
    check_not_leaf(name, self)
    array = self._array
    repeated = not writeable(array)
    if repeated and (bool(getattr(value, "ndim", 0)) or records(self, value) or not writeable(unrepeated(array))):
        check_writeable(name, self)
    raw = value._array if isinstance(value, Tensor) else value
    if raw is None:  # NumPy writes nan
        raise TypeError(f"{name}: expected a number, an array or a Tensor, got None")
    if wraps_indices(array):
        expect_inside(name, index, array)
    try:
        place = raw_index(index, array)
        if repeated and not is_basic(place):
            check_writeable(name, self)
        if index.__class__ not in BASIC:
            place, raw = in_order(place, raw)
        # an unrecorded number may be written to elements that share memory, an expanded tensor's
        target, at = (unrepeated(array[place]), ...) if repeated else (array, place)
        ignore_fp_warnings(operator.setitem, target, at, raw)
    except IndexError as error:
        raise IndexError(f"{name}: {error}; got a tensor of shape {tuple(array.shape)}") from None
    except OverflowError as error:
        raise DtypeError(f"{name}: {error}") from None
    except Exception as error:
        explain_failure(name, lambda array, raw: operator.setitem(array, place, raw), [array, raw], {}, error)
    note_change(self, name)
    if category(array.dtype) >= 2 and records(self, value):
        sources = (self._current(), value._current() if isinstance(value, Tensor) else None)
        mask = tuple(n is not None for n in sources)
        plan = plan_once("setitem", mask) if name == "setitem" else REGISTRY["setitem"].plan(mask)
        kept = plan.keep(None, raw, None, {"index": place})
        rebase_history(self, record(plan, tuple(n for n in sources if n is not None), kept, array))
    return self


def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Take over the values of `src`, which broadcasts to this shape and is cast to this dtype; other devices too."""
    return setitem(self, ..., as_tensor(src).to(device=self.device), "copy_")


def fill_(self: Tensor, value: Any) -> Tensor:
    """Every element becomes `value`, a number or a 0-d tensor."""
    if isinstance(value, Tensor) and value.ndim:
        raise ShapeError(f"fill_: expected a number or a tensor of 0 dimensions, got {describe(value)}; use copy_()")
    return setitem(self, ..., value, "fill_")


def zero_(self: Tensor) -> Tensor:
    """Every element becomes 0."""
    return setitem(self, ..., 0, "zero_")


METHODS = (copy_, fill_, zero_)
