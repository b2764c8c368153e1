"""What every public function shares: NumPy's `axis` and `keepdims`, and errors for arguments that are not tensors."""

import functools
import inspect
import re
from collections.abc import Callable
from types import FunctionType
from typing import Any, Concatenate, ParamSpec, TypeVar

from minigrad.backend import run as runner
from minigrad.engine.messages import describe, operands
from minigrad.errors import DtypeError, ShapeError

P = ParamSpec("P")
R = TypeVar("R")
OPERANDS = {
    "A", "B", "bias", "condition", "end", "index", "input", "key", "mask", "mat1", "mat2", "other", "query", "source",
    "src", "tensor", "value", "vec2", "weight", "x1", "x2",
}  # fmt: skip
NUMPY = {"axis": "dim", "keepdims": "keepdim"}
_SECTIONS = dict.fromkeys(("indices", "sections", "tensor_indices_or_sections"), "indices_or_sections")
OTHER_NAMES = {  # that arguments have in other forms of PyTorch's functions, in methods mostly
    "split": {"split_size": "split_size_or_sections"}, "hsplit": _SECTIONS, "vsplit": _SECTIONS, "dsplit": _SECTIONS,
    "tensor_split": _SECTIONS, "isin": {"element": "elements", "test_element": "test_elements"},
    "transpose": {"axis0": "dim0", "axis1": "dim1"},
}  # fmt: skip


def public(function: Callable[P, R]) -> Callable[P, R]:
    """A public function of tensors: takes `axis`/`keepdims` for `dim`/`keepdim`, and where it fails because it was
    given something that is no tensor, says so: a TypeError that names function and argument. Costs 0.1 us a call."""

    @functools.wraps(function)
    def call(*args: P.args, **options: P.kwargs) -> R:
        try:
            if runner.multi_gpu:
                with runner.device_guard(*args):
                    return function(*args, **options)
            return function(*args, **options)
        except (AttributeError, TypeError, ValueError, IndexError) as error:
            if options.keys() & names.keys() and not isinstance(error, DtypeError):
                renamed = {names.get(name, name): value for name, value in options.items()}
                if len(renamed) < len(options):
                    text = f"{function.__name__}: expected dim or axis, keepdim or keepdims, not both"
                    raise TypeError(text) from None
                if renamed.keys() <= signature.parameters.keys() and renamed.keys() != options.keys():
                    return call(*args, **renamed)  # type: ignore[arg-type]
            if isinstance(error, (AttributeError, TypeError)):
                _raise_not_tensors(function, args, options)
            if _placed(error, function.__name__):
                raise
            kind = TypeError if isinstance(error, AttributeError) else type(error)
            raise kind(f"{function.__name__}: {error}; got {_call_text(args, options)}") from error

    names = NUMPY | OTHER_NAMES.get(function.__name__, {})
    signature = call.__signature__ = Signature.of(function, _with_numpy_names)  # type: ignore[attr-defined]
    return call


def by_dimensions(
    name: str, function: Callable[Concatenate[str, int, P], R]
) -> tuple[Callable[P, R], Callable[P, R], Callable[P, R]]:
    """The public functions `name`1d, `name`2d and `name`3d, of a function of that name and the number of spatial
    dimensions, whose other parameters and docstring they have."""

    def of(dims: int) -> Callable[P, R]:
        own: Any = FunctionType(function.__code__, function.__globals__, f"{name}{dims}d", function.__defaults__)
        own.__annotations__, own.__qualname__ = function.__annotations__, own.__name__  # Python's errors name it
        made: Any = functools.partial(own, own.__name__, dims)
        made.__name__ = made.__qualname__ = own.__name__
        made.__module__, made.__doc__ = function.__module__, function.__doc__
        call: Any = public(made)
        call.__wrapped__ = function  # where the source stands
        return call

    return of(1), of(2), of(3)


