"""Making tensors: from data, filled, counted, and as others are."""

import functools
import inspect
import math
import operator
from collections.abc import Callable
from typing import Any, ParamSpec

from minigrad.backend import (
    CPU,
    array_module,
    array_on,
    create,
    current_device,
    device,
    device_of,
    from_cuda_interface,
    ignore_fp_warnings,
    is_array,
)
from minigrad.dtypes import category, dtype_named, get_default_dtype, iinfo, int64, number_dtype
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Size, Tensor, unwrap
from minigrad.errors import DtypeError, ShapeError

Device = str | int | device | None
P = ParamSpec("P")
# PyTorch's further settings of what makes tensors, and the values of each that change nothing here (None: all)
INERT = {"layout": ("strided", None), "memory_format": None, "pin_memory": (False, None)}


def factory(function: Callable[P, Tensor]) -> Callable[P, Tensor]:
    """A function that makes tensors: takes its size also as `size=`, and PyTorch's layout=, memory_format= and
    pin_memory=. NotImplementedError for one of these that would change something."""

    @functools.wraps(function)
    def call(*args: P.args, **options: P.kwargs) -> Tensor:
        if options and not known.issuperset(options):
            return function(*(_sizes(args, options) if sized else args), **_without_inert(function.__name__, options))
        return function(*args, **options)

    kinds = {name: p.kind for name, p in inspect.signature(function).parameters.items()}
    sized = inspect.Parameter.VAR_POSITIONAL in kinds.values()
    known = {name for name, kind in kinds.items() if kind is not inspect.Parameter.VAR_POSITIONAL}
    return call


def _without_inert(op: str, options: dict[str, Any]) -> dict[str, Any]:
    for name, value in options.items():
        allowed = INERT.get(name)
        if allowed is not None and getattr(value, "value", value) not in allowed:
            raise NotImplementedError(f"{op}: {name}: expected {allowed[0]}, got {value!r}")
    return {name: value for name, value in options.items() if name not in INERT}


def _sizes(args: Any, options: dict[str, Any]) -> Any:
    return (options.pop("size"),) if not args and "size" in options else args


@factory
def tensor(data: Any, dtype: Any = None, device: Device = None, requires_grad: bool = False) -> Tensor:
    """A new tensor with a copy of `data`: a number, nested lists, an array or a tensor.

    Python floats become the default dtype (float32), ints int64, bools bool; an array or a tensor keeps its dtype.
    Raises TypeError for what no tensor can hold (strings, objects, ragged lists).
    """
    source = from_cuda_interface(unwrap(data))
    if device is None and isinstance(data, Tensor):
        device = data.device
    try:
        array = array_on(device, source, dtype)
    except (ValueError, TypeError) as error:
        raise TypeError(f"tensor: cannot make a tensor of {_summary(data)}: {error}") from None
    category(array.dtype)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if dtype is None and not is_array(source) and not hasattr(source, "dtype"):
        array = ignore_fp_warnings(array.astype, _listed_dtype(source, array), copy=False)
    return wrap(array).requires_grad_(requires_grad)


def _listed_dtype(source: Any, array: Any) -> Any:
    """The dtype of a tensor made of Python numbers, or of lists of them; NumPy's own scalars keep theirs."""
    while isinstance(source, (list, tuple)) and len(source):
        source = source[0]
    if hasattr(source, "dtype") and array.dtype == source.dtype:
        return array.dtype
    if array.dtype == "uint64":  # NumPy's dtype for them: with an int64 it would give floats
        raise OverflowError("tensor: integers are int64, which ends at 2**63 - 1")
    return {1: array.dtype, 2: get_default_dtype(), 3: number_dtype(1j)}.get(category(array.dtype), array.dtype)


def _summary(data: Any) -> str:
    text = repr(data)
    return text if len(text) <= 60 else text[:57] + "..."


