"""Samplers: the order in which samples are asked for."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from minigrad.engine.tensor import unwrap
from minigrad.ops.random import Generator, default_generator

T = TypeVar("T", covariant=True)
Indices = NDArray[np.int64]


class Sampler(Generic[T]):
    """An order: subclass it and define `__iter__()`, which gives numbers of samples, and if it can `__len__()`."""

    def __iter__(self) -> Iterator[T]:
        raise NotImplementedError(f"{type(self).__name__}: define __iter__()")


class Drawn(Sampler[int]):
    """A sampler whose whole order is known when an epoch begins: `indices()` draws it, as one array."""

    generator: Generator | None = None

    def indices(self) -> Indices:
        """The order of a new epoch."""
        raise NotImplementedError(f"{type(self).__name__}: define indices()")

    @property
    def _rng(self) -> np.random.Generator:
        return (self.generator or default_generator).numpy

    def __iter__(self) -> Iterator[int]:
        yield from self.indices().tolist()


class SequentialSampler(Drawn):
    """0, 1, 2, ..."""

    def __init__(self, data_source: Any) -> None:
        self.data_source = data_source

    def indices(self) -> Indices:
        return np.arange(len(self), dtype=np.int64)

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Drawn):
    """A new random order each epoch: permutations, or with replacement, of `num_samples` (default: all of them).

    More than there are without replacement: one permutation after another.
    """

    def __init__(
        self,
        data_source: Any,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        _flag("RandomSampler", "replacement", replacement)
        if num_samples is not None:
            positive("RandomSampler", "num_samples", num_samples)
        self.data_source, self.replacement, self._num_samples = data_source, replacement, num_samples
        self.generator = a_generator("RandomSampler", generator)

    @property
    def num_samples(self) -> int:
        """How many an epoch has."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def indices(self) -> Indices:
        n, wanted = len(self.data_source), self.num_samples
        if n == 0:
            return np.empty(0, np.int64)
        if self.replacement:
            return self._rng.integers(0, n, wanted, dtype=np.int64)
        return np.concatenate([self._rng.permutation(n) for _ in range(-(-wanted // n))])[:wanted]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Drawn):
    """These numbers, in a new random order each epoch."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self._chosen = np.asarray(unwrap(indices), np.int64)
        self.generator = a_generator("SubsetRandomSampler", generator)

    def indices(self) -> Indices:
        return self._rng.permutation(self._chosen)

    def __len__(self) -> int:
        return len(self._chosen)


class WeightedRandomSampler(Drawn):
    """`num_samples` numbers, each drawn with probability proportional to its weight, with or without replacement."""

    def __init__(
        self, weights: Any, num_samples: int, replacement: bool = True, generator: Generator | None = None
    ) -> None:
        op = "WeightedRandomSampler"
        positive(op, "num_samples", num_samples)
        _flag(op, "replacement", replacement)
        self.weights = np.asarray(unwrap(weights), np.float64)
        if self.weights.ndim != 1 or not np.isfinite(self.weights).all() or (self.weights < 0).any():
            raise ValueError(f"{op}: weights: expected one row of finite numbers of 0 or more, got {weights!r}")
        possible = int((self.weights > 0).sum())
        if not possible or not replacement and possible < num_samples:
            raise ValueError(
                f"{op}: weights: expected {1 if replacement else num_samples} or more above 0, got {possible}"
            )
        self.num_samples, self.replacement = num_samples, replacement
        self.generator = a_generator(op, generator)

    def indices(self) -> Indices:
        p = self.weights / self.weights.sum()
        return self._rng.choice(len(p), self.num_samples, self.replacement, p).astype(np.int64, copy=False)

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of `batch_size` numbers from a sampler; a shorter last one unless `drop_last`."""

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        positive("BatchSampler", "batch_size", batch_size)
        _flag("BatchSampler", "drop_last", drop_last)
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[int]]:
        numbers = iter(self.sampler)
        while batch := list(itertools.islice(numbers, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        n = len(self.sampler)  # type: ignore[arg-type]
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)


# --- arguments --------------------------------------------------------------------------------------------------------


def positive(op: str, name: str, value: Any, least: int = 1) -> None:
    """Raise unless `value` is an integer of at least `least`."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool):
        raise TypeError(f"{op}: {name}: expected an integer, got {value!r}")
    if value < least:
        raise ValueError(f"{op}: {name}: expected an integer of {least} or more, got {value}")


def a_generator(op: str, value: Any) -> Generator | None:
    """`value`, if it is a Generator or None."""
    if value is not None and not isinstance(value, Generator):
        raise TypeError(f"{op}: generator: expected a minigrad.Generator or None, got {type(value).__name__}")
    return value


def _flag(op: str, name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise TypeError(f"{op}: {name}: expected True or False, got {value!r}")
