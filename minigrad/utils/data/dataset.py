"""Datasets: map-style, whose samples have an index, and iterable."""

import bisect
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from minigrad.engine.tensor import Tensor
from minigrad.ops.random import Generator, randperm

T = TypeVar("T", covariant=True)


class Dataset(Generic[T]):
    """A map-style dataset: a subclass defines `__getitem__(index)` and `__len__()`.

    To fetch a batch at once it can also define `__getitems__(indices)`, which returns a list of samples.
    """

    def __getitem__(self, index: Any) -> T:
        raise NotImplementedError(f"{type(self).__name__}: define __getitem__(index)")

    def __add__(self, other: "Dataset[Any]") -> "ConcatDataset[Any]":
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T]):
    """An iterable dataset, for streams: a subclass defines `__iter__()`.

    Every worker process iterates over its own copy: `__iter__` can divide the samples by `get_worker_info()`.
    """

    def __iter__(self) -> Iterator[T]:
        raise NotImplementedError(f"{type(self).__name__}: define __iter__()")

    def __add__(self, other: Dataset[Any]) -> "ChainDataset[Any]":  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Tensors with the same first dimension: sample i is the tuple of their elements i. Raises TypeError for what is no
    tensor, ValueError for 0-d tensors and where lengths differ."""

    def __init__(self, *tensors: Tensor) -> None:
        for i, t in enumerate(tensors):
            if not isinstance(t, Tensor):
                raise TypeError(f"TensorDataset: tensors[{i}]: expected a Tensor, got {type(t).__name__}")
            if not t.ndim:
                raise ValueError(f"TensorDataset: tensors[{i}]: expected at least one dimension, got a 0-d tensor")
        _same_lengths("TensorDataset", {f"tensors[{i}]": t.shape[0] for i, t in enumerate(tensors)})
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(t[index] for t in self.tensors)

    def __len__(self) -> int:
        return self.tensors[0].shape[0]


class StackDataset(Dataset[Any]):
    """Datasets of the same length, zipped: sample i is a tuple of their samples i, or a dict for keyword arguments.
    Raises ValueError for arguments of both kinds and where lengths differ."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args and kwargs:
            raise ValueError("StackDataset: expected datasets by position (tuples) or by keyword (dicts), got both")
        self.datasets: Any = kwargs or args
        named = kwargs or {f"datasets[{i}]": d for i, d in enumerate(args)}
        self._length = _same_lengths("StackDataset", {name: len(d) for name, d in named.items()})

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: d[index] for name, d in self.datasets.items()}
        return tuple(d[index] for d in self.datasets)

    def __len__(self) -> int:
        return self._length


class Subset(Dataset[T]):
    """The samples of a dataset at `indices`."""

    def __init__(self, dataset: Dataset[T], indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> T:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: list[int]) -> list[T]:
        chosen = [self.indices[i] for i in indices]
        many = getattr(self.dataset, "__getitems__", None)
        found: list[T] = many(chosen) if many else [self.dataset[i] for i in chosen]
        return found

    def __len__(self) -> int:
        return len(self.indices)


class ConcatDataset(Dataset[T]):
    """The concatenation of map-style datasets. Raises ValueError for none, TypeError for an IterableDataset."""

    def __init__(self, datasets: Iterable[Dataset[T]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset: datasets: expected at least one, got none")
        for i, d in enumerate(self.datasets):
            if isinstance(d, IterableDataset):
                raise TypeError(
                    f"ConcatDataset: datasets[{i}]: expected a map-style dataset, got the IterableDataset "
                    f"{type(d).__name__}; use ChainDataset"
                )
        self.cumulative_sizes = list(itertools.accumulate(len(d) for d in self.datasets))  # type: ignore[arg-type]

    def __getitem__(self, index: Any) -> T:
        n = len(self)
        if not -n <= index < n:
            raise IndexError(f"ConcatDataset: index: expected {-n} to {n - 1}, got {index}")
        index %= n
        which = bisect.bisect_right(self.cumulative_sizes, index)
        return self.datasets[which][index - (self.cumulative_sizes[which - 1] if which else 0)]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


class ChainDataset(IterableDataset[T]):
    """The concatenation of iterable datasets. Iterating over it raises TypeError for a map-style one."""

    def __init__(self, datasets: Iterable[Dataset[T]]) -> None:
        self.datasets = list(datasets)

    def __iter__(self) -> Iterator[T]:
        for i, d in enumerate(self.datasets):
            if not isinstance(d, IterableDataset):
                raise TypeError(f"ChainDataset: datasets[{i}]: expected an IterableDataset, got {type(d).__name__}")
            yield from d

    def __len__(self) -> int:
        return sum(map(len, self.datasets))  # type: ignore[arg-type]


def random_split(dataset: Dataset[T], lengths: Sequence[float], generator: Generator | None = None) -> list[Subset[T]]:
    """Split at random into disjoint subsets of these lengths: numbers of samples, or fractions that sum to 1.

    A fraction f gives floor(f n) samples; those left over go to the first subsets, one each. Raises ValueError for
    lengths that do not sum to the size of the dataset.
    """
    n = len(dataset)  # type: ignore[arg-type]
    sizes = list(lengths)
    if not sizes or any(s < 0 for s in sizes):
        raise ValueError(f"random_split: lengths: expected one or more numbers of 0 or more, got {sizes}")
    if math.isclose(sum(sizes), 1) and sum(sizes) <= 1 + 1e-9 and n != sum(sizes):
        sizes = [math.floor(n * s) for s in sizes]
        left = n - sum(sizes)
        sizes = [s + (left - i + len(sizes) - 1) // len(sizes) for i, s in enumerate(sizes)]
    if sum(sizes) != n or any(s != int(s) for s in sizes):
        raise ValueError(
            f"random_split: lengths: expected numbers of samples that sum to {n}, or fractions that sum to 1, "
            f"got {list(lengths)}"
        )
    order = iter(randperm(n, generator=generator).tolist())
    return [Subset(dataset, list(itertools.islice(order, int(s)))) for s in sizes]


def _same_lengths(op: str, lengths: dict[str, int]) -> int:
    if len(set(lengths.values())) != 1:
        got = ", ".join(f"{n} in {name}" for name, n in lengths.items())
        raise ValueError(f"{op}: expected one length, got {got or 'nothing'}")
    return next(iter(lengths.values()))
