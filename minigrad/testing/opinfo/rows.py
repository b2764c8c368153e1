"""What a row of the sample table is made of: `Draw` (one array to be drawn), `Sample` (one call), `Row` (one op)."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

FLOATS = ("float16", "float32", "float64")
WIDE = ("float32", "float64")  # what LAPACK computes: linear algebra has no float16


@dataclass(frozen=True)
class Draw:
    """An array argument to be drawn: uniform in [low, high], at least `gap` away from each of the points `away`.

    kind      "float" (in the dtype asked for), "int" (int64 in [low, high)) or "bool"
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
            places = rng.permutation(x.size).reshape(self.shape)
            x = np.asarray(self.low + step * (places + 0.25 + 0.5 * rng.random(self.shape)))
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


def ints(shape: tuple[int, ...], low: int, high: int) -> Draw:
    """Integers in [low, high)."""
    return Draw(shape, low, high, kind="int")


def bools(shape: tuple[int, ...]) -> Draw:
    """Truth values."""
    return Draw(shape, kind="bool")


class Sample:
    """One call of an op: `Sample(Draw((3, 4)), 2, dim=0)` is op(array, 2, dim=0). Draws may stand inside lists."""

    def __init__(self, *args: Any, called: str = "", **options: Any) -> None:
        self.args, self.options = args, options
        self.called = called or self._describe()

    def make(self, dtype: Any = "float64", seed: int = 0) -> tuple[list[Any], dict[str, Any]]:
        """The arguments, drawn: the same for the same seed."""
        rng = np.random.default_rng([seed, zlib.crc32(self.called.encode())])
        return [_made(a, rng, dtype) for a in self.args], {k: _made(v, rng, dtype) for k, v in self.options.items()}

    def draws(self) -> Iterator[Draw]:
        """Its draws, in order."""
        for a in (*self.args, *self.options.values()):
            yield from (d for d in (a if isinstance(a, (list, tuple)) else (a,)) if isinstance(d, Draw))

    def _describe(self) -> str:
        parts = [_short(a) for a in self.args]
        return ",".join(parts + [f"{k}={_short(v)}" for k, v in self.options.items()]).replace(" ", "") or "none"


def _made(x: Any, rng: np.random.Generator, dtype: Any) -> Any:
    if isinstance(x, Draw):
        return x.make(rng, dtype)
    return [_made(e, rng, dtype) for e in x] if isinstance(x, list) and any(isinstance(e, Draw) for e in x) else x


def _short(x: Any) -> str:
    if isinstance(x, Draw):
        mark = {"float": "", "int": "i", "bool": "b"}[x.kind]
        return mark + ("x".join(map(str, x.shape)) or "0d")
    if isinstance(x, list) and any(isinstance(e, Draw) for e in x):
        return "+".join(map(_short, x))
    return f"array{list(x.shape)}" if isinstance(x, np.ndarray) else str(x)


@dataclass
class Row:
    """One op: how to call it and what to expect of it.

    name       the primitive's name in the registry, or the public function's
    samples    calls to check it with
    call       the op; by default the public function of that name, wherever minigrad has it
    torch      PyTorch's name for it under `torch.` (or a function of the torch module and the arguments); None: has
    none numpy      NumPy's name for it, or a function of the arguments; None: nothing as direct
    order      how often it can be differentiated: 2 stands for "as often as you like", 0 for not at all
    dtypes     of floating arguments; the result's and the gradients' are the same
    kinks      points (or words) where the derivative jumps
    zero       is a gradient of zero right everywhere (or for the arguments with these numbers)?
    alias      may the result look at an argument's memory?
    layouts    does the value not depend on how the arguments lie in memory?
    rtol       how near the values are to PyTorch's
    """

    name: str
    samples: list[Sample]
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
    family: str = field(default="")

    def __post_init__(self) -> None:
        if self.torch == "":
            self.torch = self.name

    def function(self) -> Callable[..., Any]:
        """The op to call."""
        return self.call or public_op(self.name)

    def reference(self) -> str:
        """The name of what its values are compared with."""
        if isinstance(self.torch, str):
            return f"torch.{self.torch}"
        if callable(self.torch):
            return "a torch formula"
        return f"numpy.{self.numpy}" if isinstance(self.numpy, str) else "a formula" if self.numpy else "none"


def public_op(name: str) -> Callable[..., Any]:
    """The public operation of that name."""
    from minigrad.ops import operations

    try:
        return operations()[name]
    except KeyError:
        raise LookupError(f"samples: no public function `{name}`; give its row a call=") from None


def unary(name: str, low: float = -2.0, high: float = 2.0, away: tuple[float, ...] = (), **about: Any) -> Row:
    """The row of an element-wise op of one argument: a matrix, a 0-d tensor, an empty one."""
    x = Draw((3, 4), low, high, away)
    samples = [Sample(x), Sample(replace(x, shape=())), Sample(replace(x, shape=(0, 3)))]
    return Row(name, samples + about.pop("more", []), kinks=about.pop("kinks", away), **about)


def binary(name: str, x: Draw | None = None, y: Draw | None = None, numbers: bool = True, **about: Any) -> Row:
    """The row of an element-wise op of two arguments that broadcast: both ways, with 0-d, with numbers, empty."""
    x, y = x or Draw(()), y or Draw(())

    def at(d: Draw, *shape: int) -> Draw:
        return replace(d, shape=shape)

    samples = [
        Sample(at(x, 3, 4), at(y, 3, 4)), Sample(at(x, 3, 4), at(y, 4)), Sample(at(x, 3, 1), at(y, 2, 1, 4)),
        Sample(at(x), at(y, 3)), Sample(at(x, 2), at(y)), Sample(at(x), at(y)), Sample(at(x, 0, 3), at(y, 3)),
    ]  # fmt: skip
    if numbers:
        value = (y.low + 2 * y.high) / 3
        samples.append(Sample(at(x, 2, 3), value, called="2x3,number"))
    return Row(name, samples + about.pop("more", []), **about)
