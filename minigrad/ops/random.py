"""Random numbers: a counter-based generator (Philox), and what draws from it.

The same seed gives the same numbers on every machine and device: they are drawn on the CPU and copied, or made on the
GPU by the same generator (`ops/bernoulli.py`).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np

from minigrad.backend import array_on, device, to_numpy
from minigrad.dtypes import dtype_named, floating, get_default_dtype, int64, result_type
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.errors import DtypeError
from minigrad.ops.array.creation import count, factory, sizes_of
from minigrad.ops.bernoulli import draw_bernoulli
from minigrad.ops.index.assign import setitem

__all__ = [
    "Generator", "bernoulli", "default_generator", "get_rng_state", "initial_seed", "manual_seed", "multinomial",
    "normal", "poisson", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like", "randperm", "seed",
    "set_rng_state",
]  # fmt: skip

Device = str | int | device | None


class Generator:
    """A source of random numbers of its own: `Generator().manual_seed(7)`, handed over as `generator=`."""

    def __init__(self, device: Device = "cpu") -> None:
        self.device = device
        self.seed()

    def manual_seed(self, seed: int) -> "Generator":
        """Start again from `seed`, an integer (negative ones count from 2**64, as in PyTorch). Returns self."""
        if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool):
            raise TypeError(f"manual_seed: expected an integer, got {seed!r}")
        self._seed = int(seed) % 2**64
        self.__dict__.pop("numpy", None)
        return self

    @cached_property
    def numpy(self) -> "np.random.Generator":
        """What draws. Made by the first draw: `numpy.random` takes a tenth of the import, if it is needed at once."""
        return np.random.Generator(np.random.Philox(self._seed))

    def seed(self) -> int:
        """Start from a seed the operating system draws; returns it."""
        self.manual_seed(int.from_bytes(os.urandom(8), "little"))
        return self._seed

    def initial_seed(self) -> int:
        """The seed it started from."""
        return self._seed

    def get_state(self) -> dict[str, Any]:
        """All that decides its next numbers."""
        return {"seed": self._seed, "state": self.numpy.bit_generator.state}

    def set_state(self, state: dict[str, Any]) -> "Generator":
        """Go on from a state that `get_state` gave. Returns self. Raises TypeError for what is none."""
        if not isinstance(state, dict) or not {"seed", "state"} <= state.keys():
            raise TypeError(f"set_state: expected a dict that get_state gave, got {type(state).__name__}")
        self._seed = state["seed"]
        self.numpy.bit_generator.state = state["state"]
        return self


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Start the default generator again from `seed`: same seed, same run."""
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Start the default generator from a seed the operating system draws; returns it."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed the default generator started from."""
    return default_generator.initial_seed()


def get_rng_state() -> dict[str, Any]:
    """The default generator's state."""
    return default_generator.get_state()


def set_rng_state(state: dict[str, Any]) -> None:
    """Let the default generator go on from such a state."""
    default_generator.set_state(state)


def collect_rng_states() -> dict[str, Any]:
    """The states of all generators that a program is likely to draw from: minigrad's, NumPy's and Python's."""
    import random  # here: it imports hashlib, which `import minigrad` does without

    return {"minigrad": get_rng_state(), "numpy": np.random.get_state(legacy=False), "python": random.getstate()}


def restore_rng_states(states: dict[str, Any]) -> None:
    """Set the generators to states that `collect_rng_states` returned."""
    import random

    set_rng_state(states["minigrad"])
    np.random.set_state(states["numpy"])
    random.setstate(states["python"])


@contextmanager
def fork_rng(devices: Any = None, enabled: bool = True, **options: Any) -> Iterator[None]:
    """A block after which the default generator goes on as if nothing had been drawn in it."""
    state = get_rng_state()
    try:
        yield
    finally:
        if enabled:
            set_rng_state(state)


