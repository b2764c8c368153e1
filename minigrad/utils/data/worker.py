"""A worker process: reads tasks from a pipe, writes batches to it, and ends when the pipe is closed."""

import os
import pickle
import random
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from queue import SimpleQueue
from typing import Any

import numpy as np

from minigrad.backend.threads import set_num_threads
from minigrad.ops.random import manual_seed
from minigrad.utils.data.dataset import IterableDataset


@dataclass(frozen=True)
class WorkerInfo:
    """A worker process: its `id`, from 0 to num_workers - 1, its `seed` and its copy of the `dataset`."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """The WorkerInfo of this worker process; None in the main process."""
    return _info


@dataclass(frozen=True)
class Fetcher:
    """Fetches samples and collates them. batch_size and drop_last are those of an IterableDataset."""

    dataset: Any
    collate: Callable[[Any], Any]
    batched: bool
    batch_size: int | None
    drop_last: bool
    worker_init_fn: Callable[[int], None] | None = None

    def fetch(self, indices: Any) -> Any:
        """The batch of a list of indices, or, without batching, the sample of one index."""
        try:
            if not self.batched:
                return self.collate(self.dataset[indices])
            many = getattr(self.dataset, "__getitems__", None)
            return self.collate(many(indices) if many else [self.dataset[i] for i in indices])
        except StopIteration as error:  # it would silently end the epoch here
            raise RuntimeError(
                f"DataLoader: the dataset or collate_fn raised StopIteration for {indices}: expected a sample for each "
                f"index below len(dataset); a stream that ends is an IterableDataset"
            ) from error

    def iterate(self) -> Iterator[Any]:
        """The batches of an IterableDataset."""
        samples = iter(self.dataset)
        if not self.batched:
            yield from map(self.collate, samples)
            return
        while chunk := list(islice(samples, self.batch_size)):
            if len(chunk) == self.batch_size or not self.drop_last:
                yield self.collate(chunk)


def worker_loop(pipe: Connection, fetcher: bytes, id: int, num_workers: int, seed: int) -> None:
    """The loop of a worker: for each task (epoch, indices) it sends one result (epoch, kind, value), in order.

    kind: "batch"; "end" of an IterableDataset; "error", whose value is the exception with its traceback as a note.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole process group; the loader ends its workers
    tasks: SimpleQueue[tuple[int, Any]] = SimpleQueue()
    threading.Thread(target=_receive, args=(pipe, tasks), daemon=True).start()
    process_task = _start(fetcher, id, num_workers, seed)
    while True:
        epoch, indices = tasks.get()
        try:
            message = ForkingPickler.dumps((epoch, *process_task(epoch, indices)))
        except Exception as error:
            message = ForkingPickler.dumps((epoch, "error", _picklable_error(error, id)))
        try:
            pipe.send_bytes(message)
        except OSError:  # the loader is gone
            os._exit(0)


def _receive(pipe: Connection, tasks: "SimpleQueue[tuple[int, Any]]") -> None:
    """Read tasks as they come, so that the loader never blocks on sending; exit when the loader closes the pipe.

    The exit is immediate, whatever the dataset is doing: a worker has nothing to save.
    """
    try:
        while True:
            tasks.put(pipe.recv())
    except (EOFError, OSError):
        os._exit(0)


def _start(pickled: bytes, id: int, num_workers: int, seed: int) -> Callable[[int, Any], tuple[str, Any]]:
    """Seed and initialize the worker, which works with one thread; returns the function that processes a task.

    If the dataset cannot be unpickled, or worker_init_fn fails, that function returns the error for every task.
    """
    global _info
    set_num_threads(1)  # there are other workers; worker_init_fn may say otherwise
    manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    try:
        fetcher: Fetcher = pickle.loads(pickled)
        _info = WorkerInfo(id, num_workers, seed, fetcher.dataset)
        if fetcher.worker_init_fn is not None:
            fetcher.worker_init_fn(id)
    except Exception as error:
        failure = ("error", _picklable_error(error, id))
        return lambda epoch, indices: failure
    if not isinstance(fetcher.dataset, IterableDataset):
        return lambda epoch, indices: ("batch", fetcher.fetch(indices))
    iterators: dict[int, Iterator[tuple[str, Any]]] = {}

    def next_batch(epoch: int, indices: Any) -> tuple[str, Any]:
        if epoch not in iterators:
            iterators.clear()
            iterators[epoch] = (("batch", b) for b in fetcher.iterate())
        return next(iterators[epoch], ("end", None))

    return next_batch


def _picklable_error(error: Exception, id: int) -> Exception:
    """The exception with its traceback as a note; a RuntimeError in place of one that cannot be pickled."""
    text = f"in DataLoader worker {id}:\n{traceback.format_exc()}"
    try:
        error = pickle.loads(ForkingPickler.dumps(error))
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(text)
    return error
