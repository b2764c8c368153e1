"""What is known of an op: `OpInfo`, its calls (`SampleInput`), and the arrays to make for them (`Array`)."""

import ast
import math
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from minigrad.engine.primitive import REGISTRY
from minigrad.ops import modules, operations

FLOATS = ("float16", "float32", "float64")
WIDE = ("float32", "float64")  # what LAPACK computes: linear algebra has no float16


@dataclass(frozen=True)
class Array:
    """An array argument, made when it is needed: uniform in [low, high], at least `gap` away from each point of
    `away`.

    kind      "float" (in the dtype of the call), "int" (int64 in [low, high)) or "bool"
    distinct  no two elements nearer than (high - low) / size / 2: no ties, so that sorting has a gradient
    grad      is its gradient to be checked? (only of floating ones)
    then      makes the final array of the drawn one: `lambda a: a @ a.T + 3 * np.eye(3)`
    """

    shape: tuple[int, ...]
    low: float = -2.0
    high: float = 2.0
    away: tuple[float, ...] = ()
    gap: float = 0.05
    kind: str = "float"
    distinct: bool = False
    grad: bool = True
    then: Callable[[Any], Any] | None = None

    def make(self, rng: np.random.Generator, dtype: Any = "float64") -> Any:
        """The array. The same values (rounded) come for every dtype."""
        if self.kind == "bool":
            return np.asarray(rng.random(self.shape) < 0.5)
        if self.kind == "int":
            return np.asarray(rng.integers(int(self.low), int(self.high), self.shape))
        x = np.asarray(rng.uniform(self.low, self.high, self.shape))
        if self.distinct:
            step = (self.high - self.low) / max(x.size, 1)
            ranks = rng.permutation(x.size).reshape(self.shape)
            x = np.asarray(self.low + step * (ranks + 0.25 + 0.5 * rng.random(self.shape)))
        for point in self.away:
            near = np.abs(x - point) < self.gap
            x = np.where(near, point + np.where(x < point, -1, 1) * self.gap * (1 + rng.random(self.shape)), x)
        if self.then is not None:
            x = np.asarray(self.then(x))
        return np.asarray(x).astype(dtype) if x.dtype.kind == "f" else np.asarray(x)

    @property
    def differentiable(self) -> bool:
        """Is its gradient to be checked?"""
        return self.grad and self.kind == "float"


def ints(shape: tuple[int, ...], low: int, high: int) -> Array:
    """Integers in [low, high)."""
    return Array(shape, low, high, kind="int")


def bools(shape: tuple[int, ...]) -> Array:
    """Truth values."""
    return Array(shape, kind="bool")


class SampleInput:
    """One call of an op: `SampleInput(Array((3, 4)), 2, dim=0)` is op(array, 2, dim=0). Arrays may stand inside
    lists. name: by default made of shapes and options, "3x4,2,dim=0"; it seeds the draw."""

    def __init__(self, *args: Any, name: str = "", **options: Any) -> None:
        self.args, self.options = args, options
        self.name = name or self._describe()

    def make(self, dtype: Any = "float64", seed: int = 0) -> tuple[list[Any], dict[str, Any]]:
        """The arguments, drawn: the same for the same seed."""
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode())])
        return [_made(a, rng, dtype) for a in self.args], {k: _made(v, rng, dtype) for k, v in self.options.items()}

    def arrays(self) -> Iterator[Array]:
        """Its array arguments, in order."""
        for a in (*self.args, *self.options.values()):
            yield from (d for d in (a if isinstance(a, (list, tuple)) else (a,)) if isinstance(d, Array))

    def enlarged(self, elements: int) -> "SampleInput | None":
        """The same call with arrays of at least `elements` elements: every dimension multiplied by one whole number.

        None where that is no call of the same kind: the arrays do not all have one shape, or have no dimension or no
        elements, or an argument is an array as it stands (an index, say).
        """
        shapes = {a.shape for a in self.arrays()}
        given = (*self.args, *self.options.values())
        if len(shapes) != 1 or not all(size := next(iter(shapes))) or not size or _has_constants(given):
            return None
        factor = math.ceil((elements / math.prod(size)) ** (1 / len(size)))
        shape = tuple(n * factor for n in size)
        options = {k: _resized(v, shape) for k, v in self.options.items()}
        large = SampleInput(*(_resized(a, shape) for a in self.args), **options)
        if self.name != self._describe():
            large.name = f"{self.name},{large.name}"
        return large

    def _describe(self) -> str:
        parts = [_short(a) for a in self.args]
        return ",".join(parts + [f"{k}={_short(v)}" for k, v in self.options.items()]).replace(" ", "") or "none"