def draw_normal(rng: "np.random.Generator", shape: tuple[int, ...], dtype: Any) -> Any:
    """Standard normal numbers; float32 ones are drawn as such, in half the time."""
    kind = _floating(dtype)
    return rng.standard_normal(shape, dtype=kind if kind.itemsize >= 4 else "float32").astype(kind, copy=False)


def draw_uniform(rng: "np.random.Generator", shape: tuple[int, ...], dtype: Any) -> Any:
    """Uniform numbers in [0, 1)."""
    kind = _floating(dtype)
    if kind.itemsize < 4:  # float32 ones, rounded, would be 1 once in 4096 times
        return (rng.integers(0, 2**11, shape) / 2**11).astype(kind)
    return rng.random(shape, dtype=kind)


def _floating(dtype: Any) -> Any:
    kind = dtype_named("random", dtype)
    if not floating(kind):
        raise DtypeError(f"random: expected a floating dtype, got {kind}; use randint(), or convert what was drawn")
    return kind


def _rng(generator: Generator | None) -> "np.random.Generator":
    return (generator or default_generator).numpy


def _made(array: Any, device: Device, requires_grad: bool) -> Tensor:
    return wrap(array_on(device, array)).requires_grad_(requires_grad)


@factory
def randn(*size: Any, generator: Generator | None = None, dtype: Any = None, device: Device = None,
          requires_grad: bool = False) -> Tensor:  # fmt: skip
    """Standard normal numbers."""
    return _made(
        draw_normal(_rng(generator), sizes_of("randn", size), dtype or get_default_dtype()), device, requires_grad
    )


@factory
def rand(*size: Any, generator: Generator | None = None, dtype: Any = None, device: Device = None,
         requires_grad: bool = False) -> Tensor:  # fmt: skip
    """Uniform numbers in [0, 1)."""
    return _made(
        draw_uniform(_rng(generator), sizes_of("rand", size), dtype or get_default_dtype()), device, requires_grad
    )


@factory
def randint(low: int = 0, high: Any = None, size: Any = None, *, generator: Generator | None = None, dtype: Any = None,
            device: Device = None, requires_grad: bool = False) -> Tensor:  # fmt: skip
    """Integers in [low, high): randint(high, size) or randint(low, high, size)."""
    if size is None:
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    if size is None:
        raise TypeError("randint: size: expected integers, got none; randint(high, size) or randint(low, high, size)")
    if high <= low:
        raise ValueError(f"randint: expected low < high, got {low} and {high}")
    numbers = _rng(generator).integers(low, high, sizes_of("randint", (size,)))
    return _made(numbers.astype(dtype or int64), device, requires_grad)


@factory
def randperm(n: int, *, generator: Generator | None = None, dtype: Any = None, device: Device = None,
             requires_grad: bool = False) -> Tensor:  # fmt: skip
    """The integers 0 to n - 1 in random order."""
    return _made(_rng(generator).permutation(count("randperm", "n", n)).astype(dtype or int64), device, requires_grad)


def _like(maker: Any, input: Tensor, dtype: Any, device: Device, requires_grad: bool, generator: Any) -> Tensor:
    made: Tensor = maker(
        *input.shape, dtype=dtype or input.dtype, device=device or input.device, requires_grad=requires_grad,
        generator=generator,
    )  # fmt: skip
    return made


@factory
def randn_like(input: Tensor, *, dtype: Any = None, device: Device = None, requires_grad: bool = False,
               generator: Generator | None = None) -> Tensor:  # fmt: skip
    """`randn` with the input's size, dtype and device."""
    return _like(randn, input, dtype, device, requires_grad, generator)


@factory
def rand_like(input: Tensor, *, dtype: Any = None, device: Device = None, requires_grad: bool = False,
              generator: Generator | None = None) -> Tensor:  # fmt: skip
    """`rand` with the input's size, dtype and device."""
    return _like(rand, input, dtype, device, requires_grad, generator)


