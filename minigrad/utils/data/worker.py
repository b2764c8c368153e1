"""A worker process: takes tasks from a pipe, puts batches into it, and ends when the pipe does."""

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

from minigrad.ops.random import manual_seed
from minigrad.utils.data.dataset import IterableDataset


@dataclass(frozen=True)
class WorkerInfo:
    """Which worker process this is: `id` of `num_workers`, the `seed` it started from, its copy of the `dataset`."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """In a worker process, which one it is; None in the process that has the loader."""
    return _info


@dataclass(frozen=True)
class Recipe:
    """How samples become batches. batch_size: of an IterableDataset; None: samples are not batched."""

    dataset: Any
    collate: Callable[[Any], Any]
    batched: bool
    batch_size: int | None
    drop_last: bool
    init: Callable[[int], None] | None = None

    def batch(self, indices: Any) -> Any:
        """The batch of these numbers, or without batches the sample of this one."""
        try:
            if not self.batched:
                return self.collate(self.dataset[indices])
            many = getattr(self.dataset, "__getitems__", None)
            return self.collate(many(indices) if many else [self.dataset[i] for i in indices])
        except StopIteration as error:  # it would end the epoch here, in silence
            raise RuntimeError(
                f"DataLoader: the dataset or collate_fn raised StopIteration for {indices}: expected a sample for each "
                f"index below len(dataset); a stream that ends is an IterableDataset"
            ) from error

    def stream(self) -> Iterator[Any]:
        """The batches of an IterableDataset."""
        samples = iter(self.dataset)
        if not self.batched:
            yield from map(self.collate, samples)
            return
        while some := list(islice(samples, self.batch_size)):
            if len(some) == self.batch_size or not self.drop_last:
                yield self.collate(some)


def run(pipe: Connection, recipe: bytes, id: int, num_workers: int, seed: int) -> None:
    """The life of a worker. Each task (epoch, indices) gets one answer (epoch, kind, value), in the order of tasks.

    kind: "batch"; "end" of the stream; "error", whose value is the exception with its traceback as a note.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the loader ends its workers
    tasks: SimpleQueue[tuple[int, Any]] = SimpleQueue()
    threading.Thread(target=_receive, args=(pipe, tasks), daemon=True).start()
    answer = _start(recipe, id, num_workers, seed)
    while True:
        epoch, indices = tasks.get()
        try:
            message = ForkingPickler.dumps((epoch, *answer(epoch, indices)))
        except Exception as error:
            message = ForkingPickler.dumps((epoch, "error", _portable(error, id)))
        try:
            pipe.send_bytes(message)
        except OSError:  # the loader went meanwhile
            os._exit(0)


def _receive(pipe: Connection, tasks: "SimpleQueue[tuple[int, Any]]") -> None:
    """Read tasks at once, so that the loader never waits to send one; where there is no loader any more, end.

    At once, whatever the dataset is doing: a worker has nothing to save.
    """
    try:
        while True:
            tasks.put(pipe.recv())
    except (EOFError, OSError):
        os._exit(0)


def _start(packed: bytes, id: int, num_workers: int, seed: int) -> Callable[[int, Any], tuple[str, Any]]:
    """What answers the tasks. A dataset that cannot be unpickled, or a worker_init_fn that fails, answers them all."""
    global _info
    manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    try:
        recipe: Recipe = pickle.loads(packed)
        _info = WorkerInfo(id, num_workers, seed, recipe.dataset)
        if recipe.init is not None:
            recipe.init(id)
    except Exception as error:
        fault = ("error", _portable(error, id))
        return lambda epoch, indices: fault
    if not isinstance(recipe.dataset, IterableDataset):
        return lambda epoch, indices: ("batch", recipe.batch(indices))
    streams: dict[int, Iterator[tuple[str, Any]]] = {}

    def following(epoch: int, indices: Any) -> tuple[str, Any]:
        if epoch not in streams:
            streams.clear()
            streams[epoch] = (("batch", b) for b in recipe.stream())
        return next(streams[epoch], ("end", None))

    return following


def _portable(error: Exception, id: int) -> Exception:
    """The exception with its traceback in a note; as a RuntimeError where it does not survive pickling."""
    text = f"in DataLoader worker {id}:\n{traceback.format_exc()}"
    try:
        error = pickle.loads(ForkingPickler.dumps(error))
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(text)
    return error
