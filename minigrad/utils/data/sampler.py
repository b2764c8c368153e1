"""Samplers: the order in which the samples of a dataset are loaded."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from minigrad.engine.tensor import unwrap
from minigrad.ops.random import Generator, default_generator

T = TypeVar("T", covariant=True)
IndexArray = NDArray[np.int64]


class Sampler(Generic[T]):
    """Base class of samplers: a subclass defines `__iter__()`, which yields indices, and if it can `__len__()`."""

    def __iter__(self) -> Iterator[T]:
        raise NotImplementedError(f"{type(self).__name__}: define __iter__()")


class IndexSampler(Sampler[int]):
    """A sampler whose order is known when an epoch begins: `indices()` returns it as one array."""

    generator: Generator | None = None

    def indices(self) -> IndexArray:
        """The indices of a new epoch, int64."""
        raise NotImplementedError(f"{type(self).__name__}: define indices()")

    @property
    def _rng(self) -> np.random.Generator:
        return (self.generator or default_generator).numpy

    def __iter__(self) -> Iterator[int]:
        yield from self.indices().tolist()


class SequentialSampler(IndexSampler):
    """The indices 0, 1, 2, ... in order."""

    def __init__(self, data_source: Any) -> None:
        self.data_source = data_source

    def indices(self) -> IndexArray:
        return np.arange(len(self), dtype=np.int64)

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(IndexSampler):
    """Random indices, drawn anew each epoch with or without replacement; num_samples defaults to the dataset's size.

    Without replacement it is a random permutation; for more samples than there are, several in a row.
    """

    def __init__(
        self, data_source: Any, replacement: bool = False, num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:  # fmt: skip
        _check_bool("RandomSampler", "replacement", replacement)
        if num_samples is not None:
            check_integer("RandomSampler", "num_samples", num_samples)
        self.data_source, self.replacement, self._num_samples = data_source, replacement, num_samples
        self.generator = check_generator("RandomSampler", generator)

    @property
    def num_samples(self) -> int:
        """The number of samples in an epoch."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def indices(self) -> IndexArray:
        n, count = len(self.data_source), self.num_samples
        if n == 0:
            return np.empty(0, np.int64)
        if self.replacement:
            return self._rng.integers(0, n, count, dtype=np.int64)
        return np.concatenate([self._rng.permutation(n) for _ in range(-(-count // n))])[:count]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(IndexSampler):
    """The given indices in a random order, drawn anew each epoch."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self._indices = np.asarray(unwrap(indices), np.int64)
        self.generator = check_generator("SubsetRandomSampler", generator)

    def indices(self) -> IndexArray:
        return self._rng.permutation(self._indices)

    def __len__(self) -> int:
        return len(self._indices)


class WeightedRandomSampler(IndexSampler):
    """`num_samples` indices, drawn with probability proportional to `weights`, with or without replacement.

    Raises ValueError for weights that are negative or not finite, or fewer above 0 than are drawn without replacement.
    """

    def __init__(
        self, weights: Any, num_samples: int, replacement: bool = True, generator: Generator | None = None
    ) -> None:
        op = "WeightedRandomSampler"
        check_integer(op, "num_samples", num_samples)
        _check_bool(op, "replacement", replacement)
        self.weights = np.asarray(unwrap(weights), np.float64)
        if self.weights.ndim != 1 or not np.isfinite(self.weights).all() or (self.weights < 0).any():
            raise ValueError(f"{op}: weights: expected a 1-d array of finite numbers of 0 or more, got {weights!r}")
        possible = int((self.weights > 0).sum())
        if not possible or not replacement and possible < num_samples:
            raise ValueError(
                f"{op}: weights: expected {1 if replacement else num_samples} or more above 0, got {possible}"
            )
        self.num_samples, self.replacement = num_samples, replacement
        self.generator = check_generator(op, generator)

    def indices(self) -> IndexArray:
        p = self.weights / self.weights.sum()
        return self._rng.choice(len(p), self.num_samples, self.replacement, p).astype(np.int64, copy=False)

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of `batch_size` indices from a sampler; the last one can be shorter, with `drop_last` it is left out."""

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        check_integer("BatchSampler", "batch_size", batch_size)
        _check_bool("BatchSampler", "drop_last", drop_last)
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        n = len(self.sampler)  # type: ignore[arg-type]
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)


# --- arguments --------------------------------------------------------------------------------------------------------


def check_integer(op: str, name: str, value: Any, least: int = 1) -> None:
    """Raise TypeError unless `value` is an integer, ValueError unless it is `least` or more."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool):
        raise TypeError(f"{op}: {name}: expected an integer, got {value!r}")
    if value < least:
        raise ValueError(f"{op}: {name}: expected an integer of {least} or more, got {value}")


def check_generator(op: str, value: Any) -> Generator | None:
    """`value`. Raises TypeError unless it is a Generator or None."""
    if value is not None and not isinstance(value, Generator):
        raise TypeError(f"{op}: generator: expected a minigrad.Generator or None, got {type(value).__name__}")
    return value


def _check_bool(op: str, name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise TypeError(f"{op}: {name}: expected True or False, got {value!r}")