@factory
def randint_like(input: Tensor, low: int = 0, high: Any = None, *, dtype: Any = None, device: Device = None,
                 requires_grad: bool = False) -> Tensor:  # fmt: skip
    """`randint` with the input's size, dtype and device."""
    low, high = (0, low) if high is None else (low, high)
    return randint(low, high, tuple(input.shape), dtype=dtype or input.dtype, device=device or input.device,
                   requires_grad=requires_grad)  # fmt: skip


@factory
def normal(
    mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None, dtype: Any = None,
    device: Device = None, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """Normal numbers of that mean and standard deviation, numbers (then with `size`) or tensors, whose dtype and device
    they have."""
    tensors = [x for x in (mean, std) if isinstance(x, Tensor)]
    if size is None and not tensors:
        raise TypeError("normal: size: expected integers where mean and std are numbers, got none")
    if (std < 0).any() if isinstance(std, Tensor) else std < 0:
        raise ValueError(f"normal: std: expected 0 or more, got {std}")
    shape = sizes_of("normal", (size,)) if size is not None else np.broadcast_shapes(
        tuple(getattr(mean, "shape", ())), tuple(getattr(std, "shape", ())))  # fmt: skip
    if tensors:
        dtype, device = dtype or result_type(*tensors), device or tensors[0].device
    drawn = randn(tuple(shape), generator=generator, dtype=dtype, device=device) * std + mean
    return drawn.requires_grad_() if requires_grad else drawn


def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that `input` has at that position (or with probability p everywhere), else 0, in its
    dtype."""
    if p is not None:
        return bernoulli_(input.detach().clone(), p, generator=generator)
    return _by_chance(input.detach(), generator)


def _by_chance(p: Tensor, generator: Generator | None) -> Tensor:
    if not floating(p.dtype) or bool(((p < 0) | (p > 1)).any()):
        raise ValueError("bernoulli: input: expected floating probabilities from 0 to 1")
    return (rand_like(p, generator=generator) < p).to(p.dtype)


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """A Poisson number for each rate in `input`, in its dtype."""
    rates = to_numpy(input.detach()._array)
    if not floating(rates.dtype) or not (rates >= 0).all():
        raise ValueError("poisson: input: expected floating rates of 0 or more")
    return _made(_rng(generator).poisson(rates).astype(rates.dtype), input.device, False)


def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Numbers of classes (num_samples,) or (rows, num_samples), drawn by weights (classes,) or (rows, classes).

    With replacement by where a uniform number falls in the summed weights; without, the classes whose exponential
    clocks, of rates w, ring first. Raises ValueError for weights that are negative or sum to 0.
    """
    weights = to_numpy(input.detach()._array).astype("float64")
    if weights.ndim not in (1, 2) or not floating(input.dtype):
        raise ValueError(f"multinomial: input: expected floating weights (classes,) or (rows, classes), got "
                         f"{input.dtype}{list(input.shape)}")  # fmt: skip
    rows = np.atleast_2d(weights)
    if not (np.isfinite(rows).all() and (rows >= 0).all() and (rows.sum(1) > 0).all()):
        raise ValueError("multinomial: input: expected finite weights of 0 or more, some of each row above 0")
    if not len(rows) and num_samples > 0:
        return _made(np.empty((0, num_samples), "int64"), input.device, False)
    if num_samples < 1 or (not replacement and num_samples > (rows > 0).sum(1).min()):
        raise ValueError(f"multinomial: num_samples: expected 1 or more, and without replacement at most as many as "
                         f"there are weights above 0, got {num_samples}")  # fmt: skip
    rng = _rng(generator)
    if replacement:
        ends = np.cumsum(rows, 1)
        at = rng.random((len(rows), num_samples)) * ends[:, -1:]
        drawn = np.stack([np.searchsorted(end, x, "right") for end, x in zip(ends, at)])
    else:
        with np.errstate(divide="ignore"):
            clocks = rng.standard_exponential(rows.shape) / rows
        drawn = np.argsort(clocks, 1)[:, :num_samples]
    return _made(drawn.reshape(*weights.shape[:-1], num_samples).astype("int64"), input.device, False)


# --- in place -------------------------------------------------------------------------------------------------------


def _fill(self: Tensor, array: Any, name: str) -> Tensor:
    return setitem(self, ..., wrap(array_on(self.device, array.astype(self.dtype, copy=False))), name)


def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with normal numbers."""
    if not std >= 0:
        raise ValueError(f"normal_: std: expected 0 or more, got {std}")
    return _fill(self, draw_normal(_rng(generator), self._array.shape, _drawn(self)) * std + mean, "normal_")


def uniform_(
    self: Tensor, a: float = 0.0, b: float = 1.0, *, generator: Generator | None = None, **ends: Any
) -> Tensor:
    """Fill with uniform numbers in [a, b) (also by PyTorch's keywords, `from` and `to`)."""
    a, b = ends.pop("from", a), ends.pop("to", b)
    if ends:
        raise TypeError(f"uniform_: expected from and to, got {', '.join(ends)}")
    if not a <= b:
        raise ValueError(f"uniform_: expected from <= to, got {a} and {b}")
    return _fill(self, draw_uniform(_rng(generator), self._array.shape, _drawn(self)) * (b - a) + a, "uniform_")


def random_(self: Tensor, low: int = 0, high: int | None = None, *, generator: Generator | None = None,
            **ends: Any) -> Tensor:  # fmt: skip
    """Fill with integers: random_(high) in [0, high), random_(low, high) in [low, high) (also by PyTorch's keywords,
    `from` and `to`)."""
    low, high = ends.pop("from", low), ends.pop("to", high)
    if ends:
        raise TypeError(f"random_: expected from and to, got {', '.join(ends)}")
    if high is None:
        low, high = (0, low) if low else (0, 2**24 if floating(self.dtype) else int(np.iinfo(self.dtype).max))
    return _fill(self, _rng(generator).integers(low, high, self._array.shape), "random_")


def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill with 1 with probability p, a number or a tensor that broadcasts to this shape, else 0."""
    if isinstance(p, Tensor):
        drawn = _by_chance(p.detach().expand(self.shape), generator)
        return setitem(self, ..., drawn.to(device=self.device, dtype=self.dtype), "bernoulli_")
    if not 0 <= p <= 1:
        raise ValueError(f"bernoulli_: p: expected a probability, got {p}")
    drawn = draw_bernoulli(_rng(generator), self._array.shape, p, self._array)
    return setitem(self, ..., wrap(drawn), "bernoulli_")


def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with exponential numbers of rate lambd."""
    if not lambd > 0:
        raise ValueError(f"exponential_: lambd: expected a rate above 0, got {lambd}")
    return _fill(self, _rng(generator).standard_exponential(self._array.shape) / lambd, "exponential_")


def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill with the number of trials until the first success, each of probability p."""
    if not 0 < p < 1:
        raise ValueError(f"geometric_: p: expected a probability between 0 and 1, got {p}")
    return _fill(self, _rng(generator).geometric(p, self._array.shape), "geometric_")


def cauchy_(self: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with Cauchy numbers."""
    if not sigma > 0:
        raise ValueError(f"cauchy_: sigma: expected a number above 0, got {sigma}")
    return _fill(self, _rng(generator).standard_cauchy(self._array.shape) * sigma + median, "cauchy_")


def log_normal_(self: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with e to normal numbers of that mean and standard deviation."""
    if not std > 0:
        raise ValueError(f"log_normal_: std: expected a number above 0, got {std}")
    return _fill(self, _rng(generator).lognormal(mean, std, self._array.shape), "log_normal_")


def _drawn(self: Tensor) -> Any:
    return self.dtype if floating(self.dtype) else get_default_dtype()
