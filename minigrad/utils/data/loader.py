"""`DataLoader`: batches of a dataset, epoch after epoch."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice, repeat
from typing import Any, Generic, TypeVar

import numpy as np

from minigrad.backend import cuda
from minigrad.engine.tensor import unwrap
from minigrad.ops.random import Generator, default_generator
from minigrad.utils.data import checks
from minigrad.utils.data.collate import default_collate, default_convert, pin_batch
from minigrad.utils.data.dataset import Dataset, IterableDataset, Subset, TensorDataset
from minigrad.utils.data.pool import WorkerPool
from minigrad.utils.data.sampler import BatchSampler, IndexSampler, RandomSampler, SequentialSampler
from minigrad.utils.data.worker import Fetcher

T = TypeVar("T", covariant=True)


@dataclass
class Progress:
    """The position in an epoch, and the generators' states at its start, the default generator's first."""

    epoch: int
    batches: int
    running: bool
    generators: list[dict[str, Any]]


class DataLoader(Generic[T]):
    """Iterates over the batches of `dataset`; each `for batch in loader:` is an epoch. Arguments are PyTorch's.

    shuffle: a new random order each epoch, drawn when the epoch begins, from `generator` or the default one.
    num_workers: processes that load batches ahead (prefetch_factor each, 2 by default); 0: this process loads. Workers
    are new interpreters, so a script needs `if __name__ == "__main__":`; the random generators of worker i (minigrad's,
    NumPy's, Python's) are seeded with base seed + i. timeout: seconds to wait for a worker's batch, 0: forever.
    pin_memory: CPU tensors of a batch are copied to pinned memory, so that `.to("cuda", non_blocking=True)` is
    asynchronous; without a GPU it has no effect, and warns. A TensorDataset, or a Subset of one, with the default
    collate_fn and no workers is indexed once per tensor and batch.

    `state_dict()` and `load_state_dict()` resume within an epoch, with exactly the batches that were left.
    Raises TypeError and ValueError for wrong arguments, RuntimeError for a worker that died.
    """

    def __init__(
        self, dataset: Dataset[T], batch_size: int | None = 1, shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None, batch_sampler: Iterable[list[Any]] | None = None, num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None, pin_memory: bool = False, drop_last: bool = False,
        timeout: float = 0, worker_init_fn: Callable[[int], None] | None = None, multiprocessing_context: Any = None,
        generator: Generator | None = None, *, prefetch_factor: int | None = None, persistent_workers: bool = False,
    ) -> None:  # fmt: skip
        checks.check_arguments(locals())
        self.dataset, self.num_workers, self.timeout, self.generator = dataset, num_workers, timeout, generator
        self.pin_memory, self.persistent_workers = pin_memory, persistent_workers
        self.prefetch_factor = prefetch_factor or (2 if num_workers else None)
        self.worker_init_fn, self.multiprocessing_context = worker_init_fn, multiprocessing_context
        self.batch_size, self.drop_last = (None, False) if batch_sampler is not None else (batch_size, drop_last)
        self.sampler: Any = sampler
        if sampler is None and batch_sampler is None and not self._iterable:
            self.sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        self.batch_sampler: Any = batch_sampler
        if self.sampler is not None and batch_size is not None:
            self.batch_sampler = BatchSampler(self.sampler, batch_size, drop_last)
        self.collate_fn: Callable[[Any], Any] = collate_fn or (default_collate if self._batched else default_convert)
        self._pool: WorkerPool | None = None
        self._progress = Progress(0, 0, False, [])
        self._resuming = False

    @property
    def epoch(self) -> int:
        """The index of the running epoch, or of the next one."""
        return self._progress.epoch

    @property
    def _iterable(self) -> bool:
        return isinstance(self.dataset, IterableDataset)

    @property
    def _batched(self) -> bool:
        return self.batch_sampler is not None or self.batch_size is not None

    def __len__(self) -> int:
        """The number of batches in an epoch; of an IterableDataset, computed from its length."""
        if self._iterable:
            n = len(self.dataset)  # type: ignore[arg-type]
            if self.batch_size is None:
                return n
            return n // self.batch_size if self.drop_last else -(-n // self.batch_size)
        return len(self.batch_sampler if self._batched else self.sampler)

    def __iter__(self) -> Iterator[Any]:
        """Start a new epoch, or after `load_state_dict` the rest of the epoch that was running."""
        own = self._generators()
        self._pins = self.pin_memory and cuda.is_available()
        if self.pin_memory and not self._pins:
            warnings.warn("DataLoader: pin_memory=True has no effect: there is no GPU", UserWarning, stacklevel=2)
        if self._resuming:
            progress, self._resuming = self._progress, False
            for generator, state in zip(own, progress.generators[1:]):
                generator.set_state(state)
            with _default_generator_at(progress.generators[0]):
                return self._epoch(progress)
        last = self._progress
        states = [g.get_state() for g in (default_generator, *own)]
        self._progress = Progress(last.epoch + last.running, 0, True, states)
        return self._epoch(self._progress)

    def _epoch(self, progress: Progress) -> Iterator[Any]:
        """Draw the seed and the order of the epoch now; return its batches from progress.batches on."""
        seed = int((self.generator or default_generator).numpy.integers(2**62))
        if self._iterable:
            return self._count_batches(progress, repeat(None), seed, progress.batches)
        tasks = self._tasks()
        first = list(islice(tasks, progress.batches + 1))[progress.batches :]  # draws the order
        return self._count_batches(progress, chain(first, tasks), seed, 0)

    def _count_batches(self, progress: Progress, tasks: Iterator[Any], seed: int, skip: int) -> Iterator[Any]:
        for batch in islice(self._batches(tasks, seed), skip, None):
            progress.batches += 1
            yield pin_batch(batch) if self._pins else batch
        if progress.running:
            progress.epoch, progress.batches, progress.running = progress.epoch + 1, 0, False

    def _batches(self, tasks: Iterator[Any], seed: int) -> Iterator[Any]:
        fetcher = Fetcher(
            self.dataset, self.collate_fn, self._batched, self.batch_size, self.drop_last, self.worker_init_fn
        )
        if self.num_workers:
            yield from self._from_workers(fetcher, tasks, seed)
        elif self._iterable:
            yield from fetcher.iterate()
        elif index_tensors := self._tensor_indexer():
            yield from map(index_tensors, tasks)
        else:
            yield from map(fetcher.fetch, tasks)

    def _from_workers(self, fetcher: Fetcher, tasks: Iterator[Any], seed: int) -> Iterator[Any]:
        pool = self._pool or WorkerPool(fetcher, self.num_workers, seed, self.multiprocessing_context)
        if self.persistent_workers:
            self._pool = pool
        done = False
        try:
            yield from pool.batches(tasks, self.prefetch_factor or 2, self.timeout)
            done = True
        except GeneratorExit:
            done = True  # abandoned: the workers are intact
            raise
        finally:
            if not (done and self.persistent_workers):
                pool.close()
                self._pool = None

    # --- the order ------------------------------------------------------------------------------------------------

    def _tensor_indexer(self) -> Callable[[Any], list[Any]] | None:
        """A function that indexes each tensor of a TensorDataset once per batch; None where that is not equivalent to
        collating samples."""
        data: Any = self.dataset
        subset = None
        while type(data) is Subset:
            indices = np.asarray(unwrap(data.indices), np.int64)
            subset = indices if subset is None else indices[subset]
            data = data.dataset
        if type(data) is not TensorDataset or not self._batched or self.collate_fn is not default_collate:
            return None
        tensors = data.tensors

        def index_tensors(indices: Any) -> list[Any]:
            at = np.asarray(indices, np.int64)
            at = at if subset is None else subset[at]
            return [t[at] for t in tensors]

        return index_tensors

    def _tasks(self) -> Iterator[Any]:
        """The indices of each batch, as slices of one array where the order is known and no user code sees them."""
        batches = self.batch_sampler
        if not self._batched:
            return iter(self.sampler)
        if type(batches) is not BatchSampler or self.num_workers or not self._tensor_indexer():
            return iter(batches)
        if not isinstance(batches.sampler, IndexSampler):
            return iter(batches)
        order, size = batches.sampler.indices(), batches.batch_size
        end = len(order) - len(order) % size if batches.drop_last else len(order)
        return (order[i : min(i + size, end)] for i in range(0, end, size))

    def _generators(self) -> list[Generator]:
        """The generators of this loader and its samplers, other than the default one, without duplicates."""
        inner = getattr(self.batch_sampler, "sampler", None)
        found = (getattr(x, "generator", None) for x in (self, self.sampler, self.batch_sampler, inner))
        given = {id(g): g for g in found if isinstance(g, Generator) and g is not default_generator}
        return list(given.values())

    # --- saving and restoring -------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The epoch, the number of its batches returned so far, and the states of the generators at its start."""
        p = self._progress
        in_epoch = p.running or self._resuming
        states = p.generators if in_epoch else [g.get_state() for g in (default_generator, *self._generators())]
        return {"epoch": p.epoch, "batches": p.batches, "running": p.running, "generators": list(states)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The next `iter` returns the rest of the epoch that was running, or, if none was, starts the next epoch.

        The default generator is left as it is: between epochs, restore it too (`set_rng_state`). The random generators
        of workers are seeded again at the batch resumed from. Raises ValueError for anything but such a state.
        """
        progress = checks.check_state(state_dict, len(self._generators()))
        self._progress = Progress(*progress)
        self._resuming = self._progress.running
        if not self._resuming:
            for generator, state in zip(self._generators(), self._progress.generators[1:]):
                generator.set_state(state)


@contextmanager
def _default_generator_at(state: dict[str, Any]) -> Iterator[None]:
    """A context in which the default generator draws from this state; its own state is restored on exit."""
    saved = default_generator.get_state()
    default_generator.set_state(state)
    try:
        yield
    finally:
        default_generator.set_state(saved)