def _made(x: Any, rng: np.random.Generator, dtype: Any) -> Any:
    if isinstance(x, Array):
        return x.make(rng, dtype)
    return [_made(e, rng, dtype) for e in x] if isinstance(x, list) and any(isinstance(e, Array) for e in x) else x


def _resized(x: Any, shape: tuple[int, ...]) -> Any:
    if isinstance(x, Array):
        return replace(x, shape=shape)
    return [_resized(e, shape) for e in x] if isinstance(x, list) else x


def _has_constants(values: Any) -> bool:
    return any(isinstance(v, np.ndarray) or (isinstance(v, (list, tuple)) and _has_constants(v)) for v in values)


def _short(x: Any) -> str:
    if isinstance(x, Array):
        mark = {"float": "", "int": "i", "bool": "b"}[x.kind]
        return mark + ("x".join(map(str, x.shape)) or "0d")
    if isinstance(x, list) and any(isinstance(e, Array) for e in x):
        return "+".join(map(_short, x))
    return f"array{list(x.shape)}" if isinstance(x, np.ndarray) else str(x)


ARRAY = re.compile(r"\b([bcdi]?)(\d+x[\dx]*|0d)(?:\[(.+?),(.+?)[\])])?")


Calls = Sequence[str | Array | SampleInput]


def calls(*given: str | Array | SampleInput) -> list[SampleInput]:
    """The calls that texts like "3x4, 1 | 2x3x4, dim=0" list, those with one array alone, and those given as they are.

    Arrays are written by shape: 3x4, 4x (a vector), 0d; with their interval if it is not [-2, 2]: 3x4[0.5, 2]. A letter
    before says what they hold: i3x4[0, 5) integers, b3x4 truth values, d3x4 numbers that are distinct, c3x4 constants
    (without a gradient). All other arguments are Python literals.
    """
    found = []
    for part in given:
        for text in part.split(" | ") if isinstance(part, str) else ():
            call = ast.parse(f"f({ARRAY.sub(lambda m: repr({m[0]}), text)})", mode="eval").body
            assert isinstance(call, ast.Call)
            options = {str(k.arg): _read(ast.literal_eval(k.value)) for k in call.keywords}
            found.append(SampleInput(*(_read(ast.literal_eval(a)) for a in call.args), **options))
        if not isinstance(part, str):
            found.append(SampleInput(part) if isinstance(part, Array) else part)
    return found


def _read(x: Any) -> Any:
    """A literal, in which a set of one text stands for the array of that text."""
    if isinstance(x, list):
        return [_read(e) for e in x]
    if not isinstance(x, set):
        return x
    letter, size, low, high = ARRAY.fullmatch(x.pop()).groups()  # type: ignore[union-attr]
    shape = tuple(int(n) for n in size.split("x") if n != "0d" and n)
    kind = {"i": "int", "b": "bool"}.get(letter, "float")
    return Array(shape, float(low or -2), float(high or 2), kind=kind, distinct=letter == "d", grad=letter != "c")


# elements from which compiled loops run, and from which element-wise operations use threads
LARGE = (2**13, 2**18)