def as_tensor(data: Any, dtype: Any = None, device: Device = None) -> Tensor:
    """`data` as a tensor, without a copy where it already is one (or an array) of that dtype and device. What is on a
    GPU stays there unless another device is named."""
    if isinstance(data, Tensor):
        return data if dtype is None and device is None else data.to(device=device, dtype=dtype)
    data = from_cuda_interface(data)
    if is_array(data):
        if device is None and device_of(data) != CPU:
            device = device_of(data)
        if data.dtype.isnative and dtype in (None, data.dtype) and device_of(data) == current_device(device):
            category(data.dtype)
            return wrap(data)
    return tensor(data, dtype, device)


def from_numpy(array: Any) -> Tensor:
    """A tensor on the NumPy array's own memory and dtype. With a GPU as default device: a copy there."""
    if not is_array(array):
        raise TypeError(f"from_numpy: expected a NumPy array, got {type(array).__name__}")
    if not array.dtype.isnative:
        raise TypeError(f"from_numpy: expected this machine's byte order, got {array.dtype.str}; use tensor(), a copy")
    category(array.dtype)
    return wrap(array if current_device(None) == CPU else array_on(None, array))


def sizes_of(op: str, sizes: tuple[Any, ...]) -> tuple[int, ...]:
    """Sizes given as f(2, 3), f((2, 3)) or f(Size)."""
    given = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else sizes
    if not sizes:
        raise TypeError(f"{op}: size: expected integers, got none; () is the empty tuple of them")
    try:
        shape = tuple(operator.index(n) for n in given)
    except TypeError:
        raise TypeError(f"{op}: size: expected integers, got {given!r}") from None
    if any(n < 0 for n in shape):
        raise ValueError(f"{op}: size: expected 0 or more, got {shape}")
    return shape


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that tensors of these shapes broadcast to. ShapeError where they do not."""
    found: list[int] = []
    for given in shapes:
        sizes = (given,) if isinstance(given, int) else tuple(given)
        found = [1] * (len(sizes) - len(found)) + found
        for i, n in enumerate(sizes, len(found) - len(sizes)):
            if n != 1 and found[i] not in (1, n):
                raise ShapeError(f"broadcast_shapes: {', '.join(map(str, shapes))} do not broadcast together")
            found[i] = found[i] if n == 1 else n
    return Size(found)


def count(op: str, name: str, value: Any) -> int:
    """An integer of 0 or more. Raises TypeError, ValueError."""
    try:
        found = operator.index(value)
    except TypeError:
        raise TypeError(f"{op}: {name}: expected an integer, got {value!r}") from None
    if found < 0:
        raise ValueError(f"{op}: {name}: expected 0 or more, got {found}")
    return found


def _number(op: str, name: str, value: Any) -> Any:
    """A Python number, also out of a tensor of one element. Raises TypeError."""
    found = value.item() if hasattr(value, "item") else value
    if not isinstance(found, (bool, int, float, complex)):
        raise TypeError(f"{op}: {name}: expected a number, got {value!r}")
    return found


def _filled(maker: str, sizes: Any, dtype: Any, device: Device, requires_grad: bool, *value: Any) -> Tensor:
    shape = sizes_of(maker, sizes)
    return wrap(create(device, maker, shape, *value, dtype=dtype or get_default_dtype())).requires_grad_(requires_grad)


@factory
def empty(*size: Any, dtype: Any = None, device: Device = None, requires_grad: bool = False) -> Tensor:
    """A tensor of that size with whatever the memory held."""
    return _filled("empty", size, dtype, device, requires_grad)


@factory
def zeros(*size: Any, dtype: Any = None, device: Device = None, requires_grad: bool = False) -> Tensor:
    """A tensor of zeros."""
    return _filled("zeros", size, dtype, device, requires_grad)


@factory
def ones(*size: Any, dtype: Any = None, device: Device = None, requires_grad: bool = False) -> Tensor:
    """A tensor of ones."""
    return _filled("ones", size, dtype, device, requires_grad)


@factory
def full(
    size: Any, fill_value: Any, *, dtype: Any = None, device: Device = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of one value; its dtype is the value's own unless given."""
    value = _number("full", "fill_value", fill_value)
    return _filled("full", (size,), dtype or number_dtype(value), device, requires_grad, value)


