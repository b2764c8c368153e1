"""The pool of worker processes of a DataLoader."""

import multiprocessing
import os
import pickle
import signal
import weakref
from collections.abc import Iterable, Iterator
from itertools import cycle, islice
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

from minigrad.utils.data import worker
from minigrad.utils.data.worker import Fetcher


class WorkerPool:
    """`n` worker processes with a pipe each. Tasks are assigned and results read round-robin, so batches stay in order.

    Started by "forkserver", or "spawn" where there is none: never forked from this process, whose threads and CUDA
    context would not survive.
    """

    def __init__(self, fetcher: Fetcher, n: int, seed: int, context: Any = None) -> None:
        self.connections: list[Connection] = []
        self.processes: list[Any] = []
        self.epoch = 0
        pickled = _pickle_fetcher(fetcher)
        context = _start_context(context)
        self.close = weakref.finalize(self, _close, os.getpid(), self.connections, self.processes)
        try:
            for id in range(n):
                ours, theirs = context.Pipe()
                self.connections.append(ours)
                arguments = (theirs, pickled, id, n, seed + id)
                name = f"DataLoader-{id}"
                process = context.Process(target=worker.worker_loop, args=arguments, daemon=True, name=name)
                _start(process, id)
                self.processes.append(process)
                theirs.close()  # only the worker holds it now: if the worker dies, our end reads EOF
        except BaseException:
            self.close()
            raise

    def batches(self, tasks: Iterable[Any], prefetch: int, timeout: float) -> Iterator[Any]:
        """The batches of the tasks, in order, with `prefetch` tasks in flight in each worker.

        Raises what a worker raised, and RuntimeError for a worker that died or exceeded `timeout` seconds (0: none).
        """
        self.epoch += 1
        epoch, pending, n = self.epoch, iter(tasks), len(self.connections)
        in_flight = [0] * n
        for id, task in zip(list(range(n)) * prefetch, islice(pending, n * prefetch)):
            self._send(id, epoch, task)
            in_flight[id] += 1
        ended: set[int] = set()
        for id in cycle(range(n)):
            if len(ended) == n or not any(in_flight):
                return
            if id in ended or not in_flight[id]:
                continue
            kind, value = self._receive(id, epoch, timeout)
            in_flight[id] -= 1
            if kind == "error":
                raise value
            if kind == "end":
                ended.add(id)
                continue
            for task in islice(pending, 1):
                self._send(id, epoch, task)
                in_flight[id] += 1
            yield value

    def _send(self, id: int, epoch: int, task: Any) -> None:
        if self.epoch != epoch:
            raise RuntimeError("DataLoader: persistent_workers: this iterator ended when the next one was started")
        try:
            self.connections[id].send((epoch, task))
        except OSError:
            raise self._death_error(id) from None

    def _receive(self, id: int, epoch: int, timeout: float) -> tuple[str, Any]:
        """The next result of a worker for this epoch; results of an abandoned epoch are dropped."""
        pipe = self.connections[id]
        while True:
            if self.epoch != epoch:
                raise RuntimeError("DataLoader: persistent_workers: this iterator ended when the next one was started")
            try:
                if not pipe.poll(timeout or None):
                    raise RuntimeError(
                        f"DataLoader: timeout: worker {id} (pid {self.processes[id].pid}) gave no batch in "
                        f"{timeout:g} s"
                    )
                result_epoch, kind, value = pickle.loads(pipe.recv_bytes())
            except (EOFError, OSError):
                raise self._death_error(id) from None
            if result_epoch == epoch:
                return kind, value

    def _death_error(self, id: int) -> RuntimeError:
        process = self.processes[id]
        process.join(5)
        code = process.exitcode
        killed = code is not None and code < 0
        how = f"was killed by {_signal_name(-code)}" if killed else f"ended with exit code {code}"
        hint = "; the system kills by SIGKILL where memory runs out" if code == -signal.SIGKILL else ""
        if code == 1:
            hint = f"; its output above says why. {_GUARD}"
        return RuntimeError(f"DataLoader: worker {id} (pid {process.pid}) {how}{hint}")


_GUARD = (
    'A script whose loader has workers must begin its work under `if __name__ == "__main__":`, since workers import it'
)


def _start(process: Any, id: int) -> None:
    try:
        process.start()
    except OSError as error:  # mostly a broken pipe: it died before it had read its arguments
        raise RuntimeError(f"DataLoader: worker {id} could not be started ({error}). {_GUARD}") from error


def _close(owner: int, connections: list[Connection], processes: list[Any]) -> None:
    """Close the pipes, which ends the workers, and kill those that have not ended after a second."""
    if os.getpid() != owner:  # a fork of the owner
        return
    for pipe in connections:
        pipe.close()
    for process in processes:
        process.join(1)
        if process.exitcode is None:
            process.kill()
            process.join()
        process.close()


def _start_context(given: Any) -> Any:
    if given is not None and not isinstance(given, str):
        return given
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context(given or ("forkserver" if "forkserver" in methods else "spawn"))
    if context.get_start_method() == "forkserver":
        context.set_forkserver_preload([worker.__name__])  # NumPy is imported once, not per worker: 0.3 s each
    return context


def _pickle_fetcher(fetcher: Fetcher) -> bytes:
    try:
        return bytes(ForkingPickler.dumps(fetcher))
    except Exception as error:
        raise TypeError(
            f"DataLoader: num_workers: the dataset, collate_fn and worker_init_fn must survive pickling to reach a "
            f"worker process: {error}; define them at the top of a module, without lambdas, or use num_workers=0"
        ) from error


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