@dataclass
class OpInfo:
    """One op: how to call it and what to expect of it.

    name       the primitive's name in the registry, or the public function's
    samples    calls to check it with
    call       the op; by default the public function of that name, wherever minigrad has it
    torch      PyTorch's name for it under `torch.`, or a function of the torch module and the arguments; None: it has
               none
    numpy      NumPy's name for it, or a function of the arguments; None: nothing as direct
    order      how often it can be differentiated: 2 stands for "as often as you like", 0 for not at all
    dtypes     of floating arguments; the result's and the gradients' are the same
    kinks      points (or words) where the derivative jumps
    zero       is a gradient of zero right everywhere (or for the arguments with these numbers)?
    alias      may the result be a view of an argument?
    layouts    does the value not depend on how the arguments lie in memory?
    rtol       how near the values are to PyTorch's
    large      calls with many elements, for what is only done then (compiled loops, threads); see `large_samples`
    family     the file it stands in, which is that of ops/
    """

    name: str
    samples: list[SampleInput]
    call: Callable[..., Any] | None = None
    torch: str | Callable[..., Any] | None = ""
    numpy: str | Callable[..., Any] | None = None
    order: int = 2
    dtypes: tuple[str, ...] = FLOATS
    kinks: tuple[Any, ...] = ()
    zero: bool | tuple[int, ...] = False
    alias: bool = False
    layouts: bool = True
    rtol: float = 1e-12
    large: list[SampleInput] = field(default_factory=list)
    family: str = ""

    def __post_init__(self) -> None:
        if self.torch == "":
            self.torch = self.name

    def function(self) -> Callable[..., Any]:
        """The op to call."""
        if self.call is None and self.name not in operations():
            raise LookupError(f"opinfo: no public function `{self.name}`; give its OpInfo a call=")
        return self.call or operations()[self.name]

    def reference(self) -> str:
        """The name of what its values are compared with."""
        if isinstance(self.torch, str):
            return f"torch.{self.torch}"
        if callable(self.torch):
            return "a torch formula"
        return f"numpy.{self.numpy}" if isinstance(self.numpy, str) else "a formula" if self.numpy else "none"


def op(name: str, *samples: str | Array | SampleInput, large: Calls = (), **about: Any) -> OpInfo:
    """An op, its samples and large samples as `calls` reads them."""
    return OpInfo(name, calls(*samples), large=calls(*large), **about)


def registered(name: str) -> Callable[..., Any]:
    """The primitive of that name, public or not."""
    modules()
    return REGISTRY[name].call


def enlargements(sample: SampleInput) -> list[SampleInput]:
    """The sample `enlarged` to each size of LARGE, where it can be."""
    return [large for elements in LARGE if (large := sample.enlarged(elements)) is not None]


def large_samples(op: OpInfo) -> list[SampleInput]:
    """The op's calls with many elements: its `large` ones where it has them; otherwise, for an element-wise op, a
    reduction or a loss, the first sample `enlarged` to each size of LARGE. None where neither is possible."""
    if op.large or op.family not in ("pointwise", "reduce", "loss"):
        return op.large
    return enlargements(op.samples[0])


NUMBER = Array(())


def unary(
    name: str, low: float = -2.0, high: float = 2.0, away: tuple[float, ...] = (), more: Calls = (), **about: Any
) -> OpInfo:
    """An element-wise op of one argument: a matrix, a 0-d tensor, an empty one, and `more`."""
    x = Array((3, 4), low, high, away)
    samples = [SampleInput(x), SampleInput(replace(x, shape=())), SampleInput(replace(x, shape=(0, 3)))]
    large = enlargements(samples[0]) + about.pop("large", [])
    return OpInfo(name, samples + calls(*more), kinks=about.pop("kinks", away), large=large, **about)


def binary(
    name: str, x: Array = NUMBER, y: Array = NUMBER, numbers: bool = True, more: Calls = (), **about: Any
) -> OpInfo:
    """An element-wise op of two arguments that broadcast: both ways, with 0-d, with numbers, empty, and `more`."""
    shapes: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
        ((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (2, 1, 4)), ((), (3,)), ((2,), ()), ((), ()), ((0, 3), (3,)),
    ]  # fmt: skip
    samples = [SampleInput(replace(x, shape=a), replace(y, shape=b)) for a, b in shapes]
    if numbers:
        value = (y.low + 2 * y.high) / 3
        samples.append(SampleInput(replace(x, shape=(2, 3)), value, name="2x3,number"))
    return OpInfo(name, samples + calls(*more), **about)