@factory
def arange(
    start: Any = 0, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Device = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """start, start + step, ... below end; int64 if all three are integers, else the default floating dtype."""
    low, high = (0, start) if end is None else (start, end)
    low, high, step = (_number("arange", name, x) for name, x in (("start", low), ("end", high), ("step", step)))
    if not all(map(math.isfinite, (low, high, step))) or step == 0 or (high - low) * step < 0:
        raise ValueError(
            f"arange: expected finite numbers, a step other than 0, and an end that it leads to; got start={low}, "
            f"end={high}, step={step}"
        )
    whole = all(isinstance(x, int) or getattr(x, "dtype", get_default_dtype()).kind in "iu" for x in (low, high, step))
    kind = dtype or (number_dtype(1) if whole else get_default_dtype())
    if whole or dtype_named("arange", kind).kind not in "iu":
        array = create(device, "arange", low, high, step, dtype=kind)
    else:
        array = _whole_steps(low, high, step, dtype_named("arange", kind), device)
    return wrap(array).requires_grad_(requires_grad)


def _whole_steps(low: Any, high: Any, step: Any, dtype: Any, device: Device) -> Any:
    """arange in an integer dtype: start and step truncated first, as PyTorch does it."""
    n = len(range(int(low), int(high), int(step) or 1)) if dtype == int64 else math.ceil((high - low) / step)
    if not int(step):
        raise ValueError(f"arange: step: expected 1 or more, or -1 or less, for {dtype}, got {step}")
    return create(device, "arange", int(low), int(low) + n * int(step), int(step), dtype=int64).astype(dtype)


@factory
def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Device = None, requires_grad: bool = False
) -> Tensor:
    """`steps` values evenly from start to end, both included. In an integer dtype each of them, and start and end
    before that, is truncated towards 0."""
    low, high = _number("linspace", "start", start), _number("linspace", "end", end)
    n, kind = count("linspace", "steps", steps), dtype_named("linspace", dtype or get_default_dtype())
    if kind.kind == "b":
        raise DtypeError("linspace: dtype: expected numbers, got bool")
    if kind.kind not in "iu":
        return wrap(create(device, "linspace", low, high, n, dtype=kind)).requires_grad_(requires_grad)
    low, high = (_fitting("linspace", int(x), kind) for x in (low, high))
    place = create(device, "arange", n, dtype="float64")
    step = (high - low) / max(n - 1, 1)  # from either end: so the values are as far from it
    array = array_module(place).where(place < max(n // 2, 1), low + step * place, high - step * (n - 1 - place))
    return wrap(array.astype(kind)).requires_grad_(requires_grad)


def _fitting(op: str, value: int, dtype: Any) -> int:
    """The number, where the integer dtype can hold it. OverflowError."""
    limits = iinfo(dtype)
    if not limits.min <= value <= limits.max:
        raise OverflowError(
            f"{op}: {value} is out of range for {dtype}, whose numbers go from {limits.min} to {limits.max}"
        )
    return value


@factory
def logspace(
    start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: Any = None, device: Device = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`steps` values from base^start to base^end, evenly in the exponent. In an integer dtype start and end are
    truncated first, and then each value."""
    kind = dtype_named("logspace", dtype or get_default_dtype())
    if kind.kind in "iu":
        start, end = int(start), int(end)
    powers = float(base) ** linspace(start, end, steps, dtype="float64", device=device)
    return wrap(powers._array.astype(kind)).requires_grad_(requires_grad)


@factory
def scalar_tensor(s: Any, *, dtype: Any = None, device: Device = None, requires_grad: bool = False) -> Tensor:
    """A 0-d tensor, of the default floating dtype unless one is given."""
    return full((), s, dtype=dtype or get_default_dtype(), device=device, requires_grad=requires_grad)


def asarray(obj: Any, *, dtype: Any = None, device: Device = None, copy: bool | None = None,
            requires_grad: bool = False) -> Tensor:  # fmt: skip
    """`obj` as a tensor, on its own memory if it can be; copy=True: never; copy=False: else ValueError."""
    made = as_tensor(obj, dtype, device)
    array = getattr(obj, "_array", obj)
    shared = isinstance(array, type(made._array)) and array_module(array).shares_memory(array, made._array)
    if copy is False and not shared:
        raise ValueError("asarray: copy=False, but this needs a copy; leave copy out")
    return (made.detach().clone() if copy and shared else made).requires_grad_(requires_grad or made.requires_grad)


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Device = None) -> Tensor:
    """(2, n): rows and columns of the lower triangle of a row x col matrix, up to the `offset`-th diagonal."""
    return _triangle("tril", row, col, offset, dtype, device)


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Device = None) -> Tensor:
    """(2, n): rows and columns of the upper triangle of a row x col matrix, from the `offset`-th diagonal on."""
    return _triangle("triu", row, col, offset, dtype, device)


def _triangle(part: str, row: int, col: int, offset: int, dtype: Any, device: Device) -> Tensor:
    name = f"{part}_indices"
    mask = create(device, "ones", (count(name, "row", row), count(name, "col", col)), dtype=bool)
    xp = array_module(mask)
    return wrap(xp.stack(xp.nonzero(getattr(xp, part)(mask, offset))).astype(dtype or "int64"))


@factory
def eye(
    n: int, m: int | None = None, *, dtype: Any = None, device: Device = None, requires_grad: bool = False
) -> Tensor:
    """The n x m matrix (m = n unless given) with ones on its diagonal."""
    rows, columns = count("eye", "n", n), None if m is None else count("eye", "m", m)
    array = create(device, "eye", rows, columns, dtype=dtype or get_default_dtype())
    return wrap(array).requires_grad_(requires_grad)


def _like(maker: str, input: Any, dtype: Any, device: Device, requires_grad: bool, *value: Any) -> Any:
    """As `input` is; a raw array gives a raw array, so that rules may ask for zeros."""
    array = input._array if isinstance(input, Tensor) else input
    if not is_array(array) and not hasattr(array, "dtype"):
        raise DtypeError(f"{maker}: expected a Tensor or an array, got {type(input).__name__}")
    if not isinstance(input, Tensor) or device is None:
        made = getattr(array_module(array), maker)(array.shape, *value, dtype=dtype or array.dtype)
        return wrap(made).requires_grad_(requires_grad) if isinstance(input, Tensor) else made
    return _filled(maker, array.shape, dtype or array.dtype, device, requires_grad, *value)


@factory
def empty_like(input: Any, *, dtype: Any = None, device: Device = None, requires_grad: bool = False) -> Any:
    """`empty` with the input's size, dtype and device."""
    return _like("empty", input, dtype, device, requires_grad)


@factory
def zeros_like(input: Any, *, dtype: Any = None, device: Device = None, requires_grad: bool = False) -> Any:
    """`zeros` with the input's size, dtype and device."""
    return _like("zeros", input, dtype, device, requires_grad)


@factory
def ones_like(input: Any, *, dtype: Any = None, device: Device = None, requires_grad: bool = False) -> Any:
    """`ones` with the input's size, dtype and device."""
    return _like("ones", input, dtype, device, requires_grad)


@factory
def full_like(
    input: Any, fill_value: Any, *, dtype: Any = None, device: Device = None, requires_grad: bool = False
) -> Any:
    """`full` with the input's size, dtype and device."""
    return _like("full", input, dtype, device, requires_grad, fill_value)


__all__ = [
    "arange", "as_tensor", "asarray", "broadcast_shapes", "empty", "empty_like", "eye", "from_numpy", "full",
    "full_like", "linspace", "logspace", "ones", "ones_like", "scalar_tensor", "tensor", "tril_indices", "triu_indices",
    "zeros", "zeros_like",
]  # fmt: skip
