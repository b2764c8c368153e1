"""Worker processes, seen from the loader."""

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
from minigrad.utils.data.worker import Recipe


class Pool:
    """`n` workers on a pipe each. Tasks are dealt in turn and answered in turn, so batches come in their own order.

    Started by "forkserver" (else "spawn"): never a copy of this process, whose threads and GPU would not survive it.
    """

    def __init__(self, recipe: Recipe, n: int, seed: int, context: Any = None) -> None:
        self.connections: list[Connection] = []
        self.processes: list[Any] = []
        self.epoch = 0
        packed = _packed(recipe)
        context = _context(context)
        self.close = weakref.finalize(self, _close, os.getpid(), self.connections, self.processes)
        try:
            for id in range(n):
                ours, theirs = context.Pipe()
                self.connections.append(ours)
                process = context.Process(
                    target=worker.run, args=(theirs, packed, id, n, seed + id), daemon=True, name=f"DataLoader-{id}"
                )
                _start(process, id)
                self.processes.append(process)
                theirs.close()  # only the worker holds it now: if it dies, our end reads an end of file
        except BaseException:
            self.close()
            raise

    def batches(self, tasks: Iterable[Any], prefetch: int, timeout: float) -> Iterator[Any]:
        """The batches of these tasks, with `prefetch` of them under way in each worker."""
        self.epoch += 1
        epoch, todo, n = self.epoch, iter(tasks), len(self.connections)
        waiting = [0] * n
        for id, task in zip(list(range(n)) * prefetch, islice(todo, n * prefetch)):
            self._send(id, epoch, task)
            waiting[id] += 1
        ended: set[int] = set()
        for id in cycle(range(n)):
            if len(ended) == n or not any(waiting):
                return
            if id in ended or not waiting[id]:
                continue
            kind, value = self._receive(id, epoch, timeout)
            waiting[id] -= 1
            if kind == "error":
                raise value
            if kind == "end":
                ended.add(id)
                continue
            for task in islice(todo, 1):
                self._send(id, epoch, task)
                waiting[id] += 1
            yield value

    def _send(self, id: int, epoch: int, task: Any) -> None:
        if self.epoch != epoch:
            raise RuntimeError("DataLoader: persistent_workers: this iterator ended when the next one was begun")
        try:
            self.connections[id].send((epoch, task))
        except OSError:
            raise self._death(id) from None

    def _receive(self, id: int, epoch: int, timeout: float) -> tuple[str, Any]:
        """The next answer of a worker to this epoch's tasks; those to an abandoned epoch's are dropped."""
        pipe = self.connections[id]
        while True:
            if self.epoch != epoch:
                raise RuntimeError("DataLoader: persistent_workers: this iterator ended when the next one was begun")
            try:
                if not pipe.poll(timeout or None):
                    raise RuntimeError(
                        f"DataLoader: timeout: worker {id} (pid {self.processes[id].pid}) gave no batch in "
                        f"{timeout:g} s"
                    )
                of, kind, value = pickle.loads(pipe.recv_bytes())
            except (EOFError, OSError):
                raise self._death(id) from None
            if of == epoch:
                return kind, value

    def _death(self, id: int) -> RuntimeError:
        process = self.processes[id]
        process.join(5)
        code = process.exitcode
        how = f"was killed by {_signal(-code)}" if code is not None and code < 0 else f"ended with exit code {code}"
        hint = "; the system kills by SIGKILL where memory runs out" if code == -signal.SIGKILL else ""
        if code == 1:
            hint = f"; its output above says why. {_GUARD}"
        return RuntimeError(f"DataLoader: worker {id} (pid {process.pid}) {how}{hint}")


_GUARD = (
    'A script whose loader has workers must begin its work under `if __name__ == "__main__":`, for workers import it'
)


def _start(process: Any, id: int) -> None:
    try:
        process.start()
    except OSError as error:  # mostly a broken pipe: it died before it had read what it is to do
        raise RuntimeError(f"DataLoader: worker {id} could not be started ({error}). {_GUARD}") from error


def _close(owner: int, connections: list[Connection], processes: list[Any]) -> None:
    """End the workers: each ends when its pipe does, or, if it holds on to the interpreter, by force."""
    if os.getpid() != owner:  # a fork of the process they belong to
        return
    for pipe in connections:
        pipe.close()
    for process in processes:
        process.join(1)
        if process.exitcode is None:
            process.kill()
            process.join()
        process.close()


def _context(given: Any) -> Any:
    if given is not None and not isinstance(given, str):
        return given
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context(given or ("forkserver" if "forkserver" in methods else "spawn"))
    if context.get_start_method() == "forkserver":
        context.set_forkserver_preload([worker.__name__])  # NumPy is imported once, not by each worker: 0.3 s each
    return context


def _packed(recipe: Recipe) -> bytes:
    try:
        return bytes(ForkingPickler.dumps(recipe))
    except Exception as error:
        raise TypeError(
            f"DataLoader: num_workers: the dataset, collate_fn and worker_init_fn must survive pickling to reach a "
            f"worker process: {error}; define them at the top of a module, without lambdas, or use num_workers=0"
        ) from error


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