class Signature(inspect.Signature):
    """A function's signature, changed by another; both are read when someone looks. 280 functions are public, and to
    read them all took 10 ms of the import."""

    __slots__ = ("_change", "_function")
    _change: Callable[[inspect.Signature], inspect.Signature]
    _function: Callable[..., Any]

    @classmethod
    def of(cls, function: Callable[..., Any], change: Callable[[inspect.Signature], inspect.Signature]) -> "Signature":
        made = cls.__new__(cls)  # without what `inspect.Signature` consists of
        made._function, made._change = function, change
        return made

    def __getattr__(self, name: str) -> Any:  # where a slot is empty
        if name not in inspect.Signature.__slots__:
            raise AttributeError(name)
        read = self._change(inspect.signature(self._function))
        self._parameters, self._return_annotation = read.parameters, read.return_annotation
        return getattr(self, name)


def _with_numpy_names(signature: inspect.Signature) -> inspect.Signature:
    """For `help()` and the type stubs: `axis` and `keepdims` beside `dim` and `keepdim`."""
    given = dict(signature.parameters)
    also = [
        inspect.Parameter(theirs, inspect.Parameter.KEYWORD_ONLY, default=None if theirs == "axis" else False)
        for theirs, ours in NUMPY.items()
        if ours in given and theirs not in given
    ]
    rest = [p for p in given.values() if p.kind is p.VAR_KEYWORD]
    return signature.replace(parameters=[*(p for p in given.values() if p not in rest), *also, *rest])


def _raise_not_tensors(function: Callable[..., Any], args: Any, options: Any) -> None:
    try:
        given = inspect.signature(function).bind(*args, **options).arguments
    except TypeError:
        return
    for i, (name, value) in enumerate(given.items()):
        number = i > 0 and isinstance(value, (bool, int, float, type(None)))
        if name in ("tensors", "operands", "matrices") and isinstance(value, (list, tuple)):
            for element in value:
                raise_not_tensor(function.__name__, **{name: element})
        elif (name in OPERANDS or (i == 0 and name != "equation")) and not number:
            raise_not_tensor(function.__name__, **{name: value})


def _placed(error: Exception, name: str) -> bool:
    """Does its text begin with the name of an op (or is it about the call's form, which names the function)? Where it
    is another op's, which this one is composed of, this one is named too."""
    text = str(error)
    op = re.match(r"(?:linalg\.)?(\w+)(\(\))?( got an?|\(\) |: )", text)
    if op is None:
        return "positional argument" in text
    if op[1] != name and op[3] == ": " and len(error.args) == 1 and f"in {name}" not in text:
        inner = re.search(r" \((in [\w, ]+)\)$", text)
        error.args = (f"{text[: inner.start()]} ({inner[1]}, in {name})" if inner else f"{text} (in {name})",)
    return True


def _call_text(args: Any, options: dict[str, Any]) -> str:
    return ", ".join([*map(describe, args), *(f"{name}={describe(value)}" for name, value in options.items())])


def one_of(op: str, name: str, value: Any, *allowed: str | None) -> None:
    """Raise ValueError unless the argument `name` of `op` has one of these values."""
    if value not in allowed:
        *words, last = [f'"{a}"' if a else "None" for a in allowed]
        raise ValueError(f"{op}: {name}: expected {', '.join(words)} or {last}, got {value!r}")


def shape_error(op: str, expected: str, *given: Any) -> ShapeError:
    """The error that says what `op` expected, and the dtypes and shapes of what it got."""
    return ShapeError(f"{op}: expected {expected}, got {operands(given)}")


def same_dtype(op: str, **given: Any) -> None:
    """Raise DtypeError unless the tensors and arrays among these arguments are of one dtype."""
    found = {name: x.dtype for name, x in given.items() if hasattr(x, "dtype")}
    if len({*found.values()}) > 1:
        (first, wanted), *others = found.items()
        name, got = next((name, dtype) for name, dtype in others if dtype != wanted)
        raise DtypeError(f"{op}: `{name}`: expected {wanted}, the dtype of `{first}`, got {got}; cast one with .to()")


def raise_not_tensor(op: str, **operands: Any) -> None:
    """Raise TypeError for the first of these operands that is no tensor and no array. Called where an op failed."""
    for name, value in operands.items():
        if not hasattr(value, "dtype"):
            raise TypeError(f"{op}: `{name}`: expected a Tensor, got {describe(value)}") from None


__all__: list[str] = []
