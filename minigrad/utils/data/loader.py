"""`DataLoader`: batches of a data set, epoch after epoch."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice, repeat
from typing import Any, Generic, TypeVar

import numpy as np

from minigrad.engine.tensor import unwrap
from minigrad.ops.random import Generator, default_generator
from minigrad.torch import cuda
from minigrad.utils.data import checks
from minigrad.utils.data.collate import default_collate, default_convert, pinned
from minigrad.utils.data.dataset import Dataset, IterableDataset, Subset, TensorDataset
from minigrad.utils.data.pool import Pool
from minigrad.utils.data.sampler import BatchSampler, Drawn, RandomSampler, SequentialSampler
from minigrad.utils.data.worker import Recipe

T = TypeVar("T", covariant=True)


@dataclass
class Progress:
    """How far an epoch has come, and from which random states it began: first the default generator's."""

    epoch: int
    batches: int
    running: bool
    generators: list[dict[str, Any]]


class DataLoader(Generic[T]):
    """Batches of `dataset`, anew with each `for batch in loader:`. Arguments are PyTorch's.

    shuffle: a new order each epoch, from `generator` or the default one; same seed, same order, drawn when the epoch
    begins. num_workers: processes that load batches ahead (prefetch_factor each, 2 by default); 0: this one loads. They
    are new interpreters, so a script needs `if __name__ == "__main__":`; worker i draws its numbers (minigrad's,
    NumPy's, Python's) from base seed + i. timeout: seconds to wait for a worker's batch, 0 for ever.
    pin_memory: batches on the CPU come in pinned memory, so that `.to("cuda", non_blocking=True)` is not waited for;
    without a GPU a warning says that it has no effect. A TensorDataset, or a Subset of one, with the default collate_fn
    and no workers takes one index per tensor and batch.

    `state_dict()` and `load_state_dict()` go on within an epoch, with exactly the batches that were left.
    Raises TypeError and ValueError for arguments that make no sense, RuntimeError for a worker that died.
    """

    def __init__(
        self,
        dataset: Dataset[T],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
    ) -> None:
        checks.arguments(locals())
        self.dataset, self.num_workers, self.timeout, self.generator = dataset, num_workers, timeout, generator
        self.pin_memory, self.persistent_workers = pin_memory, persistent_workers
        self.prefetch_factor = prefetch_factor or (2 if num_workers else None)
        self.worker_init_fn, self.multiprocessing_context = worker_init_fn, multiprocessing_context
        self.batch_size, self.drop_last = (None, False) if batch_sampler is not None else (batch_size, drop_last)
        self.sampler: Any = sampler
        if sampler is None and batch_sampler is None and not self._streams:
            self.sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        self.batch_sampler: Any = batch_sampler
        if self.sampler is not None and batch_size is not None:
            self.batch_sampler = BatchSampler(self.sampler, batch_size, drop_last)
        self.collate_fn: Callable[[Any], Any] = collate_fn or (default_collate if self._batched else default_convert)
        self._pool: Pool | None = None
        self._progress = Progress(0, 0, False, [])
        self._resuming = False

    @property
    def epoch(self) -> int:
        """The number of the epoch that is running, or comes next."""
        return self._progress.epoch

    @property
    def _streams(self) -> bool:
        return isinstance(self.dataset, IterableDataset)

    @property
    def _batched(self) -> bool:
        return self.batch_sampler is not None or self.batch_size is not None

    def __len__(self) -> int:
        """Batches in an epoch; of an IterableDataset as many as its length promises."""
        if self._streams:
            n = len(self.dataset)  # type: ignore[arg-type]
            if self.batch_size is None:
                return n
            return n // self.batch_size if self.drop_last else -(-n // self.batch_size)
        return len(self.batch_sampler if self._batched else self.sampler)

    def __iter__(self) -> Iterator[Any]:
        """A new epoch, or after `load_state_dict` the rest of the one that was running."""
        own = self._generators()
        self._pins = self.pin_memory and cuda.is_available()
        if self.pin_memory and not self._pins:
            warnings.warn("DataLoader: pin_memory=True has no effect: there is no GPU", UserWarning, stacklevel=2)
        if self._resuming:
            progress, self._resuming = self._progress, False
            for generator, state in zip(own, progress.generators[1:]):
                generator.set_state(state)
            with _default_at(progress.generators[0]):
                return self._epoch(progress)
        begun = self._progress
        states = [g.get_state() for g in (default_generator, *own)]
        self._progress = Progress(begun.epoch + begun.running, 0, True, states)
        return self._epoch(self._progress)

    def _epoch(self, progress: Progress) -> Iterator[Any]:
        """Draw what the epoch needs, now, and give its batches from progress.batches on."""
        seed = int((self.generator or default_generator).numpy.integers(2**62))
        if self._streams:
            return self._counted(progress, repeat(None), seed, progress.batches)
        tasks = self._tasks()
        first = list(islice(tasks, progress.batches + 1))[progress.batches :]  # draws the order
        return self._counted(progress, chain(first, tasks), seed, 0)

    def _counted(self, progress: Progress, tasks: Iterator[Any], seed: int, skip: int) -> Iterator[Any]:
        for batch in islice(self._batches(tasks, seed), skip, None):
            progress.batches += 1
            yield pinned(batch) if self._pins else batch
        if progress.running:
            progress.epoch, progress.batches, progress.running = progress.epoch + 1, 0, False

    def _batches(self, tasks: Iterator[Any], seed: int) -> Iterator[Any]:
        recipe = Recipe(
            self.dataset, self.collate_fn, self._batched, self.batch_size, self.drop_last, self.worker_init_fn
        )
        if self.num_workers:
            yield from self._from_workers(recipe, tasks, seed)
        elif self._streams:
            yield from recipe.stream()
        elif rows := self._direct():
            yield from map(rows, tasks)
        else:
            yield from map(recipe.batch, tasks)

    def _from_workers(self, recipe: Recipe, tasks: Iterator[Any], seed: int) -> Iterator[Any]:
        pool = self._pool or Pool(recipe, self.num_workers, seed, self.multiprocessing_context)
        if self.persistent_workers:
            self._pool = pool
        done = False
        try:
            yield from pool.batches(tasks, self.prefetch_factor or 2, self.timeout)
            done = True
        except GeneratorExit:
            done = True  # abandoned: the workers themselves are well
            raise
        finally:
            if not (done and self.persistent_workers):
                pool.close()
                self._pool = None

    # --- the order ------------------------------------------------------------------------------------------------

    def _direct(self) -> Callable[[Any], list[Any]] | None:
        """What takes a batch from tensors with one index each, where that gives what sample by sample would."""
        data: Any = self.dataset
        chosen = None
        while type(data) is Subset:
            indices = np.asarray(unwrap(data.indices), np.int64)
            chosen = indices if chosen is None else indices[chosen]
            data = data.dataset
        if type(data) is not TensorDataset or not self._batched or self.collate_fn is not default_collate:
            return None
        tensors = data.tensors

        def rows(indices: Any) -> list[Any]:
            at = np.asarray(indices, np.int64)
            at = at if chosen is None else chosen[at]
            return [t[at] for t in tensors]

        return rows

    def _tasks(self) -> Iterator[Any]:
        """What to load, batch by batch: slices of one array where the whole order is known and nobody sees them."""
        batches = self.batch_sampler
        if not self._batched:
            return iter(self.sampler)
        if type(batches) is not BatchSampler or self.num_workers or not self._direct():
            return iter(batches)
        if not isinstance(batches.sampler, Drawn):
            return iter(batches)
        order, size = batches.sampler.indices(), batches.batch_size
        end = len(order) - len(order) % size if batches.drop_last else len(order)
        return (order[i : min(i + size, end)] for i in range(0, end, size))

    def _generators(self) -> list[Generator]:
        """The generators of its own, each once: this loader's, and its samplers'."""
        inner = getattr(self.batch_sampler, "sampler", None)
        found = (getattr(x, "generator", None) for x in (self, self.sampler, self.batch_sampler, inner))
        given = {id(g): g for g in found if isinstance(g, Generator) and g is not default_generator}
        return list(given.values())

    # --- saving and restoring -------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The epoch, the batches of it handed out, and the states of the generators that its order comes from."""
        p = self._progress
        fixed = p.running or self._resuming
        states = p.generators if fixed else [g.get_state() for g in (default_generator, *self._generators())]
        return {"epoch": p.epoch, "batches": p.batches, "running": p.running, "generators": list(states)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Let the next `iter` give the rest of the epoch that was running, or if none was, begin the next one.

        The default generator is left as it is: between epochs, restore it too (`set_rng_state`). Random numbers that
        worker processes draw start again at the batch resumed from. Raises ValueError for what is no such state.
        """
        progress = checks.progress(state_dict, len(self._generators()))
        self._progress = Progress(*progress)
        self._resuming = self._progress.running
        if not self._resuming:
            for generator, state in zip(self._generators(), self._progress.generators[1:]):
                generator.set_state(state)


@contextmanager
def _default_at(state: dict[str, Any]) -> Iterator[None]:
    """Within, the default generator draws from this state; after, it goes on as if nothing had been drawn."""
    now = default_generator.get_state()
    default_generator.set_state(state)
    try:
        yield
    finally:
        default_generator.set_state(now)
